"""Parcels: units leave once, in boxes that can be told apart, and a slip can be taken back."""

from datetime import timedelta

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, state_of, stock_of
from siyu.kernel import clock
from siyu.kernel.errors import IdempotencyConflict, Invalid, NotFound
from siyu.place import stores
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.trade import fulfilment, orders
from trade.fulfilment_shop import SF, a_parcel, order_now, send, to_ship


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def kinds(database: Database, shop: Shop) -> list[str]:
    async with database.begin(shop.merchant) as uow:
        return await uow.all(
            str,
            "select kind from events where merchant_id = %(merchant_id)s and kind like 'fulfilment.%%' order by id",
        )


async def sent(database: Database, shop: Shop) -> int:
    async with database.begin(shop.merchant) as uow:
        return await uow.one(
            int, "select count(*) from parcels where merchant_id = %(merchant_id)s and state = 'sent'"
        )


async def test_a_parcel_takes_its_units_out_and_the_last_one_ships_the_order(database, shop):
    order = await to_ship(database, shop, apples=2, milk=3)

    first = await send(database, shop, a_parcel(order.id, (1, 2), (2, 1)))
    assert (first.number, first.carrier, [(line.line_no, line.quantity) for line in first.lines]) == (
        SF, "sf", [(1, 2), (2, 1)],
    )  # fmt: skip
    assert await state_of(database, shop, order.id) == "paid"
    assert await stock_of(database, shop, shop.apple) == (8, 0)
    assert await stock_of(database, shop, shop.milk) == (9, 2)

    await send(database, shop, a_parcel(order.id, (2, 2), number="SF1234567890124"))
    assert await state_of(database, shop, order.id) == "shipped"
    assert await stock_of(database, shop, shop.milk) == (7, 0)
    assert await kinds(database, shop) == ["fulfilment.parcel_sent"] * 2


async def test_the_same_box_twice_is_sent_once(database, shop):
    order = await to_ship(database, shop, apples=3)
    box = a_parcel(order.id, (1, 1))

    first, second = await send(database, shop, box), await send(database, shop, box)

    assert first == second
    assert (await sent(database, shop), await kinds(database, shop)) == (1, ["fulfilment.parcel_sent"])
    assert (await order_now(database, shop, order.id)).lines[0].waiting == 2
    with pytest.raises(IdempotencyConflict):
        await send(database, shop, msgspec.structs.replace(box, lines=((1, 2),)))
    assert (await order_now(database, shop, order.id)).lines[0].waiting == 2


async def test_more_than_waits_cannot_be_sent(database, shop):
    order = await to_ship(database, shop, apples=2)

    with pytest.raises(orders.NotWaiting):
        await send(database, shop, a_parcel(order.id, (1, 1), (1, 2)))
    await send(database, shop, a_parcel(order.id, (1, 2)))
    with pytest.raises(orders.NotWaiting):
        await send(database, shop, a_parcel(order.id, (1, 1), number="SF1234567890129"))

    assert await sent(database, shop) == 1
    assert await stock_of(database, shop, shop.apple) == (8, 0)


@pytest.mark.parametrize(
    ("carrier", "number", "refusal"),
    [
        ("sf", "SF12", fulfilment.BadNumber),
        ("sf", "'; drop table orders --", fulfilment.BadNumber),
        ("yunda", "123", fulfilment.BadNumber),
        ("nobody", SF, fulfilment.UnknownCarrier),
        ("", "", fulfilment.UnknownCarrier),
    ],
)
async def test_a_number_that_no_carrier_issues_is_refused(database, shop, carrier, number, refusal):
    order = await to_ship(database, shop, apples=1)

    with pytest.raises(refusal):
        await send(database, shop, a_parcel(order.id, (1, 1), carrier=carrier, number=number))

    assert await sent(database, shop) == 0
    assert await stock_of(database, shop, shop.apple) == (10, 1)


async def test_a_number_is_kept_as_carriers_write_it(database, shop):
    order = await to_ship(database, shop, apples=1)

    parcel = await send(database, shop, a_parcel(order.id, number=" sf１２３ 4567 890123 "))

    assert parcel.number == SF


