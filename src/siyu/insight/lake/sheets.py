"""One Parquet file, written from what PostgreSQL's COPY sends. PyArrow is loaded with this file, on first use."""

import os
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, parquet

# No dictionaries and no UUID type: Spark and Sail refuse them.
TYPES = {
    "text": pa.string(),
    "whole": pa.int64(),
    "day": pa.date32(),
    "instant": pa.timestamp("us", tz="UTC"),
    "flag": pa.bool_(),
}


class Sheet:
    """A file in the making. It gets its name only when it is complete."""

    def __init__(self, path: Path, columns: dict[str, str]) -> None:
        self.path = path
        self.draft = path.with_suffix(".part")
        self.rows = 0
        self.schema = pa.schema([(name, TYPES[kind]) for name, kind in columns.items()])
        self.draft.parent.mkdir(parents=True, exist_ok=True)
        self._writer = parquet.ParquetWriter(self.draft, self.schema, compression="zstd", use_dictionary=True)

    def add(self, lines: bytes | bytearray) -> None:
        """Append whole CSV lines as one row group."""
        table = csv.read_csv(
            pa.BufferReader(bytes(lines)),
            read_options=csv.ReadOptions(column_names=self.schema.names, use_threads=False),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=_conversion(self.schema),
        )
        self._writer.write_table(table)
        self.rows += table.num_rows

    def finish(self) -> None:
        """Close the file, see it on disk, give it its name."""
        self._writer.close()
        publish(self.draft, self.path)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._writer.close()
        self.draft.unlink(missing_ok=True)


def publish(draft: Path, path: Path) -> int:
    """See a complete file on disk and give it its name; return its rows."""
    rows = parquet.read_metadata(draft).num_rows
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    return rows


def _conversion(schema: pa.Schema) -> csv.ConvertOptions:
    """PostgreSQL writes NULL as nothing and an empty text as a pair of quotes."""
    return csv.ConvertOptions(
        column_types=schema,
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
        true_values=["t"],
        false_values=["f"],
    )
