"""The control API: only for this machine, only in JSON, and it says no in words."""

import httpx
import pytest

from siyu.connect import calls

ORDER = "SO2026000001"


async def test_nobody_but_this_machine_may_control_the_gateway(wire):
    await wire.prepay()
    app = wire.http._transport.app
    stranger = httpx.ASGITransport(app, client=("192.168.1.20", 5000))
    async with httpx.AsyncClient(transport=stranger, base_url="http://127.0.0.1:8001") as http:
        assert (await http.post("/sandbox/pay", json={"out_trade_no": ORDER})).status_code == 403
        assert (await http.post("/sandbox/reset")).status_code == 403
        assert (await http.get("/phone")).status_code == 200
    forwarded = await wire.http.post(
        "/sandbox/pay", json={"out_trade_no": ORDER}, headers={"X-Forwarded-For": "203.0.113.9"}
    )
    assert forwarded.status_code == 403
    form = await wire.http.post("/sandbox/pay", content=b'{"out_trade_no":"SO2026000001"}')
    assert form.status_code == 415
    assert (await wire.order())["trade_state"] == "NOTPAY"


async def test_an_order_pays_once_and_an_unknown_one_never(wire):
    await wire.prepay()
    assert (await wire.pay(callback="drop"))["trade_state"] == "SUCCESS"
    again = await wire.http.post("/sandbox/pay", json={"out_trade_no": ORDER})
    assert (again.status_code, again.json()["code"]) == (400, "ORDER_PAID")
    unknown = await wire.http.post("/sandbox/pay", json={"out_trade_no": "SO2026000404"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "ORDER_NOT_EXIST")
    assert (await wire.http.get("/sandbox/orders/SO2026000404")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("pay", {"out_trade_no": ORDER, "callback": "twice"}),
        ("pay", {"out_trade_no": ORDER, "callback": "delay", "delay_seconds": -1}),
        ("pay", {}),
        ("flags", {"no_such_flag": True}),
        ("flags", {"retry_time_scale": "fast"}),
        ("callbacks/forge", {"out_trade_no": ORDER, "variant": "polite"}),
        ("persons", {"nickname": ""}),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_changes_nothing(wire, path, body):
    await wire.prepay()
    before = (await wire.http.get("/sandbox/flags")).json()
    response = await wire.http.post(f"/sandbox/{path}", json=body)
    assert (response.status_code, response.json()["code"]) == (400, "PARAM_ERROR")
    assert (await wire.http.get("/sandbox/flags")).json() == before
    assert (await wire.order())["trade_state"] == "NOTPAY"


async def test_flags_change_one_by_one(wire):
    await wire.flags(drop_callbacks=True)
    await wire.flags(refund_seconds=2.5)
    flags = (await wire.http.get("/sandbox/flags")).json()
    assert (flags["drop_callbacks"], flags["refund_seconds"], flags["retry_time_scale"]) == (True, 2.5, 0.02)


async def test_a_person_made_from_a_seed_is_always_the_same(wire):
    first = await wire.control("persons", {"nickname": "团长", "seed": "leader"})
    await wire.control("reset", {})
    second = await wire.control("persons", {"nickname": "团长", "seed": "leader"})
    assert (first["openid"], first["unionid"]) == (second["openid"], second["unionid"])
    other = await wire.control("persons", {"nickname": "团长"})
    assert other["openid"] != first["openid"]
    assert {len(other["openid"]), len(other["unionid"]), len(first["openid"])} == {28}


async def test_any_openid_may_be_accepted_when_told_so(wire):
    await wire.flags(is_any_openid_accepted=True)
    await wire.prepay(openid="oNobody")
    assert (await wire.order())["openid"] == "oNobody"


async def test_reset_forgets_everything_but_the_keys(wire):
    await wire.prepay()
    await wire.pay(callback="drop")
    await wire.sender.send_code("13800138000", "1")
    await wire.control("reset", {})
    assert await wire.gateway.query(ORDER) is None
    assert (await wire.http.get("/sandbox/sms?phone=13800138000")).json() == []
    assert "小明" not in (await wire.http.get("/phone")).text


def test_only_names_of_this_machine_are_loopback():
    assert [calls.is_loopback(host) for host in ("127.0.0.1", "::1", "localhost")] == [True, True, True]
    assert [calls.is_loopback(host) for host in ("0.0.0.0", "10.0.0.1", "shop.example.com", None)] == [
        False
    ] * 4
