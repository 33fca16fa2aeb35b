"""Messages inside the shop: told once, to the right person, in their language."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop
from goods.coupon_shop import a_template
from siyu.goods import offers
from siyu.kernel import clock, ids
from siyu.people import notices
from siyu.people.notices.reminding import remind
from siyu.people.notices.saying import said
from siyu.people.notices.words import KINDS
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import bargains, groupbuys, orders, presales
from siyu.trade.bargains import telling as bargains_telling
from siyu.trade.groupbuys import telling as groups_telling
from siyu.trade.presales import telling as presales_telling
from trade import bargain_shop, group_shop, presale_shop


@pytest.fixture
async def shop(database: Database, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for activity in (presales.ACTIVITY, bargains.ACTIVITY, groupbuys.ACTIVITY):
        monkeypatch.setitem(orders.ACTIVITIES, activity.kind, activity)
    return await a_shop(database, merchant, stock=50)


async def heard(database: Database, merchant: Merchant, customer: UUID) -> list[str]:
    """The kinds of what somebody was told, the oldest first."""
    async with database.begin(merchant) as uow:
        page = await notices.listing(uow, customer)
    return [one.kind for one in page.items][::-1]


async def test_the_same_thing_is_told_once_whoever_says_it_at_once(database, shop):
    customer, subject = await a_customer(database, shop.merchant), ids.new()
    notice = notices.Notice(customer, "group_done", subject, {"name": "苹果拼团", "id": str(subject)})

    told = await asyncio.gather(
        *(database.attempt(shop.merchant, lambda uow: notices.tell(uow, [notice])) for _ in range(4))
    )

    assert sorted(told) == [0, 0, 0, 1]
    assert await heard(database, shop.merchant, customer) == ["group_done"]


async def test_reading_counts_down_and_touches_nobody_elses(database, shop):
    mine, other = [await a_customer(database, shop.merchant) for _ in range(2)]
    async with database.begin(shop.merchant) as uow:
        both = [notices.Notice(one, "bargain_over", ids.new(), {"name": "苹果砍价"}) for one in (mine, other)]
        await notices.tell(uow, both)
        foreign = (await notices.listing(uow, other)).items[0].id

        assert await notices.mark_read(uow, mine, [foreign]) == 0
        assert await notices.mark_read(uow, mine) == 1
        assert await notices.mark_read(uow, mine) == 0
        assert (await notices.unread(uow, mine), await notices.unread(uow, other)) == (0, 1)


async def test_a_coupon_that_ends_within_two_days_is_announced_once(database, shop):
    customer = await a_customer(database, shop.merchant)
    template = await a_template(database, shop.merchant, name="五元券")
    async with database.begin(shop.merchant) as uow:
        held = await offers.claim(uow, template, customer)
    clock.move_to(held.valid_until - clock.now() - timedelta(hours=47))

    for _ in range(2):
        await database.attempt(shop.merchant, remind)

    async with database.begin(shop.merchant) as uow:
        (told,) = (await notices.listing(uow, customer)).items
    assert (told.kind, told.subject_id) == ("coupon_ends", held.id)
    assert said(told, shop.merchant, "zh-CN").text.startswith("“五元券” ")
    assert said(told, shop.merchant, "en").text.startswith("“五元券” ends 20")


async def test_members_hear_that_one_is_missing_that_it_ends_and_that_it_failed(database, merchant):
    market = await group_shop.a_market(database, merchant, size=3)
    first, second = [await a_customer(database, merchant) for _ in range(2)]
    group, _ = await group_shop.opened(market, first)
    order = await group_shop.buy(market, second, group.id)
    await group_shop.pay(market, order)

    await database.attempt(merchant, groups_telling.tell_due)
    one_left = await heard(database, merchant, first)
    await group_shop.later(market, hours=22, minutes=30)
    await database.attempt(merchant, groups_telling.tell_due)
    ending = await heard(database, merchant, first)
    await group_shop.later(market, hours=2)
    await group_shop.money_returned(market)
    for _ in range(2):
        await database.attempt(merchant, groups_telling.tell_due)

    assert one_left == ["group_last_seat"]
    assert ending == ["group_last_seat", "group_ending"]
    assert await heard(database, merchant, second) == ["group_last_seat", "group_ending", "group_failed"]


async def test_members_of_a_full_group_hear_of_it_and_of_nothing_else(database, merchant):
    market = await group_shop.a_market(database, merchant)
    first, second = [await a_customer(database, merchant) for _ in range(2)]
    group, _ = await group_shop.opened(market, first)
    await group_shop.pay(market, await group_shop.buy(market, second, group.id))

    await database.attempt(merchant, groups_telling.tell_due)

    assert await heard(database, merchant, first) == ["group_done"]
    assert await heard(database, merchant, second) == ["group_done"]


async def test_money_that_goes_back_is_told_with_its_order_once(database, merchant):
    market = await group_shop.a_market(database, merchant)
    customer = await a_customer(database, merchant)
    _, order = await group_shop.opened(market, customer)
    await group_shop.later(market, hours=25)
    await group_shop.money_returned(market)
    for _ in range(2):
        while await digest(database, merchant, notices.CONSUMERS[0]):
            pass
        async with database.begin(merchant) as uow:
            await uow.run("delete from event_cursors where merchant_id = %(merchant_id)s")

    async with database.begin(merchant) as uow:
        told = [one for one in (await notices.listing(uow, customer)).items if one.kind == "refunded"]
    assert [one.facts for one in told] == [{"number": order.number, "amount": 990, "id": str(order.id)}]
    words = said(told[0], merchant, "zh-CN")
    assert words.text == f"订单 {order.number} 退款 ¥9.90，按付款方式原路退回。"
    assert words.href == f"/shop/{merchant.slug}/orders/{order.id}"


async def test_the_balance_of_a_presale_is_announced_when_it_can_be_paid(database, shop):
    order_id, customer, balance_from = await presale_shop.after_deposit(database, shop)
    early = await database.attempt(shop.merchant, presales_telling.tell_due)
    clock.move_to(balance_from - clock.now() + timedelta(minutes=1))

    told = [await database.attempt(shop.merchant, presales_telling.tell_due) for _ in range(2)]

    async with database.begin(shop.merchant) as uow:
        (one,) = (await notices.listing(uow, customer)).items
    assert (early, told) == (0, [1, 0])
    assert (one.subject_id, one.facts["amount"]) == (order_id, presale_shop.TOTAL - presale_shop.DEPOSIT)


async def test_a_bargain_that_ran_out_is_told_to_its_owner_only(database, shop):
    owner, friend = [await a_customer(database, shop.merchant) for _ in range(2)]
    offer = await bargain_shop.an_offer(database, shop)
    bargain = await bargain_shop.started(database, shop, offer, owner)
    await bargain_shop.helped(database, shop, bargain.id, friend)
    clock.move_to(timedelta(hours=25))

    told = [await database.attempt(shop.merchant, bargains_telling.tell_due) for _ in range(2)]

    assert told == [1, 0]
    assert await heard(database, shop.merchant, owner) == ["bargain_over"]
    assert await heard(database, shop.merchant, friend) == []


def test_every_kind_speaks_both_languages_with_the_facts_it_gets(merchant):
    facts = {"name": "大促", "number": "1", "amount": 1, "count": 2, "prize": "券", "id": "x"}
    facts["until"] = clock.now().isoformat()
    for kind in KINDS:
        told = notices.Told(ids.new(), kind, ids.new(), facts, clock.now(), None)
        for language in ("zh-CN", "en"):
            one = said(told, merchant, language)
            assert one.text
            assert "{" not in one.text + one.href
