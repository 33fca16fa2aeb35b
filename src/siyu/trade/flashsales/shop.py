"""Flash sales on a phone: the sessions of today and tomorrow, and one item with its countdown.

Every figure is one of the database; the clock is the server's. Buying goes on to the ordinary checkout.
"""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.flashsales import queries, words
from siyu.trade.flashsales.queries import Shown

PUBLIC = {"public": True}


@get("/shop/{slug:str}/flash", opt=PUBLIC, include_in_schema=False)
async def sessions(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, session: FromQuery[UUID | None] = None
) -> Response[str]:
    """The sessions of today and tomorrow as tabs, and the goods of one of them."""
    found = await queries.of_days(uow)
    return web.page(
        request,
        "flashsales/shop_sessions.html",
        merchant=merchant,
        sessions=found,
        chosen=_chosen(found, session),
        tomorrow=queries.midnight(merchant, uow.now) + queries.ONE_DAY,
        words=words,
    )


def _chosen(found: list[Shown], session: UUID | None) -> Shown | None:
    """The one asked for; else what runs, what comes next, what was last."""
    rank = {"on": 0, "ahead": 1, "paused": 2, "over": 3}
    asked = next((one for one in found if one.session.id == session), None)
    return asked or min(found, key=lambda one: rank[one.phase], default=None)


@get("/shop/{slug:str}/flash/{offer_id:uuid}/goods", opt=PUBLIC, include_in_schema=False)
async def goods_now(
    request: Request[Any, Any, Any],
    offer_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    sku: FromQuery[UUID | None] = None,
) -> Response[str]:
    """A fragment: what is left of a session (or of one of its items) now."""
    shown = await queries.find(uow, offer_id)
    template = "flashsales/shop_goods.html" if sku is None else "flashsales/shop_item_now.html"
    item = None if sku is None else _item(shown, sku)
    return web.page(request, template, merchant=merchant, shown=shown, item=item, words=words)


@get("/shop/{slug:str}/flash/{offer_id:uuid}/{sku_id:uuid}", opt=PUBLIC, include_in_schema=False)
async def one_item(
    request: Request[Any, Any, Any],
    *,
    offer_id: FromPath[UUID],
    sku_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[str]:
    """One item of a session: what it costs, how many are left, and buying it – or what to do when it is gone."""
    shown = await queries.find(uow, offer_id)
    item = _item(shown, sku_id)
    return web.page(
        request,
        "flashsales/shop_item.html",
        merchant=merchant,
        shown=shown,
        item=item,
        others=await _others(uow, offer_id),
        words=words,
    )


def _item(shown: Shown, sku_id: UUID) -> queries.Goods:
    for goods in shown.goods:
        if goods.sku_id == sku_id:
            return goods
    raise NotFound(what="秒杀商品 / item of the flash sale")


async def _others(uow: UnitOfWork, offer_id: UUID) -> list[Shown]:
    """Where else something can be had today or tomorrow, once this item is gone or over."""
    return [
        one
        for one in await queries.of_days(uow)
        if one.session.id != offer_id and one.phase in {"on", "ahead"} and not one.is_gone and one.goods
    ]


routes = [sessions, goods_now, one_item]
