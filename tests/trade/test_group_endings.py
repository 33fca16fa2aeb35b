"""How groups end: complete, too few, too late, left – and what becomes of everybody's money."""

from datetime import timedelta

import msgspec
import pytest

from factories import a_customer, state_of, stock_of, word_of_payment
from siyu.goods.offers import GroupBuy, GroupTier
from siyu.kernel import clock, ids
from siyu.runtime.db import Database, Merchant
from siyu.trade import groupbuys, orders, payments
from trade.group_shop import (
    Market,
    a_market,
    an_offer,
    balances,
    buy,
    group_of,
    held_for,
    later,
    listen,
    money_returned,
    number_of,
    opened,
    pay,
    seat_state,
    sweep,
    told,
)


@pytest.fixture
async def market(database: Database, merchant: Merchant) -> Market:
    return await a_market(database, merchant)


async def somebody(market: Market):
    return await a_customer(market.database, market.merchant)


async def test_a_group_that_fails_returns_everybodys_money_before_it_says_so(
    database: Database, merchant: Merchant
) -> None:
    market = await a_market(database, merchant, size=3)
    group, first = await opened(market)
    second = await buy(market, await somebody(market), group.id, apples=2)
    await pay(market, second)

    await later(market, hours=24, seconds=1)
    on_the_way = await group_of(market, first.id)
    assert (on_the_way.state, await seat_state(market, first.id)) == ("refunding", "refunding")
    assert await balances(market) == {"gateway:wxpay": 2_970, "refunds_due": 2_970}
    await sweep(market)
    assert (await group_of(market, first.id)).state == "refunding"

    await money_returned(market)

    failed = await group_of(market, first.id)
    assert (failed.state, failed.held, failed.paid) == ("failed", 0, 0)
    assert [await seat_state(market, order.id) for order in (first, second)] == ["refunded", "refunded"]
    assert [await state_of(database, market.shop, o.id) for o in (first, second)] == ["refunded", "refunded"]
    assert await balances(market) == {}
    assert await stock_of(database, market.shop, market.shop.apple) == (100, 0)


async def test_the_group_ends_at_its_hour_and_not_before(market: Market) -> None:
    group, order = await opened(market)

    clock.move_to(timedelta(hours=23, minutes=59, seconds=50))
    await sweep(market)
    before = (await group_of(market, order.id)).state
    clock.move_to(timedelta(hours=24, seconds=1))
    await sweep(market)

    assert (before, (await group_of(market, order.id)).state) == ("open", "refunding")
    assert group.expires_at - group.created_at == timedelta(hours=24)


async def test_the_openly_shown_smaller_size_is_enough_from_its_hour_on(
    database: Database, merchant: Merchant
) -> None:
    market = await a_market(database, merchant, size=3, least_size=2, least_hours=20)
    group, first = await opened(market)
    second = await buy(market, await somebody(market), group.id)
    await pay(market, second)

    await later(market, hours=19, minutes=59)
    before = await group_of(market, first.id)
    await later(market, minutes=2)
    after = await group_of(market, first.id)

    assert (before.state, after.state, after.paid) == ("open", "succeeded", 2)
    assert await held_for(market, second.id) == ""


async def test_a_member_who_leaves_frees_the_seat_and_the_deadline_stays(market: Market) -> None:
    group, first = await opened(market)
    assert group.opener_id is not None

    async with market.database.begin(market.merchant) as uow:
        left = await groupbuys.leave(uow, group.id, group.opener_id)
    await listen(market)

    assert left == first.id
    assert await seat_state(market, first.id) == "withdrawn"
    assert await state_of(market.database, market.shop, first.id) == "refunded"
    ended = await group_of(market, first.id)
    assert (ended.state, ended.expires_at) == ("failed", group.expires_at)
    await money_returned(market)
    assert await balances(market) == {}


async def test_after_the_leader_the_earliest_paid_member_leads(
    database: Database, merchant: Merchant
) -> None:
    market = await a_market(database, merchant, size=4)
    group, first = await opened(market)
    early, late = await somebody(market), await somebody(market)
    later_order = await buy(market, late, group.id)
    early_order = await buy(market, early, group.id)
    await pay(market, early_order)
    await pay(market, later_order)
    assert group.opener_id is not None

    async with database.begin(merchant) as uow:
        await groupbuys.leave(uow, group.id, group.opener_id)
    async with database.begin(merchant) as uow:
        same = await groupbuys.leave(uow, group.id, group.opener_id)
    await listen(market)

    now = await group_of(market, early_order.id)
    assert (now.state, now.paid, now.leader_id, now.expires_at) == ("open", 2, early, group.expires_at)
    assert same == first.id
    fresh, _ = await opened(market, group.opener_id)
    assert fresh.id != group.id


async def test_an_after_sale_before_success_is_leaving_too(market: Market) -> None:
    group, first = await opened(market)
    async with market.database.begin(market.merchant) as uow:
        await payments.request_refund(
            uow, payments.RequestRefund(id=ids.new(), order_id=first.id, lines=((1, 1),), reason="不想要了")
        )
    await listen(market)

    assert await seat_state(market, first.id) == "withdrawn"
    with pytest.raises(groupbuys.GroupEnded):
        await buy(market, await somebody(market), group.id)


