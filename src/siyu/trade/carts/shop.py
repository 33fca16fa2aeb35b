"""The cart's pages. It works before sign-in: a visitor's cart is kept under the visitor's cookie."""

import json
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import URLEncodedBody

from siyu import web
from siyu.goods import offers
from siyu.place import stores
from siyu.runtime.actors import Actor
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import VISITOR_COOKIE, ByActor, InUow, OfMerchant, remember_visitor, visitor_of
from siyu.trade.carts import actions, queries, reckoning
from siyu.trade.carts.rules import visitors_cart

ADDED = web.mark("已加入购物车")


class AddLine(msgspec.Struct, frozen=True):
    sku: UUID
    quantity: int = 1


class SetLine(msgspec.Struct, frozen=True):
    sku: UUID
    quantity: int


class OneLine(msgspec.Struct, frozen=True):
    sku: UUID


class ChooseLine(msgspec.Struct, frozen=True):
    """`chosen` is what a ticked box sends; an empty one sends nothing. Without `sku` all lines are meant."""

    sku: UUID | None = None
    chosen: str = ""


async def owner_of(request: Request[Any, Any, Any], uow: UnitOfWork, actor: Actor) -> UUID:
    """Whose cart this browser sees. What a visitor had put in joins the cart of the customer they turned out to be."""
    if actor.kind != "customer":
        return visitors_cart(visitor_of(request))
    if VISITOR_COOKIE in request.cookies:
        await actions.merge(uow, visitors_cart(visitor_of(request)), actor.customer_id)
    return actor.customer_id


async def _cart_page(
    request: Request[Any, Any, Any], uow: UnitOfWork, merchant: Merchant, owner_id: UUID, actor: Actor
) -> Response[str]:
    store = await stores.mine(uow, stores.wanted(request, merchant))
    cart = await queries.read(uow, owner_id, store.id if store else None)
    customer_id = actor.customer_id if actor.kind == "customer" else None
    response = web.page(
        request,
        "carts/shop_cart.html",
        merchant=merchant,
        cart=cart,
        store=store,
        cart_count=cart.pieces,
        reckoned=await reckoning.reckon(uow, cart, customer_id, store.id if store else None),
        step_words=reckoning.STEP_WORDS,
        goods_href=offers.goods_href,
        half=partial(web.half, web.language_of(request)),
    )
    remember_visitor(request, response)
    return response


@get("/shop/{slug:str}/cart", opt={"public": True}, include_in_schema=False)
async def cart_page(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """What the shopper means to buy, at today's prices."""
    return await _cart_page(request, uow, merchant, await owner_of(request, uow, actor), actor)


@get("/shop/{slug:str}/cart/count", opt={"public": True}, include_in_schema=False)
async def cart_count(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """The number on the cart's tab. A browser without any cookie of ours has nothing in a cart."""
    is_known = actor.kind == "customer" or VISITOR_COOKIE in request.cookies
    pieces = await queries.count(uow, await owner_of(request, uow, actor)) if is_known else 0
    return web.page(request, "carts/shop_count.html", merchant=merchant, pieces=pieces)


@post("/shop/{slug:str}/cart/add", opt={"public": True}, include_in_schema=False, status_code=200)
async def add_line(
    request: Request[Any, Any, Any],
    data: URLEncodedBody[AddLine],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """Put a SKU into the cart."""
    owner_id = await owner_of(request, uow, actor)
    await actions.add(uow, owner_id, data.sku, data.quantity)
    said = web.translate(web.language_of(request), ADDED)
    response = web.page(
        request,
        "carts/shop_count.html",
        merchant=merchant,
        pieces=await queries.count(uow, owner_id),
        headers={"hx-trigger": json.dumps({"siyu:toast": {"text": said}})},
    )
    remember_visitor(request, response)
    return response


@post("/shop/{slug:str}/cart/set", opt={"public": True}, include_in_schema=False, status_code=200)
async def set_line(
    request: Request[Any, Any, Any],
    data: URLEncodedBody[SetLine],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """Want exactly so many pieces of a line."""
    owner_id = await owner_of(request, uow, actor)
    await actions.set_quantity(uow, owner_id, data.sku, data.quantity)
    return await _cart_page(request, uow, merchant, owner_id, actor)


@post("/shop/{slug:str}/cart/remove", opt={"public": True}, include_in_schema=False, status_code=200)
async def remove_line(
    request: Request[Any, Any, Any],
    data: URLEncodedBody[OneLine],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """Take a line out. One that is gone already is fine."""
    owner_id = await owner_of(request, uow, actor)
    await actions.remove(uow, owner_id, [data.sku])
    return await _cart_page(request, uow, merchant, owner_id, actor)


@post("/shop/{slug:str}/cart/choose", opt={"public": True}, include_in_schema=False, status_code=200)
async def choose_line(
    request: Request[Any, Any, Any],
    data: URLEncodedBody[ChooseLine],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """Make a line, or all lines, part of the next order, or leave them for later."""
    owner_id = await owner_of(request, uow, actor)
    if data.sku is None:
        await actions.choose_all(uow, owner_id, is_chosen=bool(data.chosen))
    else:
        await actions.choose(uow, owner_id, data.sku, is_chosen=bool(data.chosen))
    return await _cart_page(request, uow, merchant, owner_id, actor)


routes = [cart_page, cart_count, add_line, set_line, remove_line, choose_line]
