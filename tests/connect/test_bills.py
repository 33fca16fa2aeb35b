"""Bills of both gateways: the same rows whatever the file looks like, and nothing from a file that does not add up."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers

from siyu.connect import alipay, gateways, wxpay
from siyu.connect.gateways import BillRow
from siyu.connect.wxpay import bills as wxpay_bills
from siyu.kernel import clock

SHOPPER = "oShopper00000000000000000001"
DAY = date(2026, 11, 21)


def today() -> date:
    return clock.now().astimezone(gateways.CHINA).date()


@pytest.fixture
def day_over(later):
    """Move on to the moment at which today's bills are written."""

    def move() -> date:
        day = today()
        later((gateways.ready_at(day) - clock.now()).total_seconds() + 1)
        return day

    return move


@pytest.fixture
def at_noon(later):
    """No test runs over midnight in China."""
    now = clock.now().astimezone(gateways.CHINA)
    later(
        (
            datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), gateways.CHINA) - now
        ).total_seconds()
        + 43_200
    )


async def traded(wire) -> None:
    """One payment, one payment that went back in part, and one that nobody made: in both gateways."""
    await wire.flags(refund_seconds=0)
    for number in ("SO2026000001", "SO2026000002", "SO2026000003"):
        await wire.prepay(number)
    await wire.pay("SO2026000001", callback="drop")
    await wire.pay("SO2026000002", callback="drop")
    await wire.refund("RF1", 3000, out_trade_no="SO2026000002")
    await wire.gateway.query_refund("RF1")
    await wire.alipay_pay("SO2026000001", callback="drop")
    await wire.alipay_pay("SO2026000002", callback="drop")
    await wire.alipay_refund("RF1", 3000, out_trade_no="SO2026000002")


def short(bill: gateways.Bill) -> list[tuple]:
    return [(row.kind, row.out_trade_no, row.out_refund_no, row.amount, row.fee) for row in bill.rows]


TRUTH = [
    ("payment", "SO2026000001", "", 9900, 59),
    ("payment", "SO2026000002", "", 9900, 59),
    ("refund", "SO2026000002", "RF1", 3000, -18),
]


def test_the_recorded_bill_is_read_to_the_fen(load_vectors):
    recorded = load_vectors("wechatpay_v3.json")["trade_bill_all"]
    bill = wxpay.read_trade_bill(DAY, recorded["text"].encode())
    order = "4200002026112100000000000001"
    assert bill.rows == (
        BillRow(
            "payment", "SO2026112100001", order, "", "", 9900, 59,
            datetime(2026, 11, 21, 2, tzinfo=UTC), "SUCCESS",
        ),
        BillRow(
            "refund", "SO2026112100001", order, "RF2026112100001", "50200002026112100000000000001", 3000, -18,
            datetime(2026, 11, 21, 3, tzinfo=UTC), "SUCCESS",
        ),
    )  # fmt: skip
    assert (bill.sum_of("payment"), bill.sum_of("refund"), bill.fees) == (9900, 3000, 41)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("`99.00,`0.00,`\r\n`2026", "`98.00,`0.00,`\r\n`2026", "totals_differ"),
        ("`2,`99.00", "`3,`99.00", "totals_differ"),
        ("`0.41000", "`0.42000", "totals_differ"),
        ("订单金额,申请退款金额,费率备注", "金额,申请退款金额,费率备注", "columns_unknown"),
        ("`CNY", "`USD", "line_1"),
        ("`99.00,`0.00,`\r\n", "`ninety,`0.00,`\r\n", "line_1"),
        ("`2026-11-21 10:00:00", "`yesterday", "line_1"),
        ("`0.60%,`99.00", "`0.60%", "cells_missing"),
    ],
)
def test_a_bill_that_contradicts_itself_is_taken_not_even_in_part(load_vectors, old, new, reason):
    text = load_vectors("wechatpay_v3.json")["trade_bill_all"]["text"]
    assert old in text
    with pytest.raises(gateways.BillUnreadable) as caught:
        wxpay.read_trade_bill(DAY, text.replace(old, new, 1).encode())
    assert caught.value.reason == reason


def test_a_product_name_may_contain_commas(load_vectors):
    text = load_vectors("wechatpay_v3.json")["trade_bill_all"]["text"]
    bill = wxpay.read_trade_bill(DAY, text.replace("测试商品", "葡萄,2斤,甜").encode())
    assert bill.sum_of("payment") == 9900


async def test_bills_of_both_gateways_tell_what_happened_in_the_same_words(wire, at_noon, day_over):
    await traded(wire)
    day = day_over()
    for gateway in (wire.gateway, wire.alipay):
        bill = await gateway.trade_bill(day)
        assert (bill.gateway, bill.day, short(bill)) == (gateway.name, day, TRUTH)
        assert (bill.sum_of("payment"), bill.sum_of("refund"), bill.fees) == (19_800, 3000, 100)
        for row in bill.rows:
            found = await gateway.query(row.out_trade_no)
            assert row.transaction_id == found.transaction_id
            assert row.at >= found.success_time
    by_wechat = await wire.gateway.trade_bill(day)
    refund = await wire.gateway.query_refund("RF1")
    assert by_wechat.rows[2].refund_id == refund.refund_id


