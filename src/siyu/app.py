"""Composition root: the ordered list of rooms, the adapters they talk through, and the processes they run in."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from litestar import Litestar, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.router import Router

from siyu import web
from siyu.connect import alipay, gateways, sms, wechat, wxpay
from siyu.goods import catalog, inventory
from siyu.goods.catalog import api as catalog_api
from siyu.goods.catalog import console as catalog_console
from siyu.goods.catalog import reference_price, search_index, sheets_console, sheets_keeping, synonyms_console
from siyu.goods.catalog import shop as catalog_shop
from siyu.goods.inventory import api as inventory_api
from siyu.goods.inventory import console as inventory_console
from siyu.goods.inventory import desk as inventory_desk
from siyu.goods.media import api as media_api
from siyu.goods.media import console as media_console
from siyu.goods.media import serving as media_serving
from siyu.goods.pricing import api as pricing_api
from siyu.goods.pricing import console as pricing_console
from siyu.goods.pricing import shop as pricing_shop
from siyu.growth import distribution
from siyu.growth.distribution import api as distribution_api
from siyu.growth.distribution import console as distribution_console
from siyu.growth.distribution import desk as distribution_desk
from siyu.insight import dashboards
from siyu.money.ledger import api as ledger_api
from siyu.money.ledger import console as ledger_console
from siyu.people import workbench
from siyu.people.addresses import api as addresses_api
from siyu.people.addresses import console as addresses_console
from siyu.people.addresses import shop as addresses_shop
from siyu.people.customers import api as customers_api
from siyu.people.customers import console as customers_console
from siyu.people.customers import levels_console
from siyu.people.customers import shop as customers_shop
from siyu.people.staff import console as staff_console
from siyu.place.doors import api as doors_api
from siyu.place.doors import console as doors_console
from siyu.place.doors import shop as doors_shop
from siyu.place.stores import api as stores_api
from siyu.place.stores import console as stores_console
from siyu.place.stores import shop as stores_shop
from siyu.runtime import embedded, jobs
from siyu.runtime.db import Database, Merchant, refusal_of
from siyu.runtime.edge import DEPENDENCIES, Services, permitted
from siyu.runtime.migrate import migrate
from siyu.runtime.tenancy import Directory
from siyu.runtime.worker import Sweep, Worker
from siyu.settings import Settings
from siyu.trade import aftersales, checkout, fulfilment, imports, orders, payments, reconciliation, suppliers
from siyu.trade.aftersales import api as aftersales_api
from siyu.trade.aftersales import console as aftersales_console
from siyu.trade.aftersales import shop as aftersales_shop
from siyu.trade.carts import shop as carts_shop
from siyu.trade.checkout import api as checkout_api
from siyu.trade.checkout import shop as checkout_shop
from siyu.trade.delivery import api as delivery_api
from siyu.trade.delivery import console as delivery_console
from siyu.trade.fulfilment import api as fulfilment_api
from siyu.trade.fulfilment import console as fulfilment_console
from siyu.trade.fulfilment import desk as fulfilment_desk
from siyu.trade.fulfilment import shop as fulfilment_shop
from siyu.trade.orders import api as orders_api
from siyu.trade.orders import console as orders_console
from siyu.trade.orders import desk as orders_desk
from siyu.trade.orders import shop as orders_shop
from siyu.trade.payments import api as payments_api
from siyu.trade.payments import console as payments_console
from siyu.trade.payments import shop as payments_shop
from siyu.trade.reconciliation import api as reconciliation_api
from siyu.trade.reconciliation import console as reconciliation_console
from siyu.trade.suppliers import api as suppliers_api
from siyu.trade.suppliers import console as suppliers_console
from siyu.trade.suppliers import desk as suppliers_desk

BODY_BYTES_MAX = 6 * 1024 * 1024  # a picture of five megabytes and its form

ROUTES: Sequence[HTTPRouteHandler | Router] = [
    # the shop
    *doors_shop.routes,
    *catalog_shop.routes,
    *pricing_shop.routes,
    *media_serving.routes,
    *stores_shop.routes,
    *carts_shop.routes,
    *checkout_shop.routes,
    *addresses_shop.routes,
    *orders_shop.routes,
    *fulfilment_shop.routes,
    *payments_shop.routes,
    *aftersales_shop.routes,
    *customers_shop.routes,
    # the desk
    *orders_desk.routes,
    *inventory_desk.routes,
    *fulfilment_desk.routes,
    *suppliers_desk.routes,
    *distribution_desk.routes,
    # the console
    *staff_console.routes,
    *workbench.routes,
    *dashboards.routes,
    *catalog_console.routes,
    *sheets_console.routes,
    *synonyms_console.routes,
    *pricing_console.routes,
    *media_console.routes,
    *inventory_console.routes,
    *customers_console.routes,
    *levels_console.routes,
    *doors_console.routes,
    *stores_console.routes,
    *addresses_console.routes,
    *delivery_console.routes,
    *orders_console.routes,
    *fulfilment_console.routes,
    *payments_console.routes,
    *reconciliation_console.routes,
    *aftersales_console.routes,
    *suppliers_console.routes,
    *distribution_console.routes,
    *ledger_console.routes,
    *imports.routes,
    # the API
    *catalog_api.routes,
    *pricing_api.routes,
    *media_api.routes,
    *inventory_api.routes,
    *doors_api.routes,
    *stores_api.routes,
    *customers_api.routes,
    *addresses_api.routes,
    *delivery_api.routes,
    *checkout_api.routes,
    *orders_api.routes,
    *fulfilment_api.routes,
    *payments_api.routes,
    *reconciliation_api.routes,
    *aftersales_api.routes,
    *suppliers_api.routes,
    *distribution_api.routes,
    *ledger_api.routes,
]

# Long work that rooms offer, done by the worker.
JOBS: Sequence[jobs.Kind] = [*catalog.JOBS, *sheets_keeping.JOBS, *fulfilment.JOBS, *orders_console.JOBS]


class House(msgspec.Struct, frozen=True):
    """Everything one process has open."""

    services: Services
    gateway: wxpay.Gateway
    wechat: wechat.OfficialAccount
    sms: sms.Sender
    database_url: str
    alipay: "alipay.Gateway | None" = None

    @property
    def gateways(self) -> dict[str, gateways.Gateway]:
        """Every payment gateway that is set up, by name."""
        known = {"wxpay": self.gateway, "alipay": self.alipay}
        return {name: line for name, line in known.items() if line is not None}

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
        alipay=alipay.Gateway(alipay.credentials_from(settings)) if alipay.is_configured(settings) else None,
    )
    try:
        yield house
    finally:
        for line in house.gateways.values():
            await line.aclose()
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


def _refused_by_database(request: Request[Any, Any, Any], error: psycopg.Error) -> Response[Any]:
    """What the database would not write is the caller's mistake more often than ours: say so where it is."""
    return web.answer(request, refusal_of(error) or error)


