"""A sandbox, our adapters on one side of the wire and a listening shop on the other, all in this process."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from siyu.connect import alipay, gateways, sandbox, sms, wechat, wxpay
from siyu.kernel import clock
from siyu.settings import Settings

VECTORS = Path(__file__).parents[2].parent / "shared" / "reference" / "vectors"
SANDBOX_URL = "http://127.0.0.1:8001"
NOTIFY_URL = "http://127.0.0.1:8000/cb/wxpay/demo"
ALIPAY_NOTIFY_URL = "http://127.0.0.1:8000/cb/alipay/demo"
RETURN_URL = "http://127.0.0.1:8000/shop/demo/orders/1"
SERVER = Path(__file__).with_name("sandbox_server.py")
SHOPPER = "oShopper00000000000000000001"


def vectors(name: str) -> dict:
    path = VECTORS / name
    if not path.exists():
        pytest.skip(f"the protocol vectors are not on this machine ({name})")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def load_vectors() -> Callable[[str], dict]:
    return vectors


@pytest.fixture
def at_moment(monkeypatch):
    """Stop the clock at a unix second."""

    def stop(seconds: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(seconds, UTC))

    return stop


@pytest.fixture
def later():
    """Move the clock forward; it is put back afterwards."""

    def move(seconds: float) -> None:
        clock.move_to(clock.offset() + timedelta(seconds=seconds))

    yield move
    clock.move_to(timedelta(0))


@dataclass
class Shop:
    """A shop's callback addresses. Answer `statuses` in turn, then 204, or to Alipay `words`, then `success`.

    Keeps what came and what it meant.
    """

    gateway: wxpay.Gateway | None = None
    alipay_gateway: alipay.Gateway | None = None
    words: list[bytes] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    received: list[wxpay.Callback] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    raw: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope, receive, send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.raw.append((headers, body))
        is_alipay = scope["path"].startswith("/cb/alipay")
        status = self.statuses.pop(0) if self.statuses else 200 if is_alipay else 204
        answer = (self.words.pop(0) if self.words else alipay.ACCEPTED) if is_alipay else b""
        try:
            gateway = self.alipay_gateway if is_alipay else self.gateway
            self.received.append(gateway.open_callback(headers, body))
        except gateways.CallbackRefused as refusal:
            self.refused.append(refusal.reason)
            status, answer = refusal.status, b""
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    async def hears(self, count: int, seconds: float = 5.0) -> None:
        """Wait until `count` callbacks have come."""
        async with asyncio.timeout(seconds):
            while len(self.raw) < count:
                await asyncio.sleep(0.01)


@dataclass
class Wire:
    folder: Path
    settings: Settings
    http: httpx.AsyncClient
    gateway: wxpay.Gateway
    account: wechat.OfficialAccount
    sender: sms.Sender
    shop: Shop
    alipay: alipay.Gateway

    async def prepay(self, number: str = "SO2026000001", total: int = 9900, **changes) -> str:
        order = {
            "out_trade_no": number,
            "description": "阳光玫瑰葡萄 2 斤",
            "total": total,
            "openid": SHOPPER,
            "notify_url": NOTIFY_URL,
            "expires_at": datetime(2099, 1, 1, tzinfo=UTC),
        }
        return await self.gateway.prepay(**{**order, **changes})

    async def pay(self, number: str = "SO2026000001", **choices) -> dict:
        return await self.control("pay", {"out_trade_no": number, **choices})

    async def refund(self, number: str = "RF1", refund: int = 3000, **changes) -> wxpay.Refund:
        order = {
            "out_trade_no": "SO2026000001",
            "out_refund_no": number,
            "refund": refund,
            "total": 9900,
            "reason": "七天无理由",
            "notify_url": NOTIFY_URL,
        }
        return await self.gateway.refund(**{**order, **changes})

    async def prepay_h5(self, number: str = "SO2026000001", **changes) -> str:
        order = {
            "out_trade_no": number,
            "description": "阳光玫瑰葡萄 2 斤",
            "total": 9900,
            "payer_ip": "203.0.113.7",
            "notify_url": NOTIFY_URL,
            "expires_at": datetime(2099, 1, 1, tzinfo=UTC),
            "return_url": RETURN_URL,
        }
        return await self.gateway.prepay_h5(**{**order, **changes})

    async def prepay_native(self, number: str = "SO2026000001", **changes) -> str:
        order = {
            "out_trade_no": number,
            "description": "阳光玫瑰葡萄 2 斤",
            "total": 9900,
            "notify_url": NOTIFY_URL,
            "expires_at": datetime(2099, 1, 1, tzinfo=UTC),
        }
        return await self.gateway.prepay_native(**{**order, **changes})

    def page(
        self, number: str = "SO2026000001", total: int = 9900, *, is_wide: bool = False, **changes
    ) -> str:
        """The address of an Alipay page, as our client makes it."""
        order = {
            "out_trade_no": number,
            "subject": "阳光玫瑰葡萄 2 斤",
            "total": total,
            "notify_url": ALIPAY_NOTIFY_URL,
            "return_url": RETURN_URL,
            "expires_at": clock.now() + timedelta(minutes=30),
        }
        make = self.alipay.page_pay_url if is_wide else self.alipay.wap_pay_url
        return make(**{**order, **changes})

    async def alipay_pay(self, number: str = "SO2026000001", total: int = 9900, **choices) -> dict:
        """A shopper opens the page, signs in and pays."""
        url = self.page(number, total)
        return await self.control("alipay/pay", {"url": url, "payer": SHOPPER, **choices})

    async def alipay_refund(self, number: str = "RF1", refund: int = 3000, **changes) -> gateways.Refund:
        order = {
            "out_trade_no": "SO2026000001",
            "out_refund_no": number,
            "refund": refund,
            "total": 9900,
            "reason": "七天无理由",
        }
        return await self.alipay.refund(**{**order, **changes})

    async def trade(self, number: str = "SO2026000001") -> dict:
        return (await self.http.get(f"/sandbox/alipay/trades/{number}")).json()

    async def control(self, path: str, body: dict) -> dict:
        response = await self.http.post(f"/sandbox/{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    async def flags(self, **flags) -> None:
        await self.control("flags", flags)

    async def order(self, number: str = "SO2026000001") -> dict:
        return (await self.http.get(f"/sandbox/orders/{number}")).json()


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[None]:
    """The application's lifespan in one task: a fixture's two halves may run in different ones."""
    started, stopping = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await stopping.wait()

    task = asyncio.create_task(live())
    await started.wait()
    try:
        yield
    finally:
        stopping.set()
        await task


class Server:
    """A sandbox in a process of its own, over a real socket. `kill` is a kill -9."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self._process: subprocess.Popen | None = None

    async def start(self) -> None:
        """Start it and wait until it answers."""
        port = self.url.rpartition(":")[2]
        self._process = subprocess.Popen([sys.executable, str(SERVER), str(self.folder), port])
        async with httpx.AsyncClient() as http, asyncio.timeout(30):
            while True:
                try:
                    if (await http.get(f"{self.url}/phone")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def server(made_keys, tmp_path) -> Iterator[Server]:
    """Not started yet; killed at the end whatever happens."""
    folder = tmp_path / "sandbox"
    shutil.copytree(made_keys, folder)
    sandbox.add_person(folder, openid=SHOPPER, nickname="小明")
    made = Server(folder)
    yield made
    made.kill()


@pytest.fixture
async def far_gateway(server) -> AsyncIterator[wxpay.Gateway]:
    """Our client of that server."""
    settings = Settings(wxpay_url=server.url, **sandbox.ensure_keys(server.folder))
    gateway = wxpay.Gateway(wxpay.credentials_from(settings))
    yield gateway
    await gateway.aclose()


@pytest.fixture
def far_order() -> dict:
    return {
        "out_trade_no": "SO2026000001",
        "description": "阳光玫瑰葡萄 2 斤",
        "total": 9900,
        "openid": SHOPPER,
        "expires_at": datetime(2099, 1, 1, tzinfo=UTC),
    }


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    sandbox.ensure_keys(folder)
    return folder


@pytest.fixture
async def wire(made_keys, tmp_path):
    folder = tmp_path / "sandbox"
    shutil.copytree(made_keys, folder)
    given = sandbox.ensure_keys(folder)
    settings = Settings(
        wxpay_url=SANDBOX_URL,
        alipay_url=f"{SANDBOX_URL}/gateway.do",
        wechat_api_url=SANDBOX_URL,
        wechat_open_url=SANDBOX_URL,
        sms_url=SANDBOX_URL,
        **given,
    )
    sandbox.add_person(folder, openid=SHOPPER, nickname="小明", phone="13800138000")
    shop = Shop()
    to_shop = httpx.AsyncClient(transport=httpx.ASGITransport(shop))
    app = sandbox.create(folder, base_url=SANDBOX_URL, http=to_shop)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SANDBOX_URL)
    shop.gateway = wxpay.Gateway(wxpay.credentials_from(settings), http=http)
    shop.alipay_gateway = alipay.Gateway(alipay.credentials_from(settings), http=http)
    async with to_shop, http, running(app):
        yield Wire(
            folder=folder,
            settings=settings,
            http=http,
            gateway=shop.gateway,
            account=wechat.from_settings(settings, http=http),
            sender=sms.from_settings(settings, http=http),
            shop=shop,
            alipay=shop.alipay_gateway,
        )
