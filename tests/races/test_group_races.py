"""Groups under concurrency: the last seat, the second click, leaving while the last one pays."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec

from factories import a_customer, stock_of, word_of_payment
from siyu.kernel import clock
from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant
from siyu.trade import groupbuys, orders, payments
from siyu.trade.groupbuys import sweeping
from trade.group_shop import (
    Market,
    a_market,
    balances,
    buy,
    group_of,
    held_for,
    listen,
    money_returned,
    number_of,
    opened,
    pay,
    seat_state,
    sweep,
)


async def several_databases(database: Database, count: int) -> list[Database]:
    """Connections of their own, as several web processes have: batches of one do not wait for those of another."""
    others = [Database(database.url, connections_max=4) for _ in range(count)]
    for other in others:
        await other.open()
    return others


async def tried(market: Market, database: Database, customer_id: UUID, claim_id: UUID) -> str:
    """Join through this database; the answer's name."""
    try:
        await buy(msgspec.structs.replace(market, database=database), customer_id, claim_id)
    except DomainError as refusal:
        return type(refusal).__name__
    return "seat"


async def test_of_twenty_who_want_the_last_seat_one_gets_it_and_nobody_else_pays(
    database: Database, merchant: Merchant
) -> None:
    market = await a_market(database, merchant, stock=100, size=3)
    group, first = await opened(market)
    await pay(market, await buy(market, await a_customer(database, merchant), group.id))
    people = [await a_customer(database, merchant) for _ in range(20)]
    houses = await several_databases(database, 5)

    answers = await asyncio.gather(
        *(tried(market, houses[i % 5], person, group.id) for i, person in enumerate(people))
    )

    for house in houses:
        await house.close()
    assert sorted(answers) == ["GroupFull"] * 19 + ["seat"]
    now = await group_of(market, first.id)
    assert (now.state, now.held, now.paid) == ("full", 1, 2)
    assert await stock_of(database, market.shop, market.shop.apple) == (100, 3)
    async with database.begin(merchant) as uow:
        assert await uow.one(int, "select count(*) from orders where merchant_id = %(merchant_id)s") == 3
        assert await orders.stock_promised_wrongly(uow) == []


async def test_one_batch_of_many_joins_fills_the_group_and_no_more(
    database: Database, merchant: Merchant
) -> None:
    market = await a_market(database, merchant, size=5)
    group, first = await opened(market)
    people = [await a_customer(database, merchant) for _ in range(12)]

    answers = await asyncio.gather(*(tried(market, database, person, group.id) for person in people))

    assert sorted(answers) == ["GroupFull"] * 8 + ["seat"] * 4
    now = await group_of(market, first.id)
    assert (now.state, now.held, now.paid) == ("full", 4, 1)


async def test_one_person_clicking_at_once_gets_one_seat(database: Database, merchant: Merchant) -> None:
    market = await a_market(database, merchant, size=5)
    group, first = await opened(market)
    person = await a_customer(database, merchant)
    houses = await several_databases(database, 4)

    joins = await asyncio.gather(*(tried(market, houses[i % 4], person, group.id) for i in range(8)))
    opener = await a_customer(database, merchant)
    opens = await asyncio.gather(*(tried(market, houses[i % 4], opener, market.offer_id) for i in range(8)))

    for house in houses:
        await house.close()
    assert (joins.count("seat"), set(joins)) == (1, {"seat", "HoldsSeat"})
    assert opens.count("seat") == 1
    assert set(opens) <= {"seat", "HoldsSeat", "AlreadyMember"}
    assert (await group_of(market, first.id)).held == 1
    async with database.begin(merchant) as uow:
        assert await uow.one(int, "select count(*) from orders where merchant_id = %(merchant_id)s") == 3


async def test_leaving_while_the_last_member_pays_ends_well_either_way(
    database: Database, merchant: Merchant
) -> None:
    market = await a_market(database, merchant)
    for _ in range(4):
        group, first = await opened(market)
        second = await buy(market, await a_customer(database, merchant), group.id)
        word = word_of_payment(await number_of(market, second.id), second.total)
        opener = group.opener_id
        assert opener is not None

        async def leave(group_id: UUID = group.id, who: UUID = opener) -> bool:
            try:
                await database.attempt(merchant, lambda uow: groupbuys.leave(uow, group_id, who))
            except groupbuys.OverBySuccess:
                return False
            return True

        async def settle(said=word) -> None:
            await database.attempt(merchant, lambda uow: payments.settle(uow, [said]))
            await listen(market)

        has_left, _ = await asyncio.gather(leave(), settle())
        await listen(market)
        now = await group_of(market, second.id)

        if has_left:
            assert (now.state, now.paid, await seat_state(market, first.id)) == ("open", 1, "withdrawn")
            assert await held_for(market, second.id) == "group"
        else:
            assert (now.state, now.paid, await held_for(market, first.id)) == ("succeeded", 2, "")
    await money_returned(market)
    assert (await balances(market)).keys() <= {"gateway:wxpay", "sales"}


async def test_two_workers_sweep_the_same_groups_once(database: Database, merchant: Merchant) -> None:
    market = await a_market(database, merchant)
    firsts = [(await opened(market))[1] for _ in range(6)]
    clock.move_to(timedelta(hours=25))

    await asyncio.gather(*(sweeping.run(database, merchant) for _ in range(4)))
    await sweep(market)
    assert (await balances(market)) == {"gateway:wxpay": 6 * 990, "refunds_due": 6 * 990}
    await money_returned(market)

    assert {(await group_of(market, order.id)).state for order in firsts} == {"failed"}
    assert await balances(market) == {}
    async with database.begin(merchant) as uow:
        assert await uow.one(int, "select count(*) from refunds where merchant_id = %(merchant_id)s") == 6
