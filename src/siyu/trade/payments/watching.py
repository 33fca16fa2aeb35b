"""What somebody should look at: money that came late or twice, attempts that stay silent, refunds that are stuck."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.runtime.db import UnitOfWork

DAYS = 30


class Counts(msgspec.Struct, frozen=True):
    """Counts of the last 30 days, and of what is open now."""

    late: int
    late_amount: int
    double: int
    double_amount: int
    refused: int
    silent: int
    stuck: int
    proofs: int


class Silent(msgspec.Struct, frozen=True):
    """An attempt that the gateway has been asked about and that is not paid."""

    id: UUID
    order_id: UUID
    order_number: str
    out_trade_no: str
    method: str
    amount: int
    asked: int
    created_at: datetime
    next_query_at: datetime | None
    pay_by: datetime | None


class SetAside(msgspec.Struct, frozen=True):
    """Money that came late or twice, and where it is."""

    payment_id: UUID
    order_id: UUID
    order_number: str
    method: str
    amount: int
    state: str
    refund_state: str
    paid_at: datetime


async def counts(uow: UnitOfWork) -> Counts:
    """Everything at a glance."""
    return await uow.one(
        Counts,
        """
        select count(*) filter (where p.state like '%%late') as late,
               coalesce(sum(p.amount) filter (where p.state like '%%late'), 0)::bigint as late_amount,
               count(*) filter (where p.state like '%%double') as double,
               coalesce(sum(p.amount) filter (where p.state like '%%double'), 0)::bigint as double_amount,
               (select count(*) from gateway_notices n
                where n.merchant_id = %(merchant_id)s and n.received_at > %(since)s
                  and coalesce((select r.outcome from notice_retries r where r.merchant_id = n.merchant_id
                                and r.notice_id = n.id order by r.at desc, r.id desc limit 1), n.outcome)
                      in ('failed', 'unknown', 'wrong_amount')) as refused,
               (select count(*) from payments w where w.merchant_id = %(merchant_id)s and w.state = 'waiting'
                  and w.asked > 0) as silent,
               (select count(*) from refunds f
                left join payments q on q.merchant_id = f.merchant_id and q.id = f.payment_id
                where f.merchant_id = %(merchant_id)s
                  and (f.state = 'abnormal'
                       or f.state = 'requested' and coalesce(q.method, '') in ('', 'offline', 'imported'))) as stuck,
               (select count(*) from payment_proofs o where o.merchant_id = %(merchant_id)s
                  and o.state = 'waiting') as proofs
        from payments p
        where p.merchant_id = %(merchant_id)s and p.paid_at > %(since)s
          and p.state in ('refunding_late', 'refunded_late', 'refunding_double', 'refunded_double')
        """,
        since=uow.now - timedelta(days=DAYS),
    )


async def silent(uow: UnitOfWork, limit: int = 100) -> list[Silent]:
    """Attempts that have been asked about and are not paid, the next to be asked first."""
    return await uow.all(
        Silent,
        """
        select p.id, p.order_id, o.number as order_number, p.out_trade_no, p.method, p.amount, p.asked, p.created_at,
               p.next_query_at, o.pay_by
        from payments p join orders o on o.merchant_id = p.merchant_id and o.id = p.order_id
        where p.merchant_id = %(merchant_id)s and p.state = 'waiting' and p.asked > 0
        order by p.next_query_at nulls last limit %(limit)s
        """,
        limit=limit,
    )


async def set_aside(uow: UnitOfWork, limit: int = 100) -> list[SetAside]:
    """Money of the last 30 days that came late or twice, newest first."""
    return await uow.all(
        SetAside,
        """
        select p.id as payment_id, p.order_id, o.number as order_number, p.method, p.amount, p.state,
               coalesce(r.state, '') as refund_state, p.paid_at
        from payments p
        join orders o on o.merchant_id = p.merchant_id and o.id = p.order_id
        left join refunds r on r.merchant_id = p.merchant_id and r.payment_id = p.id
        where p.merchant_id = %(merchant_id)s and p.paid_at > %(since)s
          and p.state in ('refunding_late', 'refunded_late', 'refunding_double', 'refunded_double')
        order by p.paid_at desc limit %(limit)s
        """,
        since=uow.now - timedelta(days=DAYS),
        limit=limit,
    )
