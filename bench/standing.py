"""A house to measure: its own data folder, a merchant with many SKUs and shoppers, served by a process of its own."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg

from siyu.app import House, open_house
from siyu.goods import catalog, inventory
from siyu.kernel.permissions import ROLES
from siyu.people import customers, merchants
from siyu.place import stores
from siyu.runtime import counters, embedded, sessions
from siyu.runtime.db import Merchant
from siyu.serve import with_sandbox
from siyu.settings import Settings
from siyu.trade import orders

SKUS = 1_000
SHOPPERS = 256
STOCK = 1_000_000
PRICE = 1_290


class Standing(msgspec.Struct, frozen=True):
    """Where to send requests, and what they may speak of."""

    url: str
    database_url: str
    merchant: Merchant
    store_id: UUID
    sku_ids: list[UUID]
    product_ids: list[UUID]
    tokens: list[str]
    pid: int

    def memory_mib(self) -> float:
        """Resident memory of the serving process, without PostgreSQL."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the kernel says nothing about memory")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def standing_house() -> AsyncGenerator[Standing]:
    """Seed, serve in another process, and clean up."""
    folder = Path(tempfile.mkdtemp(prefix="siyu-bench-"))
    folder.chmod(0o755)
    settings = Settings(data_dir=str(folder), port=free_port(), sandbox_port=free_port())
    process: subprocess.Popen[bytes] | None = None
    try:
        seeded = await _seed(settings)
        environment = {
            **os.environ,
            "SIYU_DATA_DIR": settings.data_dir,
            "SIYU_PORT": str(settings.port),
            "SIYU_SANDBOX_PORT": str(settings.sandbox_port),
            "SIYU_SANDBOX": "true",
        }
        process = subprocess.Popen([sys.executable, "-m", "siyu.cli", "serve", "--quiet"], env=environment)
        await _answering(settings.port, process)
        yield msgspec.structs.replace(seeded, url=f"http://127.0.0.1:{settings.port}", pid=process.pid)
    finally:
        if process is not None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
        embedded.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


async def _answering(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise RuntimeError("the server does not answer")


async def _seed(settings: Settings) -> Standing:
    async with open_house(with_sandbox(settings)) as house:
        merchant = await merchants.create(house.database_url, slug="bench", name="测速店")
        async with house.database.begin(merchant) as uow:
            store = await stores.add(uow, stores.NewStore(code="S1", name="一店", address="一路 1 号"))
            categories = await catalog.add_categories(uow, [("全部", "grid")])
            products = [
                catalog.NewProduct(
                    category="全部",
                    title=f"测速商品 {i:04d}",
                    subtitle="好吃不贵",
                    description="产地直采，当日送达门店。" * 8,
                    skus=(catalog.NewSku(f"SKU{i:05d}", PRICE),),
                )
                for i in range(SKUS)
            ]
            skus = await catalog.add_products(uow, products, categories)
            await inventory.receive(uow, [inventory.Pieces(store.id, sku, STOCK) for sku in skus.values()])
        tokens: list[str] = []
        for i in range(SHOPPERS):
            async with house.database.begin(merchant) as uow:
                person = await customers.sign_in_as(
                    uow, [("phone", f"199{i:08d}")], nickname=f"顾客{i}", first_door_id=None, channel="api"
                )
                session = await sessions.sign_in(
                    uow,
                    kind="customer",
                    subject_id=person.customer_id,
                    name=person.nickname,
                    permissions=ROLES["shopper"],
                    days=1,
                )
                tokens.append(session.token)
        await _open_for_a_while(house, merchant, store.id, list(skus.values()))
        return Standing(
            url="",
            database_url=house.database_url,
            merchant=merchant,
            store_id=store.id,
            sku_ids=list(skus.values()),
            product_ids=[product.id for product in products],
            tokens=tokens,
            pid=0,
        )


async def _open_for_a_while(house: House, merchant: Merchant, store_id: UUID, sku_ids: list[UUID]) -> None:
    """Some orders, and the statistics that autovacuum would have gathered by then."""
    async with house.database.begin(merchant) as uow:
        buyers = await uow.all(UUID, "select id from customers where merchant_id = %(merchant_id)s")
        wishes = [
            orders.PlaceOrder(
                buyers[i % len(buyers)], store_id, (orders.WantedLine(sku, 1),), PRICE, f"old-{i}"
            )
            for i, sku in enumerate(sku_ids)
        ]
        numbers = await counters.take(house.database, merchant, "orders", len(wishes))
        await orders.place_many(uow, wishes, numbers, pay_minutes=30)
    async with await psycopg.AsyncConnection.connect(house.database_url, autocommit=True) as connection:
        await connection.execute("vacuum analyze")
