"""Fulfilment on the console, the desk and the phone, over HTTP: the same actions, said in words."""

import io

import pytest
from openpyxl import load_workbook

from console.console_floor import field_of
from factories import a_customer, paid, state_of, stock_of
from siyu.kernel import ids
from trade.fulfilment_shop import a_clerk, a_parcel, codes_now, of_codes, order_now, send, to_ship


async def test_an_order_is_packed_and_sent_from_the_board(floor, owner):
    order = await to_ship(floor.database, floor.shop, apples=2, milk=1)

    board = await owner.get("/console/fulfilment")
    assert board.status_code == 200
    assert order.number in board.text
    assert "138****5678" in board.text
    assert "13812345678" not in board.text
    form = await owner.get(f"/console/orders/{order.id}/ship?location={floor.shop.store_id}")
    assert "13812345678" in form.text  # whoever packs may have to call
    key = field_of(form.text, "idempotency_key")
    box = {"idempotency_key": key, "carrier": "sf", "number": "SF1234567890123", "line-1": "2", "line-2": "0"}
    for _ in range(2):
        answer = await owner.tap(f"/console/orders/{order.id}/parcels", box)
        assert answer.status_code == 200, answer.text
    assert "SF1234567890123" in answer.headers["hx-trigger"]

    assert await state_of(floor.database, floor.shop, order.id) == "paid"
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (8, 0)
    shown = await owner.get(f"/console/orders/{order.id}/parcels")
    assert "SF1234567890123" in shown.text
    assert "顺丰速运" in shown.text
    assert "待从 一店 发出 1 件" in shown.text
    listed = await owner.get("/console/fulfilment/parcels?q=sf1234567890123")
    assert "SF1234567890123" in listed.text


async def test_a_wrong_number_is_said_at_the_field_and_nothing_is_sent(floor, owner):
    order = await to_ship(floor.database, floor.shop, apples=1)

    answer = await owner.tap(
        f"/console/orders/{order.id}/parcels",
        {"idempotency_key": str(ids.new()), "carrier": "sf", "number": "1", "line-1": "1"},
    )

    assert answer.status_code == 422
    assert "siyu:invalid" in answer.headers["hx-trigger"]
    assert await state_of(floor.database, floor.shop, order.id) == "paid"


async def test_a_parcel_is_corrected_and_cancelled(floor, owner):
    order = await to_ship(floor.database, floor.shop, apples=1)
    parcel = await send(floor.database, floor.shop, a_parcel(order.id))

    form = await owner.get(f"/console/parcels/{parcel.id}")
    assert "撤销发货" in form.text
    changed = await owner.tap(
        f"/console/parcels/{parcel.id}/number", {"carrier": "zto", "number": "731234567890123"}
    )
    cancelled = await owner.tap(f"/console/parcels/{parcel.id}/cancel", {"reason": "录错"})

    assert (changed.status_code, cancelled.status_code) == (200, 200)
    assert await state_of(floor.database, floor.shop, order.id) == "paid"
    assert "已撤销" in (await owner.get(f"/console/orders/{order.id}/parcels")).text


async def test_the_sheet_goes_out_and_comes_back_filled_in(floor, owner):
    order = await to_ship(floor.database, floor.shop, apples=2)
    got = await owner.get("/console/fulfilment/sheet")
    assert got.status_code == 200
    book = load_workbook(io.BytesIO(got.content))
    page = book.active
    page["J2"], page["K2"] = "顺丰", "SF1234567890123"
    file = io.BytesIO()
    book.save(file)

    answer = await owner.tap(
        "/console/fulfilment/sheet",
        {"idempotency_key": str(ids.new())},
        {"file": ("s.xlsx", file.getvalue())},
    )
    nothing = await owner.tap("/console/fulfilment/sheet", {}, {"file": ("s.xlsx", b"not a sheet")})

    assert [cell.value for cell in page[2]][:5] == [order.number, 1, "红富士苹果", None, 2]
    assert answer.status_code == 200, answer.text
    assert "/jobs/" in answer.headers["hx-location"]
    assert nothing.status_code == 422


