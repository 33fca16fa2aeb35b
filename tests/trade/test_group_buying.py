"""Group buying: opening, joining, success, leaving, failing – and what becomes of everybody's money."""

from datetime import timedelta

import msgspec
import pytest

from factories import a_customer, state_of, stock_of
from siyu.goods.offers import GroupBuy
from siyu.kernel import clock
from siyu.runtime.db import Database, Merchant
from siyu.trade import groupbuys, orders
from trade.group_shop import (
    Market,
    a_market,
    an_offer,
    balances,
    buy,
    group_of,
    held_for,
    later,
    opened,
    pay,
    seat_state,
)


@pytest.fixture
async def market(database: Database, merchant: Merchant) -> Market:
    return await a_market(database, merchant)


async def somebody(market: Market):
    return await a_customer(market.database, market.merchant)


async def orders_there(market: Market) -> int:
    async with market.database.begin(market.merchant) as uow:
        return await uow.one(int, "select count(*) from orders where merchant_id = %(merchant_id)s")


async def test_two_people_make_a_group_and_their_goods_may_leave(market: Market) -> None:
    group, first = await opened(market)
    assert (group.state, group.paid, group.missing, await held_for(market, first.id)) == (
        "open",
        1,
        1,
        "group",
    )
    assert first.total == 990

    second = await buy(market, await somebody(market), group.id)
    full = await group_of(market, second.id)
    assert (full.state, full.held, full.paid) == ("full", 1, 1)
    await pay(market, second)

    done = await group_of(market, first.id)
    assert (done.id, done.state, done.paid, done.leader_id) == (group.id, "succeeded", 2, group.opener_id)
    assert [await held_for(market, order.id) for order in (first, second)] == ["", ""]
    assert await balances(market) == {"gateway:wxpay": 1_980, "sales": 1_980}


async def test_goods_of_an_unfinished_group_do_not_leave(market: Market) -> None:
    _, order = await opened(market)

    async with market.database.begin(market.merchant) as uow:
        with pytest.raises(orders.WrongState):
            await orders.hand_over(uow, [order.id])

    assert await stock_of(market.database, market.shop, market.shop.apple) == (100, 1)
    assert await state_of(market.database, market.shop, order.id) == "paid"


async def test_nobody_joins_a_group_whose_opener_has_not_paid(market: Market) -> None:
    order = await buy(market, await somebody(market))
    group = await group_of(market, order.id)

    with pytest.raises(groupbuys.NotOpenYet):
        await buy(market, await somebody(market), group.id)

    assert await orders_there(market) == 1


async def test_the_price_is_that_of_the_group_when_it_opened(market: Market) -> None:
    group, _ = await opened(market)
    dearer = GroupBuy(prices={market.shop.apple: 1_100}, size=2)
    async with market.database.begin(market.merchant) as uow:
        await uow.run(
            "update offers set rule = %(rule)s::jsonb, version = 2 where merchant_id = %(merchant_id)s and id = %(id)s",
            rule=msgspec.json.encode(dearer).decode(),
            id=market.offer_id,
        )

    joined = await buy(market, await somebody(market), group.id)
    fresh = await buy(market, await somebody(market), price=1_100)

    assert (joined.total, fresh.total) == (990, 1_100)


async def test_the_opener_pays_less_when_the_terms_say_so(database: Database, merchant: Merchant) -> None:
    market = await a_market(database, merchant, leader_off=100)
    group, first = await opened(market, price=890)
    second = await buy(market, await somebody(market), group.id)

    assert (first.total, second.total) == (890, 990)


async def test_a_second_click_holds_one_seat_and_names_the_order_to_pay(market: Market) -> None:
    group, _ = await opened(market)
    joiner = await somebody(market)
    order = await buy(market, joiner, group.id, key="once")

    again = await buy(market, joiner, group.id, key="once")
    with pytest.raises(groupbuys.HoldsSeat) as refused:
        await buy(market, joiner, group.id, key="twice")

    assert (again.id, again.is_replay) == (order.id, True)
    assert (refused.value.facts["number"], refused.value.facts["order_id"]) == (order.number, str(order.id))
    assert (await group_of(market, order.id)).held == 1
    assert await orders_there(market) == 2


async def test_an_unpaid_opener_is_shown_the_order_to_pay_too(market: Market) -> None:
    opener = await somebody(market)
    order = await buy(market, opener)

    with pytest.raises(groupbuys.HoldsSeat) as refused:
        await buy(market, opener)

    assert refused.value.facts["order_id"] == str(order.id)
    assert await orders_there(market) == 1


async def test_one_person_opens_one_group_at_a_time(market: Market) -> None:
    group, order = await opened(market)
    assert group.opener_id is not None

    with pytest.raises(groupbuys.AlreadyMember):
        await buy(market, group.opener_id)
    await pay(market, await buy(market, await somebody(market), group.id))
    next_one, _ = await opened(market, group.opener_id)

    assert (await group_of(market, order.id)).state == "succeeded"
    assert next_one.id != group.id


