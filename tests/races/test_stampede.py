"""Races with real commits: many buyers, few pieces, and the same tap twice."""

import asyncio

from factories import a_customer, a_shop, an_order, stock_of
from siyu.goods import inventory
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders


async def test_two_hundred_buyers_for_fifty_pieces_are_exactly_fifty_orders(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=50)
    buyers = [await a_customer(database, merchant) for _ in range(200)]

    answers = await asyncio.gather(
        *(
            orders.place(database, merchant, an_order(shop, buyer, apples=1), pay_minutes=30)
            for buyer in buyers
        ),
        return_exceptions=True,
    )

    placed = [answer for answer in answers if isinstance(answer, orders.PlacedOrder)]
    refused = [answer for answer in answers if isinstance(answer, inventory.NotEnoughStock)]
    assert (len(placed), len(refused)) == (50, 150)
    assert len({order.number for order in placed}) == 50
    assert await stock_of(database, shop, shop.apple) == (50, 50)


async def test_processes_that_share_the_database_do_not_oversell(
    database: Database, merchant: Merchant
) -> None:
    """Each unit of work is its own connection here, as if every buyer came through another process."""
    shop = await a_shop(database, merchant, stock=10)
    buyers = [await a_customer(database, merchant) for _ in range(30)]

    async def alone(i: int) -> orders.PlacedOrder | Exception:
        async def work(uow: object) -> orders.PlacedOrder | Exception:
            (answer,) = await orders.place_many(
                uow, [an_order(shop, buyers[i], apples=1)], [i], pay_minutes=30
            )
            return answer

        return await database.attempt(merchant, work)

    answers = await asyncio.gather(*(alone(i) for i in range(30)))

    assert sum(isinstance(answer, orders.PlacedOrder) for answer in answers) == 10
    assert await stock_of(database, shop, shop.apple) == (10, 10)


async def test_a_double_submit_from_two_processes_is_one_order(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant)
    buyer = await a_customer(database, merchant)
    wish = an_order(shop, buyer, apples=1, key="double")

    async def submit(i: int) -> orders.PlacedOrder | Exception:
        async def work(uow: object) -> orders.PlacedOrder | Exception:
            (answer,) = await orders.place_many(uow, [wish], [i], pay_minutes=30)
            return answer

        return await database.attempt(merchant, work)

    answers = await asyncio.gather(*(submit(i) for i in range(8)))

    assert len({answer.id for answer in answers}) == 1
    assert sum(not answer.is_replay for answer in answers) == 1
    assert await stock_of(database, shop, shop.apple) == (100, 1)


async def test_one_reserve_at_a_time_is_as_safe(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)

    async def take() -> bool:
        try:
            async with database.begin(merchant) as uow:
                await inventory.reserve(uow, inventory.Pieces(shop.store_id, shop.apple, 1))
        except inventory.NotEnoughStock:
            return False
        return True

    taken = await asyncio.gather(*(take() for _ in range(40)))

    assert sum(taken) == 10
    assert await stock_of(database, shop, shop.apple) == (10, 10)
