"""Pickup at the counter: in parts, across stores, taken back in time, and who has not come yet."""

from datetime import timedelta

import pytest

from factories import Shop, a_customer, a_shop, paid, state_of, stock_of
from siyu.goods import inventory
from siyu.kernel import clock, ids
from siyu.kernel.errors import IdempotencyConflict, Invalid, NotFound
from siyu.place import stores
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders
from siyu.trade.orders import handovers, pickup
from trade.fulfilment_shop import order_now


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


@pytest.fixture
async def order(database: Database, shop: Shop) -> orders.Order:
    buyer = await a_customer(database, shop.merchant)
    made = await paid(database, shop, buyer, apples=3, milk=1)
    return await order_now(database, shop, made.id)


async def verify(database, shop, order, *lines, actor=None, handover_id=None) -> orders.Order:
    async with database.begin(shop.merchant, actor or Actor(kind="staff", name="小王")) as uow:
        return await orders.verify_pickup(uow, order.pickup_code, lines, handover_id=handover_id or ids.new())


async def handed(database, shop, order) -> list[handovers.Handover]:
    async with database.begin(shop.merchant) as uow:
        return await handovers.handovers_of(uow, order.id)


async def undo(database, shop, handover_id, *, reason="拿错了") -> handovers.Handover:
    async with database.begin(shop.merchant, Actor(kind="staff", name="陈店长")) as uow:
        return await handovers.undo(uow, handover_id, reason=reason)


async def other_store(database, shop, *, stock: int = 5) -> stores.Store:
    async with database.begin(shop.merchant) as uow:
        store = await stores.add(uow, stores.NewStore(code="S2", name="二店", address="二路 2 号"))
        if stock:
            await inventory.receive(
                uow, [inventory.Pieces(store.id, sku, stock) for sku in (shop.apple, shop.milk)]
            )
    return store


async def stock_at(database, shop, store_id, sku) -> tuple[int, int]:
    async with database.begin(shop.merchant) as uow:
        (level,) = await inventory.levels(uow, [sku], store_id)
    return level.on_hand, level.reserved


async def no_differences(database, shop) -> bool:
    async with database.begin(shop.merchant) as uow:
        return not await inventory.differences(uow) and not await orders.stock_promised_wrongly(uow)


async def test_a_part_is_handed_over_and_the_rest_waits_under_the_same_code(database, shop, order):
    first = await verify(database, shop, order, (1, 2))
    assert (first.state, first.lines[0].waiting, first.lines[1].waiting) == ("paid", 1, 1)
    assert await stock_of(database, shop, shop.apple) == (8, 1)

    rest = await verify(database, shop, order)
    assert rest.state == "picked_up"
    assert await stock_of(database, shop, shop.apple) == (7, 0)
    with pytest.raises(orders.AlreadyHandedOver):
        await verify(database, shop, order)
    done = await handed(database, shop, order)
    assert [[(line.line_no, line.quantity) for line in one.lines] for one in done] == [
        [(1, 1), (2, 1)],
        [(1, 2)],
    ]
    assert {one.actor_name for one in done} == {"小王"}


async def test_the_same_handover_twice_hands_over_once(database, shop, order):
    tap = ids.new()

    answers = [await verify(database, shop, order, (1, 1), handover_id=tap) for _ in range(3)]

    assert {one.lines[0].waiting for one in answers} == {2}
    assert len(await handed(database, shop, order)) == 1
    other = await paid(database, shop, await a_customer(database, shop.merchant), apples=1)
    with pytest.raises(IdempotencyConflict):
        await verify(database, shop, await order_now(database, shop, other.id), handover_id=tap)


@pytest.mark.parametrize("lines", [((1, 4),), ((1, 2), (1, 2)), ((9, 1),), ((1, 0),), ((1, -1),)])
async def test_what_does_not_wait_is_not_handed_over(database, shop, order, lines):
    with pytest.raises((orders.NotWaiting, Invalid)):
        await verify(database, shop, order, *lines)

    assert await handed(database, shop, order) == []
    assert await stock_of(database, shop, shop.apple) == (10, 3)


