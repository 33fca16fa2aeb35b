"""Fruit, vegetables and eggs."""

import math

from siyu.demo.pictures.canvas import (
    Canvas,
    Colour,
    Paint,
    Point,
    Shape,
    across,
    ball,
    box,
    colour,
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
    twin,
)
from siyu.demo.pictures.ink import Ink

WHITE = (255, 255, 255)
LEAF = colour("#5c9a3f")
STALK = colour("#7a5634")


def leaf(
    board: Canvas, root: Point, length: float, turn: float, *, green: Colour = LEAF, width: float = 0.36
) -> None:
    """A leaf growing right from its root, then turned."""
    x, y = root
    half = length * width / 2
    outline = smooth(
        [
            (x, y),
            (x + length * 0.35, y - half),
            (x + length * 0.75, y - half * 0.72),
            (x + length, y),
            (x + length * 0.7, y + half * 0.85),
            (x + length * 0.3, y + half * 0.8),
        ]
    )
    board.fill(turned(outline, turn, root), across(darker(green, 0.12), lighter(green, 0.2), green))
    vein = stroke([(x + length * 0.06, y), (x + length * 0.92, y)], length * 0.03, length * 0.01)
    board.fill(turned(vein, turn, root), flat(lighter(green, 0.4)), opacity=0.7)


def shine(board: Canvas, body: Shape, spot: Point, width: float, height: float, *, turn: float = 25) -> None:
    """The reflection of a window on something smooth."""
    board.glow(oval(*spot, width, height, turn), WHITE, blur=1.6, opacity=0.5, inside=body)


def apple(board: Canvas, ink: Ink) -> None:
    _one_apple(board, ink, moved(_APPLE, 15, -3, 0.72), back=True)
    _one_apple(board, ink, moved(_APPLE, -7, 6, 0.95), back=False)


_APPLE: Shape = smooth(
    path("50 29, 60 23, 73 26, 79 41, 75 60, 65 75, 56 78, 50 76.5, 44 78, 35 75, 25 60, 21 41, 27 26, 40 23")
)


def _one_apple(board: Canvas, ink: Ink, body: Shape, *, back: bool) -> None:
    left, right = min(x for x, _ in body), max(x for x, _ in body)
    top, low = min(y for _, y in body), max(y for _, y in body)
    middle, size = (left + right) / 2, (right - left) / 58
    red = darker(ink.main, 0.1) if back else ink.main
    board.stand(middle, low - 1, right - left)
    board.fill(body, ball(red, 0.34))
    blush = oval(middle + 9 * size, low - 20 * size, 17 * size, 22 * size, 20)
    board.glow(blush, ink.second, blur=5, opacity=0.5, inside=body)
    shine(board, body, (middle - 15 * size, top + 17 * size), 4 * size, 8 * size)
    board.glow(
        oval(middle, top + 4 * size, 9 * size, 3 * size),
        darker(red, 0.6),
        blur=1.6,
        opacity=0.75,
        inside=body,
    )
    stalk = stroke(
        smooth(
            [
                (middle, top + 6 * size),
                (middle + 1 * size, top - 3 * size),
                (middle + 4 * size, top - 9 * size),
            ],
            closed=False,
        ),
        1.8 * size,
        2.6 * size,
    )
    board.fill(stalk, across(darker(STALK), STALK))
    if not back:
        leaf(board, (middle + 2, top - 1), 18, -24)


def citrus(board: Canvas, ink: Ink) -> None:
    """A whole fruit and a cut half."""
    body = oval(41, 50, 25, 24.5)
    board.stand(42, 74, 50)
    board.fill(body, ball(ink.main, 0.28))
    for i in range(70):
        angle, reach = i * 2.4, 23 * math.sqrt((i + 0.5) / 70)
        pore = oval(41 + reach * math.cos(angle), 50 + reach * math.sin(angle), 0.45, 0.45)
        board.fill(pore, flat(darker(ink.main, 0.3)), opacity=0.35)
    shine(board, body, (32, 40), 4, 7, turn=40)
    board.fill(oval(43, 27.5, 2.2, 1.4), flat(colour("#6f7d33")))
    leaf(board, (43, 27.5), 19, -18)
    _half(board, ink, 66, 63, 19)


