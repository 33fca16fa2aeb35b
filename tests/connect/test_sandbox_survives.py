"""The sandbox over a real socket, killed in the middle of things and started again."""

import asyncio
import shutil
import sqlite3
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from siyu.connect import sandbox, wxpay

OLD_ORDERS = """
CREATE TABLE orders (
    out_trade_no TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, description TEXT NOT NULL, attach TEXT NOT NULL,
    total INTEGER NOT NULL, openid TEXT NOT NULL, notify_url TEXT NOT NULL, state TEXT NOT NULL,
    transaction_id TEXT NOT NULL, created_at REAL NOT NULL, expires_at REAL NOT NULL, paid_at REAL
) STRICT;
INSERT INTO orders VALUES ('SO2025000001', '', '葡萄', '', 9900, 'oOld', '', 'SUCCESS', '4200', 1, 2, 1);
"""


@contextmanager
def listening(gateway: wxpay.Gateway):
    """A shop's callback address on a real socket; yields its URL and what arrives there."""
    heard: list[wxpay.Callback] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(gateway.open_callback(dict(self.headers.items()), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/cb/wxpay/demo", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.crash
async def test_a_killed_sandbox_keeps_its_orders_and_still_delivers_the_callback(
    server, far_gateway, far_order
):
    with listening(far_gateway) as (notify_url, heard):
        await server.start()
        await far_gateway.prepay(notify_url=notify_url, **far_order)
        async with httpx.AsyncClient(base_url=server.url) as http:
            late = {"out_trade_no": "SO2026000001", "callback": "delay", "delay_seconds": 1.0}
            assert (await http.post("/sandbox/pay", json=late)).status_code == 200
        server.kill()
        assert heard == []
        await asyncio.sleep(1.0)
        await server.start()
        async with asyncio.timeout(10):
            while not heard:
                await asyncio.sleep(0.02)
        paid = await far_gateway.query("SO2026000001")
    (callback,) = heard
    assert callback.transaction == paid
    assert (paid.trade_state, paid.total) == ("SUCCESS", 9900)


def test_keys_are_made_once_and_are_private(tmp_path):
    folder = tmp_path / "sandbox"
    first = sandbox.ensure_keys(folder)
    assert sandbox.ensure_keys(folder) == first
    assert len(first["wxpay_api_v3_key"]) == 32
    assert len(first["wxpay_merchant_serial"]) == 40
    files = sorted(path.name for path in (folder / "keys").iterdir())
    assert files == [
        "merchant_private.pem",
        "numbers.json",
        "platform_next_private.pem",
        "platform_private.pem",
        "platform_public.pem",
    ]
    assert {path.stat().st_mode & 0o777 for path in (folder / "keys").iterdir()} == {0o600}


def test_a_sandbox_older_than_alipay_gets_keys_and_columns_and_keeps_what_it_had(tmp_path):
    folder = tmp_path / "sandbox"
    before = sandbox.ensure_keys(folder)
    shutil.rmtree(folder / "alipay_keys")
    with closing(sqlite3.connect(folder / "sandbox.sqlite3")) as old:
        old.executescript(OLD_ORDERS)
    after = sandbox.ensure_keys(folder)
    assert after["wxpay_api_v3_key"] == before["wxpay_api_v3_key"]
    assert after["wechat_mini_app_id"] == before["wechat_mini_app_id"]
    assert after["alipay_app_id"] != before["alipay_app_id"]
    sandbox.add_person(folder, openid="oNew", nickname="小红")
    sandbox.add_person(folder, openid="oNew", nickname="小红")
    with closing(sqlite3.connect(folder / "sandbox.sqlite3")) as new:
        orders = new.execute("SELECT out_trade_no, total, app_id, trade_type FROM orders").fetchall()
        assert orders == [("SO2025000001", 9900, "", "JSAPI")]


def test_two_processes_that_start_together_agree_on_the_keys(tmp_path):
    folder = tmp_path / "sandbox"
    made: list[dict[str, str]] = []
    threads = [threading.Thread(target=lambda: made.append(sandbox.ensure_keys(folder))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert made[0] == made[1] == made[2]
    assert sorted(path.name for path in folder.iterdir()) == ["alipay_keys", "keys"]
