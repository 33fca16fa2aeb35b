"""Every route says who may use it. The open ones are spelled out here, so that opening one takes a second look."""

import msgspec
import pytest
from litestar import Litestar, get

from architecture.app_routes import Handled, mounted, offered
from siyu import app as application
from siyu.connect import sandbox, sms, wechat, wxpay
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Database
from siyu.runtime.edge import Services
from siyu.runtime.tenancy import Directory
from siyu.settings import Settings

PUBLIC = """
GET  /health
GET  /media/{slug:str}/{key:path}
GET  /static/{file_path:path}
HEAD /static/{file_path:path}
GET  /api/docs
GET  /api/docs/openapi.json
GET  /api/docs/swagger
GET  /api/docs/oauth2-redirect.html
GET  /api/docs/{path:str}
GET  /d/{slug:str}/{code:str}
GET  /d/{slug:str}/{code:str}/qr.svg
GET  /shop/{slug:str}
GET  /shop/{slug:str}/feed
GET  /shop/{slug:str}/category
GET  /shop/{slug:str}/search
GET  /shop/{slug:str}/product/{product_id:uuid}
GET  /shop/{slug:str}/activities
GET  /shop/{slug:str}/product/{product_id:uuid}/prices
GET  /shop/{slug:str}/product/{product_id:uuid}/activities
GET  /shop/{slug:str}/product/{product_id:uuid}/offers
GET  /shop/{slug:str}/coupons
GET  /shop/{slug:str}/coupons/{offer_id:uuid}/goods
GET  /shop/{slug:str}/product/{product_id:uuid}/groups
GET  /shop/{slug:str}/flash
GET  /shop/{slug:str}/flash/{offer_id:uuid}/goods
GET  /shop/{slug:str}/flash/{offer_id:uuid}/{sku_id:uuid}
GET  /shop/{slug:str}/group-offers/{offer_id:uuid}
GET  /shop/{slug:str}/groups/{group_id:uuid}
GET  /shop/{slug:str}/groups/{group_id:uuid}/progress
GET  /shop/{slug:str}/groups/{group_id:uuid}/poster
GET  /shop/{slug:str}/groups/{group_id:uuid}/poster.svg
GET  /shop/{slug:str}/group-go
GET  /shop/{slug:str}/points
GET  /shop/{slug:str}/promote
GET  /shop/{slug:str}/s/{code:str}
GET  /shop/{slug:str}/draws
GET  /shop/{slug:str}/draws/{draw_id:uuid}
GET  /shop/{slug:str}/draws/{draw_id:uuid}/proof
GET  /shop/{slug:str}/draws/{draw_id:uuid}/log
GET  /c/{slug:str}/{code:str}
GET  /shop/{slug:str}/item-code
POST /api/v1/{slug:str}/item-codes/{code:str}/scans
GET  /api/v1/{slug:str}/activities
GET  /api/v1/{slug:str}/coupons
GET  /api/v1/{slug:str}/flash-sessions
GET  /api/v1/{slug:str}/flash-sessions/{offer_id:uuid}
GET  /api/v1/{slug:str}/presales/{offer_id:uuid}
GET  /api/v1/{slug:str}/bargain-offers/{offer_id:uuid}
GET  /api/v1/{slug:str}/points-goods
GET  /api/v1/{slug:str}/published-draws
GET  /api/v1/{slug:str}/draws/{draw_id:uuid}
GET  /api/v1/{slug:str}/draws/{draw_id:uuid}/log
GET  /shop/{slug:str}/stores
POST /shop/{slug:str}/stores
GET  /shop/{slug:str}/stores/mine
GET  /shop/{slug:str}/stores/with/{product_id:uuid}
GET  /shop/{slug:str}/cart
GET  /shop/{slug:str}/cart/count
POST /shop/{slug:str}/cart/add
POST /shop/{slug:str}/cart/set
POST /shop/{slug:str}/cart/remove
POST /shop/{slug:str}/cart/choose
GET  /shop/{slug:str}/checkout
POST /shop/{slug:str}/checkout
POST /shop/{slug:str}/checkout/preview
GET  /shop/{slug:str}/presales/{offer_id:uuid}
GET  /shop/{slug:str}/bargains
GET  /shop/{slug:str}/bargains/{offer_id:uuid}
GET  /shop/{slug:str}/bargain/{bargain_id:uuid}
GET  /shop/{slug:str}/find-order
POST /shop/{slug:str}/find-order
POST /shop/{slug:str}/addresses/recognise
GET  /shop/{slug:str}/me
GET  /shop/{slug:str}/privacy
GET  /shop/{slug:str}/licence
GET  /shop/{slug:str}/signin
GET  /shop/{slug:str}/signin/wechat
GET  /shop/{slug:str}/signin/wechat/back
POST /shop/{slug:str}/signin/phone
GET  /shop/{slug:str}/signin/code
POST /shop/{slug:str}/signin/code
POST /shop/{slug:str}/signout
GET  /console/{slug:str}/signin
POST /console/{slug:str}/signin
POST /console/{slug:str}/signout
GET  /desk/{slug:str}/signin
POST /desk/{slug:str}/signin
POST /desk/{slug:str}/signout
GET  /api/v1/{slug:str}/products
GET  /api/v1/{slug:str}/products/{product_id:uuid}
GET  /api/v1/{slug:str}/categories
GET  /api/v1/{slug:str}/stores
GET  /api/v1/{slug:str}/group-offers/{offer_id:uuid}
GET  /api/v1/{slug:str}/groups/{group_id:uuid}
POST /api/v1/{slug:str}/doors/{code:str}/scans
POST /api/v1/{slug:str}/phone-codes
POST /api/v1/{slug:str}/sessions
POST /api/v1/{slug:str}/quotes
POST /api/v1/{slug:str}/checkout/quote
GET  /api/v1/{slug:str}/bargains/{bargain_id:uuid}
GET  /api/v1/{slug:str}/delivery/settings
GET  /api/v1/{slug:str}/delivery/slots
POST /cb/{slug:str}/alipay
POST /cb/{slug:str}/wxpay
POST /cb/{slug:str}/wxpay/transfers
"""


