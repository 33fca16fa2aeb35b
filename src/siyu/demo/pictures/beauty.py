"""Skin care that comes in tubes and sachets, and make-up."""

from siyu.demo.pictures.canvas import (
    Canvas,
    Paint,
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
from siyu.demo.pictures.packs import lines, standing

WHITE = (255, 255, 255)
GOLD = (206, 170, 106)


def tube(board: Canvas, ink: Ink) -> None:
    """A tube that stands on its cap."""
    board.stand(50, 84, 26)
    body = smooth(path("33 16, 50 15.6, 67 16, 66.4 24, 64 45, 61 66, 58 71, 42 71, 39 66, 36 45, 33.6 24"))
    board.fill(body, barrel(ink.main, 0.18))
    board.fill(box(33, 15.6, 67, 21, 0.6), barrel(lighter(ink.main, 0.18), 0.1))
    for k in range(17):
        board.fill(box(34 + k * 1.95, 16, 34.6 + k * 1.95, 20.4), flat(darker(ink.main, 0.2)), opacity=0.4)
    board.fill(path("38.8 70, 61.2 70, 60 84, 40 84"), barrel(ink.second, 0.22))
    emblem(board, ink.emblem, (50, 36), 7.4, ink.third)
    lines(board, 50, 48.6, (15, 11), ink.third, thick=1.4)
    lines(board, 50, 60, (10,), ink.third, thick=1)
    board.glow(turned(box(38.6, 24, 40.6, 66, 1), -3, (40, 45)), WHITE, blur=0.9, opacity=0.55, inside=body)


def hand_creams(board: Canvas, ink: Ink) -> None:
    """Three small tubes, one lying across."""
    for x, tone in ((34, ink.main), (52, ink.second)):
        board.stand(x, 78, 17)
        body = smooth(
            [
                (x - 10, 26),
                (x, 25.6),
                (x + 10, 26),
                (x + 9.6, 34),
                (x + 8, 56),
                (x + 6, 66),
                (x - 6, 66),
                (x - 8, 56),
                (x - 9.6, 34),
            ]
        )
        board.fill(body, barrel(tone, 0.18))
        board.fill(box(x - 10, 25.6, x + 10, 29.6, 0.5), flat(lighter(tone, 0.3)), opacity=0.7)
        board.fill(box(x - 6.4, 65, x + 6.4, 78, 1.2), barrel(GOLD, 0.25))
        emblem(board, ink.emblem, (x, 42), 4.6, lighter(tone, 0.7))
        lines(board, x, 51, (9, 6), lighter(tone, 0.7), thick=1)
    board.stand(70, 80, 30)
    x = 72
    lying = smooth(
        [
            (x - 10, 30),
            (x, 29.6),
            (x + 10, 30),
            (x + 9.6, 38),
            (x + 8, 58),
            (x + 6, 67),
            (x - 6, 67),
            (x - 8, 58),
            (x - 9.6, 38),
        ]
    )
    board.fill(turned(lying, 24, (x, 60)), barrel(ink.third, 0.18))
    board.fill(turned(box(x - 6.4, 66, x + 6.4, 78, 1.2), 24, (x, 60)), barrel(GOLD, 0.25))
    middle = turned([(x, 46)], 24, (x, 60))[0]
    emblem(board, ink.emblem, middle, 4.6, lighter(ink.third, 0.7))


def sachet(board: Canvas, ink: Ink) -> None:
    """A face mask: the sachet, and the sheet beside it."""
    board.stand(44, 83, 44)
    face = smooth(path("68 22, 80 27, 86 41, 84 58, 76 70, 68 73, 60 70, 52 58, 50 41, 56 27"))
    board.glow(moved(face, 1, 2), (80, 80, 100), blur=2, opacity=0.25)
    board.fill(face, ball((250, 251, 252), 0.1, (0.4, 0.3)))
    for x in (61.4, 76):
        board.fill(oval(x, 41, 4, 1.9), flat(darker(WHITE, 0.2)))
    board.fill(oval(68.6, 60, 5, 2), flat(darker(WHITE, 0.2)))
    board.fill(
        stroke(smooth([(66, 48), (68.6, 50.6), (71.4, 48)], closed=False), 0.8), flat(darker(WHITE, 0.16))
    )
    body = turned(box(22, 24, 60, 82, 1.2), -5, (41, 53))
    board.glow(moved(body, 1, 2), (60, 50, 60), blur=1.6, opacity=0.25)
    board.fill(body, barrel(ink.main, 0.16))
    for top in (24, 78):
        board.fill(
            turned(box(22, top, 60, top + 4, 0.6), -5, (41, 53)), flat(lighter(ink.main, 0.35)), opacity=0.7
        )
    board.fill(turned(oval(41, 49, 13, 15), -5, (41, 53)), flat(WHITE), opacity=0.92)
    middle = turned([(41, 48)], -5, (41, 53))[0]
    emblem(board, ink.emblem, middle, 9, ink.third)
    for k, width in enumerate((18, 11)):
        bar = box(41 - width / 2, 68.6 + k * 3, 41 + width / 2, 70 + k * 3, 0.7)
        board.fill(turned(bar, -5, (41, 53)), flat(WHITE), opacity=0.9)


def lipstick(board: Canvas, ink: Ink) -> None:
    """Open, with its cap beside it."""
    board.stand(41, 83, 24)
    board.stand(68, 83, 20)
    bullet = [
        (35.6, 44),
        (35.6, 27),
        *smooth(path("35.6 27, 38 20, 43 16, 46.4 18"), closed=False),
        (46.4, 44),
    ]
    board.fill(bullet, barrel(ink.main, 0.26))
    slope = smooth(path("36 27.6, 39 21, 44 17, 46 19.6, 43.4 26, 39 29"))
    board.fill(slope, flat(lighter(ink.main, 0.24)), opacity=0.7)
    board.fill(standing(41, 44, 55, 6.6, 0.12), barrel(GOLD, 0.3))
    board.fill(standing(41, 55, 82, 9.4, 0.12), barrel(ink.second, 0.3))
    board.fill(standing(41, 55, 58, 9.5, 0.12), barrel(GOLD, 0.3))
    board.fill(standing(68, 45, 82, 9.6, 0.14), barrel(ink.second, 0.3))
    board.fill(oval(68, 45, 9.6, 1.4), across(lighter(ink.second, 0.4), lighter(ink.second, 0.12)))
    board.fill(standing(68, 78.4, 82, 9.7, 0.14), barrel(GOLD, 0.3))
    emblem(board, ink.emblem, (68, 61), 4, GOLD)
    for x, top in ((34.4, 62), (61, 50)):
        board.glow(box(x, top, x + 1.4, 78, 0.6), WHITE, blur=0.7, opacity=0.45)


def cushion(board: Canvas, ink: Ink) -> None:
    """An open compact: mirror above, cushion and puff below."""
    board.stand(50, 82, 58)
    board.fill(
        oval(50, 34, 24, 23),
        across(darker(ink.second, 0.06), lighter(ink.second, 0.3), darker(ink.second, 0.1)),
    )
    board.fill(oval(50, 34.4, 20.6, 19.6), down((206, 220, 228), (240, 246, 248), (214, 226, 232)))
    board.fill(
        turned(box(40, 16, 43.6, 54), 32, (50, 34)),
        flat(WHITE),
        opacity=0.5,
        inside=oval(50, 34.4, 20.6, 19.6),
    )
    board.fill(box(44, 54, 56, 60, 1.4), barrel(GOLD, 0.25))
    board.fill([*oval(50, 73, 30, 12)[:61], *oval(50, 68, 30, 12)[60:]], barrel(ink.second, 0.16))
    board.fill(oval(50, 68, 30, 12), across(lighter(ink.second, 0.4), lighter(ink.second, 0.1)))
    board.fill(oval(50, 68, 25, 9.6), ball(ink.main, 0.12, (0.4, 0.3)))
    for k in range(70):
        x, y = 28 + (k * 7.7) % 44, 60 + (k * 5.3) % 16
        board.fill(
            oval(x, y, 0.45, 0.25), flat(darker(ink.main, 0.16)), opacity=0.6, inside=oval(50, 68, 24, 9)
        )
    board.fill(moved(oval(58, 68, 13, 6.4, -8), 0, 1), flat(darker(ink.third, 0.2)), opacity=0.6)
    board.fill(oval(58, 67, 13, 6, -8), ball(ink.third, 0.12, (0.4, 0.2)))
    board.fill(turned(box(47, 65.4, 69, 68, 1), -8, (58, 67)), flat(ink.second), opacity=0.95)


def mascara(board: Canvas, ink: Ink) -> None:
    """The wand and its tube, crossing."""
    board.stand(50, 81, 44)
    wand, case = 24, -26
    rod = box(49, 30, 51, 54, 0.6)
    board.fill(turned(rod, wand), barrel((60, 56, 60), 0.2))
    for k in range(15):
        y = 13 + k * 1.25
        reach = 3.4 + (1 - abs(k - 7) / 7) * 1.6
        board.fill(turned(stroke([(50 - reach, y + 0.7), (50 + reach, y)], 0.75), wand), flat(ink.main))
    board.fill(turned(box(45, 52, 55, 86, 2), wand), barrel(ink.second, 0.3))
    board.fill(turned(box(45, 52, 55, 55, 0.6), wand), barrel(GOLD, 0.25))
    board.glow(turned(box(42.4, 24, 56, 86, 2), case), (40, 30, 40), blur=1.5, opacity=0.25)
    board.fill(turned(box(44, 26, 55, 86, 2), case), barrel(ink.third, 0.3))
    board.fill(turned(box(46, 20, 53, 27, 0.6), case), barrel(GOLD, 0.25))
    board.fill(turned(box(48.4, 50, 50.4, 76, 1), case), flat(WHITE), opacity=0.75)


def palette(board: Canvas, ink: Ink) -> None:
    """Four eye shadows under an open lid."""
    board.stand(50, 82, 62)
    lid: Shape = path("24 18, 76 18, 80 46, 20 46")
    board.fill(lid, down(ink.third, darker(ink.third, 0.14)))
    board.fill(
        path("28 21, 72 21, 75.4 43, 24.6 43"), down((210, 222, 230), (242, 247, 249), (216, 228, 234))
    )
    board.fill(path("36 21, 44 21, 36 43, 27 43"), flat(WHITE), opacity=0.45)
    board.fill(box(18, 46, 82, 82, 4), down(lighter(ink.third, 0.2), ink.third, darker(ink.third, 0.14)))
    tones = (lighter(ink.main, 0.45), ink.main, ink.second, darker(ink.second, 0.3))
    for k, tone in enumerate(tones):
        left, top = 22.4 + (k % 2) * 28.4, 50 + (k // 2) * 15
        board.fill(box(left, top, left + 26.8, top + 13.4, 2.4), flat(darker(ink.third, 0.3)))
        pan = box(left + 0.9, top + 0.9, left + 25.9, top + 12.5, 2)
        board.fill(pan, across(lighter(tone, 0.2), tone, darker(tone, 0.06)))
        for i in range(50):
            x, y = left + 1.6 + (i * 6.7) % 23.6, top + 1.6 + (i * 3.1) % 10.4
            board.fill(oval(x, y, 0.2, 0.2), flat(lighter(tone, 0.6)), opacity=0.6, inside=pan)
        board.glow(
            turned(box(left + 3, top + 1, left + 5, top + 12), 24, (left + 4, top + 6)),
            WHITE,
            blur=0.8,
            opacity=0.25,
            inside=pan,
        )


def brow_pencil(board: Canvas, ink: Ink) -> None:
    """A pencil with its stroke on the table."""
    swatch = smooth(path("20 76, 34 71, 50 73, 68 69, 82 72"), closed=False)
    board.fill(stroke(swatch, 4, 1.4), across(lighter(ink.main, 0.2), ink.main), opacity=0.75)
    board.glow(turned(box(24, 53, 82, 56, 2), -38, (50, 50)), (70, 50, 40), blur=2, opacity=0.3)
    tilt = -38

    def lay(shape: Shape) -> Shape:
        return turned(shape, tilt, (50, 50))

    board.fill(lay([(14, 50), (26, 45.4), (26, 54.6)]), down(lighter((226, 196, 154), 0.2), (206, 172, 128)))
    board.fill(lay([(11.6, 50), (18, 47.6), (18, 52.4)]), flat(ink.main))
    board.fill(lay(box(25, 45, 74, 55, 0.6)), _round_bar(ink.second, tilt))
    board.fill(lay(box(62, 44.6, 66, 55.4)), _round_bar(GOLD, tilt))
    board.fill(lay(box(66, 44.6, 90, 55.4, 3)), _round_bar(ink.main, tilt))
    board.fill(lay(box(34, 48.8, 54, 50.2, 0.7)), flat(GOLD))
    board.glow(lay(box(27, 46.4, 88, 47.6, 0.5)), WHITE, blur=0.6, opacity=0.5)


def _round_bar(tone: tuple[int, int, int], tilt: float) -> Paint:
    """A lying rod has its light along its length, so one even tone serves, a little deeper when it leans."""
    return flat(darker(tone, abs(tilt) / 800))


def blusher(board: Canvas, ink: Ink) -> None:
    """A round pan of powder and a brush."""
    board.stand(42, 78, 52)
    board.fill([*oval(42, 66, 27, 15)[:61], *oval(42, 60, 27, 15)[60:]], barrel(ink.second, 0.2))
    board.fill(oval(42, 60, 27, 15), across(lighter(ink.second, 0.4), ink.second))
    pan = oval(42, 60, 22.6, 12.2)
    board.fill(pan, ball(ink.main, 0.14, (0.4, 0.3)))
    emblem(board, ink.emblem, (42, 60), 7, lighter(ink.main, 0.22))
    tilt = 34
    board.glow(turned(oval(64, 50, 7, 26), tilt, (64, 50)), (80, 50, 50), blur=2.5, opacity=0.25)
    board.fill(turned(box(61.4, 14, 66.6, 44, 2.4), tilt, (64, 50)), barrel(ink.third, 0.3))
    board.fill(turned(box(60.4, 42, 67.6, 51, 0.8), tilt, (64, 50)), barrel(GOLD, 0.25))
    hair = turned(smooth(path("60 50, 68 50, 73 60, 71 70, 64 75, 57 70, 55 60")), tilt, (64, 50))
    board.fill(hair, across((112, 78, 64), (176, 132, 110), (120, 84, 70)))
    tip = turned(smooth(path("57 66, 64 68, 71 66, 70 71, 64 75, 58 71")), tilt, (64, 50))
    board.glow(tip, ink.main, blur=0.9, opacity=0.8, inside=hair)


def toothpaste(board: Canvas, ink: Ink) -> None:
    """A child's tube lying, with a small brush."""
    tilt = -16
    body = smooth(path("16 40, 18 50, 16 62, 30 63, 58 60, 68 56, 68 46, 58 42, 30 39"))
    board.glow(turned(moved(body, 1, 3), tilt), (60, 60, 80), blur=2, opacity=0.3)
    board.fill(turned(body, tilt), down(lighter(ink.main, 0.35), ink.main, darker(ink.main, 0.16)))
    board.fill(turned(box(15.4, 39.4, 20, 62.6, 1), tilt), flat(lighter(ink.main, 0.4)))
    board.fill(
        turned(box(67, 45, 80, 57, 2), tilt),
        down(lighter(ink.second, 0.3), ink.second, darker(ink.second, 0.16)),
    )
    board.fill(turned(oval(43, 51, 12, 9.4), tilt), flat(WHITE), opacity=0.94)
    middle = turned([(43, 51)], tilt)[0]
    emblem(board, ink.emblem, middle, 6.6, ink.third)
    board.glow(turned(box(20, 74, 84, 77, 1.4), tilt), (70, 50, 50), blur=1.6, opacity=0.3)
    board.fill(turned(box(20, 72, 84, 76, 2), tilt), down(lighter(ink.third, 0.3), ink.third))
    for k in range(6):
        tone = lighter(ink.second, 0.5) if k % 2 else WHITE
        board.fill(turned(box(69 + k * 2.4, 66.6, 71 + k * 2.4, 72.4, 0.6), tilt), flat(tone))
