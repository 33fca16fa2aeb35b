"""What orders use of offers in the database: read, taken, given back and used up, on real PostgreSQL."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from factories import Shop, a_customer, a_shop, an_order, word_of_payment
from goods.offer_shop import (
    Row,
    a_coupon,
    an_offer,
    by_name,
    closed,
    counter,
    coupon,
    listened,
    names,
    shelf_of,
    uses,
)
from siyu.events import OrderClosed
from siyu.goods import offers, pricing
from siyu.goods.offers import (
    AmountOff,
    Audience,
    Bundle,
    Coupon,
    CouponAmount,
    FirstOrder,
    LimitedPrice,
    PercentOff,
    Reached,
    Scope,
    Taken,
    Use,
)
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.people import merchants
from siyu.runtime.db import CannotBeStored, Database, Merchant, refusal_of
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


async def test_the_shelf_has_live_offers_that_touch_the_goods_and_no_others(
    database: Database, shop: Shop
) -> None:
    async with database.begin(shop.merchant) as uow:
        empty = await shelf_of(uow, shop)
    await an_offer(database, shop, OFF, name="全场", budget=1_000, uses_max=7, per_person=2)
    await an_offer(database, shop, OFF, name="苹果", scope=Scope(sku_ids=(shop.apple,)))
    await an_offer(database, shop, OFF, name="别的", scope=Scope(sku_ids=(ids.new(),)))
    await an_offer(database, shop, LimitedPrice({shop.milk: 500}), name="牛奶价")
    await an_offer(database, shop, LimitedPrice({ids.new(): 500}), name="别的价")
    await an_offer(database, shop, Bundle({shop.milk: 1, ids.new(): 1}, 500), name="搭配")
    await an_offer(
        database, shop, OFF, name="明早", starts_in=timedelta(hours=9), ends_in=timedelta(hours=20)
    )
    await an_offer(database, shop, OFF, name="下周", starts_in=timedelta(days=7))
    await an_offer(database, shop, OFF, name="过了", ends_in=timedelta(seconds=-1))
    for state in ("draft", "paused", "ended"):
        await an_offer(database, shop, OFF, name=state, state=state)

    async with database.begin(shop.merchant) as uow:
        shelf = await shelf_of(uow, shop)

    assert empty == offers.Shelf()
    assert names(shelf) == sorted(["全场", "苹果", "牛奶价", "搭配", "明早"])
    everywhere = by_name(shelf, "全场")
    assert (everywhere.rule, everywhere.spent_left, everywhere.uses_left, everywhere.per_person) == (
        OFF, 1_000, 7, 2,
    )  # fmt: skip
    assert by_name(shelf, "苹果").scope == Scope(sku_ids=(shop.apple,))


async def test_the_shelf_has_the_coupons_of_these_buyers_and_their_offers_even_ended_ones(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    other = await a_customer(database, shop.merchant)
    live = await an_offer(database, shop, Coupon(CouponAmount(100)), name="券")
    ended = await an_offer(database, shop, Coupon(CouponAmount(100)), name="停发", state="ended")
    paused = await an_offer(database, shop, Coupon(CouponAmount(100)), name="暂停", state="paused")
    mine = await a_coupon(database, shop, live, buyer)
    old = await a_coupon(database, shop, ended, buyer)
    await a_coupon(database, shop, paused, buyer)
    theirs = await a_coupon(database, shop, live, other)

    async with database.begin(shop.merchant) as uow:
        nobody = await shelf_of(uow, shop)
        shelf = await shelf_of(uow, shop, [buyer])
        both = await shelf_of(uow, shop, [buyer, other])

    assert nobody == offers.Shelf()
    assert names(shelf) == sorted(["停发", "券"])
    usable = {one.id for one in shelf.coupons if one.offer_id in {offer.id for offer in shelf.offers}}
    assert usable == {mine, old}
    assert theirs in {one.id for one in both.coupons}


async def test_newcomers_and_uses_are_read_only_where_an_offer_asks_for_them(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    veteran = await a_customer(database, shop.merchant)
    order = await bought(database, shop, veteran)
    await pay(database, shop, order)
    await an_offer(database, shop, OFF, name="不问")
    async with database.begin(shop.merchant) as uow:
        nobody_asks = await shelf_of(uow, shop, [buyer, veteran])

    first = await an_offer(database, shop, FirstOrder(200), name="首单", stacking="stack")
    new = await bought(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant) as uow:
        asked = await shelf_of(uow, shop, [buyer, veteran])

    assert (nobody_asks.newcomers, nobody_asks.used) == (frozenset(), ())
    assert asked.newcomers == {buyer}
    assert new.total == 1_290 - 300 - 200
    assert asked.used == (offers.Used(buyer, first, 1, 1),)
    # The second order, before the first is paid, is not the first any more.
    assert (await bought(database, shop, buyer, apples=1)).total == 990


async def test_offers_of_one_merchant_are_nobody_else_s(
    database: Database, database_url: str, shop: Shop, buyer: UUID
) -> None:
    other_shop = await a_shop(
        database, await merchants.create(database_url, slug=f"o{ids.new().hex}", name="别家")
    )
    offer_id = await an_offer(database, other_shop, OFF)
    await an_offer(database, other_shop, Coupon(CouponAmount(100)))

    async with database.begin(shop.merchant) as uow:
        assert await offers.load(uow, [buyer], [shop.apple, other_shop.apple]) == offers.Shelf()
    assert (await bought(database, shop, buyer)).total == 2_580
    assert await counter(database, other_shop, offer_id) == (0, 0)


async def test_an_order_takes_its_offers_and_a_closed_one_gives_them_back(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    threshold = await an_offer(database, shop, OFF, name="满减")
    template = await an_offer(database, shop, Coupon(CouponAmount(200)), name="券")
    coupon_id = await a_coupon(database, shop, template, buyer, hours=72)

    order = await bought(database, shop, buyer)
    async with database.begin(shop.merchant) as uow:
        found = await orders.find(uow, order.id)

    assert order.total == 2_580 - 300 - 200
    assert [(step.code, step.amount, step.rule_id) for step in found.lines[0].build_up] == [
        ("amount_off", -300, threshold),
        ("coupon", -200, template),
    ]
    assert await uses(database, shop, order.id) == [Row(200, 1, "held"), Row(300, 1, "held")]
    assert await counter(database, shop, threshold) == (300, 1)
    assert await coupon(database, shop, coupon_id) == ("locked", order.id, 72.0)

    await closed(database, shop, order.id)
    async with database.begin(shop.merchant) as uow:
        uow.publish(OrderClosed(order.id, "again"))
    await listened(database, shop)

    assert await uses(database, shop, order.id) == [Row(200, 1, "returned"), Row(300, 1, "returned")]
    assert await counter(database, shop, threshold) == (0, 0)
    assert await counter(database, shop, template) == (0, 0)
    assert await coupon(database, shop, coupon_id) == ("issued", None, 72.0)


async def test_what_is_not_covered_fails_as_a_whole_and_writes_nothing(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    order = await bought(database, shop, buyer, apples=1)
    offer_id = await an_offer(database, shop, OFF, budget=100)
    template = await an_offer(database, shop, Coupon(CouponAmount(200)))
    theirs = await a_coupon(database, shop, template, await a_customer(database, shop.merchant))

    for use in (Use(offer_id, 101), Use(template, 200, theirs), Use(template, 200, ids.new())):
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            async with database.begin(shop.merchant) as uow:
                await offers.take(uow, [Taken(order.id, buyer, (use,))])
        assert isinstance(refusal_of(refused.value), CannotBeStored)

    assert await uses(database, shop, order.id) == []
    assert await counter(database, shop, offer_id) == (0, 0)
    assert (await coupon(database, shop, theirs))[:2] == ("issued", None)


async def test_a_named_coupon_of_somebody_else_is_refused_and_stays_theirs(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    template = await an_offer(database, shop, Coupon(CouponAmount(200)))
    theirs = await a_coupon(database, shop, template, await a_customer(database, shop.merchant))

    with pytest.raises(Invalid) as refused:
        await bought(database, shop, buyer, apples=1, coupon_ids=(theirs,))

    assert refused.value.field == "coupon_ids[0]"
    assert (await coupon(database, shop, theirs))[:2] == ("issued", None)


async def test_a_day_s_limit_begins_at_the_merchant_s_midnight(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    offer_id = await an_offer(database, shop, OFF, per_person_day=1)
    await bought(database, shop, buyer, apples=1)
    assert (await bought(database, shop, buyer, apples=1)).total == 1_290
    async with database.begin(shop.merchant) as uow:
        midnight = offers.midnight(uow.merchant, uow.now)
        await uow.run(
            "update offer_uses set at = %(at)s where merchant_id = %(merchant_id)s and offer_id = %(offer)s",
            at=midnight - timedelta(microseconds=1),
            offer=offer_id,
        )

    assert (midnight.hour, str(midnight.tzinfo)) == (0, "Asia/Shanghai")
    assert (await bought(database, shop, buyer, apples=1)).total == 990


async def test_a_margin_floor_reads_what_the_supplier_asks(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    await an_offer(database, shop, PercentOff((Reached(1, 5_000),)), floor_margin=1_000)
    async with database.begin(shop.merchant) as uow:
        supplier = ids.new()
        await uow.run(
            """
            insert into suppliers (merchant_id, id, name, settlement, created_at, updated_at)
            values (%(merchant_id)s, %(id)s, '果园', 'weekly', %(now)s, %(now)s)
            """,
            id=supplier,
        )
        await uow.run(
            """
            insert into supplier_items (merchant_id, supplier_id, sku_id, supply_price, updated_at)
            values (%(merchant_id)s, %(supplier)s, %(sku)s, 1000, %(now)s)
            """,
            supplier=supplier,
            sku=shop.apple,
        )
        shelf = await shelf_of(uow, shop, [buyer])

    assert shelf.costs == {shop.apple: 1_000}
    assert (await bought(database, shop, buyer, apples=1)).total == 1_100
    assert (await bought(database, shop, buyer, apples=0, milk=1)).total == 340


async def test_an_audience_of_newcomers_is_known_from_paid_orders(
    database: Database, shop: Shop, buyer: UUID
) -> None:
    await an_offer(database, shop, OFF, audience=Audience(newcomers=True))
    first = await bought(database, shop, buyer, apples=1)
    await pay(database, shop, first)

    async with database.begin(shop.merchant) as uow:
        quoted = await orders.quote(
            uow,
            orders.QuoteAsk((orders.WantedLine(shop.apple, 1),), store_id=shop.store_id, customer_id=buyer),
        )

    assert first.total == 990
    assert quoted.total == 1_290
    assert [(one.why, isinstance(one, pricing.Passed)) for one in quoted.passed] == [
        ("仅限新客 / for newcomers only", True)
    ]
