"""Imports: past orders from a file of order lines, with their customers, products and refunds. Owns table
import_runs.

A row is an order line. What counts, how cancellations become refunds and how amounts are rounded is written down in
`docs/guides/import-orders.md` and held by tests.
"""

from siyu.trade.imports import cli
from siyu.trade.imports.actions import import_orders, open_run
from siyu.trade.imports.console import routes
from siyu.trade.imports.guessing import guess_mapping, named
from siyu.trade.imports.model import (
    Field,
    ImportResult,
    ImportRun,
    ImportUnderWay,
    Mapping,
    MappingIncomplete,
    Preview,
    Progress,
    Reason,
    Stage,
    UnreadableFile,
)
from siyu.trade.imports.reading import preview
from siyu.trade.imports.runs import find, listing

__all__ = [
    "Field",
    "ImportResult",
    "ImportRun",
    "ImportUnderWay",
    "Mapping",
    "MappingIncomplete",
    "Preview",
    "Progress",
    "Reason",
    "Stage",
    "UnreadableFile",
    "cli",
    "find",
    "guess_mapping",
    "import_orders",
    "listing",
    "named",
    "open_run",
    "preview",
    "routes",
]
