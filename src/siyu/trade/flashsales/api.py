"""JSON: flash sales as buyers see them. Buying is an ordinary order with the claim `{"kind": "flash", "id": session}`."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import FromPath

from siyu.runtime.edge import InUow
from siyu.trade.flashsales import queries
from siyu.trade.flashsales.queries import Shown

TAGS = ["Flash sales 秒杀"]
PUBLIC = {"public": True}


class ItemAnswer(msgspec.Struct, frozen=True):
    """A SKU of a session. `price` and `marked` are minor units of one unit; `left` of `quota` pieces can be had.

    `unpaid` pieces lie in orders that wait for their money and come back when it does not arrive. `is_ready`: the
    pieces lie aside, so that an order can have them.
    """

    sku_id: UUID
    product_id: UUID
    title: str
    sku_title: str
    picture: str
    price: int
    marked: int
    per_person: int
    quota: int
    left: int
    unpaid: int
    is_ready: bool


class SessionAnswer(msgspec.Struct, frozen=True):
    """A session. `phase` is ahead, on, paused or over. `now` is the server's clock: count down from it, not from the
    phone's. All times are UTC.
    """

    id: UUID
    name: str
    phase: str
    starts_at: datetime | None
    ends_at: datetime | None
    now: datetime
    pay_minutes: int
    items: tuple[ItemAnswer, ...]


def _answer(shown: Shown, now: datetime) -> SessionAnswer:
    session = shown.session
    return SessionAnswer(
        id=session.id,
        name=session.name,
        phase=shown.phase,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        now=now,
        pay_minutes=session.rule.pay_minutes,
        items=tuple(_item(one) for one in shown.goods if one.is_sellable),
    )


def _item(goods: queries.Goods) -> ItemAnswer:
    return ItemAnswer(
        sku_id=goods.sku_id,
        product_id=goods.product_id,
        title=goods.title,
        sku_title=goods.sku_title,
        picture=goods.picture,
        price=goods.price,
        marked=goods.marked,
        per_person=goods.per_person,
        quota=goods.quota,
        left=goods.left,
        unpaid=goods.unpaid,
        is_ready=goods.is_carved,
    )


@get("/api/v1/{slug:str}/flash-sessions", opt=PUBLIC, tags=TAGS)
async def sessions(uow: InUow) -> list[SessionAnswer]:
    """The sessions of today and tomorrow at the merchant's, and those that run, in order of their start."""
    return [_answer(one, uow.now) for one in await queries.of_days(uow)]


@get("/api/v1/{slug:str}/flash-sessions/{offer_id:uuid}", opt=PUBLIC, tags=TAGS)
async def session(offer_id: FromPath[UUID], uow: InUow) -> SessionAnswer:
    """One session with what is left of each item now. A draft is not found."""
    return _answer(await queries.find(uow, offer_id), uow.now)


routes = [sessions, session]