async def test_chosen_orders_are_printed(floor, owner):
    found = [await to_ship(floor.database, floor.shop, apples=1) for _ in range(2)]
    for kind, paper in (("slips", "a4"), ("slips", "label"), ("picks", "a4")):
        answer = await owner.post(
            "/console/fulfilment/print",
            {"order": [str(one.id) for one in found], "kind": kind, "paper": paper},
        )
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF")

    assert (await owner.tap("/console/fulfilment/print", {"kind": "slips"})).status_code == 422
    assert (
        await owner.tap("/console/fulfilment/print", {"kind": "x", "order": str(found[0].id)})
    ).status_code == 422


async def test_a_local_order_is_assigned_and_the_courier_delivers_it(floor, owner):
    order = await to_ship(floor.database, floor.shop, delivery="local", apples=1)
    courier = await floor.member("guide", login="courier", store_id=floor.shop.store_id)
    board = await owner.get("/console/fulfilment?by=local")
    assert "未派单" in board.text
    async with floor.database.begin(floor.shop.merchant) as uow:
        from siyu.people import staff

        me = next(one for one in await staff.every(uow) if one.login == "courier")

    assert (
        await owner.tap("/console/fulfilment/rides", {"order": str(order.id), "courier": str(me.id)})
    ).status_code == 200
    mine = await courier.get("/desk/rides")
    assert "星海街 200 号" in mine.text
    assert (await courier.post(f"/desk/rides/{order.id}/out")).status_code == 303
    assert (await courier.post(f"/desk/rides/{order.id}/delivered", {"note": "本人"})).status_code == 303

    assert await state_of(floor.database, floor.shop, order.id) == "shipped"
    assert "已送达" in (await courier.get("/desk/rides")).text


async def test_a_voucher_is_redeemed_at_the_desk(floor):
    order = await of_codes(floor.database, floor.shop, quantity=1)
    (code,) = await codes_now(floor.database, floor.shop, order.id)
    guide = await floor.member("guide", store_id=floor.shop.store_id)

    led = await guide.get(f"/desk/verify?code={code.code}")
    assert (led.status_code, led.headers["location"].endswith(f"/redeem?code={code.code}")) == (303, True)
    shown = await guide.get(f"/desk/redeem?code={code.code}")
    key = field_of(shown.text, "idempotency_key")
    done = await guide.post("/desk/redeem", {"code": code.code, "idempotency_key": key})
    twin = await guide.post("/desk/redeem", {"code": code.code, "idempotency_key": key})
    again = await guide.post("/desk/redeem", {"code": code.code, "idempotency_key": str(ids.new())})

    assert (done.status_code, twin.status_code, again.status_code) == (200, 200, 409)
    assert "核销完成" in done.text
    assert "不能重复使用" in again.text
    assert await state_of(floor.database, floor.shop, order.id) == "received"


async def test_vouchers_carriers_and_rules_have_their_pages(floor, owner):
    order = await of_codes(floor.database, floor.shop, quantity=1)
    (code,) = await codes_now(floor.database, floor.shop, order.id)

    used = await owner.tap(
        "/console/fulfilment/codes", {"code": code.spaced, "store": str(floor.shop.store_id)}
    )
    listed = await owner.get("/console/fulfilment/codes")
    own = {"code": "my_truck", "name_zh": "自家货车", "name_en": "Our truck", "tracking_url": ""}
    added = await owner.tap("/console/fulfilment/carriers", own)
    off = await owner.tap("/console/fulfilment/carriers/sf", {"is_used": ""})
    rules = await owner.tap("/console/pickup-terms", {"is_cross_store": "1"})

    assert [one.status_code for one in (used, listed, added, off, rules)] == [200] * 5, rules.text
    assert code.spaced in listed.text
    shown = await owner.get("/console/fulfilment/carriers")
    assert "自家货车" in shown.text
    assert "checked" in (await owner.get("/console/pickup-terms")).text


