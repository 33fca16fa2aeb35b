"""What a payout does in the ledger and to its commission lines: held, then paid or given back; each exactly once."""

from collections.abc import Sequence
from uuid import UUID

from siyu.growth import distribution
from siyu.growth.distribution import NotOpen, OpenLine
from siyu.growth.payouts.model import Payout
from siyu.growth.payouts.queries import lines_of
from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork

CLEARING = "payout_clearing"
TAX = "tax_payable"
OVERPAID = "payout_overpaid"
PAID_FROM = {"wechat": "gateway:wxpay", "bank": "gateway:offline"}


async def step(uow: UnitOfWork, payout_id: UUID, state: str, note: str = "") -> None:
    """Write down what happened."""
    await uow.send(
        """
        insert into payout_steps (merchant_id, id, payout_id, state, note, by_name, at)
        values (%(merchant_id)s, %(id)s, %(payout)s, %(state)s, %(note)s, %(by)s, %(now)s)
        """,
        id=ids.new(),
        payout=payout_id,
        state=state,
        note=note[:300],
        by=uow.actor.name,
    )


def hold_id(payout_id: UUID) -> UUID:
    """The transfer that holds what a payout is about."""
    return ids.derived("payout.hold", payout_id)


async def hold(uow: UnitOfWork, payout_id: UUID, promoter_id: UUID, gross: int) -> None:
    """From what is owed to the promoter, promised to the payout."""
    owed = distribution.account_code(promoter_id)
    accounts = await ledger.open_accounts(uow, {owed: "credit", CLEARING: "credit"})
    promised = ledger.Transfer(
        id=hold_id(payout_id),
        debit=accounts[owed],
        credit=accounts[CLEARING],
        amount=gross,
        reason="payout",
        subject_id=payout_id,
    )
    await ledger.hold(uow, [promised])


async def give_back(uow: UnitOfWork, payout: Payout) -> None:
    """The money did not go: the hold is void and every line is open again."""
    await ledger.void(uow, [_whole(payout, "payout.void", "payout_returned")])
    await distribution.unsettle(uow, payout.promoter_id, await _taken(uow, payout.id))


async def pay(uow: UnitOfWork, payout: Payout) -> None:
    """The money went: the hold is final, tax is owed to the tax office, the rest left the account it was paid from."""
    await ledger.post(uow, [_whole(payout, "payout.post", "payout")])
    await _leave(uow, payout)
    await distribution.mark_paid(uow, payout.promoter_id, await _taken(uow, payout.id))


async def pay_after_all(uow: UnitOfWork, payout: Payout) -> bool:
    """The money went although the payout had been given back: taken from the lines again. False when they have gone
    into another payout meanwhile; then the promoter has been paid too much, and that is booked as owed by them.
    """
    taken = await _taken(uow, payout.id)
    owed = distribution.account_code(payout.promoter_id)
    accounts = await ledger.open_accounts(uow, {owed: "credit", CLEARING: "credit", OVERPAID: "debit"})
    try:
        async with uow.part():
            await distribution.settle(uow, payout.promoter_id, taken)
            await distribution.mark_paid(uow, payout.promoter_id, taken)
        source = owed
    except NotOpen:
        source = OVERPAID
    again = ledger.Transfer(
        id=ids.derived("payout.again", payout.id),
        debit=accounts[source],
        credit=accounts[CLEARING],
        amount=payout.gross,
        reason="payout",
        subject_id=payout.id,
    )
    await ledger.transfer(uow, [again])
    await _leave(uow, payout)
    return source == owed


def _whole(payout: Payout, what: str, reason: str) -> ledger.HoldMove:
    return ledger.HoldMove(
        id=ids.derived(what, payout.id),
        hold_id=hold_id(payout.id),
        amount=payout.gross,
        reason=reason,
        subject_id=payout.id,
    )


async def _leave(uow: UnitOfWork, payout: Payout) -> None:
    source = PAID_FROM[payout.method]
    accounts = await ledger.open_accounts(uow, {CLEARING: "credit", TAX: "credit", source: "debit"})
    moves = [
        ledger.Transfer(
            ids.derived("payout.net", payout.id), accounts[CLEARING], accounts[source], payout.net, "payout_sent",
            payout.id, payout.number,
        )
    ]  # fmt: skip
    if payout.tax:
        moves.append(
            ledger.Transfer(
                ids.derived("payout.tax", payout.id), accounts[CLEARING], accounts[TAX], payout.tax, "payout_tax",
                payout.id, f"{payout.period:%Y-%m}",
            )
        )  # fmt: skip
    await ledger.transfer(uow, moves)


async def _taken(uow: UnitOfWork, payout_id: UUID) -> Sequence[tuple[OpenLine, int]]:
    return [
        (
            OpenLine(
                line.source, line.order_id, line.line_no, line.adjustment_id, line.amount, line.title, line.order_number
            ),
            line.amount,
        )
        for line in await lines_of(uow, payout_id)
    ]  # fmt: skip
