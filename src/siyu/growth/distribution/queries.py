"""Reading promoters and what they earned, each line with its reason."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.growth.distribution.model import (
    Commission,
    Earnings,
    PromoterReport,
    Reversal,
)
from siyu.kernel.paging import bounded
from siyu.runtime.db import UnitOfWork


async def promoters(uow: UnitOfWork) -> list[PromoterReport]:
    """All promoters with their sales and earnings, best sellers first."""
    return await uow.all(
        PromoterReport,
        """
        select p.id, p.customer_id, p.kind, p.name, p.state, p.joined_at,
               count(distinct c.order_id) as orders, coalesce(sum(c.basis), 0)::bigint as sales,
               coalesce(sum(c.amount - c.reversed_amount) filter (where c.state = 'pending'), 0)::bigint as pending,
               coalesce(sum(c.amount - c.reversed_amount) filter (where c.state = 'payable'), 0)::bigint as payable,
               coalesce(sum(c.reversed_amount), 0)::bigint as reversed
        from promoters p
        left join commissions c on c.merchant_id = p.merchant_id and c.promoter_id = p.id
        where p.merchant_id = %(merchant_id)s
        group by p.merchant_id, p.id
        order by coalesce(sum(c.basis), 0) desc, p.id
        """,
    )


async def commissions(
    uow: UnitOfWork,
    promoter_id: UUID | None = None,
    *,
    state: str | None = None,
    order_id: UUID | None = None,
    before: datetime | None = None,
    limit: int = 50,
) -> list[Commission]:
    """Commission lines, newest first; of one promoter, state or order when given."""
    return await uow.all(
        Commission,
        """
        select c.order_id, o.number as order_number, c.line_no, c.promoter_id, p.name as promoter_name, l.title,
               n.name as plan_name, c.rate_bps, c.basis, c.units, c.amount, c.reversed_units, c.reversed_amount,
               c.state, c.earned_at, c.matures_at, c.payable_at, c.plan_id, c.plan_version, c.fixed, c.uncut,
               c.cut_by, c.supplier_amount, c.hold_days, c.is_held, c.settled_amount, c.paid_amount
        from commissions c
        join orders o on o.merchant_id = c.merchant_id and o.id = c.order_id
        join order_lines l on l.merchant_id = c.merchant_id and l.order_id = c.order_id and l.line_no = c.line_no
        join promoters p on p.merchant_id = c.merchant_id and p.id = c.promoter_id
        join commission_plans n on n.merchant_id = c.merchant_id and n.id = c.plan_id
        where c.merchant_id = %(merchant_id)s
          and (%(promoter)s::uuid is null or c.promoter_id = %(promoter)s)
          and (%(state)s::text is null or c.state = %(state)s)
          and (%(order)s::uuid is null or c.order_id = %(order)s)
          and (%(before)s::timestamptz is null or c.earned_at < %(before)s)
        order by c.earned_at desc, c.order_id, c.line_no limit %(limit)s
        """,
        promoter=promoter_id,
        state=state,
        order=order_id,
        before=before,
        limit=bounded(limit),
    )


async def for_order(uow: UnitOfWork, order_id: UUID) -> list[Commission]:
    """What an order earned its promoter, line by line."""
    return await commissions(uow, order_id=order_id)


async def reversals_of(uow: UnitOfWork, order_id: UUID) -> list[Reversal]:
    """What refunds took back from an order's commission."""
    return await uow.all(
        Reversal,
        """
        select refund_id, line_no, units, amount, at, cause from commission_reversals
        where merchant_id = %(merchant_id)s and order_id = %(order)s order by at, line_no
        """,
        order=order_id,
    )


