"""Things for the house and for babies."""

from siyu.demo.pictures.canvas import (
    Canvas,
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
)
from siyu.demo.pictures.emblems import emblem
from siyu.demo.pictures.ink import Ink
from siyu.demo.pictures.packs import lines

WHITE = (255, 255, 255)


def tissues(board: Canvas, ink: Ink) -> None:
    """A soft pack with one tissue standing out."""
    board.stand(50, 79, 66)
    sheet = smooth(path("38 44, 34 32, 41 26, 46 31, 52 18, 59 27, 66 29, 61 38, 63 44"))
    board.glow(moved(sheet, 1, 1), (90, 90, 110), blur=1.4, opacity=0.25)
    board.fill(sheet, ball((250, 250, 252), 0.14, (0.4, 0.2)))
    for points in (
        [(50, 43), (48, 34), (51, 23)],
        [(56, 43), (57, 36), (61, 31)],
        [(44, 43), (41, 36), (40, 31)],
    ):
        board.fill(stroke(smooth(points, closed=False), 0.7, 0.3), flat((206, 210, 222)), opacity=0.8)
    body = smooth(path("19 47, 30 43, 50 42, 70 43, 81 47, 83 60, 81 76, 70 80, 30 80, 19 76, 17 60"))
    board.fill(body, down(lighter(ink.main, 0.3), ink.main, darker(ink.main, 0.14)))
    board.fill(oval(50, 44.4, 18, 2.6), flat(darker(ink.main, 0.3)), opacity=0.6)
    board.fill(smooth(path("34 44, 38 41, 62 41, 66 44, 58 46, 42 46")), flat((246, 247, 250)))
    board.fill(box(30, 53, 70, 73, 6), flat(ink.second), opacity=0.95)
    emblem(board, ink.emblem, (41, 63), 7, ink.third)
    lines(board, 57.5, 58.6, (18, 14, 10), ink.main, thick=1.8)
    board.glow(
        stroke(smooth([(22, 50), (20, 62), (22, 74)], closed=False), 1.2), WHITE, blur=0.8, opacity=0.6
    )


def rolls(board: Canvas, ink: Ink) -> None:
    """Paper rolls, two standing and one lying in front."""
    paper = ink.main
    for x, y in ((36, 44), (64, 44)):
        board.stand(x, y + 25, 28)
        body = [*oval(x, y + 23, 14.6, 3.4)[:61], *oval(x, y - 12, 14.6, 3.4)[60:]]
        board.fill(body, barrel(paper, 0.1))
        board.fill(oval(x, y - 12, 14.6, 3.4), flat(lighter(paper, 0.5)))
        board.fill(oval(x, y - 12, 4.6, 1.2), flat(darker(ink.second, 0.25)))
        for k in range(9):
            for row in range(5):
                dot = oval(x - 12 + k * 3 + (row % 2) * 1.4, y - 4 + row * 5.4, 0.5, 0.5)
                board.fill(dot, flat(darker(paper, 0.12)), opacity=0.8, inside=body)
    board.stand(52, 82, 46)
    side: Shape = [(32, 52), (70, 52), *oval(70, 67, 5.4, 15)[90:], *oval(70, 67, 5.4, 15)[:31], (32, 82)]
    board.fill(side, down(lighter(paper, 0.6), paper, darker(paper, 0.14)))
    board.fill(oval(32, 67, 5.8, 15), across(darker(paper, 0.05), lighter(paper, 0.4)))
    for size in (0.8, 0.6):
        board.fill(
            stroke([*oval(32, 67, 5.8 * size, 15 * size), (32 + 5.8 * size, 67)], 0.35),
            flat(darker(paper, 0.14)),
        )
    board.fill(oval(32, 67, 2, 5), across(darker(ink.second, 0.3), ink.second))
    emblem(board, ink.emblem, (54, 66), 6, ink.third)


