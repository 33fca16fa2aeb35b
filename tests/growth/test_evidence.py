"""D-11: the chain of evidence shows whoever changed, removed or slipped in a row afterwards."""

from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from architecture.raw import as_application
from factories import Shop, a_shop
from growth.commission_shop import ANNA, a_plan, a_promoter
from siyu.growth import oversight
from siyu.growth.oversight.chaining import START, linked
from siyu.kernel import clock
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as connection:
        yield connection


async def noted(database: Database, shop: Shop, day: int, text: str) -> None:
    clock.move_to(timedelta(days=day))
    async with database.begin(shop.merchant, ANNA) as uow:
        await audit.note(uow, "test.note", subject_kind="merchant", name=text)


async def three_days(database: Database, shop: Shop) -> None:
    await a_plan(database, shop)
    await a_promoter(database, shop)
    for day in range(3):
        await noted(database, shop, day, f"第 {day} 天")
    clock.move_to(timedelta(days=3, hours=2))
    assert await oversight.SWEEPS[1].run(database, shop.merchant) == 3
    assert await wrong(database, shop) == []


async def wrong(database: Database, shop: Shop) -> list[str]:
    async with database.begin(shop.merchant) as uow:
        return [broken.what for broken in await oversight.evidence_wrong(uow)]


async def test_each_day_that_is_over_gets_one_link_that_holds_all_before(
    database: Database, shop: Shop
) -> None:
    await three_days(database, shop)
    assert await oversight.SWEEPS[1].run(database, shop.merchant) == 0
    async with database.begin(shop.merchant) as uow:
        links = await uow.all(
            oversight.Link,
            "select day, rows, digest, chain from evidence where merchant_id = %(merchant_id)s order by day",
        )
    chain = START
    for link in links:
        chain = linked(chain, link.day, link.digest)
        assert link.chain == chain
    assert links[0].rows >= 3  # the note, the plan's version made and published
    assert [link.rows for link in links[1:]] == [1, 1]


@pytest.mark.parametrize(
    "tamper",
    [
        "update audit_log set reason = 'anders' where merchant_id = %s and subject = '第 1 天'",
        "delete from audit_log where merchant_id = %s and subject = '第 1 天'",
        "update audit_log set at = at + interval '1 second' where merchant_id = %s and subject = '第 1 天'",
    ],
)
async def test_a_row_that_was_changed_breaks_its_day_and_every_link_after_it(
    database: Database, shop: Shop, owner: psycopg.AsyncConnection, tamper: str
) -> None:
    await three_days(database, shop)
    await owner.execute(tamper.encode(), (shop.merchant.id,))
    assert await wrong(database, shop) == ["digest", "chain", "chain"]


async def test_a_plan_rewritten_afterwards_shows(
    database: Database, shop: Shop, owner: psycopg.AsyncConnection
) -> None:
    await three_days(database, shop)
    await owner.execute(
        b"update commission_plan_versions set rule = jsonb_set(rule, '{rate_bps}', '2000') where merchant_id = %s",
        (shop.merchant.id,),
    )
    assert await wrong(database, shop) == ["digest", "chain", "chain", "chain"]


async def test_a_row_slipped_into_the_past_shows(database: Database, shop: Shop) -> None:
    await three_days(database, shop)
    await noted(database, shop, 1, "后来补的")
    assert await wrong(database, shop) == ["digest", "chain", "chain"]


async def test_a_link_taken_out_leaves_a_gap(
    database: Database, shop: Shop, owner: psycopg.AsyncConnection
) -> None:
    await three_days(database, shop)
    await owner.execute(
        b"delete from evidence where merchant_id = %s and day = (select min(day) + 1 from evidence where merchant_id = %s)",
        (shop.merchant.id, shop.merchant.id),
    )
    assert "gap" in await wrong(database, shop)


async def test_the_application_can_neither_change_nor_remove_a_link(database: Database, shop: Shop) -> None:
    await three_days(database, shop)
    for statement in ("update evidence set rows = 0", "delete from evidence", "delete from audit_log"):
        async with as_application(database.url, shop.merchant) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(statement.encode())
    assert await wrong(database, shop) == []
