"""Checking out: who, where, what, how much, and one button. Prices are asked again when it is pressed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect

from siyu import web
from siyu.goods import catalog, inventory
from siyu.kernel.errors import DomainError
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.place import stores
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.edge import (
    VISITOR_COOKIE,
    ByActor,
    InUow,
    OfMerchant,
    OnDatabase,
    WithSettings,
    visitor_of,
)
from siyu.trade import carts
from siyu.trade.orders.model import EmptyOrder, NotForSale, PlaceOrder, PriceRose, Quote, WantedLine
from siyu.trade.orders.placement import place
from siyu.trade.orders.queries import quote
from siyu.trade.orders.rules import REMARK_MAX

SHOPPER = {"permission": Permission.SHOPPER}
GONE = web.mark("有商品刚刚下架，已从本单移除，请确认后再提交。")
NO_STORE = web.mark("请选择自提门店。")


class Pickup(msgspec.Struct, frozen=True):
    """A store these lines could be fetched from. `short` names lines it has too few of: (title, pieces free)."""

    store: stores.Store
    promise: stores.Pickup
    short: tuple[tuple[str, int], ...] = ()


class CheckoutForm(msgspec.Struct, frozen=True):
    """What the page sends. `lines` is `<sku>*<quantity>` joined by commas, `expected_total` minor units."""

    lines: str
    expected_total: int
    idempotency_key: str
    store_id: UUID | None = None
    remark: str = ""
    from_cart: str = ""


class Trouble(msgspec.Struct, frozen=True):
    """Why an order was not placed: the sentence, and the line it is about."""

    said: str
    sku_id: str = ""
    old_total: int | None = None


def wanted_lines(text: str) -> tuple[WantedLine, ...]:
    """`<sku>*<quantity>,…` as lines. Raises EmptyOrder for anything else."""
    try:
        pairs = [part.split("*") for part in text.split(",") if part]
        return tuple(WantedLine(UUID(sku), int(quantity)) for sku, quantity in pairs)
    except ValueError:
        raise EmptyOrder(field="lines") from None


def told_lines(lines: Sequence[WantedLine]) -> str:
    """The lines as `wanted_lines` reads them."""
    return ",".join(f"{line.sku_id}*{line.quantity}" for line in lines)


async def _pickups(uow: UnitOfWork, asked: Quote, wish: UUID | None) -> list[Pickup]:
    """Every open store with what it is short of: complete ones first, the wished one before the others."""
    levels = await inventory.levels(uow, [line.sku_id for line in asked.lines])
    free = {(level.location_id, level.sku_id): level.available for level in levels}
    there = uow.now.astimezone(ZoneInfo(uow.merchant.timezone))
    found = [
        Pickup(store, stores.pickup(store.hours, there), _short(store.id, asked, free))
        for store in await stores.every(uow)
        if store.is_open
    ]
    return sorted(found, key=lambda one: (bool(one.short), one.store.id != wish))


def _short(
    store_id: UUID, asked: Quote, free: Mapping[tuple[UUID, UUID], int]
) -> tuple[tuple[str, int], ...]:
    return tuple(
        (line.title, free.get((store_id, line.sku_id), 0))
        for line in asked.lines
        if free.get((store_id, line.sku_id), 0) < line.quantity
    )


async def _page(
    request: Request[Any, Any, Any],
    uow: UnitOfWork,
    actor: Actor,
    form: CheckoutForm,
    *,
    trouble: Trouble | None = None,
) -> Response[str]:
    """The page for these lines at today's prices; after a refusal with what the shopper had filled in."""
    lines = wanted_lines(form.lines)
    asked = await quote(uow, lines)
    wish = form.store_id or stores.wanted(request, uow.merchant)
    pickups = await _pickups(uow, asked, wish)
    complete = [one.store.id for one in pickups if not one.short]
    identities = await customers.identities_of(uow, actor.customer_id)
    return web.page(
        request,
        "orders/shop_checkout.html",
        merchant=uow.merchant,
        status_code=409 if trouble else 200,
        quote=asked,
        pickups=pickups,
        store_id=wish if wish in complete else next(iter(complete), None),
        missed=next((one.store.name for one in pickups if one.store.id == wish and one.short), ""),
        nickname=(await customers.find(uow, actor.customer_id)).nickname,
        phone=next((one.value for one in identities if one.kind == "phone"), ""),
        form=form,
        lines=told_lines(lines),
        remark_max=REMARK_MAX,
        trouble=trouble,
    )