def bag_roll(board: Canvas, ink: Ink) -> None:
    """A roll of bin bags with one pulled out."""
    board.stand(50, 80, 60)
    sheet = smooth(path("30 40, 68 40, 74 54, 71 66, 78 80, 62 78, 48 81, 36 78, 24 80, 28 64, 25 52"))
    board.fill(
        sheet,
        across(
            darker(ink.main, 0.12),
            lighter(ink.main, 0.22),
            ink.main,
            lighter(ink.main, 0.14),
            darker(ink.main, 0.16),
        ),
    )
    for points in (
        [(38, 48), (36, 62), (39, 76)],
        [(52, 48), (55, 62), (50, 78)],
        [(64, 48), (62, 62), (68, 77)],
    ):
        board.fill(stroke(smooth(points, closed=False), 1, 0.4), flat(darker(ink.main, 0.25)), opacity=0.6)
    roll: Shape = [*oval(22, 33, 5, 12)[30:91], *oval(78, 33, 5, 12)[90:], *oval(78, 33, 5, 12)[:31]]
    board.fill(roll, down(lighter(ink.main, 0.34), ink.main, darker(ink.main, 0.2)))
    board.fill(oval(78, 33, 5, 12), across(ink.main, darker(ink.main, 0.3)))
    board.fill(oval(78, 33, 1.6, 4), flat(darker(ink.main, 0.5)))
    band: Shape = [*oval(38, 33, 5, 12.1)[30:91], *oval(60, 33, 5, 12.1)[90:], *oval(60, 33, 5, 12.1)[:31]]
    board.fill(band, down(lighter(ink.second, 0.2), ink.second, darker(ink.second, 0.14)))
    emblem(board, ink.emblem, (48, 33), 6, ink.third)


def towels(board: Canvas, ink: Ink) -> None:
    """Three folded towels."""
    board.stand(50, 80, 66)
    for k, tone in enumerate((ink.third, ink.second, ink.main)):
        top, inset = 62 - k * 16, k * 1.5
        left, right = 18 + inset, 82 - inset
        body = box(left, top, right, top + 18, 8)
        board.glow(moved(body, 0, 1), (70, 50, 40), blur=1, opacity=0.25)
        board.fill(body, down(lighter(tone, 0.3), tone, darker(tone, 0.12)))
        for y in (top + 6.4, top + 11.6):
            fold = smooth([(left + 4, y), (50, y + 0.5), (right - 1, y)], closed=False)
            board.fill(stroke(fold, 0.8, 0.5), flat(darker(tone, 0.24)), opacity=0.7, inside=body)
        board.fill(
            box(right - 17, top, right - 13.4, top + 18), flat(lighter(tone, 0.45)), opacity=0.6, inside=body
        )
        for i in range(110):
            x, y = left + 2 + (i * 7.9) % (right - left - 4), top + 1.4 + (i * 3.7) % 15
            board.fill(oval(x, y, 0.3, 0.3), flat(lighter(tone, 0.45)), opacity=0.45, inside=body)


def food_boxes(board: Canvas, ink: Ink) -> None:
    """Three clear boxes with lids, stacked by size."""
    board.stand(50, 82, 64)
    for left, top, right, bottom in ((19, 56, 81, 82), (25, 37, 75, 56), (31, 22, 69, 37)):
        body = box(left + 2, top + 3, right - 2, bottom, 4)
        board.fill(
            body, across((206, 222, 228), (246, 250, 252), (222, 234, 238), (206, 220, 226)), opacity=0.85
        )
        board.fill(
            box(left, top, right, top + 5.4, 2.4),
            down(lighter(ink.main, 0.25), ink.main, darker(ink.main, 0.12)),
        )
        for x in (left + 8, right - 14):
            board.fill(box(x, top + 3, x + 6, top + 9, 1.4), down(ink.second, darker(ink.second, 0.16)))
        board.glow(box(left + 5, top + 9, left + 7, bottom - 3, 1), WHITE, blur=0.8, opacity=0.8, inside=body)
    fruit = ((34, 74, 5.4), (44, 75, 4.6), (54, 74, 5.4), (65, 75, 4.8))
    for k, (x, y, radius) in enumerate(fruit):
        board.fill(oval(x, y, radius, radius), ball(ink.third if k % 2 else ink.second, 0.2), opacity=0.6)


