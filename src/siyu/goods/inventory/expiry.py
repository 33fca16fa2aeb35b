"""Lots that expire: what is near its date, and what is past it and has to go."""

from datetime import date, timedelta
from uuid import UUID

import msgspec

from siyu.goods.inventory.actions import lock
from siyu.goods.inventory.lots import is_expired, lots_at, today_of
from siyu.goods.inventory.model import Lot, Pieces
from siyu.goods.inventory.moving import take_out
from siyu.goods.inventory.queries import NEAR_DAYS, pattern
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime.db import Database, Merchant, UnitOfWork

ROWS_PER_SWEEP = 200


class ListedLot(msgspec.Struct, frozen=True):
    """A lot with pieces. `promised`: so many of them will have to go to orders although past their date.

    `days_left` is negative once the date is past; None when the goods keep.
    """

    id: UUID
    location_id: UUID
    location_name: str
    sku_id: UUID
    code: str
    title: str
    sku_title: str
    lot_code: str
    expires_on: date | None
    days_left: int | None
    on_hand: int
    promised: int


class _Row(msgspec.Struct, frozen=True):
    location_id: UUID
    sku_id: UUID


async def write_off_expired(uow: UnitOfWork) -> int:
    """Take expired pieces that are promised to nobody out of stock; return how many. Twice takes them once.

    Promised pieces stay and are listed: their orders have to be served from fresh ones or refunded.
    """
    rows = await uow.all(
        _Row,
        """
        select distinct b.location_id, b.sku_id
        from stock_lots b
        join stock s on s.merchant_id = %(merchant_id)s and s.location_id = b.location_id and s.sku_id = b.sku_id
        where b.merchant_id = %(merchant_id)s and b.on_hand > 0 and b.expires_on < %(today)s
          and s.on_hand > s.reserved + s.carved
        order by 1, 2 limit %(limit)s
        """,
        today=today_of(uow),
        limit=ROWS_PER_SWEEP,
    )
    if not rows:
        return 0
    levels = await lock(uow, [Pieces(row.location_id, row.sku_id, 0) for row in rows])
    found = await lots_at(uow, levels)  # after the lock: another sweep may have been here
    gone: list[Pieces] = []
    for key, level in levels.items():
        expired = expired_pieces(found.get(key, []), today_of(uow))
        fresh = level.on_hand - expired
        quantity = expired - max(level.reserved + level.carved - fresh, 0)
        if quantity:
            gone.append(Pieces(*key, quantity))
    if gone:
        await take_out(uow, gone, reason="expired", order="expired")
    return sum(one.quantity for one in gone)


def expired_pieces(lots: list[Lot], today: date) -> int:
    return sum(lot.on_hand for lot in lots if is_expired(lot.expires_on, today))


async def sweep_expired(database: Database, merchant: Merchant) -> int:
    """For the worker: what `write_off_expired` does, in a unit of work of its own."""
    return await database.attempt(merchant, write_off_expired)


async def listed_lots(
    uow: UnitOfWork,
    *,
    within_days: int | None = NEAR_DAYS,
    location_id: UUID | None = None,
    sku_id: UUID | None = None,
    search: str = "",
    after: str | None = None,
    limit: int = 50,
) -> Page[ListedLot]:
    """Lots with pieces, the soonest to expire first; `within_days` None lists those that keep as well."""
    limit = bounded(limit)
    today = today_of(uow)
    last_on, last_id = _cursor(after)
    found = await uow.all(
        ListedLot,
        """
        select b.id, b.location_id, l.name as location_name, b.sku_id, k.code, p.title, k.title as sku_title,
               b.code as lot_code, b.expires_on, b.expires_on - %(today)s::date as days_left, b.on_hand,
               case when b.expires_on < %(today)s then least(b.on_hand, greatest(0, s.reserved + s.carved - (s.on_hand - (
                   select sum(e.on_hand) from stock_lots e
                   where e.merchant_id = b.merchant_id and e.location_id = b.location_id and e.sku_id = b.sku_id
                     and e.expires_on < %(today)s))))::int else 0 end as promised
        from stock_lots b
        join stock s on s.merchant_id = b.merchant_id and s.location_id = b.location_id and s.sku_id = b.sku_id
        join stores l on l.merchant_id = b.merchant_id and l.id = b.location_id
        join skus k on k.merchant_id = b.merchant_id and k.id = b.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where b.merchant_id = %(merchant_id)s and b.on_hand > 0
          and (%(until)s::date is null or b.expires_on <= %(until)s)
          and (%(location)s::uuid is null or b.location_id = %(location)s)
          and (%(scope)s::uuid[] is null or b.location_id = any(%(scope)s))
          and (%(sku)s::uuid is null or b.sku_id = %(sku)s)
          and (%(pattern)s = '' or p.title ilike %(pattern)s or k.code ilike %(pattern)s or b.code ilike %(pattern)s)
          and (%(last_on)s::date is null
               or (coalesce(b.expires_on, 'infinity'::date), b.id) > (%(last_on)s, %(last_id)s::uuid))
        order by coalesce(b.expires_on, 'infinity'::date), b.id limit %(limit)s
        """,
        today=today,
        until=None if within_days is None else today + timedelta(days=within_days),
        location=location_id,
        scope=uow.actor.scope_list,
        sku=sku_id,
        pattern=pattern(search),
        last_on=last_on,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], f"{last.expires_on or KEEPS}~{last.id}" if last else None)


KEEPS = "infinity"  # PostgreSQL's date after every other


def _cursor(after: str | None) -> tuple[str | None, UUID | None]:
    """A cursor that cannot be read starts at the top."""
    day, _, last_id = (after or "").partition("~")
    try:
        return day if day == KEEPS else date.fromisoformat(day).isoformat(), UUID(last_id)
    except ValueError:
        return None, None


async def lot(uow: UnitOfWork, lot_id: UUID) -> Lot:
    """Raises NotFound."""
    found = await uow.maybe(
        Lot,
        """
        select id, location_id, sku_id, code, expires_on, on_hand from stock_lots
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=lot_id,
    )
    if found is None:
        raise NotFound(what="批次 / lot")
    return found
