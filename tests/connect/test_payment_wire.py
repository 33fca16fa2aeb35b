"""Our client and the sandbox, talking WeChat Pay v3 to each other."""

from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from siyu.connect import crypto, wxpay
from siyu.kernel import clock

ORDER = "SO2026000001"


async def signed_call(wire, method: str, target: str, body: bytes = b"", **spoiled: str) -> httpx.Response:
    """A request like our client's, with single parts of the authorization replaced."""
    keys = wire.gateway.credentials
    timestamp = spoiled.get("timestamp", str(int(clock.now().timestamp())))
    message = wxpay.request_message(
        method=method, target=target, timestamp=timestamp, nonce="N" * 32, body=spoiled.get("signed", body)
    )
    header = wxpay.authorization(
        merchant_id=spoiled.get("merchant_id", keys.merchant_id),
        serial=spoiled.get("serial", keys.merchant_serial),
        private_key_pem=keys.private_key_pem,
        timestamp=timestamp,
        nonce="N" * 32,
        message=message,
    )
    headers = {"Authorization": header} if "unsigned" not in spoiled else {}
    return await wire.http.request(method, target, content=body, headers=headers)


def order_body(wire, **changes) -> bytes:
    keys = wire.gateway.credentials
    order = {
        "appid": keys.app_id,
        "mchid": keys.merchant_id,
        "description": "葡萄",
        "out_trade_no": ORDER,
        "notify_url": "http://127.0.0.1:8000/cb/wxpay/demo",
        "amount": {"total": 100},
        "payer": {"openid": "oShopper00000000000000000001"},
    }
    return msgspec.json.encode(
        {key: value for key, value in {**order, **changes}.items() if value != "absent"}
    )


async def place(wire, **changes) -> httpx.Response:
    return await signed_call(wire, "POST", "/v3/pay/transactions/jsapi", order_body(wire, **changes))


async def test_an_order_is_paid_and_the_callback_opens(wire):
    prepay_id = await wire.prepay()
    assert prepay_id.startswith("wx")
    unpaid = await wire.gateway.query(ORDER)
    assert (unpaid.trade_state, unpaid.is_paid, unpaid.total, unpaid.transaction_id) == (
        "NOTPAY",
        False,
        9900,
        "",
    )
    paid = await wire.pay()
    await wire.shop.hears(1)
    (callback,) = wire.shop.received
    assert callback.event_type == "TRANSACTION.SUCCESS"
    assert callback.transaction == await wire.gateway.query(ORDER)
    assert callback.transaction.transaction_id == paid["transaction_id"]
    assert (callback.transaction.trade_state, callback.transaction.total) == ("SUCCESS", 9900)
    assert callback.transaction.openid == "oShopper00000000000000000001"
    assert callback.transaction.merchant_id == wire.settings.wxpay_merchant_id
    assert abs(callback.transaction.success_time - datetime.now(UTC)) < timedelta(seconds=5)


async def test_client_parameters_verify_with_the_merchants_public_key(wire):
    given = wire.gateway.client_parameters("wx123")
    assert list(msgspec.to_builtins(given)) == [
        "appId", "timeStamp", "nonceStr", "package", "signType", "paySign",
    ]  # fmt: skip
    assert (given.package, given.sign_type) == ("prepay_id=wx123", "RSA")
    message = wxpay.payment_message(
        app_id=given.app_id, timestamp=given.time_stamp, nonce=given.nonce_str, package=given.package
    )
    public = crypto.public_half(wire.gateway.credentials.private_key_pem)
    assert crypto.verify(public, message, given.pay_sign)


async def test_the_same_order_again_gets_a_new_prepay_id_and_another_order_under_its_number_is_refused(wire):
    first, second = await wire.prepay(), await wire.prepay()
    assert first != second
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wire.prepay(total=9901)
    assert caught.value.gateway_code == "INVALID_REQUEST"
    assert caught.value.request_id.endswith("-268498688")
    assert (await wire.order())["total"] == 9900


async def test_a_paid_order_is_neither_placed_again_nor_closed(wire):
    await wire.prepay()
    await wire.pay(callback="drop")
    with pytest.raises(wxpay.OrderPaid):
        await wire.prepay()
    with pytest.raises(wxpay.OrderPaid):
        await wire.gateway.close(ORDER)
    assert (await wire.gateway.query(ORDER)).trade_state == "SUCCESS"


async def test_a_closed_order_cannot_be_paid_and_closing_twice_is_harmless(wire):
    await wire.prepay()
    await wire.gateway.close(ORDER)
    await wire.gateway.close(ORDER)
    await wire.gateway.close("SO2026000404")
    assert (await wire.gateway.query(ORDER)).trade_state == "CLOSED"
    response = await wire.http.post("/sandbox/pay", json={"out_trade_no": ORDER})
    assert (response.status_code, response.json()["code"]) == (400, "ORDER_CLOSED")
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wire.prepay()
    assert caught.value.gateway_code == "ORDER_CLOSED"
    assert (await wire.gateway.query(ORDER)).trade_state == "CLOSED"


