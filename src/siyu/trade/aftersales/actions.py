"""Moving an after-sale on: agreed, sent back, checked, replaced, refused, disputed. Each step is kept."""

from uuid import UUID

from siyu.kernel.errors import Invalid
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.aftersales import rules
from siyu.trade.aftersales.model import Case, OpenCase, WrongCaseState
from siyu.trade.aftersales.moving import (
    WORDS_MAX,
    close_case,
    lock_order_of,
    locked,
    move,
    note_step,
    refund_case,
)
from siyu.trade.aftersales.opening import check_units
from siyu.trade.aftersales.queries import find
from siyu.trade.aftersales.words import STATES

SWEEP_MAX = 100


async def agree(
    uow: UnitOfWork,
    case_id: UUID,
    *,
    amount: int | None = None,
    location_id: UUID | None = None,
    words: str = "",
) -> Case:
    """The merchant agrees: goods are to come back to `location_id`, or the money goes at once.

    `amount` (minor units) is what both settled on for a refund without return; without it the units' full worth.
    Raises NotFound, WrongCaseState and Invalid.
    """
    case = await locked(uow, case_id, "requested")
    if case.kind == "refund_only":
        return await refund_case(uow, case, amount=amount, restock=False, words=words)
    order = await orders.find(uow, case.order_id, anywhere=True)
    back_to = (
        location_id or order.store_id or next((li.location_id for li in order.lines if li.location_id), None)
    )
    await move(uow, case, "returning", answer_by=uow.now + rules.RETURN_WITHIN, location_id=back_to)
    await note_step(uow, case.id, "agreed", words)
    return await find(uow, case.id)


async def send_back(
    uow: UnitOfWork, case_id: UUID, carrier: str, tracking: str, *, customer_id: UUID | None = None
) -> Case:
    """The buyer has sent the goods, or (without a number) brought them. Raises NotFound and WrongCaseState."""
    case = await locked(uow, case_id, "returning", customer_id=customer_id)
    if len(carrier) > 40 or len(tracking) > 60:
        raise Invalid(field="tracking", zh="运单号太长。", en="The tracking number is too long.")
    await uow.run(
        """
        update after_sales set carrier = %(carrier)s, tracking = %(tracking)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=case.id,
        carrier=carrier.strip(),
        tracking=tracking.strip(),
    )
    await move(uow, case, "returned", answer_by=uow.now + rules.CHECK_WITHIN)
    await note_step(uow, case.id, "sent_back", f"{carrier} {tracking}".strip())
    return await find(uow, case.id)


async def check_in(uow: UnitOfWork, case_id: UUID, *, restock: bool, words: str = "") -> Case:
    """The goods are back and as agreed: a return is refunded now. An exchange waits for `replace`.

    Raises NotFound, WrongCaseState.
    """
    case = await locked(uow, case_id, "returning", "returned")
    if case.kind == "exchange":
        raise WrongCaseState(state=case.state, word=STATES[case.state][0])
    return await refund_case(uow, case, amount=None, restock=restock, words=words)


async def replace(uow: UnitOfWork, case_id: UUID, *, restock: bool, carrier: str, tracking: str) -> Case:
    """Send other pieces of the same goods and end the exchange. Raises NotFound, WrongCaseState and NotEnoughStock."""
    case = await locked(uow, case_id, "returned")
    if case.kind != "exchange":
        raise WrongCaseState(state=case.state, word=STATES[case.state][0])
    await orders.exchange_units(
        uow, case.order_id, [(line.line_no, line.quantity) for line in case.lines], restock=restock
    )
    await uow.run(
        """
        update after_sales set new_carrier = %(carrier)s, new_tracking = %(tracking)s, is_restocked = %(restock)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=case.id,
        carrier=carrier.strip()[:40],
        tracking=tracking.strip()[:60],
        restock=restock,
    )
    await close_case(uow, case, "done")
    await note_step(uow, case.id, "replaced", f"{carrier} {tracking}".strip())
    return await find(uow, case.id)


async def refuse(uow: UnitOfWork, case_id: UUID, ground: str, words: str) -> Case:
    """The merchant refuses, on one of the grounds the rules allow, in words the buyer reads. Raises Invalid too."""
    if ground not in rules.REFUSALS:
        raise Invalid(field="ground", zh="请选择拒绝的依据。", en="Choose the ground for refusing.")
    if not 1 <= len(words.strip()) <= WORDS_MAX:
        raise Invalid(field="words", zh="请向顾客说明拒绝原因。", en="Tell the buyer why.")
    case = await locked(uow, case_id, "requested", "returned")
    await close_case(uow, case, "refused")
    await note_step(uow, case.id, f"refused:{ground}", words)
    return await find(uow, case.id)


async def withdraw(uow: UnitOfWork, case_id: UUID, *, customer_id: UUID) -> Case:
    """The buyer changed their mind. Raises NotFound and WrongCaseState."""
    case = await locked(uow, case_id, "requested", "returning", customer_id=customer_id)
    await close_case(uow, case, "withdrawn")
    await note_step(uow, case.id, "withdrawn", "")
    return await find(uow, case.id)


