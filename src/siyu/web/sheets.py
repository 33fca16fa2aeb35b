"""Tables that people take away: any list as CSV or XLSX, exact, harmless to open, and with flat memory.

Also `Cell` and `Sheet`: a table as a page shows it and as a spreadsheet reads it, the same cells formatted or plain.
"""

import asyncio
import csv
import io
import re
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Protocol, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response
from litestar.response import Stream
from litestar.response.base import ASGIResponse
from markupsafe import Markup

from siyu.kernel import money as words_of_money
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import Page
from siyu.web import formats
from siyu.web.language import language_of, mark, translate

T = TypeVar("T")

KINDS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
YES, NO = mark("是"), mark("否")
ROWS_MAX = 100_000  # a spreadsheet of more is read by nobody; the lake has everything
CHUNK_BYTES = 64 * 1024
KEPT_IN_MEMORY_BYTES = 2 * 1024 * 1024
CELL_LENGTH_MAX = 32_767  # what a cell of XLSX holds (ECMA-376, limits of Excel)
# A spreadsheet would run these as formulas when they begin a text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Control characters that XML 1.0 cannot carry, section 2.2.
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Amount(msgspec.Struct, frozen=True):
    """A cell with money: minor units of the merchant's currency, or of `currency` when it is another."""

    minor: int
    currency: str = ""


class _Writer(Protocol):
    def row(self, cells: Sequence[Any]) -> None: ...

    def end(self) -> None: ...


class _Place(msgspec.Struct, frozen=True):
    """Where the reader is: for whom amounts and times are written."""

    currency: str
    zone: ZoneInfo
    language: str

    def plain(self, cell: Any) -> Any:
        """A cell as text, whole number or exact decimal; times as they are read at the merchant's place."""
        if cell is None:
            return ""
        if isinstance(cell, bool):
            return translate(self.language, YES if cell else NO)
        if isinstance(cell, int | Decimal):
            return cell
        if isinstance(cell, Amount):
            return Decimal(words_of_money.plain(cell.minor, cell.currency or self.currency).replace(",", ""))
        return self._text(cell)

    def _text(self, cell: Any) -> str:
        if isinstance(cell, datetime):
            return cell.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")
        if isinstance(cell, date):
            return cell.isoformat()
        return NOT_IN_XML.sub("", str(cell))[:CELL_LENGTH_MAX]


class _Csv:
    """With a byte order mark, because spreadsheets otherwise misread Chinese."""

    def __init__(self, target: IO[bytes]) -> None:
        self.text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
        self.text.write("\ufeff")
        self.writer = csv.writer(self.text)

    def row(self, cells: Sequence[Any]) -> None:
        self.writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])

    def end(self) -> None:
        self.text.flush()
        self.text.detach()


class _Xlsx:
    """Row by row into a compressed file; a text that begins like a formula stays a text."""

    def __init__(self, target: IO[bytes]) -> None:
        from openpyxl import Workbook

        self.target = target
        self.book = Workbook(write_only=True)
        self.page = self.book.create_sheet("Siyu")
        self.page.freeze_panes = "A2"

    def row(self, cells: Sequence[Any]) -> None:
        self.page.append([self._cell(cell) for cell in cells])

    def _cell(self, cell: Any) -> Any:
        from openpyxl.cell import WriteOnlyCell

        made = WriteOnlyCell(self.page, value=cell)
        if isinstance(cell, str):
            made.data_type = "s"
        elif isinstance(cell, Decimal):
            made.number_format = "#,##0.00" if cell.as_tuple().exponent == -2 else "General"
        return made

    def end(self) -> None:
        self.book.save(self.target)


class _Download(Stream):
    """A stream whose kind of content is its own and not the route's, which Litestar would put first."""

    def to_asgi_response(self, *args: Any, **kwargs: Any) -> ASGIResponse:
        return super().to_asgi_response(*args, **{**kwargs, "media_type": self.media_type})


