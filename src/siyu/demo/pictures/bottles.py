"""Bottles, jars, cans and jugs."""

from siyu.demo.pictures.canvas import (
    Canvas,
    Colour,
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
    twin,
)
from siyu.demo.pictures.emblems import emblem
from siyu.demo.pictures.ink import Ink
from siyu.demo.pictures.packs import lines, standing

WHITE = (255, 255, 255)


def glass(board: Canvas, body: Shape, left: float, top: float, bottom: float, *, width: float = 2.2) -> None:
    """The long reflection on the left of a bottle."""
    board.glow(box(left, top, left + width, bottom, 1), WHITE, blur=0.9, opacity=0.55, inside=body)


def sauce(board: Canvas, ink: Ink) -> None:
    """A dark glass bottle with a neck: soy sauce, vinegar, sesame oil."""
    body = twin(
        path("5 20, 5 30, 6.2 36, 12 44, 15 52, 15 78, 13.6 82, 10 83.4, 0 84"),
    )
    board.stand(50, 83, 32)
    board.fill(body, barrel(ink.main, 0.35))
    board.fill(box(44, 11, 56, 22, 1.6), barrel(ink.second, 0.3))
    board.fill(box(43.4, 20, 56.6, 23, 1), barrel(darker(ink.second, 0.12), 0.3))
    board.fill(box(35, 52, 65, 75), barrel(ink.third, 0.16))
    for y in (53.2, 73.2):
        board.fill(box(35, y, 65, y + 0.8), flat(ink.second), opacity=0.8)
    emblem(board, ink.emblem, (50, 61), 6, ink.second)
    lines(board, 50, 69, (14,), ink.second, thick=1.4)
    glass(board, body, 38, 45, 80, width=1.6)
    glass(board, body, 46.4, 24, 36, width=1.2)


def oil(board: Canvas, ink: Ink) -> None:
    """A clear jug with a handle, full of oil."""
    body = smooth(
        path("44 22, 56 22, 57 28, 66 36, 70 46, 70 76, 67 82, 50 83.5, 33 82, 30 76, 30 46, 34 36, 43 28")
    )
    board.stand(50, 83, 44)
    board.fill(body, barrel(ink.main, 0.2))
    board.glow(oval(50, 36, 14, 7), lighter(ink.main, 0.7), blur=3, opacity=0.55, inside=body)
    ring = smooth(path("58 30, 70 28, 77 36, 76 48, 69 53"), closed=False)
    board.fill(stroke(ring, 4.6), across(darker(ink.main, 0.06), lighter(ink.main, 0.35), ink.main))
    board.fill(box(43, 13, 57, 23, 2), barrel(ink.second, 0.25))
    for k in range(6):
        board.fill(
            box(44.4 + k * 2.1, 14, 45.1 + k * 2.1, 22, 0.3), flat(darker(ink.second, 0.25)), opacity=0.5
        )
    board.fill(box(30.4, 50, 69.6, 75), barrel(ink.second, 0.2))
    board.fill(oval(50, 60.5, 11, 9), flat(ink.third))
    emblem(board, ink.emblem, (50, 60.4), 7, ink.main)
    lines(board, 50, 71.2, (22,), ink.third, thick=1.5)
    glass(board, body, 33, 40, 80)


def water(board: Canvas, ink: Ink) -> None:
    """Two clear bottles."""
    for shift, size in ((13, 0.88), (-7, 1)):
        _one_water(board, ink, shift, size)


def _one_water(board: Canvas, ink: Ink, shift: float, size: float) -> None:
    def put(shape: Shape) -> Shape:
        return moved(shape, shift, 0, size, (50, 84))

    board.stand(50 + shift, 83.4, 28 * size)
    body = put(
        smooth(
            path(
                "45 20, 55 20, 55.5 25, 62 34, 64 44, 62.6 50, 64 56, 63.4 66, 64 80, 60 84, 40 84, 36 80, 36.6 66, 36 56, 37.4 50, 36 44, 38 34, 44.5 25"
            )
        )
    )
    board.fill(
        body,
        across(
            darker(ink.main, 0.1),
            lighter(ink.main, 0.65),
            lighter(ink.main, 0.3),
            lighter(ink.main, 0.6),
            ink.main,
        ),
        opacity=0.88,
    )
    for y in (66, 70.5, 75, 79.5):
        ridge = smooth([(36.6, y), (43, y + 1), (50, y + 1.3), (57, y + 1), (63.4, y)], closed=False)
        board.fill(put(stroke(ridge, 0.7)), flat(darker(ink.main, 0.18)), opacity=0.5)
    board.fill(put(path("36.4 45, 63.6 45, 63.2 62, 36.8 62")), barrel(ink.second, 0.18))
    emblem(board, ink.emblem, put([(50, 52)])[0], 5 * size, ink.third)
    widths = (12 * size,)
    lines(board, *put([(50, 58.4)])[0], widths, ink.third, thick=1.3 * size)
    board.fill(put(box(44.4, 13, 55.6, 20.6, 1.4)), barrel(ink.second, 0.22))
    board.glow(put(box(39.4, 34, 41.4, 82, 1)), WHITE, blur=0.8, opacity=0.7, inside=body)


