"""Requesting refunds: exact amounts per unit, promised in the books at once, under one number for ever."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from siyu.events import OrderRefunded, RefundedUnits
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.model import ACCOUNTS, GATEWAY_OF, Refund
from siyu.trade.payments.queries import refunds_of_order
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
    if (before := await _told(uow, request)) is not None:
        return before
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
    if taken.amount <= 0:
        raise Invalid(
            field="lines", zh="这些商品没有可退金额。", en="There is no money to refund for these units."
        )
    parts = await _parts(uow, request, taken.amount)
    await _write(uow, request, taken, parts)
    accounts = await ledger.open_accounts(uow, ACCOUNTS)
    promised = [
        ledger.Transfer(
            id=ids.derived("refund.promised", part.id),
            debit=accounts["sales"],
            credit=accounts["refunds_due"],
            amount=part.amount,
            reason="refund",
            subject_id=request.order_id,
        )
        for part in parts
    ]
    await ledger.transfer(uow, promised)
    for part in parts:
        if part.method == "balance":
            await into_balance(uow, part.id)
    uow.publish(
        OrderRefunded(
            order_id=request.order_id,
            refund_id=request.id,
            amount=taken.amount,
            lines=tuple(RefundedUnits(li.line_no, li.first, li.quantity, li.amount) for li in taken.lines),
        )
    )
    told = await _told(uow, request)
    assert told is not None, "it was written above"
    return told


async def _told(uow: UnitOfWork, request: RequestRefund) -> Refund | None:
    """The refund of this request with all the money it gives back, though a presale's goes back in two parts."""
    parts = {request.id: 0, _second_part(request.id): 0}
    found: Refund | None = None
    for refund in await refunds_of_order(uow, request.order_id):
        if refund.id in parts:
            parts[refund.id] = refund.amount
            found = refund if refund.id == request.id else found
    return msgspec.structs.replace(found, amount=sum(parts.values())) if found is not None else None


def _second_part(request_id: UUID) -> UUID:
    """What goes back against the deposit, after the balance."""
    return ids.derived("refund.of_deposit", request_id)


class _Part(msgspec.Struct, frozen=True):
    """What goes back against one payment."""

    id: UUID
    payment_id: UUID | None
    method: str
    amount: int


class _Paid(msgspec.Struct, frozen=True):
    id: UUID
    method: str
    left: int


async def _parts(uow: UnitOfWork, request: RequestRefund, amount: int) -> list[_Part]:
    """Share the money among what was paid: the newest payment first, none beyond what is left of it.

    An order has one payment that counts; a presale has its balance and its deposit.
    """
    paid = await uow.all(
        _Paid,
        """
        select p.id, p.method,
               (p.amount - coalesce((select sum(r.amount) from refunds r where r.merchant_id = p.merchant_id
                                     and r.payment_id = p.id), 0))::bigint as left
        from payments p
        where p.merchant_id = %(merchant_id)s and p.order_id = %(order)s and p.state in ('paid', 'deposit')
        order by (p.state = 'paid') desc, p.paid_at desc, p.id desc
        """,
        order=request.order_id,
    )
    if len(paid) <= 1:
        one = paid[0] if paid else None
        return [_Part(request.id, one.id if one else None, one.method if one else "", amount)]
    parts: list[_Part] = []
    for one in paid:
        share = min(amount - sum(part.amount for part in parts), one.left)
        if share > 0:
            part_id = _second_part(request.id) if parts else request.id
            parts.append(_Part(part_id, one.id, one.method, share))
    assert sum(part.amount for part in parts) == amount, "no more goes back than was paid"
    return parts


async def _write(
    uow: UnitOfWork, request: RequestRefund, taken: orders.Taken, parts: Sequence[_Part]
) -> None:
    for part in parts:
        await uow.run(
            """
            insert into refunds (merchant_id, id, order_id, payment_id, out_refund_no, amount, freight, reason, kind,
                                 state, next_attempt_at, actor_id, requested_at, updated_at)
            values (%(merchant_id)s, %(id)s, %(order)s, %(payment)s, %(number)s, %(amount)s, %(freight)s, %(reason)s,
                    'after_sale', 'requested', %(next)s, %(actor)s, %(now)s, %(now)s)
            """,
            id=part.id,
            order=request.order_id,
            payment=part.payment_id,
            number=part.id.hex,
            amount=part.amount,
            freight=taken.freight if part.id == request.id else 0,
            reason=request.reason.strip(),
            # Only a gateway is asked again and again; a transfer is sent back by a person.
            next=uow.now if part.method in GATEWAY_OF else None,
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