async def test_an_order_that_nobody_pays_in_time_is_closed(wire, later):
    await wire.prepay(expires_at=clock.now() + timedelta(minutes=5))
    later(301)
    assert (await wire.gateway.query(ORDER)).trade_state == "CLOSED"
    response = await wire.http.post("/sandbox/pay", json={"out_trade_no": ORDER})
    assert response.json()["code"] == "ORDER_CLOSED"


async def test_an_unknown_order_and_an_unknown_refund_are_none(wire):
    assert await wire.gateway.query("SO2026000404") is None
    assert await wire.gateway.query_refund("RF404") is None


async def test_a_description_is_cut_to_what_the_gateway_takes(wire):
    await wire.prepay(description="🍇" + "阳光玫瑰" * 20)
    assert (await wire.gateway.query(ORDER)).trade_state == "NOTPAY"
    await wire.prepay("SO2026000002", description="🍇")
    assert (await wire.gateway.query("SO2026000002")).trade_state == "NOTPAY"


async def test_refunds_are_partial_idempotent_and_never_more_than_paid(wire):
    await wire.prepay()
    await wire.pay(callback="drop")
    first = await wire.refund("RF1", 3000)
    assert (first.status, first.refund, first.total, first.success_time) == ("PROCESSING", 3000, 9900, None)
    assert (await wire.refund("RF1", 3000)).refund_id == first.refund_id
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wire.refund("RF1", 3001)
    assert caught.value.gateway_code == "INVALID_REQUEST"
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wire.refund("RF2", 6901)
    assert caught.value.message == "申请退款金额大于订单可退金额"
    await wire.refund("RF3", 6900)
    assert (await wire.gateway.query(ORDER)).trade_state == "REFUND"
    assert [(row["out_refund_no"], row["refund"]) for row in (await wire.order())["refunds"]] == [
        ("RF1", 3000),
        ("RF3", 6900),
    ]


async def test_a_refund_succeeds_and_its_callback_opens(wire):
    await wire.prepay()
    await wire.pay(callback="drop")
    await wire.refund()
    await wire.shop.hears(1)
    (callback,) = wire.shop.received
    assert (callback.event_type, callback.transaction) == ("REFUND.SUCCESS", None)
    assert callback.refund == await wire.gateway.query_refund("RF1")
    assert (callback.refund.status, callback.refund.out_trade_no) == ("SUCCESS", ORDER)


@pytest.mark.parametrize("result", ["CLOSED", "ABNORMAL"])
async def test_a_refund_can_fail(wire, result):
    await wire.flags(refund_result=result, refund_seconds=0)
    await wire.prepay()
    await wire.pay(callback="drop")
    await wire.refund()
    await wire.shop.hears(1)
    (callback,) = wire.shop.received
    assert (callback.event_type, callback.refund.status) == (f"REFUND.{result}", result)
    assert callback.refund.success_time is None


async def test_an_unpaid_or_unknown_order_is_not_refunded(wire):
    await wire.prepay()
    for number, code in ((ORDER, "INVALID_REQUEST"), ("SO2026000404", "RESOURCE_NOT_EXISTS")):
        with pytest.raises(wxpay.GatewayRefused) as caught:
            await wire.refund(out_trade_no=number)
        assert caught.value.gateway_code == code
    assert (await wire.order())["refunds"] == []
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wire.prepay(total=9901)
    await wire.pay(callback="drop")
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wire.refund(total=9901)
    assert caught.value.message == "订单金额与原订单不一致"


async def test_the_fifty_first_refund_and_one_within_a_minute_are_refused(wire, later):
    await wire.flags(is_refund_minute_enforced=True)
    await wire.prepay()
    await wire.pay(callback="drop")
    await wire.refund("RF0", 1)
    with pytest.raises(wxpay.GatewayUnsure) as caught:
        await wire.refund("RF1", 1)
    assert caught.value.gateway_code == "FREQUENCY_LIMITED"
    later(60)
    await wire.refund("RF1", 1)
    await wire.flags(is_refund_minute_enforced=False)
    for index in range(2, 50):
        await wire.refund(f"RF{index}", 1)
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wire.refund("RF50", 1)
    assert caught.value.message == "一笔订单最多支持50次部分退款"
    assert len((await wire.order())["refunds"]) == 50


async def test_a_system_error_after_the_change_is_unsure_and_the_same_number_settles_it(wire):
    await wire.flags(system_errors_after_apply=1)
    with pytest.raises(wxpay.GatewayUnsure) as caught:
        await wire.prepay()
    assert caught.value.gateway_code == "SYSTEM_ERROR"
    await wire.prepay()
    await wire.pay(callback="drop")
    await wire.flags(system_errors_after_apply=1)
    with pytest.raises(wxpay.GatewayUnsure):
        await wire.refund()
    await wire.refund()
    assert [row["refund"] for row in (await wire.order())["refunds"]] == [3000]