def _half(board: Canvas, ink: Ink, x: float, y: float, radius: float) -> None:
    board.stand(x, y + radius, radius * 2)
    board.fill(oval(x, y, radius, radius), ball(ink.main, 0.2))
    board.fill(oval(x, y, radius * 0.92, radius * 0.92), flat(ink.second))
    for i in range(10):
        angle = i * 36 + 9
        piece = smooth(
            [
                (x + radius * 0.1, y),
                (x + radius * 0.72, y - radius * 0.22),
                (x + radius * 0.86, y),
                (x + radius * 0.72, y + radius * 0.22),
            ]
        )
        board.fill(turned(piece, angle, (x, y)), ball(ink.third, 0.12, (0.4, 0.4)))
    board.fill(oval(x, y, radius * 0.08, radius * 0.08), flat(ink.second))


def lemon(board: Canvas, ink: Ink) -> None:
    body = turned(
        smooth(path("18 50, 23 47, 32 36, 46 31, 60 36, 69 47, 75 50, 69 54, 60 65, 46 69, 32 64, 23 54")),
        -18,
        (46, 50),
    )
    board.stand(45, 71, 50)
    board.fill(body, ball(ink.main, 0.2))
    shine(board, body, (37, 42), 4, 8, turn=60)
    leaf(board, (69, 41), 17, -62)
    _half(board, ink, 66, 64, 17)


def banana(board: Canvas, ink: Ink) -> None:
    board.stand(50, 75, 62)
    for turn, shade in ((-17, 0.14), (-5, 0.06), (8, 0)):
        _one_banana(board, darker(ink.main, shade), turn)
    board.fill(turned(box(69, 16, 77, 27, 2), 14, (73, 22)), across(colour("#8a6a2c"), colour("#5d4520")))


def _one_banana(board: Canvas, yellow: Colour, turn: float) -> None:
    outer = path("76 24, 78 40, 71 58, 56 71, 38 76, 21 72, 17 67")
    inner = path("20 63, 34 62, 49 55, 60 42, 66 30, 70 22")
    body = turned(smooth([*outer, *inner]), turn, (73, 24))
    board.fill(body, down(lighter(yellow, 0.25), yellow, darker(yellow, 0.16)))
    ridge = stroke(smooth(path("73 26, 70 42, 61 56, 46 66, 30 69, 20 67"), closed=False), 1.6, 0.8)
    board.fill(turned(ridge, turn, (73, 24)), flat(darker(yellow, 0.2)), opacity=0.55, inside=body)
    tip = turned(oval(19, 67, 3, 3.4), turn, (73, 24))
    board.fill(tip, flat(colour("#5d4520")), inside=body)


def tomatoes(board: Canvas, ink: Ink) -> None:
    board.stand(50, 77, 66)
    for x, y, radius, tone in (
        (37, 43, 12, 0.12),
        (58, 40, 12, 0.1),
        (26, 62, 13, 0.04),
        (71, 61, 13, 0.05),
        (49, 63, 15, 0),
    ):
        red = darker(ink.main, tone)
        body = oval(x, y, radius, radius * 0.96)
        board.glow(oval(x + 1, y + 2, radius, radius), (60, 10, 10), blur=1.4, opacity=0.22)
        board.fill(body, ball(red, 0.3))
        shine(board, body, (x - radius * 0.4, y - radius * 0.4), radius * 0.16, radius * 0.28, turn=40)
        for k in range(5):
            petal = smooth(
                [
                    (x, y - radius * 0.85),
                    (x + 3.2, y - radius * 0.85 - 1.1),
                    (x + 6.4, y - radius * 0.85 + 0.4),
                    (x + 3.2, y - radius * 0.85 + 1.1),
                ]
            )
            board.fill(turned(petal, k * 72 - 20, (x, y - radius * 0.85)), flat(darker(LEAF, 0.1)))
        board.fill(oval(x, y - radius * 0.85, 1, 1), flat(lighter(LEAF, 0.3)))


