"""Importing a file of order lines from beginning to end."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import msgspec

from siyu.kernel import ids, money
from siyu.runtime.db import Database, Merchant
from siyu.settings import current
from siyu.trade.imports import cleaning, planning, reading, runs, writing
from siyu.trade.imports.model import ImportResult, ImportRun, Mapping, Progress, Stage
from siyu.trade.imports.report import write_report


def _unwatched(progress: Progress) -> None:
    """Nobody wants to know."""


async def import_orders(
    database: Database,
    merchant: Merchant,
    path: Path,
    *,
    mapping: Mapping,
    dry_run: bool = False,
    on_progress: Callable[[Progress], None] = _unwatched,
    timezone: str = "",
    report_path: Path | None = None,
    source: str = "",
) -> ImportResult:
    """Bring past orders, their customers, products and refunds in; return the figures.

    A file that was imported changes nothing; one whose run broke goes on where it stopped. A dry run writes nothing
    but the report and gives the same figures. `timezone` is the IANA name of times without a zone (the merchant's
    when empty), `source` the name to remember the file by. Raises UnreadableFile, MappingIncomplete, ImportUnderWay
    and orders.HistoryChanged.
    """
    zone = timezone or merchant.timezone
    facts: Any = {"path": path, "mapping": mapping, "zone": zone, "on_progress": on_progress}
    if dry_run:
        run_id = ids.new()
        with cleaning.opened() as stage:
            result = await _plan(stage, database, merchant, run_id, **facts)
            report = await asyncio.to_thread(write_report, stage, report_path or _default_report(run_id))
        return msgspec.structs.replace(result, report_path=report, is_dry_run=True)
    async with runs.one_at_a_time(database, merchant):
        run = await _begin(database, merchant, path, mapping=mapping, zone=zone, source=source)
        if run.state == "done" and run.result is not None:
            return msgspec.structs.replace(run.result, was_done_before=True)
        try:
            with cleaning.opened() as stage:
                result = await _plan(stage, database, merchant, run.id, **facts)
                report = await asyncio.to_thread(write_report, stage, report_path or _default_report(run.id))
                result = msgspec.structs.replace(result, report_path=report)
                async with database.begin(merchant) as uow:
                    await runs.keep_figures(uow, run.id, result, writing.records_total(stage))
                await writing.write_plan(stage, database, merchant, run.id, on_progress)
        except Exception:
            await _end(database, merchant, run.id, "failed")
            raise
        await _end(database, merchant, run.id, "done")
    return msgspec.structs.replace(run.result or result, report_path=result.report_path)


async def open_run(
    database: Database,
    merchant: Merchant,
    path: Path,
    *,
    mapping: Mapping,
    timezone: str = "",
    source: str = "",
) -> ImportRun:
    """Note that a file is to be imported, so that a screen can follow it; `import_orders` then finds this run.

    Raises UnreadableFile, MappingIncomplete and ImportUnderWay; nothing is noted then.
    """
    zone = timezone or merchant.timezone
    async with runs.one_at_a_time(database, merchant):
        return await _begin(database, merchant, path, mapping=mapping, zone=zone, source=source)


async def _begin(
    database: Database, merchant: Merchant, path: Path, *, mapping: Mapping, zone: str, source: str
) -> ImportRun:
    head = await asyncio.to_thread(reading.preview, path)
    reading.check_columns(head.columns, mapping)
    fingerprint = await asyncio.to_thread(reading.fingerprint, path)
    async with database.begin(merchant) as uow:
        return await runs.begin(uow, source or path.name, runs.hash_of(fingerprint, mapping, zone), mapping)


async def _plan(
    stage: duckdb.DuckDBPyConnection,
    database: Database,
    merchant: Merchant,
    run_id: UUID,
    *,
    path: Path,
    mapping: Mapping,
    zone: str,
    on_progress: Callable[[Progress], None],
) -> ImportResult:
    """Read, clean and plan. DuckDB works in threads, so that a web server in the same process keeps answering."""
    total = await asyncio.to_thread(reading.rows_total, path)
    batches = reading.batches(path, mapping)
    done = 0
    while (batch := await asyncio.to_thread(next, batches, None)) is not None:
        await asyncio.to_thread(cleaning.add_batch, stage, batch)
        done += batch.num_rows
        on_progress(Progress(Stage.READ, done, total))
    scale = 10 ** money.digits(merchant.currency)
    await asyncio.to_thread(cleaning.clean, stage, timezone=zone, dates=mapping.dates, scale=scale)
    return await planning.make_plan(stage, database, merchant, run_id, on_progress)


def _default_report(run_id: UUID) -> Path:
    return current().folder("imports") / f"{run_id}-refused.csv"


async def _end(database: Database, merchant: Merchant, run_id: UUID, state: str) -> None:
    async with database.begin(merchant) as uow:
        await runs.end(uow, run_id, state)