async def test_two_orders_of_one_buyer_may_be_in_one_box_but_not_of_two(database, shop):
    buyer = await a_customer(database, shop.merchant)
    mine = [await to_ship(database, shop, buyer=buyer, apples=1) for _ in range(2)]
    theirs = await to_ship(database, shop, apples=1)

    for order in mine:
        await send(database, shop, a_parcel(order.id))
    with pytest.raises(fulfilment.NumberTaken):
        await send(database, shop, a_parcel(theirs.id))

    assert await sent(database, shop) == 2
    assert await state_of(database, shop, theirs.id) == "paid"


async def test_one_order_does_not_use_a_number_twice(database, shop):
    order = await to_ship(database, shop, apples=2)
    await send(database, shop, a_parcel(order.id))

    with pytest.raises(fulfilment.NumberTaken):
        await send(database, shop, a_parcel(order.id))

    assert await stock_of(database, shop, shop.apple) == (9, 1)


async def test_a_slip_is_taken_back_within_half_an_hour(database, shop):
    order = await to_ship(database, shop, apples=2)
    parcel = await send(database, shop, a_parcel(order.id, (1, 2)))
    assert await state_of(database, shop, order.id) == "shipped"

    async with database.begin(shop.merchant) as uow:
        with pytest.raises(Invalid):
            await fulfilment.cancel(uow, parcel.id, reason=" ")
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            cancelled = await fulfilment.cancel(uow, parcel.id, reason="录错订单")

    assert (cancelled.state, cancelled.cancel_reason) == ("cancelled", "录错订单")
    assert await state_of(database, shop, order.id) == "paid"
    assert await stock_of(database, shop, shop.apple) == (10, 2)
    assert await kinds(database, shop) == ["fulfilment.parcel_sent", "fulfilment.parcel_cancelled"]
    # The number is free again, also for somebody else.
    theirs = await to_ship(database, shop, apples=1)
    await send(database, shop, a_parcel(theirs.id))


async def test_later_a_parcel_is_not_taken_back(database, shop):
    order = await to_ship(database, shop, apples=1)
    parcel = await send(database, shop, a_parcel(order.id))
    clock.move_to(timedelta(minutes=31))

    async with database.begin(shop.merchant) as uow:
        with pytest.raises(fulfilment.TooLateToCancel):
            await fulfilment.cancel(uow, parcel.id, reason="晚了")

    assert await state_of(database, shop, order.id) == "shipped"
    assert await stock_of(database, shop, shop.apple) == (9, 0)


async def test_a_parcel_the_buyer_has_is_not_taken_back(database, shop):
    order = await to_ship(database, shop, apples=1)
    parcel = await send(database, shop, a_parcel(order.id))
    async with database.begin(shop.merchant) as uow:
        await orders.confirm_received(uow, [order.id])

    async with database.begin(shop.merchant) as uow:
        with pytest.raises(fulfilment.TooLateToCancel):
            await fulfilment.cancel(uow, parcel.id, reason="收到了")

    assert await state_of(database, shop, order.id) == "received"


async def test_a_number_is_corrected_and_the_correction_is_written_down(database, shop):
    order = await to_ship(database, shop, apples=1)
    parcel = await send(database, shop, a_parcel(order.id))

    async with database.begin(shop.merchant, Actor(kind="staff", name="陈店长")) as uow:
        changed = await fulfilment.renumber(uow, parcel.id, carrier="jt", number="JT5234567890123")
    async with database.begin(shop.merchant) as uow:
        noted = await uow.all(
            str,
            """
            select (before ->> 'number') || ' ' || (after ->> 'number') from audit_log
            where merchant_id = %(merchant_id)s and action = 'fulfilment.renumber'
            """,
        )

    assert (changed.carrier, changed.number) == ("jt", "JT5234567890123")
    assert noted == ["SF1234567890123 JT5234567890123"]
    assert (await kinds(database, shop))[-1] == "fulfilment.parcel_renumbered"