async def test_an_answer_signed_with_an_unknown_platform_key_says_nothing(wire):
    await wire.prepay()
    await wire.flags(is_platform_key_rotated=True)
    with pytest.raises(wxpay.AnswerNotTrusted) as caught:
        await wire.gateway.query(ORDER)
    assert caught.value.gateway_code == "serial_unknown"
    await wire.pay()
    await wire.shop.hears(1)
    assert wire.shop.refused == ["serial_unknown"]
    assert wire.shop.received == []


async def test_no_answer_is_unsure(wire):
    def silent(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too slow")

    async with httpx.AsyncClient(transport=httpx.MockTransport(silent)) as http:
        with pytest.raises(wxpay.GatewayUnsure) as caught:
            await wxpay.Gateway(wire.gateway.credentials, http=http).query(ORDER)
    assert caught.value.gateway_code == "NO_ANSWER"


@pytest.mark.parametrize(
    ("spoiled", "message"),
    [
        ({"unsigned": "yes"}, "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"),
        ({"merchant_id": "1900000001"}, "商户号不存在"),
        ({"serial": "F" * 40}, "商户证书序列号有误"),
        ({"timestamp": "1700000000"}, "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"),
        ({"signed": b"another body"}, "签名错误，请检查后再试"),
    ],
)
async def test_a_request_that_the_merchant_did_not_sign_gets_a_signed_401(wire, spoiled, message):
    body = order_body(wire)
    response = await signed_call(wire, "POST", "/v3/pay/transactions/jsapi", body, **spoiled)
    assert (response.status_code, response.json()) == (401, {"code": "SIGN_ERROR", "message": message})
    signed = wxpay.answer_message(
        timestamp=response.headers["Wechatpay-Timestamp"],
        nonce=response.headers["Wechatpay-Nonce"],
        body=response.content,
    )
    (platform_key,) = wire.gateway.credentials.platform_keys.values()
    assert crypto.verify(platform_key, signed, response.headers["Wechatpay-Signature"])
    assert await wire.gateway.query(ORDER) is None


async def test_a_wrong_merchant_key_is_a_refusal_that_names_the_cause(wire):
    keys = wire.gateway.credentials
    fields = {name: getattr(keys, name) for name in keys.__struct_fields__}
    other = wxpay.Credentials(**{**fields, "private_key_pem": crypto.new_private_key()})
    with pytest.raises(wxpay.GatewayRefused) as caught:
        await wxpay.Gateway(other, http=wire.http).query(ORDER)
    assert (caught.value.gateway_code, caught.value.message) == ("SIGN_ERROR", "签名错误，请检查后再试")


@pytest.mark.parametrize(
    ("change", "code", "number"),
    [
        ({"unheard_of": 1}, "PARAM_ERROR", 270924358),
        ({"attach": None}, "PARAM_ERROR", 268435461),
        ({"description": "葡萄🍇"}, "PARAM_ERROR", 268435461),
        ({"description": "葡" * 128}, "PARAM_ERROR", 268435461),
        ({"description": "absent"}, "PARAM_ERROR", 268435461),
        ({"out_trade_no": "short"}, "PARAM_ERROR", 268435461),
        ({"amount": {"total": "100"}}, "PARAM_ERROR", 268435461),
        ({"amount": {"total": 0}}, "PARAM_ERROR", 268435461),
        ({"amount": {"total": 100, "currency": "USD"}}, "PARAM_ERROR", 268435461),
        ({"notify_url": "http://shop.example.com/cb"}, "PARAM_ERROR", 268435461),
        ({"notify_url": "https://shop.example.com/cb?order=1"}, "PARAM_ERROR", 268435461),
        ({"payer": {"openid": "oNobody"}}, "PARAM_ERROR", 268435461),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, "PARAM_ERROR", 268435464),
        ({"appid": "wx0000000000000000"}, "APPID_MCHID_NOT_MATCH", 268445527),
        ({"mchid": "1900000001"}, "PARAM_ERROR", 268447843),
    ],
)
async def test_an_order_that_the_real_gateway_would_refuse_is_refused(wire, change, code, number):
    response = await place(wire, **change)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert response.headers["Request-ID"].endswith(f"-{number}")
    assert await wire.gateway.query(ORDER) is None


async def test_the_same_json_spelled_differently_is_the_same_order(wire):
    assert (await place(wire)).status_code == 200
    spaced = order_body(wire).replace(b'":', b'" : ')
    response = await signed_call(wire, "POST", "/v3/pay/transactions/jsapi", spaced)
    assert response.status_code == 200


async def test_credentials_name_the_setting_that_is_missing_or_wrong(wire):
    keys = msgspec.structs.replace(wire.settings, wxpay_merchant_id="")
    with pytest.raises(ValueError, match="SIYU_WXPAY_MERCHANT_ID"):
        wxpay.credentials_from(keys)
    keys = msgspec.structs.replace(wire.settings, wxpay_api_v3_key="short")
    with pytest.raises(ValueError, match="32 bytes"):
        wxpay.credentials_from(keys)
    keys = msgspec.structs.replace(
        wire.settings, wxpay_private_key_file=wire.settings.wxpay_platform_key_file
    )
    with pytest.raises(crypto.KeyUnreadable):
        wxpay.credentials_from(keys)
