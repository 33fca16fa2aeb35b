"""Alipay's notices on their way: repeated until `success`, late, twice, out of order, never, and forged."""

import asyncio

import pytest

ORDER = "SO2026000001"
SHOPPER = "oShopper00000000000000000001"
HOSTILE = {
    "forged_signature": "signature_invalid",
    "tampered_amount": "signature_invalid",
    "sha1_downgrade": "signature_invalid",
    "repeated_field": "field_repeated",
    "unsigned": "signature_invalid",
    "other_app": "other_app",
    "other_merchant": "other_merchant",
}


async def forge(wire, variant: str) -> dict:
    (attack,) = await wire.control("alipay/callbacks/forge", {"out_trade_no": ORDER, "variant": variant})
    return attack


async def test_a_notice_is_repeated_with_the_same_id_until_the_shop_says_exactly_success(wire):
    await wire.flags(retry_time_scale=0.0001)
    wire.shop.words = [b"SUCCESS", b"success\n", b"<html>success</html>"]
    wire.shop.statuses = [200, 200, 200, 500]
    await wire.alipay_pay()
    await wire.shop.hears(5)
    await asyncio.sleep(0.1)
    assert len(wire.shop.raw) == 5
    assert len({callback.id for callback in wire.shop.received}) == 1
    (notice,) = (await wire.trade())["notices"]
    assert (notice["state"], notice["attempts"], notice["last_status"]) == ("delivered", 5, 200)


async def test_after_seven_repeats_alipay_gives_up(wire):
    await wire.flags(retry_time_scale=0)
    wire.shop.words = [b"fail"] * 20
    await wire.alipay_pay()
    await wire.shop.hears(8)
    await asyncio.sleep(0.1)
    (notice,) = (await wire.trade())["notices"]
    assert (notice["state"], notice["attempts"]) == ("given_up", 8)


async def test_the_published_schedule_is_kept_when_time_is_not_compressed(wire, later):
    await wire.flags(retry_time_scale=1)
    wire.shop.words = [b"fail", b"fail"]
    await wire.alipay_pay()
    await wire.shop.hears(1)
    later(239)
    await asyncio.sleep(0.6)
    assert len(wire.shop.raw) == 1
    later(1)
    await wire.shop.hears(2)
    later(600)
    await wire.shop.hears(3)


async def test_a_notice_can_come_twice_late_or_never(wire):
    await wire.alipay_pay(callback="duplicate")
    await wire.shop.hears(2)
    first, second = wire.shop.received
    assert first == second
    await wire.alipay_pay("SO2026000002", callback="drop")
    await wire.alipay_pay("SO2026000003", callback="delay", delay_seconds=0.3)
    await asyncio.sleep(0.1)
    assert len(wire.shop.raw) == 2
    await wire.shop.hears(3)
    assert wire.shop.received[2].transaction.out_trade_no == "SO2026000003"
    assert (await wire.trade("SO2026000002"))["notices"] == []


async def test_a_partial_refund_is_told_as_a_refund_and_not_as_a_second_payment(wire):
    await wire.alipay_pay(callback="drop")
    await wire.alipay_refund("RF1", 3000)
    await wire.alipay_refund("RF2", 6900)
    await wire.shop.hears(2)
    told = {callback.refund_no: callback for callback in wire.shop.received}
    assert {number: one.event_type for number, one in told.items()} == {
        "RF1": "REFUND.SUCCESS",
        "RF2": "REFUND.SUCCESS",
    }
    assert {one.transaction.trade_state for one in told.values()} == {"REFUND"}
    assert [one.transaction.is_refundable for one in (told["RF1"], told["RF2"])] == [True, False]


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
async def test_held_notices_of_both_gateways_come_in_the_order_that_the_tester_likes(wire, order):
    await wire.flags(hold_callbacks=True)
    await wire.alipay_pay()
    await wire.alipay_refund()
    await wire.prepay("SO2026000002")
    await wire.pay("SO2026000002")
    await asyncio.sleep(0.1)
    assert wire.shop.raw == []
    assert await wire.control("callbacks/release", {"order": order}) == {"count": 3}
    expected = [
        ("TRANSACTION.SUCCESS", ORDER),
        ("REFUND.SUCCESS", ORDER),
        ("TRANSACTION.SUCCESS", "SO2026000002"),
    ]
    came = [(callback.event_type, callback.transaction.out_trade_no) for callback in wire.shop.received]
    assert came == (expected if order == "oldest_first" else expected[::-1])
    assert await wire.control("callbacks/release", {}) == {"count": 0}


async def test_every_hostile_notice_is_refused_for_its_own_reason(wire):
    await wire.control("alipay/open", {"url": wire.page(), "payer": SHOPPER})
    for variant, reason in HOSTILE.items():
        assert await forge(wire, variant) == {"variant": variant, "status": 401, "answer": ""}
        assert wire.shop.refused[-1] == reason
    assert wire.shop.received == []
    assert (await wire.alipay.query(ORDER)).trade_state == "NOTPAY"


async def test_a_wrong_amount_and_a_replay_are_well_signed_and_left_to_the_shop(wire):
    await wire.control("alipay/open", {"url": wire.page(), "payer": SHOPPER})
    nothing = await wire.http.post(
        "/sandbox/alipay/callbacks/forge", json={"out_trade_no": ORDER, "variant": "replay"}
    )
    assert (nothing.status_code, nothing.json()["code"]) == (409, "NOTHING_TO_REPLAY")
    await wire.alipay_pay()
    await wire.shop.hears(1)
    await asyncio.sleep(0.1)
    assert (await forge(wire, "replay"))["answer"] == "success"
    await forge(wire, "wrong_amount")
    genuine, replayed, dearer = wire.shop.received
    assert replayed == genuine
    assert (dearer.transaction.total, dearer.id == genuine.id) == (9901, False)


async def test_finishing_a_trade_is_told(wire):
    await wire.alipay_pay(callback="drop")
    await wire.control("alipay/finish", {"out_trade_no": ORDER})
    await wire.shop.hears(1)
    (callback,) = wire.shop.received
    assert (callback.event_type, callback.transaction.is_paid) == ("TRANSACTION.FINISHED", True)
    assert callback.transaction.is_refundable is False


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("alipay/pay", {"out_trade_no": "SO2026000404"}, 404),
        ("alipay/pay", {"url": "http://127.0.0.1:8001/gateway.do", "payer": SHOPPER}, 400),
        ("alipay/pay", {"out_trade_no": ORDER, "callback": "twice"}, 400),
        ("alipay/open", {"url": "not an address"}, 400),
        ("alipay/callbacks/forge", {"out_trade_no": ORDER, "variant": "polite"}, 400),
        ("callbacks/release", {"order": "shuffled"}, 400),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_changes_nothing(wire, path, body, status):
    await wire.control("alipay/open", {"url": wire.page(), "payer": SHOPPER})
    response = await wire.http.post(f"/sandbox/{path}", json=body)
    assert response.status_code == status
    assert (await wire.trade())["trade_status"] == "WAIT_BUYER_PAY"
    assert wire.shop.raw == []
