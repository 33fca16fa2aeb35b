"""Little signs for labels, so that a pouch of mango and a pouch of nuts are told apart without a word."""

import math
from collections.abc import Callable

from siyu.demo.pictures.canvas import (
    Canvas,
    Colour,
    Point,
    Shape,
    across,
    ball,
    colour,
    darker,
    down,
    flat,
    lighter,
    oval,
    smooth,
    stroke,
    turned,
)

WHITE = (255, 255, 255)


def _drop(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    body = smooth(
        [
            (x, y - size),
            (x + size * 0.32, y - size * 0.35),
            (x + size * 0.62, y + size * 0.25),
            (x + size * 0.4, y + size * 0.8),
            (x, y + size * 0.95),
            (x - size * 0.4, y + size * 0.8),
            (x - size * 0.62, y + size * 0.25),
            (x - size * 0.32, y - size * 0.35),
        ]
    )
    board.fill(body, ball(tone, 0.2))
    board.fill(oval(x - size * 0.22, y + size * 0.3, size * 0.1, size * 0.26, 15), flat(WHITE), opacity=0.7)


def _leaves(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    board.fill(stroke([(x, y + size), (x, y - size * 0.2)], size * 0.1), flat(darker(tone, 0.15)))
    for turn, length in ((-90, 1.1), (-35, 0.95), (-145, 0.95), (10, 0.8), (170, 0.8)):
        root = (x, y + (0.55 if turn in (10, 170) else 0.1) * size)
        reach = size * length
        blade = smooth(
            [
                root,
                (root[0] + reach * 0.45, root[1] - reach * 0.24),
                (root[0] + reach, root[1]),
                (root[0] + reach * 0.45, root[1] + reach * 0.24),
            ]
        )
        board.fill(turned(blade, turn, root), across(tone, lighter(tone, 0.25)))


def _wheat(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    board.fill(stroke([(x, y + size), (x, y - size * 0.6)], size * 0.08), flat(darker(tone, 0.1)))
    board.fill(oval(x, y - size * 0.82, size * 0.15, size * 0.3), ball(tone, 0.15))
    for k in range(4):
        for side in (-1, 1):
            grain = oval(
                x + side * size * 0.25, y - size * 0.5 + k * size * 0.32, size * 0.13, size * 0.28, side * 32
            )
            board.fill(grain, ball(tone, 0.15))


def _nut(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    for place, turn in (
        ((x - size * 0.45, y + size * 0.15), -25),
        ((x + size * 0.45, y + size * 0.25), 35),
        ((x, y - size * 0.35), 5),
    ):
        px, py = place
        reach = size * 0.62
        body = smooth(
            [
                (px, py - reach),
                (px + reach * 0.5, py - reach * 0.1),
                (px + reach * 0.42, py + reach * 0.6),
                (px, py + reach * 0.8),
                (px - reach * 0.42, py + reach * 0.6),
                (px - reach * 0.5, py - reach * 0.1),
            ]
        )
        board.fill(turned(body, turn, place), ball(tone, 0.3))
        for shift in (-0.2, 0, 0.2):
            line = stroke(
                [(px + shift * reach, py - reach * 0.5), (px + shift * reach * 1.4, py + reach * 0.5)],
                size * 0.04,
            )
            board.fill(turned(line, turn, place), flat(darker(tone, 0.3)), opacity=0.6)


def _chip(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    for shift, turn, shade in ((-0.35, -18, 0.1), (0.35, 20, 0.05), (0, 0, 0)):
        body = smooth(
            [
                (x - size * 0.75, y - size * 0.35),
                (x, y - size * 0.6),
                (x + size * 0.75, y - size * 0.3),
                (x + size * 0.6, y + size * 0.45),
                (x, y + size * 0.3),
                (x - size * 0.6, y + size * 0.5),
            ]
        )
        placed = turned([(px + shift * size, py + abs(shift) * size * 0.9) for px, py in body], turn, (x, y))
        board.fill(placed, down(lighter(tone, 0.3), darker(tone, 0.05 + shade)))
        for k in range(5):
            spot = oval(
                x + shift * size + size * 0.4 * math.cos(k * 2.4),
                y + abs(shift) * size + size * 0.22 * math.sin(k * 2.4),
                size * 0.04,
                size * 0.04,
            )
            board.fill(spot, flat(darker(tone, 0.3)), opacity=0.6)


def _mango(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    body = turned(
        smooth(
            [
                (x - size * 0.2, y - size * 0.85),
                (x + size * 0.5, y - size * 0.7),
                (x + size * 0.75, y),
                (x + size * 0.35, y + size * 0.75),
                (x - size * 0.3, y + size * 0.7),
                (x - size * 0.65, y),
            ]
        ),
        20,
        (x, y),
    )
    board.fill(body, ball(tone, 0.24))
    board.glow(
        oval(x + size * 0.4, y - size * 0.3, size * 0.4, size * 0.5),
        colour("#e4572e"),
        blur=size * 0.2,
        opacity=0.55,
        inside=body,
    )
    root = (x + size * 0.1, y - size * 0.85)
    blade = smooth(
        [
            root,
            (root[0] + size * 0.4, root[1] - size * 0.28),
            (root[0] + size * 0.9, root[1] - size * 0.1),
            (root[0] + size * 0.4, root[1] + size * 0.1),
        ]
    )
    board.fill(blade, flat(colour("#4f8f3a")))


def _peach(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    body = smooth(
        [
            (x, y - size * 0.62),
            (x + size * 0.5, y - size * 0.75),
            (x + size * 0.85, y - size * 0.1),
            (x + size * 0.5, y + size * 0.65),
            (x, y + size * 0.85),
            (x - size * 0.5, y + size * 0.65),
            (x - size * 0.85, y - size * 0.1),
            (x - size * 0.5, y - size * 0.75),
        ]
    )
    board.fill(body, ball(tone, 0.2))
    crease = stroke(
        smooth([(x, y - size * 0.6), (x + size * 0.2, y), (x + size * 0.05, y + size * 0.6)], closed=False),
        size * 0.07,
    )
    board.fill(crease, flat(darker(tone, 0.25)), opacity=0.6)
    board.fill(oval(x + size * 0.35, y - size * 0.85, size * 0.36, size * 0.14, -20), flat(colour("#5c9a3f")))


def _flower(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    for k in range(5):
        petal = oval(x, y - size * 0.5, size * 0.34, size * 0.46)
        board.fill(turned(petal, k * 72, (x, y)), ball(tone, 0.12, (0.5, 0.3)))
    board.fill(oval(x, y, size * 0.22, size * 0.22), ball(colour("#f2c14e"), 0.25))


def _sun(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    for k in range(12):
        ray = stroke([(x, y - size * 0.68), (x, y - size)], size * 0.13, size * 0.07)
        board.fill(turned(ray, k * 30, (x, y)), flat(tone))
    board.fill(oval(x, y, size * 0.52, size * 0.52), ball(tone, 0.16))


def _heart(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    curve = [
        (
            x + size * 0.058 * 16 * math.sin(t) ** 3,
            y
            - size * 0.058 * (13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)),
        )
        for t in (k * math.tau / 80 for k in range(80))
    ]
    board.fill(curve, ball(tone, 0.16))


def _star(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    tips = [
        (x + size * reach * math.sin(k * math.pi / 5), y - size * reach * math.cos(k * math.pi / 5))
        for k, reach in enumerate((1, 0.5) * 5)
    ]
    board.fill(tips, ball(tone, 0.14))


def _bean(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    for px, py, turn in ((x - size * 0.4, y + size * 0.2, -30), (x + size * 0.42, y - size * 0.15, 25)):
        body = oval(px, py, size * 0.46, size * 0.68, turn)
        board.fill(body, ball(tone, 0.35))
        slit = smooth(
            [
                (px, py - size * 0.62),
                (px - size * 0.12, py - size * 0.2),
                (px + size * 0.12, py + size * 0.2),
                (px, py + size * 0.62),
            ],
            closed=False,
        )
        board.fill(turned(stroke(slit, size * 0.09), turn, (px, py)), flat(darker(tone, 0.5)))


def _square(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    """Sheets of seaweed."""
    for shift, turn in ((-0.25, -14), (0.25, 12), (0, -3)):
        side = size * 0.62
        sheet: Shape = [
            (x + shift * size - side, y - side * 0.8),
            (x + shift * size + side, y - side * 0.8),
            (x + shift * size + side, y + side * 0.8),
            (x + shift * size - side, y + side * 0.8),
        ]
        board.fill(turned(sheet, turn, (x, y)), down(lighter(tone, 0.18), tone))


def _chili(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    spine = smooth(
        [
            (x - size * 0.7, y - size * 0.55),
            (x - size * 0.1, y - size * 0.3),
            (x + size * 0.4, y + size * 0.2),
            (x + size * 0.75, y + size * 0.8),
        ],
        closed=False,
    )
    board.fill(stroke(spine, size * 0.5, size * 0.04), down(lighter(tone, 0.2), tone, darker(tone, 0.15)))
    board.fill(oval(x - size * 0.74, y - size * 0.58, size * 0.24, size * 0.27, -35), flat(colour("#4f8f3a")))
    board.fill(
        stroke([(x - size * 0.8, y - size * 0.65), (x - size, y - size)], size * 0.13, size * 0.1),
        flat(colour("#4f8f3a")),
    )


def _coconut(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    board.fill(oval(x, y, size * 0.9, size * 0.9), ball(tone, 0.3))
    board.fill(oval(x, y - size * 0.05, size * 0.74, size * 0.66), ball((252, 250, 245), 0.06))
    board.fill(oval(x, y + size * 0.08, size * 0.56, size * 0.4), down((222, 232, 234), (245, 250, 250)))


def _cloud(board: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    for dx, dy, radius in ((-0.5, 0.15, 0.38), (0.5, 0.18, 0.36), (0, -0.1, 0.55), (0, 0.25, 0.36)):
        board.fill(oval(x + dx * size, y + dy * size, radius * size, radius * size), flat(tone))


EMBLEMS: dict[str, Callable[[Canvas, float, float, float, Colour], None]] = {
    "bean": _bean,
    "chili": _chili,
    "chip": _chip,
    "cloud": _cloud,
    "coconut": _coconut,
    "drop": _drop,
    "flower": _flower,
    "heart": _heart,
    "leaves": _leaves,
    "mango": _mango,
    "nut": _nut,
    "peach": _peach,
    "square": _square,
    "star": _star,
    "sun": _sun,
    "wheat": _wheat,
}


def emblem(board: Canvas, name: str, middle: Point, size: float, tone: Colour) -> None:
    """The sign called `name` around `middle`, `size` percent from its middle to its edge. No name draws nothing."""
    if name:
        EMBLEMS[name](board, *middle, size, tone)
