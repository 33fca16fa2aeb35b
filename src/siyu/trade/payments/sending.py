"""Sending refunds to their gateways: a sweep claims due rows, asks what is known of them, and only then repeats."""

import logging
from uuid import UUID

import msgspec

from siyu.connect import gateways
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade.payments.model import GATEWAY_OF, Lines, by_name
from siyu.trade.payments.returning import refund_finished

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 8  # after about an hour of refusals a person has to look
CLAIM_MAX = 20


class _Due(msgspec.Struct, frozen=True):
    id: UUID
    out_refund_no: str
    out_trade_no: str
    method: str
    amount: int
    paid: int
    reason: str
    state: str
    attempts: int


async def send_refunds(database: Database, merchant: Merchant, lines: Lines, notify_url: str) -> int:
    """Send requested refunds to their gateways and ask about those they are working on. Returns how many were due."""
    known = by_name(lines)

    async def claim(uow: UnitOfWork) -> list[_Due]:
        return await uow.all(
            _Due,
            """
            update refunds r set attempts = r.attempts + 1, updated_at = %(now)s,
                                 next_attempt_at = %(now)s + interval '15 seconds' * power(2, least(r.attempts, 10))
            from payments p
            where p.merchant_id = %(merchant_id)s and p.id = r.payment_id
              and r.merchant_id = %(merchant_id)s and r.id in (
                select d.id from refunds d
                join payments w on w.merchant_id = d.merchant_id and w.id = d.payment_id
                where d.merchant_id = %(merchant_id)s and d.state in ('requested', 'processing')
                  and d.next_attempt_at <= %(now)s and w.method = any(%(methods)s)
                order by d.next_attempt_at limit %(limit)s for update of d skip locked
              )
            returning r.id, r.out_refund_no, p.out_trade_no, p.method, r.amount, p.amount as paid, r.reason, r.state,
                      r.attempts
            """,
            methods=[method for method, gateway in GATEWAY_OF.items() if gateway in known],
            limit=CLAIM_MAX,
        )

    due = await database.attempt(merchant, claim)
    for refund in due:
        await _send(database, merchant, known[GATEWAY_OF[refund.method]], refund, notify_url)
    return len(due)


async def _send(
    database: Database, merchant: Merchant, gateway: gateways.Gateway, due: _Due, notify_url: str
) -> None:
    try:
        # After the first attempt nobody knows what became of it: asked before anything is asked for again.
        is_known = due.state == "processing" or due.attempts > 1
        answer = (
            await gateway.query_refund(due.out_refund_no, out_trade_no=due.out_trade_no) if is_known else None
        )
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
    except (gateways.GatewayRefused, gateways.GatewayUnsure) as problem:
        log.warning("refund %s: %s", due.out_refund_no, problem)
        await _failed(database, merchant, due, problem)
        return

    async def record(uow: UnitOfWork) -> None:
        await refund_finished(uow, answer)

    await database.attempt(merchant, record)


async def _failed(
    database: Database,
    merchant: Merchant,
    due: _Due,
    problem: gateways.GatewayRefused | gateways.GatewayUnsure,
) -> None:
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            update refunds set last_error = %(error)s, updated_at = %(now)s,
                               state = case when %(give_up)s then 'abnormal' else state end
            where merchant_id = %(merchant_id)s and id = %(id)s and state <> 'done'
            """,
            error=str(problem)[:300],
            give_up=isinstance(problem, gateways.GatewayRefused) and due.attempts >= ATTEMPTS_MAX,
            id=due.id,
        )
