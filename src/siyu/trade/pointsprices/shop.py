"""Goods for points and money, with what the shopper has."""

from typing import Any

from litestar import Request, Response, get

from siyu import web
from siyu.people import points
from siyu.runtime.edge import ByActor, InUow, OfMerchant
from siyu.trade.pointsprices import shelf
from siyu.trade.pointsprices.model import KIND


@get("/shop/{slug:str}/points", opt={"public": True}, include_in_schema=False)
async def points_goods(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """Everything that is to be had for points; whoever is signed in sees what they can afford."""
    is_known = actor.kind == "customer"
    return web.page(
        request,
        "pointsprices/shop_goods.html",
        merchant=merchant,
        goods=await shelf.goods(uow),
        told=await points.statement(uow, actor.customer_id) if is_known else None,
        kind=KIND,
    )


routes = [points_goods]
