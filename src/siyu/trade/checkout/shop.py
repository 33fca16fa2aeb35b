"""Checking out: the page, the page again when something was chosen, and the button. Also finding a guest's order."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect

from siyu import web
from siyu.goods import inventory
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, IdempotencyConflict
from siyu.kernel.permissions import Permission
from siyu.people import addresses, customers
from siyu.runtime.actors import Actor
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import (
    VISITOR_COOKIE,
    ByActor,
    InUow,
    OfMerchant,
    OnDatabase,
    WithSettings,
    remember_visitor,
    sign_in_cookie,
    visitor_of,
)
from siyu.trade import carts, orders
from siyu.trade.checkout import guests, placing, view
from siyu.trade.checkout.guarding import limit_lookup
from siyu.trade.checkout.model import CheckoutForm, Trouble
from siyu.trade.checkout.reading import form_in
from siyu.trade.checkout.rules import told_lines, wanted_lines

GONE = web.mark("有商品刚刚下架，已从本单移除，请确认后再提交。")
DONE = web.mark("这一单刚才已经提交过了。")
PUBLIC = {"public": True}


class FindOrder(msgspec.Struct, frozen=True):
    number: str = ""
    phone: str = ""


@get("/shop/{slug:str}/checkout", opt=PUBLIC, include_in_schema=False)
async def checkout(
    request: Request[Any, Any, Any],
    *,
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
    sku: FromQuery[UUID | None] = None,
    quantity: FromQuery[int] = 1,
    lines: FromQuery[str] = "",
    claim: FromQuery[str] = "",
) -> Response[Any]:
    """Check out one SKU (buy now), or `lines` at an activity's price, or else the chosen lines of the cart.

    Nobody has to sign in, but for an activity: its limits are those of a person.
    """
    if claim:
        if actor.kind != "customer":
            return _sign_in_first(merchant, lines, claim)
        form = CheckoutForm(told_lines(wanted_lines(lines)), key=ids.new().hex, claim=claim)
    elif sku is not None:
        form = CheckoutForm(told_lines([orders.WantedLine(sku, quantity)]), key=ids.new().hex)
    else:
        form = await _of_cart(request, uow, actor)
    if not form.lines:
        return Redirect(f"/shop/{merchant.slug}/cart", status_code=303)
    return await view.page(request, uow, actor, form, settings)


def _sign_in_first(merchant: Merchant, lines: str, claim: str) -> Redirect:
    onward = f"/shop/{merchant.slug}/checkout?lines={quote(lines)}&claim={quote(claim)}"
    return Redirect(f"/shop/{merchant.slug}/signin?next={quote(onward)}", status_code=303)


async def _of_cart(request: Request[Any, Any, Any], uow: UnitOfWork, actor: Actor) -> CheckoutForm:
    """The chosen lines. Two tabs of the same cart have the same key, so together they place one order."""
    visitors = carts.visitors_cart(visitor_of(request))
    owner = actor.customer_id if actor.kind == "customer" else visitors
    if owner != visitors and VISITOR_COOKIE in request.cookies:
        await carts.merge(uow, visitors, owner)
    cart = await carts.read(uow, owner)
    lines = told_lines(orders.WantedLine(line.sku_id, line.quantity) for line in cart.chosen)
    key = ids.derived("checkout.of_cart", owner, await carts.version(uow, owner), lines)
    return CheckoutForm(lines, key=key.hex, from_cart="1")


@post("/shop/{slug:str}/checkout/preview", opt=PUBLIC, include_in_schema=False, status_code=200)
async def preview(
    request: Request[Any, Any, Any], uow: InUow, actor: ByActor, settings: WithSettings
) -> Response[str]:
    """The same page after something was chosen: another way, store, address, time or box. Nothing is ordered."""
    return await view.page(request, uow, actor, form_in(await request.form()), settings)


@post("/shop/{slug:str}/checkout", opt=PUBLIC, include_in_schema=False)
async def place_order(
    request: Request[Any, Any, Any],
    *,
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Place the order and go to paying. A refusal shows the same page again with the reason; nothing is lost."""
    form = form_in(await request.form())
    if form.claim and actor.kind != "customer":
        return _sign_in_first(merchant, form.lines, form.claim)
    try:
        placed = await placing.submit(request, database, merchant, actor, settings, form)
    except DomainError as refusal:
        trouble = _trouble(request, refusal, form)
        async with database.begin(merchant, actor) as uow:
            fresh = msgspec.structs.replace(form, shown="")
            return await view.page(request, uow, actor, fresh, settings, trouble=trouble)
    order = placed.order
    is_cheaper = order.total < form.expected_total and not order.is_replay
    onward = f"checkout/{order.id}/cheaper?was={form.expected_total}" if is_cheaper else f"pay/{order.id}"
    response = Redirect(f"/shop/{merchant.slug}/{onward}", status_code=303)
    if placed.session is not None:
        sign_in_cookie(request, response, "customer", placed.session)
    remember_visitor(request, response)
    return response