def harmless(text: str) -> str:
    """The text with an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


async def sheet(
    request: Request[Any, Any, Any],
    name: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Any]] | AsyncIterable[Sequence[Any]],
    kind: str,
    *,
    most: int | None = None,
) -> Response[Any]:
    """A download `name`.csv or .xlsx; `head` and `name` are words of the reader's language.

    Cells are str, int, `Amount`, datetime (shown in the merchant's zone), date, bool or None. Rows are read one by
    one, at most `most` (ROWS_MAX by default); a last line says when there were more. Raises Invalid for another `kind`.
    """
    if kind not in KINDS:
        raise Invalid(field="export", zh="导出格式只有 csv 和 xlsx。", en="Exports are csv or xlsx.")
    merchant = request.scope["state"]["merchant"]
    place = _Place(merchant.currency, ZoneInfo(merchant.timezone), language_of(request))
    target = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY_BYTES)  # noqa: SIM115 - closed by the stream
    try:
        writer: _Writer = _Csv(target) if kind == "csv" else _Xlsx(target)  # type: ignore[arg-type]
        writer.row(list(head))
        count = 0
        async for row in _one_by_one(rows):
            if count == (most or ROWS_MAX):
                said = translate(
                    place.language, "只导出了前 {n} 行，请缩小筛选范围", n=f"{most or ROWS_MAX:,}"
                )
                writer.row([said])
                break
            writer.row([place.plain(cell) for cell in row])
            count += 1
        await asyncio.to_thread(writer.end)
        target.seek(0)
    except BaseException:
        target.close()
        raise
    return _Download(
        _chunks(target),
        media_type=KINDS[kind],
        headers={
            "content-disposition": f"attachment; filename=\"export.{kind}\"; filename*=UTF-8''{quote(name)}.{kind}",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        },
    )


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    with source:
        while chunk := source.read(CHUNK_BYTES):
            yield chunk


async def _one_by_one(
    rows: Iterable[Sequence[Any]] | AsyncIterable[Sequence[Any]],
) -> AsyncIterator[Sequence[Any]]:
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
        return
    for row in rows:
        yield row


async def every_page(read: Callable[[str | None], Awaitable[Page[T]]]) -> AsyncIterator[T]:
    """Everything of a keyset list: `read(cursor)` gives one page, the first for None."""
    cursor: str | None = None
    while True:
        page = await read(cursor)
        for item in page.items:
            yield item
        if page.next is None:
            return
        cursor = page.next


class Cell(msgspec.Struct, frozen=True):
    """`plain` goes to the CSV, `shown` to the page, as a link when there is an `href`.

    An instant `at` is shown in the reader's language and the merchant's zone, so only while a page is made.
    """

    plain: str
    shown: str
    href: str = ""
    at: datetime | None = None

    @property
    def markup(self) -> Markup:
        if self.at:
            return formats.clock_time(self.at)
        if self.href:
            return Markup('<a href="{}">{}</a>').format(self.href, self.shown)
        return Markup("{}").format(self.shown)


class Sheet(msgspec.Struct, frozen=True):
    """`head` has each column's word and kind (`num`, `fit` or nothing)."""

    head: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def markup(self) -> list[list[Markup]]:
        return [[cell.markup for cell in row] for row in self.rows]

    def csv(self) -> str:
        """The cells as CSV; numbers are plain already, so only words are made harmless."""
        target = io.BytesIO()
        writer = _Csv(target)
        writer.row([word for word, _ in self.head])
        writer.writer.writerows([cell.plain for cell in row] for row in self.rows)
        writer.end()
        return target.getvalue().decode()


def words(text: str, href: str = "") -> Cell:
    return Cell(harmless(text), text, href)


def number(value: int, href: str = "") -> Cell:
    """A count; a zero has no rows to open."""
    return Cell(str(value), formats.number(value), href if value else "")


def amount(minor: int | None, currency: str, href: str = "") -> Cell:
    """Money in minor units; a dash where there is none to speak of."""
    if minor is None:
        return Cell("", "—")
    return Cell(words_of_money.plain(minor, currency).replace(",", ""), formats.amount(minor, currency), href)


def percent(basis_points: int | None, href: str = "") -> Cell:
    if basis_points is None:
        return Cell("", "—")
    shown = formats.percent_bp(basis_points)
    return Cell(shown, shown, href)


def moment(at: datetime) -> Cell:
    """An instant, UTC."""
    text = at.isoformat(timespec="seconds")
    return Cell(text, text, at=at)


def table(head: Sequence[tuple[str, str]], rows: Sequence[Sequence[Cell]]) -> Sheet:
    return Sheet(head=tuple(head), rows=tuple(tuple(row) for row in rows))
