"""The lake: one merchant's rows as Parquet files, read by DuckDB and never in the way of the shop. Owns no table.

Ids are strings, instants UTC in microseconds, days already in the merchant's zone, money whole minor units.
Nothing that names a person (nickname, phone, remark) is copied; pages look names up where they live.
"""

from siyu.insight.lake.fresh import keep_fresh
from siyu.insight.lake.manifest import Manifest, folder_of, read
from siyu.insight.lake.reading import LakeMissing, Table, Tables, tables
from siyu.insight.lake.refreshing import Refreshed, refresh

__all__ = [
    "LakeMissing",
    "Manifest",
    "Refreshed",
    "Table",
    "Tables",
    "folder_of",
    "keep_fresh",
    "read",
    "refresh",
    "tables",
]
