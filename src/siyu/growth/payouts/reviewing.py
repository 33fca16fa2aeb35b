"""Review: one person lets a payout go, two from a threshold on, never the one who asked. And setting the terms."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.growth.payouts import books
from siyu.growth.payouts.model import (
    NeedsInvoice,
    NeedsPerson,
    Payout,
    SamePerson,
    Terms,
    WrongState,
)
from siyu.growth.payouts.queries import find, locked, terms
from siyu.kernel.errors import DomainError, Invalid
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

BATCH_MAX = 200
REASON_LENGTH_MAX = 200
INVOICE_LENGTH_MAX = 40
WAITS = ("requested", "reviewing")


class Reviewed(msgspec.Struct, frozen=True):
    """What came of approving a batch."""

    approved: int
    half: int
    refused: tuple[tuple[UUID, str], ...]


async def approve(uow: UnitOfWork, payout_id: UUID) -> Payout:
    """Let a payout go, or from the threshold on let it go half. Approving again what is approved changes nothing.

    Raises NeedsPerson, SamePerson, NeedsInvoice, WrongState and NotFound.
    """
    if uow.actor.kind != "staff" or uow.actor.id is None:
        raise NeedsPerson
    payout = await locked(uow, payout_id)
    if payout.state == "approved":
        return payout
    if payout.state not in WAITS:
        raise WrongState
    if uow.actor.id in (payout.requested_id, payout.first_id):
        raise SamePerson
    if payout.tax_method == "invoice" and not payout.invoice:
        raise NeedsInvoice(field="invoice")
    needs_two = payout.gross >= (await terms(uow)).second_from
    state = "reviewing" if needs_two and payout.first_id is None else "approved"
    await uow.run(
        """
        update payouts
        set state = %(state)s,
            first_id = case when %(state)s = 'reviewing' then %(by_id)s else first_id end,
            approved_id = case when %(state)s = 'approved' then %(by_id)s end,
            approved_by = case when %(state)s = 'approved' then %(by)s else '' end,
            approved_at = case when %(state)s = 'approved' then %(now)s::timestamptz end,
            next_attempt_at = case when %(state)s = 'approved' and method = 'wechat' then %(now)s::timestamptz end
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=payout_id,
        state=state,
        by=uow.actor.name,
        by_id=uow.actor.id,
    )
    await books.step(uow, payout_id, state)
    await _noted(uow, "payouts.approve", payout, state)
    return await find(uow, payout_id)


async def approve_many(uow: UnitOfWork, payout_ids: Sequence[UUID]) -> Reviewed:
    """Approve each that may be approved; the others are named with the reason and stay as they are. Raises NeedsPerson."""
    if uow.actor.kind != "staff":
        raise NeedsPerson
    approved = half = 0
    refused: list[tuple[UUID, str]] = []
    for payout_id in sorted(set(payout_ids))[:BATCH_MAX]:
        try:
            async with uow.part():
                state = (await approve(uow, payout_id)).state
        except DomainError as problem:
            refused.append((payout_id, problem.code))
            continue
        approved, half = approved + (state == "approved"), half + (state == "reviewing")
    return Reviewed(approved, half, tuple(refused))


async def decline(uow: UnitOfWork, payout_id: UUID, reason: str) -> Payout:
    """Do not pay; everything goes back to the balance and the promoter reads the reason. Twice is once.

    Only before it was handed to a channel. Raises Invalid, WrongState and NotFound.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_LENGTH_MAX:
        raise Invalid(
            field="reason", zh="请填写原因，最多 200 字。", en="Give a reason of at most 200 characters."
        )
    return await _withdraw(uow, payout_id, "declined", reason)


async def withdraw(uow: UnitOfWork, payout_id: UUID) -> Payout:
    """The promoter takes the wish back before anybody approved it. Twice is once. Raises WrongState and NotFound."""
    return await _withdraw(uow, payout_id, "withdrawn", "")


async def _withdraw(uow: UnitOfWork, payout_id: UUID, code: str, reason: str) -> Payout:
    payout = await locked(uow, payout_id)
    if payout.state == "failed" and payout.fail_code == code:
        return payout
    # An approved one may be on the wire already, unless nobody has ever tried.
    is_untouched = payout.state in WAITS or (payout.state == "approved" and not payout.attempts)
    if not is_untouched:
        raise WrongState
    await uow.run(
        """
        update payouts set state = 'failed', fail_code = %(code)s, fail_reason = %(reason)s, finished_at = %(now)s,
                           next_attempt_at = null
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=payout_id,
        code=code,
        reason=reason,
    )
    await books.give_back(uow, payout)
    await books.step(uow, payout_id, "failed", reason)
    await _noted(
        uow, "payouts.decline" if code == "declined" else "payouts.withdraw", payout, "failed", reason
    )
    return await find(uow, payout_id)