def _trouble(request: Request[Any, Any, Any], refusal: DomainError, form: CheckoutForm) -> Trouble:
    """What the page says of a refusal."""
    language = web.language_of(request)
    is_gone = isinstance(refusal, orders.NotForSale)
    if isinstance(refusal, IdempotencyConflict):
        return Trouble(web.translate(language, DONE), is_done=True)
    return Trouble(
        said=web.translate(language, GONE) if is_gone else web.problem_of(request, refusal).detail,
        field="" if is_gone or isinstance(refusal, inventory.NotEnoughStock) else refusal.field or "",
        sku_id=str(refusal.facts.get("sku_id", "")),
        old_total=form.expected_total if isinstance(refusal, orders.PriceRose) else None,
        status=refusal.status,
    )


@get(
    "/shop/{slug:str}/checkout/{order_id:uuid}/cheaper",
    opt={"permission": Permission.SHOPPER},
    include_in_schema=False,
)
async def cheaper(
    request: Request[Any, Any, Any],
    *,
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    was: FromQuery[int] = 0,
) -> Response[str]:
    """The price fell between the page and the button: the lower one is charged, and the buyer is told."""
    order = await orders.find(uow, order_id, customer_id=actor.customer_id)
    return web.page(request, "checkout/shop_cheaper.html", merchant=merchant, order=order, was=was)


def _lookup_page(
    request: Request[Any, Any, Any], merchant: Merchant, data: FindOrder, refusal: DomainError | None = None
) -> Response[str]:
    said = web.problem_of(request, refusal).detail if refusal else ""
    return web.page(
        request,
        "checkout/shop_find_order.html",
        merchant=merchant,
        status_code=refusal.status if refusal else 200,
        number=data.number[:20],
        phone=data.phone[:20],
        errors={refusal.field or "page": said} if refusal else {},
    )


@get("/shop/{slug:str}/find-order", opt=PUBLIC, include_in_schema=False)
async def lookup_page(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """The form with which somebody who bought without signing in finds the order again."""
    return _lookup_page(request, merchant, FindOrder())


@post("/shop/{slug:str}/find-order", opt=PUBLIC, include_in_schema=False)
async def find_order(
    request: Request[Any, Any, Any],
    *,
    data: URLEncodedBody[FindOrder],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Show a guest's order to whoever knows its number and phone. Whoever is signed in keeps their session."""
    try:
        _, phone = addresses.checked_contact("-", data.phone)
        await limit_lookup(request, database, merchant, phone, settings)
        async with database.begin(merchant, actor) as uow:
            if actor.kind == "customer" and await customers.guest_of(uow, actor.customer_id) is None:
                return Redirect(f"/shop/{merchant.slug}/orders", status_code=303)
            order_id, session = await guests.find_order(uow, data.number.strip(), phone, settings)
    except DomainError as refusal:
        return _lookup_page(request, merchant, data, refusal)
    response = Redirect(f"/shop/{merchant.slug}/orders/{order_id}", status_code=303)
    sign_in_cookie(request, response, "customer", session)
    return response


routes = [checkout, preview, place_order, cheaper, lookup_page, find_order]
