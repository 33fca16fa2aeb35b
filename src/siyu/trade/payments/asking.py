"""Asking the gateway: payments nobody told us about, and orders whose time to pay has passed.

The safe way to close an order (protocol of WeChat Pay): query; when paid, settle; else close at the gateway; when
that says the order was paid meanwhile, query again; only then is the stock given back.
"""

import logging
from datetime import timedelta
from uuid import UUID

import msgspec

from siyu.connect import wxpay
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.settling import Outcome, settle

log = logging.getLogger(__name__)

QUERY_AGAIN = timedelta(seconds=60)
CLAIM_MAX = 20


class _Waiting(msgspec.Struct, frozen=True):
    id: UUID
    order_id: UUID
    out_trade_no: str
    is_expired: bool


async def follow_up(database: Database, merchant: Merchant, gateway: wxpay.Gateway) -> int:
    """Query payments that have been silent, and close those whose order ran out of time. Returns how many."""

    async def claim(uow: UnitOfWork) -> list[_Waiting]:
        # Claimed by moving the due time: a process that dies here leaves the row to the next sweep.
        return await uow.all(
            _Waiting,
            """
            update payments p set next_query_at = %(again)s, updated_at = %(now)s
            from orders o
            where o.merchant_id = %(merchant_id)s and o.id = p.order_id
              and p.merchant_id = %(merchant_id)s and p.id in (
                select w.id from payments w join orders x on x.merchant_id = w.merchant_id and x.id = w.order_id
                where w.merchant_id = %(merchant_id)s and w.state = 'waiting'
                  and (w.next_query_at <= %(now)s
                       or (x.pay_by < %(now)s and coalesce(w.next_query_at, %(now)s) <= %(again)s
                           and w.updated_at < %(now)s - interval '20 seconds'))
                order by w.next_query_at nulls first limit %(limit)s
                for update of w skip locked
              )
            returning p.id, p.order_id, p.out_trade_no, coalesce(o.pay_by < %(now)s, true) as is_expired
            """,
            again=uow.now + QUERY_AGAIN,
            limit=CLAIM_MAX,
        )

    claimed = await database.attempt(merchant, claim)
    for payment in claimed:
        try:
            await _ask(database, merchant, gateway, payment, close=payment.is_expired, reason="expired")
        except (wxpay.GatewayRefused, wxpay.GatewayUnsure) as problem:
            # The row is due again in a minute; nothing is lost by waiting.
            log.warning("payment %s: %s", payment.out_trade_no, problem)
    return len(claimed)


async def _ask(
    database: Database,
    merchant: Merchant,
    gateway: wxpay.Gateway,
    payment: _Waiting,
    *,
    close: bool,
    reason: str,
) -> Outcome:
    outcome = await _query(database, merchant, gateway, payment.out_trade_no)
    if outcome is not Outcome.NOT_PAID or not close:
        return outcome
    try:
        await gateway.close(payment.out_trade_no)
    except wxpay.OrderPaid:
        return await _query(database, merchant, gateway, payment.out_trade_no)

    async def end(uow: UnitOfWork) -> None:
        await uow.run(
            """
            update payments set state = 'closed', next_query_at = null, updated_at = %(now)s
            where merchant_id = %(merchant_id)s and id = %(id)s and state = 'waiting'
            """,
            id=payment.id,
        )
        await orders.close(uow, [payment.order_id], reason)

    await database.attempt(merchant, end)
    return Outcome.NOT_PAID


async def _query(
    database: Database, merchant: Merchant, gateway: wxpay.Gateway, out_trade_no: str
) -> Outcome:
    transaction = await gateway.query(out_trade_no)
    if transaction is None:
        return Outcome.NOT_PAID

    async def record(uow: UnitOfWork) -> Outcome:
        (outcome,) = await settle(uow, [transaction])
        return outcome

    return await database.attempt(merchant, record)


async def check_now(
    database: Database, merchant: Merchant, gateway: wxpay.Gateway, order_id: UUID
) -> Outcome:
    """Ask the gateway about one order at once: the buyer's phone said "ok", which proves nothing."""
    payment = await _waiting(database, merchant, order_id)
    if payment is None:
        return Outcome.DUPLICATE
    return await _ask(database, merchant, gateway, payment, close=False, reason="")


async def cancel_unpaid(
    database: Database,
    merchant: Merchant,
    gateway: wxpay.Gateway,
    order_id: UUID,
    *,
    customer_id: UUID | None,
) -> None:
    """Close an unpaid order because the buyer (or, without `customer_id`, the merchant) wants to.

    Raises NotFound, and WrongState when it is not unpaid any more, also when it turns out to be paid just now.
    """
    async with database.begin(merchant) as uow:
        order = await orders.find(uow, order_id, customer_id=customer_id)
        if order.state != "unpaid":
            raise orders.WrongState(order.state)
    reason = "cancelled_by_buyer" if customer_id else "cancelled_by_merchant"
    payment = await _waiting(database, merchant, order_id)
    if payment is None:
        async with database.begin(merchant) as uow:
            await orders.close(uow, [order_id], reason)
    else:
        await _ask(database, merchant, gateway, payment, close=True, reason=reason)
    async with database.begin(merchant) as uow:
        order = await orders.find(uow, order_id)
        if order.state != "closed":
            raise orders.WrongState(order.state)


async def _waiting(database: Database, merchant: Merchant, order_id: UUID) -> _Waiting | None:
    async with database.begin(merchant) as uow:
        return await uow.maybe(
            _Waiting,
            """
            select id, order_id, out_trade_no, false as is_expired from payments
            where merchant_id = %(merchant_id)s and order_id = %(order)s and state = 'waiting'
            """,
            order=order_id,
        )