async def test_who_finds_the_last_seat_gone_is_refused_before_paying_and_told_what_else_there_is(
    market: Market,
) -> None:
    group, _ = await opened(market)
    other, _ = await opened(market)
    await buy(market, await somebody(market), group.id)
    reserved = await stock_of(market.database, market.shop, market.shop.apple)

    with pytest.raises(groupbuys.GroupFull) as refused:
        await buy(market, await somebody(market), group.id)

    assert [(one["group_id"], one["missing"]) for one in refused.value.facts["groups"]] == [
        (str(other.id), 1)
    ]
    assert refused.value.facts["offer_id"] == str(market.offer_id)
    assert (await orders_there(market), await stock_of(market.database, market.shop, market.shop.apple)) == (
        3,
        reserved,
    )


async def test_an_unpaid_seat_is_free_again_after_its_ten_minutes(market: Market) -> None:
    group, _ = await opened(market)
    slow = await buy(market, await somebody(market), group.id)
    assert slow.pay_by - clock.now() <= timedelta(minutes=10)

    await later(market, minutes=11)

    assert await seat_state(market, slow.id) == "lapsed"
    assert (await group_of(market, slow.id)).state == "open"
    quick = await buy(market, await somebody(market), group.id)
    await pay(market, quick)
    assert (await group_of(market, quick.id)).state == "succeeded"


async def test_a_hold_never_outlasts_the_group(market: Market) -> None:
    group, _ = await opened(market)
    clock.move_to(timedelta(hours=23, minutes=56))

    late = await buy(market, await somebody(market), group.id)

    assert late.pay_by <= group.expires_at
    clock.move_to(timedelta(hours=23, minutes=59, seconds=30))
    with pytest.raises(groupbuys.GroupEnded):
        await buy(market, await somebody(market), group.id)


async def test_only_newcomers_join_where_old_ones_bring_new_ones(
    database: Database, merchant: Merchant
) -> None:
    market = await a_market(database, merchant, new_joiners_only=True)
    group, _ = await opened(market)
    other, _ = await opened(market)
    assert other.opener_id is not None

    with pytest.raises(groupbuys.OnlyNewJoiners):
        await buy(market, other.opener_id, group.id)
    joined = await buy(market, await somebody(market), group.id)

    assert await state_of(database, market.shop, joined.id) == "unpaid"


async def test_limits_of_units_and_of_people_hold(database: Database, merchant: Merchant) -> None:
    market = await a_market(database, merchant)
    rule = GroupBuy(prices={market.shop.apple: 990}, size=2)
    market = msgspec.structs.replace(market, offer_id=await an_offer(database, merchant, rule, per_person=1))
    group, first = await opened(market)
    assert group.opener_id is not None
    await pay(market, await buy(market, await somebody(market), group.id))

    with pytest.raises(groupbuys.LimitReached):
        await buy(market, group.opener_id)
    with pytest.raises(groupbuys.TooManyUnits):
        await buy(market, await somebody(market), apples=3)

    assert await orders_there(market) == 2
    assert (await group_of(market, first.id)).state == "succeeded"


async def test_a_refused_order_leaves_no_seat_behind(market: Market) -> None:
    group, first = await opened(market)

    with pytest.raises(orders.PriceRose):
        await buy(market, await somebody(market), group.id, price=900)
    with pytest.raises(orders.PriceRose):
        await buy(market, await somebody(market), price=900)

    after = await group_of(market, first.id)
    assert (after.state, after.held, after.paid) == ("open", 0, 1)
    async with market.database.begin(market.merchant) as uow:
        counts = await uow.one(
            int, "select count(*) from group_buys where merchant_id = %(merchant_id)s and state <> 'lapsed'"
        )
    assert counts == 1


async def test_a_paused_offer_opens_no_groups_and_lets_open_ones_finish(market: Market) -> None:
    group, first = await opened(market)
    async with market.database.begin(market.merchant) as uow:
        await uow.run(
            "update offers set state = 'paused' where merchant_id = %(merchant_id)s and id = %(id)s",
            id=market.offer_id,
        )

    with pytest.raises(groupbuys.NotRunning):
        await buy(market, await somebody(market))
    await pay(market, await buy(market, await somebody(market), group.id))

    assert (await group_of(market, first.id)).state == "succeeded"


async def test_a_group_whose_opener_never_pays_disappears(market: Market) -> None:
    opener = await somebody(market)
    order = await buy(market, opener)

    await later(market, minutes=11)

    assert (await group_of(market, order.id)).state == "lapsed"
    again, _ = await opened(market, opener)
    assert again.state == "open"


async def test_an_offer_with_so_many_places_gives_out_no_more(database: Database, merchant: Merchant) -> None:
    market = await a_market(database, merchant)
    rule = GroupBuy(prices={market.shop.apple: 990}, size=2)
    market = msgspec.structs.replace(market, offer_id=await an_offer(database, merchant, rule, uses_max=2))
    group, first = await opened(market)
    second = await buy(market, await somebody(market), group.id)

    with pytest.raises(groupbuys.UsedUp):
        await buy(market, await somebody(market))
    await later(market, minutes=11)  # the second never pays: the place can be had again
    third = await buy(market, await somebody(market), group.id)

    assert await seat_state(market, second.id) == "lapsed"
    assert await group_of(market, third.id) == await group_of(market, first.id)
    assert await orders_there(market) == 3
