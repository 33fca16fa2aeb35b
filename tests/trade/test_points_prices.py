"""Goods for points and money: points are spent with the order, come back with it, and by the unit."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, an_order, stock_of, word_of_payment
from siyu.goods import offers
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError, Invalid
from siyu.people import points
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import orders, payments, pointsprices


@pytest.fixture(autouse=True)
def _activity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(orders.ACTIVITIES, "points", pointsprices.ACTIVITY)


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def an_offer(
    database: Database,
    shop: Shop,
    *,
    state: str = "active",
    audience: offers.Audience | None = None,
    uses_max: int | None = None,
    per_person: int | None = None,
    ends_days: int | None = None,
) -> UUID:
    """Apples for 500 points and 1.00, milk for 30 points and one fen."""
    rule = offers.PointsPrice({shop.apple: (500, 100), shop.milk: (30, 1)})
    offer_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            insert into offers (merchant_id, id, name, kind, rule, audience, state, uses_max, per_person, ends_at,
                                created_at, updated_at)
            values (%(merchant_id)s, %(id)s, '换购季', 'points', %(rule)s::jsonb, %(audience)s::jsonb, %(state)s,
                    %(uses)s, %(person)s, %(ends)s, %(now)s, %(now)s)
            """,
            id=offer_id,
            rule=msgspec.json.encode(rule).decode(),
            audience=msgspec.json.encode(audience or offers.Audience()).decode(),
            state=state,
            uses=uses_max,
            person=per_person,
            ends=uow.now + timedelta(days=ends_days) if ends_days else None,
        )
        await uow.run(
            "insert into offer_counters (merchant_id, offer_id) values (%(merchant_id)s, %(id)s)", id=offer_id
        )
    return offer_id


async def with_points(database: Database, shop: Shop, count: int) -> UUID:
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, count, "开业礼")
    return customer


async def buys(
    database: Database, shop: Shop, customer: UUID, offer_id: UUID, *, total: int, **wanted: int
) -> orders.PlacedOrder:
    wish = an_order(shop, customer, **wanted)
    wish = msgspec.structs.replace(wish, claim=orders.Claim("points", offer_id), expected_total=total)
    return await orders.place(database, shop.merchant, wish, pay_minutes=30)


async def pays(database: Database, shop: Shop, order: orders.PlacedOrder) -> None:
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        await payments.settle(uow, [word_of_payment(number, order.total)])


async def work(database: Database, shop: Shop) -> None:
    for consumer in [*points.CONSUMERS, *pointsprices.CONSUMERS, *offers.CONSUMERS]:
        while await digest(database, shop.merchant, consumer):
            pass


async def balance(database: Database, shop: Shop, customer: UUID) -> int:
    async with database.begin(shop.merchant) as uow:
        assert await points.wrong_accounts(uow) == []
        told = await points.statement(uow, customer)
    return told.balance - told.debt


async def uses(database: Database, shop: Shop) -> int:
    async with database.begin(shop.merchant) as uow:
        return await uow.one(int, "select uses from offer_counters where merchant_id = %(merchant_id)s")


async def refund(database: Database, shop: Shop, order: orders.PlacedOrder, line: int, units: int) -> None:
    async with database.begin(shop.merchant) as uow:
        await payments.request_refund(
            uow, payments.RequestRefund(ids.new(), order.id, ((line, units),), "退货")
        )


async def test_an_order_for_points_spends_them_and_keeps_how_its_price_came(
    database: Database, shop: Shop
) -> None:
    customer = await with_points(database, shop, 1_200)
    offer_id = await an_offer(database, shop)

    order = await buys(database, shop, customer, offer_id, total=200, apples=2)

    assert order.total == 200
    assert await balance(database, shop, customer) == 200
    async with database.begin(shop.merchant) as uow:
        kept = await orders.find(uow, order.id)
    (step,) = kept.lines[0].build_up
    assert (step.code, step.amount, step.rule_id) == ("points", 200 - 2 * 1_290, offer_id)
    assert "共 1000 积分" in step.name
    assert await uses(database, shop) == 1


async def test_who_is_short_is_told_by_how_much_and_nothing_happens(database: Database, shop: Shop) -> None:
    customer = await with_points(database, shop, 499)
    offer_id = await an_offer(database, shop)

    with pytest.raises(points.NotEnough) as refusal:
        await buys(database, shop, customer, offer_id, total=100, apples=1)

    assert refusal.value.facts == {"missing": 1}
    assert await balance(database, shop, customer) == 499
    assert await stock_of(database, shop, shop.apple) == (100, 0)
    assert await uses(database, shop) == 0


async def test_an_order_refused_for_its_stock_keeps_its_points(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=1)
    customer = await with_points(database, shop, 5_000)
    offer_id = await an_offer(database, shop)

    with pytest.raises(DomainError):
        await buys(database, shop, customer, offer_id, total=200, apples=2)

    assert await balance(database, shop, customer) == 5_000
    assert await uses(database, shop) == 0


async def test_a_second_submit_spends_nothing_more(database: Database, shop: Shop) -> None:
    customer = await with_points(database, shop, 1_200)
    offer_id = await an_offer(database, shop)
    wish = msgspec.structs.replace(
        an_order(shop, customer, apples=1), claim=orders.Claim("points", offer_id), expected_total=100
    )

    first = await orders.place(database, shop.merchant, wish, pay_minutes=30)
    second = await orders.place(database, shop.merchant, wish, pay_minutes=30)

    assert (second.id, second.is_replay) == (first.id, True)
    assert await balance(database, shop, customer) == 700


