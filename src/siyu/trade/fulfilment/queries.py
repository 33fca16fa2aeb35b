"""Reading fulfilment: the parcels of an order, and what waits to leave, the oldest promise first."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime.db import UnitOfWork
from siyu.trade.fulfilment.model import SHIP_WITHIN, SOON, Load, Parcel, ParcelLine, Waiting


class _Line(msgspec.Struct, frozen=True):
    parcel_id: UUID
    line_no: int
    quantity: int
    title: str
    sku_title: str
    picture: str


async def find_parcel(uow: UnitOfWork, parcel_id: UUID) -> Parcel:
    """Raises NotFound."""
    found = await _with_lines(
        uow,
        await uow.all(
            Parcel,
            """
            select p.id, p.order_id, p.location_id, s.name as location_name, p.carrier, p.number, p.state, p.sent_at,
                   p.sent_by_name, p.cancelled_at, p.cancel_reason
            from parcels p left join stores s on s.merchant_id = p.merchant_id and s.id = p.location_id
            where p.merchant_id = %(merchant_id)s and p.id = %(id)s
            """,
            id=parcel_id,
        ),
    )
    if not found:
        raise NotFound(what="包裹 / parcel")
    return found[0]


async def parcels_of(uow: UnitOfWork, order_id: UUID) -> list[Parcel]:
    """The parcels of an order, cancelled ones too, oldest first."""
    return await _with_lines(
        uow,
        await uow.all(
            Parcel,
            """
            select p.id, p.order_id, p.location_id, s.name as location_name, p.carrier, p.number, p.state, p.sent_at,
                   p.sent_by_name, p.cancelled_at, p.cancel_reason
            from parcels p left join stores s on s.merchant_id = p.merchant_id and s.id = p.location_id
            where p.merchant_id = %(merchant_id)s and p.order_id = %(order)s order by p.sent_at, p.id
            """,
            order=order_id,
        ),
    )


async def parcels(
    uow: UnitOfWork,
    *,
    number: str = "",
    location_ids: Sequence[UUID] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page[Parcel]:
    """All parcels, newest first; those of these locations, those with this number. The cursor is (sent_at, id)."""
    limit = bounded(limit)
    sent_at, last_id = after or (None, None)
    found = await uow.all(
        Parcel,
        """
        select p.id, p.order_id, p.location_id, s.name as location_name, p.carrier, p.number, p.state, p.sent_at,
               p.sent_by_name, p.cancelled_at, p.cancel_reason
        from parcels p left join stores s on s.merchant_id = p.merchant_id and s.id = p.location_id
        where p.merchant_id = %(merchant_id)s
          and (%(number)s = '' or p.number = %(number)s)
          and (%(places)s::uuid[] is null or p.location_id = any(%(places)s))
          and (%(sent_at)s::timestamptz is null or (p.sent_at, p.id) < (%(sent_at)s, %(last_id)s::uuid))
        order by p.sent_at desc, p.id desc limit %(limit)s
        """,
        number=number,
        places=list(location_ids) if location_ids is not None else None,
        sent_at=sent_at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=await _with_lines(uow, found[:limit]),
        next=f"{last.sent_at.isoformat()}~{last.id}" if last else None,
    )


async def _with_lines(uow: UnitOfWork, found: Sequence[Parcel]) -> list[Parcel]:
    if not found:
        return []
    rows = await uow.all(
        _Line,
        """
        select p.parcel_id, p.line_no, p.quantity, l.title, l.sku_title, l.picture
        from parcel_lines p
        join order_lines l on l.merchant_id = p.merchant_id and l.order_id = p.order_id and l.line_no = p.line_no
        where p.merchant_id = %(merchant_id)s and p.parcel_id = any(%(ids)s) order by p.parcel_id, p.line_no
        """,
        ids=[parcel.id for parcel in found],
    )
    lines: dict[UUID, list[ParcelLine]] = {}
    for row in rows:
        line = ParcelLine(row.line_no, row.quantity, row.title, row.sku_title, row.picture)
        lines.setdefault(row.parcel_id, []).append(line)
    return [msgspec.structs.replace(one, lines=tuple(lines.get(one.id, ()))) for one in found]


async def waiting(
    uow: UnitOfWork,
    *,
    delivery: str | None = None,
    location_ids: Sequence[UUID] | None = None,
    order_ids: Sequence[UUID] | None = None,
    after: tuple[datetime, UUID, UUID] | None = None,
    limit: int = 100,
) -> Page[Waiting]:
    """What waits to leave, one row per order and location, the oldest promise first.

    `delivery` is express, local or pickup. Without a promise an order is due two days after its payment. The cursor
    is (due, order_id, location_id).
    """
    due, last_order, last_place = after or (None, None, None)
    found = await uow.all(
        Waiting,
        """
        select o.id as order_id, o.number, o.delivery, s.id as location_id, s.name as location_name, o.due,
               o.deliver_from, o.deliver_until, o.address, c.nickname as customer_name, o.remark, o.open_cases,
               sum(l.quantity - l.fulfilled_quantity - l.cancelled_quantity)::int as pieces,
               json_agg(json_build_object('line_no', l.line_no, 'title', l.title, 'sku_title', l.sku_title,
                        'quantity', l.quantity - l.fulfilled_quantity - l.cancelled_quantity, 'code', k.code)
                        order by l.line_no) as lines,
               r.courier_id, r.courier_name, r.state as ride_state
        from (select o.*, coalesce(o.ship_by, o.deliver_until, o.paid_at + %(within)s::interval) as due
              from orders o where o.merchant_id = %(merchant_id)s and o.state = 'paid' and o.held_for = '') o
        join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
        join skus k on k.merchant_id = l.merchant_id and k.id = l.sku_id
        join stores s on s.merchant_id = l.merchant_id and s.id = l.location_id
        left join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
        left join courier_rides r on r.merchant_id = o.merchant_id and r.order_id = o.id
        where l.kind <> 'virtual' and l.quantity > l.fulfilled_quantity + l.cancelled_quantity
          and (%(delivery)s::text is null or o.delivery = %(delivery)s)
          and (%(places)s::uuid[] is null or l.location_id = any(%(places)s))
          and (%(orders)s::uuid[] is null or o.id = any(%(orders)s))
          and (%(after)s::timestamptz is null
               or (o.due, o.id, s.id) > (%(after)s, %(last_order)s::uuid, %(last_place)s::uuid))
        group by o.id, o.number, o.delivery, s.id, s.name, o.due, o.deliver_from, o.deliver_until, o.address,
                 c.nickname, o.remark, o.open_cases, r.courier_id, r.courier_name, r.state
        order by o.due, o.id, s.id limit %(limit)s
        """,
        within=SHIP_WITHIN,
        delivery=delivery,
        places=list(location_ids) if location_ids is not None else None,
        orders=list(order_ids) if order_ids is not None else None,
        after=due,
        last_order=last_order,
        last_place=last_place,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    cursor = f"{last.due.isoformat()}~{last.order_id}~{last.location_id}" if last else None
    return Page(items=found[:limit], next=cursor)


async def loads(uow: UnitOfWork, delivery: str, location_ids: Sequence[UUID] | None = None) -> list[Load]:
    """How many orders wait at each location, how many are due soon, and how many are past their promise."""
    return await uow.all(
        Load,
        """
        select s.id as location_id, s.name as location_name, count(distinct o.id)::int as orders,
               (count(distinct o.id) filter (where o.due >= %(now)s and o.due < %(soon)s))::int as soon,
               (count(distinct o.id) filter (where o.due < %(now)s))::int as overdue
        from (select o.*, coalesce(o.ship_by, o.deliver_until, o.paid_at + %(within)s::interval) as due
              from orders o
              where o.merchant_id = %(merchant_id)s and o.state = 'paid' and o.held_for = ''
                and o.delivery = %(delivery)s) o
        join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
        join stores s on s.merchant_id = l.merchant_id and s.id = l.location_id
        where l.kind <> 'virtual' and l.quantity > l.fulfilled_quantity + l.cancelled_quantity
          and (%(places)s::uuid[] is null or l.location_id = any(%(places)s))
        group by s.id, s.name, s.code order by s.code
        """,
        within=SHIP_WITHIN,
        soon=uow.now + SOON,
        delivery=delivery,
        places=list(location_ids) if location_ids is not None else None,
    )


def after_due(cursor: str | None) -> tuple[datetime, UUID, UUID] | None:
    """A cursor of the board. One that cannot be read starts at the top."""
    parts = (cursor or "").split("~")
    try:
        return datetime.fromisoformat(parts[0].replace(" ", "+")), UUID(parts[1]), UUID(parts[2])
    except (ValueError, IndexError):
        return None
