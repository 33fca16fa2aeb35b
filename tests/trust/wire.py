"""A shop on a socket and the sandbox on another, as `siyu serve` puts them there."""

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import msgspec

from factories import Shop, a_customer, a_shop
from siyu import serve
from siyu import settings as all_settings
from siyu.app import House
from siyu.connect import sandbox
from siyu.kernel import ids
from siyu.kernel.permissions import ROLES, STAFF
from siyu.money import ledger
from siyu.runtime import sessions
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings
from siyu.trade import payments
from siyu.trade.payments.api import notify_url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Notice(msgspec.Struct, frozen=True):
    """A notice as the merchant keeps it."""

    kind: str
    outcome: str


@dataclass
class Counter:
    """One merchant's shop on the wire, a shopper and an integration that hold its tokens."""

    house: House
    http: httpx.AsyncClient
    gateway: httpx.AsyncClient
    shop: Shop
    shopper: str
    key: str

    @property
    def merchant(self) -> Merchant:
        return self.shop.merchant

    async def call(self, method: str, path: str, *, as_key: bool = False, **sent: Any) -> httpx.Response:
        headers = {
            "authorization": f"Bearer {self.key if as_key else self.shopper}",
            **sent.pop("headers", {}),
        }
        return await self.http.request(method, f"/api/v1/{self.merchant.slug}{path}", headers=headers, **sent)

    async def place(self, apples: int = 2) -> UUID:
        """An order, acknowledged."""
        answer = await self.call(
            "POST",
            "/orders",
            headers={"idempotency-key": ids.new().hex},
            json={
                "store_id": str(self.shop.store_id),
                "lines": [{"sku_id": str(self.shop.apple), "quantity": apples}],
                "expected_total": apples * self.shop.apple_price,
            },
        )
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def begin(self, order_id: UUID) -> str:
        """The cashier is open; returns our number at the gateway."""
        answer = await self.call("POST", f"/orders/{order_id}/payment")
        assert answer.status_code == 200, answer.text
        async with self.house.database.begin(self.merchant) as uow:
            payment = await payments.of_order(uow, order_id)
        assert payment is not None
        return payment.out_trade_no

    async def tell_sandbox(self, path: str, **body: Any) -> Any:
        answer = await self.gateway.post(f"/sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def pay(self, number: str, callback: str = "normal", **how: Any) -> None:
        await self.tell_sandbox("pay", out_trade_no=number, callback=callback, **how)

    async def state(self, order_id: UUID) -> str:
        return (await self.call("GET", f"/orders/{order_id}")).json()["state"]

    async def becomes(self, order_id: UUID, state: str) -> None:
        """Wait for an order to reach a state."""

        async def is_so() -> bool:
            return await self.state(order_id) == state

        await until(is_so)

    async def delivered(self, number: str, count: int) -> list[int]:
        """Wait until `count` callbacks of an order found an answer; their statuses."""
        found: list[int] = []

        async def are_there() -> bool:
            said = (await self.gateway.get(f"/sandbox/orders/{number}")).json()["callbacks"]
            found[:] = [one["last_status"] for one in said if one["state"] == "delivered"]
            return len(found) >= count

        await until(are_there)
        return found

    async def refund(self, order_id: UUID, units: int) -> str:
        """Units are promised back; returns our number of the refund at the gateway."""
        answer = await self.call(
            "POST",
            f"/orders/{order_id}/refunds",
            as_key=True,
            json={"id": str(ids.new()), "lines": [{"line_no": 1, "quantity": units}], "reason": "磕碰"},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["out_refund_no"]

    async def send_refunds(self) -> int:
        """What the worker's sweep does."""
        url = notify_url(self.house.settings, self.merchant)
        return await payments.send_refunds(self.house.database, self.merchant, self.house.gateway, url)

    async def books(self) -> dict[str, int]:
        """Balances that are not zero, of books that are sound."""
        async with self.house.database.begin(self.merchant) as uow:
            assert (await ledger.trial_balance(uow)).is_sound
            return {
                account.code: account.balance for account in await ledger.accounts(uow) if account.balance
            }

    async def notices(self) -> list[Notice]:
        async with self.house.database.begin(self.merchant) as uow:
            return await uow.all(
                Notice,
                "select kind, outcome from gateway_notices where merchant_id = %(merchant_id)s order by received_at",
            )

    def last_callback(self, number: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of the last callback that the sandbox sent about an order, byte for byte."""
        folder = self.house.settings.folder("sandbox")
        (path,) = [file for file in folder.iterdir() if file.suffix in {".db", ".sqlite", ".sqlite3"}]
        with sqlite3.connect(path) as memory:
            headers, body = memory.execute(
                "select sent_headers, sent_body from deliveries where out_trade_no = ? and sent_body <> '' "
                "order by id desc limit 1",
                (number,),
            ).fetchone()
        return msgspec.json.decode(headers, type=dict[str, str]), body.encode()


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def on_the_wire(settings: Settings, database_url: str) -> AsyncIterator[House]:
    """Web server and sandbox listening, no worker: what the worker would do is done by hand."""
    settings = msgspec.structs.replace(
        settings,
        database_url=database_url,
        database_connections=6,
        port=free_port(),
        sandbox_port=free_port(),
        sandbox=True,
        demo=False,
    )
    before = all_settings._used
    try:
        async with serve.running(settings, work=False) as house:
            yield house
    finally:
        all_settings._used = before


async def open_counter(
    house: House, http: httpx.AsyncClient, gateway: httpx.AsyncClient, merchant: Merchant
) -> Counter:
    """A shop with stock, a shopper known to the gateway, and an integration."""
    database: Database = house.database
    shop = await a_shop(database, merchant, stock=20)
    openid = f"o{ids.new().hex[:27]}"
    sandbox.add_person(house.settings.folder("sandbox"), openid=openid, nickname="小满")
    buyer = await a_customer(database, merchant, openid)
    async with database.begin(merchant) as uow:
        session = await sessions.sign_in(
            uow, kind="customer", subject_id=buyer, name="小满", permissions=ROLES["shopper"], days=1
        )
        key = await sessions.make_key(uow, "test", STAFF)
    return Counter(house, http, gateway, shop, session.token, key.secret)
