"""What opens when somebody scans an item: genuine or not, scanned before or not, and what the code inside brings."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog
from siyu.growth import draws
from siyu.growth.itemcodes import places, scanning
from siyu.growth.itemcodes.codes import parse, shown
from siyu.growth.itemcodes.model import UnknownCode
from siyu.kernel.errors import TooManyRequests
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, remember_visitor, visitor_of

PUBLIC = {"public": True}
SHOPPER = {"permission": Permission.SHOPPER}


@get("/c/{slug:str}/{code:str}", opt=PUBLIC, include_in_schema=False)
async def scan(
    *,
    request: Request[Any, Any, Any],
    code: FromPath[str],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    place: FromQuery[str] = "",
) -> Response[Any]:
    """The page of an item. A mini-program may add `place`, in degrees."""
    customer_id = actor.customer_id if actor.kind == "customer" else None
    try:
        seen = await scanning.scan(
            database,
            merchant,
            code,
            visitor_id=visitor_of(request),
            customer_id=customer_id,
            place=places.place_in(place),
        )
    except (UnknownCode, TooManyRequests) as refusal:
        return _wrong(request, merchant, code, refusal)
    async with database.begin(merchant) as uow:
        response = web.page(
            request,
            "itemcodes/shop_item.html",
            merchant=merchant,
            seen=seen,
            code=shown(_plain(code)),
            product=await _product(uow, seen.product_id),
            draw=await draws.find(uow, seen.reward.draw_id) if seen.reward.draw_id else None,
            is_signed_in=customer_id is not None,
            here=f"/c/{merchant.slug}/{quote(code, safe='')}",
        )
    remember_visitor(request, response)
    return response


def _wrong(
    request: Request[Any, Any, Any], merchant: Merchant, code: str, refusal: UnknownCode | TooManyRequests
) -> Response[Any]:
    response = web.page(
        request,
        "itemcodes/shop_wrong.html",
        merchant=merchant,
        code=code[:40],
        sentence=refusal.sentence(web.language_of(request)),
        status_code=refusal.status,
    )
    remember_visitor(request, response)
    return response


def _plain(code: str) -> str:
    return code.upper().replace("-", "").replace(" ", "") if parse(code) is not None else code


async def _product(uow: UnitOfWork, product_id: UUID | None) -> catalog.ProductCard | None:
    """The product as the shop shows it; None when the batch has none, or it is off the shelf."""
    cards = await catalog.cards_in(uow, [product_id]) if product_id is not None else []
    return cards[0] if cards else None


@post("/c/{slug:str}/{code:str}/redeem", opt=SHOPPER, include_in_schema=False, status_code=200)
async def redeem(
    request: Request[Any, Any, Any], code: FromPath[str], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Have what the code brings; a second tap shows the same."""
    had = await scanning.redeem(uow, code, actor.customer_id)
    return web.page(request, "itemcodes/shop_redeemed.html", merchant=merchant, had=had)


@get("/shop/{slug:str}/item-code", opt=PUBLIC, include_in_schema=False)
async def typed(
    request: Request[Any, Any, Any], merchant: OfMerchant, code: FromQuery[str] = ""
) -> Response[Any]:
    """For a code that cannot be scanned: type it."""
    if code.strip():
        return Redirect(f"/c/{merchant.slug}/{quote(code.strip()[:40], safe='')}", status_code=303)
    return web.page(request, "itemcodes/shop_type.html", merchant=merchant)


routes = [scan, redeem, typed]
