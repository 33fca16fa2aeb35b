"""Disputes: who raises, who decides, and what moving an order does to commission."""

from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, placed
from growth.commission_shop import (
    ANNA,
    BEN,
    a_plan,
    a_promoter,
    bought,
    lines,
    owed,
    received,
    refunded,
    ripe,
    work,
)
from siyu.growth import disputes, distribution, promoters
from siyu.growth.disputes import RaiseDispute
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import ROLES
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def moved(
    database: Database, shop: Shop, order_id: UUID, to: promoters.Promoter | None, *, upheld: bool = True
) -> disputes.Dispute:
    """Raised by Anna, decided by Ben, digested."""
    async with database.begin(shop.merchant, ANNA) as uow:
        asked = RaiseDispute(ids.new(), order_id, to and to.id, "顾客说是小蟹介绍的")
        one = await disputes.open_dispute(uow, asked)
    for _ in range(2):
        async with database.begin(shop.merchant, BEN) as uow:
            decide = disputes.uphold if upheld else disputes.refuse
            one = await decide(uow, one.id, "聊天记录可查")
    await work(database, shop)
    return one


async def test_a_waiting_line_is_earned_anew_by_the_other_promoter(database: Database, shop: Shop) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    await a_plan(database, shop)
    order = await bought(database, shop, fish, apples=1)
    await work(database, shop)
    assert await owed(database, shop, fish) == (0, 129)

    one = await moved(database, shop, order.id, crab)

    assert (one.state, one.was_name, one.promoter_name) == ("upheld", "小鱼", "小蟹")
    assert await owed(database, shop, fish) == (0, 0)
    assert await owed(database, shop, crab) == (0, 129)
    assert await lines(database, shop, fish) == []
    (line,) = await lines(database, shop, crab)
    assert (line.amount, line.remaining, line.state) == (129, 129, "pending")
    await received(database, shop, order)
    await work(database, shop)
    clock.move_to(clock.offset() + timedelta(days=16))
    await work(database, shop)
    assert await owed(database, shop, crab) == (129, 0)
    await refunded(database, shop, order, 1)
    await work(database, shop)
    assert await owed(database, shop, crab) == (0, 0)


async def test_a_payable_line_is_clawed_back_and_the_other_gets_a_correction(
    database: Database, shop: Shop
) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    await a_plan(database, shop)
    order = await ripe(database, shop, fish, apples=2)
    assert await owed(database, shop, fish) == (258, 0)
    async with database.begin(shop.merchant) as uow:  # it is being paid out already
        (line,) = await distribution.open_lines(uow, fish.id)
        await distribution.settle(uow, fish.id, [(line, 258)])

    await moved(database, shop, order.id, crab)

    async with database.begin(shop.merchant) as uow:
        (open_line,) = await distribution.open_lines(uow, fish.id)
        (correction,) = await distribution.open_lines(uow, crab.id)
    assert open_line.open == -258
    assert (correction.source, correction.open, correction.order_id) == ("adjustment", 258, order.id)
    assert await owed(database, shop, fish) == (0, 0)
    assert await owed(database, shop, crab) == (258, 0)


async def test_units_refunded_before_earn_the_other_nothing(database: Database, shop: Shop) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    await a_plan(database, shop)
    order = await bought(database, shop, fish, apples=3)
    await work(database, shop)
    await refunded(database, shop, order, 1)
    await work(database, shop)

    await moved(database, shop, order.id, crab)
    (line,) = await lines(database, shop, crab)
    assert (line.amount, line.remaining) == (387, 258)
    assert await owed(database, shop, crab) == (0, 258)
    await refunded(database, shop, order, 2)
    await work(database, shop)

    assert await owed(database, shop, crab) == (0, 0)


async def test_a_sale_that_was_nobodys_is_earned_and_one_that_is_nobodys_now_is_not(
    database: Database, shop: Shop
) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    await a_plan(database, shop)
    order = await bought(database, shop, fish, apples=1)
    await work(database, shop)
    await moved(database, shop, order.id, None)
    assert await owed(database, shop, fish) == (0, 0)
    async with database.begin(shop.merchant) as uow:
        assert (await orders.find(uow, order.id)).promoter_id is None
    friend = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant, ANNA) as uow:
        await promoters.pause(uow, fish.id, "休息")
    free = await bought(database, shop, fish, friend=friend, apples=1)

    await moved(database, shop, free.id, crab)

    assert await owed(database, shop, crab) == (0, 129)


async def test_a_move_that_is_digested_before_anything_was_earned_is_earned_once(
    database: Database, shop: Shop
) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    await a_plan(database, shop)
    order = await bought(database, shop, fish, apples=1)

    await moved(database, shop, order.id, crab)

    assert await owed(database, shop, fish) == (0, 0)
    assert await owed(database, shop, crab) == (0, 129)


async def test_a_budget_counts_a_moved_sale_once(database: Database, shop: Shop) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    plan = await a_plan(database, shop, budget=500)
    order = await bought(database, shop, fish, apples=3)
    await work(database, shop)
    await moved(database, shop, order.id, crab)

    async with database.begin(shop.merchant) as uow:
        spent = await uow.one(
            int,
            "select spent from commission_plans where merchant_id = %(merchant_id)s and id = %(id)s",
            id=plan.id,
        )
    assert spent == 387
    assert await owed(database, shop, crab) == (0, 387)


