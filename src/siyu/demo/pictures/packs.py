"""Bags, boxes, cartons, tins: what dry goods and snacks come in."""

from siyu.demo.pictures.canvas import (
    Canvas,
    Colour,
    Point,
    Shape,
    across,
    ball,
    barrel,
    box,
    darker,
    down,
    flat,
    lighter,
    moved,
    oval,
    path,
    smooth,
    stroke,
    turned,
)
from siyu.demo.pictures.emblems import emblem
from siyu.demo.pictures.ink import Ink

WHITE = (255, 255, 255)


def lines(
    board: Canvas, x: float, y: float, widths: tuple[float, ...], tone: Colour, *, thick: float = 1.5
) -> None:
    """Bars where a label would have words."""
    for k, width in enumerate(widths):
        top = y + k * thick * 2
        board.fill(box(x - width / 2, top, x + width / 2, top + thick, thick / 2), flat(tone), opacity=0.85)


def standing(x: float, top: float, bottom: float, half: float, tilt: float = 0.13) -> Shape:
    """The outline of a cylinder seen slightly from above."""
    rim = oval(x, bottom, half, half * tilt)[:61]
    lid = oval(x, top, half, half * tilt)[60:]
    return [*rim, *lid]


def sack(board: Canvas, ink: Ink) -> None:
    """A flat rice bag with a window."""
    body = smooth(
        path(
            "30 20, 50 19, 70 20, 72 24, 74 38, 75 60, 73 77, 69 81, 50 82, 31 81, 27 77, 25 60, 26 38, 28 24"
        )
    )
    board.stand(50, 81, 50)
    board.fill(body, barrel(ink.main, 0.16))
    board.fill(box(29, 20, 71, 26, 1), down(darker(ink.main, 0.08), lighter(ink.main, 0.1)), opacity=0.8)
    for y in (22, 24):
        for k in range(16):
            board.fill(
                box(31 + k * 2.4, y, 32.4 + k * 2.4, y + 0.45), flat(darker(ink.main, 0.3)), opacity=0.7
            )
    board.fill(box(33, 31, 67, 55, 4), flat(WHITE), opacity=0.96)
    emblem(board, ink.emblem, (50, 41), 7, ink.third)
    lines(board, 50, 50.3, (22,), ink.second, thick=1.7)
    window = smooth(path("50 59, 62 61, 66 68, 61 75, 50 77, 39 75, 34 68, 38 61"))
    board.fill(window, ball(ink.second, 0.18))
    for k in range(90):
        x, y = 35 + (k * 37 % 31), 60 + (k * 53 % 17)
        board.fill(oval(x, y, 1.5, 0.55, k * 47), flat(lighter(ink.second, 0.55)), opacity=0.8, inside=window)
    _creases(board, body)


def _creases(board: Canvas, body: Shape) -> None:
    for x, y, turn in ((29, 62, 12), (71, 40, -10), (70, 70, 20), (31, 34, -14)):
        board.glow(
            turned(box(x, y - 7, x + 0.9, y + 7, 0.4), turn, (x, y)),
            WHITE,
            blur=0.7,
            opacity=0.5,
            inside=body,
        )


def pouch(board: Canvas, ink: Ink) -> None:
    """A stand-up bag with a zip."""
    body = smooth(
        path(
            "28 19, 50 18.6, 72 19, 73 22, 73.5 40, 76 66, 74 78, 66 81, 50 82, 34 81, 26 78, 24 66, 26.5 40, 27 22"
        )
    )
    board.stand(50, 81, 52)
    board.fill(body, barrel(ink.main, 0.2))
    board.fill(box(27, 18.5, 73, 25, 1), flat(lighter(ink.main, 0.16)), opacity=0.7, inside=body)
    board.fill(box(28, 27, 72, 28, 0.5), flat(darker(ink.main, 0.25)), opacity=0.6)
    board.fill(oval(50, 21.8, 2, 1.3), flat(darker(ink.main, 0.35)), opacity=0.6)
    panel = smooth(path("50 33, 64 36, 69 50, 64 65, 50 69, 36 65, 31 50, 36 36"))
    board.fill(panel, ball(ink.second, 0.06, (0.45, 0.35)))
    emblem(board, ink.emblem, (50, 48), 11, ink.third)
    lines(board, 50, 61.5, (17,), darker(ink.main, 0.15), thick=1.6)
    lines(board, 50, 73, (26, 16), lighter(ink.main, 0.6), thick=1.3)
    gusset = smooth(path("27 75, 38 78.5, 50 79.4, 62 78.5, 73 75"), closed=False)
    board.fill(stroke(gusset, 0.7), flat(darker(ink.main, 0.3)), opacity=0.6, inside=body)
    board.glow(turned(box(32, 30, 34, 74, 1), 2), WHITE, blur=1.2, opacity=0.4, inside=body)