def create_app(house: House, extra: Sequence[HTTPRouteHandler | Router] = ()) -> Litestar:
    """The web application over an open house."""
    # Only the JSON API is described by OpenAPI; pages are for people.
    pages = [route for route in ROUTES if not any(path.startswith("/api/") for path in _paths(route))]
    machine = [route for route in ROUTES if route not in pages]
    app = Litestar(
        [health, web.static_router(), *machine, _unlisted(pages), *extra],
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
    app.state.gateways = house.gateways
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
        return await payments.follow_up(database, merchant, house.gateways)

    async def fetch_bills(database: Database, merchant: Merchant) -> int:
        return await reconciliation.fetch_bills(database, merchant, house.gateways)

    async def send_refunds(database: Database, merchant: Merchant) -> int:
        url = payments_api.notify_url(house.settings, merchant)
        return await payments.send_refunds(database, merchant, house.gateways, url)

    async def cancel(database: Database, merchant: Merchant, order_id: UUID) -> None:
        await payments.cancel_unpaid(database, merchant, house.gateways, order_id, customer_id=None)

    return [
        Sweep("orders.close_expired", 2.0, close_expired),
        Sweep("orders.receive_overdue", 5.0, receive_overdue),
        Sweep("payments.follow_up", 2.0, follow_up),
        Sweep("payments.send_refunds", 1.0, send_refunds),
        Sweep("payments.retry_failed", 20.0, payments.retry_failed),
        Sweep("reconciliation.fetch_bills", 60.0, fetch_bills),
        *catalog.SWEEPS,
        *inventory.SWEEPS,
        *search_index.SWEEPS,
        *aftersales.SWEEPS,
        *distribution.SWEEPS,
        *fulfilment.SWEEPS,
        jobs.sweep([*JOBS, orders.cancelling(cancel)]),
    ]


def create_worker(house: House) -> Worker:
    """The worker over an open house: facts digested, due things done."""
    return Worker(
        house.directory,
        [
            *checkout.CONSUMERS,
            *distribution.CONSUMERS,
            *fulfilment.CONSUMERS,
            *suppliers.CONSUMERS,
            *reference_price.CONSUMERS,
        ],
        sweeps(house),
    )
