"""Files for the printer: every code of a range, made while it is read and never stored; and sheets of QR codes."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from typing import Literal
from uuid import UUID

import msgspec
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.pdfgen.canvas import Canvas

from siyu.growth.itemcodes import codes
from siyu.growth.itemcodes.codes import Kind
from siyu.growth.itemcodes.model import Batch
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork

What = Literal["outer", "inner", "box", "all"]
WHATS: tuple[What, ...] = ("outer", "inner", "box", "all")
ALL_MAX = 1_000_000
SHEET_MAX = 2_000
# A4 in points; a sheet of 4 × 6 labels.
_WIDTH, _HEIGHT, _COLUMNS, _ROWS, _MARGIN, _SIDE = 595, 842, 4, 6, 30, 100


class Paper(msgspec.Struct, frozen=True):
    """A range of a batch to be printed. `root` is what stands before a code: the address a scan opens.

    `first` and `last` count boxes where boxes are printed.
    """

    batch: Batch
    key: bytes
    what: What
    first: int
    last: int
    root: str


def paper(batch: Batch, key: bytes, what: What, first: int, last: int, root: str) -> Paper:
    """Raises Invalid at `what`, `first` or `last`."""
    most = batch.boxes if what == "box" else batch.quantity
    if what == "box" and not batch.per_box:
        raise Invalid(field="what", zh="这个批次没有分箱。", en="This batch has no boxes.")
    if not 0 <= first < most:
        raise Invalid(field="first", zh="起始序号不在批次内。", en="The first serial is not in the batch.")
    if not first <= last < most:
        raise Invalid(field="last", zh="结束序号不在批次内。", en="The last serial is not in the batch.")
    if what == "all" and last - first >= ALL_MAX:
        raise Invalid(field="last", zh="对照表每次最多 100 万行。", en="A table has at most 1,000,000 rows.")
    return Paper(batch, key, what, first, last, root)


def _made(paper: Paper, kind: Kind, root: str) -> Iterator[bytes]:
    count = paper.batch.boxes if kind == "box" else paper.batch.quantity
    keys = codes.keys(paper.key, paper.batch.number, kind, count)
    return codes.make(keys, paper.first, paper.last, root.encode())


def lines(paper: Paper) -> Iterator[bytes]:
    """The file in chunks: one address a line, or a table of serial, box, outer and inner code."""
    if paper.what != "all":
        yield from _made(paper, paper.what, paper.root)
        return
    yield b"serial,box,outer,inner\n"
    serial, per_box = paper.first, paper.batch.per_box
    for outside, inside in zip(_made(paper, "outer", paper.root), _made(paper, "inner", ""), strict=True):
        rows: list[str] = []
        for address, code in zip(outside.decode().split(), inside.decode().split(), strict=True):
            rows.append(f"{serial},{serial // per_box if per_box else ''},{address},{codes.shown(code)}\n")
            serial += 1
        yield "".join(rows).encode()


def sha256(paper: Paper) -> str:
    """The hash of the file, for the record of who took it; the file is the same every time."""
    return hash_of(lines(paper))


def hash_of(chunks: Iterable[bytes]) -> str:
    """SHA-256 in hex."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def sheet(paper: Paper) -> bytes:
    """Labels to be cut, 24 on an A4 page, each with its QR code and the code to be typed. Raises Invalid."""
    if paper.what == "all" or paper.last - paper.first >= SHEET_MAX:
        raise Invalid(
            field="last", zh="每份 PDF 最多 2000 个码。", en="A PDF has at most 2,000 codes of one kind."
        )
    file = io.BytesIO()
    pen = Canvas(file, pagesize=(_WIDTH, _HEIGHT), invariant=1)
    addresses = b"".join(lines(paper)).decode().split()
    across, down = (_WIDTH - 2 * _MARGIN) // _COLUMNS, (_HEIGHT - 2 * _MARGIN) // _ROWS
    for at, address in enumerate(addresses):
        place = at % (_COLUMNS * _ROWS)
        if at and not place:
            pen.showPage()
        row, column = divmod(place, _COLUMNS)
        x, y = _MARGIN + column * across, _HEIGHT - _MARGIN - (row + 1) * down
        square = Drawing(_SIDE, _SIDE)
        square.add(QrCodeWidget(address, barWidth=_SIDE, barHeight=_SIDE, barLevel="M"))
        renderPDF.draw(square, pen, x + (across - _SIDE) // 2, y + 20)
        pen.setFont("Courier", 8)
        pen.drawCentredString(x + across // 2, y + 12, codes.shown(address[-codes.LENGTH :]))
        pen.drawCentredString(x + across // 2, y + 3, str(paper.first + at))
    pen.save()
    return file.getvalue()


async def note_delivery(uow: UnitOfWork, paper: Paper, form: Literal["csv", "pdf"], sha256: str) -> UUID:
    """Write down that this actor took the file with this hash."""
    delivery_id = ids.new()
    await uow.run(
        """
        insert into item_deliveries (merchant_id, id, batch_id, kind, format, first, last, sha256, taken_by, at)
        values (%(merchant_id)s, %(id)s, %(batch)s, %(kind)s, %(format)s, %(first)s, %(last)s, %(sha256)s, %(by)s,
                %(now)s)
        """,
        id=delivery_id,
        batch=paper.batch.id,
        kind=paper.what,
        format=form,
        first=paper.first,
        last=paper.last,
        sha256=sha256,
        by=uow.actor.name,
    )
    return delivery_id
