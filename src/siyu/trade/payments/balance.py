"""What a customer has with the merchant: paying from it, giving and taking, and every movement. No overdraft, ever.

The account can never be negative: the database itself refuses it, whatever code runs.
"""

from uuid import UUID

from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.money import ledger
from siyu.people import customers
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.begin import payable
from siyu.trade.payments.model import ACCOUNTS, DEPOSIT_ACCOUNTS, applied, balance_account
from siyu.trade.payments.opening import open_payments
from siyu.trade.payments.settling import Outcome, Verdict
from siyu.web import mark

REASON_MAX = 200
# What a customer reads at a movement.
ENTRY_WORDS = {
    "payment": mark("付款"),
    "refund": mark("退款"),
    "balance_added": mark("增加余额"),
    "balance_taken": mark("扣减余额"),
}
CHANGE_MAX = 100_000_00  # 100,000.00: more than that in one form is a slip of the finger


async def balance_of(uow: UnitOfWork, customer_id: UUID) -> int:
    """What the customer has, in minor units."""
    return await ledger.balance_of(uow, balance_account(customer_id))


async def balance_entries(uow: UnitOfWork, customer_id: UUID, limit: int = 100) -> list[ledger.Entry]:
    """The newest movements of a customer's balance."""
    return await ledger.account_entries(uow, balance_account(customer_id), limit)


async def pay_from_balance(uow: UnitOfWork, order_id: UUID, customer_id: UUID) -> None:
    """Pay a whole order from its customer's balance, at once. Two taps pay once.

    Raises NotFound, WrongState when the order is not waiting for money, UnderReview, and ledger.NotEnough.
    """
    # Locked first, so that a second tap waits and then finds the order paid.
    await uow.run(
        "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=order_id
    )
    order = await payable(uow, order_id, customer_id)
    (number,) = await open_payments(uow, [order_id], "balance")
    moved = (await orders.mark_paid(uow, {order_id: order.due}))[order_id]
    assert moved.is_paid, "a locked unpaid order can be paid"
    verdict = Verdict(Outcome.PAID, moved.part, moved.deposit)
    payment_id = await uow.one(
        UUID,
        """
        update payments set state = %(state)s, paid_at = %(now)s, next_query_at = null, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and out_trade_no = %(number)s and state = 'waiting'
        returning id
        """,
        number=number,
        state=verdict.state,
    )
    code = balance_account(customer_id)
    accounts = await ledger.open_accounts(
        uow, {**ACCOUNTS, **DEPOSIT_ACCOUNTS, code: "credit"}, never_negative=[code]
    )
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("payment.received", payment_id),
                debit=accounts[code],
                credit=accounts[verdict.account],
                amount=order.due,
                reason=verdict.reason,
                subject_id=order_id,
            ),
            *([applied(accounts, order_id, moved.deposit)] if moved.part == "balance" else []),
        ],
    )
    # What was begun at a gateway is closed there by the sweep.
    await uow.run(
        """
        update payments set next_query_at = %(now)s where merchant_id = %(merchant_id)s and id in (
            select id from payments where merchant_id = %(merchant_id)s and order_id = %(order)s
                                      and state = 'waiting' for update skip locked)
        """,
        order=order_id,
    )


async def change_balance(
    uow: UnitOfWork, change_id: UUID, customer_id: UUID, amount: int, reason: str
) -> int:
    """Add to a customer's balance, or take from it when `amount` is negative; returns what they have then.

    `change_id` is made by the asker: asking twice changes once. Raises NotFound, Invalid, ledger.NotEnough.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_MAX:
        raise Invalid(
            field="reason",
            zh="请填写原因（200 字以内），顾客会看到。",
            en="Give a reason of at most 200 characters.",
        )
    if amount == 0 or abs(amount) > CHANGE_MAX:
        raise Invalid(
            field="amount",
            zh="请填写 0.01 到 100,000.00 之间的金额。",
            en="Enter an amount between 0.01 and 100,000.00.",
        )
    await customers.find(uow, customer_id)
    code = balance_account(customer_id)
    accounts = await ledger.open_accounts(
        uow, {code: "credit", "balance_adjustments": "debit"}, never_negative=[code]
    )
    there, here = accounts["balance_adjustments"], accounts[code]
    is_new = await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=change_id,
                debit=there if amount > 0 else here,
                credit=here if amount > 0 else there,
                amount=abs(amount),
                reason="balance_added" if amount > 0 else "balance_taken",
                subject_id=customer_id,
                note=reason,
            )
        ],
    )
    left = await balance_of(uow, customer_id)
    if is_new:
        await audit.note(
            uow,
            "payments.change_balance",
            subject_kind="customer",
            subject=customer_id,
            before={"balance_amount": left - amount},
            after={"balance_amount": left},
            reason=reason,
        )
    return left
