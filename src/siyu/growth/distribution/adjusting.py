"""Corrections by hand, each proposed by one person and approved by another, and posted when approved.

An adjustment is signed: what the merchant owes more, or less. A write-off forgives what a promoter owes after refunds
of commission that had been paid, and never more than that.
"""

from typing import Literal
from uuid import UUID

from siyu.growth import promoters
from siyu.growth.distribution import books
from siyu.growth.distribution.holding import checked_reason
from siyu.growth.distribution.model import Adjustment, Decided, NeedsPerson, SamePerson
from siyu.growth.distribution.queries import earnings
from siyu.kernel import ids
from siyu.kernel.errors import IdempotencyConflict, Invalid, NotFound
from siyu.kernel.paging import bounded
from siyu.money import ledger
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

AMOUNT_MAX = 100_000_000  # fen: one correction is never more than a million yuan


async def propose(
    uow: UnitOfWork,
    adjustment_id: UUID,
    promoter_id: UUID,
    amount: int,
    reason: str,
    *,
    kind: Literal["adjustment", "write_off"] = "adjustment",
    order_id: UUID | None = None,
) -> Adjustment:
    """Ask for a correction of signed `amount` fen; nothing moves yet. The same id again is the same answer.

    Raises NeedsPerson, NotFound, Invalid, and IdempotencyConflict when the id stands for something else.
    """
    person = _person(uow)
    reason = checked_reason(reason)
    promoter = await promoters.find(uow, promoter_id)
    if amount == 0 or abs(amount) > AMOUNT_MAX:
        raise Invalid(
            field="amount", zh="请填写金额，不超过 100 万元。", en="Enter an amount of at most a million."
        )
    if kind == "write_off":
        await _check_write_off(uow, promoter_id, amount)
    written = await uow.run(
        """
        insert into commission_adjustments (merchant_id, id, promoter_id, order_id, kind, amount, reason, state,
                                            proposed_id, proposed_by, proposed_at)
        values (%(merchant_id)s, %(id)s, %(promoter)s, %(order)s, %(kind)s, %(amount)s, %(reason)s, 'proposed',
                %(person)s, %(by)s, %(now)s)
        on conflict do nothing
        """,
        id=adjustment_id,
        promoter=promoter_id,
        order=order_id,
        kind=kind,
        amount=amount,
        reason=reason,
        person=person,
        by=uow.actor.name,
    )
    found = await find(uow, adjustment_id)
    if not written and (found.promoter_id, found.amount, found.kind) != (promoter_id, amount, kind):
        raise IdempotencyConflict
    if written:
        await _note(uow, "commission.propose", found, promoter.name, None, "proposed", reason)
    return found


async def _check_write_off(uow: UnitOfWork, promoter_id: UUID, amount: int) -> None:
    owed = (await earnings(uow, promoter_id)).negative
    if not 0 < amount <= owed:
        raise Invalid(
            field="amount",
            zh="核销金额不能超过推广员欠款。",
            en="A write-off is at most what the promoter owes.",
        )


async def approve(uow: UnitOfWork, adjustment_id: UUID, decision: str = "") -> Adjustment:
    """Post it. Twice is once. Raises NeedsPerson, SamePerson, Decided, and Invalid for a write-off that is too much now."""
    person = _person(uow)
    found = await _locked(uow, adjustment_id)
    if found.proposed_id == person:
        raise SamePerson
    if found.state == "approved":
        return found
    if found.state != "proposed":
        raise Decided
    if found.kind == "write_off":
        await _check_write_off(uow, found.promoter_id, found.amount)
    await _decided(uow, found, "approved", person, decision)
    other = books.WRITE_OFFS if found.kind == "write_off" else books.EXPENSE
    accounts = await books.accounts(uow, {found.promoter_id}, other)
    promoter, cost = accounts[books.account_code(found.promoter_id)], accounts[other]
    debit, credit = (cost, promoter) if found.amount > 0 else (promoter, cost)
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("commission.adjusted", found.id),
                debit=debit,
                credit=credit,
                amount=abs(found.amount),
                reason="commission_written_off" if found.kind == "write_off" else "commission_adjusted",
                subject_id=found.id,
                note=found.reason[:200],
            )
        ],
    )
    return await find(uow, adjustment_id)


