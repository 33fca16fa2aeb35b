"""Reading payments and refunds."""

from uuid import UUID

import msgspec

from siyu.runtime.db import UnitOfWork
from siyu.trade.payments.model import Payment, Refund, RefundLine


async def of_order(uow: UnitOfWork, order_id: UUID) -> Payment | None:
    """The payment of an order, once one was begun."""
    return await uow.maybe(
        Payment,
        """
        select id, order_id, out_trade_no, method, amount, state, prepay_id, transaction_id, paid_at, created_at
        from payments where merchant_id = %(merchant_id)s and order_id = %(order)s
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
        select id, order_id, out_refund_no, amount, reason, kind, state, last_error, requested_at, done_at
        from refunds where merchant_id = %(merchant_id)s and order_id = %(order)s order by requested_at, id
        """,
        order=order_id,
    )
    lines = await uow.all(
        _Line,
        """
        select refund_id, line_no, quantity, amount from refund_lines
        where merchant_id = %(merchant_id)s and order_id = %(order)s order by line_no
        """,
        order=order_id,
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
    """Refunds a person has to look at."""
    return await uow.all(
        Refund,
        """
        select id, order_id, out_refund_no, amount, reason, kind, state, last_error, requested_at, done_at
        from refunds where merchant_id = %(merchant_id)s and state = 'abnormal'
        order by requested_at desc limit %(limit)s
        """,
        limit=limit,
    )
