"""JSON: after-sales read, opened and decided."""

from typing import Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow
from siyu.trade.aftersales import actions, opening, queries
from siyu.trade.aftersales.model import Case, CaseCard, OpenCase

TAGS = ["After-sales 售后"]
ASKER = (Permission.SHOPPER, Permission.ORDERS_REFUND)
READER = (Permission.SHOPPER, Permission.ORDERS_READ)


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`amount` (minor units) only where a refund without return was settled below the goods' worth."""

    action: Literal["agree", "refuse", "check_in"]
    words: str = ""
    ground: str = ""
    amount: int | None = None
    restock: bool = False
    location_id: UUID | None = None


@get("/api/v1/{slug:str}/after-sales", opt={"permission": READER}, tags=TAGS)
async def list_cases(
    uow: InUow, actor: ByActor, order_id: FromQuery[UUID | None] = None, after: FromQuery[str | None] = None
) -> Page[CaseCard]:
    """After-sales, newest first; a shopper sees their own."""
    return await queries.listing(
        uow,
        order_id=order_id,
        customer_id=actor.customer_id if actor.kind == "customer" else None,
        locations=None if actor.kind == "customer" else actor.scope_list,
        after=after_moment(after),
    )


@get("/api/v1/{slug:str}/after-sales/{case_id:uuid}", opt={"permission": READER}, tags=TAGS)
async def read_case(case_id: FromPath[UUID], uow: InUow, actor: ByActor) -> Case:
    """One after-sale with its lines and everything that was said."""
    return await queries.find(
        uow, case_id, customer_id=actor.customer_id if actor.kind == "customer" else None
    )


@post("/api/v1/{slug:str}/after-sales", opt={"permission": ASKER}, tags=TAGS)
async def open_case(data: JSONBody[OpenCase], uow: InUow, actor: ByActor) -> Case:
    """Ask to give units back or exchange them. The same `id` again returns the case it opened."""
    return await opening.open_case(
        uow, data, customer_id=actor.customer_id if actor.kind == "customer" else None
    )


@post(
    "/api/v1/{slug:str}/after-sales/{case_id:uuid}/decisions",
    opt={"permission": Permission.ORDERS_REFUND},
    tags=TAGS,
    status_code=200,
)
async def decide(case_id: FromPath[UUID], data: JSONBody[Decision], uow: InUow) -> Case:
    """Agree to a case, refuse it, or take in goods that came back."""
    match data.action:
        case "agree":
            return await actions.agree(
                uow, case_id, amount=data.amount, location_id=data.location_id, words=data.words
            )
        case "refuse":
            return await actions.refuse(uow, case_id, data.ground, data.words)
        case "check_in":
            return await actions.check_in(uow, case_id, restock=data.restock, words=data.words)


routes = [list_cases, read_case, open_case, decide]
