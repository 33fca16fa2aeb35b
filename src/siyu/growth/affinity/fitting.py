"""The calculation as a job: asked for, or due once a day; read, computed beside the database, then written at once.

Between reading and writing no transaction is open, so that some seconds of arithmetic hold nobody up. The row in
affinity_runs says who computes; one that died is passed over after a quarter of an hour.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from siyu.growth.affinity import blending, reading, scoring, standing
from siyu.growth.affinity.model import Run
from siyu.growth.affinity.queries import last_run
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant, UnitOfWork, json_rows
from siyu.runtime.worker import Sweep

EVERY = timedelta(hours=24)
AGAIN = timedelta(hours=1)  # after one that failed
STALE = timedelta(minutes=15)
CHUNK = 5_000
RUNS_KEPT = timedelta(days=90)


async def ask(uow: UnitOfWork) -> Run:
    """Have it computed soon; while one is asked for or under way that one is the answer."""
    await uow.run(
        """
        insert into affinity_runs (merchant_id, id, state, asked_by, version, asked_at)
        values (%(merchant_id)s, %(id)s, 'asked', %(name)s, %(version)s, %(now)s)
        on conflict (merchant_id) where state in ('asked', 'running') do nothing
        """,
        id=ids.new(),
        name=uow.actor.name,
        version=scoring.VERSION,
    )
    found = await last_run(uow)
    assert found is not None, "one has just been asked for, or was before"
    return found


async def _begin(uow: UnitOfWork) -> UUID | None:
    """Take the run that is due, if one is; None when there is nothing to do or somebody is at it."""
    await uow.run(
        """
        update affinity_runs set state = 'failed', problem = 'stopped', finished_at = %(now)s
        where merchant_id = %(merchant_id)s and state = 'running' and started_at < %(stale)s
        """,
        stale=uow.now - STALE,
    )
    await uow.run(
        """
        insert into affinity_runs (merchant_id, id, state, version, asked_at)
        select %(merchant_id)s, %(id)s, 'asked', %(version)s, %(now)s
        where exists (select from promoters where merchant_id = %(merchant_id)s and state = 'active')
          and not exists (select from affinity_runs where merchant_id = %(merchant_id)s
                          and (state = 'done' and finished_at > %(due)s or state = 'failed' and finished_at > %(again)s))
        on conflict (merchant_id) where state in ('asked', 'running') do nothing
        """,
        id=ids.new(),
        version=scoring.VERSION,
        due=uow.now - EVERY,
        again=uow.now - AGAIN,
    )
    return await uow.maybe(
        UUID,
        """
        update affinity_runs set state = 'running', started_at = %(now)s, version = %(version)s
        where merchant_id = %(merchant_id)s and id = (
            select id from affinity_runs where merchant_id = %(merchant_id)s and state = 'asked'
            for update skip locked)
        returning id
        """,
        version=scoring.VERSION,
    )


async def compute(database: Database, merchant: Merchant) -> int:
    """The sweep: one calculation if it is due. Returns how many matches were kept."""
    run_id = await database.attempt(merchant, _begin)
    if run_id is None:
        return 0
    began = time.monotonic()
    try:
        async with database.begin(merchant) as uow:
            found = await reading.read(uow)
        blend = await asyncio.to_thread(blending.blend, found)
        milliseconds = int((time.monotonic() - began) * 1_000)

        async def write(uow: UnitOfWork) -> None:
            await _write(uow, run_id, found, blend, milliseconds)

        await database.attempt(merchant, write)
    except Exception as problem:
        error = type(problem).__name__

        async def fail(uow: UnitOfWork) -> None:
            await _fail(uow, run_id, error)

        await database.attempt(merchant, fail)
        raise
    return len(blend.matches)


async def _fail(uow: UnitOfWork, run_id: UUID, problem: str) -> None:
    await uow.run(
        """
        update affinity_runs set state = 'failed', problem = %(problem)s, finished_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'running'
        """,
        id=run_id,
        problem=problem,
    )


async def _write(
    uow: UnitOfWork, run_id: UUID, found: reading.Read, blend: blending.Blend, milliseconds: int
) -> None:
    """Replace what was known by what is known now; a run that was passed over meanwhile writes nothing."""
    is_ours = await uow.run(
        """
        update affinity_runs
        set state = 'done', promoters = %(promoters)s, products = %(products)s, people = %(people)s,
            purchases = %(pairs)s, milliseconds = %(milliseconds)s, finished_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'running'
        """,
        id=run_id,
        promoters=len(found.promoters),
        products=len(found.products),
        people=len(found.baskets),
        pairs=blend.pairs,
        milliseconds=milliseconds,
    )
    if not is_ours:
        return
    await uow.run("delete from affinity_matches where merchant_id = %(merchant_id)s")
    await uow.run("delete from affinity_audiences where merchant_id = %(merchant_id)s")
    await uow.run("delete from affinity_profiles where merchant_id = %(merchant_id)s")
    await uow.run(
        "delete from affinity_runs where merchant_id = %(merchant_id)s and asked_at < %(before)s",
        before=uow.now - RUNS_KEPT,
    )
    await _write_matches(uow, run_id, blend.matches)
    await _write_audiences(uow, found.audiences)
    await uow.run(
        """
        insert into affinity_profiles (merchant_id, promoter_id, weekly, recent, units, units_back, audience, visitors,
                                       categories)
        select %(merchant_id)s, t.promoter_id, t.weekly, t.recent, t.units, t.units_back, t.audience, t.visitors,
               t.categories
        from json_to_recordset(%(rows)s::json) as t (promoter_id uuid, weekly int, recent int, units int,
                                                     units_back int, audience int, visitors int, categories jsonb)
        """,
        rows=json_rows(blend.profiles),
    )
    await standing.found(uow, await reading.lovers(uow))
    await standing.advance(uow)


async def _write_matches(uow: UnitOfWork, run_id: UUID, matches: Sequence[blending.KeptMatch]) -> None:
    for first in range(0, len(matches), CHUNK):
        await uow.run(
            """
            insert into affinity_matches (merchant_id, product_id, promoter_id, run_id, score, confidence, reasons)
            select %(merchant_id)s, t.product_id, t.promoter_id, %(run)s, t.score, t.confidence, t.reasons
            from json_to_recordset(%(rows)s::json)
                as t (product_id uuid, promoter_id uuid, score smallint, confidence text, reasons jsonb)
            """,
            run=run_id,
            rows=json_rows(matches[first : first + CHUNK]),
        )


class _Heard(msgspec.Struct, frozen=True):
    promoter_id: UUID
    customer_id: UUID


async def _write_audiences(uow: UnitOfWork, audiences: Sequence[reading.Audience]) -> None:
    rows = [_Heard(each.promoter_id, who) for each in audiences for who in each.customer_ids]
    for first in range(0, len(rows), CHUNK):
        await uow.run(
            """
            insert into affinity_audiences (merchant_id, promoter_id, customer_id)
            select %(merchant_id)s, t.promoter_id, t.customer_id
            from json_to_recordset(%(rows)s::json) as t (promoter_id uuid, customer_id uuid)
            """,
            rows=json_rows(rows[first : first + CHUNK]),
        )


SWEEPS = [Sweep("affinity.compute", 10.0, compute)]
