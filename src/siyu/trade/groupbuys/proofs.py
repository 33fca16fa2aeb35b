"""Proof that a group has as many members as it says, and never more than it has places."""

from uuid import UUID

from siyu.runtime.db import UnitOfWork

SHOWN_MAX = 100


async def wrong_groups(uow: UnitOfWork) -> list[UUID]:
    """Groups that go on whose counts are not those of their seats, or that have too many; a sound house has none."""
    return await uow.all(
        UUID,
        """
        select g.id from group_buys g
        left join lateral (
            select count(*) filter (where s.state = 'held') as held, count(*) filter (where s.state = 'paid') as paid
            from group_seats s where s.merchant_id = g.merchant_id and s.group_id = g.id
        ) s on true
        where g.merchant_id = %(merchant_id)s and g.state in ('open', 'full')
          and (g.held <> s.held or g.paid <> s.paid or s.held + s.paid > g.capacity)
        limit %(limit)s
        """,
        limit=SHOWN_MAX,
    )
