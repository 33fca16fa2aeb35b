"""The cashier on the phone: what a shop's page may ask for, and what the shopper decides."""

import msgspec
import pytest

from siyu.connect import crypto

ORDER = "SO2026000001"


async def parameters(wire, **order) -> dict[str, str]:
    return msgspec.to_builtins(wire.gateway.client_parameters(await wire.prepay(**order)))


async def test_the_cashier_shows_what_is_paid_and_to_whom(wire):
    page = await wire.http.get("/cashier", params=await parameters(wire, total=123456))
    assert page.status_code == 200
    for words in ("1,234", "阳光玫瑰葡萄 2 斤", "小明", wire.settings.wxpay_merchant_id, ORDER, "立即支付"):
        assert words in page.text
    english = await wire.http.get("/cashier", params={**await parameters(wire, total=123456), "lang": "en"})
    assert "Pay now" in english.text


async def test_paying_settles_the_order_and_a_second_tap_pays_nothing(wire):
    given = await parameters(wire)
    paid = await wire.http.post(
        "/cashier/pay", data={**given, "action": "pay", "parent": "http://127.0.0.1:8000"}
    )
    assert paid.status_code == 200
    assert 'data-outcome="ok" data-parent="http://127.0.0.1:8000"' in paid.text
    await wire.shop.hears(1)
    transaction = await wire.gateway.query(ORDER)
    again = await wire.http.post("/cashier/pay", data={**given, "action": "pay"})
    assert 'data-outcome="fail"' in again.text
    assert await wire.gateway.query(ORDER) == transaction
    assert len((await wire.order())["callbacks"]) == 1
    shown = await wire.http.get("/cashier", params=given)
    assert 'data-outcome="fail"' in shown.text


async def test_cancelling_leaves_the_order_unpaid(wire):
    page = await wire.http.post("/cashier/pay", data={**await parameters(wire), "action": "cancel"})
    assert 'data-outcome="cancel"' in page.text
    assert (await wire.gateway.query(ORDER)).trade_state == "NOTPAY"


async def test_paying_silently_pays_without_a_callback(wire):
    page = await wire.http.post("/cashier/pay", data={**await parameters(wire), "action": "pay_silently"})
    assert 'data-outcome="ok"' in page.text
    assert (await wire.gateway.query(ORDER)).trade_state == "SUCCESS"
    assert (await wire.order())["callbacks"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("paySign", "AAAA"),
        ("package", "prepay_id=wx0"),
        ("nonceStr", "other"),
        ("timeStamp", "yesterday"),
        ("signType", "MD5"),
        ("appId", "wx0"),
        ("paySign", ""),
        ("action", "steal"),
    ],
)
async def test_parameters_that_the_merchant_did_not_sign_pay_nothing(wire, name, value):
    spoiled = {**await parameters(wire), "action": "pay", name: value}
    page = await wire.http.post("/cashier/pay", data=spoiled)
    assert (page.status_code, 'data-outcome="fail"' in page.text) == (400, True)
    assert (await wire.gateway.query(ORDER)).trade_state == "NOTPAY"
    assert wire.shop.raw == []


async def test_a_signed_request_for_an_unknown_prepay_id_is_refused(wire):
    made_up = msgspec.to_builtins(wire.gateway.client_parameters("wx0000"))
    assert (await wire.http.get("/cashier", params=made_up)).status_code == 400


async def test_a_prepay_id_lasts_two_hours(wire, later):
    given = await parameters(wire)
    later(2 * 3600)
    page = await wire.http.post("/cashier/pay", data={**given, "action": "pay"})
    assert (page.status_code, "支付已过期" in page.text) == (400, True)
    assert (await wire.gateway.query(ORDER)).trade_state == "NOTPAY"


async def test_the_phone_shows_payments_refunds_and_a_new_person(wire):
    await wire.prepay()
    await wire.pay(callback="drop")
    await wire.flags(refund_seconds=0)
    await wire.refund()
    await wire.gateway.query_refund("RF1")
    page = await wire.http.get("/phone", params={"as": "oShopper00000000000000000001"})
    for words in ("小明的手机", "阳光玫瑰葡萄 2 斤", "-¥99.00", "退款 ¥30.00 · 退款成功"):
        assert words in page.text
    joined = await wire.http.post("/phone/persons", data={"nickname": "<b>王叔</b>", "phone": ""})
    assert joined.status_code == 303
    own = await wire.http.get(joined.headers["Location"])
    assert "&lt;b&gt;王叔&lt;/b&gt;" in own.text
    assert "<b>王叔</b>" not in own.text
    assert "还没有付款。" in own.text


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/bridge.js", "text/javascript"),
        ("/assets/cashier.js", "text/javascript"),
        ("/assets/sandbox.css", "text/css"),
        ("/assets/icon.svg", "image/svg+xml"),
    ],
)
async def test_scripts_and_styles_are_served(wire, path, media_type):
    response = await wire.http.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)


def test_a_key_that_is_none_is_named_at_once():
    with pytest.raises(crypto.KeyUnreadable):
        crypto.check_private_key(b"not a key")
    with pytest.raises(crypto.KeyUnreadable):
        crypto.check_public_key(b"not a key")
