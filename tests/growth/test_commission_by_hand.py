"""Holds, corrections by two persons, and payouts: what people do to commission, each exactly once."""

from datetime import timedelta

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, paid
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
from siyu.growth import distribution
from siyu.kernel import clock, ids
from siyu.kernel.errors import IdempotencyConflict, Invalid
from siyu.kernel.permissions import ROLES
from siyu.people import customers
from siyu.place import doors
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import Event


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def test_a_held_order_does_not_mature_until_it_is_released(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop)
    order = await bought(database, shop, promoter, apples=1)
    await received(database, shop, order)
    await work(database, shop)
    async with database.begin(shop.merchant, ANNA) as uow:
        hold = await distribution.hold_order(uow, ids.new(), order.id, "看起来不对")
    clock.move_to(timedelta(days=30))
    await work(database, shop)
    assert await owed(database, shop, promoter) == (0, 129)

    for _ in range(2):
        async with database.begin(shop.merchant, BEN) as uow:
            await distribution.release(uow, hold.id, "没问题")
    await work(database, shop)

    assert await owed(database, shop, promoter) == (129, 0)
    with pytest.raises(distribution.Decided):
        async with database.begin(shop.merchant, BEN) as uow:
            await distribution.deny(uow, hold.id, "反悔")


async def test_a_denied_order_earns_nothing_and_its_refunds_take_nothing_more(
    database: Database, shop: Shop
) -> None:
    promoter = await a_promoter(database, shop)
    plan = await a_plan(database, shop, budget=10_000)
    order = await bought(database, shop, promoter, apples=2)
    await work(database, shop)
    async with database.begin(shop.merchant, ANNA) as uow:
        hold = await distribution.hold_order(uow, ids.new(), order.id, "自己买的")
        await distribution.deny(uow, hold.id, "核实为本人购买")
    await refunded(database, shop, order, 1)
    await work(database, shop)

    assert [
        (row.state, row.amount, row.reversed_amount) for row in await lines(database, shop, promoter)
    ] == [("reversed", 258, 258)]
    assert await owed(database, shop, promoter) == (0, 0)
    async with database.begin(shop.merchant) as uow:
        assert (await distribution.find_plan(uow, plan.id)).spent == 0


async def test_what_a_held_promoter_earns_is_held_too(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop)
    async with database.begin(shop.merchant, ANNA) as uow:
        hold = await distribution.hold_promoter(uow, ids.new(), promoter.id, "调查中")
    await bought(database, shop, promoter, apples=1)
    await work(database, shop)
    assert [row.is_held for row in await lines(database, shop, promoter)] == [True]
    async with database.begin(shop.merchant, BEN) as uow:
        assert await distribution.held_reason(uow, promoter.id) == "调查中"
        await distribution.release(uow, hold.id, "查清了")
        assert await distribution.held_reason(uow, promoter.id) is None
    assert [row.is_held for row in await lines(database, shop, promoter)] == [False]


async def test_delivery_to_the_promoters_own_phone_earns_nothing_and_says_why(
    database: Database, shop: Shop
) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop)
    async with database.begin(shop.merchant) as uow:
        await customers.bind(uow, promoter.customer_id, "phone", "13800000001")
    order = await bought(database, shop, promoter, apples=1)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            update orders set address = '{"name": "某人", "phone": "13800000001", "region_code": "110101", "region": [],
                                          "detail": "一路 1 号"}'
            where merchant_id = %(merchant_id)s and id = %(order)s
            """,
            order=order.id,
        )
    await work(database, shop)

    found = await lines(database, shop, promoter)
    assert [(row.uncut, row.amount, row.cut_by) for row in found] == [(129, 0, "self_phone")]
    assert await owed(database, shop, promoter) == (0, 0)


async def test_many_orders_to_one_address_wait_for_a_person(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop)
    made = [await bought(database, shop, promoter, apples=1) for _ in range(5)]
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            update orders set address = '{"name": "某人", "phone": "1", "region_code": "110101", "region": [],
                                          "detail": "二路 2 号"}'
            where merchant_id = %(merchant_id)s and id = any(%(orders)s)
            """,
            orders=[order.id for order in made],
        )
    await work(database, shop)

    assert [row.is_held for row in await lines(database, shop, promoter)] == [True] * 5
    async with database.begin(shop.merchant) as uow:
        queue = await distribution.holds(uow)
    assert {(hold.order_id, hold.cause, hold.amount) for hold in queue} == {
        (order.id, "velocity", 129) for order in made
    }


async def test_a_correction_needs_a_second_person_and_is_posted_once(database: Database, shop: Shop) -> None:
    promoter, key = await a_promoter(database, shop), ids.new()
    for _ in range(2):
        async with database.begin(shop.merchant, ANNA) as uow:
            await distribution.propose(uow, key, promoter.id, 500, "漏算一单")
    with pytest.raises(IdempotencyConflict):
        async with database.begin(shop.merchant, ANNA) as uow:
            await distribution.propose(uow, key, promoter.id, 900, "漏算一单")
    with pytest.raises(distribution.SamePerson):
        async with database.begin(shop.merchant, ANNA) as uow:
            await distribution.approve(uow, key)
    robot = Actor("key", ids.new(), ROLES["owner"], "密钥")
    with pytest.raises(distribution.NeedsPerson):
        async with database.begin(shop.merchant, robot) as uow:
            await distribution.approve(uow, key)
    assert await owed(database, shop, promoter) == (0, 0)

    for _ in range(2):
        async with database.begin(shop.merchant, BEN) as uow:
            assert (await distribution.approve(uow, key)).state == "approved"

    assert await owed(database, shop, promoter) == (500, 0)
    async with database.begin(shop.merchant) as uow:
        (line,) = await distribution.open_lines(uow, promoter.id)
    assert (line.source, line.adjustment_id, line.open) == ("adjustment", key, 500)


