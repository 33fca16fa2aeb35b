"""Bargains as JSON: the same actions as the pages, refused inside WeChat as there."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath

from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow
from siyu.trade.bargains import actions, queries, rules
from siyu.trade.bargains.model import Bargain, Help, Helped
from siyu.trade.bargains.shop import refuse_wechat

TAGS = ["Bargains 砍价"]


class BargainSeen(msgspec.Struct, frozen=True):
    """A bargain as anybody may see it: nobody's id or full name. Amounts are minor units.

    `steps` are all the amounts by which the price falls, in order; `order_id` is only told to its owner.
    """

    id: UUID
    offer_id: UUID
    sku_id: UUID
    start: int
    floor: int
    price: int
    needed: int
    helped: int
    state: str
    ends_at: str
    steps: tuple[int, ...]
    helps: tuple[Help, ...]
    order_id: UUID | None = None


class BargainOffer(msgspec.Struct, frozen=True):
    """What may be bargained for: from `start` to `floor` by `steps` (minor units), each a friend's help, within `hours`.

    `is_live`: one may start now; never inside WeChat. `left`: units that may still be bought, None without a limit.
    """

    id: UUID
    name: str
    sku_id: UUID
    start: int
    floor: int
    hours: int
    steps: tuple[int, ...]
    is_live: bool
    ends_at: datetime | None
    left: int | None


def _seen(bargain: Bargain, helps: list[Help], *, is_running: bool, is_owner: bool) -> BargainSeen:
    return BargainSeen(
        id=bargain.id,
        offer_id=bargain.offer_id,
        sku_id=bargain.sku_id,
        start=bargain.start,
        floor=bargain.floor,
        price=bargain.price,
        needed=bargain.needed,
        helped=bargain.helped,
        state="over" if bargain.state == "running" and not is_running else bargain.state,
        ends_at=bargain.ends_at.isoformat(),
        steps=tuple(rules.steps(bargain.start, bargain.floor, bargain.needed)),
        helps=tuple(helps),
        order_id=bargain.order_id if is_owner else None,
    )


@get("/api/v1/{slug:str}/bargain-offers/{offer_id:uuid}", opt={"public": True}, tags=TAGS)
async def bargain_offer(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow
) -> BargainOffer:
    """One offer with every step of its price. A draft is not found."""
    offer = await queries.find_offer(uow, offer_id)
    if offer.state == "draft":
        raise NotFound(what="砍价活动 / bargain offer")
    rule = offer.rule
    is_away = rules.is_wechat(request.headers.get("user-agent", ""))
    return BargainOffer(
        id=offer.id,
        name=offer.name,
        sku_id=rule.sku_id,
        start=rule.start,
        floor=rule.floor,
        hours=rule.hours,
        steps=tuple(rules.steps(rule.start, rule.floor, rule.helps)),
        is_live=not is_away and offer.is_live(uow.now) and offer.left != 0,
        ends_at=offer.ends_at,
        left=offer.left,
    )


@get("/api/v1/{slug:str}/me/bargains", opt={"permission": Permission.SHOPPER}, tags=TAGS)
async def my_bargains(uow: InUow, actor: ByActor) -> list[BargainSeen]:
    """My bargains that run, without the names of who helped."""
    found = await queries.bargains(uow, customer_id=actor.customer_id, running_only=True)
    return [_seen(one, [], is_running=one.is_running(uow.now), is_owner=True) for one in found]


@get("/api/v1/{slug:str}/bargains/{bargain_id:uuid}", opt={"public": True}, tags=TAGS)
async def read_bargain(bargain_id: FromPath[UUID], uow: InUow, actor: ByActor) -> BargainSeen:
    """Where a bargain stands, and who helped."""
    bargain = await queries.find(uow, bargain_id)
    return _seen(
        bargain,
        await queries.helps_of(uow, bargain_id),
        is_running=bargain.is_running(uow.now),
        is_owner=actor.kind == "customer" and actor.id == bargain.customer_id,
    )


@post("/api/v1/{slug:str}/offers/{offer_id:uuid}/bargains", opt={"permission": Permission.SHOPPER}, tags=TAGS)
async def start_bargain(
    request: Request[Any, Any, Any], offer_id: FromPath[UUID], uow: InUow, actor: ByActor
) -> BargainSeen:
    """Start a bargain; who has one running gets that one. Refused inside WeChat."""
    refuse_wechat(request)
    bargain = await actions.start(uow, offer_id, actor.customer_id)
    return _seen(
        bargain,
        await queries.helps_of(uow, bargain.id),
        is_running=bargain.is_running(uow.now),
        is_owner=True,
    )


@post(
    "/api/v1/{slug:str}/bargains/{bargain_id:uuid}/helps",
    opt={"permission": Permission.SHOPPER},
    tags=TAGS,
    status_code=200,
)
async def help_bargain(
    request: Request[Any, Any, Any], bargain_id: FromPath[UUID], uow: InUow, actor: ByActor
) -> Helped:
    """Help with somebody else's bargain, once. Helping again answers what the first help did. Refused inside WeChat."""
    refuse_wechat(request)
    return await actions.give_help(uow, bargain_id, actor.customer_id)


routes = [bargain_offer, my_bargains, read_bargain, start_bargain, help_bargain]
