"""Suppliers, purchase orders and statements as people use them; the supplier's own desk."""

from datetime import UTC, datetime, timedelta

import pytest

from console.console_floor import Browser, Floor, field_of
from siyu.goods import inventory
from siyu.kernel import clock, ids
from siyu.people import staff
from siyu.trade import suppliers
from trade.supplier_shop import Orchard, an_orchard, bought, digested, sent


@pytest.fixture
async def orchard(floor: Floor, new_shop) -> Orchard:
    """On a merchant of its own, whose floor this is from now on."""
    orchard = await an_orchard(floor.database, await new_shop())
    floor.shop = orchard.shop
    return orchard


async def supplier_at_desk(floor: Floor, orchard: Orchard) -> Browser:
    return await floor.member("supplier", store_id=orchard.place, login=f"s{ids.new().hex[-8:]}")


async def test_a_supplier_is_added_priced_and_listed(floor: Floor, orchard: Orchard) -> None:
    owner = await floor.member("owner")
    form = (await owner.get("/console/suppliers/new")).text
    made = await owner.post(
        "/console/suppliers",
        {"idempotency_key": field_of(form, "idempotency_key"), "name": "牧场", "settlement": "weekly"},
    )
    assert made.status_code == 303
    page = made.headers["location"].removeprefix(f"/console/{owner.slug}")
    added = await owner.post(f"/console{page}/items", {"sku": "MILK", "supply_price": "4.20", "code": "M-1"})
    assert added.status_code == 303
    refused = await owner.tap(f"/console{page}/items", {"sku": "NONE", "supply_price": "4.20"})

    shown = (await owner.get(f"/console{page}")).text
    listed = (await owner.get("/console/suppliers")).text
    assert refused.status_code == 422
    assert 'value="4.20"' in shown
    assert "按周结算" in listed
    assert "牧场" in listed
    assert (await owner.get("/console/suppliers?export=xlsx")).status_code == 200
    english = (await owner.get(f"/console{page}?lang=en")).text
    assert "Goods supplied" in english


async def test_an_order_is_made_received_in_two_lots_and_exported(floor: Floor, orchard: Orchard) -> None:
    owner = await floor.member("owner")
    form = (await owner.get(f"/console/purchases/new?supplier={orchard.supplier.id}")).text
    said = {
        "idempotency_key": field_of(form, "idempotency_key"),
        "supplier": str(orchard.supplier.id),
        "location": str(orchard.shop.store_id),
        "lines": "MILK 20 4.00\nAPPLE 5",
        "send": "1",
    }
    unread = await owner.tap("/console/purchases", {**said, "lines": "MILK"})
    made = [await owner.post("/console/purchases", said) for _ in range(2)]
    assert (unread.status_code, made[0].status_code) == (422, 303)
    assert made[0].headers["location"] == made[1].headers["location"]
    path = made[0].headers["location"].removeprefix(f"/console/{owner.slug}")
    key = field_of((await owner.get(f"/console{path}")).text, "idempotency_key")
    arrival = {
        "idempotency_key": key,
        "received-1": "12",
        "lot-1": "A",
        "expires-1": "2027-03-31",
        "received-1-b": "8",
    }
    for _ in range(2):
        assert (await owner.post(f"/console{path}/receive", arrival)).status_code == 303
    over = await owner.tap(f"/console{path}/receive", {"received-2": "6"})

    page = (await owner.get(f"/console{path}")).text
    assert over.status_code == 409
    assert "部分到货" in page
    assert "2027-03-31" in page
    async with floor.database.begin(orchard.shop.merchant) as uow:
        (level,) = await inventory.levels(uow, [orchard.shop.milk], orchard.shop.store_id)
        (listed,) = (await suppliers.purchases(uow)).items
    assert (level.on_hand, listed.received, listed.total) == (30, 20, 20 * 400 + 5 * 800)
    assert (await owner.get(f"/console{path}?export=xlsx")).status_code == 200
    assert "部分到货" in (await owner.get("/console/purchases?export=csv")).text
    assert (await owner.post(f"/console{path}/finish")).status_code == 303


async def test_one_click_orders_what_is_suggested(floor: Floor, orchard: Orchard) -> None:
    async with floor.database.begin(orchard.shop.merchant) as uow:
        await inventory.set_safety(uow, orchard.shop.store_id, orchard.shop.milk, 30)
        await suppliers.set_item(uow, orchard.supplier.id, suppliers.WantedItem(orchard.shop.milk, 400))
    owner = await floor.member("owner")
    page = (await owner.get("/console/purchases/suggestions")).text
    click = {name: field_of(page, name) for name in ("idempotency_key", "supplier", "location")}
    made = [await owner.post("/console/purchases/suggestions", click) for _ in range(2)]

    assert [one.status_code for one in made] == [303, 303]
    async with floor.database.begin(orchard.shop.merchant) as uow:
        (listed,) = (await suppliers.purchases(uow)).items
    assert (listed.state, listed.pieces, listed.total) == ("draft", 50, 20_000)
    assert "没有需要补货的商品" in (await owner.get("/console/purchases/suggestions")).text


