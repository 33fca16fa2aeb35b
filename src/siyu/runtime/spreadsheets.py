"""Reading what people keep in spreadsheets: CSV (UTF-8, UTF-16, GB18030) and XLSX, as text, with the rows they see.

A file comes from a stranger: sizes are looked at before anything is unpacked, formulas are never computed, and what
cannot be read is refused with the reason. A number becomes its shortest exact decimal, never rounded.
"""

import codecs
import csv
import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

from siyu.kernel.errors import DomainError

BYTES_MAX = 20 * 1024 * 1024
UNPACKED_MAX = 120 * 1024 * 1024  # of all parts of an XLSX file together; a zip bomb has gigabytes
ROWS_MAX = 20_000
COLUMNS_MAX = 60
CELL_LENGTH_MAX = 32_767  # what a cell of XLSX holds
SEPARATORS = (",", "\t", ";", "|")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
CHUNK = 1 << 20
# As siyu.web.sheets writes a text that a spreadsheet would otherwise take for a formula.
ESCAPED = re.compile(r"'[=+\-@\t\r]")


class Unreadable(DomainError):
    """The file is no table that can be read; nothing was written."""

    code = "spreadsheets.unreadable"
    status = 422
    zh = "无法读取这个文件：{reason_zh}。"
    en = "This file cannot be read: {reason_en}."

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(field="file", reason_zh=zh, reason_en=en)


class Row(msgspec.Struct, frozen=True):
    """A row that is not empty. `no` is the number a spreadsheet shows; `formulas` are the places of formula cells."""

    no: int
    cells: tuple[str, ...]
    formulas: tuple[int, ...] = ()


class Table(msgspec.Struct, frozen=True):
    """A header and the rows below it, each as wide as the header."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]


def read(data: bytes, *, rows_max: int = ROWS_MAX) -> Table:
    """The first sheet of a file. Raises Unreadable. Takes a second for large files: call it in a thread."""
    if not data.strip():
        raise Unreadable("文件是空的", "it is empty")
    if len(data) > BYTES_MAX:
        raise Unreadable("文件超过 20 MB", "it is larger than 20 MB")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(
            "这是旧版 .xls 文件，请另存为 .xlsx 或 CSV", "it is an old .xls file; save it as .xlsx or CSV"
        )
    rows = _xlsx(data) if data.startswith(b"PK\x03\x04") else _csv(_text(data))
    return _table(rows, rows_max)


def read_text(text: str, *, rows_max: int = ROWS_MAX) -> Table:
    """A table that was pasted; as read."""
    return _table(_csv(text), rows_max)


def _table(rows: Iterable[Row], rows_max: int) -> Table:
    numbered = iter(rows)
    first = next(numbered, Row(1, ()))
    head = [" ".join(cell.split()) for cell in first.cells]
    while head and not head[-1]:
        head.pop()
    if not head:
        raise Unreadable("第一行应当是表头", "the first row should be a header")
    if len(head) > COLUMNS_MAX:
        raise Unreadable(f"超过 {COLUMNS_MAX} 列", f"it has more than {COLUMNS_MAX} columns")
    kept: list[Row] = []
    for row in numbered:
        if not any(cell.strip() for cell in row.cells):
            continue
        if len(kept) == rows_max:
            raise Unreadable(
                f"超过 {rows_max:,} 行，请分成几个文件", f"it has more than {rows_max:,} rows; split it"
            )
        kept.append(_fitted(row, len(head)))
    return Table(tuple(head), tuple(kept))


def _fitted(row: Row, width: int) -> Row:
    if any(cell.strip() for cell in row.cells[width:]):
        raise Unreadable(
            f"第 {row.no} 行比表头长，可能有多余的分隔符",
            f"row {row.no} is longer than the header; look for stray separators",
        )
    if any(len(cell) > CELL_LENGTH_MAX for cell in row.cells):
        raise Unreadable(f"第 {row.no} 行有一格太长", f"a cell of row {row.no} is too long")
    cells = (*row.cells[:width], *([""] * (width - len(row.cells))))
    return Row(row.no, tuple(cell.strip() for cell in cells), row.formulas)


# CSV


def _text(data: bytes) -> str:
    """The first encoding that the whole file is valid in."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: Sequence[str] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("文字编码既不是 UTF-8 也不是 GBK", "the text is neither UTF-8 nor GBK")


def _csv(text: str) -> Iterator[Row]:
    if CONTROL.search(text):
        raise Unreadable("这不是表格文件", "it is not a table")
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    csv.field_size_limit(BYTES_MAX)
    begin = 1
    try:
        for cells in reader:
            formulas = tuple(place for place, cell in enumerate(cells) if cell.lstrip().startswith("="))
            yield Row(begin, tuple(cell[1:] if ESCAPED.match(cell) else cell for cell in cells), formulas)
            begin = reader.line_num + 1
    except csv.Error as problem:
        raise Unreadable(
            f"第 {reader.line_num} 行的 CSV 格式有误（引号不成对？）",
            f"line {reader.line_num} is not proper CSV; is a quote missing?",
        ) from problem


# XLSX


def _xlsx(data: bytes) -> list[Row]:
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_parts(archive)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)
        sheet: Any = book.worksheets[0]
        # Some systems write a wrong size into the sheet, and reading would stop there.
        sheet.reset_dimensions()
        rows = [
            _xlsx_row(number, cells)
            for number, cells in enumerate(sheet.iter_rows(max_col=COLUMNS_MAX + 1), 1)
        ]
        book.close()
    except Unreadable:
        raise
    except Exception as problem:
        # A damaged file fails in openpyxl in ways that have nothing in common; for the person it is one.
        raise Unreadable("XLSX 文件已损坏", "the XLSX file is damaged") from problem
    return rows


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Refuse what would fill the memory, declares entities, or has merged cells. Raises Unreadable."""
    if sum(part.file_size for part in archive.infolist()) > UNPACKED_MAX:
        raise Unreadable("文件解开后太大", "it is too large when unpacked")
    names = [name for name in archive.namelist() if name.endswith((".xml", ".rels"))]
    for name in names:
        with archive.open(name) as part:
            head = part.read(2_048).upper()
        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
            raise Unreadable("XLSX 文件已损坏", "the XLSX file is damaged")
    first = min(
        (name for name in names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)), default="", key=len
    )
    if first:
        _check_merged(archive, "xl/worksheets/sheet1.xml" if "xl/worksheets/sheet1.xml" in names else first)


def _check_merged(archive: zipfile.ZipFile, name: str) -> None:
    with archive.open(name) as part:
        before = b""
        while chunk := part.read(CHUNK):
            found = MERGED.search(before + chunk)
            if found:
                cells = found[1].decode()
                raise Unreadable(
                    f"有合并单元格 {cells}，请取消合并后每行都填",
                    f"cells {cells} are merged; split them and fill each row",
                )
            before = chunk[-64:]


def _xlsx_row(number: int, cells: Sequence[Any]) -> Row:
    return Row(
        number,
        tuple(_cell(cell.value) for cell in cells),
        tuple(place for place, cell in enumerate(cells) if getattr(cell, "data_type", "") == "f"),
    )


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float():
            return _number(value)
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date() | time():
            return value.isoformat()
    return str(value)


def _number(value: float) -> str:
    """The shortest decimal that reads back as this number: 2.55, and 17850 rather than 17850.0."""
    if not math.isfinite(value):
        return ""
    return format(Decimal(repr(value)), "f").removesuffix(".0")
