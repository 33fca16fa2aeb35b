"""The worker: consumers digest facts in order and in sets; sweeps act on what has become due.

A consumer's effects and its position move in one transaction, so each fact has its effect exactly once whatever
dies when. A fact that a consumer cannot digest goes to dead_letters and does not stop the line.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.tenancy import Directory

log = logging.getLogger(__name__)

BATCH = 500
IDLE_SECONDS = 0.2
GATHER_SECONDS = 0.4  # a look at a few facts costs as much as one at many: while they come, let some gather
FIRST = UUID(int=0)


class Event(msgspec.Struct, frozen=True):
    """A fact from the log; `fact` is its struct from siyu.events."""

    id: UUID
    at: datetime
    fact: Any


class Consumer(msgspec.Struct, frozen=True):
    """`handle` takes the facts of the given types, in order, many at a time, inside one unit of work."""

    name: str
    facts: tuple[type[msgspec.Struct], ...]
    handle: Callable[[UnitOfWork, Sequence[Event]], Awaitable[None]]


class Sweep(msgspec.Struct, frozen=True):
    """Something to be looked at every so many seconds for each merchant. `run` returns how much it did."""

    name: str
    every_seconds: float
    run: Callable[[Database, Merchant], Awaitable[int]]


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    tx: str
    kind: str
    at: datetime
    place: int  # among the rows ahead, from 1
    data: Any


class _Cursor(msgspec.Struct, frozen=True):
    tx: str
    id: UUID


class Worker:
    """Runs consumers and sweeps for every merchant until it is stopped."""

    def __init__(self, directory: Directory, consumers: Sequence[Consumer], sweeps: Sequence[Sweep]) -> None:
        self.directory = directory
        self.database = directory.database
        self.consumers = list(consumers)
        self.sweeps = list(sweeps)
        self._swept: dict[tuple[UUID, str], float] = {}
        self._stop = asyncio.Event()

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        """Work until stopped. A database that is away for a while is waited for."""
        while not self._stop.is_set():
            try:
                did = await self.turn()
            except (psycopg.OperationalError, psycopg.errors.AdminShutdown, OSError) as problem:
                log.warning("the database is away (%s); trying again", problem)
                did = 0
                await self._pause(1.0)
            if did < BATCH:
                await self._pause(GATHER_SECONDS if did else IDLE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return

    async def turn(self) -> int:
        """One look at every merchant; returns how many facts and due things were dealt with."""
        did = 0
        for merchant in await self.directory.all():
            for consumer in self.consumers:
                did += await digest(self.database, merchant, consumer)
            did += await self._sweep(merchant)
        return did

    async def drain(self) -> None:
        """Work until nothing is left to do (demo, checks, tests)."""
        self._swept.clear()
        while await self.turn():
            self._swept.clear()

    async def _sweep(self, merchant: Merchant) -> int:
        did = 0
        for sweep in self.sweeps:
            key = (merchant.id, sweep.name)
            if time.monotonic() - self._swept.get(key, float("-inf")) < sweep.every_seconds:
                continue
            self._swept[key] = time.monotonic()
            try:
                did += await sweep.run(self.database, merchant)
            except psycopg.OperationalError:
                raise
            except Exception:
                # One merchant's trouble must not stop the others; the due rows are still there next time.
                log.exception("sweep %s of %s failed", sweep.name, merchant.slug)
        return did


async def digest(database: Database, merchant: Merchant, consumer: Consumer) -> int:
    """Let a consumer digest the next facts of a merchant; returns how many rows it moved past."""
    try:
        return await database.attempt(merchant, lambda uow: _digest(uow, consumer, BATCH))
    except psycopg.OperationalError:
        raise
    except Exception:
        log.exception("consumer %s of %s stumbled; going on one fact at a time", consumer.name, merchant.slug)
    try:
        return await database.attempt(merchant, lambda uow: _digest(uow, consumer, 1))
    except psycopg.OperationalError:
        raise
    except Exception as problem:  # noqa: BLE001 - a poison fact is set aside whatever is wrong with it
        error = f"{type(problem).__name__}: {problem}"
        return await database.attempt(merchant, lambda uow: _set_aside(uow, consumer, error))


async def _position(uow: UnitOfWork, consumer: Consumer) -> _Cursor | None:
    """The consumer's cursor, locked; None while another process holds it."""
    await uow.run(
        """
        insert into event_cursors (merchant_id, consumer, tx, id, moved_at)
        values (%(merchant_id)s, %(consumer)s, '0', %(first)s, %(now)s) on conflict do nothing
        """,
        consumer=consumer.name,
        first=FIRST,
    )
    return await uow.maybe(
        _Cursor,
        """
        select tx::text, id from event_cursors
        where merchant_id = %(merchant_id)s and consumer = %(consumer)s for update skip locked
        """,
        consumer=consumer.name,
    )


