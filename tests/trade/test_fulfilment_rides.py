"""Local delivery: given to a courier, on the way, delivered once."""

from datetime import timedelta

import pytest

from factories import Shop, a_shop, state_of, stock_of
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import Database, Merchant
from siyu.trade import fulfilment, orders, payments
from trade.fulfilment_shop import a_clerk, to_ship


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def test_an_order_is_assigned_set_out_and_delivered(database, shop):
    order = await to_ship(database, shop, delivery="local", apples=2, milk=1)
    courier = await a_clerk(database, shop, name="小赵")

    async with database.begin(shop.merchant) as uow:
        await fulfilment.assign(uow, order.id, courier.id)
        with pytest.raises(Invalid):
            await fulfilment.deliver(uow, order.id, courier_id=courier.id)
    assert await stock_of(database, shop, shop.apple) == (10, 2)
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            await fulfilment.set_out(uow, order.id, courier_id=courier.id)
    for _ in range(2):
        async with database.begin(shop.merchant, courier) as uow:
            await fulfilment.deliver(uow, order.id, courier_id=courier.id, note="放门口")

    assert await state_of(database, shop, order.id) == "shipped"
    assert await stock_of(database, shop, shop.apple) == (8, 0)
    async with database.begin(shop.merchant) as uow:
        (ride,) = await fulfilment.rides_of(uow, courier.id, clock.now() - timedelta(hours=1))
    assert (ride.state, ride.note, ride.courier_name, ride.pieces) == ("delivered", "放门口", "小赵", 0)


async def test_another_courier_cannot_deliver_it(database, shop):
    order = await to_ship(database, shop, delivery="local", apples=1)
    courier, other = await a_clerk(database, shop), await a_clerk(database, shop)
    async with database.begin(shop.merchant) as uow:
        await fulfilment.assign(uow, order.id, courier.id)
        await fulfilment.set_out(uow, order.id, courier_id=courier.id)
        with pytest.raises(fulfilment.OtherCourier):
            await fulfilment.deliver(uow, order.id, courier_id=other.id)
        await fulfilment.assign(uow, order.id, other.id)  # given to the other one after all
        with pytest.raises(fulfilment.OtherCourier):
            await fulfilment.set_out(uow, order.id, courier_id=courier.id)

    assert await state_of(database, shop, order.id) == "paid"


async def test_only_local_orders_go_to_people_who_work_here(database, shop, new_shop):
    parcel = await to_ship(database, shop, apples=1)
    order = await to_ship(database, shop, delivery="local", apples=1)
    courier = await a_clerk(database, shop)
    other = await new_shop()

    async with database.begin(shop.merchant) as uow:
        with pytest.raises(fulfilment.NotForCourier):
            await fulfilment.assign(uow, parcel.id, courier.id)
        with pytest.raises(Invalid):
            await fulfilment.assign(uow, order.id, ids.new())
    async with database.begin(other) as uow:
        with pytest.raises(NotFound):
            await fulfilment.set_out(uow, order.id, courier_id=None)


async def test_what_was_refunded_on_the_way_is_not_delivered(database, shop):
    order = await to_ship(database, shop, delivery="local", apples=2)
    courier = await a_clerk(database, shop)
    async with database.begin(shop.merchant) as uow:
        await fulfilment.assign(uow, order.id, courier.id)
        await fulfilment.set_out(uow, order.id, courier_id=courier.id)
        await payments.request_refund(
            uow, payments.RequestRefund(ids.new(), order.id, ((1, 1),), "少买一个", of="waiting")
        )
    async with database.begin(shop.merchant) as uow:
        await fulfilment.deliver(uow, order.id, courier_id=courier.id)

    assert await stock_of(database, shop, shop.apple) == (9, 0)
    async with database.begin(shop.merchant) as uow:
        (line,) = (await orders.find(uow, order.id)).lines
    assert (line.fulfilled_quantity, line.cancelled_quantity) == (1, 1)
