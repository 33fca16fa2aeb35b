"""JSON: points of the shopper and of any customer, the rule, and grants."""

from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from siyu.kernel.paging import Page, after_moment
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.people.points import moving, queries, ruling
from siyu.people.points.model import Ending, Liability, Movement, Rule, Statement
from siyu.runtime.edge import ByActor, InUow

TAGS = ["Points 积分"]
READ = {"permission": Permission.OFFERS_READ}
WRITE = {"permission": Permission.POINTS_WRITE}


class MyPoints(msgspec.Struct, frozen=True):
    """What the shopper has, and what ends when."""

    statement: Statement
    endings: list[Ending]


class Grant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is the caller's: a second arrival changes nothing. Points below zero are taken away."""

    id: UUID
    points: int
    reason: str


@get("/api/v1/{slug:str}/me/points", opt={"permission": Permission.SHOPPER}, tags=TAGS)
async def my_points(uow: InUow, actor: ByActor) -> MyPoints:
    """The shopper's points."""
    customer_id = actor.customer_id
    return MyPoints(await queries.statement(uow, customer_id), await queries.endings(uow, customer_id))


@get("/api/v1/{slug:str}/me/points/movements", opt={"permission": Permission.SHOPPER}, tags=TAGS)
async def my_movements(
    uow: InUow, actor: ByActor, after: FromQuery[str | None] = None, limit: FromQuery[int] = 50
) -> Page[Movement]:
    """The shopper's movements, newest first."""
    return await queries.movements(uow, customer_id=actor.customer_id, after=after_moment(after), limit=limit)


@get("/api/v1/{slug:str}/points/rule", opt=READ, tags=TAGS)
async def rule(uow: InUow) -> Rule:
    """What orders bring."""
    return await ruling.rule(uow)


@put("/api/v1/{slug:str}/points/rule", opt=WRITE, tags=TAGS)
async def set_rule(data: JSONBody[Rule], uow: InUow) -> Rule:
    """Change what orders paid from now on bring."""
    await ruling.set_rule(uow, data)
    return await ruling.rule(uow)


@get("/api/v1/{slug:str}/points/liability", opt=READ, tags=TAGS)
async def liability(uow: InUow) -> Liability:
    """What the merchant owes its customers in points."""
    return await queries.liability(uow)


@get("/api/v1/{slug:str}/points/movements", opt=READ, tags=TAGS)
async def movements(
    uow: InUow,
    customer_id: FromQuery[UUID | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[Movement]:
    """Movements of everybody or of one customer, newest first."""
    return await queries.movements(uow, customer_id=customer_id, after=after_moment(after), limit=limit)


@post("/api/v1/{slug:str}/customers/{customer_id:uuid}/points", opt=WRITE, status_code=200, tags=TAGS)
async def grant(customer_id: FromPath[UUID], data: JSONBody[Grant], uow: InUow) -> Statement:
    """Give a customer points, or take some that are there."""
    await customers.find(uow, customer_id)
    await moving.grant(uow, data.id, customer_id, data.points, data.reason)
    return await queries.statement(uow, customer_id)


routes = [my_points, my_movements, rule, set_rule, liability, movements, grant]
