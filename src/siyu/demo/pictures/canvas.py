"""A small drawing board: shapes in percent of the picture, filled with soft light. No fonts, no files.

Everything is drawn three times larger than it is shown, so that edges come out smooth.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import msgspec
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

Point = tuple[float, float]
Shape = Sequence[Point]
Colour = tuple[int, int, int]

SIDE = 800  # pixels of the finished picture
FINER = 3  # drawn this many times larger; 2 still shows steps on slanted edges
FULL = SIDE * FINER
SOFT_SIDE = 300  # blurred things are drawn small and enlarged: a blur needs no detail
COARSE = 4  # inks are mixed at a quarter of the resolution
SHADE_STEPS = 24  # points that a curve between two given points is made of


class Paint(msgspec.Struct, frozen=True):
    """Colours at equal distances, `across` (left to right), `down` (top to bottom) or from a `light` spot outwards."""

    colours: tuple[Colour, ...]
    direction: str = "flat"
    spot: Point = (0.35, 0.3)


def colour(text: str) -> Colour:
    """`#rrggbb` as three numbers."""
    red, green, blue = ImageColor.getrgb(text)[:3]
    return red, green, blue


def mixed(one: Colour, other: Colour, amount: float) -> Colour:
    """`one` with `amount` (0 to 1) of `other` stirred in."""
    red, green, blue = (round(a + (b - a) * amount) for a, b in zip(one, other, strict=True))
    return red, green, blue


def lighter(one: Colour, amount: float = 0.3) -> Colour:
    return mixed(one, (255, 255, 255), amount)


def darker(one: Colour, amount: float = 0.25) -> Colour:
    """Towards a warm dark, because pure black makes paint look dirty."""
    return mixed(one, (38, 22, 30), amount)


def flat(one: Colour) -> Paint:
    return Paint((one,))


def down(*colours: Colour) -> Paint:
    return Paint(colours, "down")


def across(*colours: Colour) -> Paint:
    return Paint(colours, "across")


def ball(one: Colour, depth: float = 0.3, spot: Point = (0.36, 0.3)) -> Paint:
    """A round thing under a lamp: bright near `spot`, deeper towards the edge."""
    return Paint(
        (lighter(one, 0.42), lighter(one, 0.08), one, darker(one, depth), darker(one, depth)), "light", spot
    )


def barrel(one: Colour, depth: float = 0.2) -> Paint:
    """A standing cylinder: a dark edge, a bright band, its colour, a dark edge."""
    bright = lighter(one, 0.3)
    return across(
        darker(one, depth * 0.7),
        one,
        bright,
        lighter(one, 0.12),
        one,
        one,
        darker(one, depth * 0.5),
        darker(one, depth),
    )


def path(text: str) -> Shape:
    """Points written as `x y, x y, …`, so that an outline stays on one line."""
    pairs = (pair.split() for pair in text.split(","))
    return [(float(x), float(y)) for x, y in pairs]


def oval(x: float, y: float, width: float, height: float, turn: float = 0) -> Shape:
    """An ellipse around (x, y) with these half-axes, turned clockwise by `turn` degrees."""
    around = [
        (x + width * math.cos(step * math.tau / 120), y + height * math.sin(step * math.tau / 120))
        for step in range(120)
    ]
    return turned(around, turn, (x, y))


def box(left: float, top: float, right: float, bottom: float, radius: float = 0) -> Shape:
    """A rectangle with round corners."""
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    corners = (
        (right - radius, top + radius, -90),
        (right - radius, bottom - radius, 0),
        (left + radius, bottom - radius, 90),
        (left + radius, top + radius, 180),
    )
    points: list[Point] = []
    for x, y, start in corners:
        for step in range(0, 91, 6):
            angle = math.radians(start + step)
            points.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    return points


def smooth(points: Shape, *, closed: bool = True) -> Shape:
    """A curve through all points (Catmull-Rom)."""
    count = len(points)
    path: list[Point] = []
    for i in range(count if closed else count - 1):
        around = [
            points[(i + k) % count] if closed else points[min(max(i + k, 0), count - 1)]
            for k in (-1, 0, 1, 2)
        ]
        path.extend(_between(around, step / SHADE_STEPS) for step in range(SHADE_STEPS))
    if not closed:
        path.append(points[-1])
    return path


def _between(around: Sequence[Point], t: float) -> Point:
    def axis(k: int) -> float:
        a, b, c, d = (point[k] for point in around)
        return 0.5 * (
            2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3
        )

    return axis(0), axis(1)


def twin(profile: Shape, middle: float = 50, *, curved: bool = False) -> Shape:
    """A symmetric outline from (half-width, y) pairs, read from the top down."""
    right = [(middle + half, y) for half, y in profile]
    left = [(middle - half, y) for half, y in reversed(profile)]
    return smooth([*right, *left]) if curved else [*right, *left]


def turned(shape: Shape, degrees: float, around: Point = (50, 50)) -> Shape:
    """The shape turned clockwise around a point."""
    if not degrees:
        return shape
    x0, y0 = around
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return [
        (x0 + (x - x0) * cosine - (y - y0) * sine, y0 + (x - x0) * sine + (y - y0) * cosine) for x, y in shape
    ]


def moved(
    shape: Shape, right: float = 0, down: float = 0, size: float = 1, around: Point = (50, 50)
) -> Shape:
    """The shape made `size` times as large around a point, then shifted."""
    x0, y0 = around
    return [(x0 + (x - x0) * size + right, y0 + (y - y0) * size + down) for x, y in shape]


def stroke(points: Shape, width: float, width_end: float | None = None) -> Shape:
    """A line with a width, as a shape; it may taper towards its end. Ends are round."""
    last = width if width_end is None else width_end
    left: list[Point] = []
    right: list[Point] = []
    count = len(points) - 1
    for i, (x, y) in enumerate(points):
        (x0, y0), (x1, y1) = points[max(i - 1, 0)], points[min(i + 1, count)]
        angle = math.atan2(y1 - y0, x1 - x0) + math.pi / 2
        half = (width + (last - width) * i / count) / 2
        left.append((x + half * math.cos(angle), y + half * math.sin(angle)))
        right.append((x - half * math.cos(angle), y - half * math.sin(angle)))
    return [*left, *_cap(points[-1], points[-2], last), *reversed(right), *_cap(points[0], points[1], width)]


def _cap(tip: Point, before: Point, width: float) -> list[Point]:
    angle = math.atan2(tip[1] - before[1], tip[0] - before[0]) + math.pi / 2
    steps = (angle - math.pi * k / 12 for k in range(13))
    return [(tip[0] + width / 2 * math.cos(step), tip[1] + width / 2 * math.sin(step)) for step in steps]


class Canvas:
    """One picture in the making. Its ground is a soft tone with light from above."""

    def __init__(self, tone: Colour) -> None:
        ground = _gradient(
            (FULL, FULL), Paint((lighter(tone, 0.62), lighter(tone, 0.3), tone), "light", (0.5, 0.36))
        )
        self.image = ground

    def fill(self, shape: Shape, paint: Paint, *, opacity: float = 1, inside: Shape | None = None) -> None:
        """Paint a shape; only the part that lies `inside` another one, when given."""
        frame = _frame(shape)
        if frame is None:
            return
        mask = _mask(shape, frame)
        if inside is not None:
            mask = ImageChops.darker(mask, _mask(inside, frame))
        if opacity < 1:
            mask = mask.point([round(value * opacity) for value in range(256)])
        size = (frame[2] - frame[0], frame[3] - frame[1])
        ink = _gradient(size, paint, whole=_extent(shape), frame=frame)
        self.image.paste(ink, frame[:2], mask)

    def glow(
        self,
        shape: Shape,
        tone: Colour,
        *,
        blur: float = 2,
        opacity: float = 0.5,
        inside: Shape | None = None,
    ) -> None:
        """A blurred shape: a shadow when `tone` is dark, a reflection when it is light. `blur` is in percent."""
        margin = blur * 3  # three deviations: beyond them nothing of the blur can be seen
        left, top, right, bottom = (edge / FULL * 100 for edge in _extent(shape))
        frame = _frame([(left - margin, top - margin), (right + margin, bottom + margin)])
        if frame is None:
            return
        scale = SOFT_SIDE / 100
        x0, y0 = frame[0] * SOFT_SIDE / FULL, frame[1] * SOFT_SIDE / FULL
        size = (frame[2] - frame[0], frame[3] - frame[1])
        small = Image.new("L", (max(size[0] * SOFT_SIDE // FULL, 1), max(size[1] * SOFT_SIDE // FULL, 1)))
        ImageDraw.Draw(small).polygon(
            [(x * scale - x0, y * scale - y0) for x, y in shape], fill=round(255 * opacity)
        )
        soft = small.filter(ImageFilter.GaussianBlur(blur * scale)).resize(size, Image.Resampling.BILINEAR)
        if inside is not None:
            soft = ImageChops.darker(soft, _mask(inside, frame))
        self.image.paste(tone, frame, soft)

    def stand(self, x: float, y: float, width: float, depth: float = 3.2) -> None:
        """The shadow under something that stands at (x, y) and is `width` wide."""
        dark = (70, 48, 44)
        self.glow(oval(x + 1, y, width * 0.56, depth * 1.25), dark, blur=3.2, opacity=0.34)
        self.glow(oval(x, y - 0.4, width * 0.48, depth * 0.55), dark, blur=1.1, opacity=0.42)

    def finished(self, side: int = SIDE) -> Image.Image:
        """The picture at `side` × `side` pixels."""
        whole = self.image.reduce(FINER)
        return whole if side == SIDE else whole.resize((side, side), Image.Resampling.LANCZOS)


def _extent(shape: Shape) -> tuple[float, float, float, float]:
    scale = FULL / 100
    across_points, down_points = zip(*shape, strict=True)
    return (
        min(across_points) * scale,
        min(down_points) * scale,
        max(across_points) * scale,
        max(down_points) * scale,
    )


def _frame(shape: Shape) -> tuple[int, int, int, int] | None:
    """The pixels that the shape may touch, or None when it lies outside the picture."""
    left, top, right, bottom = _extent(shape)
    frame = (
        max(math.floor(left), 0),
        max(math.floor(top), 0),
        min(math.ceil(right) + 1, FULL),
        min(math.ceil(bottom) + 1, FULL),
    )
    return frame if frame[0] < frame[2] and frame[1] < frame[3] else None


def _mask(shape: Shape, frame: tuple[int, int, int, int]) -> Image.Image:
    scale = FULL / 100
    left, top, right, bottom = frame
    mask = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(mask).polygon([(x * scale - left, y * scale - top) for x, y in shape], fill=255)
    return mask


def _gradient(
    size: tuple[int, int],
    paint: Paint,
    whole: tuple[float, float, float, float] | None = None,
    frame: tuple[int, int, int, int] | None = None,
) -> Image.Image:
    """Ink of `size`. `whole` is the extent of the shape, of which only `frame` is inside the picture."""
    if paint.direction == "flat":
        return Image.new("RGB", size, paint.colours[0])
    left, top, right, bottom = whole or (0, 0, size[0], size[1])
    x0, y0 = (frame[0], frame[1]) if frame else (0, 0)
    wide, high = max(right - left, 1), max(bottom - top, 1)
    if paint.direction == "light":
        # The lamp's disc reaches 1.5 extents, so that its rim lies outside the shape even for an off-centre spot.
        ramp = Image.radial_gradient("L")
        reach = 1.5
        source_x = 128 - 128 * paint.spot[0] * 2 / reach
        source_y = 128 - 128 * paint.spot[1] * 2 / reach
        step_x, step_y = 256 / reach / wide, 256 / reach / high
    else:
        ramp = Image.linear_gradient("L")
        if paint.direction == "across":
            ramp = ramp.transpose(Image.Transpose.ROTATE_90)
        source_x = source_y = 0.0
        step_x, step_y = 255 / wide, 255 / high
    # Light changes slowly: it is mixed coarsely and spread, which looks the same and takes a quarter of the time.
    coarse = (max(2, size[0] // COARSE), max(2, size[1] // COARSE))
    window = (
        step_x * size[0] / coarse[0], 0, source_x + (x0 - left) * step_x,
        0, step_y * size[1] / coarse[1], source_y + (y0 - top) * step_y,
    )  # fmt: skip
    spread = ramp.transform(coarse, Image.Transform.AFFINE, window, Image.Resampling.BILINEAR, fillcolor=255)
    mixed_ink = Image.merge("RGB", [spread.point(_ramp(paint, band)) for band in range(3)])
    return mixed_ink.resize(size, Image.Resampling.BILINEAR)


@lru_cache(maxsize=64)
def _ramp(paint: Paint, band: int) -> list[int]:
    """256 values of one colour band through all colours of the paint."""
    values = [one[band] for one in paint.colours]
    steps = len(values) - 1
    ramp = []
    for level in range(256):
        place = level / 255 * steps
        i = min(int(place), steps - 1)
        ramp.append(round(values[i] + (values[i + 1] - values[i]) * (place - i)))
    return ramp
