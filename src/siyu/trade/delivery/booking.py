"""Taking places in slots and giving them back."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.runtime.db import UnitOfWork, json_rows
from siyu.trade.delivery.model import Booking, SlotFull


class _Places(msgspec.Struct, frozen=True):
    store_id: UUID
    slot: datetime
    places: int


def _places(bookings: Sequence[Booking]) -> list[_Places]:
    """In the order of the keys, so that two who book the same slots never wait for each other in a circle."""
    return [_Places(b.store_id, b.slot, places) for b, places in sorted(Counter(bookings).items())]


async def book(uow: UnitOfWork, bookings: Sequence[Booking]) -> None:
    """Take one place for each booking. Raises SlotFull when a slot has not enough; then none is to be kept."""
    wanted = _places(bookings)
    if not wanted:
        return
    taken = await uow.run(
        """
        insert into delivery_slots as s (merchant_id, store_id, starts_at, booked)
        select %(merchant_id)s, t.store_id, t.slot, t.places
        from json_to_recordset(%(wanted)s::json) as t (store_id uuid, slot timestamptz, places int)
        join local_delivery l on l.merchant_id = %(merchant_id)s and l.store_id = t.store_id
        where t.places <= (l.rules ->> 'capacity')::int
        order by t.store_id, t.slot
        on conflict (merchant_id, store_id, starts_at) do update set booked = s.booked + excluded.booked
            where s.booked + excluded.booked <= (
                select (l.rules ->> 'capacity')::int from local_delivery l
                where l.merchant_id = %(merchant_id)s and l.store_id = s.store_id)
        """,
        wanted=json_rows(wanted),
    )
    if taken != len(wanted):
        raise SlotFull(field="slot")


async def release(uow: UnitOfWork, bookings: Sequence[Booking]) -> None:
    """Give places back: the orders were closed before a courier came."""
    freed = _places(bookings)
    if not freed:
        return
    await uow.run(
        """
        with given as (
            select t.store_id, t.slot, t.places
            from json_to_recordset(%(freed)s::json) as t (store_id uuid, slot timestamptz, places int)
        ), locked as (
            select s.store_id, s.starts_at, g.places
            from delivery_slots s join given g on g.store_id = s.store_id and g.slot = s.starts_at
            where s.merchant_id = %(merchant_id)s
            order by s.store_id, s.starts_at for update of s
        )
        update delivery_slots s set booked = greatest(0, s.booked - l.places)
        from locked l
        where s.merchant_id = %(merchant_id)s and s.store_id = l.store_id and s.starts_at = l.starts_at
        """,
        freed=json_rows(freed),
    )
