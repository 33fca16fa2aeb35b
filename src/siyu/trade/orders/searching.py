"""Finding orders by what staff know of them, at the same cost whether there are thousands or millions.

A list is read along the index of time, newest first, through a window of at most WINDOW orders: any mixture of
filters costs no more than looking at these. When the window is used up the answer says how far back was looked, and
the next page goes on from there. States that orders soon leave have their own small index, so that a to-do list is
complete at once as long as it is shorter than the window. No filter needs an index of its own on the hottest table of the house.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.paging import bounded
from siyu.people import customers
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders.model import OrderCard

WINDOW = 20_000
WINDOW_OF_TEXT = 5_000  # each order's lines are looked at, which costs several times as much
COUNTED_MAX = 1_000
TEXT_LENGTH_MAX = 60
NUMBER = re.compile(r"[0-9A-Za-z-]{6,40}")
TAIL = re.compile(r"\d{4}")
PHONE = re.compile(r"1\d{10}")


class Wanted(msgspec.Struct, frozen=True, omit_defaults=True):
    """What orders to find; None and empty do not narrow. Amounts are minor units, `since` ≤ placed < `until`."""

    state: str | None = None
    delivery: str | None = None
    channel: str | None = None
    store_id: UUID | None = None
    door_id: UUID | None = None
    promoter_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    least: int | None = None
    most: int | None = None
    text: str = ""

    @property
    def is_anything(self) -> bool:
        return self == Wanted()


class Found(msgspec.Struct, frozen=True):
    """A page of orders. `looked_until`: everything younger was looked at and the list may go on beyond."""

    items: Sequence[OrderCard]
    next: str | None = None
    looked_until: datetime | None = None


class _Edge(msgspec.Struct, frozen=True):
    placed_at: datetime
    id: UUID


_HEAD = """
    select o.id, o.number, o.state, o.channel, o.customer_id, c.nickname as customer_name, s.name as store_name,
           d.name as door_name, o.currency, o.total, o.refunded,
           coalesce(l.pieces, 0)::int as pieces, l.first_title, coalesce(l.pictures, '{}') as pictures,
           o.placed_at, o.pay_by, o.delivery
    from (select w.* from (select * from orders o where o.merchant_id = %(merchant_id)s
"""
_BY_NUMBER = """ and o.number = %(number)s) w"""
_BY_CUSTOMER = """ and o.customer_id = any(%(customers)s) and (%(window)s > 0)) w"""
_BY_TIME = """
        and (%(since)s::timestamptz is null or o.placed_at >= %(since)s)
        and (%(until)s::timestamptz is null or o.placed_at < %(until)s)
        and (%(placed_at)s::timestamptz is null or (o.placed_at, o.id) < (%(placed_at)s, %(last_id)s::uuid))
        order by o.placed_at desc, o.id desc limit %(window)s) w
"""
# One for each small index: the literal state is what makes the planner see that the index has all of them.
_UNPAID = """ and o.state = 'unpaid' limit %(window)s) w"""
_PAID = """ and o.state = 'paid' limit %(window)s) w"""
_SHIPPED = """ and o.state = 'shipped' limit %(window)s) w"""
_PICKED_UP = """ and o.state = 'picked_up' limit %(window)s) w"""
_FEW = "select count(*) < %(window)s from (select o.id from orders o where o.merchant_id = %(merchant_id)s"
# `offset 0` keeps the planner from reading all lines of the merchant into a hash table for the sake of a few orders.
_TAIL = """
        where (%(state)s::text is null or w.state = %(state)s)
          and (%(delivery)s::text is null or w.delivery = %(delivery)s)
          and (%(channel)s::text is null or w.channel = %(channel)s)
          and (%(store)s::uuid is null or w.store_id = %(store)s)
          and (%(door)s::uuid is null or w.door_id = %(door)s)
          and (%(promoter)s::uuid is null or w.promoter_id = %(promoter)s)
          and (%(least)s::bigint is null or w.total >= %(least)s)
          and (%(most)s::bigint is null or w.total <= %(most)s)
          and (%(since)s::timestamptz is null or w.placed_at >= %(since)s)
          and (%(until)s::timestamptz is null or w.placed_at < %(until)s)
          and (%(placed_at)s::timestamptz is null or (w.placed_at, w.id) < (%(placed_at)s, %(last_id)s::uuid))
          and (%(scope)s::uuid[] is null or w.store_id = any(%(scope)s)
               or exists (select from order_lines x where x.merchant_id = w.merchant_id and x.order_id = w.id
                          and x.location_id = any(%(scope)s) offset 0))
          and (%(pattern)s::text is null
               or exists (select from order_lines x where x.merchant_id = w.merchant_id and x.order_id = w.id
                          and x.title ilike %(pattern)s offset 0))
        order by w.placed_at desc, w.id desc limit %(limit)s
    ) o
    left join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
    left join stores s on s.merchant_id = o.merchant_id and s.id = o.store_id
    left join doors d on d.merchant_id = o.merchant_id and d.id = o.door_id
    left join lateral (
        select sum(quantity) as pieces, (array_agg(title order by line_no))[1] as first_title,
               (array_agg(picture order by line_no))[1:4] as pictures
        from order_lines l where l.merchant_id = o.merchant_id and l.order_id = o.id
    ) l on true
    order by o.placed_at desc, o.id desc
