"""The sandbox's gateway where money crosses a close, which only a tester can arrange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from siyu.connect import sandbox, wxpay
from siyu.kernel import clock
from siyu.settings import Settings

URL = "http://127.0.0.1:8001"
NUMBER = "a" * 32


@asynccontextmanager
async def gateway_in(folder: Path) -> AsyncIterator[tuple[wxpay.Gateway, httpx.AsyncClient]]:
    settings = msgspec.structs.replace(Settings(), wxpay_url=URL, **sandbox.ensure_keys(folder))
    nobody = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    other_side = sandbox.create(folder, base_url=URL, http=nobody)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(other_side), base_url=URL) as http:
        yield wxpay.Gateway(wxpay.credentials_from(settings), http=http), http
    await nobody.aclose()


async def test_a_closed_order_is_paid_only_when_the_money_crosses_the_close(tmp_path: Path) -> None:
    person = sandbox.add_person(tmp_path, nickname="小满")
    async with gateway_in(tmp_path) as (gateway, http):
        await gateway.prepay(
            out_trade_no=NUMBER,
            description="禾顺生活",
            total=990,
            openid=person.openid,
            notify_url="http://127.0.0.1:8000/cb/heshun/wxpay",
            expires_at=clock.now() + timedelta(minutes=30),
        )
        await gateway.close(NUMBER)

        refused = await http.post("/sandbox/pay", json={"out_trade_no": NUMBER})
        assert refused.status_code == 400
        closed = await gateway.query(NUMBER)
        crossed = await http.post("/sandbox/pay", json={"out_trade_no": NUMBER, "is_late": True})
        again = await http.post("/sandbox/pay", json={"out_trade_no": NUMBER, "is_late": True})

        assert (closed.trade_state, closed.is_paid) == ("CLOSED", False)
        assert (crossed.status_code, again.status_code) == (200, 400)
        paid = await gateway.query(NUMBER)
        assert (paid.trade_state, paid.total, paid.is_paid) == ("SUCCESS", 990, True)


def test_a_history_that_gave_back_more_than_was_paid_is_refused_whole(tmp_path: Path) -> None:
    back = sandbox.PastRefund("r1", "5030", 600, "包装破损", clock.now())
    payment = sandbox.PastPayment(
        out_trade_no=NUMBER,
        transaction_id="4200",
        total=990,
        openid="demo-1",
        description="禾顺生活",
        notify_url="http://127.0.0.1:8000/cb/heshun/wxpay",
        paid_at=clock.now(),
        refunds=(back, msgspec.structs.replace(back, out_refund_no="r2")),
    )

    with pytest.raises(AssertionError, match="more than was paid"):
        sandbox.add_payments(tmp_path, [payment])

    assert list(tmp_path.iterdir()) == []


async def test_the_same_history_twice_is_known_once(tmp_path: Path) -> None:
    payment = sandbox.PastPayment(
        out_trade_no=NUMBER,
        transaction_id="4200",
        total=990,
        openid="demo-1",
        description="禾顺生活",
        notify_url="http://127.0.0.1:8000/cb/heshun/wxpay",
        paid_at=clock.now(),
    )
    sandbox.add_payments(tmp_path, [payment])
    sandbox.add_payments(tmp_path, [msgspec.structs.replace(payment, total=1)])

    async with gateway_in(tmp_path) as (gateway, _):
        known = await gateway.query(NUMBER)

    assert (known.total, known.transaction_id, known.trade_state) == (990, "4200", "SUCCESS")
