"""Units of an order: what leaves, what is cancelled before it left, what comes back, and what each is worth."""

from datetime import timedelta

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import Shop, a_customer, a_shop, paid, placed, state_of, stock_of
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders
from siyu.trade.orders.rules import worth


async def line_of(database: Database, shop: Shop, order_id) -> orders.OrderLine:
    async with database.begin(shop.merchant) as uow:
        return (await orders.find(uow, order_id)).lines[0]


async def test_units_leave_one_by_one_and_the_order_moves_with_the_last(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await paid(database, shop, await a_customer(database, merchant), apples=3)

    async with database.begin(merchant) as uow:
        first = await orders.fulfil_units(uow, order.id, [(1, 2)], "counter")

    assert first == orders.Fulfilled("paid", is_all=False)
    assert await stock_of(database, shop, shop.apple) == (8, 1)
    async with database.begin(merchant) as uow:
        last = await orders.fulfil_units(uow, order.id, [(1, 1)], "counter")
    assert last == orders.Fulfilled("picked_up", is_all=True)
    assert await stock_of(database, shop, shop.apple) == (7, 0)


async def test_no_unit_leaves_twice(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await paid(database, shop, await a_customer(database, merchant), apples=2)
    async with database.begin(merchant) as uow:
        await orders.fulfil_units(uow, order.id, [(1, 1)], "counter")

    with pytest.raises(orders.NotWaiting) as refused:
        async with database.begin(merchant) as uow:
            await orders.fulfil_units(uow, order.id, [(1, 1), (1, 1)], "counter")

    assert refused.value.facts["left"] == 1
    assert (await line_of(database, shop, order.id)).fulfilled_quantity == 1
    assert await stock_of(database, shop, shop.apple) == (9, 1)


async def test_nothing_leaves_an_order_that_is_not_paid(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await placed(database, shop, await a_customer(database, merchant), apples=2)

    with pytest.raises(orders.WrongState):
        async with database.begin(merchant) as uow:
            await orders.fulfil_units(uow, order.id, [(1, 1)], "parcel")

    assert await stock_of(database, shop, shop.apple) == (10, 2)


async def test_another_merchants_order_is_not_found(database: Database, merchant: Merchant, new_shop) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await paid(database, shop, await a_customer(database, merchant), apples=1)
    stranger = await new_shop()

    with pytest.raises(NotFound):
        async with database.begin(stranger) as uow:
            await orders.fulfil_units(uow, order.id, [(1, 1)], "counter")

    assert await state_of(database, shop, order.id) == "paid"


async def test_a_handover_taken_back_promises_the_pieces_again(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await paid(database, shop, await a_customer(database, merchant), apples=3)
    async with database.begin(merchant) as uow:
        await orders.hand_over(uow, [order.id])

    async with database.begin(merchant) as uow:
        await orders.unfulfil_units(uow, order.id, [(1, 2)])

    assert await state_of(database, shop, order.id) == "paid"
    assert await stock_of(database, shop, shop.apple) == (9, 2)
    async with database.begin(merchant) as uow:
        assert await orders.stock_promised_wrongly(uow) == []


async def test_cancelling_what_waits_completes_an_order_of_which_the_rest_has_left(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await paid(database, shop, await a_customer(database, merchant), apples=3)
    async with database.begin(merchant) as uow:
        await orders.fulfil_units(uow, order.id, [(1, 2)], "counter")

    async with database.begin(merchant) as uow:
        taken = await orders.take_back_units(uow, order.id, [(1, 1)], restock=False, of="waiting")

    assert taken.amount == 1_290
    assert await state_of(database, shop, order.id) == "picked_up"
    assert await stock_of(database, shop, shop.apple) == (8, 0)
    line = await line_of(database, shop, order.id)
    assert (line.fulfilled_quantity, line.cancelled_quantity, line.refunded_quantity) == (2, 1, 1)


async def test_units_that_left_come_back_to_the_shelf_only_when_they_can_be_sold(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await paid(database, shop, await a_customer(database, merchant), apples=3)
    async with database.begin(merchant) as uow:
        await orders.fulfil_units(uow, order.id, [(1, 2)], "counter")

    async with database.begin(merchant) as uow:
        await orders.take_back_units(uow, order.id, [(1, 1)], restock=True, of="left")
        await orders.take_back_units(uow, order.id, [(1, 1)], restock=False, of="left")

    assert await stock_of(database, shop, shop.apple) == (9, 1)
    with pytest.raises(Invalid):
        async with database.begin(merchant) as uow:
            await orders.take_back_units(uow, order.id, [(1, 1)], restock=False, of="left")


async def test_money_without_units_lowers_what_the_rest_is_worth(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await paid(database, shop, await a_customer(database, merchant), apples=3)  # 3 × 12.90

    async with database.begin(merchant) as uow:
        reduced = await orders.take_back_units(uow, order.id, [], restock=False, reductions=[(1, 871)])
        rest = await orders.take_back_units(uow, order.id, [(1, 2)], restock=False)
        last = await orders.take_back_units(uow, order.id, [(1, 1)], restock=False)

    assert (reduced.amount, rest.amount, last.amount) == (871, 1_999, 1_000)
    async with database.begin(merchant) as uow:
        order_now = await orders.find(uow, order.id)
    assert (order_now.state, order_now.refunded) == ("refunded", 3_870)


async def test_more_money_than_was_paid_never_goes_back(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await paid(database, shop, await a_customer(database, merchant), apples=1)

    for reductions, freight in (([(1, 1_291)], 0), ([(1, 0)], 0), ([], 1), ([(2, 5)], 0)):
        with pytest.raises(Invalid):
            async with database.begin(merchant) as uow:
                await orders.take_back_units(
                    uow, order.id, [], restock=False, freight=freight, reductions=reductions
                )

    assert (await line_of(database, shop, order.id)).refunded_amount == 0


async def test_an_open_after_sale_keeps_an_order_from_being_received_by_itself(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await paid(database, shop, await a_customer(database, merchant), apples=1)
    async with database.begin(merchant) as uow:
        await orders.hand_over(uow, [order.id])
        await orders.suspend_receiving(uow, order.id)

    async with database.begin(merchant) as uow:
        assert await orders.receive_overdue(uow, after=timedelta(seconds=-1)) == 0
        await orders.resume_receiving(uow, order.id)
        assert await orders.receive_overdue(uow, after=timedelta(seconds=-1)) == 1

    assert await state_of(database, shop, order.id) == "received"


async def test_a_price_edited_by_staff_is_a_step_that_everybody_sees(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await placed(database, shop, await a_customer(database, merchant), apples=3)

    async with database.begin(merchant) as uow:
        total = await orders.edit_price(uow, order.id, {1: 3_000}, reason="老顾客")

    assert total == 3_000
    line = await line_of(database, shop, order.id)
    assert (line.amount, line.build_up[-1].code, line.build_up[-1].amount) == (3_000, "edit", -870)
    with pytest.raises(orders.WrongState):
        paid_one = await paid(database, shop, await a_customer(database, merchant), apples=1)
        async with database.begin(merchant) as uow:
            await orders.edit_price(uow, paid_one.id, {1: 1}, reason="太晚")


async def test_an_edit_names_the_line_it_cannot_take(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await placed(database, shop, await a_customer(database, merchant), apples=3)

    for amounts in ({2: 100}, {1: -1}, {1: 10**9}):
        with pytest.raises(Invalid) as refused:
            async with database.begin(merchant) as uow:
                await orders.edit_price(uow, order.id, amounts, reason="试试")
        assert refused.value.field == f"amounts[{next(iter(amounts))}]"

    assert (await line_of(database, shop, order.id)).amount == 3_870


async def test_notes_are_kept_in_order_and_never_for_a_strange_order(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await placed(database, shop, await a_customer(database, merchant), apples=1)

    async with database.begin(merchant) as uow:
        await orders.add_note(uow, order.id, "先打电话")
        await orders.add_note(uow, order.id, "电话打过了")

    async with database.begin(merchant) as uow:
        assert [note.text for note in await orders.notes(uow, order.id)] == ["先打电话", "电话打过了"]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        async with database.begin(merchant) as uow:
            await orders.add_note(uow, ids.new(), "没有这个订单")


@given(
    amount=st.integers(0, 10**7),
    quantity=st.integers(1, 60),
    data=st.data(),
)
def test_any_sequence_of_units_and_reductions_returns_exactly_what_was_paid(
    amount: int, quantity: int, data: st.DataObject
) -> None:
    given_back = paid_back = reduced = 0
    while given_back < quantity:
        left = amount - paid_back
        if left and data.draw(st.booleans(), label="money without units"):
            lower = data.draw(st.integers(1, left), label="minor units")
            reduced, paid_back = reduced + lower, paid_back + lower
            continue
        count = data.draw(st.integers(1, quantity - given_back), label="units")
        value = worth(amount, quantity, given_back, paid_back, reduced, count)
        assert 0 <= value <= left
        given_back, paid_back = given_back + count, paid_back + value

    assert paid_back == amount