async def test_goods_at_two_places_need_two_parcels(database, shop):
    order = await to_ship(database, shop, apples=1, milk=1)
    async with database.begin(shop.merchant) as uow:
        other = await stores.add(uow, stores.NewStore(code="S2", name="二店", address="二路 2 号"))
        await uow.run(
            """
            update order_lines set location_id = %(other)s
            where merchant_id = %(merchant_id)s and order_id = %(id)s and line_no = 2
            """,
            id=order.id,
            other=other.id,
        )

    with pytest.raises(fulfilment.TwoLocations):
        await send(database, shop, a_parcel(order.id, (1, 1), (2, 1)))

    assert await sent(database, shop) == 0


async def test_a_pickup_order_is_not_sent(database, shop):
    order = await to_ship(database, shop, delivery="pickup", apples=1)

    with pytest.raises(fulfilment.NotByParcel):
        await send(database, shop, a_parcel(order.id))

    assert await stock_of(database, shop, shop.apple) == (10, 1)


async def test_another_merchants_parcel_is_not_there(database, shop, new_shop):
    order = await to_ship(database, shop, apples=1)
    parcel = await send(database, shop, a_parcel(order.id))
    other = await new_shop()

    async with database.begin(other) as uow:
        with pytest.raises(NotFound):
            await fulfilment.cancel(uow, parcel.id, reason="我的？")
        with pytest.raises(NotFound):
            await fulfilment.send(uow, a_parcel(order.id))

    assert await state_of(database, shop, order.id) == "shipped"


async def test_staff_of_another_place_do_not_see_it(database, shop):
    order = await to_ship(database, shop, apples=1)
    elsewhere = Actor(kind="staff", scope=frozenset({order.id}))

    async with database.begin(shop.merchant, elsewhere) as uow:
        with pytest.raises(NotFound):
            await fulfilment.send(uow, a_parcel(order.id))

    assert await stock_of(database, shop, shop.apple) == (10, 1)


async def test_the_board_has_the_oldest_promise_first_and_counts_what_is_late(database, shop):
    now = clock.now()
    late = await to_ship(database, shop, apples=1, ship_by=now - timedelta(hours=1))
    soon = await to_ship(database, shop, apples=2, ship_by=now + timedelta(hours=3))
    later = await to_ship(database, shop, apples=1, milk=1)  # nothing promised: two days
    await send(database, shop, a_parcel(later.id, (2, 1)))

    async with database.begin(shop.merchant) as uow:
        first = await fulfilment.waiting(uow, delivery="express", limit=2)
        from siyu.trade.fulfilment.queries import after_due

        rest = await fulfilment.waiting(uow, delivery="express", limit=2, after=after_due(first.next))
        (load,) = await fulfilment.loads(uow, "express")
        elsewhere = await fulfilment.waiting(uow, delivery="express", location_ids=[])

    assert [row.order_id for row in first.items] == [late.id, soon.id]
    assert [(row.order_id, row.pieces, row.lines[0].title) for row in rest.items] == [
        (later.id, 1, "红富士苹果")
    ]
    assert rest.next is None
    assert first.items[0].address.phone == "13812345678"
    assert (load.orders, load.soon, load.overdue) == (3, 1, 1)
    assert elsewhere.items == []


async def test_a_merchant_chooses_its_carriers_and_adds_its_own(database, shop):
    async with database.begin(shop.merchant) as uow:
        await fulfilment.use_carrier(uow, "sf", is_used=False)
        await fulfilment.add_carrier(
            uow, fulfilment.Carrier("my_truck", "自家货车", "Our truck", "https://t.example/{number}")
        )
        with pytest.raises(Invalid):
            await fulfilment.add_carrier(uow, fulfilment.Carrier("sf", "冒牌", "Fake", ""))
        with pytest.raises(Invalid):
            await fulfilment.add_carrier(
                uow, fulfilment.Carrier("x1", "坏", "Bad", "javascript:alert(1)//{number}")
            )
        known = await fulfilment.carriers_in_use(uow)

    assert ("sf" in known, known["my_truck"].page_of("A 1/2")) == (False, "https://t.example/A%201%2F2")
    order = await to_ship(database, shop, apples=1)
    with pytest.raises(fulfilment.UnknownCarrier):
        await send(database, shop, a_parcel(order.id))
    parcel = await send(database, shop, a_parcel(order.id, carrier="my_truck", number="car-7"))
    assert parcel.number == "CAR-7"
