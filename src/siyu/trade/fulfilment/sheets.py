"""Shipping by spreadsheet: what waits is downloaded, carriers and numbers are filled in, and the file is carried out
row by row, each row for itself.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec

from siyu import web
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.runtime import jobs
from siyu.runtime.db import UnitOfWork
from siyu.trade.fulfilment import carriers
from siyu.trade.fulfilment.carriers import Carrier, UnknownCarrier
from siyu.trade.fulfilment.model import SendParcel, Waiting
from siyu.trade.fulfilment.sending import send_by

KIND = "fulfilment.sheet"
ROWS_MAX = 5_000
UNPACKED_BYTES_MAX = 100 * 1024 * 1024  # a small file that unpacks to more was made to do harm
BOXES_PER_STEP = 40
EXACT_DIGITS = 15  # a spreadsheet's numbers have no more (IEEE 754); a longer one has lost its end

# The columns of the sheet, by what they are; each is found under its Chinese or its English name.
HEAD = {
    "number": (web.mark("订单号"), "order no."),
    "line": (web.mark("行号"), "line"),
    "title": (web.mark("商品名称"), "product"),
    "sku": (web.mark("规格"), "option"),
    "quantity": (web.mark("数量"), "quantity"),
    "name": (web.mark("收件人"), "receiver"),
    "phone": (web.mark("电话"), "phone"),
    "address": (web.mark("地址"), "address"),
    "remark": (web.mark("备注"), "remark"),
    "carrier": (web.mark("快递公司"), "carrier"),
    "tracking": (web.mark("运单号"), "tracking no."),
}
NEEDED = ("number", "carrier", "tracking")


class Box(msgspec.Struct, frozen=True):
    """A parcel as the sheet names it. `row` is its first row in the file; `lines` are (line_no, quantity), 0 for all
    that wait, and none for the whole order. `wrong` says which cell could not be read.
    """

    row: int
    number: str
    carrier: str
    tracking: str
    lines: tuple[tuple[int, int], ...] = ()
    wrong: str = ""


class Sheet(msgspec.Struct, frozen=True):
    boxes: tuple[Box, ...]


class UnreadableSheet(DomainError):
    """The file is not a spreadsheet of ours. Nothing was sent."""

    code = "fulfilment.unreadable_sheet"
    status = 422
    zh = "读不懂这个文件：{why_zh}。请用本页下载的发货表（.xlsx）填写后上传。"
    en = "This file cannot be read: {why_en}. Please fill in the sheet (.xlsx) that this page offers."


class UnreadableCell(DomainError):
    """A cell of the row is not what its column holds. The row was left out."""

    code = "fulfilment.unreadable_cell"
    status = 422
    zh = "「{column_zh}」填写有误。"
    en = "The column “{column_en}” cannot be read."


def rows_of(found: Iterable[Waiting], phone: Callable[[str], str] = str) -> Iterator[list[Any]]:
    """The rows of the download: one per order and line. `phone` says how a phone number is written."""
    for one in found:
        address = one.address
        for line in one.lines:
            yield [
                one.number,
                line.line_no,
                line.title,
                line.sku_title,
                line.quantity,
                address.name if address else one.customer_name or "",
                phone(address.phone) if address else "",
                address.in_one_line if address else "",
                one.remark,
                "",
                "",
            ]


def read(content: bytes) -> Sheet:
    """The parcels of a filled-in sheet: rows of one order with one number are one parcel; rows without are left out.

    Raises UnreadableSheet, and Invalid when nothing is filled in.
    """
    rows = list(_filled(_cells(content)))
    if not rows:
        raise Invalid(
            field="file", zh="表里没有填写运单号的行。", en="No row of the sheet has a tracking number."
        )
    rows.sort(key=lambda row: (row.number, row.carrier, row.tracking, row.row))
    boxes: list[Box] = []
    for _, group in groupby(rows, key=lambda row: (row.number, row.carrier, row.tracking)):
        of_one = list(group)
        first = min(of_one, key=lambda row: row.row)
        lines = tuple(line for row in of_one for line in row.lines)
        is_whole = any(not row.lines for row in of_one)
        wrong = next((row.wrong for row in of_one if row.wrong), "")
        boxes.append(msgspec.structs.replace(first, lines=() if is_whole else lines, wrong=wrong))
    return Sheet(tuple(sorted(boxes, key=lambda box: box.row)))


def _cells(content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number as a spreadsheet shows it, cell by column) of every row that is not empty."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > UNPACKED_BYTES_MAX:
                raise UnreadableSheet(field="file", why_zh="文件太大", why_en="it is too large")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        places = _places(next(rows, ()))
        for row_no, row in enumerate(rows, start=2):
            cells = {name: row[place] for name, place in places.items() if place < len(row)}
            if any(cell not in {None, ""} for cell in cells.values()):
                yield row_no, cells
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        IndexError,
        OSError,
        SyntaxError,
    ) as problem:
        raise UnreadableSheet(
            field="file", why_zh="不是 Excel 工作簿", why_en="it is no Excel workbook"
        ) from problem


def _places(head: Sequence[Any]) -> dict[str, int]:
    """Where each column is. Raises UnreadableSheet when one that is needed is missing."""
    told = [str(cell or "").strip().casefold() for cell in head]
    places = {name: told.index(word) for name, words in HEAD.items() for word in words if word in told}
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise UnreadableSheet(
            field="file",
            why_zh="缺少列「" + "」「".join(HEAD[name][0] for name in missing) + "」",
            why_en="it lacks the columns " + ", ".join(HEAD[name][1] for name in missing),
        )
    return places


def _filled(rows: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[Box]:
    for count, (row_no, cells) in enumerate(rows, start=1):
        if count > ROWS_MAX:
            raise UnreadableSheet(
                field="file",
                why_zh="超过 5000 行，请分批上传",
                why_en="more than 5,000 rows; upload it in parts",
            )
        tracking = _text(cells.get("tracking"))
        if not tracking:
            continue
        wrong, lines = "", ()
        line_no, quantity = _text(cells.get("line")), _text(cells.get("quantity"))
        if line_no:
            is_read = _whole(line_no, 1, 999) and (not quantity or _whole(quantity, 1, 9_999))
            wrong = "" if is_read else ("quantity" if _whole(line_no, 1, 999) else "line")
            lines = ((int(line_no), int(quantity or 0)),) if is_read else ()
        if isinstance(cells["tracking"], int | float) and len(tracking) > EXACT_DIGITS:
            wrong = "tracking"
        yield Box(
            row_no, _text(cells.get("number")), _text(cells.get("carrier")), tracking[:80], lines, wrong
        )


def _text(cell: Any) -> str:
    """The cell as people see it: a whole number without its decimals."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _whole(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and least <= int(text) <= most


