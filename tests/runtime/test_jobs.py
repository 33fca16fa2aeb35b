"""Long work: each row once, whatever dies when; stopped and resumed; one worker at a time; refusals row by row."""

import asyncio
from uuid import UUID

import msgspec
import pytest

from siyu.events import CustomerJoined
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime import jobs
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.tenancy import Directory
from siyu.runtime.worker import Worker

ADD_ONE = """
insert into counters (merchant_id, name, value) values (%(merchant_id)s, %(name)s, 1)
on conflict (merchant_id, name) do update set value = counters.value + 1
"""
CLERK = Actor("staff", ids.new(), frozenset({Permission.ORDERS_WRITE}), "小陈")


class Names(msgspec.Struct, frozen=True):
    """Which counters to count up."""

    names: tuple[str, ...]


class Unlucky(DomainError):
    code = "test.unlucky"
    zh = "{what}不吉利。"
    en = "{what} is unlucky."


async def count_up(uow: UnitOfWork, name: str) -> None:
    await uow.run(ADD_ONE, name=name)
    if name.startswith("bad"):
        raise Unlucky(what="四 / four")
    if name.startswith("broken"):
        # The database refuses this row: its name is taken by the statement before.
        await uow.run(
            "insert into counters (merchant_id, name, value) values (%(merchant_id)s, %(name)s, 1)", name=name
        )


async def in_threes(uow: UnitOfWork, work: Names, position: int | None) -> jobs.Step:
    return await jobs.each(uow, work.names, position, count_up, size=3)


COUNT = jobs.Kind("test.count", Names, in_threes)


async def started(database: Database, merchant: Merchant, *names: str, kind: str = "test.count") -> UUID:
    async with database.begin(merchant, CLERK) as uow:
        return await jobs.start(
            uow, kind, Names(names), total=len(names), title_zh="计数", title_en="Counting"
        )


async def found(database: Database, merchant: Merchant, job_id: UUID) -> jobs.Job:
    async with database.begin(merchant) as uow:
        return await jobs.find(uow, job_id)


async def counts(database: Database, merchant: Merchant) -> dict[str, int]:
    class Row(msgspec.Struct):
        name: str
        value: int

    async with database.begin(merchant) as uow:
        rows = await uow.all(Row, "select name, value from counters where merchant_id = %(merchant_id)s")
    return {row.name: row.value for row in rows}


async def to_the_end(database: Database, merchant: Merchant, *kinds: jobs.Kind) -> int:
    steps = 0
    while await jobs.run_step(database, merchant, kinds or [COUNT]):
        steps += 1
    return steps


async def test_every_row_is_done_once_and_the_progress_is_exact(
    database: Database, merchant: Merchant
) -> None:
    job_id = await started(database, merchant, *"abcdefg")
    assert (await found(database, merchant, job_id)).state == "waiting"

    assert await jobs.run_step(database, merchant, [COUNT])
    halfway = await found(database, merchant, job_id)
    assert await to_the_end(database, merchant) == 2

    done = await found(database, merchant, job_id)
    assert (halfway.state, halfway.done, halfway.total) == ("running", 3, 7)
    assert (done.state, done.done, done.failed, done.is_open) == ("done", 7, 0, False)
    assert done.finished_at is not None
    assert await counts(database, merchant) == dict.fromkeys("abcdefg", 1)


async def test_a_refused_row_is_reported_undone_and_the_others_go_on(
    database: Database, merchant: Merchant
) -> None:
    job_id = await started(database, merchant, "a", "bad-1", "b", "broken-1", "c")

    await to_the_end(database, merchant)

    done = await found(database, merchant, job_id)
    async with database.begin(merchant) as uow:
        failed = await jobs.failures(uow, job_id)
        rest = await jobs.failures(uow, job_id, after=1)
    assert (done.state, done.done, done.failed) == ("done", 5, 2)
    assert failed[0] == jobs.Failure(2, "bad-1", "四不吉利。", "four is unlucky.", no=1)
    assert [(one.no, one.row, one.subject) for one in rest] == [(2, 4, "broken-1")]
    assert await counts(database, merchant) == {"a": 1, "b": 1, "c": 1}


async def test_a_step_that_dies_before_its_commit_is_done_again_and_nothing_twice(
    database: Database, merchant: Merchant
) -> None:
    job_id = await started(database, merchant, *"abcde")
    dies = [True, False, True, False]

    async def dying(uow: UnitOfWork, work: Names, position: int | None) -> jobs.Step:
        step = await in_threes(uow, work, position)
        if dies.pop(0):
            raise asyncio.CancelledError  # what a killed process leaves behind: an open transaction, rolled back
        return step

    kind = jobs.Kind("test.count", Names, dying)
    for _ in range(2):
        with pytest.raises(asyncio.CancelledError):
            await jobs.run_step(database, merchant, [kind])
        assert await jobs.run_step(database, merchant, [kind])

    assert (await found(database, merchant, job_id)).state == "done"
    assert await counts(database, merchant) == dict.fromkeys("abcde", 1)


async def test_several_workers_never_do_a_row_twice(database: Database, merchant: Merchant) -> None:
    names = [f"n{n}" for n in range(30)]
    job_ids = [await started(database, merchant, *names) for _ in range(2)]

    await asyncio.gather(*(to_the_end(database, merchant) for _ in range(4)))

    assert [(await found(database, merchant, job_id)).done for job_id in job_ids] == [30, 30]
    assert await counts(database, merchant) == dict.fromkeys(names, 2)