def crisps(board: Canvas, ink: Ink) -> None:
    """A pillow bag with crimped ends."""
    teeth_top = [(26 + k * 2, 16 if k % 2 else 17.4) for k in range(25)]
    teeth_low = [(74 - k * 2, 84 if k % 2 else 82.6) for k in range(25)]
    right = smooth(path("74 17.4, 72.5 24, 76 36, 77.5 50, 76 64, 72.5 76, 74 82.6"), closed=False)
    left = smooth(path("26 82.6, 27.5 76, 24 64, 22.5 50, 24 36, 27.5 24, 26 17.4"), closed=False)
    body = [*teeth_top, *right, *teeth_low, *left]
    board.stand(50, 83, 50)
    board.fill(body, barrel(ink.main, 0.22))
    for top in (18, 77.5):
        for k in range(4):
            board.fill(
                box(26, top + k * 1.3, 74, top + k * 1.3 + 0.5),
                flat(darker(ink.main, 0.25)),
                opacity=0.35,
                inside=body,
            )
    band = smooth(path("20 34, 50 28, 80 33, 80 49, 50 46, 20 50"))
    board.fill(band, down(lighter(ink.second, 0.1), ink.second), inside=body, opacity=0.95)
    lines(board, 50, 34, (30, 20), ink.main, thick=2.4)
    emblem(board, ink.emblem, (50, 61), 12, ink.third)
    for x, y, turn in ((31, 30, 24), (69, 28, -24), (30, 70, -26), (70, 72, 24)):
        board.glow(
            turned(box(x, y - 8, x + 1.4, y + 8, 0.6), turn, (x, y)), WHITE, blur=1, opacity=0.5, inside=body
        )


def carton(board: Canvas, ink: Ink) -> None:
    """A gable-top carton, seen from its right corner."""
    board.stand(52, 83, 42)
    front: Shape = path("29 36, 58 38, 58 85, 29 81")
    side: Shape = path("58 38, 72 34, 72 78, 58 85")
    roof: Shape = path("29 36, 36 22, 62 23, 58 38")
    gable: Shape = [(58, 38), (62, 23), (72, 34)]
    board.fill(front, across(lighter(ink.second, 0.3), ink.second))
    board.fill(side, across(darker(ink.second, 0.1), darker(ink.second, 0.22)))
    board.fill(roof, down(lighter(ink.main, 0.2), ink.main))
    board.fill(gable, flat(darker(ink.main, 0.28)))
    board.fill(path("36 15, 62 16, 62 23.4, 36 22.4"), down(lighter(ink.main, 0.1), darker(ink.main, 0.06)))
    wave_front = [(29, 62), *smooth(path("29 62, 37 58, 47 65, 58 61"), closed=False), (58, 85), (29, 81)]
    wave_side = [(58, 61), *smooth([(58, 61), (65, 62), (72, 56)], closed=False), (72, 78), (58, 85)]
    board.fill(wave_front, down(lighter(ink.main, 0.12), ink.main))
    board.fill(wave_side, flat(darker(ink.main, 0.24)))
    emblem(board, ink.emblem, (43.5, 50), 6.6, ink.third)
    lines(board, 43.5, 70, (18, 12), lighter(ink.main, 0.75), thick=1.7)
    board.fill(oval(45, 29.5, 5, 4), ball(lighter(ink.second, 0.3), 0.2))
    board.fill(oval(45, 28.4, 5, 3.7), flat(lighter(ink.second, 0.55)))


def carton_box(board: Canvas, ink: Ink) -> None:
    """A cardboard box, seen from its right corner."""
    board.stand(52, 80, 56)
    front: Shape = path("24 32, 60 34, 60 83, 24 79")
    side: Shape = path("60 34, 78 29, 78 75, 60 83")
    lid: Shape = path("24 32, 42 27, 78 29, 60 34")
    board.fill(front, across(lighter(ink.main, 0.14), ink.main))
    board.fill(side, across(darker(ink.main, 0.2), darker(ink.main, 0.32)))
    board.fill(lid, flat(lighter(ink.main, 0.4)))
    board.fill(path("24 64, 60 67, 60 83, 24 79"), across(lighter(ink.second, 0.1), ink.second))
    board.fill(path("60 67, 78 60, 78 75, 60 83"), flat(darker(ink.second, 0.22)))
    board.fill(oval(42, 49, 13, 13), flat(WHITE), opacity=0.94)
    emblem(board, ink.emblem, (42, 49), 8.4, ink.third)
    lines(board, 42, 70.5, (22, 14), lighter(ink.main, 0.1), thick=1.8)
    board.fill(path("60 34, 60.5 34, 60.5 83, 60 83"), flat(WHITE), opacity=0.35)


