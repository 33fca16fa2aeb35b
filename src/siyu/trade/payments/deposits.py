"""Deposits whose order ended before its balance was paid: kept, or given back.

民法典 art. 586–588: a buyer who does not pay the balance loses the deposit; a seller who does not deliver owes it twice.
"""

from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.money import ledger
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.model import ACCOUNTS, DEPOSIT_ACCOUNTS, GATEWAY_OF, Refund
from siyu.trade.payments.queries import refunds_of_order
from siyu.trade.payments.returning import into_balance

REASON_MAX = 80  # WeChat Pay's limit


class _Lost(msgspec.Struct, frozen=True):
    state: str
    close_reason: str | None
    payment_id: UUID
    method: str
    amount: int
    is_kept: bool


async def keep_deposit(uow: UnitOfWork, order_id: UUID) -> bool:
    """The buyer let the time for the balance pass: the deposit is the merchant's. Asked twice, it is kept once.

    False where there is nothing to keep: the order goes on, never had a deposit, or the deposit goes back.
    """
    lost = await _lost(uow, order_id)
    if lost is None or lost.state != "closed" or await _going_back(uow, order_id):
        return False
    accounts = await ledger.open_accounts(uow, DEPOSIT_ACCOUNTS)
    return bool(
        await ledger.transfer(
            uow,
            [
                ledger.Transfer(
                    id=_kept_id(order_id),
                    debit=accounts["deposits"],
                    credit=accounts["deposits_kept"],
                    amount=lost.amount,
                    reason="deposit_kept",
                    subject_id=order_id,
                )
            ],
        )
    )


async def return_deposit(uow: UnitOfWork, order_id: UUID, reason: str) -> Refund:
    """Give the deposit of a closed order back by the way it came. Asked twice, it goes back once.

    Raises NotFound without a deposit, WrongState while the order goes on, Invalid without a reason.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_MAX:
        raise Invalid(
            field="reason", zh="请填写退款原因（80 字以内）。", en="Give a reason of at most 80 characters."
        )
    lost = await _lost(uow, order_id)
    if lost is None:
        raise NotFound(what="定金 / deposit")
    if lost.state != "closed":
        raise orders.WrongState(lost.state)
    refund_id = ids.derived("deposit.returned", order_id)
    is_new = await uow.run(
        """
        insert into refunds (merchant_id, id, order_id, payment_id, out_refund_no, amount, reason, kind, state,
                             next_attempt_at, actor_id, requested_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(order)s, %(payment)s, %(number)s, %(amount)s, %(reason)s, 'deposit',
                'requested', %(next)s, %(actor)s, %(now)s, %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=refund_id,
        order=order_id,
        payment=lost.payment_id,
        number=refund_id.hex,
        amount=lost.amount,
        reason=reason,
        next=uow.now if lost.method in GATEWAY_OF else None,
        actor=uow.actor.id,
    )
    if is_new:
        accounts = await ledger.open_accounts(uow, {**ACCOUNTS, **DEPOSIT_ACCOUNTS})
        promised = ledger.Transfer(
            id=ids.derived("refund.promised", refund_id),
            debit=accounts["deposits_kept" if lost.is_kept else "deposits"],
            credit=accounts["refunds_due"],
            amount=lost.amount,
            reason="refund",
            subject_id=order_id,
        )
        await ledger.transfer(uow, [promised])
        if lost.method == "balance":
            await into_balance(uow, refund_id)
        await audit.note(
            uow,
            "payments.return_deposit",
            subject_kind="order",
            subject=order_id,
            before={"deposit_amount": lost.amount},
            after={"refund_amount": lost.amount},
            reason=reason,
        )
    return next(one for one in await refunds_of_order(uow, order_id) if one.id == refund_id)


def _kept_id(order_id: UUID) -> UUID:
    return ids.derived("deposit.kept", order_id)


async def _lost(uow: UnitOfWork, order_id: UUID) -> _Lost | None:
    """The deposit of an order, which is locked. Whether it was kept is what the ledger says."""
    await uow.run(
        "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=order_id
    )
    return await uow.maybe(
        _Lost,
        """
        select o.state, o.close_reason, p.id as payment_id, p.method, p.amount,
               exists (select from transfers t where t.merchant_id = o.merchant_id and t.id = %(kept)s) as is_kept
        from orders o
        join payments p on p.merchant_id = o.merchant_id and p.order_id = o.id and p.state = 'deposit'
        where o.merchant_id = %(merchant_id)s and o.id = %(id)s and o.deposit_paid_at is not null
        """,
        id=order_id,
        kept=_kept_id(order_id),
    )


async def _going_back(uow: UnitOfWork, order_id: UUID) -> bool:
    return await uow.one(
        bool,
        "select exists (select from refunds where merchant_id = %(merchant_id)s and id = %(id)s)",
        id=ids.derived("deposit.returned", order_id),
    )
