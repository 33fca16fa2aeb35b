"""Refunds: requested with exact amounts per unit, sent to the gateway by a sweep, under one number for ever."""

import logging
from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.connect import wxpay
from siyu.events import OrderRefunded, RefundedUnits
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.model import ACCOUNTS, Refund
from siyu.trade.payments.queries import of_order, refunds_of_order
from siyu.trade.payments.settling import refund_finished

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 8  # after about four hours of refusals a person has to look
CLAIM_MAX = 20
REASON_MAX = 80  # WeChat Pay's limit


class RequestRefund(msgspec.Struct, frozen=True):
    """Give units back. `id` is made by the asker before asking, so that asking twice refunds once.

    `lines` are (line_no, quantity). `restock` puts goods that had left back on the shelf.
    """

    id: UUID
    order_id: UUID
    lines: tuple[tuple[int, int], ...]
    reason: str
    restock: bool = False


async def request_refund(uow: UnitOfWork, request: RequestRefund) -> Refund:
    """Promise the money of these units back to the buyer; the commission on them is reversed by the published fact.

    Raises NotFound, WrongState and Invalid. A second request with the same id returns the first one's refund.
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
    taken = await orders.take_back_units(uow, request.order_id, request.lines, restock=request.restock)
    amount = sum(line.amount for line in taken)
    payment = await of_order(uow, request.order_id)
    await _write(uow, request, taken, amount, payment.id if payment else None)
    accounts = await ledger.open_accounts(uow, ACCOUNTS)
    promised = ledger.Transfer(
        id=ids.derived("refund.promised", request.id),
        debit=accounts["sales"],
        credit=accounts["refunds_due"],
        amount=amount,
        reason="refund",
        subject_id=request.order_id,
    )
    await ledger.transfer(uow, [promised])
    uow.publish(
        OrderRefunded(
            order_id=request.order_id,
            refund_id=request.id,
            amount=amount,
            lines=tuple(RefundedUnits(li.line_no, li.first, li.quantity, li.amount) for li in taken),
        )
    )
    return next(r for r in await refunds_of_order(uow, request.order_id) if r.id == request.id)


async def _write(
    uow: UnitOfWork,
    request: RequestRefund,
    taken: Sequence[orders.RefundedLine],
    amount: int,
    payment_id: UUID | None,
) -> None:
    if amount <= 0:
        raise Invalid(
            field="lines", zh="这些商品没有可退金额。", en="There is no money to refund for these units."
        )
    await uow.run(
        """
        insert into refunds (merchant_id, id, order_id, payment_id, out_refund_no, amount, reason, kind, state,
                             next_attempt_at, actor_id, requested_at, updated_at)
        values (%(merchant_id)s, %(id)s, %(order)s, %(payment)s, %(number)s, %(amount)s, %(reason)s, 'after_sale',
                'requested', %(now)s, %(actor)s, %(now)s, %(now)s)
        """,
        id=request.id,
        order=request.order_id,
        payment=payment_id,
        number=request.id.hex,
        amount=amount,
        reason=request.reason.strip(),
        actor=uow.actor.id,
    )
    await uow.run(
        """
        insert into refund_lines (merchant_id, refund_id, order_id, line_no, first, quantity, amount)
        select %(merchant_id)s, %(id)s, %(order)s, t.line_no, t.first, t.quantity, t.amount
        from unnest(%(lines)s::smallint[], %(firsts)s::int[], %(quantities)s::int[], %(amounts)s::bigint[])
            as t (line_no, first, quantity, amount)
        """,
        id=request.id,
        order=request.order_id,
        lines=[line.line_no for line in taken],
        firsts=[line.first for line in taken],
        quantities=[line.quantity for line in taken],
        amounts=[line.amount for line in taken],
    )


class _Due(msgspec.Struct, frozen=True):
    id: UUID
    out_refund_no: str
    out_trade_no: str
    amount: int
    paid: int
    reason: str
    state: str
    attempts: int


async def send_refunds(
    database: Database, merchant: Merchant, gateway: wxpay.Gateway, notify_url: str
) -> int:
    """Send requested refunds to the gateway and ask about those it is working on. Returns how many were due."""

    async def claim(uow: UnitOfWork) -> list[_Due]:
        return await uow.all(
            _Due,
            """
            update refunds r set attempts = r.attempts + 1, updated_at = %(now)s,
                                 next_attempt_at = %(now)s + interval '15 seconds' * power(2, least(r.attempts, 10))
            from payments p
            where p.merchant_id = %(merchant_id)s and p.id = r.payment_id
              and r.merchant_id = %(merchant_id)s and r.id in (
                select id from refunds
                where merchant_id = %(merchant_id)s and state in ('requested', 'processing')
                  and next_attempt_at <= %(now)s
                order by next_attempt_at limit %(limit)s for update skip locked
              )
            returning r.id, r.out_refund_no, p.out_trade_no, r.amount, p.amount as paid, r.reason, r.state, r.attempts
            """,
            limit=CLAIM_MAX,
        )

    due = await database.attempt(merchant, claim)
    for refund in due:
        await _send(database, merchant, gateway, refund, notify_url)
    return len(due)


async def _send(
    database: Database, merchant: Merchant, gateway: wxpay.Gateway, due: _Due, notify_url: str
) -> None:
    try:
        answer = await gateway.query_refund(due.out_refund_no) if due.state == "processing" else None
        if answer is None:
            # The same number always means the same refund: asking again never pays twice.
            answer = await gateway.refund(
                out_trade_no=due.out_trade_no,
                out_refund_no=due.out_refund_no,
                refund=due.amount,
                total=due.paid,
                reason=due.reason,
                notify_url=notify_url,
            )
    except (wxpay.GatewayRefused, wxpay.GatewayUnsure) as problem:
        log.warning("refund %s: %s", due.out_refund_no, problem)
        async with database.begin(merchant) as uow:
            await uow.run(
                """
                update refunds set last_error = %(error)s, updated_at = %(now)s,
                                   state = case when %(give_up)s then 'abnormal' else state end
                where merchant_id = %(merchant_id)s and id = %(id)s and state <> 'done'
                """,
                error=str(problem)[:300],
                give_up=isinstance(problem, wxpay.GatewayRefused) and due.attempts >= ATTEMPTS_MAX,
                id=due.id,
            )
        return
    async with database.begin(merchant) as uow:
        await refund_finished(uow, answer)
