"""Drawing packing slips 装箱单 and pick lists 拣货单 as PDF. Lengths are points (1/72 inch), whole ones.

Chinese is set in STSong-Light, one of the fonts that every PDF reader brings, so that no font has to be shipped.
"""

import io
from collections.abc import Callable, Sequence

import msgspec
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

FONT = "STSong-Light"
LINE_HEIGHT = 14  # tenths more than the size of the text: 10 points of text stand on 14 points of paper
GREY, HAIR = 0.4, 0.75  # of white


class Paper(msgspec.Struct, frozen=True):
    """A sheet: `size` is that of the running text, `code` the height of a barcode, `square` the side of a QR code."""

    width: int
    height: int
    margin: int
    size: int
    code: int
    square: int


A4 = Paper(595, 842, 42, 10, 30, 72)
LABEL = Paper(283, 425, 14, 8, 24, 52)  # 100 × 150 mm, the label that thermal printers of parcels take
PAPERS = {"a4": A4, "label": LABEL}


class Words(msgspec.Struct, frozen=True):
    """What stands on the paper besides the data, in the reader's language."""

    title: str
    head: tuple[str, ...]
    pieces: str  # with {n}


class SlipLine(msgspec.Struct, frozen=True):
    title: str
    code: str
    quantity: int


class Slip(msgspec.Struct, frozen=True):
    """One order to be packed at one location. `facts` are (word, value), printed in order where there is a value."""

    number: str
    shop: str
    place: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[SlipLine, ...]


class Pick(msgspec.Struct, frozen=True):
    """So many pieces of a SKU to be fetched at a place; `orders` want some of them."""

    place: str
    code: str
    title: str
    lots: str
    quantity: int
    orders: int


def packing_slips(slips: Sequence[Slip], paper: Paper, words: Words) -> bytes:
    """One order after the other, each on pages of its own, with a barcode and a QR code of its number."""

    def draw(pen: "Pen") -> None:
        for slip in slips:
            _slip(pen, slip, words)

    return _drawn(paper, draw, words.title)


def pick_list(picks: Sequence[Pick], paper: Paper, words: Words, facts: Sequence[tuple[str, str]]) -> bytes:
    """One table over all orders, location by location."""

    def draw(pen: "Pen") -> None:
        pen.text(words.title, pen.paper.size + 6)
        pen.down(4)
        for word, value in facts:
            pen.pair(word, value)
        pen.down(4)
        widths = _shares(pen, (14, 20, 42, 14, 10))
        pen.row(words.head, widths, is_head=True)
        for pick in picks:
            pen.row((pick.place, pick.code, pick.title, pick.lots, str(pick.quantity)), widths, box=True)
        pen.text(words.pieces.format(n=sum(pick.quantity for pick in picks)), is_right=True)
        pen.page_end()

    return _drawn(paper, draw, words.title)


def _drawn(paper: Paper, draw: "Callable[[Pen], None]", title: str) -> bytes:
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    file = io.BytesIO()
    # Invariant: the same orders give the same bytes; a date of making would say nothing the paper does not.
    canvas = Canvas(file, pagesize=(paper.width, paper.height), pageCompression=1, invariant=1)
    canvas.setTitle(title)
    draw(Pen(canvas, paper))
    canvas.save()
    return file.getvalue()


def _slip(pen: "Pen", slip: Slip, words: Words) -> None:
    pen.begin(slip.number)
    top = pen.y
    pen.text(words.title, pen.paper.size + 6)
    pen.text(f"{slip.shop} · {slip.place}", grey=True)
    pen.down(6)
    pen.barcode(slip.number)
    pen.down(2)
    pen.text(slip.number, pen.paper.size + 1)
    pen.square(slip.number, top)
    pen.down(4)
    for word, value in slip.facts:
        if value:
            pen.pair(word, value)
    pen.down(4)
    widths = _shares(pen, (58, 28, 14))
    pen.row(words.head, widths, is_head=True)
    for line in slip.lines:
        pen.row((line.title, line.code, str(line.quantity)), widths)
    pen.text(words.pieces.format(n=sum(line.quantity for line in slip.lines)), is_right=True)
    pen.page_end()


