"""H5 and Native orders: pages and codes that anybody may pay at, and mini programs."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from siyu.connect import wxpay
from siyu.kernel import clock

ORDER = "SO2026000001"
SHOPPER = "oShopper00000000000000000001"
SHOP_PAGE = "http://127.0.0.1:8000/shop/demo/pay/1"
RETURN_URL = "http://127.0.0.1:8000/shop/demo/orders/1"


def token_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["prepay_id"][0]


async def test_a_browser_outside_wechat_pays_and_comes_back(wire):
    url = await wire.prepay_h5()
    page = await wire.http.get(url, headers={"Referer": SHOP_PAGE})
    for words in ("¥", "99", "阳光玫瑰葡萄 2 斤", "小明", "立即支付"):
        assert words in page.text
    choice = {"way": "h5", "token": token_of(url), "payer": SHOPPER, "next": RETURN_URL, "action": "pay"}
    paid = await wire.http.post("/open-cashier/pay", data=choice)
    assert f'data-outcome="ok" data-parent="" data-next="{RETURN_URL}"' in paid.text
    await wire.shop.hears(1)
    (callback,) = wire.shop.received
    assert callback.transaction == await wire.gateway.query(ORDER)
    assert (callback.transaction.trade_state, callback.transaction.openid) == ("SUCCESS", SHOPPER)
    again = await wire.http.post("/open-cashier/pay", data=choice)
    assert 'data-outcome="fail"' in again.text
    assert len((await wire.order())["callbacks"]) == 1


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "商家参数格式有误，请联系商家解决"),
        ({"Referer": "https://elsewhere.example.com/"}, "商家存在未配置的参数，请联系商家解决"),
        ({"Referer": SHOP_PAGE, "User-Agent": "Mozilla MicroMessenger/8.0"}, "请在微信外打开订单，进行支付"),
    ],
)
async def test_the_page_opens_only_from_the_merchants_own_pages_and_outside_wechat(wire, headers, words):
    page = await wire.http.get(await wire.prepay_h5(), headers=headers)
    assert (page.status_code, words in page.text) == (403, True)
    assert "立即支付" not in page.text


async def test_a_page_does_not_send_anybody_to_another_domain(wire):
    url = await wire.prepay_h5(return_url="https://elsewhere.example.com/steal")
    page = await wire.http.get(url, headers={"Referer": SHOP_PAGE})
    assert (page.status_code, "商家存在未配置的参数" in page.text) == (403, True)
    choice = {"way": "h5", "token": token_of(url), "payer": SHOPPER, "action": "pay"}
    paid = await wire.http.post(
        "/open-cashier/pay", data={**choice, "next": "https://elsewhere.example.com/"}
    )
    assert 'data-outcome="fail"' in paid.text
    assert (await wire.gateway.query(ORDER)).trade_state == "NOTPAY"


async def test_an_h5_address_lives_five_minutes_and_the_same_order_gets_a_fresh_one(wire, later):
    url = await wire.prepay_h5()
    later(5 * 60)
    page = await wire.http.get(url, headers={"Referer": SHOP_PAGE})
    assert (page.status_code, "支付已过期" in page.text) == (400, True)
    fresh = await wire.prepay_h5()
    assert fresh != url
    assert (await wire.http.get(fresh, headers={"Referer": SHOP_PAGE})).status_code == 200


@pytest.mark.parametrize("payer_ip", ["", "shopper", "300.1.1.1"])
async def test_an_h5_order_needs_the_shoppers_address(wire, payer_ip):
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wire.prepay_h5(payer_ip=payer_ip)
    assert caught.value.gateway_code == "PARAM_ERROR"
    assert await wire.gateway.query(ORDER) is None


async def test_an_address_of_this_machine_is_refused_when_told_so(wire):
    await wire.prepay_h5(payer_ip="127.0.0.1")
    await wire.flags(are_local_payers_refused=True)
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wire.prepay_h5("SO2026000002", payer_ip="127.0.0.1")
    assert caught.value.message == "payer_client_ip 必须为用户的真实公网IP"


async def test_a_scanned_code_is_paid_by_whoever_scanned_it(wire):
    code = await wire.prepay_native()
    assert code.startswith("weixin://wxpay/bizpayurl/up?pr=")
    empty = await wire.http.get("/scan")
    assert "扫一扫" in empty.text
    page = await wire.http.get("/scan", params={"code_url": code})
    assert ("小明" in page.text, "扫码付款" in page.text) == (True, True)
    unpaid = await wire.gateway.query(ORDER)
    assert (unpaid.trade_state, unpaid.openid) == ("NOTPAY", "")
    token = parse_qs(urlsplit(code).query)["pr"][0]
    choice = {"way": "scan", "token": token, "action": "pay"}
    nobody = await wire.http.post("/open-cashier/pay", data={**choice, "payer": "oNobody"})
    assert 'data-outcome="fail"' in nobody.text
    assert (await wire.gateway.query(ORDER)).trade_state == "NOTPAY"
    await wire.http.post("/open-cashier/pay", data={**choice, "payer": SHOPPER})
    paid = await wire.gateway.query(ORDER)
    assert (paid.trade_state, paid.openid, paid.total) == ("SUCCESS", SHOPPER, 9900)


async def test_what_is_no_code_of_ours_is_not_recognised(wire):
    for code in ("https://example.com", "weixin://wxpay/bizpayurl/up?pr=wx0", "weixin://wxpay/bizpayurl/up?"):
        page = await wire.http.get("/scan", params={"code_url": code})
        assert page.status_code == 400


async def test_one_number_belongs_to_one_way_of_paying(wire):
    await wire.prepay()
    for place in (wire.prepay_h5, wire.prepay_native):
        with pytest.raises(wxpay.GatewayRefused) as caught:
            await place()
        assert caught.value.request_id.endswith("-268498688")
    code = await wire.prepay_native("SO2026000002")
    token = parse_qs(urlsplit(code).query)["pr"][0]
    as_jsapi = msgspec.to_builtins(wire.gateway.client_parameters(token))
    assert (await wire.http.get("/cashier", params=as_jsapi)).status_code == 400
    assert (await wire.gateway.query("SO2026000002")).trade_state == "NOTPAY"


async def test_anybodys_order_is_paid_by_the_control_api_with_a_payer_only(wire):
    await wire.prepay_native()
    refused = await wire.http.post("/sandbox/pay", json={"out_trade_no": ORDER})
    assert (refused.status_code, refused.json()["message"]) == (400, "请选择由谁付款")
    assert (await wire.pay(payer=SHOPPER))["trade_state"] == "SUCCESS"


async def test_a_closed_native_order_cannot_be_paid(wire):
    code = await wire.prepay_native(expires_at=clock.now() + timedelta(minutes=5))
    await wire.gateway.close(ORDER)
    page = await wire.http.get("/scan", params={"code_url": code})
    assert 'data-outcome="fail"' in page.text


async def test_a_mini_program_pays_with_its_own_app_id(wire):
    mini = wire.gateway.credentials.mini_app_id
    prepay_id = await wire.prepay(app_id=mini)
    given = wire.gateway.client_parameters(prepay_id, mini)
    assert given.app_id == mini
    page = await wire.http.get("/cashier", params=msgspec.to_builtins(given))
    assert page.status_code == 200
    as_account = msgspec.to_builtins(wire.gateway.client_parameters(prepay_id))
    assert (await wire.http.get("/cashier", params=as_account)).status_code == 400
    await wire.pay()
    await wire.shop.hears(1)
    assert wire.shop.received[0].transaction.app_id == mini
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wire.prepay("SO2026000002", app_id="wx0000000000000000")
    assert caught.value.gateway_code == "APPID_MCHID_NOT_MATCH"
