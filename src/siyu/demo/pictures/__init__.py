"""Pictures of the demo's goods, drawn when they are needed: the package ships no photographs.

A drawing is a kind of thing, a ground tone and up to three colours; `draw` makes WebP files of it.
"""

import io
from collections.abc import Callable

import msgspec
from PIL import Image

from siyu.demo.pictures import beauty, bottles, home, packs, produce
from siyu.demo.pictures.canvas import SIDE, Canvas, colour
from siyu.demo.pictures.ink import Ink
from siyu.demo.pictures.slips import bank_slip

SMALL_SIDE = 320  # two columns on a phone show a picture about this wide, in device pixels of a cheap one
QUALITY = 82  # above it the files grow and nobody sees why
MEDIA_TYPE = "image/webp"


class Drawing(msgspec.Struct, frozen=True):
    """What to draw. Colours are `#rrggbb`: the ground, then the thing's own, its companion and an accent."""

    kind: str
    ground: str
    main: str
    second: str = "#ffffff"
    third: str = "#ffffff"
    emblem: str = ""


class Picture(msgspec.Struct, frozen=True):
    """Two WebP files of one drawing, 800 and 320 pixels square."""

    large: bytes
    small: bytes


KINDS: dict[str, Callable[[Canvas, Ink], None]] = {
    draw_kind.__name__: draw_kind
    for draw_kind in (
        produce.apple,
        produce.banana,
        produce.broccoli,
        produce.carrot,
        produce.citrus,
        produce.eggs,
        produce.grapes,
        produce.greens,
        produce.lemon,
        produce.potatoes,
        produce.tomatoes,
        packs.carton,
        packs.carton_box,
        packs.crisps,
        packs.noodles,
        packs.pastry,
        packs.pouch,
        packs.sack,
        packs.tin,
        packs.tofu,
        packs.wrapped_bar,
        packs.yogurt,
        bottles.baby_bottle,
        bottles.can,
        bottles.cream,
        bottles.detergent,
        bottles.dropper,
        bottles.grain_jar,
        bottles.juice,
        bottles.oil,
        bottles.pump,
        bottles.sauce,
        bottles.spray,
        bottles.toner,
        bottles.water,
        home.bag_roll,
        home.bib,
        home.food_boxes,
        home.nappies,
        home.rolls,
        home.tissues,
        home.towels,
        home.wipes,
        beauty.blusher,
        beauty.brow_pencil,
        beauty.cushion,
        beauty.hand_creams,
        beauty.lipstick,
        beauty.mascara,
        beauty.palette,
        beauty.sachet,
        beauty.toothpaste,
        beauty.tube,
    )
}


def image(drawing: Drawing) -> Image.Image:
    """The drawing at 800 × 800 pixels. Raises KeyError for a kind that nobody can draw."""
    board = Canvas(colour(drawing.ground))
    ink = Ink(colour(drawing.main), colour(drawing.second), colour(drawing.third), drawing.emblem)
    KINDS[drawing.kind](board, ink)
    return board.finished()


def draw(drawing: Drawing) -> Picture:
    """Both files of a drawing. The same drawing always gives the same bytes."""
    large = image(drawing)
    assert large.size == (SIDE, SIDE)
    small = large.resize((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
    return Picture(large=_webp(large), small=_webp(small))


def _webp(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY, method=4)
    return file.getvalue()


__all__ = ["KINDS", "MEDIA_TYPE", "Drawing", "Picture", "bank_slip", "draw"]
