"""Reading stock: levels, the list of what lies where, its moves, and proving that it is right."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from siyu.goods.inventory.model import Difference, Level, Location, Move
from siyu.kernel.paging import Page, after_moment, after_position, bounded
from siyu.runtime.db import UnitOfWork

LOW_BELOW = 10  # fewer pieces than this to sell are few, until the merchant says otherwise
NEAR_DAYS = 30  # so many days ahead an expiry is near, until the merchant says otherwise


class StockFilter(msgspec.Struct, frozen=True):
    """Which stock rows: `low` those with fewer than `low_below` to sell, `until` those with a lot that expires by then.

    A category stands for itself and those in it.
    """

    location_id: UUID | None = None
    category_id: UUID | None = None
    search: str = ""
    low: bool = False
    low_below: int = LOW_BELOW
    until: date | None = None


class Stocked(msgspec.Struct, frozen=True):
    """A SKU at a location. `free` may be negative: promised or kept back beyond what is there.
    `carved` are put aside for a sale with a quota.

    `coming` pieces are on their way here; `expires_on` is the earliest date of a lot with pieces.
    """

    location_id: UUID
    location_name: str
    product_id: UUID
    sku_id: UUID
    title: str
    sku_title: str
    code: str
    on_hand: int
    reserved: int
    safety: int
    carved: int
    free: int
    coming: int
    expires_on: date | None


class MoveFilter(msgspec.Struct, frozen=True):
    """Which moves: from `since` until before `before` (UTC)."""

    location_id: UUID | None = None
    sku_id: UUID | None = None
    reason: str = ""
    search: str = ""
    subject_id: UUID | None = None
    since: datetime | None = None
    before: datetime | None = None


def pattern(search: str) -> str:
    """The words as a pattern of LIKE, in which % and _ are themselves."""
    words = search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")[:60]
    return f"%{words}%" if words else ""


async def levels(uow: UnitOfWork, sku_ids: Sequence[UUID], location_id: UUID | None = None) -> list[Level]:
    """Stock of these SKUs, at one location or at each."""
    return await uow.all(
        Level,
        """
        select location_id, sku_id, on_hand, reserved, safety, has_lots, carved from stock
        where merchant_id = %(merchant_id)s and sku_id = any(%(skus)s)
          and (%(location)s::uuid is null or location_id = %(location)s)
        order by location_id, sku_id
        """,
        skus=list(sku_ids),
        location=location_id,
    )


async def shortages(uow: UnitOfWork, below: int = 5, limit: int = 50) -> list[Level]:
    """Where fewer than `below` pieces are left to sell, emptiest first."""
    return await uow.all(
        Level,
        """
        select location_id, sku_id, on_hand, reserved, safety, has_lots, carved from stock
        where merchant_id = %(merchant_id)s and on_hand - reserved - safety - carved < %(below)s
        order by on_hand - reserved - safety - carved, sku_id, location_id limit %(limit)s
        """,
        below=below,
        limit=limit,
    )


async def locations(uow: UnitOfWork) -> list[Location]:
    """Every place of the actor's scope where stock can lie, by code."""
    return await uow.all(
        Location,
        """
        select id, code, name, kind, ships, is_open from stores
        where merchant_id = %(merchant_id)s and (%(scope)s::uuid[] is null or id = any(%(scope)s)) order by code
        """,
        scope=uow.actor.scope_list,
    )


