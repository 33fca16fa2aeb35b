"""Reading batches, what was sent out, what was scanned and redeemed, and what somebody should look at."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.growth.itemcodes.model import Alert, Batch, Dealer, Delivery, Range
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, after_moment, bounded
from siyu.runtime.db import UnitOfWork


async def find(uow: UnitOfWork, batch_id: UUID, *, lock: bool = False) -> Batch:
    """Raises NotFound. `lock`: ranges of one batch are written one after another."""
    if lock:
        await uow.run(
            "select from item_batches where merchant_id = %(merchant_id)s and id = %(id)s for no key update",
            id=batch_id,
        )
    found = await uow.maybe(
        Batch,
        """
        select id, number, name, product_id, quantity, per_box, reward, per_day, door_id, state, created_at
        from item_batches where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=batch_id,
    )
    if found is None:
        raise NotFound(what="批次 / batch")
    return found


async def key_of(uow: UnitOfWork, batch_id: UUID) -> bytes:
    """The key of a batch; not to leave the process."""
    return await uow.one(
        bytes, "select key from item_batches where merchant_id = %(merchant_id)s and id = %(id)s", id=batch_id
    )


class BatchReport(msgspec.Struct, frozen=True):
    """A batch in the list: items active, codes scanned, codes redeemed."""

    id: UUID
    number: int
    name: str
    product_title: str | None
    quantity: int
    active: int
    scanned: int
    redeemed: int
    state: str
    created_at: datetime


async def listing(uow: UnitOfWork, *, after: str | None = None, limit: int = 50) -> Page[BatchReport]:
    """Batches, the newest first."""
    moment, last_id = after_moment(after) or (None, None)
    rows = await uow.all(
        BatchReport,
        """
        select b.id, b.number, b.name, p.title as product_title, b.quantity,
               coalesce((select sum(r.last - r.first + 1) from item_ranges r
                         where r.merchant_id = b.merchant_id and r.batch_id = b.id and r.undone_at is null), 0)::bigint
                   as active,
               (select count(*) from item_scans s
                where s.merchant_id = b.merchant_id and s.batch_id = b.id and s.kind <> 'box') as scanned,
               (select count(*) from item_redemptions d
                where d.merchant_id = b.merchant_id and d.batch_id = b.id) as redeemed,
               b.state, b.created_at
        from item_batches b
        left join products p on p.merchant_id = b.merchant_id and p.id = b.product_id
        where b.merchant_id = %(merchant_id)s
          and (%(moment)s::timestamptz is null or (b.created_at, b.id) < (%(moment)s, %(last)s))
        order by b.created_at desc, b.id desc limit %(limit)s
        """,
        moment=moment,
        last=last_id,
        limit=bounded(limit) + 1,
    )
    shown = rows[: bounded(limit)]
    following = f"{shown[-1].created_at.isoformat()}~{shown[-1].id}" if len(rows) > len(shown) else None
    return Page(shown, following)


async def ranges(uow: UnitOfWork, batch_id: UUID) -> list[Range]:
    """What of a batch is active, in order of serials."""
    return await uow.all(
        Range,
        """
        select r.id, r.first, r.last, r.dealer_id, d.name as dealer_name, r.activated_at from item_ranges r
        left join item_dealers d on d.merchant_id = r.merchant_id and d.id = r.dealer_id
        where r.merchant_id = %(merchant_id)s and r.batch_id = %(batch)s and r.undone_at is null
        order by r.first limit 1000
        """,
        batch=batch_id,
    )


class ByDealer(msgspec.Struct, frozen=True):
    """How a dealer's items fare: items sent, scanned, redeemed, scanned outside the territory, new customers."""

    dealer_id: UUID | None
    name: str | None
    items: int
    scanned: int
    redeemed: int
    outside: int
    customers: int


