"""Reading files row by row: CSV (UTF-8, with or without mark, and GB18030), XLSX and Parquet, always as text.

A number is given as its shortest exact decimal text, so that no price ever passes through binary rounding.
"""

import codecs
import csv
import hashlib
import io
import math
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siyu.trade.imports.model import FIELD_NAMES, Field, Mapping, MappingIncomplete, Preview, UnreadableFile

BATCH_ROWS = 20_000  # large enough for columns to pay off, small enough to keep memory flat
PREVIEW_ROWS = 200
CELL_CHARACTERS_MAX = 1_000_000  # a longer cell is a broken quote, not a product title
SEPARATORS = (",", "\t", ";", "|")

STAGED = pa.schema(
    [("row_no", pa.int64()), ("cells_ok", pa.bool_()), *((field.value, pa.string()) for field in Field)]
)


def fingerprint(path: Path) -> bytes:
    """SHA-256 of the file's content."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").digest()


def preview(path: Path) -> Preview:
    """Columns and first rows of a file. Raises UnreadableFile."""
    if _kind(path) == "parquet":
        with _parquet(path) as source:
            batch = next(source.iter_batches(batch_size=PREVIEW_ROWS), None)
            columns = tuple(source.schema_arrow.names)
        texts = [_as_text(column).to_pylist() for column in batch.columns] if batch else [[] for _ in columns]
        return Preview(columns, tuple(tuple(cell or "" for cell in row) for row in zip(*texts, strict=True)))
    with _rows(path) as rows:
        header = _header(rows)
        width = len(header)
        head = tuple(_fitted(row, width) for row in islice(rows, PREVIEW_ROWS) if any(row))
    return Preview(header, head)


def batches(path: Path, mapping: Mapping) -> Iterator[pa.RecordBatch]:
    """The mapped columns of every row that is not empty, as text, with the row's number.

    Row numbers are those a spreadsheet shows (the header is row 1); Parquet has no header, so it starts at 1.
    Raises UnreadableFile and MappingIncomplete.
    """
    if _kind(path) == "parquet":
        yield from _parquet_batches(path, mapping)
        return
    with _rows(path) as rows:
        header = _header(rows)
        places = _places(header, mapping)
        numbered = ((number, row) for number, row in enumerate(rows, start=2) if any(row))
        while chunk := list(islice(numbered, BATCH_ROWS)):
            yield _batch(chunk, places, len(header))


def rows_total(path: Path) -> int:
    """How many rows the file says it has, or 0 where only reading it would tell."""
    if _kind(path) != "parquet":
        return 0
    with _parquet(path) as source:
        return source.metadata.num_rows


def check_columns(columns: Sequence[str], mapping: Mapping) -> None:
    """Raises MappingIncomplete when a required field has no column, or a named column does not exist."""
    wrong = [field for field in Field if field in mapping.missing]
    wrong += [field for field in Field if mapping.column(field) and mapping.column(field) not in columns]
    if wrong:
        raise MappingIncomplete(
            field="mapping",
            fields_zh="、".join(FIELD_NAMES[field][0] for field in wrong),
            fields_en=", ".join(FIELD_NAMES[field][1] for field in wrong),
        )


def _kind(path: Path) -> str:
    with path.open("rb") as source:
        magic = source.read(4)
    if magic == b"PAR1":
        return "parquet"
    if magic == b"PK\x03\x04":
        return "xlsx"
    if magic == b"\xd0\xcf\x11\xe0":
        raise UnreadableFile(
            zh="这是旧版 .xls 文件，请另存为 .xlsx 或 CSV",
            en="this is an old .xls file; save it as .xlsx or CSV",
        )
    return "csv"


def _places(header: Sequence[str], mapping: Mapping) -> dict[Field, int]:
    check_columns(header, mapping)
    return {field: header.index(mapping.column(field)) for field in Field if mapping.column(field)}


def _batch(
    chunk: Sequence[tuple[int, Sequence[str]]], places: dict[Field, int], width: int
) -> pa.RecordBatch:
    columns: list[pa.Array] = [
        pa.array([number for number, _ in chunk], pa.int64()),
        pa.array([not any(row[width:]) for _, row in chunk], pa.bool_()),
    ]
    for field in Field:
        place = places.get(field)
        if place is None:
            columns.append(pa.nulls(len(chunk), pa.string()))
        else:
            columns.append(
                pa.array([row[place] if place < len(row) else "" for _, row in chunk], pa.string())
            )
    return pa.RecordBatch.from_arrays(columns, schema=STAGED)


# Parquet


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as problem:
        raise UnreadableFile(zh="Parquet 文件已损坏", en="the Parquet file is damaged") from problem


def _parquet_batches(path: Path, mapping: Mapping) -> Iterator[pa.RecordBatch]:
    with _parquet(path) as source:
        check_columns(source.schema_arrow.names, mapping)
        wanted = sorted({mapping.column(field) for field in Field} - {""})
        number = 1
        for batch in source.iter_batches(batch_size=BATCH_ROWS, columns=wanted):
            size = batch.num_rows
            columns: list[pa.Array] = [
                pa.array(range(number, number + size), pa.int64()),
                pa.repeat(pa.scalar(value=True), size),
            ]
            for field in Field:
                name = mapping.column(field)
                columns.append(_as_text(batch.column(name)) if name else pa.nulls(size, pa.string()))
            number += size
            yield pa.RecordBatch.from_arrays(columns, schema=STAGED)


def _as_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        # As UTC wall time with a Z, which the cleaning takes at its word.
        utc = pc.cast(column, pa.timestamp("us", tz="UTC"))
        return pc.cast(
            pc.call_function("strftime", [utc], pc.StrftimeOptions("%Y-%m-%dT%H:%M:%SZ")), pa.string()
        )
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(kind):
        column = pc.cast(column, pa.timestamp("s"), safe=False)
    return pc.cast(column, pa.string())


# CSV and XLSX


class _Rows:
    """Rows of text from a file that is closed at the end of the block."""

    def __init__(self, rows: Iterator[list[str]], close: "Iterable[io.IOBase | zipfile.ZipFile]") -> None:
        self.rows = rows
        self.close = close

    def __enter__(self) -> Iterator[list[str]]:
        return self.rows

    def __exit__(self, *_: object) -> None:
        for source in self.close:
            source.close()


def _rows(path: Path) -> _Rows:
    if _kind(path) == "xlsx":
        return _xlsx(path)
    encoding = _encoding(path)
    source = path.open(encoding=encoding, newline="")
    first = source.readline(CELL_CHARACTERS_MAX)
    source.seek(0)
    separator = max(SEPARATORS, key=first.count)
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    return _Rows(_csv(csv.reader(source, delimiter=separator)), [source])


def _csv(reader: Any) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as problem:
        raise UnreadableFile(
            zh=f"第 {reader.line_num} 行的 CSV 格式有误", en=f"line {reader.line_num} is not proper CSV"
        ) from problem


def _encoding(path: Path) -> str:
    """The first encoding that the whole file is valid in: a guess from its head would break on row 90,000."""
    with path.open("rb") as source:
        mark = source.read(4)
    if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        if _is_valid(path, encoding):
            return encoding
    raise UnreadableFile(zh="文字编码既不是 UTF-8 也不是 GB18030", en="the text is neither UTF-8 nor GB18030")


def _is_valid(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as source:
        try:
            while part := source.read(1 << 20):
                decoder.decode(part)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _xlsx(path: Path) -> _Rows:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, IndexError, ValueError) as problem:
        raise UnreadableFile(zh="XLSX 文件已损坏", en="the XLSX file is damaged") from problem
    # Some systems write a wrong size into the sheet, and reading would stop there.
    sheet.reset_dimensions()
    return _Rows(([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)), [book])  # pyright: ignore[reportArgumentType] - a workbook has close()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _number(value: float) -> str:
    """The shortest decimal that reads back as this float: 2.55, and 17850 rather than 17850.0."""
    if not math.isfinite(value):
        return ""
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def _header(rows: Iterator[list[str]]) -> tuple[str, ...]:
    names = [" ".join(cell.replace("\ufeff", "").split()) for cell in next(rows, [])]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise UnreadableFile(zh="第一行应当是表头", en="the first row should be a header")
    return tuple(names)


def _fitted(row: Sequence[str], width: int) -> tuple[str, ...]:
    return tuple(row[:width]) + ("",) * (width - len(row))
