"""Composition root: the ordered list of rooms, the adapters they talk through, and the processes they run in."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from litestar import Litestar, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import FromPath
from litestar.response import File
from litestar.router import Router

from siyu import web
from siyu.connect import sms, wechat, wxpay
from siyu.goods.catalog import api as catalog_api
from siyu.goods.catalog import console as catalog_console
from siyu.goods.catalog import shop as catalog_shop
from siyu.goods.inventory import api as inventory_api
from siyu.goods.inventory import console as inventory_console
from siyu.growth import distribution
from siyu.growth.distribution import api as distribution_api
from siyu.growth.distribution import console as distribution_console
from siyu.growth.distribution import desk as distribution_desk
from siyu.insight import dashboards
from siyu.kernel.errors import NotFound
from siyu.money.ledger import api as ledger_api
from siyu.money.ledger import console as ledger_console
from siyu.people.customers import api as customers_api
from siyu.people.customers import console as customers_console
from siyu.people.customers import shop as customers_shop
from siyu.people.staff import console as staff_console
from siyu.place.doors import api as doors_api
from siyu.place.doors import console as doors_console
from siyu.place.doors import shop as doors_shop
from siyu.place.stores import console as stores_console
from siyu.place.stores import shop as stores_shop
from siyu.runtime import embedded
from siyu.runtime.db import Database, Merchant, refusal_of
from siyu.runtime.edge import DEPENDENCIES, OfMerchant, Services, WithSettings, permitted
from siyu.runtime.migrate import migrate
from siyu.runtime.tenancy import Directory
from siyu.runtime.worker import Sweep, Worker
from siyu.settings import Settings
from siyu.trade import imports, orders, payments
from siyu.trade.carts import shop as carts_shop
from siyu.trade.orders import api as orders_api
from siyu.trade.orders import console as orders_console
from siyu.trade.orders import desk as orders_desk
from siyu.trade.orders import shop as orders_shop
from siyu.trade.payments import api as payments_api
from siyu.trade.payments import console as payments_console
from siyu.trade.payments import shop as payments_shop

BODY_BYTES_MAX = 6 * 1024 * 1024  # a picture of five megabytes and its form

ROUTES: Sequence[HTTPRouteHandler | Router] = [
    # the shop
    *doors_shop.routes,
    *catalog_shop.routes,
    *stores_shop.routes,
    *carts_shop.routes,
    *orders_shop.routes,
    *payments_shop.routes,
    *customers_shop.routes,
    # the desk
    *orders_desk.routes,
    *distribution_desk.routes,
    # the console
    *staff_console.routes,
    *dashboards.routes,
    *catalog_console.routes,
    *inventory_console.routes,
    *customers_console.routes,
    *doors_console.routes,
    *stores_console.routes,
    *orders_console.routes,
    *payments_console.routes,
    *distribution_console.routes,
    *ledger_console.routes,
    *imports.routes,
    # the API
    *catalog_api.routes,
    *inventory_api.routes,
    *doors_api.routes,
    *customers_api.routes,
    *orders_api.routes,
    *payments_api.routes,
    *distribution_api.routes,
    *ledger_api.routes,
]


class House(msgspec.Struct, frozen=True):
    """Everything one process has open."""

    services: Services
    gateway: wxpay.Gateway
    wechat: wechat.OfficialAccount
    sms: sms.Sender
    database_url: str

    @property
    def settings(self) -> Settings:
        return self.services.settings

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def directory(self) -> Directory:
        return self.services.directory


@asynccontextmanager
async def open_house(settings: Settings, *, workers: int = 1) -> AsyncGenerator[House]:
    """Database (embedded unless one is named), schema and adapters; all closed again at the end."""
    url = settings.database_url or embedded.start(settings)
    await migrate(url)
    settings = msgspec.structs.replace(settings, secret=settings.secret or _kept_secret(settings))
    database = Database(url, max(2, settings.database_connections // workers))
    await database.open()
    house = House(
        services=Services(settings, database, Directory(database)),
        gateway=wxpay.Gateway(wxpay.credentials_from(settings)),
        wechat=wechat.from_settings(settings),
        sms=sms.from_settings(settings),
        database_url=url,
    )
    try:
        yield house
    finally:
        await house.gateway.aclose()
        await house.wechat.aclose()
        await house.sms.aclose()
        await database.close()


def _kept_secret(settings: Settings) -> str:
    """The key for cookies of this installation: made once, readable by its owner only."""
    path = settings.folder() / "secret"
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        fresh.rename(path)
    return path.read_text().strip()


@get("/health", opt={"public": True}, sync_to_thread=False, include_in_schema=False)
def health() -> dict[str, str]:
    """Constant: the process answers."""
    return {"status": "ok"}


@get("/media/{slug:str}/{key:path}", opt={"public": True}, include_in_schema=False)
async def media(key: FromPath[Path], merchant: OfMerchant, settings: WithSettings) -> File:
    """A picture of the merchant. Names never change their content, so browsers may keep them."""
    folder = settings.folder("media", merchant.slug)
    wanted = (folder / str(key).lstrip("/")).resolve()
    if not wanted.is_relative_to(folder) or not wanted.is_file():
        raise NotFound(what="图片 / picture")
    return File(
        wanted,
        media_type="image/webp" if wanted.suffix == ".webp" else "application/octet-stream",
        headers={"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"},
        content_disposition_type="inline",
    )


def _refused_by_database(request: Request[Any, Any, Any], error: psycopg.Error) -> Response[Any]:
    """What the database would not write is the caller's mistake more often than ours: say so where it is."""
    return web.answer(request, refusal_of(error) or error)