async def test_a_refund_after_success_leaves_the_group_as_it_is(market: Market) -> None:
    group, first = await opened(market)
    second = await buy(market, await somebody(market), group.id)
    await pay(market, second)

    async with market.database.begin(market.merchant) as uow:
        await payments.request_refund(
            uow, payments.RequestRefund(id=ids.new(), order_id=second.id, lines=((1, 1),), reason="不想要了")
        )
    await listen(market)

    after = await group_of(market, first.id)
    assert (after.state, after.paid) == ("succeeded", 2)
    assert (await seat_state(market, second.id), await seat_state(market, first.id)) == ("withdrawn", "paid")
    assert group.opener_id is not None
    async with market.database.begin(market.merchant) as uow:
        with pytest.raises(groupbuys.OverBySuccess):
            await groupbuys.leave(uow, group.id, group.opener_id)
    assert await state_of(market.database, market.shop, first.id) == "paid"


async def late_payer(market: Market, group: groupbuys.Group):
    """Somebody whose hold has lapsed while their money was on its way: the order, and the gateway's word."""
    order = await buy(market, await somebody(market), group.id)
    number = await number_of(market, order.id)
    async with market.database.begin(market.merchant) as uow:
        await orders.close(uow, [order.id], "expired")
    await listen(market)
    return order, word_of_payment(number, order.total)


async def test_money_that_comes_late_still_gets_the_seat_when_it_is_free(market: Market) -> None:
    group, _ = await opened(market)
    order, word = await late_payer(market, group)

    await told(market, word)
    await told(market, word)

    assert (await group_of(market, order.id)).state == "succeeded"
    assert await seat_state(market, order.id) == "paid"


async def test_money_that_comes_late_for_a_full_group_opens_another_one(market: Market) -> None:
    group, first = await opened(market)
    order, word = await late_payer(market, group)
    await pay(market, await buy(market, await somebody(market), group.id))

    await told(market, word)
    await listen(market)

    own = await group_of(market, order.id)
    assert (own.state, own.paid, own.id != group.id, own.terms) == ("open", 1, True, group.terms)
    assert (await group_of(market, first.id)).paid == 2
    assert await held_for(market, order.id) == "group"
    joiner = await buy(market, await somebody(market), own.id)
    await pay(market, joiner)
    assert await held_for(market, order.id) == ""


async def test_money_that_comes_late_goes_back_when_no_group_can_be_opened(market: Market) -> None:
    group, first = await opened(market)
    order, word = await late_payer(market, group)
    await pay(market, await buy(market, await somebody(market), group.id))
    async with market.database.begin(market.merchant) as uow:
        await uow.run(
            "update offers set state = 'ended' where merchant_id = %(merchant_id)s and id = %(id)s",
            id=market.offer_id,
        )

    await told(market, word)
    assert (await seat_state(market, order.id), (await group_of(market, first.id)).paid) == ("refunding", 2)
    await money_returned(market)

    assert await seat_state(market, order.id) == "refunded"
    assert await state_of(market.database, market.shop, order.id) == "refunded"
    assert (await group_of(market, first.id)).state == "succeeded"
    assert await balances(market) == {"gateway:wxpay": 1_980, "sales": 1_980}


async def test_a_payment_under_way_at_the_deadline_is_waited_for(market: Market) -> None:
    group, _ = await opened(market)
    clock.move_to(timedelta(hours=23, minutes=55))
    order = await buy(market, await somebody(market), group.id)
    number = await number_of(market, order.id)

    clock.move_to(timedelta(hours=24, seconds=20))
    await sweep(market)
    waiting = await group_of(market, order.id)
    await told(market, word_of_payment(number, order.total))

    assert waiting.state in {"open", "full"}
    assert (await group_of(market, order.id)).state == "succeeded"


async def test_tiers_give_the_difference_back_to_everybody_when_the_group_ends(
    database: Database, merchant: Merchant
) -> None:
    market = await a_market(database, merchant)
    rule = GroupBuy(
        prices={market.shop.apple: 990}, size=2, tiers=(GroupTier(size=3, prices={market.shop.apple: 900}),)
    )
    market = msgspec.structs.replace(market, offer_id=await an_offer(database, merchant, rule))
    group, first = await opened(market)
    second = await buy(market, await somebody(market), group.id, apples=2)
    await pay(market, second)
    at_two = await group_of(market, first.id)
    third = await buy(market, await somebody(market), group.id)
    await pay(market, third)

    done = await group_of(market, first.id)
    assert (at_two.state, done.state) == ("open", "succeeded")
    async with database.begin(merchant) as uow:
        back = [(await orders.find(uow, o.id)).refunded for o in (first, second, third)]
    assert back == [90, 180, 90]
    await money_returned(market)
    assert await balances(market) == {"gateway:wxpay": 3_960 - 360, "sales": 3_960 - 360}
