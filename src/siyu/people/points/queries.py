"""Reading points: a customer's, all movements, and what the merchant owes."""

from datetime import datetime
from uuid import UUID

from siyu.kernel.paging import Page, bounded
from siyu.people.points.model import Ending, Liability, Movement, Statement
from siyu.runtime.db import UnitOfWork


async def statement(uow: UnitOfWork, customer_id: UUID) -> Statement:
    """What a customer has, owes and is about to get. Points whose day has come count no more."""
    return await uow.one(
        Statement,
        """
        select coalesce((select sum(remaining) from point_batches b
                         where b.merchant_id = %(merchant_id)s and b.customer_id = %(customer)s and b.remaining > 0
                           and (b.expires_at is null or b.expires_at > %(now)s)), 0)::bigint as balance,
               coalesce((select debt from point_accounts a
                         where a.merchant_id = %(merchant_id)s and a.customer_id = %(customer)s), 0) as debt,
               coalesce((select sum(points - reversed_points) from point_earnings e
                         where e.merchant_id = %(merchant_id)s and e.customer_id = %(customer)s
                           and e.state = 'pending'), 0)::bigint as pending
        """,
        customer=customer_id,
    )


async def endings(uow: UnitOfWork, customer_id: UUID) -> list[Ending]:
    """What a customer has by the day on which it ends, the soonest first."""
    return await uow.all(
        Ending,
        """
        select expires_at, sum(remaining)::bigint as points from point_batches
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s and remaining > 0
          and (expires_at is null or expires_at > %(now)s)
        group by expires_at order by expires_at nulls last
        """,
        customer=customer_id,
    )


async def movements(
    uow: UnitOfWork,
    *,
    customer_id: UUID | None = None,
    reason: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page[Movement]:
    """Movements, newest first. The cursor is (at, id)."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        Movement,
        """
        select m.id, m.customer_id, m.reason, m.points, m.balance, m.debt, m.note, m.actor_name, m.at,
               coalesce(c.nickname, '') as nickname
        from point_movements m
        join customers c on c.merchant_id = m.merchant_id and c.id = m.customer_id
        where m.merchant_id = %(merchant_id)s
          and (%(customer)s::uuid is null or m.customer_id = %(customer)s)
          and (%(reason)s::text is null or m.reason = %(reason)s)
          and (%(at)s::timestamptz is null or (m.at, m.no, m.id) < (%(at)s,
               (select l.no from point_movements l
                where l.merchant_id = %(merchant_id)s and l.id = %(last_id)s::uuid), %(last_id)s::uuid))
        order by m.at desc, m.no desc, m.id desc limit %(limit)s
        """,
        customer=customer_id,
        reason=reason,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.at.isoformat()}~{last.id}" if last else None)


async def liability(uow: UnitOfWork) -> Liability:
    """What the merchant owes its customers in points."""
    return await uow.one(
        Liability,
        """
        select coalesce(sum(balance), 0)::bigint as balance, coalesce(sum(debt), 0)::bigint as debt,
               coalesce((select sum(points - reversed_points) from point_earnings e
                         where e.merchant_id = %(merchant_id)s and e.state = 'pending'), 0)::bigint as pending,
               count(*) filter (where balance > 0) as holders
        from point_accounts where merchant_id = %(merchant_id)s
        """,
    )


async def endings_of_all(uow: UnitOfWork) -> list[Ending]:
    """What all customers have by the day on which it ends."""
    return await uow.all(
        Ending,
        """
        select expires_at, sum(remaining)::bigint as points from point_batches
        where merchant_id = %(merchant_id)s and remaining > 0
        group by expires_at order by expires_at nulls last limit 24
        """,
    )


async def wrong_accounts(uow: UnitOfWork) -> list[UUID]:
    """Customers whose balance is not the sum of their batches, or not that of their movements: there are none."""
    return await uow.all(
        UUID,
        """
        select a.customer_id from point_accounts a
        where a.merchant_id = %(merchant_id)s
          and (a.balance <> coalesce((select sum(b.remaining) from point_batches b
                                      where b.merchant_id = a.merchant_id and b.customer_id = a.customer_id), 0)
               or a.balance - a.debt <> coalesce((select sum(m.points) from point_movements m
                                      where m.merchant_id = a.merchant_id and m.customer_id = a.customer_id), 0))
        """,
    )
