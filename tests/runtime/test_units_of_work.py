"""Units of work: all or nothing, whatever size, and one round trip for what is asked side by side."""

import asyncio

import psycopg
import pytest

from siyu.runtime.db import Database, Merchant


async def counted(database: Database, merchant: Merchant, name: str) -> int | None:
    async with database.begin(merchant) as uow:
        return await uow.maybe(
            int,
            "select value from counters where merchant_id = %(merchant_id)s and name = %(name)s",
            name=name,
        )


ADD = "insert into counters (merchant_id, name, value) values (%(merchant_id)s, %(name)s, 1)"


async def test_what_was_sent_without_waiting_is_committed(database: Database, merchant: Merchant) -> None:
    async with database.begin(merchant) as uow:
        await uow.send(ADD, name="sent")

    assert await counted(database, merchant, "sent") == 1


async def test_a_sent_statement_that_fails_fails_the_commit(database: Database, merchant: Merchant) -> None:
    async with database.begin(merchant) as uow:
        await uow.run(ADD, name="once")

    with pytest.raises(psycopg.errors.UniqueViolation):
        async with database.begin(merchant) as uow:
            await uow.send(ADD, name="other")
            await uow.send(ADD, name="once")

    assert await counted(database, merchant, "other") is None
    assert await counted(database, merchant, "once") == 1


async def test_an_exception_rolls_everything_back(database: Database, merchant: Merchant) -> None:
    with pytest.raises(KeyError):
        async with database.begin(merchant) as uow:
            await uow.run(ADD, name="never")
            raise KeyError("after writing")

    assert await counted(database, merchant, "never") is None


async def test_statements_side_by_side_get_their_own_answers(database: Database, merchant: Merchant) -> None:
    async with database.begin(merchant) as uow, uow.together():
        touched, one, many = await asyncio.gather(
            uow.run(ADD, name="beside"),
            uow.one(int, "select 1"),
            uow.all(int, "select * from generate_series(1, 3)"),
        )

    assert (touched, one, many) == (1, 1, [1, 2, 3])


@pytest.mark.parametrize("together", [False, True])
async def test_a_statement_of_many_megabytes_goes_through(
    database: Database, merchant: Merchant, together: bool
) -> None:
    names = [f"{i}-{'x' * 400}" for i in range(20_000)]
    query = """
        insert into counters (merchant_id, name, value)
        select %(merchant_id)s, t.name, 1 from unnest(%(names)s::text[]) as t (name)
    """
    async with asyncio.timeout(60), database.begin(merchant) as uow:
        if together:
            async with uow.together():
                (touched,) = await asyncio.gather(uow.run(query, names=names))
        else:
            touched = await uow.run(query, names=names)

    assert touched == 20_000
