"""Suppliers: their goods, who may send them, and what nobody else may see."""

import msgspec
import pytest

from factories import Shop, a_shop
from siyu.goods import inventory
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant
from siyu.trade import fulfilment, orders, suppliers
from trade.supplier_shop import Orchard, a_supplier, an_orchard, bought, box, sent, set_price


async def items(database: Database, orchard: Orchard) -> list[suppliers.Item]:
    async with database.begin(orchard.shop.merchant) as uow:
        return await suppliers.items(uow, orchard.supplier.id)


async def stock_at(database: Database, orchard: Orchard) -> tuple[int, int]:
    async with database.begin(orchard.shop.merchant) as uow:
        (level,) = await inventory.levels(uow, [orchard.shop.apple], orchard.place)
    return level.on_hand, level.reserved


async def test_a_supplier_asked_for_twice_is_one_and_has_a_location_of_its_own(
    database: Database, merchant: Merchant
) -> None:
    wanted = suppliers.NewSupplier(ids.new(), "果园", address="产地路 8 号", has_location=True)
    for _ in range(2):
        async with database.begin(merchant) as uow:
            made = await suppliers.add(uow, wanted)

    async with database.begin(merchant) as uow:
        places = await inventory.locations(uow)
        listed = await suppliers.every(uow)
    assert [(place.id, place.kind, place.name) for place in places] == [
        (made.location_id, "supplier", "果园")
    ]
    assert [(one.name, one.is_drop_shipping, one.owed) for one in listed] == [("果园", True, 0)]


async def test_two_suppliers_never_have_one_name(database: Database, merchant: Merchant) -> None:
    await a_supplier(database, merchant)
    other = await a_supplier(database, merchant, "牧场")

    with pytest.raises(suppliers.NameTaken):
        await a_supplier(database, merchant)
    with pytest.raises(suppliers.NameTaken):
        async with database.begin(merchant) as uow:
            await suppliers.change(uow, other.id, suppliers.SupplierChange(" 果园 "))

    async with database.begin(merchant) as uow:
        assert sorted(one.name for one in await suppliers.every(uow)) == ["果园", "牧场"]


