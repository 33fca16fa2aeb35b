"""What comes of used offers: orders closed, paid, paid late and refunded, on real PostgreSQL."""

from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, an_order, word_of_payment
from goods.offer_shop import (
    Row,
    a_coupon,
    an_offer,
    closed,
    counter,
    coupon,
    listened,
    uses,
)
from siyu.events import OrderClosed, OrderPaid
from siyu.goods import offers
from siyu.goods.offers import (
    AmountOff,
    Coupon,
    CouponAmount,
    Reached,
    Scope,
)
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import Event
from siyu.trade import orders, payments

OFF = AmountOff((Reached(1_000, 300),))


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


@pytest.fixture
async def buyer(database: Database, shop: Shop) -> UUID:
    return await a_customer(database, shop.merchant)


async def bought(database: Database, shop: Shop, buyer: UUID, **wanted) -> orders.PlacedOrder:
    return await orders.place(database, shop.merchant, an_order(shop, buyer, **wanted), pay_minutes=30)


async def pay(database: Database, shop: Shop, order: orders.PlacedOrder) -> None:
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        (outcome,) = await payments.settle(uow, [word_of_payment(number, order.total)])
    assert outcome is payments.Outcome.PAID
    await listened(database, shop)


async def refund(database: Database, shop: Shop, order: orders.PlacedOrder, *lines: tuple[int, int]) -> None:
    async with database.begin(shop.merchant) as uow:
        await payments.request_refund(uow, payments.RequestRefund(ids.new(), order.id, lines, "不要了"))
    await listened(database, shop)


async def test_a_coupon_that_comes_back_has_a_day_and_one_whose_time_ran_out_has_expired(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    template = await an_offer(database, shop, Coupon(CouponAmount(200)))
    short = await a_coupon(database, shop, template, buyer, hours=2)
    order = await bought(database, shop, buyer)
    await closed(database, shop, order.id)
    assert await coupon(database, shop, short) == ("issued", None, 24.0)

    again = await bought(database, shop, buyer)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            update coupons set valid_until = %(now)s, valid_from = valid_from - interval '9 days'
            where merchant_id = %(merchant_id)s
            """
        )
    await closed(database, shop, again.id)
    assert (await coupon(database, shop, short))[:2] == ("expired", None)


async def test_a_paid_order_has_used_its_offers_and_only_a_refund_of_everything_returns_the_coupon(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    template = await an_offer(
        database, shop, Coupon(CouponAmount(200)), scope=Scope(sku_ids=(shop.apple,)), budget=200
    )
    coupon_id = await a_coupon(database, shop, template, buyer, hours=3)
    order = await bought(database, shop, buyer, apples=2, milk=1)
    await pay(database, shop, order)
    async with database.begin(shop.merchant) as uow:
        await offers.settle(uow, [order.id])  # seen twice
        await offers.give_back(uow, [order.id])  # out of order: a paid order keeps what it used
    assert await uses(database, shop, order.id) == [Row(200, 1, "used")]
    assert await coupon(database, shop, coupon_id) == ("used", order.id, 3.0)

    await refund(database, shop, order, (1, 1))
    assert (await coupon(database, shop, coupon_id))[0] == "used"
    # The milk stays; all the coupon was used for is refunded.
    await refund(database, shop, order, (1, 1))

    assert await coupon(database, shop, coupon_id) == ("issued", None, 24.0)
    assert await counter(database, shop, template) == (200, 1)  # the order was not closed
    async with database.begin(shop.merchant) as uow:
        assert (await orders.find(uow, order.id)).refunded == 2_580 - 200


async def test_a_coupon_that_does_not_come_back_stays_used(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    template = await an_offer(database, shop, Coupon(CouponAmount(200), on_refund=False))
    coupon_id = await a_coupon(database, shop, template, buyer)
    order = await bought(database, shop, buyer, apples=1)
    await pay(database, shop, order)

    await refund(database, shop, order, (1, 1))

    assert (await coupon(database, shop, coupon_id))[:2] == ("used", order.id)


async def test_money_that_comes_late_takes_the_coupon_again_where_it_is_still_there(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    template = await an_offer(database, shop, Coupon(CouponAmount(200)))
    coupon_id = await a_coupon(database, shop, template, buyer)
    order = await bought(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
    await closed(database, shop, order.id)

    async with database.begin(shop.merchant) as uow:
        await payments.settle(uow, [word_of_payment(number, order.total)])
    await listened(database, shop)

    assert await uses(database, shop, order.id) == [Row(200, 1, "used")]
    assert (await coupon(database, shop, coupon_id))[:2] == ("used", order.id)
    assert await counter(database, shop, template) == (200, 1)


async def test_money_that_comes_late_keeps_its_price_when_another_order_has_the_coupon(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    template = await an_offer(database, shop, Coupon(CouponAmount(200)))
    coupon_id = await a_coupon(database, shop, template, buyer)
    order = await bought(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
    await closed(database, shop, order.id)
    other = await bought(database, shop, buyer, apples=1)

    async with database.begin(shop.merchant) as uow:
        await payments.settle(uow, [word_of_payment(number, order.total)])
        await offers.settle(uow, [order.id])
    await listened(database, shop)

    async with database.begin(shop.merchant) as uow:
        late = await orders.find(uow, order.id)
    assert (late.state, late.total) == ("paid", 1_090)
    assert await uses(database, shop, order.id) == [Row(200, 1, "returned")]
    assert (await coupon(database, shop, coupon_id))[:2] == ("locked", other.id)
    assert await counter(database, shop, template) == (200, 1)


async def test_facts_about_one_order_in_one_batch_are_heard_in_their_order(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    offer_id = await an_offer(database, shop, OFF, budget=300)
    order = await bought(database, shop, buyer, apples=1)
    over = OrderClosed(order.id, "expired")
    money = OrderPaid(order.id, order.number, buyer, order.total, ())
    (consumer,) = offers.CONSUMERS

    async def hear(*facts) -> tuple[str, tuple[int, int]]:
        async with database.begin(shop.merchant) as uow:
            await consumer.handle(uow, [Event(ids.new(), uow.now, fact) for fact in facts])
        return (await uses(database, shop, order.id))[0].state, await counter(database, shop, offer_id)

    # Closed and paid after all: taken again. What comes a second time changes nothing.
    assert await hear(over, money) == ("used", (300, 1))
    assert await hear(over, money, over) == ("used", (300, 1))


async def test_a_late_payment_never_overdraws_a_budget_that_went_to_somebody_else(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    offer_id = await an_offer(database, shop, OFF, budget=300)
    late = await bought(database, shop, buyer, apples=1)
    await closed(database, shop, late.id)
    other = await bought(database, shop, await a_customer(database, shop.merchant), apples=1)

    async with database.begin(shop.merchant) as uow:
        await offers.settle(uow, [late.id, other.id])

    assert [row.state for row in await uses(database, shop, late.id)] == ["returned"]
    assert [row.state for row in await uses(database, shop, other.id)] == ["used"]
    assert await counter(database, shop, offer_id) == (300, 1)
