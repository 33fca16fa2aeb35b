"""JSON: plans and commission."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from siyu.growth import promoters
from siyu.growth.distribution import checking, plan_queries, planning, queries, simulating
from siyu.growth.distribution.checking import Finding
from siyu.growth.distribution.model import Commission, Earnings, Plan, PlanRule, PlanVersion
from siyu.growth.distribution.simulating import Simulation
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow

TAGS = ["Distribution 分销"]
READ = {"permission": Permission.COMMISSION_READ}
WRITE = {"permission": Permission.COMMISSION_WRITE}


class NewPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rate_bps` are basis points of what the buyer pays (500 = 5 %), at most 3,000."""

    name: str
    rate_bps: int
    category_id: UUID | None = None


class PlanDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A draft: nothing holds until it is published."""

    name: str
    rule: PlanRule


class PlanMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason` is asked for when a person has to answer for warnings."""

    action: Literal["publish", "pause", "resume", "end"]
    reason: str = ""


class PlanDetails(msgspec.Struct, frozen=True):
    """A plan, its versions (newest first), and what the check says of the newest."""

    plan: Plan
    versions: list[PlanVersion]
    findings: list[Finding]


@get("/api/v1/{slug:str}/commissions", opt=READ, tags=TAGS)
async def list_commissions(
    uow: InUow,
    promoter_id: FromQuery[UUID | None] = None,
    commission_state: Annotated[str | None, QueryParameter(name="state")] = None,
    order_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
) -> list[Commission]:
    """Commission line by line, each with the plan, rate and basis it came from."""
    return await queries.commissions(uow, promoter_id, state=commission_state, order_id=order_id, limit=limit)


@get("/api/v1/{slug:str}/plans", opt=READ, tags=TAGS)
async def list_plans(uow: InUow) -> list[Plan]:
    """Commission plans, newest first."""
    return await plan_queries.plans(uow)


@post("/api/v1/{slug:str}/plans", opt=WRITE, tags=TAGS)
async def add_plan(data: JSONBody[NewPlan], uow: InUow) -> Plan:
    """A plan of the simplest kind for sales paid from now on."""
    return await planning.add_plan(uow, name=data.name, rate_bps=data.rate_bps, category_id=data.category_id)


@put("/api/v1/{slug:str}/plans/{plan_id:uuid}", opt=WRITE, tags=TAGS)
async def save_plan(plan_id: FromPath[UUID], data: JSONBody[PlanDraft], uow: InUow) -> Plan:
    """Keep a draft under an id of yours: of a new plan, or the next version of one."""
    return await planning.save(uow, plan_id, data.name, data.rule)


@get("/api/v1/{slug:str}/plans/{plan_id:uuid}", opt=READ, tags=TAGS)
async def show_plan(plan_id: FromPath[UUID], uow: InUow) -> PlanDetails:
    """A plan with its versions and what stands against publishing the newest."""
    plan = await plan_queries.find_plan(uow, plan_id)
    versions = await plan_queries.versions(uow, plan_id)
    found = await checking.findings(uow, plan.id, plan.name, versions[0].rule)
    return PlanDetails(plan, versions, found)


@post("/api/v1/{slug:str}/plans/{plan_id:uuid}/moves", opt=WRITE, tags=TAGS, status_code=200)
async def move_plan(plan_id: FromPath[UUID], data: JSONBody[PlanMove], uow: InUow) -> Plan:
    """Publish the draft, pause, resume or end. 409 with the findings when the check forbids it."""
    match data.action:
        case "publish":
            return await planning.publish(uow, plan_id, reason=data.reason)
        case "pause":
            return await planning.pause(uow, plan_id, data.reason)
        case "resume":
            return await planning.resume(uow, plan_id, data.reason)
        case "end":
            return await planning.end(uow, plan_id, data.reason)


@get("/api/v1/{slug:str}/plans/{plan_id:uuid}/simulation", opt=READ, tags=TAGS)
async def simulate_plan(plan_id: FromPath[UUID], uow: InUow, days: FromQuery[int] = 30) -> Simulation:
    """What the newest version would have cost on the sales of the last days, beside what they earned."""
    await plan_queries.find_plan(uow, plan_id)
    newest = (await plan_queries.versions(uow, plan_id))[0]
    return await simulating.simulate(uow, newest.rule, days=days)


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


routes = [
    list_commissions,
    list_plans,
    add_plan,
    save_plan,
    show_plan,
    move_plan,
    simulate_plan,
    my_earnings,
    my_commissions,
]
