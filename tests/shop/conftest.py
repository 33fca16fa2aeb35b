"""The whole shop over HTTP in this process: our application on one side, the sandbox on the other side of the wire."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest

from factories import Shop, a_shop
from shop.shop_browser import Phone
from siyu import app as application
from siyu.connect import alipay, sandbox, sms, wechat, wxpay
from siyu.goods.catalog import shop as catalog_shop
from siyu.people.customers import shop as customers_shop
from siyu.place.doors import shop as doors_shop
from siyu.place.stores import shop as stores_shop
from siyu.runtime.db import Database
from siyu.runtime.edge import Services
from siyu.runtime.tenancy import Directory
from siyu.settings import Settings
from siyu.trade.carts import shop as carts_shop
from siyu.trade.orders import shop as orders_shop
from siyu.trade.payments import shop as payments_shop

SANDBOX_URL = "http://127.0.0.1:8001"
ROOMS = (catalog_shop, stores_shop, doors_shop, customers_shop, carts_shop, orders_shop, payments_shop)


@asynccontextmanager
async def alive(app) -> AsyncIterator[None]:
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


@pytest.fixture(scope="session")
def shop_settings(settings: Settings) -> Settings:
    keys = sandbox.ensure_keys(settings.folder("shop_sandbox"))
    url = SANDBOX_URL
    return msgspec.structs.replace(
        settings,
        sandbox=True,
        wechat_api_url=url,
        wechat_open_url=url,
        wxpay_url=url,
        alipay_url=f"{url}/gateway.do",
        sms_url=url,
        **keys,
    )


class World:
    """Both sides of the wire, and how to give somebody a phone."""

    def __init__(self, app, database: Database, sandbox_http: httpx.AsyncClient, settings: Settings) -> None:
        self.app, self.database, self.sandbox_http, self.settings = app, database, sandbox_http, settings
        self.clients: list[httpx.AsyncClient] = []

    def phone(self, shop: Shop) -> Phone:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url=self.settings.base_url,
            headers={"accept": "text/html"},
        )
        self.clients.append(client)
        return Phone(shop, self, client)

    async def person(self, nickname: str = "周小满") -> str:
        """Somebody who holds a phone with WeChat; return their openid."""
        said = await self.sandbox_http.post("/sandbox/persons", json={"nickname": nickname})
        return said.json()["openid"]


@pytest.fixture
async def world(database: Database, shop_settings: Settings, tmp_path) -> AsyncIterator[World]:
    folder = shop_settings.folder("shop_sandbox")
    shop_app: list = []

    async def to_shop(scope, receive, send) -> None:
        await shop_app[0](scope, receive, send)

    callbacks = httpx.AsyncClient(transport=httpx.ASGITransport(to_shop))
    other_side = sandbox.create(folder, base_url=SANDBOX_URL, http=callbacks)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(other_side), base_url=SANDBOX_URL)
    house = application.House(
        services=Services(shop_settings, database, Directory(database)),
        gateway=wxpay.Gateway(wxpay.credentials_from(shop_settings), http=http),
        wechat=wechat.from_settings(shop_settings, http=http),
        sms=sms.from_settings(shop_settings, http=http),
        database_url=database.url,
        alipay=alipay.Gateway(alipay.credentials_from(shop_settings), http=http),
    )
    known = set(map(id, application.ROUTES))
    routes = [route for room in ROOMS for route in room.routes if id(route) not in known]
    shop_app.append(application.create_app(house, routes))
    world = World(shop_app[0], database, http, shop_settings)
    async with callbacks, http, alive(other_side):
        await http.post("/sandbox/reset")
        yield world
        for client in world.clients:
            await client.aclose()


@pytest.fixture
async def shop(database: Database, merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


@pytest.fixture
async def phone(world: World, shop: Shop) -> Phone:
    """A visitor's phone."""
    return world.phone(shop)


@pytest.fixture
async def shopper(world: World, shop: Shop) -> Phone:
    """The phone of somebody who signed in with WeChat."""
    holder = world.phone(shop)
    await holder.sign_in(await world.person())
    return holder
