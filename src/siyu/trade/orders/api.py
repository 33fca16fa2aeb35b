"""JSON: quote, place, read, cancel, hand over, receive."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import MediaType, Request, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse

from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.people.addresses import Address
from siyu.runtime.actors import Actor
from siyu.runtime.edge import ByActor, InUow, provide_actor, provide_merchant, services
from siyu.trade.orders import actions, claiming, queries
from siyu.trade.orders.model import (
    Claim,
    InvoiceTitle,
    Order,
    OrderCard,
    PlacedOrder,
    PlaceOrder,
    Quote,
    QuoteAsk,
    WantedLine,
)
from siyu.trade.orders.pickup import look_up, verify_pickup
from siyu.trade.orders.placement import place

TAGS = ["Orders 订单"]
SHOPPER_OR_WRITER = (Permission.SHOPPER, Permission.ORDERS_WRITE)
SHOPPER_OR_READER = (Permission.SHOPPER, Permission.ORDERS_READ)


class AskQuote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lines: tuple[WantedLine, ...]


class NewOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order. `expected_total` is the total the buyer was shown, freight included, in minor units.

    `delivery` is pickup (at `store_id`), express (to `address`), local (from `store_id` to `address` in the slot
    starting at `slot`) or none (codes only). A signed-in customer orders for themselves; an integration names the
    `customer_id`. `claim` is the activity the price comes from, `coupon_ids` the coupons to use: left out, the best.
    `deposit_read`: the buyer read and accepted what becomes of a presale's deposit; without it none is taken.
    """

    lines: tuple[WantedLine, ...]
    expected_total: int
    store_id: UUID | None = None
    remark: str = ""
    customer_id: UUID | None = None
    delivery: Literal["pickup", "express", "local", "none"] = "pickup"
    address: Address | None = None
    slot: datetime | None = None
    invoice: InvoiceTitle | None = None
    claim: Claim | None = None
    coupon_ids: tuple[UUID, ...] | None = None
    deposit_read: bool = False


class PickupCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pickup_code: str


def _own(actor: Actor) -> UUID | None:
    """A shopper sees their own orders; staff and integrations see all."""
    return actor.customer_id if actor.kind == "customer" else None


@post("/api/v1/{slug:str}/quotes", opt={"public": True}, tags=TAGS, status_code=200)
async def ask_quote(data: JSONBody[AskQuote], uow: InUow) -> Quote:
    """What these lines cost now. Nothing is reserved."""
    return await queries.quote(uow, QuoteAsk(data.lines))


@post(
    "/api/v1/{slug:str}/orders",
    opt={"permission": SHOPPER_OR_WRITER},
    tags=TAGS,
    responses={201: ResponseSpec(PlacedOrder, generate_examples=False)},
)
async def place_order(
    request: Request,
    data: JSONBody[NewOrder],
    idempotency_key: Annotated[str, HeaderParameter(name="Idempotency-Key")],
) -> ASGIResponse:
    """Place an order and keep its stock until `pay_by`. The same key and content again returns the same order.

    409 `orders.price_rose` carries the new quote, 409 `inventory.not_enough` what is left; nothing is placed then.
    """
    # A hot path reads what it needs from the request: resolving dependencies costs more than placing the order.
    at, merchant, actor = services(request), provide_merchant(request), provide_actor(request)
    customer_id = _own(actor) or data.customer_id
    if customer_id is None:
        raise Invalid(field="customer_id", zh="请指明下单的顾客。", en="Name the customer who orders.")
    if data.claim is not None and not data.deposit_read:
        claiming.require_read(data.claim)
    order = PlaceOrder(
        customer_id=customer_id,
        store_id=data.store_id,
        lines=data.lines,
        expected_total=data.expected_total,
        key=idempotency_key,
        remark=data.remark,
        channel="shop" if actor.kind == "customer" else "api",
        delivery=data.delivery,
        address=data.address,
        slot=data.slot,
        invoice=data.invoice,
        claim=data.claim,
        coupon_ids=data.coupon_ids,
    )
    placed = await place(at.database, merchant, order, pay_minutes=at.settings.order_pay_minutes)
    return ASGIResponse(body=msgspec.json.encode(placed), media_type=MediaType.JSON, status_code=201)


@get("/api/v1/{slug:str}/orders", opt={"permission": SHOPPER_OR_READER}, tags=TAGS)
async def list_orders(
    uow: InUow,
    actor: ByActor,
    # Litestar keeps the name `state` for the application's own.
    order_state: Annotated[str | None, QueryParameter(name="state")] = None,
    number: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[OrderCard]:
    """Orders, newest first; a shopper sees their own."""
    return await queries.listing(
        uow, state=order_state, search=number, customer_id=_own(actor), after=after_moment(after), limit=limit
    )


@get("/api/v1/{slug:str}/orders/{order_id:uuid}", opt={"permission": SHOPPER_OR_READER}, tags=TAGS)
async def read_order(order_id: FromPath[UUID], uow: InUow, actor: ByActor) -> Order:
    """One order with its lines. The pickup code is for its buyer only."""
    return queries.shown_to(await queries.find(uow, order_id, customer_id=_own(actor)), actor)


@post(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/hand-over",
    opt={"permission": Permission.PICKUP_VERIFY},
    tags=TAGS,
    status_code=200,
)
async def hand_over_goods(
    order_id: FromPath[UUID], data: JSONBody[PickupCode], uow: InUow, actor: ByActor
) -> Order:
    """Give the goods to whoever shows the code. Staff of a store hand out that store's orders only.

    A code that was used before is refused with 409 `orders.already_handed_over`.
    """
    order = await look_up(uow, data.pickup_code)
    if order.id != order_id:
        raise NotFound(what="待提货订单 / order waiting under this code")
    return queries.shown_to(await verify_pickup(uow, data.pickup_code), actor)


@post(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/receive",
    opt={"permission": Permission.SHOPPER},
    tags=TAGS,
    status_code=200,
)
async def receive(order_id: FromPath[UUID], uow: InUow, actor: ByActor) -> Order:
    """The buyer confirms having the goods; the after-sale window starts."""
    await queries.find(uow, order_id, customer_id=actor.customer_id)
    await actions.confirm_received(uow, [order_id])
    return await queries.find(uow, order_id)


routes = [ask_quote, place_order, list_orders, read_order, hand_over_goods, receive]
