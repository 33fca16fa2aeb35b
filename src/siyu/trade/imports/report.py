"""The report of refused rows: a CSV that a spreadsheet opens, in the order of the file."""

import csv
from pathlib import Path

import duckdb

from siyu.trade.imports.model import FIELD_NAMES, REASONS, Field, Reason
from siyu.trade.imports.planning import one_of, rows_of

FORMULA_STARTS = ("=", "+", "-", "@", "\t")


def write_report(stage: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Write the refused rows and return the path, or the empty string when nothing was refused.

    With the mark that makes Excel read UTF-8, and reasons in both languages.
    """
    if one_of(stage, "select count(*) from refused") == (0,):
        return ""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = rows_of(
        stage,
        """
        select r.row_no, s."order", s.sku, s.quantity, s.price, s.time, s.customer, s.title, s.country, r.reason
        from refused r join staged s using (row_no) order by r.row_no
        """,
    )
    with path.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        names = [f"{FIELD_NAMES[field][0]} {FIELD_NAMES[field][1]}" for field in Field]
        writer.writerow(["行号 Row", *names, "原因 Reason", "说明", "Explanation"])
        for row_no, *cells, reason in rows:
            writer.writerow([row_no, *map(_harmless, cells), reason, *REASONS[Reason(reason)]])
    return str(path)


def _harmless(cell: str | None) -> str:
    """A cell of a stranger's file must not run as a formula in the spreadsheet of whoever opens the report."""
    text = cell or ""
    if not text.startswith(FORMULA_STARTS) or text.lstrip("+-").replace(".", "", 1).isdigit():
        return text
    return f"'{text}"