async def test_goods_of_a_supplier_are_promised_there_and_are_not_picked_up(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    order = await bought(database, orchard, apples=2, milk=1)

    async with database.begin(merchant) as uow:
        lines = (await orders.find(uow, order.id)).lines
    assert [line.location_id for line in lines] == [orchard.place, orchard.shop.store_id]
    assert await stock_at(database, orchard) == (50, 2)


async def test_a_sku_is_sent_by_one_supplier_and_not_let_go_while_pieces_wait(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    other = await a_supplier(database, merchant, "牧场")
    await bought(database, orchard)

    with pytest.raises(suppliers.OtherSupplier) as taken:
        async with database.begin(merchant) as uow:
            await suppliers.set_item(
                uow, other.id, suppliers.WantedItem(orchard.shop.apple, 700, is_drop_shipped=True)
            )
    with pytest.raises(suppliers.StillAtSupplier) as waits:
        await set_price(database, orchard, 800, drop=False)

    assert taken.value.facts["supplier"] == "果园"
    assert waits.value.facts["pieces"] == 2
    assert [one.is_drop_shipped for one in await items(database, orchard)] == [True]
    async with database.begin(merchant) as uow:
        assert await suppliers.items(uow, other.id) == []


async def test_a_price_is_noted_with_what_it_was(database: Database, merchant: Merchant) -> None:
    orchard = await an_orchard(database, merchant)
    await set_price(database, orchard, 850)
    await set_price(database, orchard, 850)  # nothing changed, nothing noted

    async with database.begin(merchant) as uow:
        noted = (await audit.listing(uow, audit.Wanted(action="suppliers.set_item"))).items
    assert [(one.before, one.after) for one in noted] == [
        ({"price": 800, "is_drop_shipped": True}, {"price": 850, "is_drop_shipped": True}),
        (None, {"price": 800, "is_drop_shipped": True}),
    ]


async def test_a_supplier_sees_their_own_lines_and_no_amount(database: Database, merchant: Merchant) -> None:
    orchard = await an_orchard(database, merchant)
    other = await a_supplier(database, merchant, "牧场")
    order = await bought(database, orchard, apples=2, milk=3)

    async with database.begin(merchant, orchard.person) as uow:
        (seen,) = await suppliers.to_send(uow)
    assert (seen.number, seen.address.name) == (order.number, "周小满")
    assert [(line.line_no, line.title, line.quantity) for line in seen.lines] == [(1, "红富士苹果", 2)]
    told = msgspec.json.encode(seen).decode()
    assert "鲜牛奶" not in told
    assert "1290" not in told
    assert str(order.total) not in told

    elsewhere = msgspec.structs.replace(orchard.person, scope=frozenset({other.location_id}))
    async with database.begin(merchant, elsewhere) as uow:
        assert await suppliers.to_send(uow) == []
        with pytest.raises(NotFound):
            await suppliers.order_to_send(uow, order.id)


@pytest.mark.parametrize("scope", [None, frozenset(), "both"])
async def test_without_exactly_one_location_nobody_is_a_supplier(
    database: Database, merchant: Merchant, scope
) -> None:
    orchard = await an_orchard(database, merchant)
    other = await a_supplier(database, merchant, "牧场")
    await bought(database, orchard)
    scope = frozenset({orchard.place, other.location_id}) if scope == "both" else scope

    async with database.begin(merchant, msgspec.structs.replace(orchard.person, scope=scope)) as uow:
        with pytest.raises(NotFound):
            await suppliers.to_send(uow)


async def test_a_supplier_sends_their_lines_once_and_never_anybody_elses(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    order = await bought(database, orchard, apples=2, milk=1)
    asked = box(order.id, (1, 2))

    for lines in (((2, 1),), ((1, 1), (2, 1)), ((3, 1),), ()):
        with pytest.raises(NotFound):
            async with database.begin(merchant, orchard.person) as uow:
                await suppliers.ship(uow, msgspec.structs.replace(asked, id=ids.new(), lines=lines))
    for _ in range(2):
        async with database.begin(merchant, orchard.person) as uow:
            parcel = await suppliers.ship(uow, asked)

    async with database.begin(merchant, orchard.person) as uow:
        assert await suppliers.to_send(uow) == []
        assert [(one.pieces, one.tracking) for one in await suppliers.sent(uow)] == [(2, asked.number)]
    async with database.begin(merchant) as uow:
        assert [one.id for one in await fulfilment.parcels_of(uow, order.id)] == [parcel.id]
        found = await orders.find(uow, order.id)
    assert (found.state, [line.fulfilled_quantity for line in found.lines]) == ("paid", [2, 0])
    assert await stock_at(database, orchard) == (48, 0)


async def test_what_a_supplier_does_not_have_is_refunded_and_sold_no_more(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    order = await bought(database, orchard, apples=2, milk=1)
    await bought(database, orchard, apples=3)
    case_id = ids.new()

    with pytest.raises(NotFound):
        async with database.begin(merchant, orchard.person) as uow:
            await suppliers.out_of_stock(uow, ids.new(), order.id, [(2, 1)], "没有了")
    with pytest.raises(Invalid):
        async with database.begin(merchant, orchard.person) as uow:
            await suppliers.out_of_stock(uow, ids.new(), order.id, [(1, 2)], " ")
    for _ in range(2):
        async with database.begin(merchant, orchard.person) as uow:
            case = await suppliers.out_of_stock(uow, case_id, order.id, [(1, 2)], "采摘季结束")

    assert (case.reason, case.units, case.refunded) == ("out_of_stock", "waiting", 2_580)
    assert await stock_at(database, orchard) == (3, 3)
    async with database.begin(merchant) as uow:
        assert [line.waiting for line in (await orders.find(uow, order.id)).lines] == [0, 1]


async def test_a_supplier_states_their_own_stock_and_not_below_what_is_promised(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    await bought(database, orchard, apples=2)

    async with database.begin(merchant, orchard.person) as uow:
        await suppliers.state_stock(uow, orchard.shop.apple, 20)
    with pytest.raises(inventory.NotEnoughStock):
        async with database.begin(merchant, orchard.person) as uow:
            await suppliers.state_stock(uow, orchard.shop.apple, 1)
    with pytest.raises(NotFound):
        async with database.begin(merchant, orchard.person) as uow:
            await suppliers.state_stock(uow, orchard.shop.milk, 5)

    assert await stock_at(database, orchard) == (20, 2)


async def test_another_merchants_supplier_is_not_there(
    database: Database, merchant: Merchant, new_shop
) -> None:
    orchard = await an_orchard(database, merchant)
    await sent(database, orchard, (await bought(database, orchard)).id)
    other: Shop = await a_shop(database, await new_shop())

    async with database.begin(other.merchant, orchard.person) as uow:
        with pytest.raises(NotFound):
            await suppliers.find(uow, orchard.supplier.id)
        with pytest.raises(NotFound):
            await suppliers.to_send(uow)
        assert await suppliers.every(uow) == []