def _shares(pen: "Pen", percents: Sequence[int]) -> list[int]:
    return [pen.wide * percent // 100 for percent in percents]


def wrapped(text: str, size: int, width: int) -> list[str]:
    """The text in lines that fit; Chinese breaks anywhere, so does everything here. Never empty."""
    lines, line = [], ""
    for character in " ".join(text.split()):
        if line and pdfmetrics.stringWidth(line + character, FONT, size) > width:
            lines.append(line)
            line = character.lstrip()
        else:
            line += character
    return [*lines, line]


class Pen:
    """Where on the paper we are. `y` goes down; a row that does not fit begins a new page."""

    def __init__(self, canvas: Canvas, paper: Paper) -> None:
        self.canvas, self.paper = canvas, paper
        self.y = paper.height - paper.margin
        self.name, self.page = "", 1

    @property
    def wide(self) -> int:
        return self.paper.width - 2 * self.paper.margin

    def down(self, points: int) -> None:
        self.y -= points

    def _line(self, size: int) -> int:
        return size * LINE_HEIGHT // 10

    def _room(self, points: int) -> None:
        if self.y - points < self.paper.margin:
            self.page_end()

    def begin(self, name: str) -> None:
        """What follows is numbered from 1 under this name, so that two pages of one order find each other."""
        self.name, self.page = name, 1

    def page_end(self) -> None:
        self._ink(grey=True)
        self.canvas.setFont(FONT, self.paper.size - 1)
        foot = f"{self.name} · {self.page}".lstrip(" ·")
        self.canvas.drawRightString(self.paper.width - self.paper.margin, self.paper.margin // 2, foot)
        self.page += 1
        self.canvas.showPage()
        self.y = self.paper.height - self.paper.margin

    def _ink(self, *, grey: bool) -> None:
        self.canvas.setFillGray(GREY if grey else 0)

    def text(self, text: str, size: int = 0, *, grey: bool = False, is_right: bool = False) -> None:
        """A paragraph over the whole width, beside the QR code while that is there."""
        size = size or self.paper.size
        for line in wrapped(text, size, self.wide):
            self._room(self._line(size))
            self.down(self._line(size))
            self._ink(grey=grey)
            self.canvas.setFont(FONT, size)
            if is_right:
                self.canvas.drawRightString(self.paper.width - self.paper.margin, self.y, line)
            else:
                self.canvas.drawString(self.paper.margin, self.y, line)

    def pair(self, word: str, value: str) -> None:
        """A fact: its word in grey, its value beside it, over as many lines as it takes."""
        indent = self.paper.size * 5
        for i, line in enumerate(wrapped(value, self.paper.size, self.wide - indent)):
            self._room(self._line(self.paper.size))
            self.down(self._line(self.paper.size))
            self.canvas.setFont(FONT, self.paper.size)
            if i == 0:
                self._ink(grey=True)
                self.canvas.drawString(self.paper.margin, self.y, word)
            self._ink(grey=False)
            self.canvas.drawString(self.paper.margin + indent, self.y, line)

    def row(
        self, cells: Sequence[str], widths: Sequence[int], *, is_head: bool = False, box: bool = False
    ) -> None:
        """A row of a table; the last cell is a number. `box`: with a square to tick off."""
        size = self.paper.size
        told = [wrapped(cell, size, width - 6) for cell, width in zip(cells, widths, strict=True)]
        height = max(len(lines) for lines in told) * self._line(size) + 4
        self._room(height)
        x = self.paper.margin
        for lines, width in zip(told, widths, strict=True):
            self._ink(grey=is_head)
            self.canvas.setFont(FONT, size)
            for i, line in enumerate(lines, start=1):
                y = self.y - i * self._line(size)
                if width == widths[-1] and lines is told[-1]:
                    self.canvas.drawRightString(
                        self.paper.width - self.paper.margin - (12 if box else 0), y, line
                    )
                else:
                    self.canvas.drawString(x, y, line)
            x += width
        if box:
            self.canvas.setStrokeGray(0)
            self.canvas.rect(self.paper.width - self.paper.margin - 8, self.y - self._line(size), 8, 8)
        self.down(height)
        self.canvas.setLineWidth(0.4)
        self.canvas.setStrokeGray(HAIR)
        self.canvas.line(self.paper.margin, self.y, self.paper.width - self.paper.margin, self.y)

    def barcode(self, text: str) -> None:
        """Code 128 of the text, at the left."""
        bars = Code128(text, barHeight=self.paper.code, barWidth=0.9 if self.paper is A4 else 0.75, quiet=0)
        self.down(self.paper.code)
        self._ink(grey=False)
        bars.drawOn(self.canvas, self.paper.margin, self.y)

    def square(self, text: str, top: int) -> None:
        """A QR code of the text, at the right, from `top` down."""
        code = QrCodeWidget(text, barLevel="M", barWidth=self.paper.square, barHeight=self.paper.square)
        drawing = Drawing(self.paper.square, self.paper.square)
        drawing.add(code)
        x = self.paper.width - self.paper.margin - self.paper.square
        renderPDF.draw(drawing, self.canvas, x, top - self.paper.square)
