"""Long work with progress: started by a person, worked off step by step by whichever worker comes by.

A step's effects, the position after it and the counts are written in one transaction. Wherever a process is killed,
the next worker begins with the step that was not committed: nothing is done twice and nothing is left out. While a
step runs its job's row is locked, so that several workers never work on one job at the same time.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import psycopg

from siyu.kernel import ids
from siyu.kernel.errors import DomainError, NotFound
from siyu.kernel.paging import bounded
from siyu.kernel.permissions import Permission
from siyu.runtime.actors import Actor
from siyu.runtime.db import RETRYABLE, Database, Merchant, UnitOfWork, refusal_of
from siyu.runtime.worker import Sweep

T = TypeVar("T")
log = logging.getLogger(__name__)

OPEN = ("waiting", "running")
ROWS_PER_STEP = 20
TURN_SECONDS = 0.4  # of each half second: facts and sweeps must not wait for a long job
# SQLSTATE classes 08 and 57P: the connection or the server went away, which is nobody's mistake.
AWAY = ("08", "57P")


class Failure(msgspec.Struct, frozen=True):
    """A row that could not be done: its place in the input (from 1), what people call it, and why.

    `no` counts the failures of a job; it is given when the failure is kept.
    """

    row: int
    subject: str
    zh: str
    en: str
    no: int = 0


class Step(msgspec.Struct, frozen=True):
    """What a step did. `done` counts the rows it dealt with, failed ones among them; `position` is where to go on.

    `result` is the path below `/console/{slug}/` where the outcome stands, once there is one.
    """

    position: Any
    done: int
    failed: tuple[Failure, ...] = ()
    is_over: bool = False
    result: str = ""


class Kind(msgspec.Struct, frozen=True):
    """`step(uow, input, position)` does the next part of the work; `position` is None at the beginning.

    It runs in one unit of work, as the person who started the job, and should take less than a second. What it
    raises stops the job with that reason; a refusal of one row belongs into `Step.failed` (see `each`).

    `outside(database, merchant, input, position)` is for work that cannot be in that unit of work, such as asking a
    gateway. It comes before the step and comes again when the process dies between them, so it must bear repeating.
    """

    name: str
    input_type: Any
    step: Callable[[UnitOfWork, Any, Any], Awaitable[Step]]
    outside: Callable[[Database, Merchant, Any, Any], Awaitable[None]] | None = None


class Job(msgspec.Struct, frozen=True):
    """A job as its page shows it. `total` 0: not known beforehand."""

    id: UUID
    kind: str
    title_zh: str
    title_en: str
    state: str
    total: int
    done: int
    failed: int
    result: str
    error_zh: str
    error_en: str
    actor_id: UUID | None
    actor_name: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class JobNotOpen(DomainError):
    """The job is over, or was stopped already. Nothing was changed."""

    code = "jobs.not_open"
    status = 409
    zh = "任务已经结束，不能再停止或继续。"
    en = "The job is over; it can no longer be stopped or resumed."


async def start(
    uow: UnitOfWork,
    kind: str,
    work: Any,
    *,
    title_zh: str,
    title_en: str,
    total: int = 0,
    job_id: UUID | None = None,
) -> UUID:
    """Have `work` (the input struct of the kind) done in the background by `kind`; the id for the job's page.

    `job_id` is made by the asker: a second start under it changes nothing and returns the same id.
    """
    job_id = job_id or ids.new()
    await uow.run(
        """
        insert into jobs (merchant_id, id, kind, title_zh, title_en, input, actor, actor_id, actor_name, state, total,
                          created_at)
        values (%(merchant_id)s, %(id)s, %(kind)s, %(zh)s, %(en)s, %(input)s::jsonb, %(actor)s::jsonb, %(actor_id)s,
                %(name)s, 'waiting', %(total)s, %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=job_id,
        kind=kind,
        zh=title_zh[:120],
        en=title_en[:120],
        input=msgspec.json.encode(work).decode(),
        actor=msgspec.json.encode(uow.actor).decode(),
        actor_id=uow.actor.id,
        name=uow.actor.name,
        total=total,
    )
    return job_id


