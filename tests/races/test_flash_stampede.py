"""A stampede: two hundred people want fifty pieces, from several processes at once, while ordinary orders go on."""

import asyncio
from collections import Counter
from uuid import UUID

from factories import a_customer, an_order
from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant
from siyu.trade import flashsales, orders
from siyu.trade.flashsales import memory
from trade.flash_shop import Sale, a_sale, apples, become, buy, counts, later, listen, sweep, tried

HOUSES = 3  # as many web processes


async def several_databases(database: Database) -> list[Database]:
    """Connections of their own, as several web processes have: batches of one do not wait for those of another."""
    others = [Database(database.url, connections_max=4) for _ in range(HOUSES)]
    for other in others:
        await other.open()
    return others


async def people_of(sale: Sale, count: int) -> list[UUID]:
    return [await a_customer(sale.database, sale.merchant) for _ in range(count)]


async def test_of_two_hundred_for_fifty_exactly_fifty_get_one_and_everybody_else_hears_that_it_is_sold_out(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, stock=60, quota=50)
    people = await people_of(sale, 200)
    houses = await several_databases(database)

    answers = await asyncio.gather(
        *(tried(sale, person, database=houses[i % HOUSES]) for i, person in enumerate(people))
    )

    for house in houses:
        await house.close()
    assert Counter(answers) == {"order": 50, "SoldOut": 150}
    assert await counts(sale) == (50, 50, 0)
    assert await apples(sale) == (60, 50, 0, 10)
    async with database.begin(merchant) as uow:
        assert await uow.one(int, "select count(*) from orders where merchant_id = %(merchant_id)s") == 50


async def ordinarily(sale: Sale, database: Database, customer_id: UUID) -> str:
    try:
        wish = an_order(sale.shop, customer_id, apples=1, milk=1)
        await orders.place(database, sale.merchant, wish, pay_minutes=30)
    except DomainError as refusal:
        return type(refusal).__name__
    return "order"


async def test_ordinary_orders_beside_a_stampede_get_the_other_pieces_and_no_more(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, stock=30, quota=20)
    people = await people_of(sale, 80)
    houses = await several_databases(database)

    answers = await asyncio.gather(
        *(
            tried(sale, person, database=houses[i % HOUSES])
            if i % 2
            else ordinarily(sale, houses[i % HOUSES], person)
            for i, person in enumerate(people)
        )
    )

    for house in houses:
        await house.close()
    assert Counter(answers[1::2]) == {"order": 20, "SoldOut": 20}
    assert Counter(answers[::2]) == {"order": 10, "NotEnoughStock": 30}
    assert await apples(sale) == (30, 30, 0, 0)


async def test_one_person_pressing_from_everywhere_gets_one(database: Database, merchant: Merchant) -> None:
    sale = await a_sale(database, merchant, quota=20)
    (person,) = await people_of(sale, 1)
    houses = await several_databases(database)

    answers = await asyncio.gather(*(tried(sale, person, database=houses[i % HOUSES]) for i in range(30)))

    for house in houses:
        await house.close()
    assert Counter(answers) == {"order": 1, "LimitReached": 29}
    assert await counts(sale) == (20, 1, 0)


async def test_a_pause_in_the_middle_of_a_stampede_loses_no_piece(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, stock=40, quota=30)
    people = await people_of(sale, 60)

    async def pause() -> str:
        await asyncio.sleep(0.02)
        await become(sale, "paused")
        await sweep(sale)
        return "pause"

    answers = Counter(await asyncio.gather(pause(), *(tried(sale, person) for person in people)))

    got = answers["order"]
    assert set(answers) <= {"order", "SoldOut", "Paused", "Preparing", "pause"}
    assert await apples(sale) == (40, got, 0, 40 - got)
    await become(sale, "active")
    await sweep(sale)
    assert await apples(sale) == (40, got, 30 - got, 10)


async def test_pieces_come_back_while_others_are_taken_and_the_sum_stays_right(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, stock=20, quota=20)
    first = [await buy(sale, person) for person in await people_of(sale, 20)]
    people = await people_of(sale, 40)

    async def close_some() -> None:
        for order in first[:10]:
            async with database.begin(merchant) as uow:
                await orders.close(uow, [order.id], "cancelled")
            await listen(sale)

    async def keeps_trying(person: UUID) -> str:
        for _ in range(40):
            memory.forget()
            if await tried(sale, person) == "order":
                return "order"
            await asyncio.sleep(0.01)
        return "nothing"

    _, *answers = await asyncio.gather(close_some(), *(keeps_trying(person) for person in people))

    assert Counter(answers) == {"order": 10, "nothing": 30}
    assert await counts(sale) == (20, 20, 0)
    assert await apples(sale) == (20, 20, 0, 0)


async def test_two_workers_at_once_put_a_session_aside_once(database: Database, merchant: Merchant) -> None:
    sale = await a_sale(database, merchant, stock=50, quota=30)
    await become(sale, "paused")
    await sweep(sale)
    await become(sale, "active")

    await asyncio.gather(*(flashsales.SWEEPS[0].run(database, merchant) for _ in range(6)))

    assert await apples(sale) == (50, 0, 30, 20)
    await later(sale, hours=2)
    await asyncio.gather(*(flashsales.SWEEPS[0].run(database, merchant) for _ in range(6)))
    assert await apples(sale) == (50, 0, 0, 50)
