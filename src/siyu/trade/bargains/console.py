"""Bargain offers on the console: what is running and what it brings. They are made and edited with all other offers."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from siyu import web
from siyu.goods import catalog
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.bargains import queries, rules

READ = {"permission": Permission.OFFERS_READ}


@get("/console/{slug:str}/bargains", opt=READ)
async def offer_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Every bargain offer with its live numbers."""
    found = await queries.offered(uow)
    return web.page(
        request,
        "bargains/console_list.html",
        merchant=merchant,
        offers=found,
        numbers=await queries.numbers(uow, [one.id for one in found]),
        prices=await catalog.prices(uow, [one.rule.sku_id for one in found]),
        now=uow.now,
    )


@get("/console/{slug:str}/bargains/{offer_id:uuid}", opt=READ)
async def offer_page(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One offer: its rule, its steps, its numbers and the bargains in it."""
    offer = await queries.find_offer(uow, offer_id)
    rule = offer.rule
    return web.page(
        request,
        "bargains/console_offer.html",
        merchant=merchant,
        offer=offer,
        numbers=(await queries.numbers(uow, [offer_id]))[offer_id],
        price=(await catalog.prices(uow, [rule.sku_id])).get(rule.sku_id),
        steps=rules.steps(rule.start, rule.floor, rule.helps),
        bargains=await queries.bargains(uow, offer_id=offer_id),
        now=uow.now,
    )


routes = [offer_list, offer_page]
