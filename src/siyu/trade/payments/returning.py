"""Money that went back: recorded once, whoever says so – the gateway, our own books, or a member of staff."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.connect import gateways
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.money import ledger
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.model import ACCOUNTS, GATEWAY_OF, account_of
from siyu.trade.payments.settling import Outcome

REFERENCE_MAX = 80


class Open(msgspec.Struct, frozen=True):
    """A refund as it stands, with what is needed to book it."""

    id: UUID
    order_id: UUID
    payment_id: UUID | None
    amount: int
    kind: str
    state: str
    method: str
    customer_id: UUID | None


async def refund_finished(uow: UnitOfWork, refund: gateways.Refund) -> Outcome:
    """Record what the gateway says of a refund, once."""
    refund_id = await uow.maybe(
        UUID,
        "select id from refunds where merchant_id = %(merchant_id)s and out_refund_no = %(number)s",
        number=refund.out_refund_no,
    )
    ours = await _locked(uow, refund_id) if refund_id else None
    if ours is None:
        return Outcome.UNKNOWN
    if refund.refund != ours.amount:
        return Outcome.WRONG_AMOUNT
    if ours.state == "done":
        return Outcome.DUPLICATE
    if refund.status == "SUCCESS":
        account, side = account_of(ours.method or "wxpay_jsapi", ours.customer_id)
        await book(uow, ours, {account: side}, gateway_id=refund.refund_id, done_at=refund.success_time)
        return Outcome.REFUND_DONE
    state = "processing" if refund.status == "PROCESSING" else "abnormal"
    await uow.run(
        """
        update refunds set state = %(state)s, gateway_id = %(gateway)s, last_error = %(error)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        state=state,
        gateway=refund.refund_id or None,
        error=None if state == "processing" else refund.status,
        id=ours.id,
    )
    return Outcome.REFUND_PROCESSING if state == "processing" else Outcome.REFUND_ABNORMAL


async def book(
    uow: UnitOfWork,
    ours: Open,
    account: dict[str, str],
    *,
    gateway_id: str | None = None,
    done_at: datetime | None = None,
    reference: str = "",
) -> None:
    """Mark a refund as done and let its money leave from `account` (code → side)."""
    await uow.run(
        """
        update refunds set state = 'done', gateway_id = coalesce(%(gateway)s, gateway_id), done_at = %(done)s,
                           next_attempt_at = null, last_error = null, reference = %(reference)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        gateway=gateway_id or None,
        done=done_at or uow.now,
        reference=reference,
        id=ours.id,
    )
    if ours.kind in {"late_payment", "double_payment"}:
        await uow.run(
            """
            update payments set state = case state when 'refunding_late' then 'refunded_late'
                                                   else 'refunded_double' end, updated_at = %(now)s
            where merchant_id = %(merchant_id)s and id = %(id)s and state in ('refunding_late', 'refunding_double')
            """,
            id=ours.payment_id,
        )
    accounts = await ledger.open_accounts(uow, {**ACCOUNTS, **account}, never_negative=_floored(account))
    (code,) = account
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("refund.done", ours.id),
                debit=accounts["refunds_due"],
                credit=accounts[code],
                amount=ours.amount,
                reason="refund",
                subject_id=ours.order_id,
                note=reference,
            )
        ],
    )


def _floored(account: dict[str, str]) -> list[str]:
    return [code for code in account if code.startswith("balance:")]


async def _locked(uow: UnitOfWork, refund_id: UUID) -> Open | None:
    return await uow.maybe(
        Open,
        """
        select r.id, r.order_id, r.payment_id, r.amount, r.kind, r.state, coalesce(p.method, '') as method,
               o.customer_id
        from refunds r
        join orders o on o.merchant_id = r.merchant_id and o.id = r.order_id
        left join payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id
        where r.merchant_id = %(merchant_id)s and r.id = %(id)s for update of r
        """,
        id=refund_id,
    )


async def into_balance(uow: UnitOfWork, refund_id: UUID) -> None:
    """Finish the refund of what was paid from a balance: it is the customer's again in the same unit of work."""
    ours = await _locked(uow, refund_id)
    assert ours is not None and ours.method == "balance", "only money of a balance goes back to one"  # noqa: PT018
    account, side = account_of("balance", ours.customer_id)
    await book(uow, ours, {account: side})


async def refund_by_hand(uow: UnitOfWork, refund_id: UUID, reference: str) -> None:
    """Staff sent the money back outside the gateway; `reference` names the transfer (bank, number, who).

    For payments that came without a gateway, and for refunds a gateway cannot do. The money leaves the merchant's
    bank account in the books. Raises NotFound, Invalid. A refund that is done stays as it is.
    """
    reference = reference.strip()
    if not 1 <= len(reference) <= REFERENCE_MAX:
        raise Invalid(
            field="reference",
            zh="请填写转账凭据，例如银行流水号（80 字以内）。",
            en="Give the reference of the transfer, such as the bank's number (at most 80 characters).",
        )
    ours = await _locked(uow, refund_id)
    if ours is None:
        raise NotFound(what="退款 / refund")
    await orders.find(uow, ours.order_id)  # only what is within the scope of whoever asks
    if ours.state == "done":
        return
    if ours.state != "abnormal" and ours.method in GATEWAY_OF:
        raise Invalid(
            field="reference",
            zh="这笔退款还在由支付渠道处理，出现异常后才能改为手工退款，否则会退两次。",
            en="The gateway is still working on this refund; only one it cannot do may be sent back by hand.",
        )
    await book(uow, ours, {"gateway:offline": "debit"}, reference=reference)
    await audit.note(
        uow,
        "payments.refund_by_hand",
        subject_kind="refund",
        subject=refund_id,
        before={"state": ours.state},
        after={"state": "done", "refund_amount": ours.amount, "reference": reference},
        reason=reference,
    )


async def retry_refund(uow: UnitOfWork, refund_id: UUID) -> None:
    """Send an abnormal refund to its gateway again, under the same number. Raises NotFound; others stay as they are."""
    ours = await _locked(uow, refund_id)
    if ours is None:
        raise NotFound(what="退款 / refund")
    await orders.find(uow, ours.order_id)  # only what is within the scope of whoever asks
    if ours.state != "abnormal":
        return
    await uow.run(
        """
        update refunds set state = 'requested', attempts = 0, next_attempt_at = %(now)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=refund_id,
    )
    await audit.note(
        uow,
        "payments.retry_refund",
        subject_kind="refund",
        subject=refund_id,
        before={"state": "abnormal"},
        after={"state": "requested"},
    )