@get("/shop/{slug:str}/checkout", opt=SHOPPER, include_in_schema=False)
async def checkout(
    request: Request[Any, Any, Any],
    *,
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    sku: FromQuery[UUID | None] = None,
    quantity: FromQuery[int] = 1,
) -> Response[str]:
    """Check out one SKU (buy now), or else the chosen lines of the cart."""
    if sku is not None:
        lines = (WantedLine(sku, quantity),)
    else:
        lines = await _chosen_in_cart(request, uow, actor)
    if not lines:
        return Redirect(f"/shop/{merchant.slug}/cart", status_code=303)
    form = CheckoutForm(told_lines(lines), 0, "", from_cart="" if sku else "1")
    return await _page(request, uow, actor, form)


async def _chosen_in_cart(
    request: Request[Any, Any, Any], uow: UnitOfWork, actor: Actor
) -> tuple[WantedLine, ...]:
    if VISITOR_COOKIE in request.cookies:
        await carts.merge(uow, carts.visitors_cart(visitor_of(request)), actor.customer_id)
    cart = await carts.read(uow, actor.customer_id)
    return tuple(WantedLine(line.sku_id, line.quantity) for line in cart.chosen)


@post("/shop/{slug:str}/checkout", opt=SHOPPER, include_in_schema=False)
async def place_order(
    request: Request[Any, Any, Any],
    *,
    data: URLEncodedBody[CheckoutForm],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Place the order and go to paying. A refusal shows the same page again with the reason; nothing is lost."""
    if data.store_id is None:
        trouble = Trouble(web.translate(web.language_of(request), NO_STORE))
        async with database.begin(merchant, actor) as uow:
            return await _page(request, uow, actor, data, trouble=trouble)
    order = PlaceOrder(
        customer_id=actor.customer_id,
        store_id=data.store_id,
        lines=wanted_lines(data.lines),
        expected_total=data.expected_total,
        key=data.idempotency_key,
        remark=data.remark.strip(),
    )
    try:
        placed = await place(database, merchant, order, pay_minutes=settings.order_pay_minutes)
    except (PriceRose, NotForSale, inventory.NotEnoughStock) as refusal:
        async with database.begin(merchant, actor) as uow:
            still = await _still_sold(uow, order.lines)
            form = msgspec.structs.replace(data, lines=told_lines(still))
            return await _page(request, uow, actor, form, trouble=_trouble(request, refusal, data))
    if data.from_cart:
        await _take_out_of_cart(database, merchant, actor, order.lines)
    return Redirect(f"/shop/{merchant.slug}/pay/{placed.id}", status_code=303)


async def _still_sold(uow: UnitOfWork, lines: Sequence[WantedLine]) -> tuple[WantedLine, ...]:
    """The lines without what has been taken off the shelf. Raises NotForSale when nothing is left."""
    prices = await catalog.prices(uow, [line.sku_id for line in lines])
    still = tuple(line for line in lines if line.sku_id in prices and prices[line.sku_id].is_sellable)
    if not still:
        raise NotForSale(field="lines", sku_id=str(lines[0].sku_id))
    return still


def _trouble(request: Request[Any, Any, Any], refusal: DomainError, form: CheckoutForm) -> Trouble:
    language = web.language_of(request)
    return Trouble(
        said=web.translate(language, GONE)
        if isinstance(refusal, NotForSale)
        else web.problem_of(request, refusal).detail,
        sku_id=str(refusal.facts.get("sku_id", "")),
        old_total=form.expected_total if isinstance(refusal, PriceRose) else None,
    )


async def _take_out_of_cart(
    database: Database, merchant: Merchant, actor: Actor, lines: Sequence[WantedLine]
) -> None:
    """What was ordered leaves the cart. Apart from the placing: should this fail, the cart merely keeps it."""
    async with database.begin(merchant, actor) as uow:
        await carts.remove(uow, actor.customer_id, [line.sku_id for line in lines])


routes = [checkout, place_order]
