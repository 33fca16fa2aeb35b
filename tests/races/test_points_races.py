"""Many at once for the same points: none is spent twice, none is lost."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, an_order
from siyu.goods import offers
from siyu.growth import draws
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError
from siyu.people import points
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import orders, pointsprices

TABS = 12


@pytest.fixture(autouse=True)
def _activity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(orders.ACTIVITIES, "points", pointsprices.ACTIVITY)


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=1_000)


async def has(database: Database, shop: Shop, customer: UUID) -> tuple[int, int]:
    async with database.begin(shop.merchant) as uow:
        assert await points.wrong_accounts(uow) == []
        told = await points.statement(uow, customer)
    return told.balance, told.debt


async def test_many_spendings_at_once_never_go_below_zero(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, 55, "开业礼")

    async def spend() -> bool:
        async def once(uow: UnitOfWork) -> bool:
            (done,) = await points.move(uow, [points.Move(customer, "spent", ids.new(), -10)])
            return not isinstance(done, points.NotEnough)

        return await database.attempt(shop.merchant, once)

    done = await asyncio.gather(*(spend() for _ in range(TABS)))

    assert sum(done) == 5
    assert await has(database, shop, customer) == (5, 0)


async def test_one_thing_told_from_many_sides_moves_points_once(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    subject = ids.new()

    async def grant() -> None:
        async def once(uow: UnitOfWork) -> None:
            await points.grant(uow, subject, customer, 10, "补偿")

        await database.attempt(shop.merchant, once)

    await asyncio.gather(*(grant() for _ in range(TABS)))

    assert await has(database, shop, customer) == (10, 0)


async def test_spending_and_ending_at_once_add_up(database: Database, shop: Shop) -> None:
    buyers = [await a_customer(database, shop.merchant) for _ in range(4)]
    async with database.begin(shop.merchant) as uow:
        ends = uow.now + timedelta(days=1)
        for customer in buyers:
            await points.move(uow, [points.Move(customer, "granted", ids.new(), 30, expires_at=ends)])
    clock.move_to(timedelta(days=1, seconds=1))

    async def spend(customer: UUID) -> None:
        async def once(uow: UnitOfWork) -> None:
            await points.move(uow, [points.Move(customer, "spent", ids.new(), -10)])

        await database.attempt(shop.merchant, once)

    await asyncio.gather(
        *(spend(customer) for customer in buyers * 3),
        *(database.attempt(shop.merchant, points.end_due) for _ in range(4)),
    )

    assert [await has(database, shop, customer) for customer in buyers] == [(0, 0)] * 4


async def test_a_stampede_for_points_spends_exactly_what_orders_took(database: Database, shop: Shop) -> None:
    buyers = [await a_customer(database, shop.merchant) for _ in range(5)]
    offer_id = ids.new()
    rule = offers.PointsPrice({shop.apple: (10, 100)})
    async with database.begin(shop.merchant) as uow:
        for customer in buyers:
            await points.grant(uow, ids.new(), customer, 35, "开业礼")
        await uow.run(
            """
            insert into offers (merchant_id, id, name, kind, rule, state, uses_max, created_at, updated_at)
            values (%(merchant_id)s, %(id)s, '换购', 'points', %(rule)s::jsonb, 'active', 11, %(now)s, %(now)s)
            """,
            id=offer_id,
            rule=msgspec.json.encode(rule).decode(),
        )
        await uow.run(
            "insert into offer_counters (merchant_id, offer_id) values (%(merchant_id)s, %(id)s)", id=offer_id
        )

    async def buy(customer: UUID) -> bool:
        wish = msgspec.structs.replace(
            an_order(shop, customer, apples=1), claim=orders.Claim("points", offer_id), expected_total=100
        )
        try:
            await orders.place(database, shop.merchant, wish, pay_minutes=30)
        except DomainError:
            return False
        return True

    done = await asyncio.gather(*(buy(customer) for customer in buyers * 5))

    assert sum(done) == 11
    left = [await has(database, shop, customer) for customer in buyers]
    assert sum(balance for balance, _ in left) == 5 * 35 - 11 * 10
    assert all(balance % 10 == 5 and debt == 0 for balance, debt in left)
    async with database.begin(shop.merchant) as uow:
        assert await uow.one(int, "select uses from offer_counters where merchant_id = %(merchant_id)s") == 11


async def test_many_draw_at_once_without_a_gap_and_never_give_more_than_there_is(
    database: Database, shop: Shop
) -> None:
    people = [await a_customer(database, shop.merchant) for _ in range(4)]
    draw_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        for customer in people:
            await points.grant(uow, ids.new(), customer, 20, "开业礼")
        rules = draws.Rules(
            name="抢",
            starts_at=uow.now + timedelta(minutes=1),
            ends_at=uow.now + timedelta(days=1),
            prizes=(draws.Prize(1, "十分", "points", number=7, value=100, odds=1_000_000, points=10),),
            conditions="全体顾客",
            redemption="立即到账",
            per_person=4,
            ticket_points=5,
        )
        await draws.save(uow, draw_id, rules)
        await draws.publish(uow, draw_id)
    clock.move_to(timedelta(minutes=2))

    async def draw(customer: UUID) -> draws.Result | None:
        async def once(uow: UnitOfWork) -> draws.Result:
            return await draws.take_part(uow, draw_id, customer, asked)

        asked = ids.new()
        try:
            return await database.attempt(shop.merchant, once)
        except DomainError:
            return None

    done = [one for one in await asyncio.gather(*(draw(one) for one in people * 6)) if one is not None]

    assert sorted(one.serial for one in done) == list(range(1, 17))
    assert sum(one.prize_no == 1 for one in done) == 7
    balances = [await has(database, shop, customer) for customer in people]
    assert sum(balance for balance, _ in balances) == 4 * 20 - 16 * 5 + 7 * 10