async def test_a_payout_takes_lines_exactly_and_a_refund_after_it_is_carried_forward(
    database: Database, shop: Shop
) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop)
    order = await ripe(database, shop, promoter, apples=2)
    async with database.begin(shop.merchant) as uow:
        taken = [(line, line.open) for line in await distribution.open_lines(uow, promoter.id)]
        await distribution.settle(uow, promoter.id, taken)
        assert await distribution.open_lines(uow, promoter.id) == []
    with pytest.raises(distribution.NotOpen):
        async with database.begin(shop.merchant) as uow:
            await distribution.settle(uow, promoter.id, taken)
    async with database.begin(shop.merchant) as uow:
        await distribution.unsettle(uow, promoter.id, taken)
        await distribution.settle(uow, promoter.id, taken)
        await distribution.mark_paid(uow, promoter.id, taken)
    with pytest.raises(distribution.NotOpen):
        async with database.begin(shop.merchant) as uow:
            await distribution.unsettle(uow, promoter.id, taken)

    await refunded(database, shop, order, 1)
    await work(database, shop)

    async with database.begin(shop.merchant) as uow:
        told = await distribution.earnings(uow, promoter.id)
        (line,) = await distribution.open_lines(uow, promoter.id)
    assert (told.paid, told.in_payout, told.open, told.negative) == (258, 0, -129, 129)
    assert line.open == -129


async def test_a_write_off_is_at_most_what_is_owed(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop)
    order = await ripe(database, shop, promoter, apples=1)
    async with database.begin(shop.merchant) as uow:
        taken = [(line, line.open) for line in await distribution.open_lines(uow, promoter.id)]
        await distribution.settle(uow, promoter.id, taken)
        await distribution.mark_paid(uow, promoter.id, taken)
    await refunded(database, shop, order, 1)
    await work(database, shop)
    with pytest.raises(Invalid):
        async with database.begin(shop.merchant, ANNA) as uow:
            await distribution.propose(uow, ids.new(), promoter.id, 130, "追不回", kind="write_off")
    first, second = ids.new(), ids.new()
    async with database.begin(shop.merchant, ANNA) as uow:
        for key in (first, second):
            await distribution.propose(uow, key, promoter.id, 129, "追不回", kind="write_off")
    async with database.begin(shop.merchant, BEN) as uow:
        await distribution.approve(uow, first)
    with pytest.raises(Invalid):
        async with database.begin(shop.merchant, BEN) as uow:
            await distribution.approve(uow, second)

    async with database.begin(shop.merchant) as uow:
        assert (await distribution.earnings(uow, promoter.id)).negative == 0


async def test_a_refund_told_before_the_payment_is_not_lost(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop)
    order = await bought(database, shop, promoter, apples=2)
    await refunded(database, shop, order, 1)
    (consumer,) = distribution.CONSUMERS
    async with database.begin(shop.merchant) as uow:
        kinds = {str(kind.__struct_config__.tag): kind for kind in consumer.facts}
        told = [
            Event(ids.new(), uow.now, msgspec.convert(row["data"], kinds[row["kind"]]))
            for row in await uow.all(
                dict,
                """
                select json_build_object('kind', kind, 'data', data) from events
                where merchant_id = %(merchant_id)s and kind = any(%(kinds)s) order by tx desc
                """,
                kinds=list(kinds),
            )
        ]
        await consumer.handle(uow, told)

    assert [(row.amount, row.reversed_amount) for row in await lines(database, shop, promoter)] == [
        (258, 129)
    ]


async def test_levels_follow_own_received_orders_once_a_month(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop)
    await work(database, shop)
    async with database.begin(shop.merchant, ANNA) as uow:
        await distribution.save_settings(
            uow, distribution.Settings(levels=(distribution.LevelStep("silver", 1, 0),))
        )
    await received(database, shop, await bought(database, shop, promoter, apples=1))
    await work(database, shop)
    assert await level_of(database, shop) == "standard"
    clock.move_to(timedelta(days=32))
    await work(database, shop)
    assert await level_of(database, shop) == "silver"


async def level_of(database: Database, shop: Shop) -> str:
    async with database.begin(shop.merchant) as uow:
        return await uow.one(str, "select level from promoters where merchant_id = %(merchant_id)s")


async def test_a_sale_without_a_promoter_earns_nobody_anything(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await a_plan(database, shop)
    await paid(database, shop, await a_customer(database, shop.merchant), apples=1)
    await work(database, shop)

    assert await lines(database, shop, promoter) == []
    async with database.begin(shop.merchant) as uow:
        assert (await doors.of_promoter(uow, promoter.id))[0].promoter_id == promoter.id
