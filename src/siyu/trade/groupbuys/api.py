"""Group buying over JSON: what can be joined, how a group stands, leaving it. Orders are placed with a claim."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath

from siyu.goods.offers import GroupBuy
from siyu.kernel.permissions import Permission
from siyu.runtime.actors import Actor
from siyu.runtime.edge import ByActor, InUow
from siyu.trade.groupbuys import queries, settling

PUBLIC = {"public": True}


class MemberAnswer(msgspec.Struct, frozen=True):
    """A member as strangers see them: the first character of a name."""

    name: str
    state: str
    is_leader: bool
    is_me: bool
    at: datetime


class GroupAnswer(msgspec.Struct, frozen=True):
    """A group. `my_order_id` is the reader's own order in it."""

    id: UUID
    offer_id: UUID
    name: str
    state: str
    size: int
    capacity: int
    held: int
    paid: int
    missing: int
    expires_at: datetime
    terms: GroupBuy
    members: tuple[MemberAnswer, ...]
    my_order_id: UUID | None = None
    my_seat: str | None = None


class OfferAnswer(msgspec.Struct, frozen=True):
    """A group buy with the groups that have a free seat. `is_live`: groups may be opened."""

    id: UUID
    name: str
    is_live: bool
    starts_at: datetime | None
    ends_at: datetime | None
    terms: GroupBuy
    groups: tuple[GroupAnswer, ...]


class Left(msgspec.Struct, frozen=True):
    """The order whose money is on its way back."""

    order_id: UUID


def _reader(actor: Actor) -> UUID | None:
    return actor.customer_id if actor.kind == "customer" else None


def _answer(shown: queries.Shown) -> GroupAnswer:
    group, mine = shown.group, shown.mine
    return GroupAnswer(
        id=group.id,
        offer_id=group.offer_id,
        name=group.name,
        state=group.state,
        size=group.size,
        capacity=group.capacity,
        held=group.held,
        paid=group.paid,
        missing=group.missing,
        expires_at=group.expires_at,
        terms=group.terms,
        members=tuple(MemberAnswer(m.name, m.state, m.is_leader, m.is_me, m.at) for m in shown.members),
        my_order_id=mine.order_id if mine is not None else None,
        my_seat=mine.state if mine is not None else None,
    )


@get("/api/v1/{slug:str}/group-offers/{offer_id:uuid}", opt=PUBLIC, tags=["groups"])
async def offer(offer_id: FromPath[UUID], uow: InUow, actor: ByActor) -> OfferAnswer:
    """A group buy and the groups one may join, those with the most seats taken first."""
    found = await queries.offer(uow, offer_id)
    groups = await queries.to_join(uow, offer_id, _reader(actor))
    return OfferAnswer(
        found.id,
        found.name,
        found.is_live,
        found.starts_at,
        found.ends_at,
        found.rule,
        tuple(_answer(one) for one in groups),
    )


@get("/api/v1/{slug:str}/groups/{group_id:uuid}", opt=PUBLIC, tags=["groups"])
async def group(group_id: FromPath[UUID], uow: InUow, actor: ByActor) -> GroupAnswer:
    """A group with its real members. One whose opener has not paid exists for its opener only."""
    return _answer(await queries.find(uow, group_id, _reader(actor)))


@get("/api/v1/{slug:str}/me/groups", opt={"permission": Permission.SHOPPER}, tags=["groups"])
async def mine(uow: InUow, actor: ByActor) -> list[GroupAnswer]:
    """The groups I opened or joined, newest first."""
    return [_answer(one) for one in await queries.of_customer(uow, actor.customer_id)]


@post(
    "/api/v1/{slug:str}/groups/{group_id:uuid}/leave",
    opt={"permission": Permission.SHOPPER},
    tags=["groups"],
    status_code=200,
)
async def leave(group_id: FromPath[UUID], uow: InUow, actor: ByActor) -> Left:
    """I leave before the group has succeeded; everything I paid goes back."""
    return Left(await settling.leave(uow, group_id, actor.customer_id))


routes = [offer, group, mine, leave]