def tin(board: Canvas, ink: Ink) -> None:
    """A round tin with a lid: tea, seaweed, milk powder."""
    board.stand(50, 82, 44)
    board.fill(standing(50, 34, 80, 20), barrel(ink.main, 0.28))
    band = standing(50, 45, 68, 20.1)
    board.fill(band, barrel(ink.second, 0.18))
    board.fill(standing(50, 24, 34, 20.8), barrel(ink.third, 0.28))
    board.fill(oval(50, 24, 20.8, 2.8), across(lighter(ink.third, 0.4), lighter(ink.third, 0.12)))
    emblem(board, ink.emblem, (50, 56), 7.6, ink.main)
    lines(board, 50, 66.2, (14,), ink.main, thick=1.3)
    board.glow(box(36, 38, 38.4, 78, 1), WHITE, blur=1.2, opacity=0.4)


def noodles(board: Canvas, ink: Ink) -> None:
    """Dried noodles held by a paper band."""
    board.stand(50, 74, 66)
    for k in range(44):
        y = 38 + k * 0.8
        reach = 1.6 * ((k * 7) % 5) / 5
        board.fill(
            box(17 - reach, y, 83 + reach * 0.8, y + 1, 0.5),
            down(lighter(ink.main, 0.35), ink.main, darker(ink.main, 0.1)),
        )
    band = box(35, 36.6, 66, 74.8, 1)
    board.fill(band, down(lighter(ink.second, 0.16), ink.second, darker(ink.second, 0.12)))
    board.fill(oval(50.5, 52, 11, 11), flat(WHITE), opacity=0.94)
    emblem(board, ink.emblem, (50.5, 52), 7, ink.third)
    lines(board, 50.5, 67, (20, 12), lighter(ink.second, 0.8), thick=1.3)


def wrapped_bar(board: Canvas, ink: Ink) -> None:
    """A bar of chocolate half out of its paper."""
    tilt = -14
    board.stand(50, 81, 50)
    slab = box(33, 14, 67, 60, 1.5)
    board.fill(turned(slab, tilt), across(lighter(ink.main, 0.1), ink.main))
    for row in range(4):
        for k in range(3):
            left, top = 34.6 + k * 10.6, 15.6 + row * 10.6
            board.fill(
                turned(box(left, top, left + 9.6, top + 9.6, 1), tilt),
                down(lighter(ink.main, 0.22), ink.main),
            )
            board.fill(
                turned(box(left + 1.6, top + 1.8, left + 8, top + 8, 0.8), tilt),
                down(ink.main, lighter(ink.main, 0.1)),
            )
    foil = [
        (30.8, 47),
        *[(31 + k * 2.4, 45.4 if k % 2 else 48) for k in range(17)],
        (69.4, 47),
        (69.4, 56),
        (30.8, 56),
    ]
    board.fill(turned(foil, tilt), across((214, 214, 218), (250, 250, 252), (200, 200, 206)))
    paper = box(30, 51, 70, 86, 1.5)
    board.fill(turned(paper, tilt), across(lighter(ink.second, 0.12), ink.second, darker(ink.second, 0.15)))
    board.fill(turned(box(30, 58, 70, 79), tilt), flat(lighter(ink.third, 0.1)))
    middle = turned([(50, 66)], tilt)[0]
    emblem(board, ink.emblem, middle, 5.6, ink.main)
    board.fill(turned(box(41, 74, 59, 75.6, 0.8), tilt), flat(ink.second))


