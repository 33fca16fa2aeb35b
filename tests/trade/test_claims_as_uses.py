"""Claims of activities are uses of their offers: counted, limited and given back like those of price offers."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, an_order
from goods.offer_shop import Row, an_offer, closed, counter, uses
from siyu.goods import offers
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError
from siyu.people import points
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import flashsales, groupbuys, orders, pointsprices, presales
from trade import flash_shop, group_shop

KINDS = (flashsales.ACTIVITY, groupbuys.ACTIVITY, presales.ACTIVITY, pointsprices.ACTIVITY)
PLAIN, IN_GROUP, OFF = 1_290, 990, 300


@pytest.fixture
async def shop(database: Database, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for activity in KINDS:
        monkeypatch.setitem(orders.ACTIVITIES, activity.kind, activity)
    return await a_shop(database, merchant, stock=100)


def a_group(shop: Shop) -> offers.GroupBuy:
    return offers.GroupBuy(prices={shop.apple: IN_GROUP}, size=2)


async def buy(
    database: Database,
    shop: Shop,
    kind: str,
    claim_id: UUID,
    customer: UUID,
    *,
    total: int = IN_GROUP,
    **more: object,
) -> orders.PlacedOrder:
    wish = an_order(shop, customer, apples=1, key=str(ids.new()), claim=orders.Claim(kind, claim_id))
    wish = msgspec.structs.replace(wish, expected_total=total, **more)
    return await orders.place(database, shop.merchant, wish, pay_minutes=30)


async def digested(database: Database, shop: Shop) -> None:
    while await digest(database, shop.merchant, offers.CONSUMERS[0]):
        pass


async def orders_there(database: Database, shop: Shop) -> int:
    async with database.begin(shop.merchant) as uow:
        return await uow.one(int, "select count(*) from orders where merchant_id = %(merchant_id)s")


def refused(answers: Sequence[object]) -> list[type]:
    return [type(one) for one in answers if isinstance(one, BaseException)]


async def test_a_seat_in_a_group_is_a_use_that_gave_the_difference_away(database, shop):
    offer = await an_offer(database, shop, a_group(shop))

    order = await buy(database, shop, "group", offer, await a_customer(database, shop.merchant))

    assert await uses(database, shop, order.id) == [Row(OFF, 1, "held")]
    assert await counter(database, shop, offer) == (OFF, 1)


async def test_an_order_closed_unpaid_gives_its_use_back_once(database, shop):
    offer = await an_offer(database, shop, a_group(shop))
    order = await buy(database, shop, "group", offer, await a_customer(database, shop.merchant))

    await closed(database, shop, order.id)
    async with database.begin(shop.merchant) as uow:
        await offers.give_back(uow, [order.id])

    assert await uses(database, shop, order.id) == [Row(OFF, 1, "returned")]
    assert await counter(database, shop, offer) == (0, 0)


async def test_a_group_that_failed_has_given_nothing_away(database, merchant):
    market = await group_shop.a_market(database, merchant)
    order = await group_shop.buy(market, await a_customer(database, merchant))
    await group_shop.pay(market, order)
    await group_shop.later(market)
    paid = await uses(database, market.shop, order.id)

    await group_shop.later(market, hours=25)
    await group_shop.money_returned(market)
    await group_shop.listen(market)

    assert paid == [Row(OFF, 1, "used")]
    assert await uses(database, market.shop, order.id) == [Row(OFF, 1, "returned")]
    assert await counter(database, market.shop, market.offer_id) == (0, 0)


async def test_pieces_of_a_flash_sale_count_with_all_that_they_gave_away(database, merchant):
    sale = await flash_shop.a_sale(database, merchant, per_person=2)
    customer = await a_customer(database, merchant)

    order = await flash_shop.buy(sale, customer, apples=2)

    assert await uses(database, sale.shop, order.id) == [Row(2 * (PLAIN - flash_shop.PRICE), 1, "held")]
    assert await counter(database, sale.shop, sale.offer_id) == (2 * (PLAIN - flash_shop.PRICE), 1)
    await flash_shop.later(sale, minutes=6)
    await digested(database, sale.shop)
    assert await counter(database, sale.shop, sale.offer_id) == (0, 0)


async def test_points_presales_and_their_limits_are_counted_the_same_way(database, shop):
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, 600, "开业礼")
    now = clock.now()
    sold_ahead = offers.Presale(
        {shop.apple: 1_200},
        200,
        300,
        now + timedelta(days=3),
        now + timedelta(days=5),
        now + timedelta(days=8),
    )
    deal = await an_offer(database, shop, offers.PointsPrice({shop.apple: (500, 100)}))
    presale = await an_offer(database, shop, sold_ahead)

    await buy(database, shop, "points", deal, customer, total=100)
    await buy(database, shop, "presale", presale, customer, total=1_100)

    assert await counter(database, shop, deal) == (PLAIN - 100, 1)
    assert await counter(database, shop, presale) == (PLAIN - 1_100, 1)


async def test_the_last_fen_of_a_budget_goes_to_one_of_many_who_want_it_at_once(database, shop):
    offer = await an_offer(database, shop, a_group(shop), budget=3 * OFF)
    people = [await a_customer(database, shop.merchant) for _ in range(8)]

    answers = await asyncio.gather(
        *(buy(database, shop, "group", offer, person) for person in people), return_exceptions=True
    )

    assert refused(answers) == [offers.UsedUp] * 5
    assert await counter(database, shop, offer) == (3 * OFF, 3)
    assert await orders_there(database, shop) == 3
    async with database.begin(shop.merchant) as uow:
        seats = await uow.one(int, "select count(*) from group_seats where merchant_id = %(merchant_id)s")
    assert seats == 3


async def test_units_of_work_of_several_processes_do_not_overrun_a_budget(database, shop):
    offer = await an_offer(database, shop, a_group(shop), budget=OFF)
    people = [await a_customer(database, shop.merchant) for _ in range(6)]

    async def alone(number: int, person: UUID) -> object:
        wish = an_order(shop, person, apples=1, key=str(ids.new()), claim=orders.Claim("group", offer))
        wish = msgspec.structs.replace(wish, expected_total=IN_GROUP)
        (answer,) = await database.attempt(
            shop.merchant, lambda uow: orders.place_many(uow, [wish], [number], pay_minutes=30)
        )
        return answer

    answers = await asyncio.gather(*(alone(900 + i, person) for i, person in enumerate(people)))

    assert refused(answers) == [offers.UsedUp] * 5
    assert await counter(database, shop, offer) == (OFF, 1)
    assert await orders_there(database, shop) == 1


async def test_one_person_uses_an_activity_only_as_often_as_it_allows_a_day(database, shop):
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, 3_000, "开业礼")
    deal = await an_offer(database, shop, offers.PointsPrice({shop.apple: (500, 100)}), per_person_day=1)
    await buy(database, shop, "points", deal, customer, total=100)

    with pytest.raises(DomainError) as no:
        await buy(database, shop, "points", deal, customer, total=100)
    clock.move_to(timedelta(days=1))
    await buy(database, shop, "points", deal, customer, total=100)

    assert isinstance(no.value, offers.UsedEnough | pointsprices.LimitReached)
    assert await counter(database, shop, deal) == (2 * (PLAIN - 100), 2)


ELSEWHERE = offers.Audience(door_ids=(ids.new(),))


@pytest.mark.parametrize(
    ("audience", "why"),
    [
        (offers.Audience(levels=("金卡",)), "仅限会员（金卡）"),
        (offers.Audience(channels=("desk",)), "只用于其他渠道"),
        (ELSEWHERE, "仅限从指定入口来的顾客"),
    ],
)
@pytest.mark.parametrize("kind", ["points", "presale", "group"])
async def test_an_activity_is_only_for_its_audience_and_says_why(database, shop, kind, audience, why):
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, 600, "开业礼")
    now = clock.now()
    rules = {
        "group": a_group(shop),
        "points": offers.PointsPrice({shop.apple: (500, IN_GROUP)}),
        "presale": offers.Presale(
            {shop.apple: IN_GROUP},
            100,
            100,
            now + timedelta(days=3),
            now + timedelta(days=5),
            now + timedelta(days=8),
        ),
    }
    offer = await an_offer(database, shop, rules[kind], audience=audience)

    with pytest.raises(DomainError) as no:
        await buy(database, shop, kind, offer, customer)
    async with database.begin(shop.merchant) as uow:
        told = await orders.not_for(uow, [offer], customer)
        balance = (await points.statement(uow, customer)).balance

    assert no.value.status in {403, 409, 422}
    if audience is ELSEWHERE:
        assert no.value.code == "offers.not_for_buyer"
        assert no.value.facts["why"].startswith(why)
    assert told[offer].startswith(why)
    assert balance == 600
    assert await counter(database, shop, offer) == (0, 0)
    assert await orders_there(database, shop) == 0


async def test_a_friend_joins_a_group_whose_audience_they_are_not(database, merchant):
    market = await group_shop.a_market(database, merchant)
    owner, friend = [await a_customer(database, merchant) for _ in range(2)]
    first = await group_shop.buy(market, owner)
    await group_shop.pay(market, first)
    await group_shop.later(market)
    async with database.begin(merchant) as uow:
        await uow.run(
            'update offers set audience = \'{"levels": ["金卡"]}\' where merchant_id = %(merchant_id)s and id = %(id)s',
            id=market.offer_id,
        )

    group = await group_shop.group_of(market, first.id)
    joined = await group_shop.buy(market, friend, group.id)

    assert await group_shop.seat_state(market, joined.id) == "held"


async def test_the_quote_refuses_who_the_activity_is_not_for(database, shop):
    customer = await a_customer(database, shop.merchant)
    offer = await an_offer(database, shop, a_group(shop), audience=ELSEWHERE)
    ask = orders.QuoteAsk(
        customer_id=customer, store_id=None, lines=(orders.WantedLine(shop.apple, 1),), channel="shop",
        claim=orders.Claim("group", offer),
    )  # fmt: skip

    async with database.begin(shop.merchant) as uow:
        with pytest.raises(offers.NotForBuyer) as no:
            await orders.quote(uow, ask)
        stranger = await orders.quote(uow, msgspec.structs.replace(ask, customer_id=None))

    assert no.value.field == "claim"
    assert stranger.goods_total == IN_GROUP
