"""Bargains in the shop: what is offered, one bargain with everybody who helped, starting and helping."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant
from siyu.trade.bargains import actions, queries, rules
from siyu.trade.bargains.model import NotInWeChat

PUBLIC = {"public": True}
SHOPPER = {"permission": Permission.SHOPPER}


def _in_wechat(request: Request[Any, Any, Any]) -> bool:
    return rules.is_wechat(request.headers.get("user-agent", ""))


def refuse_wechat(request: Request[Any, Any, Any]) -> None:
    """Raises NotInWeChat when the request comes from WeChat's browser or a mini program."""
    if _in_wechat(request):
        raise NotInWeChat


@get("/shop/{slug:str}/bargains", opt=PUBLIC)
async def bargain_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """What may be bargained for now, and my own bargains."""
    mine = (
        await queries.bargains(uow, customer_id=actor.customer_id, running_only=True)
        if actor.kind == "customer"
        else []
    )
    entries = await queries.entries(uow, None)
    prices = await catalog.prices(uow, [*(one.sku_id for one in entries), *(one.sku_id for one in mine)])
    return web.page(
        request,
        "bargains/shop_list.html",
        merchant=merchant,
        entries=entries,
        mine=mine,
        prices=prices,
        in_wechat=_in_wechat(request),
    )


@get("/shop/{slug:str}/bargains/{offer_id:uuid}", opt=PUBLIC)
async def offer_page(
    request: Request[Any, Any, Any],
    offer_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """One offer: its goods, its price now and at the floor, how many helps it takes, and every step."""
    offer = await queries.find_offer(uow, offer_id)
    if offer.state == "draft":
        raise NotFound(what="砍价活动 / bargain offer")
    running = None
    if actor.kind == "customer":
        own = await queries.bargains(uow, customer_id=actor.customer_id, offer_id=offer_id, running_only=True)
        running = own[0] if own else None
    rule = offer.rule
    return web.page(
        request,
        "bargains/shop_offer.html",
        merchant=merchant,
        offer=offer,
        price=(await catalog.prices(uow, [rule.sku_id])).get(rule.sku_id),
        is_live=offer.is_live(uow.now) and offer.left != 0,
        steps=rules.steps(rule.start, rule.floor, rule.helps),
        running=running,
        is_signed_in=actor.kind == "customer",
        in_wechat=_in_wechat(request),
        helps_per_day=rules.HELPS_PER_DAY,
    )


@post("/shop/{slug:str}/bargains/{offer_id:uuid}/start", opt=SHOPPER)
async def start(
    request: Request[Any, Any, Any],
    offer_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Redirect:
    """Start a bargain, or come back to the one that is running."""
    refuse_wechat(request)
    bargain = await actions.start(uow, offer_id, actor.customer_id)
    return Redirect(f"/shop/{merchant.slug}/bargain/{bargain.id}", status_code=303)


@get("/shop/{slug:str}/bargain/{bargain_id:uuid}", opt=PUBLIC)
async def bargain_page(
    request: Request[Any, Any, Any],
    bargain_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """One bargain: where it stands, who helped, how long it lasts; helping for friends, buying for its owner."""
    bargain = await queries.find(uow, bargain_id)
    who = actor.customer_id if actor.kind == "customer" else None
    return web.page(
        request,
        "bargains/shop_bargain.html",
        merchant=merchant,
        bargain=bargain,
        owner=rules.veiled(bargain.nickname),
        price=(await catalog.prices(uow, [bargain.sku_id])).get(bargain.sku_id),
        helps=await queries.helps_of(uow, bargain_id),
        steps=rules.steps(bargain.start, bargain.floor, bargain.needed),
        is_running=bargain.is_running(uow.now),
        is_mine=who == bargain.customer_id,
        is_signed_in=who is not None,
        has_helped=who is not None and await queries.has_helped(uow, bargain_id, who),
        in_wechat=_in_wechat(request),
        address=str(request.url),
    )


@post("/shop/{slug:str}/bargain/{bargain_id:uuid}/help", opt=SHOPPER)
async def give_help(
    request: Request[Any, Any, Any],
    bargain_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Redirect:
    """Help a friend. The helper gets nothing for it."""
    refuse_wechat(request)
    await actions.give_help(uow, bargain_id, actor.customer_id)
    return Redirect(f"/shop/{merchant.slug}/bargain/{bargain_id}", status_code=303)


routes = [bargain_list, offer_page, start, bargain_page, give_help]