async def test_the_buyer_sees_parcels_what_is_to_come_and_codes(floor):
    buyer = await a_customer(floor.database, floor.shop.merchant)
    order = await to_ship(floor.database, floor.shop, buyer=buyer, apples=2)
    await send(floor.database, floor.shop, a_parcel(order.id, (1, 1)))
    stranger = await floor.shopper(await a_customer(floor.database, floor.shop.merchant))
    phone = await floor.shopper(buyer)

    shown = await phone.get(f"/shop/orders/{order.id}/parcels")
    assert "SF1234567890123" in shown.text
    assert "还有 1 件待发出" in shown.text
    assert "kuaidi100.com" in shown.text
    assert (await stranger.get(f"/shop/orders/{order.id}/parcels")).status_code == 404


async def test_parts_are_handed_over_and_taken_back_at_the_desk(floor):
    order = await paid(
        floor.database, floor.shop, await a_customer(floor.database, floor.shop.merchant), apples=3
    )
    code = (await order_now(floor.database, floor.shop, order.id)).pickup_code
    guide = await floor.member("guide", store_id=floor.shop.store_id)
    manager = await floor.member("operator")

    handed = await guide.post(
        "/desk/verify", {"code": code, "line-1": "2", "idempotency_key": str(ids.new())}
    )
    assert "已交付 2 件" in handed.text
    assert "还有 1 件没有交付" in handed.text
    rest = await guide.get(f"/desk/verify?order_id={order.id}")
    assert "之前已交付 2 件" in rest.text
    assert order.number in (await guide.get("/desk/waiting")).text

    listed = await manager.get("/desk/handovers")
    action = listed.text.split("/handovers/")[1].split("/undo")[0]
    assert (await guide.post(f"/desk/handovers/{action}/undo", {"reason": "x"})).status_code == 403
    assert (await manager.post(f"/desk/handovers/{action}/undo", {"reason": "拿错了"})).status_code == 303
    assert "撤销：拿错了" in (await manager.get("/desk/handovers")).text
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (10, 3)


@pytest.mark.parametrize("path", ["/console/fulfilment/batch", "/console/fulfilment/sheet"])
async def test_who_may_not_ship_is_kept_out(floor, path):
    finance = await floor.member("finance")

    assert (await finance.get(path)).status_code == 403


async def test_machines_ship_and_redeem_too(floor, owner):
    from siyu.kernel.permissions import Permission
    from siyu.runtime import sessions

    order = await to_ship(floor.database, floor.shop, apples=2)
    async with floor.database.begin(floor.shop.merchant) as uow:
        session = await sessions.sign_in(
            uow,
            kind="staff",
            subject_id=(await a_clerk_id(floor)),
            name="机器",
            permissions={Permission.PARCELS_WRITE, Permission.ORDERS_READ, Permission.PICKUP_VERIFY},
            days=1,
        )
    client = floor.stranger().client
    slug = floor.shop.merchant.slug
    key = {"authorization": f"Bearer {session.token}", "idempotency-key": str(ids.new())}
    box = {"carrier": "sf", "number": "SF1234567890123", "lines": [{"line_no": 1, "quantity": 2}]}

    sent = [
        await client.post(f"/api/v1/{slug}/orders/{order.id}/parcels", json=box, headers=key)
        for _ in range(2)
    ]
    other = {**key, "idempotency-key": str(ids.new())}
    refused = await client.post(f"/api/v1/{slug}/orders/{order.id}/parcels", json=box, headers=other)
    listed = await client.get(f"/api/v1/{slug}/parcels?number=SF1234567890123", headers=key)
    unknown = await client.post(f"/api/v1/{slug}/redemptions", json={"code": "0"}, headers=key)

    assert [one.status_code for one in sent] == [201, 201]
    assert sent[0].json() == sent[1].json()
    assert (refused.status_code, refused.json()["code"]) == (409, "orders.not_waiting")
    assert [one["id"] for one in listed.json()["items"]] == [sent[0].json()["id"]]
    assert unknown.json()["code"] == "fulfilment.unknown_code"


async def a_clerk_id(floor):
    return (await a_clerk(floor.database, floor.shop)).id