async def each(
    uow: UnitOfWork,
    items: Sequence[T],
    position: int | None,
    work: Callable[[UnitOfWork, T], Awaitable[Any]],
    *,
    subject: Callable[[T], str] = str,
    size: int = ROWS_PER_STEP,
) -> Step:
    """A step over the next `size` items, each for itself: one that is refused is reported and the others go on.

    The position is the number of items dealt with.
    """
    begin = position or 0
    failed: list[Failure] = []
    chosen = items[begin : begin + size]
    for row, item in enumerate(chosen, begin + 1):
        try:
            async with uow.part():
                await work(uow, item)
        except (DomainError, psycopg.Error) as problem:
            refusal = problem if isinstance(problem, DomainError) else refusal_of(problem)
            if refusal is None:
                raise
            failed.append(Failure(row, subject(item)[:200], spoken(refusal, "zh"), spoken(refusal, "en")))
    end = begin + len(chosen)
    return Step(end, len(chosen), tuple(failed), is_over=end >= len(items))


def spoken(refusal: DomainError, language: str) -> str:
    """The refusal's sentence; of a fact written `商品 / product` each language gets its half."""

    def half(fact: Any) -> Any:
        if not isinstance(fact, str) or " / " not in fact:
            return fact
        chinese, _, english = fact.partition(" / ")
        return chinese if language == "zh" else english

    template = refusal.zh if language == "zh" else refusal.en
    return template.format_map({name: half(fact) for name, fact in refusal.facts.items()})