async def keep_invoice(uow: UnitOfWork, payout_id: UUID, number: str) -> Payout:
    """The number of the invoice that an enterprise handed in for this payout. Raises Invalid, WrongState, NotFound."""
    number = number.strip()
    if not number.isalnum() or len(number) > INVOICE_LENGTH_MAX:
        raise Invalid(
            field="invoice", zh="发票号码只能是字母和数字。", en="An invoice number is letters and digits."
        )
    payout = await locked(uow, payout_id)
    if payout.tax_method != "invoice" or payout.state not in WAITS:
        raise WrongState
    await uow.run(
        "update payouts set invoice = %(number)s where merchant_id = %(merchant_id)s and id = %(id)s",
        id=payout_id,
        number=number,
    )
    await books.step(uow, payout_id, payout.state, number)
    return await find(uow, payout_id)


async def save_terms(uow: UnitOfWork, wanted: Terms) -> None:
    """How payouts are made from now on. Raises Invalid at the field."""
    _check(wanted)
    before = await terms(uow)
    await uow.run(
        """
        insert into payout_settings (merchant_id, minimum, second_from, day_cap, job, updated_at)
        values (%(merchant_id)s, %(minimum)s, %(second_from)s, %(day_cap)s, %(job)s, %(now)s)
        on conflict (merchant_id) do update
        set minimum = excluded.minimum, second_from = excluded.second_from, day_cap = excluded.day_cap,
            job = excluded.job, updated_at = excluded.updated_at
        """,
        minimum=wanted.minimum,
        second_from=wanted.second_from,
        day_cap=wanted.day_cap,
        job=wanted.job.strip(),
    )
    await audit.note(
        uow, "payouts.set_terms", subject_kind="payout_terms", before=_plain(before), after=_plain(wanted)
    )


def _check(wanted: Terms) -> None:
    if not 1_00 <= wanted.minimum <= 1_000_000_00:
        raise Invalid(field="minimum", zh="最低提现金额至少 1 元。", en="The least payout is ¥1 or more.")
    if wanted.second_from < 0:
        raise Invalid(field="second_from", zh="复核金额不能小于零。", en="The threshold is not negative.")
    if not 1_00 <= wanted.day_cap <= 20_000_00:
        raise Invalid(
            field="day_cap",
            zh="微信每人每天最多 20,000 元。",
            en="WeChat gives one person at most ¥20,000 a day.",
        )
    if not 1 <= len(wanted.job.strip()) <= 32:
        raise Invalid(
            field="job", zh="请填写岗位类型，最多 32 字。", en="Name the job in at most 32 characters."
        )


def _plain(wanted: Terms) -> dict[str, object]:
    return {
        "minimum_amount": wanted.minimum,
        "second_from_amount": wanted.second_from,
        "day_cap_amount": wanted.day_cap,
        "job": wanted.job,
    }


async def _noted(uow: UnitOfWork, action: str, payout: Payout, state: str, reason: str = "") -> None:
    await audit.note(
        uow, action, subject_kind="payout", subject=payout.id, name=f"{payout.promoter_name} {payout.number}",
        before={"state": payout.state}, after={"state": state, "gross_amount": payout.gross}, reason=reason,
    )  # fmt: skip
