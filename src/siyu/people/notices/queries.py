"""What a customer was told."""

from datetime import datetime
from uuid import UUID

from siyu.kernel.paging import Page, bounded
from siyu.people.notices.model import Told
from siyu.runtime.db import UnitOfWork


async def unread(uow: UnitOfWork, customer_id: UUID) -> int:
    """How many notices the customer has not seen."""
    return await uow.one(
        int,
        """
        select count(*) from notices
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and read_at is null
        """,
        customer=customer_id,
    )


async def listing(
    uow: UnitOfWork, customer_id: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int = 30
) -> Page[Told]:
    """The customer's notices, newest first, by keyset."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        Told,
        """
        select id, kind, subject_id, facts, at, read_at from notices
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s
          and (%(at)s::timestamptz is null or (at, id) < (%(at)s, %(last_id)s::uuid))
        order by at desc, id desc limit %(limit)s
        """,
        customer=customer_id,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.at.isoformat()}~{last.id}" if last else None)
