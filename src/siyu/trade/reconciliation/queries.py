"""Reading days and differences."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade.reconciliation.model import Day, Difference


async def days(uow: UnitOfWork, since: date) -> list[Day]:
    """Every bill since a day, newest first."""
    return await uow.all(
        Day,
        """
        select d.gateway, d.day, d.state, d.rows, d.paid, d.refunded, d.fees, d.error, d.compared_at,
               coalesce(f.differences, 0) as differences, coalesce(f.open, 0) as open
        from bill_days d
        left join lateral (
            select count(*) as differences, count(*) filter (where x.state = 'open') as open
            from bill_differences x
            where x.merchant_id = d.merchant_id and x.gateway = d.gateway and x.day = d.day
        ) f on true
        where d.merchant_id = %(merchant_id)s and d.day >= %(since)s
        order by d.day desc, d.gateway
        """,
        since=since,
    )


async def day_of(uow: UnitOfWork, gateway: str, day: date) -> Day | None:
    """One gateway's day, once it was asked for."""
    return await uow.maybe(
        Day,
        """
        select d.gateway, d.day, d.state, d.rows, d.paid, d.refunded, d.fees, d.error, d.compared_at,
               coalesce(f.differences, 0) as differences, coalesce(f.open, 0) as open
        from bill_days d
        left join lateral (
            select count(*) as differences, count(*) filter (where x.state = 'open') as open
            from bill_differences x
            where x.merchant_id = d.merchant_id and x.gateway = d.gateway and x.day = d.day
        ) f on true
        where d.merchant_id = %(merchant_id)s and d.gateway = %(gateway)s and d.day = %(day)s
        """,
        gateway=gateway,
        day=day,
    )


async def differences(
    uow: UnitOfWork,
    *,
    state: str | None = "open",
    gateway: str | None = None,
    day: date | None = None,
    ids: Sequence[UUID] | None = None,
    limit: int = 200,
) -> list[Difference]:
    """Differences, the oldest first: of one state, gateway, day."""
    return await uow.all(
        Difference,
        """
        select d.id, d.gateway, d.day, d.subject, d.kind, d.number, d.trade_no, d.ours, d.theirs, d.our_state,
               d.their_state, d.order_id, o.number as order_number, d.state, d.resolution, d.note, d.owner_id,
               d.owner_name, d.found_at, d.resolved_at, d.resolved_by
        from bill_differences d left join orders o on o.merchant_id = d.merchant_id and o.id = d.order_id
        where d.merchant_id = %(merchant_id)s
          and (%(state)s::text is null or d.state = %(state)s)
          and (%(gateway)s::text is null or d.gateway = %(gateway)s)
          and (%(day)s::date is null or d.day = %(day)s)
          and (%(ids)s::uuid[] is null or d.id = any(%(ids)s))
        order by d.found_at, d.id limit %(limit)s
        """,
        state=state,
        gateway=gateway,
        day=day,
        ids=list(ids) if ids is not None else None,
        limit=limit,
    )


async def difference(uow: UnitOfWork, difference_id: UUID) -> Difference:
    """One difference. Raises NotFound."""
    found = await differences(uow, state=None, ids=[difference_id])
    if not found:
        raise NotFound(what="对账差异 / difference")
    return found[0]


async def open_count(uow: UnitOfWork) -> int:
    """How many differences wait for somebody."""
    return await uow.one(
        int,
        "select count(*) from bill_differences where merchant_id = %(merchant_id)s and state = 'open'",
    )