def nappies(board: Canvas, ink: Ink) -> None:
    """A soft pack with a carrying hole."""
    board.stand(50, 82, 62)
    body = smooth(path("23 27, 35 21, 50 19, 65 21, 77 27, 80 50, 79 76, 70 82, 30 82, 21 76, 20 50"))
    board.fill(body, barrel(ink.main, 0.16))
    board.fill(smooth(path("42 24, 50 22.6, 58 24, 57 27, 50 26, 43 27")), flat(darker(ink.main, 0.35)))
    cloud = smooth(path("28 52, 34 40, 46 35, 58 36, 69 43, 73 55, 68 67, 54 72, 40 71, 30 64"))
    board.fill(cloud, flat(ink.second))
    emblem(board, ink.emblem, (50, 50), 11, ink.third)
    lines(board, 50, 63.4, (20,), darker(ink.main, 0.12), thick=1.7)
    for k in range(5):
        emblem(board, "heart", (27 + k * 11.5, 77 + (k % 2) * 0.8), 1.7, lighter(ink.main, 0.6))
    board.glow(
        stroke(smooth([(25, 32), (23, 50), (25, 74)], closed=False), 1.4), WHITE, blur=0.9, opacity=0.6
    )


def wipes(board: Canvas, ink: Ink) -> None:
    """A flat pack with a flip lid."""
    board.stand(50, 76, 70)
    body = smooth(path("15 47, 19 40, 50 36, 81 40, 85 47, 86 60, 84 72, 78 76, 50 78, 22 76, 16 72, 14 60"))
    board.fill(body, down(lighter(ink.main, 0.35), ink.main, darker(ink.main, 0.14)))
    for x in (15.4, 83.2):
        board.fill(box(x, 43, x + 1.4, 73, 0.6), flat(darker(ink.main, 0.15)), opacity=0.7)
    sheet = smooth(path("42 46, 40 33, 47 27, 53 30, 60 25, 61 37, 59 46"))
    board.fill(sheet, ball((250, 250, 252), 0.12, (0.4, 0.3)))
    board.fill(box(32, 43, 68, 58, 6), down(lighter(ink.second, 0.2), ink.second, darker(ink.second, 0.1)))
    board.fill(box(38, 45.6, 62, 53, 4), flat(darker(ink.second, 0.22)))
    board.fill(smooth(path("42 47, 45 44, 56 44, 59 47, 57 51, 44 51")), flat((247, 248, 250)))
    emblem(board, ink.emblem, (36, 67), 5.2, ink.third)
    lines(board, 56, 64.4, (24, 17), ink.second, thick=1.7)


def bib(board: Canvas, ink: Ink) -> None:
    """A round bib with dots."""
    strap_left = smooth(path("30 44, 27 28, 35 17, 46 15"), closed=False)
    strap_right = smooth(path("70 44, 73 28, 65 17, 54 15"), closed=False)
    for strap in (strap_left, strap_right):
        board.fill(stroke(strap, 8.4, 7), across(lighter(ink.main, 0.2), ink.main, darker(ink.main, 0.1)))
    body = smooth(
        path(
            "28 40, 36 36, 42 42, 50 45, 58 42, 64 36, 72 40, 77 55, 72 72, 60 81, 50 83, 40 81, 28 72, 23 55"
        )
    )
    board.glow(moved(body, 1.4, 2.4), (80, 60, 50), blur=1.8, opacity=0.3)
    board.fill(body, ball(ink.main, 0.1, (0.4, 0.3)))
    for k in range(60):
        x, y = 24 + (k % 9) * 6.6 + (k // 9 % 2) * 3.3, 38 + (k // 9) * 7
        board.fill(
            oval(x, y, 0.9, 0.9),
            flat(ink.second),
            opacity=0.8,
            inside=moved(body, size=0.94, around=(50, 60)),
        )
    board.fill(
        stroke([*moved(body, size=0.95, around=(50, 60)), moved(body, size=0.95, around=(50, 60))[0]], 0.5),
        flat(ink.second),
        opacity=0.7,
    )
    board.fill(oval(50, 63, 11, 11), flat(WHITE), opacity=0.92)
    emblem(board, ink.emblem, (50, 63), 7, ink.third)