def grapes(board: Canvas, ink: Ink) -> None:
    board.stand(50, 82, 34)
    stem = stroke(smooth([(50, 30), (51, 20), (56, 14)], closed=False), 2.2, 2.8)
    board.fill(stem, across(darker(STALK), STALK))
    leaf(board, (51, 22), 24, 8, width=0.62)
    rows = (
        (50, 32, 1),
        (50, 36, 3),
        (50, 43.5, 4),
        (50, 51, 5),
        (50, 58.5, 4),
        (50, 66, 3),
        (50, 72.5, 2),
        (50, 78, 1),
    )
    for i, (x, y, count) in enumerate(rows):
        for k in range(count):
            place = x + (k - (count - 1) / 2) * 9.2 + (0.9 if i % 2 else -0.6)
            body = oval(place, y + (k % 2) * 1.4, 5.6, 6)
            board.glow(oval(place + 0.8, y + 2, 5.4, 5.6), darker(ink.main, 0.7), blur=0.9, opacity=0.25)
            board.fill(body, ball(lighter(ink.main, 0.08 * ((i + k) % 3)), 0.26))
            board.fill(oval(place - 1.9, y - 1.9 + (k % 2) * 1.4, 0.9, 1.4, 30), flat(WHITE), opacity=0.75)


def broccoli(board: Canvas, ink: Ink) -> None:
    board.stand(50, 80, 30)
    stem = twin(path("17 46, 9 60, 8 74, 9 80"))
    board.fill(
        stem, across(darker(ink.second, 0.16), lighter(ink.second, 0.2), ink.second, darker(ink.second, 0.1))
    )
    for points in ([(50, 68), (38, 54), (30, 46)], [(50, 68), (62, 54), (70, 46)], [(50, 70), (50, 46)]):
        board.fill(stroke(points, 8, 6), across(lighter(ink.second, 0.15), ink.second))
    heads = (
        (30, 45, 12),
        (70, 45, 12),
        (39, 34, 14),
        (61, 34, 14),
        (50, 29, 13),
        (50, 45, 14),
        (40, 50, 9),
        (61, 50, 9),
    )
    for i, (x, y, radius) in enumerate(heads):
        board.fill(oval(x, y, radius, radius * 0.88), ball(darker(ink.main, 0.1 + 0.03 * (i % 3)), 0.34))
        for k in range(26):
            angle, reach = k * 2.4 + i, radius * 0.93 * math.sqrt((k + 0.5) / 26)
            bud = oval(x + reach * math.cos(angle), y + reach * math.sin(angle) * 0.88, 2, 1.9)
            board.fill(bud, ball(lighter(ink.main, 0.12 if math.sin(angle) < 0 else 0), 0.22), opacity=0.85)


def carrot(board: Canvas, ink: Ink) -> None:
    for turn, shift, shade in ((38, 12, 0.1), (56, -3, 0)):
        orange = darker(ink.main, shade)
        x = 50 + shift
        body = turned(
            smooth(
                [
                    (x - 8, 26),
                    (x, 23),
                    (x + 8, 26),
                    (x + 8.5, 38),
                    (x + 5, 60),
                    (x + 1.5, 80),
                    (x, 86),
                    (x - 1.5, 80),
                    (x - 5, 60),
                    (x - 8.5, 38),
                ]
            ),
            turn,
            (50, 52),
        )
        for k, spread in enumerate((-16, -5, 6, 17)):
            root = turned([(x, 25)], turn, (50, 52))[0]
            leaf(
                board,
                root,
                21 - (k % 2) * 4,
                turn - 90 + spread * 1.6,
                green=darker(LEAF, 0.06 * (k % 2)),
                width=0.24,
            )
        board.glow(moved(body, -0.5, 4), (70, 48, 44), blur=2, opacity=0.32)
        board.fill(body, turned_barrel(orange))
        for k, (y, width) in enumerate(((34, 5), (43, 7), (52, 4), (61, 5), (69, 3))):
            side = -1 if k % 2 else 1
            groove = stroke([(x + side * (7 - k), y), (x + side * (7 - k - width), y + 0.8)], 0.9, 0.4)
            board.fill(turned(groove, turn, (50, 52)), flat(darker(orange, 0.3)), opacity=0.6, inside=body)


def turned_barrel(one: Colour) -> Paint:
    """Light on something long that lies from the upper right to the lower left."""
    return down(lighter(one, 0.3), one, one, darker(one, 0.22))


