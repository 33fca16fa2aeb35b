"""Our Alipay client and the sandbox, talking to each other."""

import base64
import json
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import pytest

from siyu.connect import alipay, crypto, gateways
from siyu.kernel import clock

ORDER = "SO2026000001"
SHOPPER = "oShopper00000000000000000001"


def resigned(wire, url: str, **changes: str) -> dict[str, str]:
    """A page's parameters with some replaced, signed anew by the merchant."""
    given = {**dict(parse_qsl(urlsplit(url).query)), **changes}
    key = wire.alipay.credentials.private_key_pem
    unsigned = {name: value for name, value in given.items() if name != "sign" and value != "absent"}
    return {**unsigned, "sign": alipay.sign_request(key, unsigned)}


def with_content(wire, **changes: object) -> dict[str, str]:
    url = wire.page()
    content = {**json.loads(dict(parse_qsl(urlsplit(url).query))["biz_content"]), **changes}
    return resigned(wire, url, biz_content=json.dumps(content, ensure_ascii=False))


async def test_a_trade_exists_only_when_the_shopper_has_signed_in(wire):
    url = wire.page()
    assert await wire.alipay.query(ORDER) is None
    page = await wire.http.get(url)
    assert (page.status_code, "登录并继续" in page.text, "小明" in page.text) == (200, True, True)
    assert await wire.alipay.query(ORDER) is None
    await wire.control("alipay/open", {"url": url, "payer": SHOPPER})
    waiting = await wire.alipay.query(ORDER)
    assert (waiting.trade_state, waiting.is_paid, waiting.total, waiting.gateway) == (
        "NOTPAY",
        False,
        9900,
        "alipay",
    )


@pytest.mark.parametrize("is_wide", [False, True])
async def test_a_shopper_signs_in_pays_and_comes_back_and_the_notice_opens(wire, is_wide):
    url = wire.page(is_wide=is_wide)
    page = await wire.http.get(url)
    assert ('class="alipay wide"' in page.text) is is_wide
    signed_in = await wire.http.post(
        "/alipay/sign-in", data={**dict(parse_qsl(urlsplit(url).query)), "payer": SHOPPER}
    )
    assert signed_in.status_code == 303
    cashier = await wire.http.get(signed_in.headers["Location"])
    for words in ("阳光玫瑰葡萄 2 斤", "小明", ORDER, "立即支付"):
        assert words in cashier.text
    token = dict(parse_qsl(urlsplit(signed_in.headers["Location"]).query))["token"]
    paid = await wire.http.post("/alipay/cashier/pay", data={"token": token, "action": "pay"})
    assert 'data-outcome="ok"' in paid.text
    assert "http://127.0.0.1:8000/shop/demo/orders/1?" in paid.text
    await wire.shop.hears(1)
    (callback,) = wire.shop.received
    assert callback.transaction == await wire.alipay.query(ORDER)
    assert (callback.event_type, callback.refund, callback.refund_no) == ("TRANSACTION.SUCCESS", None, "")
    told = callback.transaction
    assert (told.trade_state, told.total, told.is_refundable) == ("SUCCESS", 9900, True)
    assert (told.merchant_id, told.app_id) == (wire.settings.alipay_seller_id, wire.settings.alipay_app_id)
    again = await wire.http.post("/alipay/cashier/pay", data={"token": token, "action": "pay"})
    assert again.status_code == 400
    assert await wire.alipay.query(ORDER) == told


