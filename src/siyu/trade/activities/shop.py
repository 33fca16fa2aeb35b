"""The shop's page of everything that is on, and the part of a product's page that says so."""

from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from siyu import web
from siyu.goods import catalog, offers
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade import bargains
from siyu.trade.activities.gathering import gathered

PUBLIC = {"public": True}
SHOWN_MAX = 100
KINDS = {
    "flash": web.mark("秒杀"),
    "group": web.mark("拼团"),
    "bargain": web.mark("砍价"),
    "presale": web.mark("预售"),
    "points": web.mark("积分换购"),
}


@get("/shop/{slug:str}/activities", opt=PUBLIC, include_in_schema=False)
async def all_activities(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Everything that is on now or about to begin."""
    entries = [one for one in await gathered(uow) if _is_open(one, request)][:SHOWN_MAX]
    return web.page(
        request,
        "activities/shop_all.html",
        merchant=merchant,
        entries=entries,
        goods=await _goods(uow, [entry.product_id for entry in entries]),
        kinds=KINDS,
        now=uow.now,
        half=partial(web.half, web.language_of(request)),
    )


@get("/shop/{slug:str}/product/{product_id:uuid}/activities", opt=PUBLIC, include_in_schema=False)
async def of_product(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """The activities of one product; nothing where there are none."""
    return web.page(
        request,
        "activities/shop_of_product.html",
        merchant=merchant,
        # Groups have a card of their own on the page, with the people who wait.
        entries=[
            one for one in await gathered(uow, [product_id]) if one.kind != "group" and _is_open(one, request)
        ],
        kinds=KINDS,
        now=uow.now,
        half=partial(web.half, web.language_of(request)),
    )


def _is_open(entry: offers.Entry, request: Request[Any, Any, Any]) -> bool:
    """Whether an activity may be offered here: inside WeChat bargains may not (W-03)."""
    return entry.kind != "bargain" or not bargains.is_wechat(request.headers.get("user-agent", ""))


async def _goods(uow: UnitOfWork, product_ids: list[UUID]) -> dict[UUID, catalog.ProductCard]:
    return {card.id: card for card in await catalog.cards_in(uow, list(dict.fromkeys(product_ids)))}


routes = [all_activities, of_product]
