"""Requesting refunds: exact amounts per unit, promised in the books at once, under one number for ever."""

from typing import Literal
from uuid import UUID

import msgspec

from siyu.events import OrderRefunded, RefundedUnits
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.model import ACCOUNTS, GATEWAY_OF, Payment, Refund
from siyu.trade.payments.queries import counted, refunds_of_order
from siyu.trade.payments.returning import into_balance

REASON_MAX = 80  # WeChat Pay's limit


class RequestRefund(msgspec.Struct, frozen=True):
    """Give units or money of an order back. `id` is made by the asker, so that asking twice refunds once.

    `lines` are (line_no, quantity); `of` says which units are meant: those still waiting to leave, those that left,
    or any. `restock` puts goods that had left back on the shelf, of the location `back_to` when it is named. `freight` (minor units) and `reductions`, which
    are (line_no, amount), give back money without units.
    """

    id: UUID
    order_id: UUID
    lines: tuple[tuple[int, int], ...]
    reason: str
    restock: bool = False
    of: Literal["any", "waiting", "left"] = "any"
    freight: int = 0
    reductions: tuple[tuple[int, int], ...] = ()
    back_to: UUID | None = None


async def request_refund(uow: UnitOfWork, request: RequestRefund) -> Refund:
    """Promise the money of these units back to the buyer; the commission on them is reversed by the published fact.

    It leaves by the way it came: through the gateway by a sweep, into a balance at once, by hand where the buyer
    had transferred it. Raises NotFound, WrongState and Invalid. A second request with the same id returns the first
    one's refund.
    """
    if not 1 <= len(request.reason.strip()) <= REASON_MAX:
        raise Invalid(
            field="reason", zh="请填写退款原因（80 字以内）。", en="Give a reason of at most 80 characters."
        )
    # The order is locked before looking, so that the same request arriving twice at once waits for its twin.
    await uow.run(
        "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update",
        id=request.order_id,
    )
    for refund in await refunds_of_order(uow, request.order_id):
        if refund.id == request.id:
            return refund
    taken = await orders.take_back_units(
        uow,
        request.order_id,
        request.lines,
        restock=request.restock,
        of=request.of,
        freight=request.freight,
        reductions=request.reductions,
        back_to=request.back_to,
    )
    payment = await counted(uow, request.order_id)
    await _write(uow, request, taken, payment)
    accounts = await ledger.open_accounts(uow, ACCOUNTS)
    promised = ledger.Transfer(
        id=ids.derived("refund.promised", request.id),
        debit=accounts["sales"],
        credit=accounts["refunds_due"],
        amount=taken.amount,
        reason="refund",
        subject_id=request.order_id,
    )
    await ledger.transfer(uow, [promised])
    if payment is not None and payment.method == "balance":
        await into_balance(uow, request.id)
    uow.publish(
        OrderRefunded(
            order_id=request.order_id,
            refund_id=request.id,
            amount=taken.amount,
            lines=tuple(RefundedUnits(li.line_no, li.first, li.quantity, li.amount) for li in taken.lines),
        )
    )
    return next(r for r in await refunds_of_order(uow, request.order_id) if r.id == request.id)


async def _write(
    uow: UnitOfWork, request: RequestRefund, taken: orders.Taken, payment: Payment | None
) -> None:
    if taken.amount <= 0:
        raise Invalid(
            field="lines", zh="这些商品没有可退金额。", en="There is no money to refund for these units."
        )
    await uow.run(
        """
        insert into refunds (merchant_id, id, order_id, payment_id, out_refund_no, amount, freight, reason, kind,
                             state, next_attempt_at, actor_id, requested_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(order)s, %(payment)s, %(number)s, %(amount)s, %(freight)s, %(reason)s,
                'after_sale', 'requested', %(next)s, %(actor)s, %(now)s, %(now)s)
        """,
        id=request.id,
        order=request.order_id,
        payment=payment.id if payment else None,
        number=request.id.hex,
        amount=taken.amount,
        freight=taken.freight,
        reason=request.reason.strip(),
        # Only a gateway is asked again and again; a transfer is sent back by a person.
        next=uow.now if payment is not None and payment.method in GATEWAY_OF else None,
        actor=uow.actor.id,
    )
    if not taken.lines:
        return
    await uow.run(
        """
        insert into refund_lines (merchant_id, refund_id, order_id, line_no, first, quantity, amount)
        select %(merchant_id)s, %(id)s, %(order)s, t.line_no, t.first, t.quantity, t.amount
        from unnest(%(lines)s::smallint[], %(firsts)s::int[], %(quantities)s::int[], %(amounts)s::bigint[])
            as t (line_no, first, quantity, amount)
        """,
        id=request.id,
        order=request.order_id,
        lines=[line.line_no for line in taken.lines],
        firsts=[line.first for line in taken.lines],
        quantities=[line.quantity for line in taken.lines],
        amounts=[line.amount for line in taken.lines],
    )