def greens(board: Canvas, ink: Ink) -> None:
    """A head of pak choi: white stalks that open into leaves."""
    board.stand(50, 82, 36)
    for turn, size in ((-34, 0.9), (34, 0.9), (-18, 1), (18, 1), (0, 1.06)):
        blade = moved(
            smooth(path("50 16, 60 20, 65 31, 63 43, 55 52, 50 55, 45 52, 37 43, 35 31, 40 20")),
            size=size,
            around=(50, 80),
        )
        green = darker(ink.main, abs(turn) / 250)
        board.glow(turned(blade, turn, (50, 84)), (20, 50, 20), blur=1.5, opacity=0.25)
        board.fill(turned(blade, turn, (50, 84)), ball(green, 0.3, (0.45, 0.3)))
        rib = stroke([(50, 80), (50, 50), (50, 20)], 4.2 * size, 0.7)
        board.fill(turned(rib, turn, (50, 84)), flat(lighter(ink.second, 0.2)), opacity=0.8)
        for k in range(4):
            for side in (-1, 1):
                vein = stroke([(50, 46 - k * 7), (50 + side * 10, 38 - k * 6)], 0.8, 0.3)
                board.fill(
                    turned(vein, turn, (50, 84)),
                    flat(lighter(ink.second, 0.1)),
                    opacity=0.55,
                    inside=turned(blade, turn, (50, 84)),
                )
    for turn in (-20, 20, 0):
        foot = smooth(path("44 58, 50 50, 56 58, 59 72, 56 82, 50 84, 44 82, 41 72"))
        shape = turned(foot, turn, (50, 84))
        board.fill(
            shape,
            across(
                darker(ink.second, 0.1),
                lighter(ink.second, 0.55),
                lighter(ink.second, 0.3),
                darker(ink.second, 0.12),
            ),
        )


def potatoes(board: Canvas, ink: Ink) -> None:
    board.stand(50, 77, 66)
    spuds = (
        (path("40 30, 55 28, 66 36, 67 48, 56 56, 42 54, 33 44"), 0.12),
        (path("22 48, 34 43, 46 48, 51 60, 45 72, 31 76, 19 69, 16 57"), 0.04),
        (path("52 54, 66 47, 79 53, 83 65, 74 75, 58 77, 48 68"), 0),
    )
    for k, (points, shade) in enumerate(spuds):
        body = smooth(points)
        brown = darker(ink.main, shade)
        board.glow(moved(body, 1, 2), (70, 40, 20), blur=1.6, opacity=0.3)
        board.fill(body, ball(brown, 0.3))
        middle = (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))
        for i in range(7):
            angle = i * 2.4 + k
            x, y = (
                middle[0] + 11 * math.sqrt(i / 7) * math.cos(angle),
                middle[1] + 9 * math.sqrt(i / 7) * math.sin(angle),
            )
            board.fill(oval(x, y, 1.2, 0.6, i * 40), flat(darker(brown, 0.36)), opacity=0.6)
        shine(board, body, (middle[0] - 7, middle[1] - 7), 3, 5, turn=50)


def eggs(board: Canvas, ink: Ink) -> None:
    """Two rows of eggs in a moulded tray."""
    board.stand(50, 78, 76)
    board.fill(box(12, 50, 88, 70, 5), down(darker(ink.second, 0.12), darker(ink.second, 0.26)))
    for row, y in ((0, 44), (1, 56)):
        for k in range(4):
            x = 23 + k * 18
            egg = smooth(
                [
                    (x, y - 13),
                    (x + 4, y - 11),
                    (x + 7, y - 4),
                    (x + 8, y + 3),
                    (x + 5, y + 10),
                    (x, y + 11.5),
                    (x - 5, y + 10),
                    (x - 8, y + 3),
                    (x - 7, y - 4),
                    (x - 4, y - 11),
                ]
            )
            shell = darker(ink.main, 0.04 * ((k + row) % 3) + (0.07 if row == 0 else 0))
            board.fill(egg, ball(shell, 0.26, (0.38, 0.26)))
            board.glow(oval(x - 2.4, y - 5, 1.4, 2.8, 15), WHITE, blur=1, opacity=0.5, inside=egg)
        rim = smooth(
            [
                (10, y + 5),
                *((14 + i * 9, y + (10 if i % 2 else 4)) for i in range(9)),
                (90, y + 5),
                (88, y + 20),
                (12, y + 20),
            ]
        )
        board.fill(rim, down(lighter(ink.second, 0.16), ink.second, darker(ink.second, 0.14)))
