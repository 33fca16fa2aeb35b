"""JSON: scanning and redeeming for a mini-program, batches and dealers for staff."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from siyu.growth.itemcodes import batches, places, queries, scanning
from siyu.growth.itemcodes.model import Alert, Batch, Dealer, NewBatch, NewDealer, Range, Redeemed, Seen
from siyu.growth.itemcodes.queries import BatchReport, ByDealer
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase

TAGS = ["Item codes 一物一码"]
READ = {"permission": Permission.DOORS_READ}
WRITE = {"permission": Permission.DOORS_WRITE}


class Scan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who scans: an anonymous visitor's id, made and kept by the client. `place` is `latitude,longitude` in degrees."""

    visitor_id: UUID
    place: str = ""


class Activation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Serials `first` to `last` inclusive are sent out, to this dealer where one is named."""

    first: int
    last: int
    dealer_id: UUID | None = None


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: str


@post("/api/v1/{slug:str}/item-codes/{code:str}/scans", opt={"public": True}, status_code=200, tags=TAGS)
async def scan(
    *, code: FromPath[str], data: JSONBody[Scan], database: OnDatabase, merchant: OfMerchant, actor: ByActor
) -> Seen:
    """Somebody scans a code: is it genuine, who looked before, what does it bring? Wrong codes: 20 an hour."""
    return await scanning.scan(
        database,
        merchant,
        code,
        visitor_id=data.visitor_id,
        customer_id=actor.customer_id if actor.kind == "customer" else None,
        place=places.place_in(data.place),
    )


@post(
    "/api/v1/{slug:str}/item-codes/{code:str}/redemption",
    opt={"permission": Permission.SHOPPER},
    status_code=200,
    tags=TAGS,
)
async def redeem(code: FromPath[str], uow: InUow, actor: ByActor) -> Redeemed:
    """Have what an inner code brings, once for ever; the same customer asking again gets the same answer."""
    return await scanning.redeem(uow, code, actor.customer_id)


@get("/api/v1/{slug:str}/item-batches", opt=READ, tags=TAGS)
async def listing(
    uow: InUow, after: FromQuery[str | None] = None, limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50
) -> Page[BatchReport]:
    """Batches, the newest first."""
    return await queries.listing(uow, after=after, limit=limit)


@put("/api/v1/{slug:str}/item-batches/{batch_id:uuid}", opt=WRITE, tags=TAGS)
async def create(batch_id: FromPath[UUID], data: JSONBody[NewBatch], uow: InUow) -> Batch:
    """Make a batch under an id of your own; it is one row, however many codes it has."""
    return await batches.create(uow, batch_id, data)


@put("/api/v1/{slug:str}/item-batches/{batch_id:uuid}/ranges/{range_id:uuid}", opt=WRITE, tags=TAGS)
async def activate(
    batch_id: FromPath[UUID], range_id: FromPath[UUID], data: JSONBody[Activation], uow: InUow
) -> Range:
    """From now on these serials count."""
    return await batches.activate(uow, range_id, batch_id, data.first, data.last, data.dealer_id)


@post(
    "/api/v1/{slug:str}/item-batches/{batch_id:uuid}/ranges/{range_id:uuid}/undo",
    opt=WRITE,
    status_code=200,
    tags=TAGS,
)
async def undo(batch_id: FromPath[UUID], range_id: FromPath[UUID], uow: InUow) -> None:
    """Take an activation back, as long as none of its codes was scanned."""
    await batches.undo(uow, batch_id, range_id)


@post("/api/v1/{slug:str}/item-batches/{batch_id:uuid}/void", opt=WRITE, status_code=200, tags=TAGS)
async def void(batch_id: FromPath[UUID], data: JSONBody[Reason], uow: InUow) -> Batch:
    """Call a whole batch back."""
    await batches.void(uow, batch_id, data.reason)
    return await queries.find(uow, batch_id)


@get("/api/v1/{slug:str}/item-batches/{batch_id:uuid}/dealers", opt=READ, tags=TAGS)
async def by_dealer(batch_id: FromPath[UUID], uow: InUow) -> list[ByDealer]:
    """What was sent to each dealer, and what came of it."""
    await queries.find(uow, batch_id)
    return await queries.by_dealer(uow, batch_id)


@put("/api/v1/{slug:str}/item-dealers/{dealer_id:uuid}", opt=WRITE, tags=TAGS)
async def add_dealer(dealer_id: FromPath[UUID], data: JSONBody[NewDealer], uow: InUow) -> Dealer:
    """Add a dealer under an id of your own; coordinates are millionths of a degree."""
    return await batches.add_dealer(uow, dealer_id, data)


@get("/api/v1/{slug:str}/item-alerts", opt=READ, tags=TAGS)
async def alerts(uow: InUow) -> list[Alert]:
    """What waits for a person to look at it."""
    return await queries.alerts(uow)


@post("/api/v1/{slug:str}/item-alerts/{alert_id:uuid}/close", opt=WRITE, status_code=200, tags=TAGS)
async def close_alert(alert_id: FromPath[UUID], data: JSONBody[Reason], uow: InUow) -> None:
    """Somebody looked at it."""
    if not await scanning.close_alert(uow, alert_id, data.reason):
        raise NotFound(what="提醒 / alert")


routes = [
    scan,
    redeem,
    listing,
    create,
    activate,
    undo,
    void,
    by_dealer,
    add_dealer,
    alerts,
    close_alert,
]
