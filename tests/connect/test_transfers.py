"""Transfers to persons, over the wire: what the gateway takes, what it refuses, and what becomes of them."""

import msgspec
import pytest

from siyu.connect import gateways, wxpay

SHOPPER = "oShopper00000000000000000001"
NOTIFY_URL = "http://127.0.0.1:8000/cb/wxpay/demo"

WANTED = wxpay.SendTransfer(
    number="TR2026000001",
    openid=SHOPPER,
    amount=12_345,
    remark="推广佣金",
    job="推广员",
    work="11月推广佣金",
    notify_url=NOTIFY_URL,
)


async def at_gateway(wire, number: str = WANTED.number) -> dict:
    return (await wire.http.get(f"/sandbox/transfers/{number}")).json()


async def test_a_transfer_waits_for_its_person_and_is_paid_when_they_take_it(wire) -> None:
    sent = await wxpay.send_transfer(wire.gateway, WANTED)
    assert (sent.state, sent.number, sent.amount, bool(sent.package)) == (
        "WAIT_USER_CONFIRM", "TR2026000001", 0, True,
    )  # fmt: skip

    await wire.control("transfers", {"out_bill_no": WANTED.number})
    await wire.shop.hears(1)

    (notice,) = wire.shop.received
    assert notice.event_type == "MCHTRANSFER.BILL.FINISHED"
    assert notice.payout is not None
    assert (notice.payout.state, notice.payout.amount, notice.payout.openid) == ("SUCCESS", 12_345, SHOPPER)
    known = await wxpay.query_transfer(wire.gateway, WANTED.number)
    assert known is not None
    assert (known.state, known.amount, known.package) == ("SUCCESS", 12_345, "")


async def test_the_same_number_is_the_same_transfer_and_another_content_is_refused(wire) -> None:
    named = msgspec.structs.replace(WANTED, amount=300_000, real_name="王小鱼")
    first = await wxpay.send_transfer(wire.gateway, named)
    again = await wxpay.send_transfer(wire.gateway, named)  # the name is encrypted anew
    assert (first.gateway_id, first.package) == (again.gateway_id, again.package)
    assert (await at_gateway(wire))["name"] == "王小鱼"

    with pytest.raises(gateways.GatewayRefused, match="INVALID_REQUEST"):
        await wxpay.send_transfer(wire.gateway, msgspec.structs.replace(named, amount=300_001))
    assert (await at_gateway(wire))["amount"] == 300_000


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 200_000}, "PARAM_ERROR"),  # no name
        ({"amount": 9}, "PARAM_ERROR"),
        ({"openid": "oNobody"}, "PARAM_ERROR"),
        ({"amount": 2_000_001, "real_name": "王小鱼"}, "INVALID_REQUEST"),  # a person's day
    ],
)
async def test_what_the_gateway_refuses_leaves_nothing_behind(wire, changes: dict, code: str) -> None:
    with pytest.raises(gateways.GatewayRefused) as refused:
        await wxpay.send_transfer(wire.gateway, msgspec.structs.replace(WANTED, **changes))
    assert refused.value.gateway_code == code
    assert await wxpay.query_transfer(wire.gateway, WANTED.number) is None


async def test_a_short_balance_is_said_and_the_same_number_works_later(wire) -> None:
    await wire.flags(is_transfer_balance_short=True)
    with pytest.raises(gateways.GatewayRefused) as refused:
        await wxpay.send_transfer(wire.gateway, WANTED)
    assert refused.value.gateway_code == wxpay.NOT_ENOUGH
    await wire.flags(is_transfer_balance_short=False)
    assert (await wxpay.send_transfer(wire.gateway, WANTED)).state == "WAIT_USER_CONFIRM"


async def test_an_answer_that_was_lost_is_found_by_its_number(wire) -> None:
    await wire.flags(system_errors_after_apply=1)
    with pytest.raises(gateways.GatewayUnsure):
        await wxpay.send_transfer(wire.gateway, WANTED)
    known = await wxpay.query_transfer(wire.gateway, WANTED.number)
    assert known is not None
    assert known.state == "WAIT_USER_CONFIRM"


async def test_nobody_takes_it_in_a_day_and_it_fails_with_a_callback(wire, later) -> None:
    await wxpay.send_transfer(wire.gateway, WANTED)
    later(86_401)
    known = await wxpay.query_transfer(wire.gateway, WANTED.number)
    assert known is not None
    assert (known.state, known.fail_reason) == ("FAIL", "OVERDUE_CLOSE")
    await wire.shop.hears(1)
    assert wire.shop.received[0].payout.state == "FAIL"


async def test_a_transfer_is_withdrawn_before_it_is_taken_and_not_afterwards(wire) -> None:
    await wxpay.send_transfer(wire.gateway, WANTED)
    assert (await wxpay.cancel_transfer(wire.gateway, WANTED.number)).state == "CANCELLED"
    assert (await wxpay.cancel_transfer(wire.gateway, WANTED.number)).state == "CANCELLED"
    await wxpay.send_transfer(wire.gateway, msgspec.structs.replace(WANTED, number="TR2"))
    await wire.control("transfers", {"out_bill_no": "TR2"})
    with pytest.raises(gateways.GatewayRefused):
        await wxpay.cancel_transfer(wire.gateway, "TR2")


async def test_a_person_takes_the_money_on_the_phone(wire) -> None:
    sent = await wxpay.send_transfer(wire.gateway, WANTED)
    asked = msgspec.to_builtins(wxpay.transfer_parameters(wire.gateway, sent.package))
    page = await wire.http.get("/transfer", params=asked)
    assert page.status_code == 200
    assert "推广佣金" in page.text
    done = await wire.http.post("/transfer/take", data={**asked, "action": "take"})
    assert "已存入零钱" in done.text
    again = await wire.http.post("/transfer/take", data={**asked, "action": "take"})
    assert again.status_code == 400
    stranger = await wire.http.get("/transfer", params={**asked, "package": "x"})
    assert stranger.status_code == 400
