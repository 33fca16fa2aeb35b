"""Reading staff."""

from siyu.people.staff.model import StaffMember
from siyu.runtime.db import UnitOfWork


async def every(uow: UnitOfWork) -> list[StaffMember]:
    """All staff, by login."""
    return await uow.all(
        StaffMember,
        """
        select s.id, s.login, s.name, s.role, s.store_id, t.name as store_name, s.is_active
        from staff s left join stores t on t.merchant_id = s.merchant_id and t.id = s.store_id
        where s.merchant_id = %(merchant_id)s order by s.login
        """,
    )