class _Line(msgspec.Struct, frozen=True):
    number: str
    order_id: UUID
    line_no: int
    waiting: int


async def step(uow: UnitOfWork, sheet: Sheet, position: int | None) -> jobs.Step:
    """The next parcels of the sheet; one that is refused is reported and the others go on."""
    begin = position or 0
    boxes = sheet.boxes[begin : begin + BOXES_PER_STEP]
    known = await carriers.in_use(uow)
    lines = await _lines(uow, [box.number for box in boxes])
    failed: list[jobs.Failure] = []
    for box in boxes:
        try:
            async with uow.part():
                await send_by(uow, _parcel(box, known, lines.get(box.number, ())), known)
        except DomainError as refusal:
            said = (jobs.spoken(refusal, "zh"), jobs.spoken(refusal, "en"))
            failed.append(jobs.Failure(box.row, f"{box.number} {box.tracking}"[:200], *said))
    end = begin + len(boxes)
    return jobs.Step(
        end,
        len(boxes),
        tuple(failed),
        is_over=end >= len(sheet.boxes),
        result="fulfilment/parcels" if end >= len(sheet.boxes) else "",
    )


async def _lines(uow: UnitOfWork, numbers: Sequence[str]) -> dict[str, list[_Line]]:
    """What waits of these orders, by order number: read for all rows of a step at once."""
    rows = await uow.all(
        _Line,
        """
        select o.number, o.id as order_id, l.line_no,
               case when l.kind = 'virtual' then 0 else l.quantity - l.fulfilled_quantity - l.cancelled_quantity end
                   as waiting
        from orders o join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
        where o.merchant_id = %(merchant_id)s and o.number = any(%(numbers)s) order by o.number, l.line_no
        """,
        numbers=sorted(set(numbers)),
    )
    return {number: list(group) for number, group in groupby(rows, key=lambda row: row.number)}


def _parcel(box: Box, known: Mapping[str, Carrier], lines: Sequence[_Line]) -> SendParcel:
    """The box as a parcel to be sent. Raises NotFound, UnknownCarrier and UnreadableCell."""
    if box.wrong:
        raise UnreadableCell(column_zh=HEAD[box.wrong][0], column_en=HEAD[box.wrong][1])
    if not lines:
        raise NotFound(what="订单 / order")
    carrier = carriers.named(dict(known), box.carrier)
    if carrier is None:
        raise UnknownCarrier(field="carrier", carrier=box.carrier[:40])
    waiting = {line.line_no: line.waiting for line in lines}
    # A line of which nothing waits is asked for all the same: orders says in words that it has left.
    wanted = (
        box.lines or tuple((line.line_no, 0) for line in lines if line.waiting) or ((lines[0].line_no, 1),)
    )
    units = tuple((line_no, quantity or waiting.get(line_no) or 1) for line_no, quantity in wanted)
    return SendParcel(ids.new(), lines[0].order_id, carrier.code, box.tracking, units)


JOBS = [jobs.Kind(KIND, Sheet, step)]
