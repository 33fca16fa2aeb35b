"""A table as a page shows it and as a spreadsheet reads it: the same cells, formatted or plain, with their links."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup

from siyu import web
from siyu.kernel import money

# A spreadsheet would run these as formulas when they begin a text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


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
            return web.clock_time(self.at)
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
        """With a byte order mark, because spreadsheets otherwise misread Chinese."""
        target = io.StringIO()
        target.write("\ufeff")
        writer = csv.writer(target)
        writer.writerow([_harmless(word) for word, _ in self.head])
        writer.writerows([cell.plain for cell in row] for row in self.rows)
        return target.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def words(text: str, href: str = "") -> Cell:
    return Cell(_harmless(text), text, href)


def number(value: int, href: str = "") -> Cell:
    """A count; a zero has no rows to open."""
    return Cell(str(value), web.number(value), href if value else "")


def amount(minor: int | None, currency: str, href: str = "") -> Cell:
    """Money in minor units; a dash where there is none to speak of."""
    if minor is None:
        return Cell("", "—")
    return Cell(money.plain(minor, currency).replace(",", ""), web.amount(minor, currency), href)


def percent(basis_points: int | None, href: str = "") -> Cell:
    if basis_points is None:
        return Cell("", "—")
    shown = web.percent_bp(basis_points)
    return Cell(shown, shown, href)


def moment(at: datetime) -> Cell:
    """An instant, UTC."""
    text = at.isoformat(timespec="seconds")
    return Cell(text, text, at=at)


def with_cursor(href: str, cursor: str | None) -> str | None:
    """The next page of a list; None at its end."""
    return f"{href}&{urlencode({'after': cursor})}" if cursor else None


def rows_href(slug: str, metric: str, key: str) -> str:
    """The page with the rows behind a number."""
    return f"/console/{slug}/insight/rows?{urlencode({'metric': metric, 'key': key})}"


def csv_href(slug: str, name: str, query: str) -> str:
    return f"/console/{slug}/insight/csv/{name}?{query}"


def sheet(head: Sequence[tuple[str, str]], rows: Sequence[Sequence[Cell]]) -> Sheet:
    return Sheet(head=tuple(head), rows=tuple(tuple(row) for row in rows))
