"""Attempts to keep what an offer gave without keeping to it: gifts, coupons, thresholds, limits, late money."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from factories import Shop, a_customer, a_shop, an_order, stock_of, word_of_payment
from goods.offer_shop import a_coupon, an_offer, counter, coupon, uses
from siyu.goods import offers
from siyu.goods.offers import (
    AmountOff,
    Audience,
    Coupon,
    CouponAmount,
    Gift,
    LimitedPrice,
    Reached,
)
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError, Invalid
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import orders, payments

APPLES = 4 * 1_290  # what four apples cost


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=50)


async def bought(database: Database, shop: Shop, buyer: UUID, **wanted: object) -> orders.PlacedOrder:
    """Placed at whatever it costs now."""
    wish = an_order(shop, buyer, **{"expected_total": 99_999, **wanted})
    return await orders.place(database, shop.merchant, wish, pay_minutes=30)


async def pay(database: Database, shop: Shop, order: orders.PlacedOrder) -> None:
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        (outcome,) = await payments.settle(uow, [word_of_payment(number, order.total)])
    assert outcome is payments.Outcome.PAID
    await listen(database, shop)


async def refund(database: Database, shop: Shop, order_id: UUID, *lines: tuple[int, int], **how) -> int:
    async with database.begin(shop.merchant) as uow:
        asked = payments.RequestRefund(how.pop("id", ids.new()), order_id, lines, "不想要了", **how)
        given = (await payments.request_refund(uow, asked)).amount
    await listen(database, shop)
    return given


async def listen(database: Database, shop: Shop) -> None:
    for consumer in [*offers.CONSUMERS, *offers.COUPON_CONSUMERS]:
        while await digest(database, shop.merchant, consumer):
            pass


async def order_of(database: Database, shop: Shop, order_id: UUID) -> orders.Order:
    async with database.begin(shop.merchant) as uow:
        return await orders.find(uow, order_id)


async def close(database: Database, shop: Shop, order_id: UUID) -> None:
    async with database.begin(shop.merchant) as uow:
        await orders.close(uow, [order_id], "buyer")
    await listen(database, shop)


async def test_whoever_takes_the_goods_back_does_not_keep_the_gift_that_still_lies_here(
    database: Database, shop: Shop
) -> None:
    await an_offer(database, shop, Gift(4_000, shop.milk))
    order = await bought(database, shop, await a_customer(database, shop.merchant), apples=4)
    await pay(database, shop, order)
    assert await stock_of(database, shop, shop.milk) == (50, 1)

    assert await refund(database, shop, order.id, (1, 4)) == APPLES

    assert (await order_of(database, shop, order.id)).state == "refunded"
    assert await stock_of(database, shop, shop.milk) == (50, 0)
    assert await stock_of(database, shop, shop.apple) == (50, 0)


async def test_a_gift_stays_while_what_is_kept_would_have_brought_it_and_goes_when_it_would_not(
    database: Database, shop: Shop
) -> None:
    await an_offer(database, shop, Gift(4_000, shop.milk))
    order = await bought(database, shop, await a_customer(database, shop.merchant), apples=5)
    await pay(database, shop, order)

    await refund(database, shop, order.id, (1, 1))
    assert await stock_of(database, shop, shop.milk) == (50, 1), "5160 of it are kept"
    await refund(database, shop, order.id, (1, 1))

    assert await stock_of(database, shop, shop.milk) == (50, 0), "3870 bring no gift"
    assert (await order_of(database, shop, order.id)).state == "paid"
    assert await refund(database, shop, order.id, (1, 3)) == 3 * 1_290
    assert (await order_of(database, shop, order.id)).state == "refunded"
    assert await stock_of(database, shop, shop.apple) == (50, 0)


async def test_goods_that_left_with_their_gift_come_back_without_it(database: Database, shop: Shop) -> None:
    await an_offer(database, shop, Gift(4_000, shop.milk))
    order = await bought(database, shop, await a_customer(database, shop.merchant), apples=4)
    await pay(database, shop, order)
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])

    assert await refund(database, shop, order.id, (1, 4), restock=True) == APPLES

    assert await stock_of(database, shop, shop.apple) == (50, 0)
    assert await stock_of(database, shop, shop.milk) == (49, 0)
    async with database.begin(shop.merchant) as uow:
        assert await orders.stock_promised_wrongly(uow) == []


async def test_a_coupon_for_paying_enough_goes_when_what_is_left_is_not_enough(
    database: Database, shop: Shop
) -> None:
    template = await an_offer(database, shop, Coupon(CouponAmount(500, 1_000), days=7, after_payment=4_000))
    buyer = await a_customer(database, shop.merchant)
    order = await bought(database, shop, buyer, apples=4, milk=1)
    await pay(database, shop, order)

    async def held() -> list[str]:
        async with database.begin(shop.merchant) as uow:
            return await uow.all(
                str,
                """
                select state from coupons
                where merchant_id = %(merchant_id)s and offer_id = %(offer)s and customer_id = %(buyer)s
                """,
                offer=template,
                buyer=buyer,
            )

    assert await held() == ["issued"]
    await refund(database, shop, order.id, (1, 1))
    assert await held() == ["issued"], "4550 of it are kept, which is enough"

    await refund(database, shop, order.id, (1, 3))

    assert await held() == ["void"]
    await bought(database, shop, buyer, apples=1)


async def test_a_coupon_named_twice_is_refused_and_stays_free(database: Database, shop: Shop) -> None:
    buyer = await a_customer(database, shop.merchant)
    template = await an_offer(database, shop, Coupon(CouponAmount(500, 1_000), days=7))
    one = await a_coupon(database, shop, template, buyer)

    with pytest.raises(Invalid) as refusal:
        await bought(database, shop, buyer, apples=4, coupon_ids=(one, one))

    assert refusal.value.field == "coupon_ids[1]"
    assert (await coupon(database, shop, one))[0] == "issued"
    assert await counter(database, shop, template) == (0, 0)


@pytest.mark.parametrize("count", [2, 3])
async def test_two_coupons_of_one_kind_are_not_both_used(database: Database, shop: Shop, count: int) -> None:
    buyer = await a_customer(database, shop.merchant)
    template = await an_offer(database, shop, Coupon(CouponAmount(500, 1_000), days=7))
    held = [await a_coupon(database, shop, template, buyer) for _ in range(count)]

    with pytest.raises(Invalid):
        await bought(database, shop, buyer, apples=4, coupon_ids=tuple(held))

    assert [(await coupon(database, shop, one))[0] for one in held] == ["issued"] * count
    assert await counter(database, shop, template) == (0, 0)


async def test_a_coupon_refunded_twice_comes_back_once_and_not_out_of_the_next_order(
    database: Database, shop: Shop
) -> None:
    buyer = await a_customer(database, shop.merchant)
    template = await an_offer(database, shop, Coupon(CouponAmount(500, 1_000), days=7))
    one = await a_coupon(database, shop, template, buyer)
    first = await bought(database, shop, buyer, apples=2, coupon_ids=(one,))
    await close(database, shop, first.id)
    second = await bought(database, shop, buyer, apples=2, coupon_ids=(one,))
    await pay(database, shop, second)
    asked = ids.new()
    assert await refund(database, shop, second.id, (1, 2), id=asked) == second.total
    third = await bought(database, shop, buyer, apples=2, coupon_ids=(one,))

    assert await refund(database, shop, second.id, (1, 2), id=asked) == second.total
    with pytest.raises(DomainError):
        await refund(database, shop, second.id, (1, 2))

    state, held_by, _ = await coupon(database, shop, one)
    assert (state, held_by) == ("locked", third.id)


async def test_a_threshold_reached_by_two_orders_is_not_reached_by_one_split_in_lines(
    database: Database, shop: Shop
) -> None:
    await an_offer(database, shop, AmountOff((Reached(5_000, 600),)))
    buyer = await a_customer(database, shop.merchant)
    split = tuple(orders.WantedLine(shop.apple, 1) for _ in range(4))

    order = await bought(database, shop, buyer, lines=split)

    kept = await order_of(database, shop, order.id)
    assert order.total == APPLES - 600
    assert [(line.quantity, line.amount) for line in kept.lines] == [(4, APPLES - 600)]


async def test_units_given_back_one_by_one_return_what_was_paid_and_never_the_discount(
    database: Database, shop: Shop
) -> None:
    await an_offer(database, shop, AmountOff((Reached(5_000, 601),)))
    order = await bought(database, shop, await a_customer(database, shop.merchant), apples=3, milk=2)
    await pay(database, shop, order)

    given = [await refund(database, shop, order.id, (line, 1)) for line in (1, 2, 1, 2, 1)]

    assert sum(given) == order.total == 3 * 1_290 + 2 * 680 - 601
    with pytest.raises(DomainError):
        await refund(database, shop, order.id, (1, 1))


async def test_a_limit_by_day_begins_anew_at_the_merchants_midnight_and_not_before(
    database: Database, shop: Shop
) -> None:
    offer_id = await an_offer(database, shop, AmountOff((Reached(1_000, 100),)), per_person_day=1)
    buyer = await a_customer(database, shop.merchant)
    there = clock.now().astimezone(ZoneInfo(shop.merchant.timezone))
    late = datetime.combine(there.date() + timedelta(days=1), datetime.min.time(), there.tzinfo) - timedelta(
        seconds=20
    )
    clock.move_to(late - clock.now() + clock.offset())
    assert (await bought(database, shop, buyer, apples=1)).total == 1_190
    assert (await bought(database, shop, buyer, apples=1)).total == 1_290

    clock.move_to(clock.offset() + timedelta(seconds=40))

    assert [(await bought(database, shop, buyer, apples=1)).total for _ in range(2)] == [1_190, 1_290]
    assert await counter(database, shop, offer_id) == (200, 2)


@pytest.mark.parametrize("off", [1_290, 5_000])
async def test_a_discount_of_everything_sells_nothing_for_nothing(
    database: Database, shop: Shop, off: int
) -> None:
    buyer = await a_customer(database, shop.merchant)
    template = await an_offer(database, shop, Coupon(CouponAmount(off, 0), days=7))
    one = await a_coupon(database, shop, template, buyer)

    with pytest.raises(DomainError):
        await bought(database, shop, buyer, apples=1, coupon_ids=(one,))

    assert (await coupon(database, shop, one))[0] == "issued"
    assert await stock_of(database, shop, shop.apple) == (50, 0)
    assert await counter(database, shop, template) == (0, 0)


async def test_an_offer_that_ends_between_the_quote_and_the_order_needs_the_buyers_word(
    database: Database, shop: Shop
) -> None:
    offer_id = await an_offer(database, shop, LimitedPrice({shop.apple: 990}))
    buyer = await a_customer(database, shop.merchant)
    kept = await bought(database, shop, buyer, apples=1, expected_total=990)
    async with database.begin(shop.merchant) as uow:
        await offers.end(uow, offer_id)

    with pytest.raises(orders.PriceRose):
        await bought(database, shop, buyer, apples=1, expected_total=990)

    await pay(database, shop, kept)
    assert (await order_of(database, shop, kept.id)).total == 990
    assert await stock_of(database, shop, shop.apple) == (50, 1)


async def test_staff_who_lower_a_budget_below_what_is_given_stop_the_offer_and_nothing_else(
    database: Database, shop: Shop
) -> None:
    offer_id = await an_offer(database, shop, AmountOff((Reached(1_000, 100),)), budget=1_000)
    buyer = await a_customer(database, shop.merchant)
    held = await bought(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update offers set budget = 50 where merchant_id = %(merchant_id)s and id = %(id)s", id=offer_id
        )

    assert (await bought(database, shop, buyer, apples=1)).total == 1_290
    await pay(database, shop, held)
    assert await counter(database, shop, offer_id) == (100, 1)
    assert [row.state for row in await uses(database, shop, held.id)] == ["used"]


async def test_one_newcomers_first_order_is_one_however_many_are_placed_at_once(
    database: Database, shop: Shop
) -> None:
    await an_offer(database, shop, offers.FirstOrder(500))
    buyer = await a_customer(database, shop.merchant)

    placed = await asyncio.gather(*(bought(database, shop, buyer, apples=1) for _ in range(6)))

    assert sorted(one.total for one in placed) == [790] + [1_290] * 5


async def test_a_price_for_newcomers_is_not_had_by_placing_all_orders_before_paying_any(
    database: Database, shop: Shop
) -> None:
    await an_offer(
        database, shop, LimitedPrice({shop.apple: 100}), audience=Audience(newcomers=True), per_person=1
    )
    buyer = await a_customer(database, shop.merchant)

    placed = await asyncio.gather(*(bought(database, shop, buyer, apples=1) for _ in range(4)))

    assert sorted(one.total for one in placed) == [100, 1_290, 1_290, 1_290]
