"""Opening doors, coming through them, and what they cost."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from siyu.events import DoorScanned, TouchesClaimed
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.place.doors.model import Door, DoorClosed, Kind, Ownership, Space
from siyu.place.doors.queries import door_by_code
from siyu.runtime.db import UnitOfWork

CODE_LENGTH = 6  # 30 bits: a billion codes per merchant, short enough for a receipt
_TARGET = re.compile(r"[A-Za-z0-9/_-]{0,120}")


class NewDoor(msgspec.Struct, frozen=True):
    """A door to be opened. Without a code it gets a random one."""

    name: str
    kind: Kind
    space: Space
    ownership: Ownership
    target: str = ""
    store_id: UUID | None = None
    staff_id: UUID | None = None
    promoter_id: UUID | None = None
    code: str = ""


class NewTouch(msgspec.Struct, frozen=True):
    """A touch that is already known to have happened (import, seed)."""

    door_id: UUID
    visitor_id: UUID
    at: datetime
    customer_id: UUID | None = None


async def open_door(uow: UnitOfWork, door: NewDoor) -> Door:
    """Open one door. Raises Invalid naming the field at fault."""
    (opened,) = await open_doors(uow, [door])
    return opened


async def open_doors(uow: UnitOfWork, doors: Sequence[NewDoor]) -> list[Door]:
    """Open doors; those whose code exists already are returned as they are."""
    for door in doors:
        if not 1 <= len(door.name.strip()) <= 60:
            raise Invalid(field="name", zh="入口名称需为 1 到 60 个字。", en="A name has 1 to 60 characters.")
        if not _TARGET.fullmatch(door.target):
            raise Invalid(field="target", zh="落地页路径不正确。", en="The landing path is not valid.")
    codes = [door.code or ids.code(CODE_LENGTH) for door in doors]
    await uow.run(
        """
        insert into doors (merchant_id, id, code, name, kind, space, ownership, target, store_id, staff_id, promoter_id,
                           created_at, updated_at)
        select %(merchant_id)s, t.id, t.code, t.name, t.kind, t.space, t.ownership, t.target, t.store_id, t.staff_id,
               t.promoter_id, %(now)s, %(now)s
        from unnest(%(ids)s::uuid[], %(codes)s::text[], %(names)s::text[], %(kinds)s::text[], %(spaces)s::text[],
                    %(ownerships)s::text[], %(targets)s::text[], %(stores)s::uuid[], %(staff)s::uuid[],
                    %(promoters)s::uuid[])
            as t (id, code, name, kind, space, ownership, target, store_id, staff_id, promoter_id)
        on conflict (merchant_id, code) do nothing
        """,
        ids=[ids.new() for _ in doors],
        codes=codes,
        names=[door.name.strip() for door in doors],
        kinds=[door.kind for door in doors],
        spaces=[door.space for door in doors],
        ownerships=[door.ownership for door in doors],
        targets=[door.target for door in doors],
        stores=[door.store_id for door in doors],
        staff=[door.staff_id for door in doors],
        promoters=[door.promoter_id for door in doors],
    )
    rows = await uow.all(
        Door,
        """
        select id, code, name, kind, space, ownership, target, is_open, store_id, staff_id, promoter_id
        from doors where merchant_id = %(merchant_id)s and code = any(%(codes)s)
        """,
        codes=codes,
    )
    by_code = {door.code: door for door in rows}
    return [by_code[code] for code in codes]


async def scan(uow: UnitOfWork, code: str, visitor_id: UUID, customer_id: UUID | None) -> Door:
    """A person comes through a door: leave a touch. Raises NotFound and DoorClosed.

    The same visitor at the same door within a minute is one touch: a reload is not a second visit.
    """
    door = await door_by_code(uow, code)
    if not door.is_open:
        raise DoorClosed
    touch_id = ids.new()
    written = await uow.run(
        """
        insert into touches (merchant_id, id, door_id, visitor_id, customer_id, at, updated_at)
        select %(merchant_id)s, %(id)s, %(door)s, %(visitor)s, %(customer)s, %(now)s, %(now)s
        where not exists (
            select from touches
            where merchant_id = %(merchant_id)s and visitor_id = %(visitor)s and door_id = %(door)s
              and at > %(now)s - interval '1 minute'
        )
        """,
        id=touch_id,
        door=door.id,
        visitor=visitor_id,
        customer=customer_id,
    )
    if written:
        uow.publish(DoorScanned(touch_id=touch_id, door_id=door.id, visitor_id=visitor_id))
    return door


async def add_touches(uow: UnitOfWork, touches: Sequence[NewTouch]) -> None:
    """Write touches that happened elsewhere, in one statement."""
    await uow.run(
        """
        insert into touches (merchant_id, id, door_id, visitor_id, customer_id, at, updated_at)
        select %(merchant_id)s, t.id, t.door_id, t.visitor_id, t.customer_id, t.at, %(now)s
        from unnest(%(ids)s::uuid[], %(doors)s::uuid[], %(visitors)s::uuid[], %(customers)s::uuid[],
                    %(ats)s::timestamptz[]) as t (id, door_id, visitor_id, customer_id, at)
        """,
        ids=[ids.at(touch.at) for touch in touches],
        doors=[touch.door_id for touch in touches],
        visitors=[touch.visitor_id for touch in touches],
        customers=[touch.customer_id for touch in touches],
        ats=[touch.at for touch in touches],
    )


async def claim_touches(uow: UnitOfWork, visitor_id: UUID, customer_id: UUID) -> int:
    """The visitor turned out to be this customer: their touches follow. Returns how many."""
    claimed = await uow.run(
        """
        update touches set customer_id = %(customer)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and visitor_id = %(visitor)s and customer_id is null
        """,
        visitor=visitor_id,
        customer=customer_id,
    )
    if claimed:
        uow.publish(TouchesClaimed(visitor_id=visitor_id, customer_id=customer_id))
    return claimed


async def add_cost(uow: UnitOfWork, door_id: UUID, day: date, amount: int, note: str = "") -> None:
    """Write what a door cost on a day, in minor units. Raises Invalid."""
    if amount <= 0:
        raise Invalid(field="amount", zh="费用需大于 0。", en="A cost is more than 0.")
    await uow.run(
        """
        insert into door_costs (merchant_id, id, door_id, day, amount, note, created_at)
        values (%(merchant_id)s, %(id)s, %(door)s, %(day)s, %(amount)s, %(note)s, %(now)s)
        """,
        id=ids.new(),
        door=door_id,
        day=day,
        amount=amount,
        note=note[:200],
    )