async def test_a_closed_order_gives_its_points_back_once(database: Database, shop: Shop) -> None:
    customer = await with_points(database, shop, 600)
    offer_id = await an_offer(database, shop)
    await buys(database, shop, customer, offer_id, total=100, apples=1)
    clock.move_to(timedelta(hours=1))
    async with database.begin(shop.merchant) as uow:
        assert await orders.close_expired(uow) == 1
    for _ in range(2):
        await work(database, shop)
        async with database.begin(shop.merchant) as uow:
            await uow.run("delete from event_cursors where merchant_id = %(merchant_id)s")

    assert await balance(database, shop, customer) == 600
    assert await uses(database, shop) == 0


async def test_an_order_that_lives_again_by_late_money_spends_its_points_again_or_owes_them(
    database: Database, shop: Shop
) -> None:
    customer = await with_points(database, shop, 600)
    offer_id = await an_offer(database, shop)
    order = await buys(database, shop, customer, offer_id, total=100, apples=1)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
    clock.move_to(timedelta(hours=1))
    async with database.begin(shop.merchant) as uow:
        assert await orders.close(uow, [order.id], "expired") == [order.id]
    await work(database, shop)
    async with database.begin(shop.merchant) as uow:
        await points.move(uow, [points.Move(customer, "spent", ids.new(), -300)])
    async with database.begin(shop.merchant) as uow:
        (outcome,) = await payments.settle(uow, [word_of_payment(number, order.total)])
        state = (await orders.find(uow, order.id)).state
    await work(database, shop)

    assert (str(outcome), state) == (str(payments.Outcome.PAID), "paid")
    assert await balance(database, shop, customer) == 600 - 300 - 500
    assert await uses(database, shop) == 1
    await refund(database, shop, order, 1, 1)
    await work(database, shop)
    assert await balance(database, shop, customer) == 300


async def test_refunded_units_give_back_their_own_points(database: Database, shop: Shop) -> None:
    customer = await with_points(database, shop, 1_600)
    offer_id = await an_offer(database, shop)
    order = await buys(database, shop, customer, offer_id, total=302, apples=3, milk=2)
    await pays(database, shop, order)
    await work(database, shop)
    had = [await balance(database, shop, customer)]
    for line, units in ((1, 1), (2, 2), (1, 2)):
        await refund(database, shop, order, line, units)
        await work(database, shop)
        had.append(await balance(database, shop, customer))

    assert had == [40, 540, 600, 1_600]


@pytest.mark.parametrize("state", ["draft", "paused", "ended"])
async def test_an_offer_that_is_not_live_is_refused(database: Database, shop: Shop, state: str) -> None:
    customer = await with_points(database, shop, 600)
    offer_id = await an_offer(database, shop, state=state)

    with pytest.raises(pointsprices.NotOffered):
        await buys(database, shop, customer, offer_id, total=100, apples=1)

    assert await balance(database, shop, customer) == 600


async def test_an_offer_ends_on_its_day(database: Database, shop: Shop) -> None:
    customer = await with_points(database, shop, 600)
    offer_id = await an_offer(database, shop, ends_days=2)
    clock.move_to(timedelta(days=2))

    with pytest.raises(pointsprices.NotOffered):
        await buys(database, shop, customer, offer_id, total=100, apples=1)


async def test_a_person_uses_an_offer_only_as_often_as_it_says(database: Database, shop: Shop) -> None:
    customer = await with_points(database, shop, 2_000)
    offer_id = await an_offer(database, shop, per_person=1)
    await buys(database, shop, customer, offer_id, total=100, apples=1)

    with pytest.raises(pointsprices.LimitReached):
        await buys(database, shop, customer, offer_id, total=100, apples=1)

    assert await balance(database, shop, customer) == 1_500


async def test_an_offer_for_a_level_is_not_for_others(database: Database, shop: Shop) -> None:
    customer = await with_points(database, shop, 2_000)
    offer_id = await an_offer(database, shop, audience=offers.Audience(levels=("金卡",)))

    with pytest.raises(pointsprices.NotOffered):
        await buys(database, shop, customer, offer_id, total=100, apples=1)


async def test_goods_that_are_not_in_the_offer_are_refused(database: Database, shop: Shop, new_shop) -> None:
    customer = await with_points(database, shop, 2_000)
    other = await a_shop(database, await new_shop())
    offer_id = await an_offer(database, shop)
    foreign = await an_offer(database, other)
    wish = msgspec.structs.replace(
        an_order(shop, customer, apples=1),
        claim=orders.Claim("points", offer_id),
        lines=(orders.WantedLine(other.apple, 1),),
    )

    with pytest.raises(Invalid):
        await orders.place(database, shop.merchant, wish, pay_minutes=30)
    with pytest.raises(pointsprices.NotOffered):
        await buys(database, shop, customer, foreign, total=100, apples=1)

    assert await balance(database, shop, customer) == 2_000


async def test_entries_show_what_is_to_be_had_now(database: Database, shop: Shop) -> None:
    offer_id = await an_offer(database, shop)
    await an_offer(database, shop, state="paused")
    async with database.begin(shop.merchant) as uow:
        found = await pointsprices.entries(uow, None)

    assert sorted((one.offer_id, one.price, one.marked, one.note) for one in found) == [
        (offer_id, 1, 680, "30 积分 + 现金 / 30 points and money"),
        (offer_id, 100, 1_290, "500 积分 + 现金 / 500 points and money"),
    ]
    assert {one.href for one in found} == {f"/shop/{shop.merchant.slug}/points"}