async def _next(uow: UnitOfWork, cursor: _Cursor, wanted: Iterable[str], limit: int) -> list[_Row]:
    """The next facts the consumer wants, and the last of those it moves past, whether it wants that one or not.

    Rows of transactions that may still be open are left for later: none is ever skipped.
    """
    return await uow.all(
        _Row,
        """
        with ahead as materialized (
            select e.id, e.tx, e.kind, e.at, e.data, row_number() over (order by e.tx, e.id) as place
            from events e
            where e.merchant_id = %(merchant_id)s and (e.tx, e.id) > (%(tx)s::xid8, %(last)s)
              and e.tx < pg_snapshot_xmin(pg_current_snapshot())
            order by e.tx, e.id limit %(limit)s
        )
        select a.id, a.tx::text as tx, a.kind, a.at, a.place::int as place,
               case when a.kind = any(%(kinds)s) then a.data end as data
        from ahead a
        where a.kind = any(%(kinds)s) or a.place = (select count(*) from ahead)
        order by a.place
        """,
        kinds=list(wanted),
        tx=cursor.tx,
        last=cursor.id,
        limit=limit,
    )


async def _move(uow: UnitOfWork, consumer: Consumer, last: _Row, count: int) -> None:
    await uow.run(
        """
        update event_cursors set tx = %(tx)s::xid8, id = %(id)s, handled = handled + %(count)s, moved_at = %(now)s
        where merchant_id = %(merchant_id)s and consumer = %(consumer)s
        """,
        consumer=consumer.name,
        tx=last.tx,
        id=last.id,
        count=count,
    )


async def _digest(uow: UnitOfWork, consumer: Consumer, limit: int) -> int:
    cursor = await _position(uow, consumer)
    if cursor is None:
        return 0
    wanted = {str(kind.__struct_config__.tag): kind for kind in consumer.facts}
    rows = await _next(uow, cursor, wanted, limit)
    if not rows:
        return 0
    events = [Event(r.id, r.at, msgspec.convert(r.data, wanted[r.kind])) for r in rows if r.kind in wanted]
    if events:
        await consumer.handle(uow, events)
    await _move(uow, consumer, rows[-1], rows[-1].place)
    return rows[-1].place


async def _set_aside(uow: UnitOfWork, consumer: Consumer, error: str) -> int:
    cursor = await _position(uow, consumer)
    if cursor is None:
        return 0
    rows = await _next(uow, cursor, (), 1)
    if not rows:
        return 0
    await uow.run(
        """
        insert into dead_letters (merchant_id, consumer, event_id, error, failed_at)
        values (%(merchant_id)s, %(consumer)s, %(event)s, %(error)s, %(now)s) on conflict do nothing
        """,
        consumer=consumer.name,
        event=rows[0].id,
        error=error[:1000],
    )
    await _move(uow, consumer, rows[0], 1)
    return 1


async def pending(uow: UnitOfWork, consumer: Consumer) -> int:
    """How many facts the consumer has not digested yet."""
    return await uow.one(
        int,
        """
        select count(*) from events e
        left join event_cursors c on c.merchant_id = e.merchant_id and c.consumer = %(consumer)s
        where e.merchant_id = %(merchant_id)s and (c.consumer is null or (e.tx, e.id) > (c.tx, c.id))
        """,
        consumer=consumer.name,
    )


async def cursors_of_another_cluster(uow: UnitOfWork) -> int:
    """Consumers that stand beyond every transaction of this database: it was restored into another cluster.

    They would pass over new facts; docs/operate/backup.md says how to set them right before the first start.
    """
    return await uow.one(
        int,
        """
        select count(*) from event_cursors
        where merchant_id = %(merchant_id)s and tx >= pg_snapshot_xmax(pg_current_snapshot())
        """,
    )


async def dead_letters_open(uow: UnitOfWork) -> int:
    """How many facts wait for a person."""
    return await uow.one(
        int, "select count(*) from dead_letters where merchant_id = %(merchant_id)s and resolved_at is null"
    )
