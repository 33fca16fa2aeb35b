"""JSON: promoters, plans and commission."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from siyu.growth import promoters
from siyu.growth.distribution import planning, queries
from siyu.growth.distribution.model import Commission, Earnings, Plan, PromoterReport
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow

TAGS = ["Distribution 分销"]


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Become a promoter. Free, without a purchase; `agrees` to the agreement that was shown."""

    name: str
    agrees: bool


class NewPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rate_bps` are basis points of what the buyer pays (500 = 5 %), at most 3,000."""

    name: str
    rate_bps: int
    category_id: UUID | None = None


@get("/api/v1/{slug:str}/promoters", opt={"permission": Permission.COMMISSION_READ}, tags=TAGS)
async def list_promoters(uow: InUow) -> list[PromoterReport]:
    """Promoters with their sales and earnings."""
    return await queries.promoters(uow)


@get("/api/v1/{slug:str}/commissions", opt={"permission": Permission.COMMISSION_READ}, tags=TAGS)
async def list_commissions(
    uow: InUow,
    promoter_id: FromQuery[UUID | None] = None,
    commission_state: Annotated[str | None, QueryParameter(name="state")] = None,
    order_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
) -> list[Commission]:
    """Commission line by line, each with the plan, rate and basis it came from."""
    return await queries.commissions(uow, promoter_id, state=commission_state, order_id=order_id, limit=limit)


@get("/api/v1/{slug:str}/plans", opt={"permission": Permission.COMMISSION_READ}, tags=TAGS)
async def list_plans(uow: InUow) -> list[Plan]:
    """Commission plans, newest first."""
    return await queries.plans(uow)


@post("/api/v1/{slug:str}/plans", opt={"permission": Permission.COMMISSION_WRITE}, tags=TAGS)
async def add_plan(data: JSONBody[NewPlan], uow: InUow) -> Plan:
    """A plan for sales paid from now on."""
    return await planning.add_plan(uow, name=data.name, rate_bps=data.rate_bps, category_id=data.category_id)


@post("/api/v1/{slug:str}/me/promoter", opt={"permission": Permission.SHOPPER}, tags=TAGS)
async def join(data: JSONBody[Join], uow: InUow, actor: ByActor) -> promoters.Promoter:
    """The signed-in customer becomes a promoter (KOC) with a door of their own."""
    if not data.agrees:
        raise Invalid(field="agrees", zh="请先阅读并同意推广协议。", en="Please accept the agreement first.")
    return await promoters.enrol(uow, actor.customer_id, kind="koc", name=data.name)


@get("/api/v1/{slug:str}/me/earnings", opt={"permission": Permission.SHOPPER}, tags=TAGS)
async def my_earnings(uow: InUow, actor: ByActor) -> Earnings:
    """What the signed-in promoter earned."""
    me = await promoters.of_customer(uow, actor.customer_id)
    return await queries.earnings(uow, me.id)


@get("/api/v1/{slug:str}/me/commissions", opt={"permission": Permission.SHOPPER}, tags=TAGS)
async def my_commissions(uow: InUow, actor: ByActor, limit: FromQuery[int] = 50) -> list[Commission]:
    """Each line the signed-in promoter earned, and why."""
    me = await promoters.of_customer(uow, actor.customer_id)
    return await queries.commissions(uow, me.id, limit=limit)


routes = [list_promoters, list_commissions, list_plans, add_plan, join, my_earnings, my_commissions]
