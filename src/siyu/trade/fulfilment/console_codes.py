"""Codes and carriers on the console: redeem, what was used, terms of codes, which carriers are offered."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant
from siyu.trade.fulfilment import carriers, code_queries, codes, words

READ = {"permission": Permission.ORDERS_READ}
CATALOG = {"permission": Permission.CATALOG_WRITE}
DELIVERY = {"permission": Permission.DELIVERY_WRITE}


@get("/console/{slug:str}/fulfilment/codes", opt=READ)
async def code_page(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    after: FromQuery[str] = "",
) -> Response[str]:
    """Codes that were used, the latest first; and the terms of each virtual product."""
    found = await code_queries.redeemed(uow, location_ids=actor.scope_list, after=after_moment(after or None))
    here = f"/console/{merchant.slug}/fulfilment/codes"
    return web.page(
        request,
        "fulfilment/console_codes.html",
        merchant=merchant,
        codes=found.items,
        terms=await code_queries.terms(uow),
        words=words,
        next_href=f"{here}?{urlencode({'after': found.next})}" if found.next else None,
        first_href=here if after else None,
    )


@post("/console/{slug:str}/fulfilment/codes", opt={"permission": Permission.PICKUP_VERIFY}, status_code=200)
async def redeem_code(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Somebody reads their code out, by telephone or at the till."""
    form = await request.form()
    asked = codes.Redeem(
        id=uuid_of(str(form.get("idempotency_key", "")), "idempotency_key") or ids.new(),
        code=str(form.get("code", "")),
        store_id=uuid_of(str(form.get("store", "")), "store"),
    )
    used = await codes.redeem(uow, asked)
    path = f"/console/{merchant.slug}/fulfilment/codes"
    return web.done(request, path, web.mark("已核销：{title}"), title=used.title)


def uuid_of(text: str, field: str) -> UUID | None:
    """The id a field holds; None when it is empty. Raises Invalid."""
    try:
        return UUID(text) if text.strip() else None
    except ValueError:
        raise Invalid(field=field, zh="请选择。", en="Please choose.") from None


@post("/console/{slug:str}/fulfilment/codes/terms", opt=CATALOG, status_code=200)
async def change_terms(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """What happens to a product's codes that nobody used, for those issued from now on."""
    form = await request.form()
    product_id = uuid_of(str(form.get("product", "")), "product")
    if product_id is None:
        raise Invalid(field="product", zh="请选择商品。", en="Choose a product.")
    await code_queries.set_terms(uow, product_id, on_expiry=str(form.get("on_expiry", "")))
    return web.done(request, f"/console/{merchant.slug}/fulfilment/codes", web.mark("已保存"))


@get("/console/{slug:str}/fulfilment/carriers", opt=READ)
async def carrier_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Every carrier, and whether it is offered when shipping."""
    return web.page(
        request,
        "fulfilment/console_carriers.html",
        merchant=merchant,
        carriers=(await carriers.every(uow)).values(),
    )


@post("/console/{slug:str}/fulfilment/carriers", opt=DELIVERY, status_code=200)
async def add_carrier(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """A carrier of one's own, or new facts about it."""
    form = await request.form()
    code, zh, en, url = (
        str(form.get(name, "")).strip() for name in ("code", "name_zh", "name_en", "tracking_url")
    )
    await carriers.add(uow, carriers.Carrier(code, zh, en, url))
    return web.done(request, f"/console/{merchant.slug}/fulfilment/carriers", web.mark("已保存"))


@post("/console/{slug:str}/fulfilment/carriers/{code:str}", opt=DELIVERY, status_code=200)
async def use_carrier(
    request: Request[Any, Any, Any], code: FromPath[str], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Offer a carrier when shipping, or no longer."""
    form = await request.form()
    await carriers.use(uow, code, is_used=form.get("is_used") == "1")
    return web.done(request, f"/console/{merchant.slug}/fulfilment/carriers", web.mark("已保存"))


routes = [code_page, redeem_code, change_terms, carrier_list, add_carrier, use_carrier]