async def test_cancelling_and_unknown_buttons_pay_nothing(wire):
    await wire.control("alipay/open", {"url": wire.page(), "payer": SHOPPER})
    page = await wire.http.post(
        "/alipay/sign-in", data={**dict(parse_qsl(urlsplit(wire.page()).query)), "payer": SHOPPER}
    )
    token = dict(parse_qsl(urlsplit(page.headers["Location"]).query))["token"]
    cancelled = await wire.http.post("/alipay/cashier/pay", data={"token": token, "action": "cancel"})
    assert 'data-outcome="cancel"' in cancelled.text
    stolen = await wire.http.post("/alipay/cashier/pay", data={"token": token, "action": "steal"})
    assert stolen.status_code == 400
    unknown = await wire.http.post("/alipay/cashier/pay", data={"token": "none", "action": "pay"})
    assert unknown.status_code == 400
    assert (await wire.alipay.query(ORDER)).trade_state == "NOTPAY"
    silent = await wire.http.post("/alipay/cashier/pay", data={"token": token, "action": "pay_silently"})
    assert 'data-outcome="ok"' in silent.text
    assert ((await wire.alipay.query(ORDER)).trade_state, wire.shop.raw) == ("SUCCESS", [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sign": "AAAA"}, "无效签名"),
        ({"biz_content": '{"out_trade_no":"SO2026000001","total_amount":"0.01"}'}, "无效签名"),
        ({"app_id": "2021000000000000"}, "无效的AppID参数"),
    ],
)
async def test_a_page_that_the_merchant_did_not_sign_does_not_open(wire, change, words):
    spoiled = {**dict(parse_qsl(urlsplit(wire.page()).query)), **change}
    page = await wire.http.get("/gateway.do?" + urlencode(spoiled))
    assert (page.status_code, words in page.text) == (400, True)
    signed_in = await wire.http.post("/alipay/sign-in", data={**spoiled, "payer": SHOPPER})
    assert signed_in.status_code == 400
    assert await wire.alipay.query(ORDER) is None


@pytest.mark.parametrize(
    "content",
    [
        {"unheard_of": "1"},
        {"quit_url": ""},
        {"quit_url": None},
        {"total_amount": "0"},
        {"total_amount": "1.001"},
        {"total_amount": 1},
        {"subject": "a=b"},
        {"subject": ""},
        {"product_code": "FAST_INSTANT_TRADE_PAY"},
        {"time_expire": "2020-01-01 00:00:00"},
        {"time_expire": "tomorrow"},
        {"timeout_express": "16d", "time_expire": None},
    ],
)
async def test_an_order_that_alipay_would_refuse_is_refused(wire, content):
    page = await wire.http.get("/gateway.do?" + urlencode(with_content(wire, **content)))
    assert page.status_code == 400
    assert "参数无效" in page.text
    assert await wire.alipay.query(ORDER) is None


@pytest.mark.parametrize(
    "change",
    [
        {"charset": "gbk"},
        {"sign_type": "RSA"},
        {"timestamp": "yesterday"},
        {"notify_url": "http://shop.example.com/cb"},
        {"unheard_of": "1"},
        {"version": "absent"},
    ],
)
async def test_common_parameters_are_checked(wire, change):
    page = await wire.http.get("/gateway.do?" + urlencode(resigned(wire, wire.page(), **change)))
    assert page.status_code == 400


async def test_another_order_under_the_same_number_is_refused_and_a_paid_one_is_not_paid_again(wire):
    await wire.control("alipay/open", {"url": wire.page(), "payer": SHOPPER})
    other = await wire.http.post(
        "/sandbox/alipay/open", json={"url": wire.page(total=9901), "payer": SHOPPER}
    )
    assert (other.status_code, other.json()["code"]) == (400, "ACQ.CONTEXT_INCONSISTENT")
    await wire.alipay_pay(callback="drop")
    again = await wire.http.post("/sandbox/alipay/pay", json={"url": wire.page(), "payer": SHOPPER})
    assert (again.status_code, again.json()["code"]) == (400, "ACQ.TRADE_HAS_SUCCESS")
    assert (await wire.trade())["total"] == 9900


