"""Sheets that people fill in: arrivals and counts, as XLSX or CSV, read within bounds and checked row by row."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from siyu.goods.inventory.model import LOT_CODE_LENGTH_MAX, PIECES_MAX, LotName
from siyu.kernel.errors import Invalid

ROWS_MAX = 5_000
BYTES_MAX = 5 * 1024 * 1024
UNPACKED_BYTES_MAX = 60 * 1024 * 1024  # a sheet of 5,000 rows has two; more is a zip bomb

HEADS = {
    "code": ("编码", "商品编码", "sku code", "sku", "code"),
    "quantity": ("件数", "数量", "实盘件数", "实盘", "pieces", "quantity", "counted"),
    "lot": ("批号", "lot", "lot code"),
    "expires_on": ("到期日", "有效期至", "expires on", "expiry", "expires"),
}


class Row(msgspec.Struct, frozen=True):
    """A row as it was understood: `no` as the spreadsheet counts; `zh` and `en` say what is wrong, empty when right."""

    no: int
    code: str
    quantity: int
    lot: LotName | None = None
    sku_id: UUID | None = None
    title: str = ""
    zh: str = ""
    en: str = ""


def read(content: bytes, *, least: int) -> list[Row]:
    """The rows of a sheet that have a quantity. Blocking: call it in a thread. Raises Invalid for another kind of file.

    `least` is the smallest number of pieces: 1 for arrivals, 0 for counts.
    """
    cells = _xlsx(content) if content[:2] == b"PK" else _csv(content)
    rows = iter(cells)
    head = next(rows, [])
    places = _places(head)
    read_rows: list[Row] = []
    for no, row in enumerate(rows, start=2):
        if no > ROWS_MAX + 1:
            raise _refused(
                f"一次最多 {ROWS_MAX} 行，请分批上传。", f"At most {ROWS_MAX} rows; upload it in parts."
            )
        told = {name: row[place] for name, place in places.items() if place < len(row)}
        if str(told.get("quantity") or "").strip() or told.get("quantity") == 0:
            read_rows.append(_row(no, told, least))
    if not read_rows:
        raise _refused("表里没有填写件数的行。", "No row of the sheet has a number of pieces.")
    return _marked_twins(read_rows)


def resolved(rows: Sequence[Row], known: Mapping[str, tuple[UUID, str]]) -> list[Row]:
    """The rows with their SKUs (code → id and title); a code that nobody knows is marked."""
    answers: list[Row] = []
    for row in rows:
        if row.code in known:
            sku_id, title = known[row.code]
            answers.append(msgspec.structs.replace(row, sku_id=sku_id, title=title))
        elif row.zh:
            answers.append(row)
        else:
            answers.append(_wrong(row, "没有这个商品编码", "no such SKU code"))
    return answers


def _row(no: int, told: Mapping[str, Any], least: int) -> Row:
    code = _text(told.get("code"))
    row = Row(no, code, 0)
    if not code:
        return _wrong(row, "没有填编码", "the code is missing")
    quantity = _whole(told.get("quantity"))
    if quantity is None or not least <= quantity <= PIECES_MAX:
        return _wrong(
            row, f"件数需是 {least} 到 {PIECES_MAX} 的整数", f"pieces must be a whole number from {least} to {PIECES_MAX}"
        )  # fmt: skip
    row = msgspec.structs.replace(row, quantity=quantity)
    lot = _text(told.get("lot"))
    expires_on, is_date = _date(told.get("expires_on"))
    if not is_date:
        return _wrong(row, "到期日要写成 2027-03-31 的样子", "write the expiry date like 2027-03-31")
    if expires_on and not lot:
        return _wrong(row, "有到期日就要填批号", "an expiry date needs a lot code")
    if len(lot) > LOT_CODE_LENGTH_MAX:
        return _wrong(row, "批号太长", "the lot code is too long")
    return msgspec.structs.replace(row, lot=LotName(lot, expires_on) if lot else None)


def _marked_twins(rows: Sequence[Row]) -> list[Row]:
    seen: dict[tuple[str, str], int] = {}
    marked: list[Row] = []
    for row in rows:
        key = (row.code, row.lot.code if row.lot else "")
        if key in seen and not row.zh:
            marked.append(_wrong(row, f"与第 {seen[key]} 行重复", f"the same as row {seen[key]}"))
        else:
            seen.setdefault(key, row.no)
            marked.append(row)
    return marked


def _wrong(row: Row, zh: str, en: str) -> Row:
    return msgspec.structs.replace(row, zh=zh, en=en)


def _text(cell: object) -> str:
    """A cell as people read it: 12.0 of a spreadsheet is 12, and our own exports guard `=…` with an apostrophe."""
    text = str(cell if cell is not None else "").strip()
    if type(cell).__name__ == "float" and text.endswith(".0"):
        text = text[:-2]
    return text.removeprefix("'")


def _whole(cell: object) -> int | None:
    text = _text(cell).replace(",", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def _date(cell: object) -> tuple[date | None, bool]:
    """(the date or None for none, whether it could be read)."""
    if isinstance(cell, datetime):
        return cell.date(), True
    if isinstance(cell, date):
        return cell, True
    text = _text(cell).replace("/", "-").replace(".", "-")
    if not text:
        return None, True
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year, month, day), True
    except ValueError:
        return None, False


def _places(head: Sequence[Any]) -> dict[str, int]:
    told = [_text(cell).casefold() for cell in head]
    places = {
        name: next(told.index(word) for word in words if word in told)
        for name, words in HEADS.items()
        if any(word in told for word in words)
    }
    if "code" not in places or "quantity" not in places:
        raise _refused(
            "第一行要有“编码”和“件数”两列，请用下载的表格。",
            "The first row needs the columns “code” and “pieces”; use the downloaded sheet.",
        )
    return places


def _csv(content: bytes) -> Iterator[Sequence[Any]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            yield from csv.reader(io.StringIO(text))
            return
    raise _refused("这不是 XLSX 或 CSV 表格。", "This is neither an XLSX nor a CSV file.")


def _xlsx(content: bytes) -> Iterator[Sequence[Any]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > UNPACKED_BYTES_MAX:
                raise _refused("这个表格太大。", "This file is too large.")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        IndexError,
        OSError,
        SyntaxError,
    ) as problem:
        raise _refused("这不是 XLSX 或 CSV 表格。", "This is neither an XLSX nor a CSV file.") from problem


def _refused(zh: str, en: str) -> Invalid:
    return Invalid(field="file", zh=zh, en=en)
