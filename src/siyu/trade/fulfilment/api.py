"""JSON: send a parcel, read parcels and what waits, correct and cancel, redeem a code."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody

from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import Page, after_moment, bounded
from siyu.kernel.permissions import Permission
from siyu.people import addresses
from siyu.runtime.actors import Actor
from siyu.runtime.edge import ByActor, InUow
from siyu.trade import orders
from siyu.trade.fulfilment import carriers, codes, queries, sending
from siyu.trade.fulfilment.code_model import Code
from siyu.trade.fulfilment.model import Parcel, SendParcel, Waiting

TAGS = ["Fulfilment 履约"]
SHIP = {"permission": Permission.PARCELS_WRITE}
READ = {"permission": Permission.ORDERS_READ}


class ParcelUnits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    line_no: int
    quantity: int


class NewParcel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One box. `carrier` is a carrier's code; `lines` say what is in it."""

    carrier: str
    number: str
    lines: tuple[ParcelUnits, ...]


class NumberOfParcel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    carrier: str
    number: str


class CancelParcel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: str


class RedeemCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`store_id` is where the code is used, for keys and staff who belong to no store."""

    code: str
    store_id: UUID | None = None


@post("/api/v1/{slug:str}/orders/{order_id:uuid}/parcels", opt=SHIP, tags=TAGS)
async def send_parcel(
    order_id: FromPath[UUID],
    data: JSONBody[NewParcel],
    uow: InUow,
    idempotency_key: Annotated[UUID, HeaderParameter(name="Idempotency-Key")],
) -> Parcel:
    """Units of an order leave in a box. The same key and content again returns the same parcel.

    409 `orders.not_waiting` when fewer units wait than were named, `fulfilment.number_taken` for a tracking number
    that is on another parcel; nothing is sent then.
    """
    lines = tuple((line.line_no, line.quantity) for line in data.lines)
    return await sending.send(uow, SendParcel(idempotency_key, order_id, data.carrier, data.number, lines))


@get(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/parcels",
    opt={"permission": (Permission.SHOPPER, Permission.ORDERS_READ)},
    tags=TAGS,
)
async def parcels_of_order(order_id: FromPath[UUID], uow: InUow, actor: ByActor) -> list[Parcel]:
    """The parcels of one order; a shopper sees their own."""
    mine = actor.customer_id if actor.kind == "customer" else None
    await orders.find(uow, order_id, customer_id=mine)
    found = await queries.parcels_of(uow, order_id)
    if mine is not None:
        return [one for one in found if one.state == "sent"]
    return [one for one in found if actor.sees(one.location_id)]


@get("/api/v1/{slug:str}/parcels", opt=READ, tags=TAGS)
async def list_parcels(
    uow: InUow,
    actor: ByActor,
    number: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[Parcel]:
    """All parcels, newest first; with `number` those under one tracking number."""
    return await queries.parcels(
        uow,
        number=carriers.cleaned(number),
        location_ids=actor.scope_list,
        after=after_moment(after),
        limit=limit,
    )


@get("/api/v1/{slug:str}/fulfilment", opt=SHIP, tags=TAGS)
async def list_waiting(
    *,
    uow: InUow,
    actor: ByActor,
    delivery: FromQuery[str | None] = None,
    location_id: FromQuery[UUID | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[Waiting]:
    """What waits to leave, one row per order and location, the oldest promise first."""
    if delivery is not None and delivery not in {"express", "local", "pickup"}:
        raise Invalid(field="delivery", zh="方式不正确。", en="No such way of delivery.")
    if location_id is not None and not actor.sees(location_id):
        raise NotFound(what="门店 / store")
    found = await queries.waiting(
        uow,
        delivery=delivery,
        location_ids=[location_id] if location_id else actor.scope_list,
        after=queries.after_due(after),
        limit=bounded(limit),
    )
    return Page(items=[_shown(one, actor) for one in found.items], next=found.next)


def _shown(one: Waiting, actor: Actor) -> Waiting:
    """Whoever packs needs the house; only who may see customers in full is told the whole number."""
    if one.address is None or actor.may(Permission.CUSTOMERS_PRIVATE):
        return one
    phone = addresses.masked_phone(one.address.phone)
    return msgspec.structs.replace(one, address=msgspec.structs.replace(one.address, phone=phone))


@post("/api/v1/{slug:str}/parcels/{parcel_id:uuid}/number", opt=SHIP, tags=TAGS, status_code=200)
async def correct_number(parcel_id: FromPath[UUID], data: JSONBody[NumberOfParcel], uow: InUow) -> Parcel:
    """Correct a parcel's carrier or number."""
    return await sending.renumber(uow, parcel_id, carrier=data.carrier, number=data.number)


@post("/api/v1/{slug:str}/parcels/{parcel_id:uuid}/cancel", opt=SHIP, tags=TAGS, status_code=200)
async def cancel_parcel(parcel_id: FromPath[UUID], data: JSONBody[CancelParcel], uow: InUow) -> Parcel:
    """There never was such a parcel; within 30 minutes its units wait again."""
    return await sending.cancel(uow, parcel_id, reason=data.reason)


@post(
    "/api/v1/{slug:str}/redemptions", opt={"permission": Permission.PICKUP_VERIFY}, tags=TAGS, status_code=200
)
async def redeem_code(
    data: JSONBody[RedeemCode],
    uow: InUow,
    idempotency_key: Annotated[UUID, HeaderParameter(name="Idempotency-Key")],
) -> Code:
    """Use one unit of a voucher, once. The same key again returns the same code."""
    return await codes.redeem(uow, codes.Redeem(idempotency_key, data.code, data.store_id))


routes = [
    send_parcel,
    parcels_of_order,
    list_parcels,
    list_waiting,
    correct_number,
    cancel_parcel,
    redeem_code,
]
