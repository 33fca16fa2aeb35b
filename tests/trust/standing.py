"""`siyu serve` as a process of its own, to be killed and started again over one data folder."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from factories import Shop, a_customer, a_shop
from siyu import doctor
from siyu.app import open_house
from siyu.connect import sandbox
from siyu.growth import distribution, promoters
from siyu.kernel import ids
from siyu.kernel.permissions import ROLES, STAFF
from siyu.money import ledger
from siyu.people import merchants
from siyu.place import doors
from siyu.runtime import embedded, sessions
from siyu.runtime.db import Database
from siyu.serve import with_sandbox
from siyu.settings import Settings
from siyu.trade import payments
from trust.wire import free_port, until

STOCK = 1_000
RATE_BPS = 1_000


@dataclass
class Standing:
    """The process, its shop, and what a shopper, an integration and a tester do over HTTP."""

    settings: Settings
    database: Database
    shop: Shop
    promoter_id: UUID
    shopper: str
    key: str
    http: httpx.AsyncClient
    gateway: httpx.AsyncClient
    process: subprocess.Popen[bytes] | None = None

    async def start(self, *, work: bool = True) -> None:
        """Start the process and wait until both addresses answer."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("SIYU_")}
        environment = {
            **others,
            "SIYU_DATA_DIR": self.settings.data_dir,
            "SIYU_PORT": str(self.settings.port),
            "SIYU_SANDBOX_PORT": str(self.settings.sandbox_port),
            "SIYU_SANDBOX": "true",
            "SIYU_AFTER_SALE_DAYS": "0",
        }
        command = [sys.executable, "-m", "siyu.cli", "serve", "--quiet", *([] if work else ["--no-worker"])]
        self.process = subprocess.Popen(command, env=environment)

        async def answers() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, "the server ended by itself"
            try:
                return (await self.http.get("/health")).status_code == 200
            except httpx.TransportError:
                return False

        await until(answers, 30)

    def kill(self) -> None:
        """kill -9: nothing is flushed, nobody is asked."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    async def killed_during(self, *requests: Any, after: float | None = None) -> list[Any]:
        """Kill the process `after` so many seconds, or at the first answer; the answers, or how they broke off."""
        tasks = [asyncio.ensure_future(request) for request in requests]
        await asyncio.wait(tasks, timeout=after, return_when=asyncio.FIRST_COMPLETED)
        self.kill()
        return await asyncio.gather(*tasks, return_exceptions=True)

    async def call(self, method: str, path: str, *, as_key: bool = False, **sent: Any) -> httpx.Response:
        headers = {
            "authorization": f"Bearer {self.key if as_key else self.shopper}",
            **sent.pop("headers", {}),
        }
        return await self.http.request(
            method, f"/api/v1/{self.shop.merchant.slug}{path}", headers=headers, **sent
        )

    async def place(self, key: str, apples: int = 2) -> httpx.Response:
        """Ask for an order under an idempotency key."""
        return await self.call(
            "POST",
            "/orders",
            headers={"idempotency-key": key},
            json={
                "store_id": str(self.shop.store_id),
                "lines": [{"sku_id": str(self.shop.apple), "quantity": apples}],
                "expected_total": apples * self.shop.apple_price,
            },
        )

    async def placed(self, apples: int = 2) -> UUID:
        answer = await self.place(ids.new().hex, apples)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def begin(self, order_id: UUID) -> httpx.Response:
        return await self.call("POST", f"/orders/{order_id}/payment")

    async def pay(self, order_id: UUID, **how: Any) -> httpx.Response:
        """Pay as the shopper would. A payment the gateway already has is not paid again."""
        async with self.database.begin(self.shop.merchant) as uow:
            payment = await payments.of_order(uow, order_id)
        assert payment is not None
        return await self.gateway.post("/sandbox/pay", json={"out_trade_no": payment.out_trade_no, **how})

    async def paid(self, apples: int = 2) -> UUID:
        order_id = await self.placed(apples)
        assert (await self.begin(order_id)).status_code == 200
        assert (await self.pay(order_id)).status_code == 200
        await self.becomes(order_id, "paid")
        return order_id

    async def order(self, order_id: UUID) -> dict[str, Any]:
        answer = await self.call("GET", f"/orders/{order_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def becomes(self, order_id: UUID, state: str, seconds: float = 20) -> None:
        async def is_so() -> bool:
            return (await self.order(order_id))["state"] == state

        await until(is_so, seconds)

    async def hand_over(self, order_id: UUID, code: str) -> httpx.Response:
        return await self.call(
            "POST", f"/orders/{order_id}/hand-over", as_key=True, json={"pickup_code": code}
        )

    async def refund(self, order_id: UUID, refund_id: UUID, units: int) -> httpx.Response:
        body = {"id": str(refund_id), "lines": [{"line_no": 1, "quantity": units}], "reason": "磕碰"}
        return await self.call("POST", f"/orders/{order_id}/refunds", as_key=True, json=body)

    async def proofs(self) -> dict[str, int]:
        async with self.database.begin(self.shop.merchant) as uow:
            return await doctor.proofs(uow)

    async def settles(self) -> None:
        """Wait until every fact is digested; then everything must be sound."""

        async def is_digested() -> bool:
            return (await self.proofs())["facts waiting"] == 0

        await until(is_digested, 20)
        assert set((await self.proofs()).values()) == {0}, await self.proofs()

    async def number_of(self, question: str, **facts: Any) -> int:
        """One number out of the merchant's rows."""
        async with self.database.begin(self.shop.merchant) as uow:
            return await uow.one(int, question, **facts)

    async def balance(self, code: str) -> tuple[int, int]:
        """(posted, pending) of an account."""
        async with self.database.begin(self.shop.merchant) as uow:
            found = await ledger.accounts(uow, [code])
        return (found[0].balance, found[0].pending) if found else (0, 0)


@asynccontextmanager
async def standing_shop(folder: Path) -> AsyncIterator[Standing]:
    """A seeded shop with its process running; killed and cleaned up at the end."""
    settings = Settings(data_dir=str(folder), port=free_port(), sandbox_port=free_port(), sandbox=True)
    async with open_house(with_sandbox(settings)) as house:
        database = house.database
        merchant = await merchants.create(database.url, slug="crash", name="断电店")
        shop = await a_shop(database, merchant, stock=STOCK)
        openid = f"o{ids.new().hex[:27]}"
        sandbox.add_person(settings.folder("sandbox"), openid=openid, nickname="小满")
        buyer, friend = await a_customer(database, merchant, openid), await a_customer(database, merchant)
        async with database.begin(merchant) as uow:
            await distribution.add_plan(uow, name="常规", rate_bps=RATE_BPS)
            promoter = await promoters.enrol(uow, friend, kind="koc", name="小鱼")
            (door,) = await doors.of_promoter(uow, promoter.id)
            await doors.scan(uow, door.code, ids.new(), buyer)
            session = await sessions.sign_in(
                uow, kind="customer", subject_id=buyer, name="小满", permissions=ROLES["shopper"], days=1
            )
            key = await sessions.make_key(uow, "test", STAFF)
        async with (
            httpx.AsyncClient(base_url=settings.base_url, timeout=10) as http,
            httpx.AsyncClient(base_url=settings.sandbox_url, timeout=10) as gateway,
        ):
            standing = Standing(
                settings, database, shop, promoter.id, session.token, key.secret, http, gateway
            )
            try:
                await standing.start()
                yield standing
            finally:
                if standing.process is not None:
                    standing.kill()
    embedded.stop(settings)
