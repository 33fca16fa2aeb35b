"""Asking the gateways: payments nobody told us about, and attempts that are not wanted any more.

The safe way to end an attempt (protocol of WeChat Pay): query; when paid, settle; else close at the gateway; when
that says it was paid meanwhile, query again. Only after every attempt of an order has ended is its stock given back.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import msgspec

from siyu.connect import gateways
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.model import GATEWAY_OF, DepositPaid, Lines, UnderReview, by_name
from siyu.trade.payments.settling import Outcome, settle

log = logging.getLogger(__name__)

FIRST_QUERY = timedelta(seconds=30)
# Asked at 30 seconds, 2, 5, 10 and 30 minutes after beginning, then every half hour; and when the order's time is up.
QUERY_GAPS_SECONDS = [90, 180, 300, 1_200, 1_800]
QUERY_AGAIN = timedelta(seconds=60)  # after the order's time was up and the gateway did not answer
CLAIM_MAX = 20


class _Waiting(msgspec.Struct, frozen=True):
    id: UUID
    order_id: UUID
    out_trade_no: str
    method: str
    is_unwanted: bool
    is_stale: bool = False  # for another amount than is due: the deposit of a presale is paid


async def follow_up(database: Database, merchant: Merchant, lines: Lines) -> int:
    """Query attempts that have been silent, and end those whose order was paid or ran out of time. Returns how many."""
    known = by_name(lines)

    async def claim(uow: UnitOfWork) -> list[_Waiting]:
        # Claimed by moving the due time: a process that dies here leaves the row to the next sweep.
        return await uow.all(
            _Waiting,
            """
            update payments p
            set asked = p.asked + 1, updated_at = %(now)s,
                next_query_at = least(
                    %(now)s + (%(gaps)s::int[])[least(p.asked + 1, %(steps)s)] * interval '1 second',
                    greatest(o.pay_by, %(again)s))
            from orders o
            where o.merchant_id = %(merchant_id)s and o.id = p.order_id
              and p.merchant_id = %(merchant_id)s and p.id in (
                select w.id from payments w
                where w.merchant_id = %(merchant_id)s and w.state = 'waiting' and w.next_query_at <= %(now)s
                order by w.next_query_at limit %(limit)s
                for update of w skip locked
              )
            returning p.id, p.order_id, p.out_trade_no, p.method,
                      (o.state <> 'unpaid' or coalesce(o.pay_by < %(now)s, true))
                      and not exists (select from payment_proofs f where f.merchant_id = p.merchant_id
                                      and f.order_id = o.id and f.state = 'waiting') as is_unwanted,
                      p.amount <> o.due_amount as is_stale
            """,
            gaps=QUERY_GAPS_SECONDS,
            steps=len(QUERY_GAPS_SECONDS),
            again=uow.now + QUERY_AGAIN,
            limit=CLAIM_MAX,
        )

    claimed = await database.attempt(merchant, claim)
    for payment in claimed:
        try:
            outcome = await _ask(
                database, merchant, known, payment, close=payment.is_unwanted or payment.is_stale
            )
        except (gateways.GatewayRefused, gateways.GatewayUnsure) as problem:
            # The row is due again; nothing is lost by waiting.
            log.warning("payment %s: %s", payment.out_trade_no, problem)
            continue
        if payment.is_unwanted and outcome is Outcome.NOT_PAID:
            await _close_order(database, merchant, payment.order_id, "expired")
    return len(claimed)


async def _ask(
    database: Database,
    merchant: Merchant,
    known: Mapping[str, gateways.Gateway],
    payment: _Waiting,
    *,
    close: bool,
) -> Outcome:
    """What became of an attempt; with `close`, one that is not paid is ended at its gateway and then here."""
    if payment.method in GATEWAY_OF:
        gateway = known.get(GATEWAY_OF[payment.method])
        if gateway is None:
            raise gateways.GatewayUnsure("NOT_CONFIGURED", gateway=GATEWAY_OF[payment.method])
        outcome = await _query(database, merchant, gateway, payment.out_trade_no)
        if outcome is not Outcome.NOT_PAID or not close:
            return outcome
        try:
            await gateway.close(payment.out_trade_no)
        except gateways.OrderPaid:
            return await _query(database, merchant, gateway, payment.out_trade_no)
    if close:

        async def end(uow: UnitOfWork) -> None:
            await uow.run(
                """
                update payments set state = 'closed', next_query_at = null, updated_at = %(now)s
                where merchant_id = %(merchant_id)s and id = %(id)s and state = 'waiting'
                """,
                id=payment.id,
            )

        await database.attempt(merchant, end)
    return Outcome.NOT_PAID


async def _query(
    database: Database, merchant: Merchant, gateway: gateways.Gateway, out_trade_no: str
) -> Outcome:
    transaction = await gateway.query(out_trade_no)
    if transaction is None:
        return Outcome.NOT_PAID

    async def record(uow: UnitOfWork) -> Outcome:
        (outcome,) = await settle(uow, [transaction])
        return outcome

    return await database.attempt(merchant, record)


async def _close_order(database: Database, merchant: Merchant, order_id: UUID, reason: str) -> None:
    """End an unpaid order none of whose attempts can be paid any more."""

    async def end(uow: UnitOfWork) -> None:
        is_open = await uow.one(
            bool,
            """
            select exists (select from payments where merchant_id = %(merchant_id)s and order_id = %(order)s
                           and state = 'waiting')
            """,
            order=order_id,
        )
        if not is_open:
            await orders.close(uow, [order_id], reason)

    await database.attempt(merchant, end)


async def check_now(database: Database, merchant: Merchant, lines: Lines, order_id: UUID) -> Outcome:
    """Ask the gateways about one order at once: the buyer's phone said "ok", which proves nothing.

    PAID when one of its attempts is, else NOT_PAID; DUPLICATE when none is open.
    """
    known = by_name(lines)
    waiting = await _waiting(database, merchant, order_id)
    outcomes = [
        await _ask(database, merchant, known, payment, close=False)
        for payment in waiting
        if payment.method in GATEWAY_OF
    ]
    if Outcome.PAID in outcomes:
        return Outcome.PAID
    return next(iter(outcomes), Outcome.NOT_PAID if waiting else Outcome.DUPLICATE)


async def end_attempts(database: Database, merchant: Merchant, lines: Lines, order_id: UUID) -> Outcome:
    """End every open attempt of an order at its gateway; PAID when one of them turned out to be paid.

    Raises UnderReview while a proof of transfer waits for staff, and what the gateways refuse.
    """
    known = by_name(lines)
    async with database.begin(merchant) as uow:
        if await is_under_review(uow, order_id):
            raise UnderReview
    outcomes = [
        await _ask(database, merchant, known, payment, close=True)
        for payment in await _waiting(database, merchant, order_id)
    ]
    paid = {Outcome.PAID, Outcome.DOUBLE, Outcome.DUPLICATE}
    return Outcome.PAID if paid & set(outcomes) else Outcome.NOT_PAID


async def end_attempt(database: Database, merchant: Merchant, lines: Lines, payment_id: UUID) -> Outcome:
    """End one open attempt at its gateway, because another number has to take its place."""
    async with database.begin(merchant) as uow:
        payment = await uow.maybe(
            _Waiting,
            """
            select id, order_id, out_trade_no, method, true as is_unwanted from payments
            where merchant_id = %(merchant_id)s and id = %(id)s and state = 'waiting'
            """,
            id=payment_id,
        )
    if payment is None:
        return Outcome.DUPLICATE
    return await _ask(database, merchant, by_name(lines), payment, close=True)


async def is_under_review(uow: UnitOfWork, order_id: UUID) -> bool:
    """Whether a proof of transfer for this order waits for staff."""
    return await uow.one(
        bool,
        """
        select exists (select from payment_proofs where merchant_id = %(merchant_id)s and order_id = %(order)s
                       and state = 'waiting')
        """,
        order=order_id,
    )


async def cancel_unpaid(
    database: Database, merchant: Merchant, lines: Lines, order_id: UUID, *, customer_id: UUID | None
) -> None:
    """Close an unpaid order because the buyer (or, without `customer_id`, the merchant) wants to.

    Raises NotFound, UnderReview, and WrongState when it is not unpaid any more, also when it turns out to be paid
    just now.
    """
    async with database.begin(merchant) as uow:
        order = await orders.find(uow, order_id, customer_id=customer_id)
        if order.state != "unpaid":
            raise orders.WrongState(order.state)
        if customer_id is not None and order.deposit_paid_at is not None:
            raise DepositPaid
    await end_attempts(database, merchant, lines, order_id)
    reason = "cancelled_by_buyer" if customer_id else "cancelled_by_merchant"
    await _close_order(database, merchant, order_id, reason)
    async with database.begin(merchant) as uow:
        order = await orders.find(uow, order_id)
        if order.state != "closed":
            raise orders.WrongState(order.state)


async def _waiting(database: Database, merchant: Merchant, order_id: UUID) -> list[_Waiting]:
    async with database.begin(merchant) as uow:
        return await uow.all(
            _Waiting,
            """
            select id, order_id, out_trade_no, method, false as is_unwanted from payments
            where merchant_id = %(merchant_id)s and order_id = %(order)s and state = 'waiting' order by id
            """,
            order=order_id,
        )