async def refuse(uow: UnitOfWork, adjustment_id: UUID, decision: str) -> Adjustment:
    """Nothing moves; also who proposed it may take it back. Raises NeedsPerson, Decided and Invalid."""
    person = _person(uow)
    decision = checked_reason(decision)
    found = await _locked(uow, adjustment_id)
    if found.state == "refused":
        return found
    if found.state != "proposed":
        raise Decided
    await _decided(uow, found, "refused", None if person == found.proposed_id else person, decision)
    return await find(uow, adjustment_id)


async def _decided(
    uow: UnitOfWork, found: Adjustment, state: str, person: UUID | None, decision: str
) -> None:
    await uow.run(
        """
        update commission_adjustments
        set state = %(state)s, decided_id = %(person)s, decided_by = %(by)s, decided_at = %(now)s,
            decision = %(decision)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=found.id,
        state=state,
        person=person,
        by=uow.actor.name,
        decision=decision.strip()[:500],
    )
    action = "commission.approve" if state == "approved" else "commission.refuse"
    await _note(uow, action, found, found.promoter_name, "proposed", state, decision or found.reason)


async def _note(
    uow: UnitOfWork, action: str, found: Adjustment, name: str, before: str | None, after: str, reason: str
) -> None:
    await audit.note(
        uow,
        action,
        subject_kind="promoter",
        subject=found.promoter_id,
        name=name,
        before=None if before is None else {"state": before},
        after={"state": after, "adjusted_amount": found.amount},
        reason=reason,
    )


def _person(uow: UnitOfWork) -> UUID:
    """Two persons must do this: a key says nothing about who holds it."""
    if uow.actor.kind != "staff" or uow.actor.id is None:
        raise NeedsPerson
    return uow.actor.id


async def _locked(uow: UnitOfWork, adjustment_id: UUID) -> Adjustment:
    """Locks the promoter too, so that two write-offs of one debt are looked at one after the other."""
    await uow.run(
        """
        select p.id from promoters p
        where p.merchant_id = %(merchant_id)s
          and p.id = (select promoter_id from commission_adjustments
                      where merchant_id = %(merchant_id)s and id = %(id)s)
        for no key update
        """,
        id=adjustment_id,
    )
    return await find(uow, adjustment_id)


async def find(uow: UnitOfWork, adjustment_id: UUID) -> Adjustment:
    """Raises NotFound."""
    found = await _adjustments(uow, adjustment_id, None, None, 1)
    if not found:
        raise NotFound(what="佣金调整 / commission adjustment")
    return found[0]


async def adjustments(
    uow: UnitOfWork, *, state: str | None = None, promoter_id: UUID | None = None, limit: int = 100
) -> list[Adjustment]:
    """Corrections, the newest first."""
    return await _adjustments(uow, None, state, promoter_id, limit)


async def _adjustments(
    uow: UnitOfWork, adjustment_id: UUID | None, state: str | None, promoter_id: UUID | None, limit: int
) -> list[Adjustment]:
    return await uow.all(
        Adjustment,
        """
        select a.id, a.promoter_id, p.name as promoter_name, a.order_id, a.kind, a.amount, a.reason, a.state,
               a.proposed_id, a.proposed_by, a.proposed_at, a.decided_by, a.decided_at, a.decision
        from commission_adjustments a
        join promoters p on p.merchant_id = a.merchant_id and p.id = a.promoter_id
        where a.merchant_id = %(merchant_id)s and (%(id)s::uuid is null or a.id = %(id)s)
          and (%(state)s::text is null or a.state = %(state)s)
          and (%(promoter)s::uuid is null or a.promoter_id = %(promoter)s)
        order by a.proposed_at desc, a.id desc limit %(limit)s
        """,
        id=adjustment_id,
        state=state,
        promoter=promoter_id,
        limit=bounded(limit),
    )