def pastry(board: Canvas, ink: Ink) -> None:
    """Round pastries with a glaze; one is cut and shows its yolk."""
    board.stand(50, 76, 70)
    for x, y, size in ((34, 44, 0.86), (66, 46, 0.86), (31, 63, 1)):
        body = moved(
            smooth(path("50 33, 64 38, 70 51, 64 63, 50 66, 36 63, 30 51, 36 38")),
            x - 50,
            y - 50,
            size * 0.92,
        )
        board.glow(moved(body, 1, 2), (80, 50, 20), blur=1.5, opacity=0.3)
        board.fill(body, ball(ink.main, 0.3))
        glaze = moved(
            smooth(path("50 33, 61 37, 66 46, 58 53, 50 54, 42 53, 34 46, 39 37")),
            x - 50,
            y - 50.4,
            size * 0.9,
        )
        board.fill(glaze, ball(ink.second, 0.2), opacity=0.9)
        for k in range(12):
            board.fill(
                oval(x - 7 + (k * 5.3) % 14, y - 12 + (k * 3.7) % 11, 0.8, 0.45, k * 50), flat((40, 30, 26))
            )
    half = moved(smooth(path("50 33, 64 38, 70 51, 64 63, 50 66, 36 63, 30 51, 36 38")), 17, 14, 0.95)
    board.glow(moved(half, 1, 2), (80, 50, 20), blur=1.5, opacity=0.3)
    board.fill(half, ball(lighter(ink.main, 0.3), 0.15))
    board.fill(moved(half, size=0.84, around=(67, 64)), ball((112, 48, 40), 0.2))
    board.fill(oval(67, 64, 9, 8.2), ball(ink.third, 0.22))


def yogurt(board: Canvas, ink: Ink) -> None:
    """Cups of yogurt: one in front, one behind."""
    for x, y, size in ((64, -6, 0.86), (42, 0, 1)):
        _cup(board, ink, x, y, size)


def _cup(board: Canvas, ink: Ink, x: float, shift: float, size: float) -> None:
    def put(shape: Shape) -> Shape:
        return moved(shape, x - 50, shift, size, (50, 80))

    board.stand(x, 80 + shift, 34 * size)
    body = [
        *[(50 + 16.5 * c, 80 + 2.2 * s) for c, s in ((1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0))],
        (28, 38),
        (72, 38),
    ]
    board.fill(put(body), barrel(ink.second, 0.14))
    wave = [
        (29.5, 52),
        *smooth(path("29.5 52, 40 47, 52 55, 62 48, 70.5 52"), closed=False),
        (67, 76),
        (33, 76),
    ]
    board.fill(put(wave), barrel(ink.main, 0.14), inside=put(body))
    board.fill(
        put(oval(50, 38, 23, 4.4)), across(lighter(ink.third, 0.3), ink.third, darker(ink.third, 0.12))
    )
    board.fill(put(oval(50, 37, 23, 4)), across(lighter(ink.third, 0.6), lighter(ink.third, 0.25)))
    middle = put([(50, 63)])[0]
    emblem(board, ink.emblem, middle, 6.5 * size, lighter(ink.main, 0.75))


def tofu(board: Canvas, ink: Ink) -> None:
    """A block of bean curd on a plate, with cubes cut from it."""
    board.stand(50, 80, 76)
    board.fill(oval(50, 72, 40, 11), down(lighter(ink.second, 0.3), darker(ink.second, 0.14)))
    board.fill(oval(50, 70.6, 38, 9.6), down(darker(ink.second, 0.06), lighter(ink.second, 0.4)))
    for corner, wide, high in (((24, 69), 34, 30), ((56, 68), 15, 14), ((64, 75), 13, 12)):
        _block(board, ink, corner, wide, high)
    for x, y, turn in ((38, 36, 20), (43, 37.6, -35), (34, 38, 70), (47, 36.4, 10), (41, 39.6, -10)):
        board.fill(oval(x, y, 1.9, 0.8, turn), flat(ink.third))


def _block(board: Canvas, ink: Ink, corner: Point, wide: float, high: float) -> None:
    left, low = corner
    top, right, back = low - high, left + wide, wide * 0.32
    board.glow(
        [(left, low), (right, low), (right + back, low - back * 0.6), (left, low - 2)],
        (90, 70, 50),
        blur=1.5,
        opacity=0.3,
    )
    board.fill(
        box(left, top, right, low, 1.4), down(lighter(ink.main, 0.3), ink.main, darker(ink.main, 0.06))
    )
    board.fill(
        [
            (right - 0.4, top + 0.4),
            (right + back, top - back * 0.5),
            (right + back, low - back * 0.5),
            (right - 0.4, low - 0.6),
        ],
        flat(darker(ink.main, 0.13)),
    )
    board.fill(
        [
            (left + 0.8, top + 0.5),
            (left + back, top - back * 0.5),
            (right + back, top - back * 0.5),
            (right, top + 0.5),
        ],
        flat(lighter(ink.main, 0.6)),
    )