async def test_a_period_is_settled_and_paid_on_the_console(floor: Floor, orchard: Orchard) -> None:
    order = await bought(floor.database, orchard)
    await sent(floor.database, orchard, order.id, (1, 2))
    await digested(floor.database)
    root = f"/console/suppliers/{orchard.supplier.id}"
    async with floor.database.begin(orchard.shop.merchant) as uow:
        until = (await suppliers.open_period(uow, orchard.supplier)).until
    owner = await floor.member("owner")
    adjusted = await owner.post(f"{root}/adjustments", {"amount": "-1.50", "reason": "破损"})
    early = await owner.tap(f"{root}/statements")
    clock.move_to(until - datetime.now(UTC) + timedelta(hours=2))
    owner = await floor.member("owner", login="later")
    made = await owner.post(f"{root}/statements")
    path = made.headers["location"].removeprefix(f"/console/{owner.slug}")
    steps = [
        await owner.post(f"/console{path}/confirm"),
        await owner.post(f"/console{path}/pay", {"reference": "网银 88"}),
    ]

    assert (adjusted.status_code, early.status_code, made.status_code) == (303, 409, 303)
    assert [one.status_code for one in steps] == [303, 303]
    page = (await owner.get(f"/console{path}")).text
    assert "14.50" in page
    assert "已付清" in page
    assert "14.50" in (await owner.get("/console/statements?state=paid")).text
    assert "红富士苹果" in (await owner.get(f"/console{path}?export=csv")).text
    assert (await owner.get(f"/console{path}?export=xlsx")).status_code == 200
    account = await owner.get(f"/console/ledger/supplier:{orchard.supplier.id}")
    assert "支付供应商" in account.text


async def test_a_supplier_signs_in_ships_and_sees_nothing_else(floor: Floor, orchard: Orchard) -> None:
    order = await bought(floor.database, orchard, apples=2, milk=1)
    desk = await supplier_at_desk(floor, orchard)
    home = await desk.get("/desk")
    assert (home.status_code, home.headers["location"]) == (303, f"/desk/{desk.slug}/supply")
    listed = (await desk.get("/desk/supply")).text
    page = (await desk.get(f"/desk/supply/{order.id}")).text
    for shown in (listed, page):
        assert "红富士苹果" in shown
        assert "鲜牛奶" not in shown
        assert "12.90" not in shown
    assert "13812345678" in page

    form = {
        "idempotency_key": field_of(page, "idempotency_key"),
        "carrier": "sf",
        "number": "SF1234567890123",
    }
    elses = await desk.tap(f"/desk/supply/{order.id}/ship", {**form, "line-2": "1"})
    shipped = [await desk.post(f"/desk/supply/{order.id}/ship", {**form, "line-1": "2"}) for _ in range(2)]
    assert elses.status_code == 404
    assert [one.status_code for one in shipped] == [303, 303]
    assert "SF1234567890123" in (await desk.get("/desk/supply/sent")).text
    assert "没有等你发的货" in (await desk.get("/desk/supply")).text
    for closed in (
        "/console/orders",
        f"/console/orders/{order.id}",
        "/console/suppliers",
        "/console/purchases",
        "/console/statements",
        "/console/stock",
        "/console/customers",
        "/console/fulfilment",
        "/desk/verify",
        "/desk/waiting",
    ):
        assert (await desk.get(closed)).status_code in {403, 404}, closed
    assert str(order.id) not in (await desk.get(f"/console/find?q={order.number}")).text


async def test_a_supplier_reports_what_is_out_of_stock_and_states_the_rest(
    floor: Floor, orchard: Orchard
) -> None:
    order = await bought(floor.database, orchard, apples=2)
    desk = await supplier_at_desk(floor, orchard)
    page = (await desk.get(f"/desk/supply/{order.id}")).text
    form = {"idempotency_key": field_of(page, "idempotency_key"), "line-1": "2"}
    unsaid = await desk.tap(f"/desk/supply/{order.id}/out-of-stock", form)
    said = await desk.post(f"/desk/supply/{order.id}/out-of-stock", {**form, "words": "采摘季结束"})
    stated = await desk.post("/desk/supply/stock", {"sku_id": str(orchard.shop.apple), "quantity": "7"})
    other = await desk.tap("/desk/supply/stock", {"sku_id": str(orchard.shop.milk), "quantity": "7"})

    assert [one.status_code for one in (unsaid, said, stated, other)] == [422, 303, 303, 404]
    assert 'value="7"' in (await desk.get("/desk/supply/stock")).text
    async with floor.database.begin(orchard.shop.merchant) as uow:
        (level,) = await inventory.levels(uow, [orchard.shop.apple], orchard.place)
    assert (level.on_hand, level.reserved) == (7, 0)


async def test_an_account_of_a_supplier_has_exactly_one_location(floor: Floor, orchard: Orchard) -> None:
    owner = await floor.member("owner")

    refused = await owner.tap(
        "/console/settings/staff",
        {"login": "several", "name": "老王", "password": "a long password", "role": "supplier"},
    )

    assert refused.status_code == 422
    assert (await owner.get("/desk/supply")).status_code == 404  # the owner is nobody's supplier
    async with floor.database.begin(orchard.shop.merchant) as uow:
        assert "several" not in {one.login for one in await staff.every(uow)}