"""


async def search(
    uow: UnitOfWork,
    wanted: Wanted,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
    titles: bool = True,
) -> Found:
    """Orders within the actor's scope, newest first. The cursor is (placed_at, id).

    `text` is a whole order number, a phone number or its last four digits, the beginning of a nickname, or else
    words in a product's title (unless not `titles`); the first of these that finds anything is meant.
    """
    limit = bounded(limit)
    placed_at, last_id = after or (None, None)
    text = wanted.text.strip()[:TEXT_LENGTH_MAX]
    asked = {
        "state": wanted.state,
        "delivery": wanted.delivery,
        "channel": wanted.channel,
        "store": wanted.store_id,
        "door": wanted.door_id,
        "promoter": wanted.promoter_id,
        "since": wanted.since,
        "until": wanted.until,
        "least": wanted.least,
        "most": wanted.most,
        "placed_at": placed_at,
        "last_id": last_id,
        "scope": uow.actor.scope_list,
        "pattern": None,
        "window": WINDOW,
        "limit": limit + 1,
    }
    if text:
        if NUMBER.fullmatch(text):
            found = await uow.all(OrderCard, _HEAD + _BY_NUMBER + _TAIL, number=text, **asked)
            if found:
                return Found(found)
        people = await _people(uow, text)
        if people:
            found = await uow.all(OrderCard, _HEAD + _BY_CUSTOMER + _TAIL, customers=people, **asked)
            if found or TAIL.fullmatch(text) or PHONE.fullmatch(text):
                return _page(found, limit)
        if not titles:
            return Found(())
        asked |= {"pattern": f"%{_escaped(text)}%", "window": WINDOW_OF_TEXT}
    found = await uow.all(OrderCard, _HEAD + _BY_TIME + _TAIL, **asked)
    if len(found) > limit:
        return _page(found, limit)
    return await _beyond(uow, wanted.state, found, asked, limit)


async def _people(uow: UnitOfWork, text: str) -> list[UUID]:
    """Customers by phone, by the last digits of one, or by the beginning of the nickname."""
    return await customers.known_as(uow, text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _page(found: Sequence[OrderCard], limit: int) -> Found:
    last = found[limit - 1] if len(found) > limit else None
    return Found(found[:limit], f"{last.placed_at.isoformat()}~{last.id}" if last else None)


async def _beyond(
    uow: UnitOfWork, state: str | None, found: Sequence[OrderCard], asked: dict[str, object], limit: int
) -> Found:
    """The page when the window gave less than a page: is there more, and where does it begin?"""
    edge = await uow.maybe(
        _Edge,
        """
        select placed_at, id from orders o
        where o.merchant_id = %(merchant_id)s
          and (%(since)s::timestamptz is null or o.placed_at >= %(since)s)
          and (%(until)s::timestamptz is null or o.placed_at < %(until)s)
          and (%(placed_at)s::timestamptz is null or (o.placed_at, o.id) < (%(placed_at)s, %(last_id)s::uuid))
        order by o.placed_at desc, o.id desc offset %(window)s - 1 limit 1
        """,
        since=asked["since"],
        until=asked["until"],
        placed_at=asked["placed_at"],
        last_id=asked["last_id"],
        window=asked["window"],
    )
    if edge is None:
        return Found(found)
    if asked["pattern"] is None:
        complete = await _of_state(uow, state, asked)
        if complete is not None:
            return _page(complete, limit)
    return Found(found, f"{edge.placed_at.isoformat()}~{edge.id}", edge.placed_at)


async def _of_state(
    uow: UnitOfWork, state: str | None, asked: dict[str, object]
) -> Sequence[OrderCard] | None:
    """Orders of a state that has its own index, when these are fewer than the window; None otherwise."""
    window = asked["window"]
    match state:
        case "unpaid" if await uow.one(bool, _FEW + _UNPAID, window=window):
            return await uow.all(OrderCard, _HEAD + _UNPAID + _TAIL, **asked)
        case "paid" if await uow.one(bool, _FEW + _PAID, window=window):
            return await uow.all(OrderCard, _HEAD + _PAID + _TAIL, **asked)
        case "shipped" if await uow.one(bool, _FEW + _SHIPPED, window=window):
            return await uow.all(OrderCard, _HEAD + _SHIPPED + _TAIL, **asked)
        case "picked_up" if await uow.one(bool, _FEW + _PICKED_UP, window=window):
            return await uow.all(OrderCard, _HEAD + _PICKED_UP + _TAIL, **asked)
    return None


class _Tally(msgspec.Struct, frozen=True):
    state: str
    count: int
    is_all: bool


async def tallies(uow: UnitOfWork) -> dict[str, tuple[int, bool]]:
    """How many orders are in each state: (count, whether these are all), at a bounded cost.

    States with their own index are counted to COUNTED_MAX; of the others those among the newest orders.
    """
    rows = await uow.all(
        _Tally,
        """
        with newest as (
            select state from (
                select state, store_id from orders
                where merchant_id = %(merchant_id)s order by placed_at desc, id desc limit %(window)s
            ) o where %(scope)s::uuid[] is null or store_id = any(%(scope)s)
        ), size as (
            select count(*) < %(window)s as is_all from (
                select from orders where merchant_id = %(merchant_id)s order by placed_at desc, id desc limit %(window)s
            ) n
        )
        select state, count(*) as count, (select is_all from size) as is_all from newest
        where state in ('received', 'refunded', 'closed') group by state
        union all
        select 'unpaid', count(*), count(*) < %(most)s from (
            select from orders where merchant_id = %(merchant_id)s and state = 'unpaid'
              and (%(scope)s::uuid[] is null or store_id = any(%(scope)s)) limit %(most)s) n
        union all
        select 'paid', count(*), count(*) < %(most)s from (
            select from orders where merchant_id = %(merchant_id)s and state = 'paid'
              and (%(scope)s::uuid[] is null or store_id = any(%(scope)s)) limit %(most)s) n
        union all
        select 'shipped', count(*), count(*) < %(most)s from (
            select from orders where merchant_id = %(merchant_id)s and state = 'shipped'
              and (%(scope)s::uuid[] is null or store_id = any(%(scope)s)) limit %(most)s) n
        union all
        select 'picked_up', count(*), count(*) < %(most)s from (
            select from orders where merchant_id = %(merchant_id)s and state = 'picked_up'
              and (%(scope)s::uuid[] is null or store_id = any(%(scope)s)) limit %(most)s) n
        """,
        scope=uow.actor.scope_list,
        window=WINDOW_OF_TEXT,
        most=COUNTED_MAX,
    )
    return {
        row.state: (min(row.count, COUNTED_MAX - 1), row.is_all and row.count < COUNTED_MAX) for row in rows
    }


class _Numbered(msgspec.Struct, frozen=True):
    id: UUID
    number: str


async def numbers(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """(id, number) of those that exist, in the order of asking; the scope is asked when something is done to one."""
    rows = await uow.all(
        _Numbered,
        "select id, number from orders where merchant_id = %(merchant_id)s and id = any(%(ids)s)",
        ids=list(order_ids),
    )
    known = {row.id: row.number for row in rows}
    return [(one, known[one]) for one in dict.fromkeys(order_ids) if one in known]
