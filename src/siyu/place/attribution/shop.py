"""My promoter on the customer's own page: who, until when, clearing it, and choosing another once a month."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from siyu import web
from siyu.kernel import ids
from siyu.kernel.permissions import Permission
from siyu.place.attribution import choosing, explaining, words
from siyu.runtime.edge import ByActor, InUow, OfMerchant

SHOPPER = {"permission": Permission.SHOPPER}


@get("/shop/{slug:str}/me/promoter", opt=SHOPPER, include_in_schema=False)
async def my_promoter(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """Who looks after me, and what that means."""
    return web.page(
        request,
        "attribution/shop_promoter.html",
        merchant=merchant,
        mine=await explaining.mine(uow, actor.customer_id),
        changes=await explaining.changes_of(uow, actor.customer_id, 10),
        kinds=words.PROMOTER_KINDS,
        causes=words.CAUSES,
        change_days=choosing.CHANGE_DAYS,
        now=uow.now,
    )


@get("/shop/{slug:str}/me/promoter/entry", opt=SHOPPER, include_in_schema=False)
async def entry(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """The line on my page."""
    return web.page(
        request,
        "attribution/shop_entry.html",
        merchant=merchant,
        mine=await explaining.mine(uow, actor.customer_id),
    )


@post("/shop/{slug:str}/me/promoter", opt=SHOPPER, include_in_schema=False, status_code=200)
async def choose(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Choose the promoter of a code."""
    form = await request.form()
    await choosing.choose(uow, _key(form), actor.customer_id, str(form.get("code", "")))
    return web.done(request, f"/shop/{merchant.slug}/me/promoter", web.mark("已更换专属推广员"))


@post("/shop/{slug:str}/me/promoter/clear", opt=SHOPPER, include_in_schema=False, status_code=200)
async def clear(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Be nobody's."""
    await choosing.clear(uow, _key(await request.form()), actor.customer_id)
    return web.done(request, f"/shop/{merchant.slug}/me/promoter", web.mark("专属关系已解除"))


def _key(form: Any) -> UUID:
    try:
        return UUID(str(form.get("idempotency_key", "")))
    except ValueError:
        return ids.new()


routes = [my_promoter, entry, choose, clear]
