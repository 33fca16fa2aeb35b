"""Levels of promoters, looked at once a month: by the quality of their own sales and by nothing else (合规 D-02)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.growth import promoters
from siyu.growth.distribution import plan_queries
from siyu.growth.distribution.model import LevelStep
from siyu.kernel import money
from siyu.runtime.db import Database, Merchant, UnitOfWork

STANDARD = "standard"
WINDOW = timedelta(days=90)


class _Quality(msgspec.Struct, frozen=True):
    """A promoter's own sales of the window: orders that buyers received, and of how many something was refunded."""

    promoter_id: UUID
    received: int
    refunded: int


def level_for(steps: Sequence[LevelStep], received: int, refunded: int) -> str:
    """The first step whose conditions hold, in the order the merchant gave them; otherwise the standard level."""
    refund_bps = refunded * money.BASIS_POINTS // received if received else money.BASIS_POINTS
    for step in steps:
        if received >= step.orders and refund_bps <= step.refund_bps:
            return step.name
    return STANDARD


async def look(uow: UnitOfWork) -> int:
    """Give every promoter the level of this month, once a month; returns how many changed."""
    month = uow.now.astimezone(ZoneInfo(uow.merchant.timezone)).date().replace(day=1)
    is_new = await uow.run(
        """
        insert into commission_level_runs (merchant_id, month, changed, at)
        values (%(merchant_id)s, %(month)s, 0, %(now)s) on conflict do nothing
        """,
        month=month,
    )
    if not is_new:
        return 0
    steps = (await plan_queries.settings(uow)).levels
    found = await uow.all(
        _Quality,
        """
        select p.id as promoter_id,
               count(distinct c.order_id) filter (where c.matures_at is not null)::int as received,
               count(distinct c.order_id) filter (where c.matures_at is not null and c.reversed_amount > 0)::int
                   as refunded
        from promoters p
        left join commissions c
          on c.merchant_id = p.merchant_id and c.promoter_id = p.id and c.earned_at >= %(since)s
        where p.merchant_id = %(merchant_id)s and p.state = 'active'
        group by p.id
        """,
        since=uow.now - WINDOW,
    )
    wanted = [
        (
            row.promoter_id,
            level_for(steps, row.received, row.refunded),
            f"近 90 天本人带来已收货 {row.received} 单，其中有退款 {row.refunded} 单",
        )
        for row in found
    ]
    changed = await promoters.set_level(uow, wanted)
    await uow.run(
        """
        update commission_level_runs set changed = %(changed)s
        where merchant_id = %(merchant_id)s and month = %(month)s
        """,
        changed=changed,
        month=month,
    )
    return changed


async def look_monthly(database: Database, merchant: Merchant) -> int:
    """The sweep: a look at the calendar, and at the promoters when a month has begun."""
    return await database.attempt(merchant, look)
