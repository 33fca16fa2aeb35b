"""What promoting reads beside the front doors: who came through a promoter's doors, without saying who they are."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from siyu.place import doors
from siyu.runtime.db import UnitOfWork, uuid_array

COMERS_SHOWN = 30
SELLING_DAYS = 7


class Comer(msgspec.Struct, frozen=True):
    """Somebody whose first way in was a promoter's door; `buys` is whether they bought since."""

    nickname: str
    joined_at: datetime
    buys: bool

    @property
    def masked(self) -> str:
        """The first character of the nickname; a promoter sees nobody's name (协议五)."""
        return f"{self.nickname[:1]}**" if self.nickname else ""


class Day(msgspec.Struct, frozen=True):
    """Visits and new customers on a day of the merchant's zone."""

    day: date
    scans: int
    people: int


async def comers(uow: UnitOfWork, door_ids: Sequence[UUID]) -> list[Comer]:
    """The newest customers who came through these doors first."""
    return await uow.all(
        Comer,
        """
        select c.nickname, c.joined_at,
               exists (select from orders o
                       where o.merchant_id = c.merchant_id and o.customer_id = c.id and o.paid_at is not null) as buys
        from customers c
        where c.merchant_id = %(merchant_id)s and c.first_door_id = any(%(doors)s::uuid[])
        order by c.joined_at desc, c.id limit %(limit)s
        """,
        doors=uuid_array(door_ids),
        limit=COMERS_SHOWN,
    )


async def days(uow: UnitOfWork, own: Sequence[doors.Door], count: int = 14) -> list[Day]:
    """The last days of all of a promoter's doors together, oldest first."""
    found: dict[date, Day] = {}
    for door in own:
        for each in await doors.days_of(uow, door.id, count):
            known = found.get(each.day, Day(each.day, 0, 0))
            found[each.day] = Day(each.day, known.scans + each.scans, known.people + each.people)
    return [found[day] for day in sorted(found)]


class _Sold(msgspec.Struct, frozen=True):
    product_id: UUID
    units: int


async def selling(uow: UnitOfWork, product_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Units of these products that were ordered and paid for within the last days, whoever brought the buyers."""
    rows = await uow.all(
        _Sold,
        """
        select l.product_id, sum(l.quantity)::bigint as units
        from orders o join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
        where o.merchant_id = %(merchant_id)s and o.placed_at >= %(since)s and o.paid_at is not null
          and l.product_id = any(%(products)s::uuid[])
        group by l.product_id
        """,
        since=uow.now - timedelta(days=SELLING_DAYS),
        products=uuid_array(product_ids),
    )
    return {row.product_id: row.units for row in rows}