async def test_another_store_hands_out_only_where_the_merchant_allows_it(database, shop, order):
    store = await other_store(database, shop)
    there = Actor(kind="staff", name="小李", store_id=store.id)

    with pytest.raises(orders.WrongStore):
        await verify(database, shop, order, actor=there)
    async with database.begin(shop.merchant) as uow:
        await pickup.set_cross_store(uow, is_allowed=True)
    await verify(database, shop, order, (1, 2), actor=there)

    assert await stock_at(database, shop, store.id, shop.apple) == (3, 0)
    assert await stock_of(database, shop, shop.apple) == (10, 1)  # what lay there for the order is free
    (done,) = await handed(database, shop, order)
    assert (done.store_name, done.from_store_name, done.is_cross_store) == ("二店", "一店", True)
    async with database.begin(shop.merchant) as uow:
        moves = await uow.all(
            str,
            """
            select m.reason || ' ' || s.code || ' ' || m.quantity from stock_moves m
            join stores s on s.merchant_id = m.merchant_id and s.id = m.location_id
            where m.merchant_id = %(merchant_id)s and m.reason <> 'receive' order by m.id
            """,
        )
    assert moves == ["transfer_out S2 -2", "transfer_in S1 2", "handed_over S1 -2"]
    assert await no_differences(database, shop)


async def test_a_store_without_the_goods_cannot_hand_them_out(database, shop, order):
    store = await other_store(database, shop, stock=1)
    async with database.begin(shop.merchant) as uow:
        await pickup.set_cross_store(uow, is_allowed=True)

    with pytest.raises(inventory.NotAllFree):
        await verify(database, shop, order, actor=Actor(kind="staff", store_id=store.id))

    assert await stock_at(database, shop, store.id, shop.apple) == (1, 0)
    assert await stock_of(database, shop, shop.apple) == (10, 3)
    assert await handed(database, shop, order) == []


async def test_a_manager_takes_a_mistake_back_in_time(database, shop, order):
    await verify(database, shop, order)
    (done,) = await handed(database, shop, order)

    with pytest.raises(Invalid):
        await undo(database, shop, done.id, reason=" ")
    back = [await undo(database, shop, done.id) for _ in range(2)]

    assert (back[1].undone_by_name, back[1].undo_reason) == ("陈店长", "拿错了")
    assert await state_of(database, shop, order.id) == "paid"
    assert await stock_of(database, shop, shop.apple) == (10, 3)
    assert await no_differences(database, shop)
    await verify(database, shop, order)  # under the same code
    assert await stock_of(database, shop, shop.apple) == (7, 0)


async def test_taking_a_handover_of_another_store_back_moves_the_pieces_back(database, shop, order):
    store = await other_store(database, shop)
    async with database.begin(shop.merchant) as uow:
        await pickup.set_cross_store(uow, is_allowed=True)
    await verify(database, shop, order, actor=Actor(kind="staff", store_id=store.id))
    (done,) = await handed(database, shop, order)

    await undo(database, shop, done.id)

    assert await stock_at(database, shop, store.id, shop.apple) == (5, 0)
    assert await stock_of(database, shop, shop.apple) == (10, 3)
    assert await no_differences(database, shop)


async def test_later_or_after_the_buyer_confirmed_nothing_is_taken_back(database, shop, order):
    await verify(database, shop, order)
    (done,) = await handed(database, shop, order)
    async with database.begin(shop.merchant) as uow:
        await orders.confirm_received(uow, [order.id])
    with pytest.raises(handovers.TooLateToUndo):
        await undo(database, shop, done.id)

    second = await paid(database, shop, await a_customer(database, shop.merchant), apples=1)
    await verify(database, shop, await order_now(database, shop, second.id))
    (late,) = await handed(database, shop, second)
    clock.move_to(timedelta(minutes=11))
    with pytest.raises(handovers.TooLateToUndo):
        await undo(database, shop, late.id)

    assert await state_of(database, shop, second.id) == "picked_up"
    assert await stock_of(database, shop, shop.apple) == (6, 0)


async def test_without_the_code_the_handover_says_so(database, shop, order, new_shop):
    async with database.begin(shop.merchant, Actor(kind="staff", store_id=shop.store_id)) as uow:
        await pickup.verify_order(uow, order.id, [(1, 1)], handover_id=ids.new())
    (done,) = await handed(database, shop, order)
    assert done.is_by_code is False

    other = await new_shop()
    async with database.begin(other) as uow:
        with pytest.raises(NotFound):
            await pickup.verify_order(uow, order.id, handover_id=ids.new())


async def test_who_has_not_come_is_listed_by_days(database, shop, order):
    async def days(least: int) -> list[int]:
        async with database.begin(shop.merchant) as uow:
            return [one.days for one in await pickup.unpicked(uow, shop.store_id, days=least)]

    assert await days(0) == [0]
    assert await days(1) == []
    clock.move_to(timedelta(days=2))
    assert await days(2) == [2]
    await verify(database, shop, order)
    assert await days(0) == []