async def test_a_held_sale_is_still_held_when_it_has_moved(database: Database, shop: Shop) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    await a_plan(database, shop)
    order = await bought(database, shop, fish, apples=1)
    await received(database, shop, order)
    await work(database, shop)
    async with database.begin(shop.merchant, ANNA) as uow:
        hold = await distribution.hold_order(uow, ids.new(), order.id, "看起来不对")
    await moved(database, shop, order.id, crab)
    clock.move_to(clock.offset() + timedelta(days=30))
    await work(database, shop)
    assert await owed(database, shop, crab) == (0, 129)
    async with database.begin(shop.merchant, BEN) as uow:
        await distribution.release(uow, hold.id, "没问题")
    await work(database, shop)

    assert await owed(database, shop, crab) == (129, 0)


async def test_a_refused_dispute_changes_nothing_and_a_decision_is_final(
    database: Database, shop: Shop
) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    await a_plan(database, shop)
    order = await bought(database, shop, fish, apples=1)
    await work(database, shop)

    one = await moved(database, shop, order.id, crab, upheld=False)

    assert (one.state, one.decision) == ("refused", "聊天记录可查")
    assert await owed(database, shop, fish) == (0, 129)
    with pytest.raises(disputes.Decided):
        async with database.begin(shop.merchant, BEN) as uow:
            await disputes.uphold(uow, one.id, "反悔")
    async with database.begin(shop.merchant) as uow:
        assert (await orders.find(uow, order.id)).promoter_id == fish.id


async def test_nobody_decides_their_own_dispute(database: Database, shop: Shop) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    order = await bought(database, shop, fish, apples=1)
    async with database.begin(shop.merchant, ANNA) as uow:
        one = await disputes.open_dispute(uow, RaiseDispute(ids.new(), order.id, crab.id, "我看到的"))
    for actor, refusal in (
        (ANNA, disputes.SamePerson),
        (Actor("key", ids.new(), ROLES["owner"], "接口"), disputes.NeedsPerson),
        (Actor("customer", crab.customer_id, ROLES["shopper"], "小蟹"), disputes.NeedsPerson),
    ):
        with pytest.raises(refusal):
            async with database.begin(shop.merchant, actor) as uow:
                await disputes.uphold(uow, one.id, "好")

    async with database.begin(shop.merchant) as uow:
        assert (await disputes.find(uow, one.id)).state == "open"
        assert (await orders.find(uow, order.id)).promoter_id == fish.id


async def test_a_promoter_asks_for_themselves_only_once_at_a_time_and_never_about_their_own_order(
    database: Database, shop: Shop
) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    order, own = (
        await bought(database, shop, fish, apples=1),
        await bought(database, shop, fish, friend=crab.customer_id, apples=1),
    )
    me = Actor("customer", crab.customer_id, ROLES["shopper"], "小蟹")
    for asked in (
        RaiseDispute(ids.new(), order.id, None, "不是小鱼"),
        RaiseDispute(ids.new(), own.id, crab.id, "我自己买的"),
    ):
        with pytest.raises(disputes.NotYours):
            async with database.begin(shop.merchant, me) as uow:
                await disputes.open_dispute(uow, asked)
    asked = RaiseDispute(ids.new(), order.id, crab.id, "她先看了我的分享")
    for _ in range(2):
        async with database.begin(shop.merchant, me) as uow:
            one = await disputes.open_dispute(uow, asked)
    assert (one.raised_kind, one.raised_by, one.state) == ("promoter", "小蟹", "open")
    with pytest.raises(disputes.AlreadyOpen):
        async with database.begin(shop.merchant, ANNA) as uow:
            await disputes.open_dispute(uow, RaiseDispute(ids.new(), order.id, None, "都不是"))

    async with database.begin(shop.merchant) as uow:
        assert [each.id for each in await disputes.queue(uow)] == [one.id]


async def test_what_cannot_be_disputed_is_refused(database: Database, shop: Shop) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    buyer = await a_customer(database, shop.merchant)
    unpaid, order = (
        await placed(database, shop, buyer, apples=1),
        await bought(database, shop, fish, apples=1),
    )
    for asked, refusal in (
        (RaiseDispute(ids.new(), unpaid.id, crab.id, "是我"), disputes.NotPaid),
        (RaiseDispute(ids.new(), order.id, fish.id, "是我"), disputes.NothingDisputed),
        (RaiseDispute(ids.new(), order.id, crab.id, " "), Invalid),
        (RaiseDispute(ids.new(), order.id, crab.id, "是我", ("products/none.webp",)), Invalid),
        (RaiseDispute(ids.new(), ids.new(), crab.id, "是我"), NotFound),
    ):
        with pytest.raises(refusal):
            async with database.begin(shop.merchant, ANNA) as uow:
                await disputes.open_dispute(uow, asked)
    await moved(database, shop, order.id, crab)
    with pytest.raises(disputes.AlreadyMoved):
        async with database.begin(shop.merchant, ANNA) as uow:
            await disputes.open_dispute(uow, RaiseDispute(ids.new(), order.id, fish.id, "还是我"))
    late = await bought(database, shop, fish, apples=1)
    clock.move_to(clock.offset() + timedelta(days=31))
    with pytest.raises(disputes.TooLate):
        async with database.begin(shop.merchant, ANNA) as uow:
            await disputes.open_dispute(uow, RaiseDispute(ids.new(), late.id, crab.id, "是我"))

    async with database.begin(shop.merchant) as uow:
        assert len(await disputes.queue(uow, None)) == 1


async def test_the_explanation_of_a_moved_order_is_that_of_its_placement(
    database: Database, shop: Shop
) -> None:
    fish, crab = await a_promoter(database, shop), await a_promoter(database, shop, "小蟹")
    order = await bought(database, shop, fish, apples=1)
    await moved(database, shop, order.id, crab)

    async with database.begin(shop.merchant) as uow:
        told = await disputes.why(uow, order.id)

    assert told is not None
    assert (told.explanation.promoter_id, told.explanation.agrees, told.promoter_id) == (
        fish.id,
        True,
        crab.id,
    )
