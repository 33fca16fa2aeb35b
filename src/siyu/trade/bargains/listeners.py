"""What became of the orders: a paid one ends its bargain, one closed unpaid lets it go on."""

from collections.abc import Sequence
from uuid import UUID

from siyu.events import OrderClosed, OrderPaid
from siyu.runtime.db import UnitOfWork
from siyu.runtime.worker import Consumer, Event
from siyu.trade.bargains.claiming import KIND, give_back


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Digest facts in order; each may come again without harm."""
    for event in events:
        if isinstance(event.fact, OrderPaid):
            await _bought(uow, event.fact.order_id)
        else:
            await _closed(uow, event.fact.order_id)


async def _bought(uow: UnitOfWork, order_id: UUID) -> None:
    """The order names its bargain: money that came late finds it too, though it had let go of the order."""
    await uow.run(
        """
        update bargains b set state = 'bought', order_id = o.id, bought_at = %(now)s
        from orders o
        where o.merchant_id = %(merchant_id)s and o.id = %(order)s and o.claim_kind = %(kind)s
          and b.merchant_id = o.merchant_id and b.id = o.claim_id and b.state <> 'bought'
        """,
        order=order_id,
        kind=KIND,
    )


async def _closed(uow: UnitOfWork, order_id: UUID) -> None:
    """Only while the order is closed still: it may have been paid late since, and the older fact comes again."""
    is_closed = await uow.maybe(
        str,
        """
        select state from orders where merchant_id = %(merchant_id)s and id = %(order)s and state = 'closed'
        """,
        order=order_id,
    )
    if is_closed:
        await give_back(uow, [order_id])


CONSUMERS = [Consumer("bargains", (OrderClosed, OrderPaid), on_facts)]
