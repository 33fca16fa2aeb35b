"""JSON: commission that waits for a person, corrections by two persons, and the merchant's terms."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from siyu.growth.distribution import adjusting, holding, plan_queries, tuning
from siyu.growth.distribution.model import Adjustment, Hold, Settings
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow

TAGS = ["Distribution 分销"]
READ = {"permission": Permission.COMMISSION_READ}
WRITE = {"permission": Permission.COMMISSION_WRITE}
APPROVE = {"permission": Permission.COMMISSION_APPROVE}


class NewHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one order, or of everything that a promoter has pending. The id is made by the asker."""

    id: UUID
    reason: str
    order_id: UUID | None = None
    promoter_id: UUID | None = None


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was decided of a hold, and why."""

    decision: Literal["release", "deny"]
    reason: str


class NewAdjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Signed fen, and why. A write-off forgives what a promoter owes. The id is made by the asker."""

    id: UUID
    promoter_id: UUID
    amount: int
    reason: str
    kind: Literal["adjustment", "write_off"] = "adjustment"
    order_id: UUID | None = None


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a second person decided of a correction; refusing needs a reason."""

    decision: Literal["approve", "refuse"]
    reason: str = ""


@get("/api/v1/{slug:str}/commission-holds", opt=READ, tags=TAGS)
async def list_holds(
    uow: InUow,
    hold_state: Annotated[str | None, QueryParameter(name="state")] = None,
    limit: FromQuery[int] = 50,
) -> list[Hold]:
    """Commission that waits for a person; `state` is open, released or denied; left out, all."""
    return await holding.holds(uow, hold_state, limit=limit)


@post("/api/v1/{slug:str}/commission-holds", opt=WRITE, tags=TAGS)
async def add_hold(data: JSONBody[NewHold], uow: InUow) -> Hold:
    """A person wants to look first. The same id again is the same answer."""
    if (data.order_id is None) == (data.promoter_id is None):
        raise Invalid(
            field="order_id",
            zh="请指定订单或推广员其中之一。",
            en="Name an order or a promoter, one of the two.",
        )
    if data.order_id is not None:
        return await holding.hold_order(uow, data.id, data.order_id, data.reason)
    assert data.promoter_id is not None, "one of the two is named"
    return await holding.hold_promoter(uow, data.id, data.promoter_id, data.reason)


@post("/api/v1/{slug:str}/commission-holds/{hold_id:uuid}/decisions", opt=APPROVE, tags=TAGS, status_code=200)
async def decide_hold(hold_id: FromPath[UUID], data: JSONBody[Decision], uow: InUow) -> Hold:
    """Release: it matures. Deny: the order's commission is taken back."""
    if data.decision == "release":
        return await holding.release(uow, hold_id, data.reason)
    return await holding.deny(uow, hold_id, data.reason)


@get("/api/v1/{slug:str}/commission-adjustments", opt=READ, tags=TAGS)
async def list_adjustments(
    uow: InUow, promoter_id: FromQuery[UUID | None] = None, limit: FromQuery[int] = 50
) -> list[Adjustment]:
    """Corrections by hand, newest first."""
    return await adjusting.adjustments(uow, promoter_id=promoter_id, limit=limit)


@post("/api/v1/{slug:str}/commission-adjustments", opt=WRITE, tags=TAGS)
async def propose_adjustment(data: JSONBody[NewAdjustment], uow: InUow) -> Adjustment:
    """Ask for a correction; nothing moves until another person approves. Only for staff signed in as themselves."""
    return await adjusting.propose(
        uow, data.id, data.promoter_id, data.amount, data.reason, kind=data.kind, order_id=data.order_id
    )


@post(
    "/api/v1/{slug:str}/commission-adjustments/{adjustment_id:uuid}/decisions",
    opt=APPROVE,
    tags=TAGS,
    status_code=200,
)
async def decide_adjustment(adjustment_id: FromPath[UUID], data: JSONBody[Verdict], uow: InUow) -> Adjustment:
    """Approve or refuse somebody else's correction; 403 for one's own."""
    if data.decision == "approve":
        return await adjusting.approve(uow, adjustment_id, data.reason)
    return await adjusting.refuse(uow, adjustment_id, data.reason)


@get("/api/v1/{slug:str}/commission-terms", opt=READ, tags=TAGS)
async def show_terms(uow: InUow) -> Settings:
    """How long commission is held, the most a line may cost, when levels are given."""
    return await plan_queries.settings(uow)


@put("/api/v1/{slug:str}/commission-terms", opt=WRITE, tags=TAGS)
async def save_terms(data: JSONBody[Settings], uow: InUow) -> Settings:
    """Terms for sales paid from now on."""
    return await tuning.save_settings(uow, data)


routes = [
    list_holds,
    add_hold,
    decide_hold,
    list_adjustments,
    propose_adjustment,
    decide_adjustment,
    show_terms,
    save_terms,
]