async def test_an_unpaid_trade_is_closed_by_us_or_by_time(wire, later):
    await wire.alipay.close("SO2026000404")
    await wire.control("alipay/open", {"url": wire.page(), "payer": SHOPPER})
    await wire.alipay.close(ORDER)
    await wire.alipay.close(ORDER)
    assert (await wire.alipay.query(ORDER)).trade_state == "CLOSED"
    refused = await wire.http.post("/sandbox/alipay/pay", json={"out_trade_no": ORDER})
    assert refused.json()["code"] == "ACQ.TRADE_HAS_CLOSE"
    late = wire.page("SO2026000002")
    await wire.control("alipay/open", {"url": late, "payer": SHOPPER})
    later(30 * 60)
    assert (await wire.alipay.query("SO2026000002")).trade_state == "CLOSED"
    await wire.shop.hears(1)
    assert [callback.event_type for callback in wire.shop.received] == ["TRANSACTION.CLOSED"]
    expired = await wire.http.get(late)
    assert expired.status_code == 400


async def test_a_paid_trade_is_not_closed(wire):
    await wire.alipay_pay(callback="drop")
    with pytest.raises(gateways.OrderPaid):
        await wire.alipay.close(ORDER)
    assert (await wire.alipay.query(ORDER)).trade_state == "SUCCESS"


async def test_refunds_are_partial_idempotent_and_never_more_than_paid(wire):
    await wire.alipay_pay(callback="drop")
    first = await wire.alipay_refund("RF1", 3000)
    assert (first.status, first.refund, first.total) == ("SUCCESS", 3000, 9900)
    again = await wire.alipay_refund("RF1", 3000)
    assert (again.status, again.success_time) == ("PROCESSING", None)
    with pytest.raises(gateways.GatewayRefused) as caught:
        await wire.alipay_refund("RF1", 3001)
    assert caught.value.gateway_code == "ACQ.DISCORDANT_REPEAT_REQUEST"
    with pytest.raises(gateways.GatewayRefused) as caught:
        await wire.alipay_refund("RF2", 6901)
    assert caught.value.gateway_code == "ACQ.REASON_TRADE_REFUND_FEE_ERR"
    found = await wire.alipay.query_refund("RF1", out_trade_no=ORDER)
    assert (found.status, found.refund, found.total) == ("SUCCESS", 3000, 9900)
    assert found.success_time is not None
    assert await wire.alipay.query_refund("RF2", out_trade_no=ORDER) is None
    assert await wire.alipay.query_refund("RF1", out_trade_no="SO2026000404") is None
    assert (await wire.alipay.query(ORDER)).trade_state == "SUCCESS"
    await wire.alipay_refund("RF3", 6900)
    closed = await wire.alipay.query(ORDER)
    assert (closed.trade_state, closed.is_paid, closed.is_refundable) == ("REFUND", True, False)
    assert (await wire.trade())["refunds"] == [
        {"out_request_no": "RF1", "amount": 3000},
        {"out_request_no": "RF3", "amount": 6900},
    ]


async def test_what_cannot_be_refunded_is_not(wire, later):
    with pytest.raises(gateways.GatewayRefused) as caught:
        await wire.alipay_refund()
    assert caught.value.gateway_code == "ACQ.TRADE_NOT_EXIST"
    await wire.control("alipay/open", {"url": wire.page(), "payer": SHOPPER})
    with pytest.raises(gateways.GatewayRefused) as caught:
        await wire.alipay_refund()
    assert caught.value.gateway_code == "ACQ.TRADE_STATUS_ERROR"
    await wire.alipay_pay(callback="drop")
    await wire.flags(is_alipay_balance_short=True)
    with pytest.raises(gateways.GatewayRefused) as caught:
        await wire.alipay_refund()
    assert caught.value.gateway_code == "ACQ.SELLER_BALANCE_NOT_ENOUGH"
    await wire.flags(is_alipay_balance_short=False, alipay_finish_days=90)
    later(90 * 86_400)
    finished = await wire.alipay.query(ORDER)
    assert (finished.trade_state, finished.is_refundable) == ("SUCCESS", False)
    with pytest.raises(gateways.GatewayRefused) as caught:
        await wire.alipay_refund()
    assert caught.value.gateway_code == "ACQ.TRADE_HAS_FINISHED"
    assert (await wire.trade())["refunds"] == []


