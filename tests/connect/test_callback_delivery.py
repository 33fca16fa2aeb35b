"""Callbacks on their way: repeated until accepted, late, twice, never, and forged."""

import asyncio

ORDER = "SO2026000001"
HOSTILE = {
    "forged_signature": "signature_invalid",
    "tampered_body": "signature_invalid",
    "stale": "timestamp_stale",
    "signature_probe": "signature_probe",
    "unknown_serial": "serial_unknown",
    "other_api_v3_key": "resource_sealed_with_other_key",
    "other_merchant": "other_merchant",
}


async def test_a_callback_is_repeated_until_the_shop_accepts_it(wire):
    await wire.flags(retry_time_scale=0.002)
    wire.shop.statuses = [500, 302, 404]
    await wire.prepay()
    await wire.pay()
    await wire.shop.hears(4)
    await asyncio.sleep(0.1)
    assert len(wire.shop.raw) == 4
    assert len({callback.id for callback in wire.shop.received}) == 1
    assert len({headers["wechatpay-nonce"] for headers, _ in wire.shop.raw}) == 4
    (callback,) = (await wire.order())["callbacks"]
    assert (callback["state"], callback["attempts"], callback["last_status"]) == ("delivered", 4, 204)


async def test_after_fifteen_repeats_the_gateway_gives_up(wire):
    await wire.flags(retry_time_scale=0)
    wire.shop.statuses = [500] * 20
    await wire.prepay()
    await wire.pay()
    await wire.shop.hears(16)
    await asyncio.sleep(0.1)
    (callback,) = (await wire.order())["callbacks"]
    assert (callback["state"], callback["attempts"], callback["last_status"]) == ("given_up", 16, 500)


async def test_the_published_schedule_is_kept_when_time_is_not_compressed(wire, later):
    await wire.flags(retry_time_scale=1)
    wire.shop.statuses = [500, 500]
    await wire.prepay()
    await wire.pay()
    await wire.shop.hears(1)
    await asyncio.sleep(0.1)
    assert len(wire.shop.raw) == 1
    later(15)
    await wire.shop.hears(2)
    later(15)
    await wire.shop.hears(3)
    (callback,) = (await wire.order())["callbacks"]
    assert callback["attempts"] == 3


async def test_a_duplicate_carries_the_same_event_id(wire):
    await wire.prepay()
    await wire.pay(callback="duplicate")
    await wire.shop.hears(2)
    first, second = wire.shop.received
    assert first == second


async def test_a_late_callback_comes_late_and_a_dropped_one_never(wire):
    await wire.prepay()
    await wire.pay(callback="delay", delay_seconds=0.4)
    await wire.prepay("SO2026000002")
    await wire.pay("SO2026000002", callback="drop")
    await asyncio.sleep(0.2)
    assert wire.shop.raw == []
    await wire.shop.hears(1)
    assert wire.shop.received[0].transaction.out_trade_no == ORDER
    assert (await wire.order("SO2026000002"))["callbacks"] == []
    await wire.flags(drop_callbacks=True)
    await wire.prepay("SO2026000003")
    await wire.pay("SO2026000003")
    assert (await wire.order("SO2026000003"))["callbacks"] == []


async def test_every_hostile_callback_is_refused_for_its_own_reason(wire):
    await wire.prepay()
    for variant, reason in HOSTILE.items():
        (attack,) = await wire.control("callbacks/forge", {"out_trade_no": ORDER, "variant": variant})
        assert attack == {"variant": variant, "status": 401, "answer": ""}
        assert wire.shop.refused[-1] == reason
    assert wire.shop.received == []
    assert (await wire.gateway.query(ORDER)).trade_state == "NOTPAY"


async def test_a_wrong_amount_and_a_replay_are_well_signed_and_left_to_the_shop(wire):
    await wire.prepay()
    nothing = await wire.http.post(
        "/sandbox/callbacks/forge", json={"out_trade_no": ORDER, "variant": "replay"}
    )
    assert (nothing.status_code, nothing.json()["code"]) == (409, "NOTHING_TO_REPLAY")
    await wire.pay()
    await wire.shop.hears(1)
    await asyncio.sleep(0.1)
    await wire.control("callbacks/forge", {"out_trade_no": ORDER, "variant": "replay"})
    await wire.control("callbacks/forge", {"out_trade_no": ORDER, "variant": "wrong_amount"})
    genuine, replayed, dearer = wire.shop.received
    assert replayed == genuine
    assert wire.shop.raw[0] == wire.shop.raw[1]
    assert (dearer.transaction.total, dearer.id == genuine.id) == (9901, False)


async def test_every_attack_at_once_reports_each(wire):
    await wire.prepay()
    await wire.pay()
    await wire.shop.hears(1)
    await asyncio.sleep(0.1)
    attacks = await wire.control("callbacks/forge", {"out_trade_no": ORDER})
    assert {attack["variant"]: attack["status"] for attack in attacks} == {
        **dict.fromkeys(HOSTILE, 401),
        "wrong_amount": 204,
        "replay": 204,
    }
