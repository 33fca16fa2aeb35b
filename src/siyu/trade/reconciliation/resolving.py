"""Resolving differences: ask the gateway and record what it says, book the difference, or leave it with a reason."""

from uuid import UUID

from siyu.connect import gateways
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.money import ledger
from siyu.runtime import audit
from siyu.runtime.actors import SYSTEM, Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import payments
from siyu.trade.reconciliation.model import ACCOUNTS, Difference, How, StillDiffers
from siyu.trade.reconciliation.queries import difference

NOTE_MAX = 200
PAID = {payments.Outcome.PAID, payments.Outcome.LATE, payments.Outcome.DOUBLE, payments.Outcome.DUPLICATE}


async def assign(uow: UnitOfWork, difference_id: UUID) -> None:
    """Whoever asks looks after this difference from now on. Raises NotFound."""
    found = await difference(uow, difference_id)
    await uow.run(
        """
        update bill_differences set owner_id = %(actor)s, owner_name = %(name)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'open'
        """,
        id=difference_id,
        actor=uow.actor.id,
        name=uow.actor.name,
    )
    await audit.note(
        uow,
        "reconciliation.assign",
        subject_kind="difference",
        subject=difference_id,
        name=found.number,
        before={"owner": found.owner_name},
        after={"owner": uow.actor.name},
    )


async def resolve(
    database: Database,
    merchant: Merchant,
    lines: payments.Lines,
    difference_id: UUID,
    how: How,
    note: str = "",
    *,
    actor: Actor = SYSTEM,
) -> Difference:
    """Settle an open difference; one that was resolved before is returned as it is.

    `query` asks the gateway and records what it says of the payment or refund; `book` moves the difference to the
    account `gateway_differences`; `ignore` leaves it. The last two need a note. Raises NotFound, Invalid,
    StillDiffers, and what the gateway refuses.
    """
    note = note.strip()
    if len(note) > NOTE_MAX or (how != "query" and not note):
        raise Invalid(field="note", zh="请写明原因（200 字以内）。", en="Say why, in at most 200 characters.")
    async with database.begin(merchant, actor) as uow:
        found = await difference(uow, difference_id)
    if found.state == "resolved":
        return found
    told: gateways.Transaction | gateways.Refund | None = None
    if how == "query":
        gateway = payments.by_name(lines).get(found.gateway)
        if gateway is None:
            raise NotFound(what="支付渠道 / gateway")
        told = await _told(gateway, found)

    async def work(uow: UnitOfWork) -> Difference:
        # Locked, so that two people who resolve it at once have one effect.
        await uow.run(
            "select from bill_differences where merchant_id = %(merchant_id)s and id = %(id)s for update",
            id=difference_id,
        )
        now = await difference(uow, difference_id)
        if now.state == "resolved":
            return now
        said = note
        if how == "query":
            said = await _record(uow, told)
        elif how == "book":
            await _book(uow, now, note)
        await _close(uow, now, how, said)
        return await difference(uow, difference_id)

    return await database.attempt(merchant, work, actor)


async def _told(
    gateway: gateways.Gateway, found: Difference
) -> gateways.Transaction | gateways.Refund | None:
    if found.subject == "payment":
        return await gateway.query(found.trade_no)
    return await gateway.query_refund(found.number, out_trade_no=found.trade_no)


async def _record(uow: UnitOfWork, told: gateways.Transaction | gateways.Refund | None) -> str:
    """Let the gateway's word have its effect here; the note of what came of it. Raises StillDiffers."""
    if told is None:
        raise StillDiffers("渠道查不到这个单号", "the gateway does not know this number")
    if isinstance(told, gateways.Transaction):
        if not told.is_paid:
            raise StillDiffers("渠道说没有付款", "the gateway says that it was not paid")
        (outcome,) = await payments.settle(uow, [told])
        if outcome not in PAID:
            raise StillDiffers("金额或单号对不上", "the amount or the number does not fit")
        return f"query: {told.trade_state} → {outcome}"
    outcome = await payments.refund_finished(uow, told)
    if told.status != "SUCCESS" or outcome not in {
        payments.Outcome.REFUND_DONE,
        payments.Outcome.DUPLICATE,
    }:
        raise StillDiffers(f"渠道的退款状态是 {told.status}", f"the refund's state there is {told.status}")
    return f"query: {told.status} → {outcome}"


async def _book(uow: UnitOfWork, found: Difference, note: str) -> None:
    """The gateway's account follows its bill; the other side waits in `gateway_differences`."""
    delta = found.delta
    if delta == 0:
        raise Invalid(
            field="note",
            zh="两边金额相同，没有差额可记。",
            en="Both sides are equal; there is nothing to book.",
        )
    code = f"gateway:{found.gateway}"
    accounts = await ledger.open_accounts(uow, {**ACCOUNTS, code: "debit"})
    held, open_items = accounts[code], accounts["gateway_differences"]
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("bill.difference", found.id),
                debit=held if delta > 0 else open_items,
                credit=open_items if delta > 0 else held,
                amount=abs(delta),
                reason="difference",
                subject_id=found.order_id or found.id,
                note=note,
            )
        ],
    )


async def _close(uow: UnitOfWork, found: Difference, how: str, note: str) -> None:
    await uow.run(
        """
        update bill_differences set state = 'resolved', resolution = %(how)s, note = %(note)s, resolved_at = %(now)s,
                                    resolved_by = %(name)s
        where merchant_id = %(merchant_id)s and id = %(id)s and state = 'open'
        """,
        id=found.id,
        how=how,
        note=note,
        name=uow.actor.name,
    )
    await audit.note(
        uow,
        "reconciliation.resolve",
        subject_kind="difference",
        subject=found.id,
        name=found.number,
        before={"state": "open", "our_amount": found.ours, "their_amount": found.theirs},
        after={"state": how},
        reason=note,
    )