async def earnings(uow: UnitOfWork, promoter_id: UUID, since: datetime | None = None) -> Earnings:
    """Sums of a promoter's commission, of all time or since an instant; approved corrections count as payable."""
    return await uow.one(
        Earnings,
        """
        with lines as (
            select coalesce(sum(amount - reversed_amount) filter (where state = 'pending'), 0)::bigint as pending,
                   coalesce(sum(amount - reversed_amount) filter (where state = 'payable'), 0)::bigint as payable,
                   coalesce(sum(reversed_amount), 0)::bigint as reversed,
                   count(distinct order_id) as orders, coalesce(sum(basis), 0)::bigint as sales,
                   coalesce(sum(amount - reversed_amount - settled_amount) filter (where payable_at is not null),
                            0)::bigint as open,
                   coalesce(sum(settled_amount - paid_amount), 0)::bigint as in_payout,
                   coalesce(sum(paid_amount), 0)::bigint as paid,
                   coalesce(sum(amount - reversed_amount) filter (where state = 'pending' and is_held), 0)::bigint as held
            from commissions
            where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s
              and (%(since)s::timestamptz is null or earned_at >= %(since)s)
        ), corrected as (
            select coalesce(sum(amount), 0)::bigint as amount, coalesce(sum(amount - settled_amount), 0)::bigint as open,
                   coalesce(sum(settled_amount - paid_amount), 0)::bigint as in_payout,
                   coalesce(sum(paid_amount), 0)::bigint as paid
            from commission_adjustments
            where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s and state = 'approved'
              and (%(since)s::timestamptz is null or decided_at >= %(since)s)
        )
        select l.pending, l.payable + a.amount as payable, l.reversed, l.orders, l.sales, l.open + a.open as open,
               l.in_payout + a.in_payout as in_payout, l.paid + a.paid as paid, l.held
        from lines l, corrected a
        """,
        promoter=promoter_id,
        since=since,
    )


async def expected(uow: UnitOfWork, promoter_id: UUID) -> int:
    """Commission of sales whose goods the buyer does not have yet, in minor units; part of what is pending."""
    return await uow.one(
        int,
        """
        select coalesce(sum(amount - reversed_amount), 0)::bigint from commissions
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s and state = 'pending'
          and matures_at is null
        """,
        promoter=promoter_id,
    )


class Sums(msgspec.Struct, frozen=True):
    """Commission of all promoters, fen: promised, payable and in no payout, in payouts, paid, and owed back by promoters
    whose paid commission was refunded.
    """

    pending: int
    held: int
    open: int
    in_payout: int
    paid: int
    owed_back: int


async def sums(uow: UnitOfWork) -> Sums:
    """What the merchant owes all promoters together, and what some owe back."""
    return await uow.one(
        Sums,
        """
        with lines as (
            select promoter_id, sum(amount - reversed_amount) filter (where state = 'pending') as pending,
                   sum(amount - reversed_amount) filter (where state = 'pending' and is_held) as held,
                   sum(amount - reversed_amount - settled_amount) filter (where payable_at is not null) as open,
                   sum(settled_amount - paid_amount) as in_payout, sum(paid_amount) as paid
            from commissions where merchant_id = %(merchant_id)s group by promoter_id
            union all
            select promoter_id, 0, 0, sum(amount - settled_amount), sum(settled_amount - paid_amount), sum(paid_amount)
            from commission_adjustments where merchant_id = %(merchant_id)s and state = 'approved' group by promoter_id
        ), each as (
            select promoter_id, sum(pending) as pending, sum(held) as held, sum(open) as open,
                   sum(in_payout) as in_payout, sum(paid) as paid
            from lines group by promoter_id
        )
        select coalesce(sum(pending), 0)::bigint as pending, coalesce(sum(held), 0)::bigint as held,
               coalesce(sum(greatest(open, 0)), 0)::bigint as open, coalesce(sum(in_payout), 0)::bigint as in_payout,
               coalesce(sum(paid), 0)::bigint as paid, coalesce(sum(greatest(-open, 0)), 0)::bigint as owed_back
        from each
        """,
    )
