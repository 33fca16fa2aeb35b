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
from siyu.goods import catalog, inventory, offers
from siyu.goods.catalog import reference_price, search_index, sheets_keeping
from siyu.growth import affinity, distribution, draws, oversight, payouts
from siyu.growth.payouts import api as payouts_api
from siyu.money import ledger
from siyu.people import notices, points
from siyu.place import attribution
from siyu.rooms import ROUTES
from siyu.runtime import embedded, jobs
from siyu.runtime.db import Database, Merchant, refusal_of
from siyu.runtime.edge import DEPENDENCIES, Services, permitted
from siyu.runtime.migrate import migrate
from siyu.runtime.tenancy import Directory
from siyu.runtime.worker import Sweep, Worker
from siyu.settings import Settings
from siyu.trade import (
    aftersales,
    bargains,
    checkout,
    flashsales,
    fulfilment,
    groupbuys,
    orders,
    payments,
    pointsprices,
    presales,
    reconciliation,
    suppliers,
)
from siyu.trade.orders import console as orders_console
from siyu.trade.payments import api as payments_api

BODY_BYTES_MAX = 6 * 1024 * 1024  # a picture of five megabytes and its form


# Long work that rooms offer, done by the worker.
JOBS: Sequence[jobs.Kind] = [
    *catalog.JOBS,
    *offers.COUPON_JOBS,
    *sheets_keeping.JOBS,
    *fulfilment.JOBS,
    *orders_console.JOBS,
    *oversight.JOBS,
]

# What orders may be placed by a claim of.
orders.ACTIVITIES |= {
    room.ACTIVITY.kind: room.ACTIVITY for room in (flashsales, bargains, groupbuys, pointsprices, presales)
}


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

    async def send_payouts(database: Database, merchant: Merchant) -> int:
        url = payouts_api.notify_url(house.settings, merchant)
        channel = payouts.Channel(house.gateway, url, house.settings.secret)
        return await payouts.send_due(database, merchant, channel)

    async def cancel(database: Database, merchant: Merchant, order_id: UUID) -> None:
        await payments.cancel_unpaid(database, merchant, house.gateways, order_id, customer_id=None)

    return [
        Sweep("orders.close_expired", 2.0, close_expired),
        Sweep("orders.receive_overdue", 5.0, receive_overdue),
        Sweep("payments.follow_up", 2.0, follow_up),
        Sweep("payments.send_refunds", 1.0, send_refunds),
        Sweep("payouts.send_due", 2.0, send_payouts),
        Sweep("payments.retry_failed", 20.0, payments.retry_failed),
        Sweep("reconciliation.fetch_bills", 60.0, fetch_bills),
        *catalog.SWEEPS,
        *inventory.SWEEPS,
        *offers.COUPON_SWEEPS,
        *search_index.SWEEPS,
        *aftersales.SWEEPS,
        *distribution.SWEEPS,
        *ledger.SWEEPS,
        *oversight.SWEEPS,
        *affinity.SWEEPS,
        *flashsales.SWEEPS,
        *fulfilment.SWEEPS,
        *bargains.SWEEPS,
        *notices.SWEEPS,
        *presales.SWEEPS,
        *groupbuys.SWEEPS,
        *points.SWEEPS,
        *draws.SWEEPS,
        jobs.sweep([*JOBS, orders.cancelling(cancel)]),
    ]


# Who digests facts, each at its own pace.
CONSUMERS = [
    *attribution.CONSUMERS,
    *bargains.CONSUMERS,
    *presales.CONSUMERS,
    *checkout.CONSUMERS,
    *distribution.CONSUMERS,
    *flashsales.CONSUMERS,
    *fulfilment.CONSUMERS,
    *groupbuys.CONSUMERS,
    *offers.CONSUMERS,
    *notices.CONSUMERS,
    *offers.COUPON_CONSUMERS,
    *points.CONSUMERS,
    *draws.CONSUMERS,
    *pointsprices.CONSUMERS,
    *suppliers.CONSUMERS,
    *reference_price.CONSUMERS,
]


def create_worker(house: House) -> Worker:
    """The worker over an open house: facts digested, due things done."""
    return Worker(
        house.directory,
        CONSUMERS,
        sweeps(house),
    )