def can(board: Canvas, ink: Ink) -> None:
    """A slim can with drops of cold water."""
    board.stand(50, 84, 34)
    steel = (206, 210, 214)
    body = twin(path("12.4 19, 16 24, 16 79, 13.4 84, 8 85, 0 85.4"))
    board.fill(body, barrel(ink.main, 0.26))
    swirl = [
        (34, 56),
        *smooth(path("34 56, 42 49, 52 58, 60 50, 66 53"), closed=False),
        (66, 72),
        *smooth(path("66 72, 58 76, 48 68, 40 75, 34 71"), closed=False),
    ]
    board.fill(swirl, barrel(ink.second, 0.2), inside=body)
    emblem(board, ink.emblem, (50, 40), 9, ink.third)
    lines(board, 50, 61.6, (16, 10), ink.main, thick=1.8)
    board.fill(
        twin(path("12.8 17, 12.4 19.6, 15.4 23.6, 0 26")),
        barrel(steel, 0.25),
        inside=standing(50, 17, 22.2, 15.6),
    )
    board.fill(oval(50, 17, 12.8, 2.4), across((160, 164, 170), (236, 238, 240), (176, 180, 186)))
    board.fill(oval(50, 17.2, 11, 1.8), across((190, 194, 200), (222, 226, 230)))
    board.fill(oval(51.4, 17.2, 4.4, 0.9, -4), flat((140, 144, 150)))
    glass(board, body, 38, 26, 80, width=1.8)
    for k in range(26):
        x, y = 36 + (k * 11.7) % 28, 27 + (k * 17.3) % 54
        size = 0.4 + (k % 3) * 0.25
        board.fill(oval(x, y, size, size * 1.2), ball(lighter(ink.main, 0.45), 0.1), opacity=0.75)


def juice(board: Canvas, ink: Ink) -> None:
    """A clear bottle of juice with a wide cap."""
    body = smooth(
        path("43 22, 57 22, 58 30, 66 40, 67 50, 66 78, 62 83.4, 38 83.4, 34 78, 33 50, 34 40, 42 30")
    )
    board.stand(50, 83, 36)
    board.fill(body, across((222, 228, 230), (250, 252, 252), (226, 232, 234)), opacity=0.8)
    fluid = smooth(
        path("42 33, 58 33, 64.6 41, 65.4 50, 64.6 77, 61 81.8, 39 81.8, 35.4 77, 34.6 50, 35.4 41")
    )
    board.fill(fluid, barrel(ink.main, 0.18))
    board.fill(box(41.6, 14, 58.4, 23.4, 2), barrel(ink.second, 0.25))
    board.fill(oval(50, 59, 12.6, 12.6), flat(WHITE), opacity=0.95)
    emblem(board, ink.emblem, (50, 56.6), 7, ink.third)
    lines(board, 50, 66.4, (12,), ink.second, thick=1.4)
    glass(board, body, 37, 40, 79, width=2)


def grain_jar(board: Canvas, ink: Ink) -> None:
    """A glass jar in which the grains can be seen."""
    body = smooth(path("34 30, 66 30, 71 38, 71 76, 67 83, 33 83, 29 76, 29 38"))
    board.stand(50, 83, 44)
    board.fill(body, across((214, 222, 224), (246, 248, 248), (218, 226, 228)), opacity=0.85)
    grains = smooth(path("31 44, 50 42, 69 44, 69.4 76, 66 81.6, 34 81.6, 30.6 76"))
    board.fill(grains, barrel(ink.main, 0.2))
    for k in range(230):
        x, y = 31 + (k * 7.31) % 38, 43.5 + (k * 11.93) % 37.5
        board.fill(
            oval(x, y, 0.85, 0.8), ball(lighter(ink.main, 0.25 if k % 3 else 0.02), 0.2), inside=grains
        )
    board.fill(standing(50, 20, 29, 18.4, 0.1), barrel(ink.second, 0.25))
    board.fill(oval(50, 20, 18.4, 2), across(lighter(ink.second, 0.35), lighter(ink.second, 0.1)))
    board.fill(box(37, 52, 63, 72, 2), flat(ink.third), opacity=0.96)
    emblem(board, ink.emblem, (50, 60), 6, ink.second)
    lines(board, 50, 67.6, (14,), ink.second, thick=1.3)
    glass(board, body, 33, 36, 80)


