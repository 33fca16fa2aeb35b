"""What becomes of presales by themselves: deposits lost or given back, and goods freed when they may be sent."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from siyu.events import OrderClosed
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Consumer, Event, Sweep
from siyu.trade import orders, payments
from siyu.trade.presales import telling
from siyu.trade.presales.claiming import KIND

RELEASE_MAX = 200
EARLY = timedelta(days=1)  # packing begins a day before the first parcel may leave
BY_MERCHANT = "cancelled_by_merchant"
CANCELLED = "商家取消预售，定金原路退回"


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """A closed order with a deposit: kept where the buyer let it lapse, given back where the merchant cancelled.

    Each may come again: both are done once per order, and an order without a deposit has nothing to keep.
    """
    for event in events:
        order_id = event.fact.order_id
        if not await _has_deposit(uow, order_id):
            continue
        if event.fact.reason == BY_MERCHANT:
            await payments.return_deposit(uow, order_id, CANCELLED)
            await payments.owe_deposit(uow, order_id)
        else:
            await payments.keep_deposit(uow, order_id)


async def _has_deposit(uow: UnitOfWork, order_id: UUID) -> bool:
    return await uow.one(
        bool,
        """
        select exists (select from orders where merchant_id = %(merchant_id)s and id = %(order)s
                       and claim_kind = %(kind)s and state = 'closed' and deposit_paid_at is not null)
        """,
        order=order_id,
        kind=KIND,
    )


async def release_due(uow: UnitOfWork) -> int:
    """Let the paid orders of presales leave that are sent from tomorrow on; returns how many were held until now."""
    due = await uow.all(
        UUID,
        """
        select t.id from orders t
        join offers o on o.merchant_id = t.merchant_id and o.id = t.claim_id
        where t.merchant_id = %(merchant_id)s and t.held_for = 'presale' and t.claim_kind = 'presale'
          and t.state = 'paid' and (o.rule ->> 'ships_from')::timestamptz <= %(soon)s
        order by t.id limit %(limit)s
        for update of t skip locked
        """,
        soon=uow.now + EARLY,
        limit=RELEASE_MAX,
    )
    return await orders.release_hold(uow, due)


async def _release(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, release_due)


CONSUMERS = [Consumer("presales", (OrderClosed,), on_facts)]
SWEEPS = [Sweep("presales.release", 60.0, _release), Sweep("presales.tell", 30.0, telling.sweep)]
