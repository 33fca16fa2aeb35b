"""Settling: what the gateway says became true becomes true here, once. Callbacks and queries both end here."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from siyu.connect import wxpay
from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.model import ACCOUNTS


class Outcome(StrEnum):
    """What became of one thing the gateway told us."""

    PAID = "paid"
    LATE = "late"  # the order was closed and its stock is gone: the money goes back by itself
    DUPLICATE = "duplicate"
    REFUND_DONE = "refund_done"
    REFUND_ABNORMAL = "refund_abnormal"
    REFUND_PROCESSING = "refund_processing"
    NOT_PAID = "not_paid"
    UNKNOWN = "unknown"
    WRONG_AMOUNT = "wrong_amount"

    @property
    def is_accepted(self) -> bool:
        """Whether the gateway may stop telling us."""
        return self not in {Outcome.UNKNOWN, Outcome.WRONG_AMOUNT}


class _Known(msgspec.Struct, frozen=True):
    id: UUID
    order_id: UUID
    out_trade_no: str
    amount: int
    state: str


async def settle(uow: UnitOfWork, transactions: Sequence[wxpay.Transaction]) -> list[Outcome]:
    """Record successful payments and move their orders on; each transaction has one effect however often it comes.

    The amount and currency must be those we asked for. A payment for an order that was closed meanwhile is
    honoured when stock allows; else the money is set aside and its refund requested.
    """
    known = await uow.all(
        _Known,
        """
        select id, order_id, out_trade_no, amount, state from payments
        where merchant_id = %(merchant_id)s and out_trade_no = any(%(numbers)s)
        order by id for update
        """,
        numbers=[t.out_trade_no for t in transactions],
    )
    by_number = {payment.out_trade_no: payment for payment in known}
    outcomes: list[Outcome] = []
    fresh: dict[UUID, tuple[_Known, wxpay.Transaction]] = {}
    for transaction in transactions:
        payment = by_number.get(transaction.out_trade_no)
        outcome = _judge(payment, transaction, uow.merchant.currency)
        if outcome is Outcome.PAID and payment is not None:
            if payment.order_id in fresh:
                outcome = Outcome.DUPLICATE
            else:
                fresh[payment.order_id] = (payment, transaction)
        outcomes.append(outcome)
    late = await _apply(uow, fresh)
    return [
        Outcome.LATE if outcome is Outcome.PAID and by_number[t.out_trade_no].order_id in late else outcome
        for outcome, t in zip(outcomes, transactions, strict=True)
    ]


def _judge(payment: _Known | None, transaction: wxpay.Transaction, currency: str) -> Outcome:
    if payment is None:
        return Outcome.UNKNOWN
    if transaction.trade_state not in {"SUCCESS", "REFUND"}:
        return Outcome.NOT_PAID
    if (transaction.total, transaction.currency) != (payment.amount, currency):
        return Outcome.WRONG_AMOUNT
    return Outcome.PAID if payment.state in {"waiting", "closed"} else Outcome.DUPLICATE


async def _apply(uow: UnitOfWork, fresh: dict[UUID, tuple[_Known, wxpay.Transaction]]) -> set[UUID]:
    """Move orders, payments and the ledger; return the orders whose money came too late."""
    if not fresh:
        return set()
    moved = await orders.mark_paid(uow, list(fresh))
    late = {order_id for order_id in fresh if not moved[order_id].is_paid}
    await uow.run(
        """
        update payments p set state = t.state, transaction_id = t.transaction, paid_at = t.paid_at,
                              next_query_at = null, updated_at = %(now)s
        from unnest(%(ids)s::uuid[], %(states)s::text[], %(transactions)s::text[], %(paid)s::timestamptz[])
            as t (id, state, transaction, paid_at)
        where p.merchant_id = %(merchant_id)s and p.id = t.id
        """,
        ids=[payment.id for payment, _ in fresh.values()],
        states=["refunding_late" if order_id in late else "paid" for order_id in fresh],
        transactions=[t.transaction_id for _, t in fresh.values()],
        paid=[t.success_time or uow.now for _, t in fresh.values()],
    )
    accounts = await ledger.open_accounts(uow, ACCOUNTS)
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("payment.received", payment.id),
                debit=accounts["gateway:wxpay"],
                credit=accounts["unclaimed" if order_id in late else "sales"],
                amount=payment.amount,
                reason="late_payment" if order_id in late else "payment",
                subject_id=order_id,
            )
            for order_id, (payment, _) in fresh.items()
        ],
    )
    for order_id in late:
        await _give_back(uow, fresh[order_id][0], accounts)
    return late


async def _give_back(uow: UnitOfWork, payment: _Known, accounts: dict[str, UUID]) -> None:
    """Request the refund of a payment that came too late. A sweep sends it to the gateway."""
    refund_id = ids.derived("payment.late", payment.id)
    await uow.run(
        """
        insert into refunds (merchant_id, id, order_id, payment_id, out_refund_no, amount, reason, kind, state,
                             next_attempt_at, requested_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(order)s, %(payment)s, %(number)s, %(amount)s, '订单已关闭，款项原路退回',
                'late_payment', 'requested', %(now)s, %(now)s, %(now)s)
        on conflict do nothing
        """,
        id=refund_id,
        order=payment.order_id,
        payment=payment.id,
        number=refund_id.hex,
        amount=payment.amount,
    )
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("refund.promised", refund_id),
                debit=accounts["unclaimed"],
                credit=accounts["refunds_due"],
                amount=payment.amount,
                reason="refund",
                subject_id=payment.order_id,
            )
        ],
    )


class _Open(msgspec.Struct, frozen=True):
    id: UUID
    order_id: UUID
    payment_id: UUID | None
    amount: int
    kind: str
    state: str


async def refund_finished(uow: UnitOfWork, refund: wxpay.Refund) -> Outcome:
    """Record what the gateway says of a refund, once."""
    ours = await uow.maybe(
        _Open,
        """
        select id, order_id, payment_id, amount, kind, state from refunds
        where merchant_id = %(merchant_id)s and out_refund_no = %(number)s for update
        """,
        number=refund.out_refund_no,
    )
    if ours is None:
        return Outcome.UNKNOWN
    if refund.refund != ours.amount:
        return Outcome.WRONG_AMOUNT
    if ours.state == "done":
        return Outcome.DUPLICATE
    if refund.status == "SUCCESS":
        await _refund_done(uow, ours, refund.refund_id, refund.success_time)
        return Outcome.REFUND_DONE
    state = "processing" if refund.status == "PROCESSING" else "abnormal"
    await uow.run(
        """
        update refunds set state = %(state)s, gateway_id = %(gateway)s, last_error = %(error)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        state=state,
        gateway=refund.refund_id,
        error=None if state == "processing" else refund.status,
        id=ours.id,
    )
    return Outcome.REFUND_PROCESSING if state == "processing" else Outcome.REFUND_ABNORMAL


async def _refund_done(uow: UnitOfWork, ours: _Open, gateway_id: str, done_at: datetime | None) -> None:
    await uow.run(
        """
        update refunds set state = 'done', gateway_id = %(gateway)s, done_at = %(done)s, next_attempt_at = null,
                           last_error = null, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        gateway=gateway_id,
        done=done_at or uow.now,
        id=ours.id,
    )
    if ours.kind == "late_payment":
        await uow.run(
            """
            update payments set state = 'refunded_late', updated_at = %(now)s
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=ours.payment_id,
        )
    accounts = await ledger.open_accounts(uow, ACCOUNTS)
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("refund.done", ours.id),
                debit=accounts["refunds_due"],
                credit=accounts["gateway:wxpay"],
                amount=ours.amount,
                reason="refund",
                subject_id=ours.order_id,
            )
        ],
    )
