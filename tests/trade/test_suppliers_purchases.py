"""Purchase orders: what is ordered, what arrives, and what we owe for it."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest

from factories import Shop, a_shop, stock_of
from siyu.goods import inventory
from siyu.kernel import clock, ids
from siyu.kernel.errors import IdempotencyConflict, Invalid, NotFound
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.trade import suppliers
from trade.supplier_shop import a_supplier, owed

KEEPS_UNTIL = date(2027, 3, 31)


class Buying(msgspec.Struct, frozen=True):
    shop: Shop
    supplier: suppliers.Supplier


@pytest.fixture
async def buying(database: Database, merchant: Merchant) -> Buying:
    return Buying(
        await a_shop(database, merchant, stock=0), await a_supplier(database, merchant, has_location=False)
    )


def wanted(buying: Buying, *, milk: int = 100, apples: int = 0) -> suppliers.WantedPurchase:
    lines = [(buying.shop.milk, milk, 400), (buying.shop.apple, apples, 900)]
    return suppliers.WantedPurchase(
        id=ids.new(),
        supplier_id=buying.supplier.id,
        location_id=buying.shop.store_id,
        lines=tuple(suppliers.WantedLine(sku, n, cost) for sku, n, cost in lines if n),
    )


async def ordered(database: Database, buying: Buying, **pieces: int) -> suppliers.Purchase:
    """An order that the supplier has."""
    number = await suppliers.fresh_number(database, buying.shop.merchant)
    async with database.begin(buying.shop.merchant) as uow:
        made = await suppliers.draft(uow, wanted(buying, **pieces), number)
        return await suppliers.send(uow, made.id)


async def arrive(
    database: Database, buying: Buying, purchase_id: UUID, *lines, arrival_id: UUID | None = None
):
    async with database.begin(buying.shop.merchant) as uow:
        return await suppliers.receive(
            uow,
            suppliers.Receive(
                arrival_id or ids.new(), purchase_id, tuple(suppliers.Arrived(*line) for line in lines)
            ),
        )


async def test_an_order_drafted_twice_is_one_and_can_be_changed_until_it_is_sent(
    database: Database, buying: Buying
) -> None:
    merchant, wish = buying.shop.merchant, wanted(buying)
    for _ in range(2):
        number = await suppliers.fresh_number(database, merchant)
        async with database.begin(merchant) as uow:
            made = await suppliers.draft(uow, wish, number)
    async with database.begin(merchant) as uow:
        made = await suppliers.change_draft(uow, made.id, [suppliers.WantedLine(buying.shop.milk, 60, 410)])
    assert (made.number, made.state, made.total) == ("CG000001", "draft", 24_600)

    async with database.begin(merchant) as uow:
        await suppliers.send(uow, made.id)
        await suppliers.send(uow, made.id)
    with pytest.raises(suppliers.WrongPurchaseState):
        async with database.begin(merchant) as uow:
            await suppliers.change_draft(uow, made.id, wish.lines)
    async with database.begin(merchant) as uow:
        found = await suppliers.find_purchase(uow, made.id)
        assert len((await suppliers.purchases(uow)).items) == 1
    assert (found.state, [line.quantity for line in found.lines]) == ("sent", [60])


async def test_pieces_arrive_in_parts_and_lots_and_are_owed_at_the_cost_of_the_order(
    database: Database, buying: Buying
) -> None:
    order = await ordered(database, buying)
    first = ids.new()
    for _ in range(2):  # the same arrival counts once
        part = await arrive(
            database, buying, order.id, (1, 30, "L1", KEEPS_UNTIL), (1, 10, "L2"), arrival_id=first
        )
    assert (part.state, part.lines[0].received, part.lines[0].missing) == ("partly", 40, 60)
    assert await owed(database, buying.shop.merchant, buying.supplier.id) == 40 * 400

    done = await arrive(database, buying, order.id, (1, 60))
    assert (done.state, done.lines[0].received) == ("received", 100)
    assert await stock_of(database, buying.shop, buying.shop.milk) == (100, 0)
    assert await owed(database, buying.shop.merchant, buying.supplier.id) == 40_000
    async with database.begin(buying.shop.merchant) as uow:
        moves = (await inventory.moves(uow, inventory.MoveFilter(subject_id=order.id))).items
        arrivals = await suppliers.receipts(uow, order.id)
        assert await inventory.differences(uow) == []
    assert sorted((one.lot_code, one.quantity, one.reason) for one in moves) == [
        ("", 60, "purchase"),
        ("L1", 30, "purchase"),
        ("L2", 10, "purchase"),
    ]
    assert [[line.quantity for line in one.lines] for one in arrivals] == [[30, 10], [60]]


async def test_five_percent_may_arrive_beyond_the_order_and_not_one_piece_more(
    database: Database, buying: Buying
) -> None:
    order = await ordered(database, buying)
    with pytest.raises(suppliers.TooMuchArrived) as refused:
        await arrive(database, buying, order.id, (1, 60), (1, 46))
    assert refused.value.facts["room"] == 105
    assert await owed(database, buying.shop.merchant, buying.supplier.id) == 0
    async with database.begin(buying.shop.merchant) as uow:
        assert await inventory.levels(uow, [buying.shop.milk]) == []
        assert await suppliers.receipts(uow, order.id) == []

    done = await arrive(database, buying, order.id, (1, 105))
    assert (done.state, done.lines[0].received) == ("received", 105)
    assert await owed(database, buying.shop.merchant, buying.supplier.id) == 42_000


async def test_nothing_arrives_of_a_draft_a_cancelled_or_a_finished_order(
    database: Database, buying: Buying
) -> None:
    merchant = buying.shop.merchant
    async with database.begin(merchant) as uow:
        draft = await suppliers.draft(uow, wanted(buying), "CG9")
    cancelled = await ordered(database, buying)
    async with database.begin(merchant) as uow:
        assert (await suppliers.cancel(uow, cancelled.id)).state == "cancelled"
        assert (await suppliers.cancel(uow, cancelled.id)).state == "cancelled"
    short = await ordered(database, buying)
    await arrive(database, buying, short.id, (1, 90))
    with pytest.raises(suppliers.WrongPurchaseState):
        async with database.begin(merchant) as uow:
            await suppliers.cancel(uow, short.id)
    async with database.begin(merchant) as uow:
        ended = await suppliers.finish(uow, short.id)
    assert (ended.state, ended.lines[0].missing) == ("received", 10)

    for order in (draft, cancelled, short):
        with pytest.raises(suppliers.WrongPurchaseState):
            await arrive(database, buying, order.id, (1, 1))
    assert await stock_of(database, buying.shop, buying.shop.milk) == (90, 0)
    assert await owed(database, merchant, buying.supplier.id) == 36_000


async def test_an_arrival_is_checked_line_by_line(database: Database, buying: Buying) -> None:
    order, other = await ordered(database, buying), await ordered(database, buying)
    for lines in ((), ((2, 1),), ((1, 0),), ((1, -3),), ((1, 1, "", KEEPS_UNTIL),), ((1, 1, "x" * 41),)):
        with pytest.raises(Invalid):
            await arrive(database, buying, order.id, *lines)
    arrival_id = ids.new()
    await arrive(database, buying, order.id, (1, 5), arrival_id=arrival_id)
    with pytest.raises(IdempotencyConflict):
        await arrive(database, buying, other.id, (1, 5), arrival_id=arrival_id)

    assert await stock_of(database, buying.shop, buying.shop.milk) == (5, 0)
    assert await owed(database, buying.shop.merchant, buying.supplier.id) == 2_000


async def test_orders_of_other_locations_and_merchants_are_not_there(
    database: Database, buying: Buying, new_shop
) -> None:
    order = await ordered(database, buying)
    elsewhere = Actor(kind="staff", name="别店", scope=frozenset({ids.new()}))
    other = await new_shop()

    for merchant, actor in ((buying.shop.merchant, elsewhere), (other, Actor(kind="staff", name="别家"))):
        async with database.begin(merchant, actor) as uow:
            with pytest.raises(NotFound):
                await suppliers.receive(
                    uow, suppliers.Receive(ids.new(), order.id, (suppliers.Arrived(1, 1),))
                )
            assert (await suppliers.purchases(uow)).items == []
            with pytest.raises((Invalid, NotFound)):
                await suppliers.draft(uow, wanted(buying), "CG9")


async def test_what_falls_below_safety_is_suggested_until_it_is_ordered(
    database: Database, buying: Buying
) -> None:
    merchant, shop = buying.shop.merchant, buying.shop
    dearer = await a_supplier(database, merchant, "牧场", has_location=False)
    async with database.begin(merchant) as uow:
        await inventory.receive(uow, [inventory.Pieces(shop.store_id, shop.milk, 7)])
        await inventory.set_safety(uow, shop.store_id, shop.milk, 20)
        await suppliers.set_item(uow, buying.supplier.id, suppliers.WantedItem(shop.milk, 400))
        await suppliers.set_item(uow, dearer.id, suppliers.WantedItem(shop.milk, 450))
        (found,) = await suppliers.suggestions(uow)
    assert (found.supplier_id, found.free, found.coming, found.quantity, found.cost) == (
        buying.supplier.id,
        7,
        0,
        33,
        400,
    )

    await ordered(database, buying, milk=found.quantity)
    async with database.begin(merchant) as uow:
        assert await suppliers.suggestions(uow) == []


async def test_an_order_late_in_the_day_is_still_one_number_further(
    database: Database, buying: Buying
) -> None:
    first = await ordered(database, buying)
    clock.move_to(timedelta(days=40))
    second = await ordered(database, buying)

    assert (first.number, second.number) == ("CG000001", "CG000002")
