"""The second half of a doubled deposit: what a merchant who cancels owes beside the deposit itself (民法典 art. 587).

The deposit goes back the way it came, by its gateway. The second half never came by a gateway and cannot go back
through one: it is owed from the moment of the cancellation and paid by transfer, which staff write down.
"""

from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.money import ledger
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

BY_MERCHANT = "cancelled_by_merchant"
REFERENCE_MAX = 64
OWED_ACCOUNTS = {"deposit_penalties": "debit", "deposits_owed": "credit"}
PAID_FROM = {"gateway:offline": "debit"}


class _Cancelled(msgspec.Struct, frozen=True):
    close_reason: str | None
    amount: int


async def owe_deposit(uow: UnitOfWork, order_id: UUID) -> bool:
    """The merchant cancelled: as much again as the deposit is owed, in minor units. Asked twice, it is owed once.

    False where nothing is owed: the order goes on, the buyer let it lapse, or there was no deposit.
    """
    found = await _cancelled(uow, order_id)
    if found is None or found.close_reason != BY_MERCHANT:
        return False
    accounts = await ledger.open_accounts(uow, OWED_ACCOUNTS)
    owed = ledger.Transfer(
        id=ids.derived("deposit.owed", order_id),
        debit=accounts["deposit_penalties"],
        credit=accounts["deposits_owed"],
        amount=found.amount,
        reason="deposit_doubled",
        subject_id=order_id,
    )
    return bool(await ledger.transfer(uow, [owed]))


async def pay_owed_deposit(uow: UnitOfWork, order_id: UUID, reference: str) -> bool:
    """The second half was sent from the bank account under `reference`. Written down once; False when it was before.

    Raises NotFound where nothing is owed, and Invalid without a reference.
    """
    reference = reference.strip()
    if not 1 <= len(reference) <= REFERENCE_MAX:
        raise Invalid(
            field="reference",
            zh="请填写转账流水号（64 字以内）。",
            en="Give the number of the bank transfer, at most 64 characters.",
        )
    found = await _cancelled(uow, order_id)
    if found is None or found.close_reason != BY_MERCHANT:
        raise NotFound(what="应付的定金 / deposit owed")
    await owe_deposit(uow, order_id)  # the fact of the cancellation may not have been heard yet
    accounts = await ledger.open_accounts(uow, {**OWED_ACCOUNTS, **PAID_FROM})
    paid = ledger.Transfer(
        id=_paid_id(order_id),
        debit=accounts["deposits_owed"],
        credit=accounts["gateway:offline"],
        amount=found.amount,
        reason="deposit_doubled_paid",
        subject_id=order_id,
    )
    if not await ledger.transfer(uow, [paid]):
        return False
    await audit.note(
        uow,
        "payments.pay_owed_deposit",
        subject_kind="order",
        subject=order_id,
        after={"amount": found.amount, "reference": reference},
    )
    return True


def _paid_id(order_id: UUID) -> UUID:
    return ids.derived("deposit.owed.paid", order_id)


async def owed_paid(uow: UnitOfWork, order_ids: list[UUID]) -> set[UUID]:
    """The orders among these whose second half has been paid."""
    by_transfer = {_paid_id(order_id): order_id for order_id in order_ids}
    found = await uow.all(
        UUID,
        "select id from transfers where merchant_id = %(merchant_id)s and id = any(%(ids)s)",
        ids=list(by_transfer),
    )
    return {by_transfer[one] for one in found}


async def _cancelled(uow: UnitOfWork, order_id: UUID) -> _Cancelled | None:
    """A closed order with a paid deposit, which is locked."""
    await uow.run(
        "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=order_id
    )
    return await uow.maybe(
        _Cancelled,
        """
        select o.close_reason, p.amount from orders o
        join payments p on p.merchant_id = o.merchant_id and p.order_id = o.id and p.state = 'deposit'
        where o.merchant_id = %(merchant_id)s and o.id = %(id)s and o.state = 'closed' and o.deposit_paid_at is not null
        """,
        id=order_id,
    )
