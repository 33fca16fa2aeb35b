"""Presales on the console: where their orders stand, and deposits that were lost or are owed."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade import payments
from siyu.trade.presales import queries
from siyu.trade.presales.rules import unit_prices

READ = {"permission": Permission.OFFERS_READ}
REFUND = {"permission": Permission.ORDERS_REFUND}


@get("/console/{slug:str}/presales", opt=READ)
async def presale_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Every presale with its dates and where its orders stand."""
    found = await queries.offered(uow)
    return web.page(
        request,
        "presales/console_list.html",
        merchant=merchant,
        offers=found,
        numbers=await queries.numbers(uow, [one.id for one in found]),
        now=uow.now,
    )


@get("/console/{slug:str}/presales/{offer_id:uuid}", opt=READ)
async def presale_page(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One presale: terms, numbers, and every deposit whose order ended before the balance."""
    offer = await queries.find(uow, offer_id)
    return web.page(
        request,
        "presales/console_presale.html",
        merchant=merchant,
        offer=offer,
        numbers=(await queries.numbers(uow, [offer_id]))[offer_id],
        prices=await catalog.prices(uow, list(offer.rule.prices)),
        amounts=unit_prices(offer.rule),
        lost=await queries.lost(uow, offer_id),
        now=uow.now,
    )


class ReturnDeposit(msgspec.Struct, frozen=True):
    """Which order's deposit goes back, and why."""

    order_id: UUID
    reason: str


@post("/console/{slug:str}/presales/{offer_id:uuid}/return", opt=REFUND)
async def give_back(
    offer_id: FromPath[UUID], data: URLEncodedBody[ReturnDeposit], uow: InUow, merchant: OfMerchant
) -> Redirect:
    """Give a deposit back although the law lets the merchant keep it."""
    if data.order_id not in {one.order_id for one in await queries.lost(uow, offer_id)}:
        raise NotFound(what="定金 / deposit")
    await payments.return_deposit(uow, data.order_id, data.reason)
    return Redirect(f"/console/{merchant.slug}/presales/{offer_id}", status_code=303)


class PayOwed(msgspec.Struct, frozen=True):
    """Which order's second half was transferred, under what number."""

    order_id: UUID
    reference: str


@post("/console/{slug:str}/presales/{offer_id:uuid}/owed", opt=REFUND)
async def pay_owed(
    offer_id: FromPath[UUID], data: URLEncodedBody[PayOwed], uow: InUow, merchant: OfMerchant
) -> Redirect:
    """Write down that the second half of a doubled deposit was transferred to the buyer."""
    if data.order_id not in {one.order_id for one in await queries.lost(uow, offer_id) if one.owed}:
        raise NotFound(what="应付的定金 / deposit owed")
    await payments.pay_owed_deposit(uow, data.order_id, data.reference)
    return Redirect(f"/console/{merchant.slug}/presales/{offer_id}", status_code=303)


routes = [presale_list, presale_page, give_back, pay_owed]
