"""Who started a bargain is told when its time is over and nothing was ordered."""

from datetime import timedelta
from uuid import UUID

import msgspec

from siyu.people import notices
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Sweep

LOOK_BACK = timedelta(days=1)
TOLD_AT_ONCE = 500


class _Over(msgspec.Struct, frozen=True):
    id: UUID
    customer_id: UUID
    name: str


async def tell_due(uow: UnitOfWork) -> int:
    """Bargains that ran out within the last day without an order; returns how many owners were told."""
    over = await uow.all(
        _Over,
        """
        select b.id, b.customer_id, o.name from bargains b
        join offers o on o.merchant_id = b.merchant_id and o.id = b.offer_id
        where b.merchant_id = %(merchant_id)s and b.state <> 'bought' and b.order_id is null
          and b.ends_at <= %(now)s and b.ends_at > %(since)s
          and not exists (select from notices n where n.merchant_id = b.merchant_id and n.customer_id = b.customer_id
                                                  and n.kind = 'bargain_over' and n.subject_id = b.id)
        order by b.ends_at, b.id limit %(limit)s
        """,
        since=uow.now - LOOK_BACK,
        limit=TOLD_AT_ONCE,
    )
    told = [notices.Notice(one.customer_id, "bargain_over", one.id, {"name": one.name}) for one in over]
    return await notices.tell(uow, told)


async def sweep(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, tell_due)


SWEEPS = [Sweep("bargains.tell", 60.0, sweep)]
