"""What members of a group are told: it is nearly over, one person is missing, it succeeded, it did not.

Read from the rows as they are, so nothing is lost by a crash and nothing is told twice.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.people import notices
from siyu.runtime.db import Database, Merchant, UnitOfWork

LOOK_BACK = timedelta(days=4)  # no group lives longer than 72 hours
ENDING = timedelta(hours=2)
FRESH = timedelta(hours=1)  # a group that lives no longer than three hours needs no word after the first
TOLD_AT_ONCE = 500


class _Due(msgspec.Struct, frozen=True):
    kind: str
    group_id: UUID
    customer_id: UUID
    name: str
    missing: int
    expires_at: datetime


async def tell_due(uow: UnitOfWork) -> int:
    """Tell members what they have not been told yet; returns how many notices are new."""
    due = await uow.all(
        _Due,
        """
        with lately as materialized (
            select id, name, state, size, capacity, held, paid, created_at, opened_at, expires_at from group_buys
            where merchant_id = %(merchant_id)s and created_at > %(since)s
        ),
        sitting as (
            select case when g.state = 'succeeded' and s.state = 'paid' then 'group_done'
                        when s.state in ('refunding', 'refunded') and g.state in ('expired', 'refunding', 'failed')
                            then 'group_failed'
                        when s.state = 'paid' and g.state in ('open', 'full') and g.paid + 1 = g.size
                             and g.opened_at is not null then 'group_last_seat'
                   end as kind, g.id, s.customer_id, g.name, greatest(1, g.size - g.paid) as missing, g.expires_at
            from lately g join group_seats s on s.merchant_id = %(merchant_id)s and s.group_id = g.id
            union all
            select 'group_ending', g.id, s.customer_id, g.name, greatest(1, g.size - g.paid), g.expires_at
            from lately g join group_seats s on s.merchant_id = %(merchant_id)s and s.group_id = g.id
            where g.state = 'open' and s.state = 'paid' and g.paid < g.size and g.expires_at > %(now)s
              and g.expires_at <= %(soon)s and g.created_at <= %(fresh)s
        )
        select t.kind, t.id as group_id, t.customer_id, t.name, t.missing, t.expires_at from sitting t
        where t.kind is not null and not exists (
            select from notices n where n.merchant_id = %(merchant_id)s and n.customer_id = t.customer_id
                                    and n.kind = t.kind and n.subject_id = t.id)
        order by t.id, t.customer_id limit %(limit)s
        """,
        since=uow.now - LOOK_BACK,
        soon=uow.now + ENDING,
        fresh=uow.now - FRESH,
        limit=TOLD_AT_ONCE,
    )
    return await notices.tell(
        uow,
        [
            notices.Notice(
                one.customer_id,
                one.kind,
                one.group_id,
                {
                    "name": one.name,
                    "count": one.missing,
                    "until": one.expires_at.isoformat(),
                    "id": str(one.group_id),
                },
            )
            for one in due
        ],
    )


async def sweep(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, tell_due)
