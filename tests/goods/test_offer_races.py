"""Several processes place at once: a budget's last fen, an offer's last use and a coupon go to one order."""

import asyncio
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, an_order
from goods.offer_shop import Row, a_coupon, an_offer, closed, counter, coupon, uses
from siyu.goods import offers
from siyu.goods.offers import AmountOff, Coupon, CouponAmount, FirstOrder, Reached
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders

OFF = AmountOff((Reached(1_000, 300),))
PROCESSES = 6


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def at_once(database: Database, shop: Shop, buyers: list[UUID], **wish) -> list[int]:
    """What orders placed in units of work of their own came to, all let go at the same moment."""
    ready = asyncio.Barrier(len(buyers))

    async def place(number: int, buyer: UUID) -> orders.PlacedOrder | Exception:
        async def work(uow) -> list:
            return await orders.place_many(
                uow, [an_order(shop, buyer, apples=1, **wish)], [number], pay_minutes=30
            )

        await ready.wait()
        (answer,) = await database.attempt(shop.merchant, work)
        return answer

    answers = await asyncio.gather(*(place(500 + i, buyer) for i, buyer in enumerate(buyers)))
    placed = [answer for answer in answers if isinstance(answer, orders.PlacedOrder)]
    assert len(placed) == len(answers), answers
    return sorted(order.total for order in placed)


async def people(database: Database, shop: Shop, count: int = PROCESSES) -> list[UUID]:
    return [await a_customer(database, shop.merchant) for _ in range(count)]


async def test_the_last_fen_of_a_budget_is_given_once(database: Database, shop: Shop) -> None:
    offer_id = await an_offer(database, shop, OFF, budget=701)

    totals = await at_once(database, shop, await people(database, shop))

    assert totals == [990, 990, 1_189, 1_290, 1_290, 1_290]
    assert await counter(database, shop, offer_id) == (701, 3)


async def test_the_last_use_goes_to_one_order(database: Database, shop: Shop) -> None:
    offer_id = await an_offer(database, shop, OFF, uses_max=2)

    totals = await at_once(database, shop, await people(database, shop))

    assert totals == [990, 990, 1_290, 1_290, 1_290, 1_290]
    assert await counter(database, shop, offer_id) == (600, 2)


async def test_one_coupon_is_used_by_one_of_many_orders(database: Database, shop: Shop) -> None:
    (buyer,) = await people(database, shop, 1)
    template = await an_offer(database, shop, Coupon(CouponAmount(200)))
    coupon_id = await a_coupon(database, shop, template, buyer)

    totals = await at_once(database, shop, [buyer] * PROCESSES)

    assert totals == [1_090, *[1_290] * (PROCESSES - 1)]
    assert (await coupon(database, shop, coupon_id))[0] == "locked"
    assert await counter(database, shop, template) == (200, 1)


@pytest.mark.parametrize("rule", [OFF, FirstOrder(300)])
async def test_one_person_s_last_time_is_not_used_twice(database: Database, shop: Shop, rule) -> None:
    (buyer,) = await people(database, shop, 1)
    offer_id = await an_offer(database, shop, rule, per_person=1)

    totals = await at_once(database, shop, [buyer] * PROCESSES)

    assert totals == [990, *[1_290] * (PROCESSES - 1)]
    assert await counter(database, shop, offer_id) == (300, 1)


async def test_several_offers_with_and_without_limits_never_block_each_other(
    database: Database, shop: Shop
) -> None:
    limited = [
        await an_offer(database, shop, OFF, stacking="stack", budget=10_000, uses_max=100) for _ in range(2)
    ]
    free = [await an_offer(database, shop, AmountOff((Reached(1, 10),)), stacking="stack") for _ in range(3)]
    buyers = await people(database, shop, 10)

    async def place_and_close(buyer: UUID, number: int) -> None:
        for turn in range(3):
            wish = an_order(shop, buyer, apples=1, milk=1)

            async def work(uow, wish=wish, turn=turn) -> list:
                return await orders.place_many(uow, [wish], [number * 10 + turn], pay_minutes=30)

            (order,) = await database.attempt(shop.merchant, work)
            assert order.total == 1_970 - 630

            async def back(uow, order=order) -> None:
                await orders.close(uow, [order.id], "buyer")
                await offers.give_back(uow, [order.id])

            await database.attempt(shop.merchant, back)

    await asyncio.gather(*(place_and_close(buyer, 100 + i) for i, buyer in enumerate(buyers)))

    assert [await counter(database, shop, one) for one in (*limited, *free)] == [(0, 0)] * 5


async def test_closing_and_paying_at_once_leaves_uses_and_counters_in_step(
    database: Database, shop: Shop
) -> None:
    (buyer,) = await people(database, shop, 1)
    offer_id = await an_offer(database, shop, OFF, budget=300)
    template = await an_offer(database, shop, Coupon(CouponAmount(200)), stacking="stack")
    coupon_id = await a_coupon(database, shop, template, buyer)
    order = await orders.place(database, shop.merchant, an_order(shop, buyer, apples=1), pay_minutes=30)

    async def hear(effect) -> None:
        async def work(uow) -> None:
            await effect(uow, [order.id])

        await database.attempt(shop.merchant, work)

    await asyncio.gather(*(hear(effect) for effect in (offers.settle, offers.give_back) * 4))

    told = await uses(database, shop, order.id)
    assert told in (
        [Row(200, 1, "used"), Row(300, 1, "used")],
        [Row(200, 1, "returned"), Row(300, 1, "returned")],
    )
    is_used = told[0].state == "used"
    assert await counter(database, shop, offer_id) == ((300, 1) if is_used else (0, 0))
    assert (await coupon(database, shop, coupon_id))[0] == ("used" if is_used else "issued")


async def test_what_a_closed_order_gave_back_goes_to_the_next(database: Database, shop: Shop) -> None:
    first, second = await people(database, shop, 2)
    offer_id = await an_offer(database, shop, OFF, budget=300, uses_max=1)
    order = await orders.place(database, shop.merchant, an_order(shop, first, apples=1), pay_minutes=30)
    too_late = await orders.place(database, shop.merchant, an_order(shop, second, apples=1), pay_minutes=30)

    await closed(database, shop, order.id)
    again = await orders.place(database, shop.merchant, an_order(shop, second, apples=1), pay_minutes=30)

    assert (order.total, too_late.total, again.total) == (990, 1_290, 990)
    assert await counter(database, shop, offer_id) == (300, 1)
