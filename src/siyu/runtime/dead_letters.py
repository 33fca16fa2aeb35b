"""Facts that a consumer could not digest, for a person to look at. Table dead_letters is written by the worker."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from siyu.kernel.errors import NotFound
from siyu.kernel.paging import bounded
from siyu.runtime.db import UnitOfWork


class DeadLetter(msgspec.Struct, frozen=True):
    """A fact that was set aside: who could not digest it, what it said, and why it failed."""

    consumer: str
    event_id: UUID
    kind: str
    data: Any
    error: str
    happened_at: datetime
    failed_at: datetime
    resolved_at: datetime | None


async def listing(uow: UnitOfWork, *, is_resolved: bool = False, limit: int = 100) -> list[DeadLetter]:
    """Facts that wait for a person, or those that were dealt with; newest first."""
    return await uow.all(
        DeadLetter,
        """
        select d.consumer, d.event_id, e.kind, e.data, d.error, e.at as happened_at, d.failed_at, d.resolved_at
        from dead_letters d join events e on e.merchant_id = d.merchant_id and e.id = d.event_id
        where d.merchant_id = %(merchant_id)s and (d.resolved_at is not null) = %(is_resolved)s
        order by d.failed_at desc, d.event_id limit %(limit)s
        """,
        is_resolved=is_resolved,
        limit=bounded(limit),
    )


async def resolve(uow: UnitOfWork, consumer: str, event_id: UUID) -> None:
    """Somebody has dealt with it. A second time changes nothing. Raises NotFound."""
    found = await uow.run(
        """
        update dead_letters set resolved_at = coalesce(resolved_at, %(now)s)
        where merchant_id = %(merchant_id)s and consumer = %(consumer)s and event_id = %(event)s
        """,
        consumer=consumer,
        event=event_id,
    )
    if not found:
        raise NotFound(what="异常事件 / dead letter")
