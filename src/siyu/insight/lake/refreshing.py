"""Bring the lake up to date with PostgreSQL: read what changed, write it beside the old, then switch over.

Rows are read by `updated_at` from a mark on. The mark only moves to an instant before which no open transaction
can still commit, less a lag for clocks and for the time between a transaction's start and its first write; so a
row that becomes visible late is read all the same. Rows read twice are told apart when the lake is read.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from siyu.insight.lake import manifest as manifests
from siyu.insight.lake.datasets import DATASETS, Dataset, followers_of
from siyu.insight.lake.manifest import LAYOUT, Manifest, Part, Read, State
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant, UnitOfWork

LAG = timedelta(seconds=10)
SEAL_ROWS = (
    20_000  # a growing part is read again at each refresh; beyond this that costs more than one more file
)
PARTS_MAX = 8  # more parts make every query slower than merging them once
READS_MAX = 64
BLOCK_BYTES = 8 * 1024 * 1024  # of CSV at a time in memory
WAIT_SECONDS_MAX = 300
RETIRED_SECONDS = 60  # files no longer named stay this long for queries that are reading them
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class Refreshed(msgspec.Struct, frozen=True):
    """`rows` written per data set (absent: nothing had changed there); the state of the lake after it."""

    rows: dict[str, int]
    seconds: float
    version: int
    as_of: datetime


class _Moment(msgspec.Struct, frozen=True):
    """One snapshot of PostgreSQL: numbers of the oldest open and of the next transaction."""

    oldest_open: int
    next_tx: int


async def refresh(database: Database, merchant: Merchant, folder: Path) -> Refreshed:
    """Write what changed since the last refresh. Safe to call from several processes: one works, others wait.

    Raises TimeoutError when another refresh of this merchant does not end.
    """
    began = time.monotonic()
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while True:
            async with database.begin(merchant, pipelined=False) as uow:
                if await _take_turn(uow):
                    rows, written = await _refresh(uow, folder)
                    break
            await asyncio.sleep(0.05)
    return Refreshed(
        rows=rows, seconds=time.monotonic() - began, version=written.version, as_of=written.as_of
    )


async def _take_turn(uow: UnitOfWork) -> bool:
    """One snapshot for all data sets, and nobody else at work. The lock ends with the transaction."""
    await uow.run("set transaction isolation level repeatable read, read only")
    await uow.run("set local timezone = 'UTC'")
    await uow.run("set local datestyle = 'ISO'")
    return await uow.one(
        bool, "select pg_try_advisory_xact_lock(hashtextextended('lake ' || %(merchant_id)s::text, 0))"
    )


async def _refresh(uow: UnitOfWork, folder: Path) -> tuple[dict[str, int], Manifest]:
    moment = await uow.one(
        _Moment,
        """
        select pg_snapshot_xmin(s)::text::bigint as oldest_open, pg_snapshot_xmax(s)::text::bigint as next_tx
        from pg_current_snapshot() s
        """,
    )
    old = _still_good(manifests.read(folder), uow, moment, folder)
    reads = (*old.reads, Read(at=uow.now, next_tx=moment.next_tx))[-READS_MAX:]
    safe = _safe_mark(reads, moment)
    states = dict(old.states)
    rows: dict[str, int] = {}
    for dataset in DATASETS:
        if not dataset.leader:
            changed = await _refresh_one(uow, folder, dataset, states, number=old.version + 1, safe=safe)
            rows |= changed
    for dataset in DATASETS:
        if not dataset.leader and len(states[dataset.name].parts) > PARTS_MAX:
            await asyncio.to_thread(_compact, folder, dataset, states)
    written = msgspec.structs.replace(
        old, version=old.version + bool(rows), as_of=uow.now, reads=reads, states=states
    )
    manifests.write(folder, written)
    await asyncio.to_thread(_sweep, folder, written)
    return rows, written


def _still_good(found: Manifest | None, uow: UnitOfWork, moment: _Moment, folder: Path) -> Manifest:
    """The manifest to go on from; an empty one when the lake belongs to another past and is written anew."""
    if found and found.reads:
        is_same = found.merchant_id == str(uow.merchant_id) and found.timezone == uow.merchant.timezone
        # The demo moves the clock, and a backup may be restored: then marks lie in a future that is no more.
        goes_on = found.reads[-1].at - LAG <= uow.now and found.reads[-1].next_tx <= moment.next_tx
        is_whole = all((folder / part.file).exists() for s in found.states.values() for part in s.files)
        if is_same and goes_on and is_whole:
            return found
    return Manifest(
        layout=LAYOUT,
        merchant_id=str(uow.merchant_id),
        timezone=uow.merchant.timezone,
        lake_id=str(ids.new()),
        version=found.version if found else 0,
        as_of=uow.now,
        reads=(),
        states={},
    )


def _safe_mark(reads: tuple[Read, ...], moment: _Moment) -> datetime | None:
    """The latest instant at which every transaction that is open now had not yet written; None when unknown."""
    earlier = [read.at for read in reads if read.next_tx <= moment.oldest_open]
    return max(earlier) - LAG if earlier else None


async def _refresh_one(
    uow: UnitOfWork,
    folder: Path,
    dataset: Dataset,
    states: dict[str, State],
    *,
    number: int,
    safe: datetime | None,
) -> dict[str, int]:
    """Write one data set and its followers if they changed; put their new states; return rows written."""
    old = states.get(dataset.name, State())
    since = BEGINNING if dataset.is_small else old.since or BEGINNING
    signature = await uow.one(str, dataset.signature, since=since)
    if old.files and signature == old.signature:
        return {}
    family = (dataset, *followers_of(dataset))
    parts = {member.name: await _export(uow, folder, member, number=number, since=since) for member in family}
    # Small data sets are replaced; of the others the part is finished once it is large or the first.
    is_done = dataset.is_small or (
        safe is not None and safe > since and (not old.parts or parts[dataset.name].rows >= SEAL_ROWS)
    )
    if is_done and not dataset.is_small and safe is not None:
        signature = await uow.one(str, dataset.signature, since=safe)
    for member in family:
        before = () if dataset.is_small else states.get(member.name, State()).parts
        part = parts[member.name]
        states[member.name] = State(
            parts=(*before, part) if is_done else before,
            tail=None if is_done else part,
            since=safe if is_done and not dataset.is_small else old.since,
            signature=signature,
        )
    return {name: part.rows for name, part in parts.items()}


async def _export(uow: UnitOfWork, folder: Path, dataset: Dataset, *, number: int, since: datetime) -> Part:
    """Copy one query into one Parquet file, some megabytes at a time."""
    name = f"{dataset.name}/{number:08d}.parquet"
    sheet = await asyncio.to_thread(_sheet, folder / name, dataset.columns)
    known: dict[str, Any] = {
        "merchant_id": uow.merchant_id,
        "timezone": uow.merchant.timezone,
        "since": since,
    }
    try:
        lines = bytearray()
        async with uow.connection.cursor() as cursor, cursor.copy(dataset.query, known) as copy:
            async for line in copy:
                lines += line
                if len(lines) >= BLOCK_BYTES:
                    await asyncio.to_thread(sheet.add, lines)
                    lines = bytearray()
        if lines:
            await asyncio.to_thread(sheet.add, lines)
        await asyncio.to_thread(sheet.finish)
    except BaseException:
        sheet.abandon()
        raise
    return Part(number=number, file=name, rows=sheet.rows)


def _sheet(path: Path, columns: dict[str, str]) -> Any:
    """In a thread, because the first one loads PyArrow and that takes a moment."""
    from siyu.insight.lake.sheets import Sheet

    return Sheet(path, columns)


def _compact(folder: Path, leader: Dataset, states: dict[str, State]) -> None:
    """Merge the finished parts of a data set and its followers into one each, without the replaced rows."""
    from siyu.insight.lake.reading import merge

    before = dict(states)  # a follower's rows are judged by its leader's parts as they were
    for dataset in (leader, *followers_of(leader)):
        state = before[dataset.name]
        newest = state.parts[-1].number
        name = f"{dataset.name}/{newest:08d}-merged.parquet"
        count = merge(folder, dataset, before, folder / name)
        part = Part(number=newest, file=name, rows=count)
        states[dataset.name] = msgspec.structs.replace(state, parts=(part,))


def _sweep(folder: Path, manifest: Manifest) -> None:
    """Remove files the manifest does not name, once no running query can need them."""
    named = {folder / part.file for state in manifest.states.values() for part in state.files}
    limit = time.time() - RETIRED_SECONDS
    for dataset in DATASETS:
        for path in (folder / dataset.name).glob("*"):
            if path not in named and path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
