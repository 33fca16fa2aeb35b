"""Runs as the database remembers them: one per file, mapping and time zone. Owns table import_runs."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade.imports.model import ImportResult, ImportRun, ImportUnderWay, Mapping


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    source: str
    mapping: Any
    state: str
    rows_read: int
    position: int
    counts: Any
    report: str
    started_at: datetime
    finished_at: datetime | None


class _Counts(msgspec.Struct, frozen=True):
    total: int = 0
    result: ImportResult | None = None


@asynccontextmanager
async def one_at_a_time(database: Database, merchant: Merchant) -> AsyncGenerator[None]:
    """Hold the merchant's only place for an import. Raises ImportUnderWay when it is taken.

    The lock belongs to a connection, so it falls with the process that holds it.
    """
    key = int.from_bytes(ids.derived("import", merchant.id).bytes[:8], signed=True)
    async with database.pool.connection() as connection:
        cursor = await connection.execute("select pg_try_advisory_lock(%s)", (key,))
        if await cursor.fetchone() != (True,):
            raise ImportUnderWay
        try:
            yield
        finally:
            if not connection.closed:
                await connection.execute("select pg_advisory_unlock(%s)", (key,))


async def is_under_way(database: Database, merchant: Merchant) -> bool:
    """Whether some process is importing for this merchant right now."""
    try:
        async with one_at_a_time(database, merchant):
            return False
    except ImportUnderWay:
        return True


def hash_of(fingerprint: bytes, mapping: Mapping, timezone: str) -> bytes:
    """What makes two runs the same run."""
    return hashlib.sha256(fingerprint + msgspec.json.encode((mapping, timezone))).digest()


async def begin(uow: UnitOfWork, source: str, source_hash: bytes, mapping: Mapping) -> ImportRun:
    """The run of this file: a new one, or the one that was begun before, running again unless it is done."""
    await uow.run(
        """
        insert into import_runs as r (merchant_id, id, source, source_hash, mapping, state, started_at)
        values (%(merchant_id)s, %(id)s, %(source)s, %(hash)s, %(mapping)s::text::jsonb, 'running', %(now)s)
        on conflict (merchant_id, source_hash) do update set state = 'running', finished_at = null
        where r.state = 'failed'
        """,
        id=ids.new(),
        source=source[:200],
        hash=source_hash,
        mapping=msgspec.json.encode(mapping).decode(),
    )
    row = await uow.one(
        _Row,
        """
        select id, source, mapping, state, rows_read, position, counts, report, started_at, finished_at
        from import_runs where merchant_id = %(merchant_id)s and source_hash = %(hash)s
        """,
        hash=source_hash,
    )
    return _run(row)


async def keep_figures(uow: UnitOfWork, run_id: UUID, result: ImportResult, total: int) -> None:
    """Note what the first plan of a run found; a later plan of the same run changes nothing."""
    await uow.run(
        """
        update import_runs set rows_read = %(rows)s, counts = %(counts)s::text::jsonb, report = %(report)s
        where merchant_id = %(merchant_id)s and id = %(id)s and counts = '{}'
        """,
        id=run_id,
        rows=result.rows_read,
        counts=msgspec.json.encode(_Counts(total, result)).decode(),
        report=result.report_path,
    )


async def move(uow: UnitOfWork, run_id: UUID, position: int) -> None:
    """Note how many records of the plan are in the database. Going over old ground never moves it back."""
    await uow.run(
        """
        update import_runs set position = greatest(position, %(position)s)
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=run_id,
        position=position,
    )


async def end(uow: UnitOfWork, run_id: UUID, state: str) -> None:
    """Close a run as done or failed. A failed one goes on when the same file is imported again."""
    await uow.run(
        """
        update import_runs set state = %(state)s, finished_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'running'
        """,
        id=run_id,
        state=state,
    )


async def find(uow: UnitOfWork, run_id: UUID) -> ImportRun:
    """One run. Raises NotFound."""
    row = await uow.maybe(
        _Row,
        """
        select id, source, mapping, state, rows_read, position, counts, report, started_at, finished_at
        from import_runs where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=run_id,
    )
    if row is None:
        raise NotFound(what="导入任务")
    return _run(row)


async def listing(uow: UnitOfWork, limit: int = 50) -> list[ImportRun]:
    """The newest runs first."""
    rows = await uow.all(
        _Row,
        """
        select id, source, mapping, state, rows_read, position, counts, report, started_at, finished_at
        from import_runs where merchant_id = %(merchant_id)s order by started_at desc, id desc limit %(limit)s
        """,
        limit=limit,
    )
    return [_run(row) for row in rows]


def _run(row: _Row) -> ImportRun:
    counts = msgspec.convert(row.counts, _Counts)
    return ImportRun(
        id=row.id,
        source=row.source,
        mapping=msgspec.convert(row.mapping, Mapping),
        state=row.state,
        rows_read=row.rows_read,
        position=row.position,
        total=counts.total,
        result=counts.result,
        report=row.report,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
