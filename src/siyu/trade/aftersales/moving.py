"""What every step of an after-sale is made of: the lock, the move, the end, the money, and the note of it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from siyu.kernel import ids, money
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders, payments
from siyu.trade.aftersales import rules
from siyu.trade.aftersales.model import Case, WrongCaseState
from siyu.trade.aftersales.queries import find
from siyu.trade.aftersales.words import STATES

WORDS_MAX = 500


async def refund_case(uow: UnitOfWork, case: Case, *, amount: int | None, restock: bool, words: str) -> Case:
    """Promise the money and end the merchant's part. An agreed amount is shared over the lines by what they are
    worth, and the units stay with the buyer.
    """
    order = await orders.find(uow, case.order_id, anywhere=True)
    units = tuple((line.line_no, line.quantity) for line in case.lines)
    refund_id = ids.derived("aftersale.refund", case.id)
    reductions: tuple[tuple[int, int], ...] = ()
    freight = rules.freight_back(order, rules.BY_CODE[case.reason], dict(units))
    if amount is not None:
        if case.units != "left" or case.kind != "refund_only":
            raise Invalid(
                field="amount",
                zh="只有仅退款可以协商金额。",
                en="Only a refund without return has an agreed amount.",
            )
        reductions, units, freight = _shared(order, case, amount), (), 0
    refund = await payments.request_refund(
        uow,
        payments.RequestRefund(
            id=refund_id,
            order_id=case.order_id,
            lines=units,
            reason=rules.BY_CODE[case.reason].zh,
            restock=restock,
            of="waiting" if case.units == "waiting" else "left",
            freight=freight,
            reductions=reductions,
            back_to=case.location_id,
        ),
    )
    await uow.run(
        """
        update after_sales set refund_id = %(refund)s, amount = %(amount)s, is_restocked = %(restock)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=case.id,
        refund=refund.id,
        amount=refund.amount,
        restock=restock,
    )
    await close_case(uow, case, "refunding")
    await note_step(uow, case.id, "refunded", words)
    return await find(uow, case.id)


def _shared(order: orders.Order, case: Case, amount: int) -> tuple[tuple[int, int], ...]:
    """An agreed amount over the lines of the case, by what each is worth. Raises Invalid when it is too much."""
    lines: Mapping[int, orders.OrderLine] = {line.line_no: line for line in order.lines}
    worth = [orders.worth_of(lines[one.line_no], one.quantity) for one in case.lines]
    if not 0 < amount <= sum(worth):
        raise Invalid(
            field="amount",
            zh=f"协商金额需大于 0 且不超过 {money.plain(sum(worth), order.currency)}。",
            en=f"The agreed amount is above nothing and at most {money.plain(sum(worth), order.currency)}.",
        )
    parts = money.split(amount, worth)
    return tuple((one.line_no, part) for one, part in zip(case.lines, parts, strict=True) if part)


async def locked(uow: UnitOfWork, case_id: UUID, *states: str, customer_id: UUID | None = None) -> Case:
    """The case, its row locked. The order's row comes first, as in `open_case`, so that two never wait in a ring."""
    await lock_order_of(uow, case_id)
    case = await find(uow, case_id)
    if customer_id is not None and case.customer_id != customer_id:
        raise NotFound(what="售后 / after-sale")
    if case.state not in states:
        raise WrongCaseState(state=case.state, word=STATES[case.state][0])
    return case


async def lock_order_of(uow: UnitOfWork, case_id: UUID) -> None:
    """The rows of the case's order and of the case, for whoever is about to change them."""
    order_id = await uow.maybe(
        UUID,
        "select order_id from after_sales where merchant_id = %(merchant_id)s and id = %(id)s",
        id=case_id,
    )
    if order_id is not None:
        await uow.run(
            "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=order_id
        )
    await uow.run(
        "select from after_sales where merchant_id = %(merchant_id)s and id = %(id)s for update", id=case_id
    )


async def move(
    uow: UnitOfWork, case: Case, state: str, *, answer_by: datetime | None, location_id: UUID | None = None
) -> None:
    assert state == case.state or state in rules.MOVES[case.state], "a case moves by the rules"
    await uow.run(
        """
        update after_sales set state = %(state)s, answer_by = %(answer_by)s, updated_at = %(now)s,
                               location_id = coalesce(%(location)s, location_id)
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=case.id,
        state=state,
        answer_by=answer_by,
        location=location_id,
    )


async def close_case(uow: UnitOfWork, case: Case, state: str) -> None:
    """End a case for both sides; the order may be received by itself again."""
    assert state in rules.MOVES[case.state], "a case moves by the rules"
    await uow.run(
        """
        update after_sales set state = %(state)s, answer_by = null, closed_at = %(now)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=case.id,
        state=state,
    )
    await orders.resume_receiving(uow, case.order_id)


async def note_step(uow: UnitOfWork, case_id: UUID, action: str, words: str) -> None:
    await uow.run(
        """
        insert into after_sale_steps (merchant_id, id, after_sale_id, action, actor_kind, actor_name, words, at)
        values (%(merchant_id)s, %(id)s, %(case)s, %(action)s, %(kind)s, %(name)s, %(words)s, %(now)s)
        """,
        id=ids.new(),
        case=case_id,
        action=action,
        kind=uow.actor.kind,
        name=uow.actor.name,
        words=words.strip()[:WORDS_MAX],
    )