def create_app(house: House, extra: Sequence[HTTPRouteHandler | Router] = ()) -> Litestar:
    """The web application over an open house."""
    # Only the JSON API is described by OpenAPI; pages are for people.
    pages = [route for route in ROUTES if not any(path.startswith("/api/") for path in _paths(route))]
    machine = [route for route in ROUTES if route not in pages]
    app = Litestar(
        [health, media, web.static_router(), *machine, _unlisted(pages), *extra],
        guards=[permitted],
        dependencies=DEPENDENCIES,
        exception_handlers={**web.exception_handlers(), psycopg.Error: _refused_by_database},
        csrf_config=web.csrf_config(
            house.settings.secret, secure=house.settings.base_url.startswith("https://")
        ),
        openapi_config=_openapi(),
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
    )
    app.state.services = house.services
    app.state.gateway = house.gateway
    app.state.wechat = house.wechat
    app.state.sms = house.sms
    return app


def _paths(route: HTTPRouteHandler | Router) -> list[str]:
    return sorted(route.paths) if isinstance(route, HTTPRouteHandler) else [route.path]


def _unlisted(pages: Sequence[HTTPRouteHandler | Router]) -> Router:
    return Router("/", route_handlers=list(pages), include_in_schema=False)


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Siyu 私域 API",
        version="1",
        description=(
            "The same actions as the screens. Amounts are minor units, times RFC 3339 UTC, ids UUIDs, failures "
            "application/problem+json with a stable `code`. Send `Authorization: Bearer <token or API key>`."
        ),
        openapi_router=Router("/api/docs", route_handlers=[], opt={"public": True}),
        render_plugins=[
            SwaggerRenderPlugin(
                js_url="/static/lib/swagger-ui-bundle.js", css_url="/static/lib/swagger-ui.css"
            )
        ],
        components=Components(security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"bearer": []}],
    )


def sweeps(house: House) -> list[Sweep]:
    """What has to be looked at every few seconds for each merchant."""

    async def close_expired(database: Database, merchant: Merchant) -> int:
        return await database.attempt(merchant, orders.close_expired)

    async def receive_overdue(database: Database, merchant: Merchant) -> int:
        return await database.attempt(
            merchant, partial(orders.receive_overdue, after=orders.AUTO_RECEIVE_AFTER)
        )

    async def follow_up(database: Database, merchant: Merchant) -> int:
        return await payments.follow_up(database, merchant, house.gateway)

    async def send_refunds(database: Database, merchant: Merchant) -> int:
        url = payments_api.notify_url(house.settings, merchant)
        return await payments.send_refunds(database, merchant, house.gateway, url)

    return [
        Sweep("orders.close_expired", 2.0, close_expired),
        Sweep("orders.receive_overdue", 5.0, receive_overdue),
        Sweep("payments.follow_up", 2.0, follow_up),
        Sweep("payments.send_refunds", 1.0, send_refunds),
        *distribution.SWEEPS,
    ]


def create_worker(house: House) -> Worker:
    """The worker over an open house: facts digested, due things done."""
    return Worker(house.directory, distribution.CONSUMERS, sweeps(house))