class _Claim(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    input: Any
    position: Any
    actor: Any
    failed: int


def sweep(kinds: Sequence[Kind]) -> Sweep:
    """What the worker does about jobs of these kinds."""

    async def work_off(database: Database, merchant: Merchant) -> int:
        steps, until = 0, time.monotonic() + TURN_SECONDS
        while await run_step(database, merchant, kinds):
            steps += 1
            if time.monotonic() > until:
                break
        return steps

    return Sweep("jobs.run", 0.5, work_off)


async def run_step(database: Database, merchant: Merchant, kinds: Sequence[Kind]) -> bool:
    """One step of the job that has waited longest; False when none is waiting for these kinds."""
    known = {kind.name: kind for kind in kinds}
    claim: _Claim | None = None
    try:
        async with database.begin(merchant) as uow:
            claim = await _claim(uow, list(known))
            if claim is None:
                return False
            kind = known[claim.kind]
            work = msgspec.convert(claim.input, kind.input_type)
            if kind.outside:
                await kind.outside(database, merchant, work, claim.position)
            await _advance(uow, kind, claim, work)
    except RETRYABLE:
        log.info("a step met a deadlock; it is done again")
    except Exception as problem:
        if claim is None or _is_away(problem):
            raise
        log.exception("job %s (%s) of %s failed", claim.id, claim.kind, merchant.slug)
        async with database.begin(merchant) as uow:
            await _fail(uow, claim.id, problem)
    return True


def _is_away(problem: Exception) -> bool:
    if not isinstance(problem, psycopg.OperationalError):
        return False
    return problem.sqlstate is None or problem.sqlstate.startswith(AWAY)


async def _claim(uow: UnitOfWork, kinds: list[str]) -> _Claim | None:
    return await uow.maybe(
        _Claim,
        """
        select id, kind, input, position, actor, failed from jobs
        where merchant_id = %(merchant_id)s and state in ('waiting', 'running') and kind = any(%(kinds)s)
        order by stepped_at nulls first, id limit 1 for update skip locked
        """,
        kinds=kinds,
    )


def _actor(told: dict[str, Any]) -> Actor:
    """Who started the job. A permission that no longer exists is left out."""
    known = [permission for permission in told.get("permissions", []) if permission in set(Permission)]
    return msgspec.convert({**told, "permissions": known}, Actor)


async def _advance(uow: UnitOfWork, kind: Kind, claim: _Claim, work: Any) -> None:
    uow.actor = _actor(claim.actor)
    step = await kind.step(uow, work, claim.position)
    if step.failed:
        await uow.run(
            """
            insert into job_failures (merchant_id, job_id, no, row_no, subject, zh, en)
            select %(merchant_id)s, %(job)s, %(before)s + t.place, t.row, t.subject, t.zh, t.en
            from json_to_recordset(%(rows)s::json) as t (place integer, row integer, subject text, zh text, en text)
            """,
            job=claim.id,
            before=claim.failed,
            rows=msgspec.json.encode(
                [{"place": n, **msgspec.to_builtins(one)} for n, one in enumerate(step.failed, 1)]
            ).decode(),
        )
    await uow.run(
        """
        update jobs
        set position = %(position)s::jsonb, done = done + %(done)s, failed = failed + %(failed)s,
            total = case when total = 0 then 0 else greatest(total, done + %(done)s) end,
            result = case when %(result)s = '' then result else %(result)s end,
            state = case when %(is_over)s then 'done' else 'running' end,
            started_at = coalesce(started_at, %(now)s), stepped_at = %(now)s,
            finished_at = case when %(is_over)s then %(now)s::timestamptz end
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=claim.id,
        position=msgspec.json.encode(step.position).decode(),
        done=step.done,
        failed=len(step.failed),
        result=step.result,
        is_over=step.is_over,
    )


async def _fail(uow: UnitOfWork, job_id: UUID, problem: Exception) -> None:
    refusal = problem if isinstance(problem, DomainError) else None
    reason = f"{type(problem).__name__}: {problem}"[:500]
    await uow.run(
        """
        update jobs set state = 'failed', error_zh = %(zh)s, error_en = %(en)s, finished_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state in ('waiting', 'running')
        """,
        id=job_id,
        zh=spoken(refusal, "zh") if refusal else reason,
        en=spoken(refusal, "en") if refusal else reason,
    )


async def stop(uow: UnitOfWork, job_id: UUID) -> None:
    """No further step is begun; what was done stays done. Raises JobNotOpen and NotFound."""
    await _switch(uow, job_id, OPEN, "stopped")


async def resume(uow: UnitOfWork, job_id: UUID) -> None:
    """Go on where a stopped or failed job stands. Raises JobNotOpen and NotFound."""
    await _switch(uow, job_id, ("stopped", "failed"), "waiting")


async def _switch(uow: UnitOfWork, job_id: UUID, found: Sequence[str], wanted: str) -> None:
    touched = await uow.run(
        """
        update jobs
        set state = %(wanted)s, error_zh = '', error_en = '',
            finished_at = case when %(wanted)s = 'stopped' then %(now)s::timestamptz end
        where merchant_id = %(merchant_id)s and id = %(id)s and state = any(%(found)s)
        """,
        id=job_id,
        wanted=wanted,
        found=list(found),
    )
    if not touched:
        await find(uow, job_id)
        raise JobNotOpen


_JOB = """
    select id, kind, title_zh, title_en, state, total, done, failed, result, error_zh, error_en, actor_id, actor_name,
           created_at, finished_at
    from jobs where merchant_id = %(merchant_id)s
"""


async def find(uow: UnitOfWork, job_id: UUID) -> Job:
    """Raises NotFound."""
    job = await uow.maybe(
        Job,
        _JOB + " and id = %(id)s",
        id=job_id,
    )
    if job is None:
        raise NotFound(what="任务 / job")
    return job


async def listing(
    uow: UnitOfWork, *, actor_id: UUID | None = None, after: UUID | None = None, limit: int = 50
) -> list[Job]:
    """Jobs, newest first; of one person when named. `after` is the id of the last one seen."""
    return await uow.all(
        Job,
        _JOB
        + """
          and (%(actor)s::uuid is null or actor_id = %(actor)s) and (%(after)s::uuid is null or id < %(after)s)
        order by id desc limit %(limit)s
        """,
        actor=actor_id,
        after=after,
        limit=bounded(limit),
    )


async def open_count(uow: UnitOfWork, actor_id: UUID | None) -> int:
    """How many jobs of this person are waiting or running."""
    return await uow.one(
        int,
        """
        select count(*) from jobs
        where merchant_id = %(merchant_id)s and state in ('waiting', 'running') and actor_id = %(actor)s
        """,
        actor=actor_id,
    )


async def failures(uow: UnitOfWork, job_id: UUID, *, after: int = 0, limit: int = 100) -> list[Failure]:
    """Rows that could not be done, in order; `after` is the `no` of the last one seen."""
    return await uow.all(
        Failure,
        """
        select row_no as row, subject, zh, en, no from job_failures
        where merchant_id = %(merchant_id)s and job_id = %(job)s and no > %(after)s order by no limit %(limit)s
        """,
        job=job_id,
        after=after,
        limit=bounded(limit),
    )