async def dispute(uow: UnitOfWork, case_id: UUID, words: str, *, customer_id: UUID) -> Case:
    """The buyer does not accept a refusal: somebody above the one who refused has to look. Raises WrongCaseState."""
    if not 1 <= len(words.strip()) <= WORDS_MAX:
        raise Invalid(field="words", zh="请写下你的理由。", en="Say why.")
    case = await locked(uow, case_id, "refused", customer_id=customer_id)
    await uow.run(
        """
        update after_sales set is_disputed = true, answer_by = %(by)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=case.id,
        by=uow.now + rules.DISPUTE_WITHIN,
    )
    await note_step(uow, case.id, "disputed", words)
    return await find(uow, case.id)


async def arbitrate(uow: UnitOfWork, case_id: UUID, *, is_upheld: bool, words: str) -> Case:
    """Decide a dispute: the refusal stands, or the case is open again for the merchant to agree to.

    The note is kept with the case and in the audit log. Raises Invalid, NotFound and WrongCaseState.
    """
    if not 1 <= len(words.strip()) <= WORDS_MAX:
        raise Invalid(field="words", zh="请写明裁决意见。", en="Write down the decision.")
    case = await locked(uow, case_id, "refused")
    if not case.is_disputed:
        raise WrongCaseState(state=case.state, word=STATES[case.state][0])
    if not is_upheld:
        order = await orders.find(uow, case.order_id, anywhere=True)
        await check_units(
            uow,
            OpenCase(
                case.id,
                case.order_id,
                case.kind,
                case.reason,
                tuple((li.line_no, li.quantity) for li in case.lines),
            ),
            order,
            rules.BY_CODE[case.reason],
            case.units,
            is_staff=True,
        )
        await orders.suspend_receiving(uow, case.order_id)
    await uow.run(
        """
        update after_sales
        set is_disputed = false, updated_at = %(now)s, answer_by = case when %(upheld)s then null else %(by)s::timestamptz end,
            state = case when %(upheld)s then 'refused' else 'requested' end,
            closed_at = case when %(upheld)s then closed_at end
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=case.id,
        upheld=is_upheld,
        by=uow.now + rules.REPLY_WITHIN,
    )
    await note_step(uow, case.id, "upheld" if is_upheld else "reopened", words)
    await audit.note(
        uow, "aftersales.arbitrate", subject=case.id, subject_kind="after_sale",
        before={"state": "refused"}, after={"state": "refused" if is_upheld else "requested"}, reason=words.strip(),
    )  # fmt: skip
    return await find(uow, case.id)


async def overdue(uow: UnitOfWork) -> list[UUID]:
    """Cases whose time is over, by the clock of whoever has to act. Judged by stored times."""
    return await uow.all(
        UUID,
        """
        select id from after_sales
        where merchant_id = %(merchant_id)s and answer_by <= %(now)s and state in ('requested', 'returning', 'returned')
        order by answer_by limit %(limit)s
        """,
        limit=SWEEP_MAX,
    )


async def keep_time(uow: UnitOfWork, case_id: UUID) -> None:
    """Do what silence means in this case: the merchant's agrees, the buyer's ends it, goods that came back unchecked
    are refunded. One that moved on meanwhile stays. Raises what the step raises.
    """
    await lock_order_of(uow, case_id)
    case = await find(uow, case_id)
    if case.answer_by is None or case.answer_by > uow.now:
        return
    match case.state, case.kind:
        case "requested", _:
            await agree(uow, case_id, words="")
        case "returning", _:
            await close_case(uow, case, "lapsed")
            await note_step(uow, case_id, "lapsed", "")
        case "returned", "return":
            await check_in(uow, case_id, restock=False)
        case _:
            # An exchange cannot send goods by itself: it stays, overdue, on top of the list.
            await stop_clock(uow, case_id)


async def stop_clock(uow: UnitOfWork, case_id: UUID) -> None:
    """A person has to look: its units are gone, or goods have to be sent. It stays open, without a clock."""
    await lock_order_of(uow, case_id)
    case = await find(uow, case_id)
    if case.is_open and case.answer_by is not None and case.answer_by <= uow.now:
        await move(uow, case, case.state, answer_by=None)
        await note_step(uow, case_id, "overdue", "")


async def finish_refunded(uow: UnitOfWork) -> int:
    """Cases whose money has arrived at the buyer are done."""
    return await uow.run(
        """
        update after_sales c set state = 'done', updated_at = %(now)s
        from refunds r
        where c.merchant_id = %(merchant_id)s and c.state = 'refunding'
          and r.merchant_id = %(merchant_id)s and r.id = c.refund_id and r.state = 'done'
          -- The money of a presale goes back against both its payments, asked for at the same moment.
          and not exists (select from refunds d where d.merchant_id = r.merchant_id and d.order_id = r.order_id
                          and d.requested_at = r.requested_at and d.state <> 'done')
        """
    )