async def test_the_flow_of_funds_ends_at_the_balance_that_the_rows_make(wire, at_noon, day_over):
    await traded(wire)
    day = day_over()
    for gateway in (wire.gateway, wire.alipay):
        bill = await gateway.fund_flow_bill(day)
        assert (bill.sum_of("in"), bill.sum_of("out")) == (19_800 + 18, 3000 + 118)
        assert bill.rows[-1].balance == 19_800 - 3000 - 100
        assert len({row.flow_id for row in bill.rows}) == len(bill.rows) == 6


async def test_a_bill_is_not_asked_for_before_ten_on_the_next_day(wire, at_noon):
    await traded(wire)
    day = today()

    def unexpected(_request: httpx.Request) -> httpx.Response:
        raise AssertionError("asked for a bill that cannot exist")

    async with httpx.AsyncClient(transport=httpx.MockTransport(unexpected)) as http:
        for gateway in (
            wxpay.Gateway(wire.gateway.credentials, http=http),
            alipay.Gateway(wire.alipay.credentials, http=http),
        ):
            with pytest.raises(gateways.BillNotReady) as caught:
                await gateway.trade_bill(day)
            assert caught.value.ready_at == gateways.ready_at(day)
    assert gateways.ready_at(date(2026, 11, 21)) == datetime(2026, 11, 22, 2, tzinfo=UTC)


async def test_a_day_on_which_nothing_happened_is_an_empty_bill(wire):
    day = today() - timedelta(days=2)
    for gateway in (wire.gateway, wire.alipay):
        assert (await gateway.trade_bill(day)).rows == ()
        assert (await gateway.fund_flow_bill(day)).rows == ()


async def test_days_end_at_midnight_in_china(wire, at_noon, later, day_over):
    now = clock.now().astimezone(gateways.CHINA)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), gateways.CHINA)
    later((midnight - now).total_seconds() - 30)
    await wire.prepay("SO2026000001")
    await wire.pay("SO2026000001", callback="drop")
    first = today()
    later(60)
    await wire.prepay("SO2026000002")
    await wire.pay("SO2026000002", callback="drop")
    assert today() == first + timedelta(days=1)
    second = day_over()
    told = [
        [row.out_trade_no for row in (await wire.gateway.trade_bill(day)).rows] for day in (first, second)
    ]
    assert told == [["SO2026000001"], ["SO2026000002"]]


async def test_planted_differences_appear_in_the_bill_of_their_gateway_only(wire, at_noon, day_over):
    await traded(wire)
    day = day_over()
    planted = {"gateway": "wxpay", "day": day.isoformat()}
    await wire.control("bills/differences", {**planted, "kind": "missing", "number": "SO2026000001"})
    await wire.control("bills/differences", {**planted, "kind": "amount", "number": "RF1", "amount": 2900})
    await wire.control(
        "bills/differences", {**planted, "kind": "extra", "number": "SO2026000009", "amount": 100}
    )
    assert short(await wire.gateway.trade_bill(day)) == [
        ("payment", "SO2026000002", "", 9900, 59),
        ("refund", "SO2026000002", "RF1", 2900, -17),
        ("payment", "SO2026000009", "", 100, 1),
    ]
    assert short(await wire.alipay.trade_bill(day)) == TRUTH
    await wire.control(
        "bills/differences", {**planted, "gateway": "alipay", "kind": "missing", "number": "RF1"}
    )
    assert short(await wire.alipay.trade_bill(day)) == TRUTH[:2]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "twice"},
        {"gateway": "bank"},
        {"day": "today"},
        {"kind": "extra", "amount": 0},
        {"number": ""},
    ],
)
async def test_a_difference_that_cannot_be_told_is_refused(wire, change):
    planted = {"gateway": "wxpay", "day": "2026-11-21", "kind": "missing", "number": "SO2026000001"}
    response = await wire.http.post("/sandbox/bills/differences", json={**planted, **change})
    assert (response.status_code, response.json()["code"]) == (400, "PARAM_ERROR")


async def test_the_sandbox_refuses_what_the_real_bill_service_refuses(wire, at_noon, day_over):
    await traded(wire)
    asked = "/v3/bill/tradebill?bill_date={}&bill_type=ALL&tar_type=GZIP"
    for text, code in (
        (today().isoformat(), "INVALID_REQUEST"),
        ("20261121", "PARAM_ERROR"),
        ((today() - timedelta(days=100)).isoformat(), "INVALID_REQUEST"),
    ):
        with pytest.raises(gateways.GatewayRefused) as caught:
            await wire.gateway._line.call("GET", asked.format(text))
        assert caught.value.gateway_code == code
    with pytest.raises(gateways.GatewayRefused) as caught:
        await wire.gateway._line.call("GET", asked.format("2026-11-21") + "&more=1")
    assert caught.value.request_id.endswith("-270924358")