def spelled_out() -> set[Handled]:
    return {(method, path) for method, path in (line.split() for line in PUBLIC.strip().splitlines())}


@pytest.fixture
async def app(database: Database, settings: Settings) -> Litestar:
    settings = msgspec.structs.replace(settings, **sandbox.ensure_keys(settings.folder("routes_sandbox")))
    house = application.House(
        services=Services(settings, database, Directory(database)),
        gateway=wxpay.Gateway(wxpay.credentials_from(settings)),
        wechat=wechat.from_settings(settings),
        sms=sms.from_settings(settings),
        database_url=database.url,
    )
    return application.create_app(house)


def undeclared(routes: list[tuple[Handled, dict]]) -> list[Handled]:
    """Routes that name no permission and are not public, or that claim to be both."""
    wrong = []
    for handled, opt in routes:
        wanted = opt.get("permission")
        named = wanted if isinstance(wanted, tuple) else (wanted,) if wanted else ()
        is_closed = bool(named) and all(isinstance(permission, Permission) for permission in named)
        if is_closed == bool(opt.get("public")):
            wrong.append(handled)
    return wrong


async def test_every_route_has_a_permission_or_is_public(app: Litestar) -> None:
    assert undeclared([(handled, handler.opt) for handled, handler in mounted(app)]) == []
    assert undeclared([(handled, room.handler.opt) for room in offered() for handled in room.handles]) == []


def test_a_route_without_a_word_is_seen() -> None:
    @get("/silent", sync_to_thread=False)
    def silent() -> None: ...

    both = {"public": True, "permission": Permission.ORDERS_READ}

    assert undeclared([(("GET", "/silent"), silent.opt)]) == [("GET", "/silent")]
    assert undeclared([(("GET", "/both"), both)]) == [("GET", "/both")]
    assert undeclared([(("GET", "/text"), {"permission": "orders:read"})]) == [("GET", "/text")]


async def test_the_open_routes_are_the_ones_spelled_out(app: Litestar) -> None:
    opened = {handled for handled, handler in mounted(app) if handler.opt.get("public")}
    opened |= {handled for room in offered() if room.handler.opt.get("public") for handled in room.handles}

    assert opened == spelled_out()


async def test_every_route_that_a_room_offers_is_in_the_application(app: Litestar) -> None:
    answered = {handled for handled, _ in mounted(app)}
    forgotten = {room.module for room in offered() if not room.handles <= answered}

    assert forgotten == set()


async def test_whatever_speaks_of_a_merchant_says_which(app: Litestar) -> None:
    """The edge finds merchant, actor and walls by the slug in the path; a route of another shape would have none."""
    without = {path for (_, path), _ in mounted(app) if "{slug:str}" not in path}

    assert without == {path for _, path in spelled_out() if "{slug:str}" not in path}
