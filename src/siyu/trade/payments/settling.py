"""Settling: what the gateway says became true becomes true here, once. Callbacks and queries both end here."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.model import ACCOUNTS, DEPOSIT_ACCOUNTS, Told, account_of, applied


class Outcome(StrEnum):
    """What became of one thing the gateway told us."""

    PAID = "paid"
    LATE = "late"  # the order was closed and its stock is gone: the money goes back by itself
    DOUBLE = "double"  # the order had been paid in another way: the money goes back by itself
    DUPLICATE = "duplicate"
    REFUND_DONE = "refund_done"
    REFUND_ABNORMAL = "refund_abnormal"
    REFUND_PROCESSING = "refund_processing"
    NOT_PAID = "not_paid"
    UNKNOWN = "unknown"
    WRONG_AMOUNT = "wrong_amount"
    IGNORED = "ignored"  # a notice of a kind that we have no use for

    @property
    def is_accepted(self) -> bool:
        """Whether the gateway may stop telling us."""
        return self not in {Outcome.UNKNOWN, Outcome.WRONG_AMOUNT}


# Money that does not count: how its payment is marked, why it moved, and what the buyer reads.
SET_ASIDE = {
    Outcome.LATE: ("refunding_late", "late_payment", "订单已关闭，款项原路退回"),
    Outcome.DOUBLE: ("refunding_double", "double_payment", "订单重复付款，款项原路退回"),
}


class _Known(msgspec.Struct, frozen=True):
    id: UUID
    order_id: UUID
    out_trade_no: str
    method: str
    amount: int
    state: str


class Verdict(msgspec.Struct, frozen=True):
    """What a payment turned out to be; one that counts may be the deposit of a presale, or what completes one."""

    outcome: Outcome
    part: str = "all"
    deposit: int = 0

    @property
    def state(self) -> str:
        """The state its payment has from now on."""
        if self.outcome in SET_ASIDE:
            return SET_ASIDE[self.outcome][0]
        return "deposit" if self.part == "deposit" else "paid"

    @property
    def account(self) -> str:
        """Where its money is booked."""
        if self.outcome in SET_ASIDE:
            return "unclaimed"
        return "deposits" if self.part == "deposit" else "sales"

    @property
    def reason(self) -> str:
        """Why its money moved."""
        if self.outcome in SET_ASIDE:
            return SET_ASIDE[self.outcome][1]
        return "deposit" if self.part == "deposit" else "payment"


class _Word(msgspec.Struct, frozen=True):
    """A payment that has just become true."""

    payment: _Known
    told: Told


async def settle(uow: UnitOfWork, transactions: Sequence[Told]) -> list[Outcome]:
    """Record successful payments and move their orders on; each transaction has one effect however often it comes.

    The amount and currency must be those we asked for. A payment for an order that was closed meanwhile is
    honoured when stock allows; else, and when another payment counted already, the money is set aside and its
    refund requested.
    """
    known = await uow.all(
        _Known,
        """
        select id, order_id, out_trade_no, method, amount, state from payments
        where merchant_id = %(merchant_id)s and out_trade_no = any(%(numbers)s)
        order by id for update
        """,
        numbers=[t.out_trade_no for t in transactions],
    )
    by_number = {payment.out_trade_no: payment for payment in known}
    outcomes: list[Outcome] = []
    fresh: dict[UUID, _Word] = {}
    for told in transactions:
        payment = by_number.get(told.out_trade_no)
        outcome = _judge(payment, told, uow.merchant.currency)
        if outcome is Outcome.PAID and payment is not None:
            if payment.id in fresh:
                outcome = Outcome.DUPLICATE
            else:
                fresh[payment.id] = _Word(payment, told)
        outcomes.append(outcome)
    decided = await _apply(uow, fresh)
    return [
        decided[by_number[told.out_trade_no].id] if outcome is Outcome.PAID else outcome
        for outcome, told in zip(outcomes, transactions, strict=True)
    ]


def _judge(payment: _Known | None, told: Told, currency: str) -> Outcome:
    if payment is None:
        return Outcome.UNKNOWN
    if not told.is_paid:
        return Outcome.NOT_PAID
    if (told.total, told.currency) != (payment.amount, currency):
        return Outcome.WRONG_AMOUNT
    return Outcome.PAID if payment.state in {"waiting", "closed"} else Outcome.DUPLICATE


async def _apply(uow: UnitOfWork, fresh: Mapping[UUID, _Word]) -> dict[UUID, Outcome]:
    """Move orders, payments and the ledger; return what each payment turned out to be."""
    if not fresh:
        return {}
    decided = await _decide(uow, [word.payment for word in fresh.values()])
    await uow.run(
        """
        update payments p set state = t.state, transaction_id = t.transaction, paid_at = t.paid_at,
                              next_query_at = null, updated_at = %(now)s
        from unnest(%(ids)s::uuid[], %(states)s::text[], %(transactions)s::text[], %(paid)s::timestamptz[])
            as t (id, state, transaction, paid_at)
        where p.merchant_id = %(merchant_id)s and p.id = t.id
        """,
        ids=list(fresh),
        states=[decided[i].state for i in fresh],
        transactions=[word.told.transaction_id or None for word in fresh.values()],
        paid=[word.told.success_time or uow.now for word in fresh.values()],
    )
    # What is still open for these orders is closed at its gateway by the sweep, at once. One that is being settled
    # right now is locked by somebody who waits for our order, so it is passed over.
    await uow.send(
        """
        update payments set next_query_at = %(now)s
        where merchant_id = %(merchant_id)s and id in (
            select id from payments
            where merchant_id = %(merchant_id)s and order_id = any(%(orders)s) and state = 'waiting'
            for update skip locked
        )
        """,
        orders=[word.payment.order_id for word in fresh.values()],
    )
    await _book(uow, fresh, decided)
    return {payment_id: verdict.outcome for payment_id, verdict in decided.items()}


async def _decide(uow: UnitOfWork, payments: Sequence[_Known]) -> dict[UUID, Verdict]:
    """Which of these payments count. Of two for one order the first does."""
    stale = await _at_another_price(uow, [p for p in payments if p.state == "closed"])
    first: dict[UUID, _Known] = {}
    for payment in payments:
        if payment.id not in stale:
            first.setdefault(payment.order_id, payment)
    moved = await orders.mark_paid(uow, {i: one.amount for i, one in first.items()}) if first else {}
    decided: dict[UUID, Verdict] = {}
    for payment in payments:
        order = moved.get(payment.order_id)
        if order is not None and order.is_paid and first[payment.order_id].id == payment.id:
            decided[payment.id] = Verdict(Outcome.PAID, order.part, order.deposit)
        elif order is None or (order.found == "closed" and not order.is_paid):
            decided[payment.id] = Verdict(Outcome.LATE)
        else:
            decided[payment.id] = Verdict(Outcome.DOUBLE)
    return decided


async def _at_another_price(uow: UnitOfWork, closed: Sequence[_Known]) -> set[UUID]:
    """Payments for what the order cost before its price was changed: they never pay it."""
    if not closed:
        return set()
    return set(
        await uow.all(
            UUID,
            """
            select p.id from payments p
            join orders o on o.merchant_id = p.merchant_id and o.id = p.order_id
            where p.merchant_id = %(merchant_id)s and p.id = any(%(ids)s) and p.amount <> o.due_amount
            """,
            ids=[payment.id for payment in closed],
        )
    )


async def _book(uow: UnitOfWork, fresh: Mapping[UUID, _Word], decided: Mapping[UUID, Verdict]) -> None:
    methods = {word.payment.method for word in fresh.values()}
    assert "balance" not in methods, "a balance is paid from in payments.balance"
    with_deposits = DEPOSIT_ACCOUNTS if any(one.part != "all" for one in decided.values()) else {}
    accounts = await ledger.open_accounts(
        uow, {**ACCOUNTS, **with_deposits, **dict(account_of(method, None) for method in methods)}
    )
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("payment.received", payment_id),
                debit=accounts[account_of(word.payment.method, None)[0]],
                credit=accounts[decided[payment_id].account],
                amount=word.payment.amount,
                reason=decided[payment_id].reason,
                subject_id=word.payment.order_id,
            )
            for payment_id, word in fresh.items()
        ]
        + [
            applied(accounts, word.payment.order_id, decided[payment_id].deposit)
            for payment_id, word in fresh.items()
            if decided[payment_id].part == "balance"
        ],
    )
    for payment_id, verdict in decided.items():
        if verdict.outcome in SET_ASIDE:
            await _give_back(uow, fresh[payment_id].payment, verdict.outcome, accounts)


async def _give_back(
    uow: UnitOfWork, payment: _Known, outcome: Outcome, accounts: Mapping[str, UUID]
) -> None:
    """Request the refund of a payment that does not count. A sweep sends it to the gateway."""
    _, kind, reason = SET_ASIDE[outcome]
    refund_id = ids.derived(f"payment.{outcome}", payment.id)
    await uow.run(
        """
        insert into refunds (merchant_id, id, order_id, payment_id, out_refund_no, amount, reason, kind, state,
                             next_attempt_at, requested_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(order)s, %(payment)s, %(number)s, %(amount)s, %(reason)s, %(kind)s,
                'requested', %(now)s, %(now)s, %(now)s)
        on conflict do nothing
        """,
        id=refund_id,
        order=payment.order_id,
        payment=payment.id,
        number=refund_id.hex,
        amount=payment.amount,
        reason=reason,
        kind=kind,
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
