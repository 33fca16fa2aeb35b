"""Reading staff."""

from uuid import UUID

import msgspec

from siyu.kernel.errors import NotFound
from siyu.people.staff.model import StaffMember
from siyu.runtime.db import UnitOfWork


async def every(uow: UnitOfWork) -> list[StaffMember]:
    """All staff, by login."""
    return await uow.all(
        StaffMember,
        """
        select s.id, s.login, s.name, s.role, s.store_id, t.name as store_name, s.is_active, s.role_id,
               r.name as role_name, s.team_id, m.name as team_name,
               array(select l.location_id from staff_stores l
                     where l.merchant_id = s.merchant_id and l.staff_id = s.id order by l.location_id) as store_ids,
               array(select p.name from staff_stores l
                     join stores p on p.merchant_id = l.merchant_id and p.id = l.location_id
                     where l.merchant_id = s.merchant_id and l.staff_id = s.id
                     order by l.location_id) as store_names
        from staff s
        left join stores t on t.merchant_id = s.merchant_id and t.id = s.store_id
        left join roles r on r.merchant_id = s.merchant_id and r.id = s.role_id
        left join teams m on m.merchant_id = s.merchant_id and m.id = s.team_id
        where s.merchant_id = %(merchant_id)s order by s.login
        """,
    )


async def find(uow: UnitOfWork, staff_id: UUID) -> StaffMember:
    """Raises NotFound."""
    found = next((member for member in await every(uow) if member.id == staff_id), None)
    if found is None:
        raise NotFound(what="员工 / member of staff")
    return found


class Place(msgspec.Struct, frozen=True):
    """A location somebody may serve: store, warehouse, pickup point or supplier."""

    id: UUID
    name: str
    kind: str


async def places(uow: UnitOfWork) -> list[Place]:
    """All locations, by kind and name."""
    return await uow.all(
        Place,
        "select id, name, kind from stores where merchant_id = %(merchant_id)s order by kind = 'store' desc, name, id",
    )