async def stocked(
    uow: UnitOfWork, wanted: StockFilter, *, after: str | None = None, limit: int = 50
) -> Page[Stocked]:
    """What lies where, scarcest first. The cursor is `free~sku~location`."""
    limit = bounded(limit)
    free, sku_id, location_id = _stock_cursor(after)
    found = await uow.all(
        Stocked,
        """
        select s.location_id, l.name as location_name, p.id as product_id, s.sku_id, p.title, k.title as sku_title,
               k.code, s.on_hand, s.reserved, s.safety, s.carved,
               s.on_hand - s.reserved - s.safety - s.carved as free,
               coalesce((select sum(tl.quantity - tl.received - tl.lost - tl.sent_back)
                         from stock_transfers t
                         join stock_transfer_lines tl on tl.merchant_id = t.merchant_id and tl.transfer_id = t.id
                                                     and tl.sku_id = s.sku_id
                         where t.merchant_id = s.merchant_id and t.to_id = s.location_id and t.state = 'sent'),
                        0)::int as coming,
               case when s.has_lots then (select min(b.expires_on) from stock_lots b
                                          where b.merchant_id = s.merchant_id and b.location_id = s.location_id
                                            and b.sku_id = s.sku_id and b.on_hand > 0) end as expires_on
        from stock s
        join skus k on k.merchant_id = s.merchant_id and k.id = s.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        join stores l on l.merchant_id = s.merchant_id and l.id = s.location_id
        where s.merchant_id = %(merchant_id)s
          and (%(location)s::uuid is null or s.location_id = %(location)s)
          and (%(scope)s::uuid[] is null or s.location_id = any(%(scope)s))
          and (%(category)s::uuid is null or p.category_id in (
              with recursive below as (
                  select c.id from categories c where c.merchant_id = %(merchant_id)s and c.id = %(category)s
                  union all
                  select c.id from categories c
                  join below on c.merchant_id = %(merchant_id)s and c.parent_id = below.id)
              select id from below))
          and (%(pattern)s = '' or p.title ilike %(pattern)s or k.code ilike %(pattern)s)
          and (not %(low)s or s.on_hand - s.reserved - s.safety - s.carved < %(low_below)s)
          and (%(until)s::date is null or s.has_lots and exists (
              select from stock_lots b
              where b.merchant_id = s.merchant_id and b.location_id = s.location_id and b.sku_id = s.sku_id
                and b.on_hand > 0 and b.expires_on <= %(until)s))
          and (%(free)s::int is null
               or (s.on_hand - s.reserved - s.safety - s.carved, s.sku_id, s.location_id)
                  > (%(free)s, %(last_sku)s::uuid, %(last_location)s::uuid))
        order by s.on_hand - s.reserved - s.safety - s.carved, s.sku_id, s.location_id limit %(limit)s
        """,
        location=wanted.location_id,
        scope=uow.actor.scope_list,
        category=wanted.category_id,
        pattern=pattern(wanted.search),
        low=wanted.low,
        low_below=wanted.low_below,
        until=wanted.until,
        free=free,
        last_sku=sku_id,
        last_location=location_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], f"{last.free}~{last.sku_id}~{last.location_id}" if last else None)


def _stock_cursor(after: str | None) -> tuple[int | None, UUID | None, UUID | None]:
    """A cursor that cannot be read starts at the top."""
    head, _, location = (after or "").rpartition("~")
    position = after_position(head)
    try:
        return (*position, UUID(location)) if position else (None, None, None)
    except ValueError:
        return None, None, None


async def moves(
    uow: UnitOfWork, wanted: MoveFilter, *, after: str | None = None, limit: int = 50
) -> Page[Move]:
    """What changed on_hand, newest first."""
    limit = bounded(limit)
    last_at, last_id = after_moment(after) or (None, None)
    found = await uow.all(
        Move,
        """
        select m.id, m.location_id, l.name as location_name, m.sku_id, k.code, p.title, k.title as sku_title,
               m.quantity, m.reason, coalesce(b.code, '') as lot_code, m.note, m.subject_id, m.actor_id,
               coalesce(a.name, '') as actor_name, m.at
        from stock_moves m
        join skus k on k.merchant_id = m.merchant_id and k.id = m.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        join stores l on l.merchant_id = m.merchant_id and l.id = m.location_id
        left join stock_lots b on b.merchant_id = m.merchant_id and b.id = m.lot_id
        left join staff a on a.merchant_id = m.merchant_id and a.id = m.actor_id
        where m.merchant_id = %(merchant_id)s
          and (%(location)s::uuid is null or m.location_id = %(location)s)
          and (%(scope)s::uuid[] is null or m.location_id = any(%(scope)s))
          and (%(sku)s::uuid is null or m.sku_id = %(sku)s)
          and (%(reason)s = '' or m.reason = %(reason)s)
          and (%(subject)s::uuid is null or m.subject_id = %(subject)s)
          and (%(pattern)s = '' or p.title ilike %(pattern)s or k.code ilike %(pattern)s or b.code ilike %(pattern)s)
          and (%(since)s::timestamptz is null or m.at >= %(since)s)
          and (%(before)s::timestamptz is null or m.at < %(before)s)
          and (%(last_at)s::timestamptz is null or (m.at, m.id) < (%(last_at)s, %(last_id)s::uuid))
        order by m.at desc, m.id desc limit %(limit)s
        """,
        location=wanted.location_id,
        scope=uow.actor.scope_list,
        sku=wanted.sku_id,
        reason=wanted.reason,
        subject=wanted.subject_id,
        pattern=pattern(wanted.search),
        since=wanted.since,
        before=wanted.before,
        last_at=last_at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], f"{last.at.isoformat()}~{last.id}" if last else None)


async def differences(uow: UnitOfWork, limit: int = 100) -> list[Difference]:
    """Stock rows that do not equal the sum of their moves. A sound house has none."""
    return await uow.all(
        Difference,
        """
        select s.location_id, s.sku_id, s.on_hand, coalesce(sum(m.quantity), 0)::int as moved
        from stock s
        left join stock_moves m on m.merchant_id = s.merchant_id and m.location_id = s.location_id
                               and m.sku_id = s.sku_id
        where s.merchant_id = %(merchant_id)s
        group by s.location_id, s.sku_id, s.on_hand
        having s.on_hand <> coalesce(sum(m.quantity), 0)
        limit %(limit)s
        """,
        limit=limit,
    )