async def by_dealer(uow: UnitOfWork, batch_id: UUID) -> list[ByDealer]:
    """What was sent to each dealer, and what came of it; the dealer who sold the item gets the new customer."""
    return await uow.all(
        ByDealer,
        """
        with sent as (
            select dealer_id, first, last from item_ranges
            where merchant_id = %(merchant_id)s and batch_id = %(batch)s and undone_at is null
        ), sums as (
            select dealer_id, sum(last - first + 1)::bigint as items from sent group by 1
        ), seen as (
            select r.dealer_id, count(*) as scanned, count(*) filter (where s.is_outside) as outside
            from item_scans s join sent r on s.serial between r.first and r.last
            where s.merchant_id = %(merchant_id)s and s.batch_id = %(batch)s and s.kind <> 'box' group by 1
        ), had as (
            select r.dealer_id, count(*) as redeemed
            from item_redemptions d join sent r on d.serial between r.first and r.last
            where d.merchant_id = %(merchant_id)s and d.batch_id = %(batch)s group by 1
        )
        select t.dealer_id, d.name, t.items, coalesce(seen.scanned, 0) as scanned, coalesce(had.redeemed, 0) as redeemed,
               coalesce(seen.outside, 0) as outside,
               (select count(*) from customers c
                where c.merchant_id = %(merchant_id)s
                  and c.first_door_id = coalesce(d.door_id, (select door_id from item_batches b
                                                             where b.merchant_id = %(merchant_id)s and b.id = %(batch)s)))
                   as customers
        from sums t
        left join item_dealers d on d.merchant_id = %(merchant_id)s and d.id = t.dealer_id
        left join seen on seen.dealer_id is not distinct from t.dealer_id
        left join had on had.dealer_id is not distinct from t.dealer_id
        order by t.items desc, d.name
        """,
        batch=batch_id,
    )


class Day(msgspec.Struct, frozen=True):
    """Codes scanned for the first time and codes redeemed on a day of the merchant's."""

    day: str
    scanned: int
    redeemed: int


async def days(uow: UnitOfWork, batch_id: UUID, *, back: int = 30) -> list[Day]:
    """The last `back` days, days without anything too."""
    return await uow.all(
        Day,
        """
        with days as (
            select (%(now)s at time zone %(zone)s)::date - n as day from generate_series(0, %(back)s - 1) as n
        )
        select days.day::text as day,
               (select count(*) from item_scans s
                where s.merchant_id = %(merchant_id)s and s.batch_id = %(batch)s and s.kind <> 'box'
                  and s.first_at >= days.day::timestamp at time zone %(zone)s
                  and s.first_at < (days.day + 1)::timestamp at time zone %(zone)s) as scanned,
               (select count(*) from item_redemptions d
                where d.merchant_id = %(merchant_id)s and d.batch_id = %(batch)s
                  and d.at >= days.day::timestamp at time zone %(zone)s
                  and d.at < (days.day + 1)::timestamp at time zone %(zone)s) as redeemed
        from days order by days.day
        """,
        batch=batch_id,
        zone=uow.merchant.timezone,
        back=back,
    )


async def deliveries(uow: UnitOfWork, batch_id: UUID) -> list[Delivery]:
    """Files that were taken, the newest first."""
    return await uow.all(
        Delivery,
        """
        select kind, format, first, last, sha256, taken_by, at from item_deliveries
        where merchant_id = %(merchant_id)s and batch_id = %(batch)s order by at desc, id desc limit 50
        """,
        batch=batch_id,
    )


async def dealers(uow: UnitOfWork) -> list[Dealer]:
    """All dealers by name."""
    return await uow.all(
        Dealer,
        """
        select id, name, door_id, latitude, longitude, radius_km from item_dealers
        where merchant_id = %(merchant_id)s order by name, id limit 1000
        """,
    )


async def find_dealer(uow: UnitOfWork, dealer_id: UUID) -> Dealer:
    """Raises NotFound."""
    found = await uow.maybe(
        Dealer,
        """
        select id, name, door_id, latitude, longitude, radius_km from item_dealers
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=dealer_id,
    )
    if found is None:
        raise NotFound(what="经销商 / dealer")
    return found


async def alerts(uow: UnitOfWork, limit: int = 100) -> list[Alert]:
    """What waits for a person to look at it, the newest first."""
    return await uow.all(
        Alert,
        """
        select a.id, a.batch_id, b.name as batch_name, a.kind, a.subject, d.name as dealer_name, a.facts, a.opened_at
        from item_alerts a
        join item_batches b on b.merchant_id = a.merchant_id and b.id = a.batch_id
        left join item_dealers d on d.merchant_id = a.merchant_id and d.id = a.dealer_id
        where a.merchant_id = %(merchant_id)s and a.closed_at is null
        order by a.opened_at desc, a.id desc limit %(limit)s
        """,
        limit=bounded(limit),
    )
