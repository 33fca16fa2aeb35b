"""One door seen closely: what it cost, who came through it day by day, and opening or closing it."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.kernel.errors import NotFound
from siyu.kernel.paging import bounded
from siyu.place.doors.model import Door
from siyu.runtime.db import UnitOfWork


class DoorCost(msgspec.Struct, frozen=True):
    """What a door cost on a day, in minor units."""

    id: UUID
    day: date
    amount: int
    note: str


class DoorDay(msgspec.Struct, frozen=True):
    """Scans at a door and new people through it on a day of the merchant's zone."""

    day: date
    scans: int
    people: int


class DoorSums(msgspec.Struct, frozen=True):
    """All-time counts of one or several doors. `visitors` are distinct browsers; `cost` is minor units."""

    scans: int
    visitors: int
    people: int
    cost: int

    @property
    def cost_per_person(self) -> int | None:
        """Cost per new person in minor units, rounded down; None while nobody came."""
        return self.cost // self.people if self.people else None


async def find(uow: UnitOfWork, door_id: UUID) -> Door:
    """Raises NotFound."""
    found = await uow.maybe(
        Door,
        """
        select id, code, name, kind, space, ownership, target, is_open, store_id, staff_id, promoter_id
        from doors where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=door_id,
    )
    if found is None:
        raise NotFound(what="入口 / door")
    return found


async def sums_of(uow: UnitOfWork, door_ids: Sequence[UUID], since: datetime | None = None) -> DoorSums:
    """What came through these doors together; scans and visitors from an instant on when given."""
    return await uow.one(
        DoorSums,
        """
        select
            (select count(*) from touches
             where merchant_id = %(merchant_id)s and door_id = any(%(doors)s)
               and (%(since)s::timestamptz is null or at >= %(since)s)) as scans,
            (select count(distinct visitor_id) from touches
             where merchant_id = %(merchant_id)s and door_id = any(%(doors)s)
               and (%(since)s::timestamptz is null or at >= %(since)s)) as visitors,
            (select count(*) from customers
             where merchant_id = %(merchant_id)s and first_door_id = any(%(doors)s)
               and (%(since)s::timestamptz is null or joined_at >= %(since)s)) as people,
            (select coalesce(sum(amount), 0)::bigint from door_costs
             where merchant_id = %(merchant_id)s and door_id = any(%(doors)s)) as cost
        """,
        doors=list(door_ids),
        since=since,
    )


async def costs_of(uow: UnitOfWork, door_id: UUID, limit: int = 50) -> list[DoorCost]:
    """What a door cost, newest day first."""
    return await uow.all(
        DoorCost,
        """
        select id, day, amount, note from door_costs
        where merchant_id = %(merchant_id)s and door_id = %(door)s
        order by day desc, id desc limit %(limit)s
        """,
        door=door_id,
        limit=bounded(limit),
    )


async def days_of(uow: UnitOfWork, door_id: UUID, days: int = 30) -> list[DoorDay]:
    """The last days of a door, oldest first, days without anybody included."""
    zone = ZoneInfo(uow.merchant.timezone)
    last = uow.now.astimezone(zone).date()
    first = last - timedelta(days=days - 1)
    return await uow.all(
        DoorDay,
        """
        select d.day::date as day, coalesce(t.scans, 0) as scans, coalesce(c.people, 0) as people
        from generate_series(%(first)s::date, %(last)s::date, interval '1 day') as d (day)
        left join (
            select (at at time zone %(zone)s)::date as day, count(*) as scans from touches
            where merchant_id = %(merchant_id)s and updated_at >= %(since)s and at >= %(since)s and door_id = %(door)s
            group by 1
        ) t on t.day = d.day
        left join (
            select (joined_at at time zone %(zone)s)::date as day, count(*) as people from customers
            where merchant_id = %(merchant_id)s and joined_at >= %(since)s and first_door_id = %(door)s
            group by 1
        ) c on c.day = d.day
        order by d.day
        """,
        door=door_id,
        zone=uow.merchant.timezone,
        first=first,
        last=last,
        since=datetime.combine(first, time.min, zone),
    )


async def set_open(uow: UnitOfWork, door_id: UUID, *, is_open: bool) -> None:
    """Close a door, or open it again: a scan of a closed one leads to the shop's home. Raises NotFound."""
    touched = await uow.run(
        """
        update doors set is_open = %(is_open)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        is_open=is_open,
        id=door_id,
    )
    if not touched:
        raise NotFound(what="入口 / door")