async def test_the_address_of_a_bill_ages_and_is_signed_for(wire, at_noon, later, day_over):
    await traded(wire)
    day = day_over()
    asked = f"/v3/bill/tradebill?bill_date={day}&bill_type=ALL&tar_type=GZIP"
    named = msgspec.json.decode(await wire.gateway._line.call("GET", asked), type=wxpay_bills.Named)
    assert (await wire.http.get(named.download_url)).status_code == 401
    later(301)
    with pytest.raises(gateways.GatewayRefused):
        await wire.gateway._line.download(named.download_url, sha1=named.hash_value)
    url = await wire.alipay.bill_url(day)
    later(31)
    with pytest.raises(gateways.GatewayUnsure) as caught:
        await wire.alipay._line.download(url)
    assert caught.value.gateway_code == "HTTP_404"


HEAD = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,订单金额（元）,商家实收（元）,退款批次号/请求号,服务费（元）"
LINE = "2026\t,SO1\t,交易,葡萄,2026-11-21 10:00:00,2026-11-21 10:00:05,99.00,99.00,\t,-0.59"
BACK = "2026\t,SO1\t,退款,葡萄,2026-11-21 11:00:00,2026-11-21 11:00:05,-30.00,-30.00,RF1\t,0.18"
ENDS = "#交易合计：1笔，商家实收共99.00元，商家优惠共0.00元\r\n#退款合计：1笔，商家实收退款共-30.00元，商家优惠退款共0.00元"


def packed(text: str, encoding: str = "gb18030") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("summary.csv", "门店编号,门店名称\r\n".encode("gb18030"))
        archive.writestr("detail.csv", text.encode(encoding))
    return buffer.getvalue()


def test_an_alipay_bill_is_read_without_its_tabs_signs_and_remarks():
    bill = alipay.read_trade_bill(
        DAY, packed(f"#支付宝业务明细查询\r\n{HEAD}\r\n{LINE}\r\n{BACK}\r\n{ENDS}\r\n")
    )
    assert bill.rows == (
        BillRow(
            "payment", "SO1", "2026", "", "", 9900, 59, datetime(2026, 11, 21, 2, 0, 5, tzinfo=UTC), "SUCCESS"
        ),
        BillRow(
            "refund",
            "SO1",
            "2026",
            "RF1",
            "",
            3000,
            -18,
            datetime(2026, 11, 21, 3, 0, 5, tzinfo=UTC),
            "SUCCESS",
        ),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{HEAD}\n{LINE}\n{ENDS}", "totals_differ"),
        (f"{HEAD}\n{LINE}\n{BACK.replace('30.00', '31.00')}\n{ENDS}", "totals_differ"),
        (f"{HEAD}\n{LINE}\n{BACK}\n", "totals_missing"),
        (f"{HEAD}\n{LINE}\n{BACK},\n{ENDS}", "cells_missing"),
        (f"{HEAD.replace('服务费', '费')}\n{LINE}\n{BACK}\n{ENDS}", "columns_unknown"),
        (f"{HEAD}\n{LINE.replace('99.00', '99.001')}\n{BACK}\n{ENDS}", "line_1"),
        (f"{HEAD}\n{LINE.replace('交易', '转账')}\n{BACK}\n{ENDS}", "line_1"),
        ("", "columns_unknown"),
    ],
)
def test_an_alipay_bill_that_contradicts_itself_is_not_taken(text, reason):
    with pytest.raises(gateways.BillUnreadable) as caught:
        alipay.read_trade_bill(DAY, packed(text))
    assert caught.value.reason == reason


def test_an_alipay_bill_that_unpacks_to_too_much_is_not_unpacked(monkeypatch):
    monkeypatch.setattr("siyu.connect.alipay.bills.FILE_BYTES_MAX", 100)
    with pytest.raises(gateways.BillUnreadable) as caught:
        alipay.read_trade_bill(DAY, packed("x" * 200))
    assert caught.value.reason == "file_too_large"


@given(binary(max_size=300))
def test_rubbish_is_no_bill(content):
    for read in (wxpay.read_trade_bill, wxpay.read_fund_bill, alipay.read_trade_bill, alipay.read_fund_bill):
        with pytest.raises(gateways.BillUnreadable):
            read(DAY, content)


@given(integers(-(10**14), 10**14))
def test_yuan_and_fen_are_the_same_money(minor):
    assert gateways.fen(gateways.yuan(minor)) == minor
    assert wxpay_bills.fen(gateways.yuan(minor)) == minor
    assert wxpay_bills.rounded_fen(gateways.yuan(minor) + "000") == minor


def test_fees_of_less_than_a_fen_are_rounded_half_away_from_zero():
    assert [wxpay_bills.rounded_fen(text) for text in ("0.00499", "0.00500", "-0.00500", "-0.00499", "0")] == [
        0, 1, -1, 0, 0,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="whole fen"):
        wxpay_bills.fen("0.005")
