"""Offers on their way through an order: priced, kept, counted, and given back."""

import asyncio
from uuid import UUID

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, an_order, stock_of
from siyu.goods import inventory, offers
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders

APPLE, MILK = 1_290, 680


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def running(database: Database, shop: Shop, rule: offers.Rule, **said: object) -> UUID:
    offer_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await offers.save(uow, offer_id, offers.OfferForm(f"活动{offer_id.hex[-4:]}", rule, **said))
        await offers.activate(uow, offer_id)
    return offer_id


async def a_coupon(
    database: Database, shop: Shop, customer: UUID, benefit: offers.Benefit, **said: object
) -> UUID:
    offer_id = await running(database, shop, offers.Coupon(benefit, days=7, is_public=True), **said)
    async with database.begin(shop.merchant) as uow:
        return (await offers.claim(uow, offer_id, customer)).id


async def counted(database: Database, shop: Shop, offer_id: UUID) -> tuple[int, int]:
    async with database.begin(shop.merchant) as uow:
        offer = await offers.find(uow, offer_id)
    return offer.spent, offer.uses


async def coupon_state(database: Database, shop: Shop, coupon_id: UUID) -> str:
    async with database.begin(shop.merchant) as uow:
        return await uow.one(
            str, "select state from coupons where merchant_id = %(merchant_id)s and id = %(id)s", id=coupon_id
        )


async def place(database: Database, shop: Shop, customer: UUID, **changes: object) -> orders.PlacedOrder:
    order = an_order(shop, customer, apples=2, milk=1, key=str(ids.new()))
    wish = msgspec.structs.replace(order, **{"expected_total": 2 * APPLE + MILK, **changes})
    return await orders.place(database, shop.merchant, wish, pay_minutes=30)


async def test_a_threshold_is_shared_over_the_lines_to_the_fen_and_counted(database, shop):
    offer_id = await running(database, shop, offers.AmountOff((offers.Reached(3_000, 500),)), budget=1_000)
    customer = await a_customer(database, shop.merchant)

    placed = await place(database, shop, customer)

    async with database.begin(shop.merchant) as uow:
        order = await orders.find(uow, placed.id)
    assert order.total == 2 * APPLE + MILK - 500
    off = [sum(step.amount for step in line.build_up) for line in order.lines]
    assert sum(off) == -500
    assert [line.amount for line in order.lines] == [2 * APPLE + off[0], MILK + off[1]]
    assert {step.rule_id for line in order.lines for step in line.build_up} == {offer_id}
    assert await counted(database, shop, offer_id) == (500, 1)


async def test_closing_gives_back_what_the_order_had_used(database, shop):
    offer_id = await running(database, shop, offers.AmountOff((offers.Reached(3_000, 500),)), uses_max=1)
    customer = await a_customer(database, shop.merchant)
    coupon_id = await a_coupon(database, shop, customer, offers.CouponAmount(100))
    placed = await place(database, shop, customer)
    assert (placed.total, await coupon_state(database, shop, coupon_id)) == (2_760 + 500 - 600, "locked")

    async with database.begin(shop.merchant) as uow:
        await orders.close(uow, [placed.id], reason="cancelled_by_buyer")
    async with database.begin(shop.merchant) as uow:
        await offers.give_back(uow, [placed.id])
        await offers.give_back(uow, [placed.id])

    assert await counted(database, shop, offer_id) == (0, 0)
    assert await coupon_state(database, shop, coupon_id) == "issued"


async def test_the_last_fen_of_a_budget_goes_to_one_of_many_who_order_at_once(database, shop):
    offer_id = await running(database, shop, offers.AmountOff((offers.Reached(3_000, 500),)), budget=1_200)
    customers = [await a_customer(database, shop.merchant) for _ in range(6)]

    placed = await asyncio.gather(*(place(database, shop, customer) for customer in customers))

    full = 2 * APPLE + MILK
    spent, _ = await counted(database, shop, offer_id)
    assert spent == sum(full - order.total for order in placed)
    assert spent <= 1_200
    assert sum(order.total == full - 500 for order in placed) == 2


