"""Tables of the dashboards: cells from the house's own sheets, and the addresses that lead behind a number."""

from urllib.parse import urlencode

from siyu.web.sheets import Cell, Sheet, amount, moment, number, percent, words
from siyu.web.sheets import table as sheet

__all__ = [
    "Cell",
    "Sheet",
    "amount",
    "csv_href",
    "moment",
    "number",
    "percent",
    "rows_href",
    "sheet",
    "with_cursor",
    "words",
]


def with_cursor(href: str, cursor: str | None) -> str | None:
    """The next page of a list; None at its end."""
    return f"{href}&{urlencode({'after': cursor})}" if cursor else None


def rows_href(slug: str, metric: str, key: str) -> str:
    """The page with the rows behind a number."""
    return f"/console/{slug}/insight/rows?{urlencode({'metric': metric, 'key': key})}"


def csv_href(slug: str, name: str, query: str) -> str:
    return f"/console/{slug}/insight/csv/{name}?{query}"
