"""Group buying on a phone: what can be joined, one group as it fills up, my groups.

Sharing is a link and a code; nothing is given for it (微信外部链接内容管理规范), and no step waits for it.
"""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from siyu import web
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.actors import Actor
from siyu.runtime.edge import ByActor, InUow, OfMerchant, WithSettings
from siyu.trade import orders
from siyu.trade.groupbuys import poster, queries, rules, settling, words

SHOPPER = {"permission": Permission.SHOPPER}
PUBLIC = {"public": True}


def _reader(actor: Actor) -> UUID | None:
    return actor.customer_id if actor.kind == "customer" else None


@get("/shop/{slug:str}/product/{product_id:uuid}/groups", opt=PUBLIC, include_in_schema=False)
async def of_product(
    request: Request[Any, Any, Any],
    product_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """A fragment of the product page: the group price, and real groups that lack somebody."""
    found = await queries.entries(uow, [product_id])
    waiting = {entry.offer_id: await queries.to_join(uow, entry.offer_id, _reader(actor)) for entry in found}
    return web.page(
        request,
        "groupbuys/shop_product.html",
        merchant=merchant,
        entries=found,
        waiting=waiting,
        gathering=await queries.gathering(uow, [entry.offer_id for entry in found]),
        words=words,
    )


@get("/shop/{slug:str}/group-offers/{offer_id:uuid}", opt=PUBLIC, include_in_schema=False)
async def offer_page(
    request: Request[Any, Any, Any],
    offer_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """One group buy: its price, its rules, the groups one may join, and opening one."""
    offer = await queries.offer(uow, offer_id)
    (goods,) = await queries.goods_of(uow, [offer.rule])
    return web.page(
        request,
        "groupbuys/shop_offer.html",
        merchant=merchant,
        offer=offer,
        goods=[one for one in goods if one.is_sellable],
        groups=await queries.to_join(uow, offer_id, _reader(actor)),
        opener_prices=rules.prices(offer.rule, is_opener=True),
        now=uow.now,
        words=words,
    )


@get("/shop/{slug:str}/groups/{group_id:uuid}", opt=PUBLIC, include_in_schema=False)
async def group_page(
    request: Request[Any, Any, Any],
    *,
    group_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[str]:
    """One group: its members, the places left, the time left, and what the reader can do now."""
    shown = await queries.find(uow, group_id, _reader(actor))
    offer = await queries.offer(uow, shown.group.offer_id)
    is_joinable = shown.group.state == "open" and shown.free > 0 and shown.group.opened_at is not None
    return web.page(
        request,
        "groupbuys/shop_group.html",
        merchant=merchant,
        shown=shown,
        offer=offer,
        is_joinable=is_joinable
        and rules.hold_minutes(shown.group.expires_at, shown.group.terms, uow.now) > 0,
        others=[]
        if shown.mine is not None and shown.group.is_alive
        else [
            one for one in await queries.to_join(uow, offer.id, _reader(actor)) if one.group.id != group_id
        ],
        is_polled=False,
        base=settings.base_url,
        link=f"{settings.base_url}/shop/{merchant.slug}/groups/{group_id}",
        words=words,
    )


@get("/shop/{slug:str}/groups/{group_id:uuid}/progress", opt=PUBLIC, include_in_schema=False)
async def progress(
    request: Request[Any, Any, Any],
    *,
    group_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    was: FromQuery[str] = "",
) -> Response[str]:
    """The part of the page that lives; when the group's state has changed the whole page is asked for again."""
    shown = await queries.find(uow, group_id, _reader(actor))
    return web.page(
        request,
        "groupbuys/shop_progress.html",
        merchant=merchant,
        shown=shown,
        is_polled=True,
        words=words,
        headers={"hx-refresh": "true"} if was and was != shown.group.state else None,
    )


@get("/shop/{slug:str}/group-go", opt=PUBLIC, include_in_schema=False)
async def go(
    *, merchant: OfMerchant, claim: FromQuery[UUID], sku: FromQuery[UUID], quantity: FromQuery[int] = 1
) -> Redirect:
    """On to the ordinary checkout with what was chosen; `claim` is the offer (open) or the group (join)."""
    if not 1 <= quantity <= 999:
        raise Invalid(field="quantity", zh="数量不正确。", en="The quantity is not valid.")
    asked = urlencode({"lines": f"{sku}*{quantity}", "claim": f"group:{claim}"})
    return Redirect(f"/shop/{merchant.slug}/checkout?{asked}", status_code=303)


@post("/shop/{slug:str}/groups/{group_id:uuid}/leave", opt=SHOPPER)
async def leave(group_id: FromPath[UUID], uow: InUow, merchant: OfMerchant, actor: ByActor) -> Redirect:
    """I leave before the group has succeeded; what I paid goes back."""
    await settling.leave(uow, group_id, actor.customer_id)
    return Redirect(f"/shop/{merchant.slug}/groups/{group_id}", status_code=303)


@get("/shop/{slug:str}/me/groups", opt=SHOPPER)
async def my_groups(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """The groups I opened or joined."""
    return web.page(
        request,
        "groupbuys/shop_mine.html",
        merchant=merchant,
        groups=await queries.of_customer(uow, actor.customer_id),
        words=words,
    )


@get("/shop/{slug:str}/orders/{order_id:uuid}/group", opt=SHOPPER)
async def of_order(
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """A fragment for the order's page: the group its goods wait for; nothing for other orders."""
    await orders.find(uow, order_id, customer_id=actor.customer_id)
    shown = await queries.of_order(uow, order_id, actor.customer_id)
    return web.page(request, "groupbuys/shop_of_order.html", merchant=merchant, shown=shown, words=words)


routes = [of_product, offer_page, group_page, progress, go, leave, my_groups, of_order, *poster.routes]