async def test_an_unexpected_error_stops_the_job_with_its_reason_and_it_can_go_on(
    database: Database, merchant: Merchant
) -> None:
    job_id = await started(database, merchant, *"abcd")
    is_broken = [False, True]

    async def breaking(uow: UnitOfWork, work: Names, position: int | None) -> jobs.Step:
        step = await in_threes(uow, work, position)
        if is_broken and is_broken.pop(0):
            raise ZeroDivisionError("of something")
        return step

    kind = jobs.Kind("test.count", Names, breaking)
    await to_the_end(database, merchant, kind)
    failed = await found(database, merchant, job_id)
    before = await counts(database, merchant)
    async with database.begin(merchant, CLERK) as uow:
        await jobs.resume(uow, job_id)
    await to_the_end(database, merchant, kind)

    assert (failed.state, failed.done, failed.error_zh) == ("failed", 3, "ZeroDivisionError: of something")
    assert before == dict.fromkeys("abc", 1)
    assert (await found(database, merchant, job_id)).state == "done"
    assert await counts(database, merchant) == dict.fromkeys("abcd", 1)


async def test_a_refusal_of_the_whole_step_gives_its_sentence(database: Database, merchant: Merchant) -> None:
    job_id = await started(database, merchant, "a")

    async def refusing(uow: UnitOfWork, work: Names, position: int | None) -> jobs.Step:
        raise Unlucky(what="今天 / today")

    await to_the_end(database, merchant, jobs.Kind("test.count", Names, refusing))

    failed = await found(database, merchant, job_id)
    assert (failed.error_zh, failed.error_en) == ("今天不吉利。", "today is unlucky.")


async def test_a_stopped_job_does_no_further_step_until_it_is_resumed(
    database: Database, merchant: Merchant
) -> None:
    job_id = await started(database, merchant, *"abcd")
    await jobs.run_step(database, merchant, [COUNT])
    async with database.begin(merchant, CLERK) as uow:
        await jobs.stop(uow, job_id)

    assert await to_the_end(database, merchant) == 0
    assert await counts(database, merchant) == dict.fromkeys("abc", 1)
    with pytest.raises(jobs.JobNotOpen):
        async with database.begin(merchant, CLERK) as uow:
            await jobs.stop(uow, job_id)

    async with database.begin(merchant, CLERK) as uow:
        await jobs.resume(uow, job_id)
    await to_the_end(database, merchant)
    assert (await found(database, merchant, job_id)).state == "done"
    with pytest.raises(jobs.JobNotOpen):
        async with database.begin(merchant, CLERK) as uow:
            await jobs.resume(uow, job_id)


async def test_steps_run_as_the_person_who_started_the_job(database: Database, merchant: Merchant) -> None:
    seen: list[Actor] = []

    async def looking(uow: UnitOfWork, work: Names, position: int | None) -> jobs.Step:
        seen.append(uow.actor)
        return jobs.Step(None, 1, is_over=True, result="orders?state=paid")

    job_id = await started(database, merchant, "a", kind="test.look")
    await to_the_end(database, merchant, jobs.Kind("test.look", Names, looking))

    assert seen == [CLERK]
    assert (await found(database, merchant, job_id)).result == "orders?state=paid"


async def test_a_second_start_under_the_same_id_is_the_same_job(
    database: Database, merchant: Merchant
) -> None:
    job_id = ids.new()
    for _ in range(2):
        async with database.begin(merchant, CLERK) as uow:
            same = await jobs.start(
                uow, "test.count", Names(("a",)), title_zh="计数", title_en="Counting", job_id=job_id
            )
            assert same == job_id
    await to_the_end(database, merchant)

    assert await counts(database, merchant) == {"a": 1}


async def test_a_job_of_another_merchant_does_not_exist(
    database: Database, merchant: Merchant, new_shop
) -> None:
    job_id = await started(database, merchant, "a")
    other = await new_shop()

    with pytest.raises(NotFound):
        async with database.begin(other) as uow:
            await jobs.stop(uow, job_id)
    assert await to_the_end(database, other) == 0
    assert (await found(database, merchant, job_id)).state == "waiting"


async def test_a_kind_that_this_worker_does_not_know_waits(database: Database, merchant: Merchant) -> None:
    job_id = await started(database, merchant, "a", kind="test.of-tomorrow")

    assert await to_the_end(database, merchant) == 0
    assert (await found(database, merchant, job_id)).state == "waiting"


async def test_the_worker_works_jobs_off(database: Database, merchant: Merchant) -> None:
    job_id = await started(database, merchant, *"abcd")

    await Worker(Directory(database), [], [jobs.sweep([COUNT])]).drain()

    assert (await found(database, merchant, job_id)).state == "done"


async def test_a_part_that_is_refused_takes_its_facts_with_it(database: Database, merchant: Merchant) -> None:
    async with database.begin(merchant) as uow:
        async with uow.part():
            uow.publish(CustomerJoined(customer_id=str(ids.new())))
        with pytest.raises(Unlucky):
            async with uow.part():
                uow.publish(CustomerJoined(customer_id=str(ids.new())))
                raise Unlucky(what="x")
    async with database.begin(merchant) as uow:
        assert await uow.one(int, "select count(*) from events where merchant_id = %(merchant_id)s") == 1