async def test_a_gift_is_a_line_that_costs_nothing_and_takes_a_piece(database, shop):
    await running(database, shop, offers.Gift(2_000, shop.milk))
    customer = await a_customer(database, shop.merchant)

    placed = await place(
        database, shop, customer, lines=(orders.WantedLine(shop.apple, 2),), expected_total=2 * APPLE
    )

    async with database.begin(shop.merchant) as uow:
        order = await orders.find(uow, placed.id)
    assert order.total == 2 * APPLE
    assert [(line.sku_id, line.quantity, line.amount, line.is_gift) for line in order.lines] == [
        (shop.apple, 2, 2 * APPLE, False),
        (shop.milk, 1, 0, True),
    ]
    assert await stock_of(database, shop, shop.milk) == (100, 1)
    async with database.begin(shop.merchant) as uow:
        assert await orders.stock_promised_wrongly(uow) == []


async def test_the_same_sku_bought_and_given_along_are_two_lines(database, shop):
    await running(database, shop, offers.Gift(2_000, shop.apple))
    customer = await a_customer(database, shop.merchant)

    await place(database, shop, customer, lines=(orders.WantedLine(shop.apple, 2),), expected_total=2 * APPLE)

    assert await stock_of(database, shop, shop.apple) == (100, 3)


async def test_one_coupon_serves_one_of_two_orders_at_once(database, shop):
    customer = await a_customer(database, shop.merchant)
    coupon_id = await a_coupon(database, shop, customer, offers.CouponAmount(100))

    answers = await asyncio.gather(
        *(place(database, shop, customer, coupon_ids=(coupon_id,)) for _ in range(2)), return_exceptions=True
    )

    refused = [answer for answer in answers if isinstance(answer, Invalid)]
    assert len(refused) == 1
    assert refused[0].field == "coupon_ids[0]"
    assert await coupon_state(database, shop, coupon_id) == "locked"


async def test_anothers_coupon_is_refused_by_name(database, shop):
    mine, other = [await a_customer(database, shop.merchant) for _ in range(2)]
    coupon_id = await a_coupon(database, shop, other, offers.CouponAmount(100))

    with pytest.raises(Invalid) as refused:
        await place(database, shop, mine, coupon_ids=(coupon_id,))

    assert refused.value.field == "coupon_ids[0]"
    assert await coupon_state(database, shop, coupon_id) == "issued"


async def test_the_quote_says_the_best_coupon_and_what_is_missing_for_the_rest(database, shop):
    customer = await a_customer(database, shop.merchant)
    small = await a_coupon(database, shop, customer, offers.CouponAmount(100))
    large = await a_coupon(database, shop, customer, offers.CouponAmount(900, 5_000))
    ask = orders.QuoteAsk((orders.WantedLine(shop.apple, 2),), customer_id=customer)

    async with database.begin(shop.merchant) as uow:
        best = await orders.quote(uow, ask)
        none = await orders.quote(uow, msgspec.structs.replace(ask, coupon_ids=()))
        with pytest.raises(Invalid):
            await orders.quote(uow, msgspec.structs.replace(ask, coupon_ids=(large,)))

    assert (best.total, best.coupon_ids) == (2 * APPLE - 100, (small,))
    assert (none.total, none.coupon_ids) == (2 * APPLE, ())
    assert any("24.20" in one.why for one in best.passed)


async def test_an_order_refused_for_stock_uses_nothing(database, shop):
    offer_id = await running(database, shop, offers.AmountOff((offers.Reached(3_000, 500),)))
    customer = await a_customer(database, shop.merchant)

    with pytest.raises(inventory.NotEnoughStock):
        await place(
            database, shop, customer, lines=(orders.WantedLine(shop.apple, 101),), expected_total=10**7
        )

    assert await counted(database, shop, offer_id) == (0, 0)