async def test_a_system_error_after_the_refund_is_unsure_and_the_same_number_settles_it(wire):
    await wire.alipay_pay(callback="drop")
    await wire.flags(system_errors_after_apply=1)
    with pytest.raises(gateways.GatewayUnsure) as caught:
        await wire.alipay_refund()
    assert caught.value.gateway_code == "ACQ.SYSTEM_ERROR"
    assert (await wire.alipay_refund()).status == "PROCESSING"
    assert (await wire.alipay.query_refund("RF1", out_trade_no=ORDER)).status == "SUCCESS"
    assert len((await wire.trade())["refunds"]) == 1


async def test_an_answer_signed_by_somebody_else_says_nothing(wire):
    await wire.flags(is_platform_key_rotated=True)
    with pytest.raises(gateways.AnswerNotTrusted) as caught:
        await wire.alipay.query(ORDER)
    assert caught.value.gateway_code == "signature_invalid"


async def test_our_own_wrong_keys_are_a_refusal_that_names_the_cause(wire):
    other = msgspec.structs.replace(wire.alipay.credentials, private_key_pem=crypto.new_private_key())
    with pytest.raises(gateways.GatewayRefused) as caught:
        await alipay.Gateway(other, http=wire.http).query(ORDER)
    assert (caught.value.gateway_code, caught.value.message) == ("isv.invalid-signature", "无效签名")
    assert "支付宝" in caught.value.sentence("zh")


async def test_a_subject_keeps_only_what_alipay_and_its_bills_take(wire):
    url = wire.page(subject='🍇葡萄 A&B=1/2, "新"' + "甜" * 300)
    content = json.loads(dict(parse_qsl(urlsplit(url).query))["biz_content"])
    assert content["subject"].startswith("葡萄 A B 1 2   新 甜")
    assert len(content["subject"].encode("gb18030")) <= 256
    assert (await wire.http.get(url)).status_code == 200


def test_credentials_name_what_is_missing_and_take_keys_as_alipays_tool_writes_them(wire, tmp_path):
    assert alipay.is_configured(wire.settings) is True
    empty = msgspec.structs.replace(
        wire.settings,
        alipay_app_id="", alipay_seller_id="", alipay_private_key_file="", alipay_public_key_file="",
    )  # fmt: skip
    assert alipay.is_configured(empty) is False
    with pytest.raises(ValueError, match="SIYU_ALIPAY_SELLER_ID"):
        alipay.credentials_from(msgspec.structs.replace(wire.settings, alipay_seller_id=""))
    bare = tmp_path / "private.txt"
    lines = wire.alipay.credentials.private_key_pem.decode().strip().splitlines()
    bare.write_text("".join(lines[1:-1]))
    read = alipay.credentials_from(msgspec.structs.replace(wire.settings, alipay_private_key_file=str(bare)))
    assert crypto.public_half(read.private_key_pem) == crypto.public_half(
        wire.alipay.credentials.private_key_pem
    )
    bare.write_text(base64.b64encode(b"not a key").decode())
    with pytest.raises(crypto.KeyUnreadable):
        alipay.credentials_from(msgspec.structs.replace(wire.settings, alipay_private_key_file=str(bare)))


async def test_a_page_says_until_when_it_can_be_paid(wire):
    ends = clock.now() + timedelta(minutes=30)
    content = json.loads(dict(parse_qsl(urlsplit(wire.page(expires_at=ends)).query))["biz_content"])
    assert content["time_expire"] == f"{ends.astimezone(gateways.CHINA):%Y-%m-%d %H:%M:%S}"
    assert (content["total_amount"], content["product_code"]) == ("99.00", "QUICK_WAP_WAY")
