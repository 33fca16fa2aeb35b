"""The lake as tables: every data set with its newest rows, over a DuckDB of its own that is closed after use."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from siyu.insight.lake import manifest as manifests
from siyu.insight.lake.datasets import DATASETS, Dataset
from siyu.insight.lake.manifest import Manifest, Part, State
from siyu.kernel.errors import DomainError

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

Table: TypeAlias = Any
"""An Ibis table. Its columns are attributes that only the file knows, so the type checker cannot."""

MEMORY = "512MB"  # beyond it DuckDB spills to the lake's own folder
THREADS = 2
BY_NAME = {dataset.name: dataset for dataset in DATASETS}


class LakeMissing(DomainError):
    """No lake has been written for the merchant yet; a refresh writes one."""

    code = "lake_missing"
    status = 409
    zh = "还没有生成分析数据，请先刷新。"
    en = "There is no analysis data yet; refresh first."


class Tables:
    """The data sets as Ibis tables of one connection. Use it in one thread and close it (`with`)."""

    def __init__(self, connection: "Backend", folder: Path, manifest: Manifest) -> None:
        self.connection = connection
        self.folder = folder
        self.manifest = manifest
        self._made: dict[str, Table] = {}

    @property
    def as_of(self) -> datetime:
        """When PostgreSQL was read, UTC."""
        return self.manifest.as_of

    def table(self, name: str) -> Table:
        """A data set's newest rows. Made when first asked for: most questions need three of eleven."""
        if name not in self._made:
            dataset = BY_NAME[name]
            leader = self.manifest.states[dataset.leader or name].files
            files = self.manifest.states[name].files
            self._made[name] = newest(self.connection, self.folder, dataset.key, files, leader)
        return self._made[name]

    @property
    def orders(self) -> Table:
        return self.table("orders")

    @property
    def order_lines(self) -> Table:
        return self.table("order_lines")

    @property
    def customers(self) -> Table:
        return self.table("customers")

    @property
    def touches(self) -> Table:
        return self.table("touches")

    @property
    def refunds(self) -> Table:
        return self.table("refunds")

    @property
    def refund_lines(self) -> Table:
        return self.table("refund_lines")

    @property
    def commissions(self) -> Table:
        return self.table("commissions")

    @property
    def doors(self) -> Table:
        return self.table("doors")

    @property
    def door_costs(self) -> Table:
        return self.table("door_costs")

    @property
    def products(self) -> Table:
        return self.table("products")

    @property
    def stores(self) -> Table:
        return self.table("stores")

    def close(self) -> None:
        self.connection.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def tables(folder: Path) -> Tables:
    """Open the lake in `folder` as it is now. Raises LakeMissing where none has been written."""
    manifest = manifests.read(folder)
    if manifest is None:
        raise LakeMissing
    return Tables(connect(folder), folder, manifest)


def connect(folder: Path) -> "Backend":
    """An empty DuckDB in memory with bounds, without the network."""
    import ibis

    return ibis.duckdb.connect(
        memory_limit=MEMORY,
        threads=THREADS,
        temp_directory=str(folder / "spill"),
        autoinstall_known_extensions=False,
        preserve_insertion_order=False,
    )


def newest(
    connection: "Backend", folder: Path, key: str, files: Sequence[Part], leader: Sequence[Part]
) -> Table:
    """The rows of `files` without those that a later part replaces.

    `leader` are the parts that say which keys were read again, and in which part last: the data set's own, or
    its leader's with the same numbers. The first part is large and the others small, so only the small ones
    are compared row by row.
    """
    first = _part(connection, folder, files[0])
    if len(files) == 1:
        return first
    import ibis

    def later(parts: Sequence[Part]) -> Any:
        numbered = [
            _part(connection, folder, part).mutate(part=ibis.literal(part.number, "int64"))
            for part in parts[1:]
        ]
        return numbered[0] if len(numbered) == 1 else ibis.union(*numbered)

    keys = later(leader)
    last = keys.group_by(keys.id.name(key)).agg(part=keys.part.max())
    fresh = later(files).semi_join(last, [key, "part"]).drop("part")
    return first.anti_join(last, key).union(fresh)


def _part(connection: "Backend", folder: Path, part: Part) -> Any:
    return connection.read_parquet(folder / part.file)


def merge(folder: Path, dataset: Dataset, states: dict[str, State], target: Path) -> int:
    """Write the newest rows of the finished parts to one file; return how many there are."""
    from siyu.insight.lake import sheets

    draft = target.with_suffix(".part")
    connection = connect(folder)
    try:
        leader = states[dataset.leader or dataset.name].parts
        merged = newest(connection, folder, dataset.key, states[dataset.name].parts, leader)
        connection.to_parquet(merged, draft, compression="zstd")
        return sheets.publish(draft, target)
    finally:
        connection.disconnect()
        draft.unlink(missing_ok=True)
