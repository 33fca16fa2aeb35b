"""Reading payments and refunds."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.runtime.db import UnitOfWork
from siyu.trade.payments.model import Payment, Refund, RefundLine


async def attempts(uow: UnitOfWork, order_id: UUID) -> list[Payment]:
    """Every attempt to pay an order: the one that counts first, then the newest."""
    return await uow.all(
        Payment,
        """
        select id, order_id, out_trade_no, method, amount, state, prepay_id, transaction_id, paid_at, created_at
        from payments where merchant_id = %(merchant_id)s and order_id = %(order)s
        order by (state = 'paid') desc, (state = 'waiting') desc, created_at desc, id desc
        """,
        order=order_id,
    )


async def of_order(uow: UnitOfWork, order_id: UUID) -> Payment | None:
    """The payment of an order that counts, else the open one, else the newest; None before any was begun."""
    return next(iter(await attempts(uow, order_id)), None)


async def counted(uow: UnitOfWork, order_id: UUID) -> Payment | None:
    """The one payment that paid the order."""
    return await uow.maybe(
        Payment,
        """
        select id, order_id, out_trade_no, method, amount, state, prepay_id, transaction_id, paid_at, created_at
        from payments where merchant_id = %(merchant_id)s and order_id = %(order)s and state = 'paid'
        """,
        order=order_id,
    )


class _Line(msgspec.Struct, frozen=True):
    refund_id: UUID
    line_no: int
    quantity: int
    amount: int


async def refunds_of_order(uow: UnitOfWork, order_id: UUID) -> list[Refund]:
    """Refunds of an order with their lines, oldest first."""
    refunds = await uow.all(
        Refund,
        """
        select r.id, r.order_id, r.out_refund_no, r.amount, r.reason, r.kind, r.state, r.last_error, r.requested_at,
               r.done_at, r.freight, coalesce(p.method, '') as method, r.reference
        from refunds r left join payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id
        where r.merchant_id = %(merchant_id)s and r.order_id = %(order)s order by r.requested_at, r.id
        """,
        order=order_id,
    )
    return await with_lines(uow, refunds)


async def with_lines(uow: UnitOfWork, refunds: Sequence[Refund]) -> list[Refund]:
    """The same refunds with what they give back."""
    if not refunds:
        return []
    lines = await uow.all(
        _Line,
        """
        select refund_id, line_no, quantity, amount from refund_lines
        where merchant_id = %(merchant_id)s and refund_id = any(%(ids)s) order by line_no, quantity desc
        """,
        ids=[refund.id for refund in refunds],
    )
    return [
        msgspec.structs.replace(
            refund,
            lines=tuple(
                RefundLine(li.line_no, li.quantity, li.amount) for li in lines if li.refund_id == refund.id
            ),
        )
        for refund in refunds
    ]


async def abnormal_refunds(uow: UnitOfWork, limit: int = 50) -> list[Refund]:
    """Refunds a person has to look at: the gateway cannot do them, or the money came without a gateway."""
    return await uow.all(
        Refund,
        """
        select r.id, r.order_id, r.out_refund_no, r.amount, r.reason, r.kind, r.state, r.last_error, r.requested_at,
               r.done_at, r.freight, coalesce(p.method, '') as method, r.reference
        from refunds r left join payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id
        where r.merchant_id = %(merchant_id)s
          and (r.state = 'abnormal'
               or r.state = 'requested' and coalesce(p.method, '') in ('', 'offline', 'imported'))
        order by r.requested_at desc limit %(limit)s
        """,
        limit=limit,
    )