def detergent(board: Canvas, ink: Ink) -> None:
    """A big bottle with a grip and a measuring cap."""
    body = smooth(path("40 28, 56 28, 60 32, 70 38, 73 50, 72 76, 68 83, 32 83, 28 77, 28 50, 33 38, 38 33"))
    board.stand(50, 83, 48)
    board.fill(body, barrel(ink.main, 0.2))
    grip = smooth(path("62 42, 67 45, 67.6 58, 63 63, 60 58, 60 47"))
    board.fill(grip, across(darker(ink.main, 0.34), darker(ink.main, 0.18)))
    board.glow(stroke(grip, 0.8), WHITE, blur=0.5, opacity=0.25)
    board.fill(box(38, 14, 57, 29, 2), barrel(ink.second, 0.25))
    for k in range(7):
        board.fill(
            box(39.6 + k * 2.4, 15, 40.4 + k * 2.4, 28, 0.3), flat(darker(ink.second, 0.25)), opacity=0.45
        )
    label = smooth(path("33 44, 45 41, 56 46, 57 60, 54 74, 42 77, 33 72, 31 58"))
    board.fill(label, flat(WHITE), opacity=0.95)
    emblem(board, ink.emblem, (44, 55.5), 8, ink.third)
    lines(board, 44, 67, (15, 10), ink.main, thick=1.5)
    glass(board, body, 30, 46, 78, width=1.6)


def pump(board: Canvas, ink: Ink) -> None:
    """A bottle with a pump: dish liquid, baby lotion, make-up remover."""
    body = smooth(path("40 38, 60 38, 66 42, 67 52, 67 77, 63 83, 37 83, 33 77, 33 52, 34 42"))
    board.stand(50, 83, 36)
    board.fill(box(48.6, 22, 51.4, 33), barrel(ink.second, 0.15))
    head = smooth(path("44 17.4, 54 17, 57 20, 55 24, 46 24, 41 22, 33 23.6, 31 21, 36 18.4"))
    board.fill(head, down(lighter(ink.second, 0.3), ink.second, darker(ink.second, 0.14)))
    board.fill(box(42, 31, 58, 39.4, 1.4), barrel(ink.second, 0.2))
    board.fill(body, barrel(ink.main, 0.18))
    board.fill(box(37, 48, 63, 74, 3), flat(WHITE), opacity=0.94)
    emblem(board, ink.emblem, (50, 58), 7.4, ink.third)
    lines(board, 50, 68, (15, 9), darker(ink.main, 0.15), thick=1.3)
    glass(board, body, 35, 45, 79, width=1.6)


def spray(board: Canvas, ink: Ink) -> None:
    """A trigger bottle."""
    body = smooth(path("44 38, 56 38, 58 46, 66 54, 68 64, 67 79, 63 84, 37 84, 33 79, 32 64, 34 54, 42 46"))
    board.stand(50, 84, 36)
    board.fill(body, barrel(ink.main, 0.18))
    head = smooth(path("30 15, 56 14, 65 18, 66 26, 60 31, 44 31, 40 24, 30 23"))
    trigger = smooth(path("38 25, 42 27, 40 35, 35 42, 32 41, 35 34"))
    board.fill(trigger, across(darker(ink.third, 0.1), lighter(ink.third, 0.15)))
    board.fill(head, down(lighter(ink.second, 0.2), ink.second, darker(ink.second, 0.14)))
    board.fill(box(26, 16, 31, 22, 1), across(darker(ink.third, 0.1), ink.third))
    board.fill(box(43, 30, 57, 39, 1.4), barrel(ink.second, 0.22))
    board.fill(oval(50, 66, 12.4, 12), flat(WHITE), opacity=0.95)
    emblem(board, ink.emblem, (50, 65), 7.6, ink.third)
    lines(board, 50, 73.6, (10,), ink.second, thick=1.2)
    glass(board, body, 35.4, 56, 80, width=1.6)


