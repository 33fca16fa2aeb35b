"""Orders that are paid and must not leave yet: their group is not complete, their presale not due."""

from collections.abc import Sequence
from uuid import UUID

from siyu.runtime.db import UnitOfWork


async def release_hold(uow: UnitOfWork, order_ids: Sequence[UUID]) -> int:
    """What these orders were held for has happened: their goods may leave. Returns how many were held until now.

    The time to ship begins now: while the group was not complete nothing could be packed, and nobody is late for it.
    """
    if not order_ids:
        return 0
    return await uow.run(
        """
        update orders set held_for = '', updated_at = %(now)s, ship_by = ship_by + (%(now)s - placed_at)
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and held_for <> ''
        """,
        ids=sorted(order_ids),
    )