def toner(board: Canvas, ink: Ink) -> None:
    """A tall cosmetic bottle."""
    board.stand(50, 84, 28)
    body = standing(50, 36, 82, 13, 0.1)
    board.fill(body, barrel(ink.main, 0.16))
    board.fill(standing(50, 17, 34, 10.4, 0.1), barrel(ink.second, 0.3))
    board.fill(oval(50, 17, 10.4, 1.2), flat(lighter(ink.second, 0.4)))
    board.fill(box(43, 34, 57, 37), barrel(lighter(ink.main, 0.5), 0.1))
    emblem(board, ink.emblem, (50, 54), 5.6, ink.third)
    lines(board, 50, 64, (13, 9, 6), ink.third, thick=1.1)
    glass(board, body, 39.6, 39, 80, width=1.8)


def dropper(board: Canvas, ink: Ink) -> None:
    """A serum bottle with a dropper, and a drop beside it."""
    board.stand(46, 83, 36)
    body = smooth(path("38 45, 54 45, 61 49, 63 56, 63 78, 59 83, 33 83, 29 78, 29 56, 31 49"))
    board.fill(body, barrel(ink.main, 0.26))
    board.fill(box(38.6, 36, 53.4, 46, 1), barrel(ink.second, 0.3))
    bulb = smooth(path("43 36, 42 28, 42.6 20, 46 17, 49.4 20, 50 28, 49 36"))
    board.fill(bulb, barrel(ink.third, 0.2))
    board.fill(box(33, 56, 59, 76, 1.5), flat(WHITE), opacity=0.9)
    emblem(board, ink.emblem, (46, 63.6), 5.4, ink.main)
    lines(board, 46, 71.2, (13,), ink.main, thick=1.2)
    glass(board, body, 31.4, 50, 79, width=1.5)
    board.glow(oval(74, 82, 7, 1.6), (70, 48, 44), blur=1.2, opacity=0.3)
    emblem(board, "drop", (74, 73), 9, lighter(ink.main, 0.25))


def cream(board: Canvas, ink: Ink) -> None:
    """An open jar of cream, its lid leaning on it."""
    board.stand(46, 80, 58)
    lid = turned(standing(75, 52, 62, 17, 0.24), 58, (75, 62))
    board.stand(76, 79, 22)
    board.fill(lid, across(darker(ink.second, 0.14), lighter(ink.second, 0.3), darker(ink.second, 0.1)))
    board.fill(
        turned(oval(75, 52, 17, 4.2), 58, (75, 62)), down(lighter(ink.second, 0.3), darker(ink.second, 0.06))
    )
    board.fill(standing(44, 52, 77, 25, 0.2), barrel(ink.main, 0.2))
    board.fill(standing(44, 46, 53, 23, 0.2), barrel(lighter(ink.main, 0.4), 0.14))
    board.fill(oval(44, 46, 23, 4.8), across(lighter(ink.main, 0.55), lighter(ink.main, 0.2)))
    board.fill(oval(44, 46.2, 20.6, 4), flat((252, 248, 242)))
    swirl = smooth(path("28 46, 36 42, 44 38, 50 33, 49 39, 58 43, 61 46, 52 49, 38 49.4"))
    board.fill(swirl, ball((253, 249, 243), 0.14, (0.4, 0.4)))
    emblem(board, ink.emblem, (44, 66), 5.6, ink.third)
    lines(board, 44, 75, (16,), ink.third, thick=1.2)


def baby_bottle(board: Canvas, ink: Ink) -> None:
    """A feeding bottle with a scale."""
    board.stand(50, 84, 34)
    teat = smooth(path("42 29, 44 23, 47.6 19, 48 14, 50 12.6, 52 14, 52.4 19, 56 23, 58 29"))
    board.fill(teat, barrel(ink.third, 0.18))
    body = smooth(
        path("38 38, 62 38, 65 46, 62.6 56, 65 66, 66 78, 62 84, 38 84, 34 78, 35 66, 37.4 56, 35 46")
    )
    board.fill(body, across((214, 224, 228), (250, 252, 252), (222, 230, 234)), opacity=0.9)
    milk = smooth(
        path("36 50, 50 51, 64 50, 62 57, 64.4 67, 65 78, 61.4 82.6, 38.6 82.6, 35 78, 35.6 67, 38 57")
    )
    board.fill(milk, barrel((250, 244, 232), 0.1))
    board.fill(box(36.6, 28, 63.4, 39, 2), barrel(ink.main, 0.22))
    for k in range(6):
        board.fill(box(58 - (k % 2) * 2, 54 + k * 4.4, 62, 54.7 + k * 4.4), flat(_scale(ink)), opacity=0.8)
    emblem(board, ink.emblem, (47, 66), 7, ink.second)
    glass(board, body, 38, 42, 80, width=1.6)


def _scale(ink: Ink) -> Colour:
    return darker(ink.main, 0.2)
