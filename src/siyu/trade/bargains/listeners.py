"""What became of the orders: a paid one ends its bargain, one closed unpaid lets it go on."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.events import OrderClosed, OrderPaid
from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork
from siyu.runtime.worker import Consumer, Event
from siyu.trade import orders, payments
from siyu.trade.bargains.claiming import KIND, give_back
from siyu.web import mark

SECOND = mark("这次砍价已有付款订单，自动退款")  # the buyer reads it beside the refund


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Digest facts in order; each may come again without harm."""
    for event in events:
        if isinstance(event.fact, OrderPaid):
            await _bought(uow, event.fact.order_id)
        else:
            await _closed(uow, event.fact.order_id)


class _Won(msgspec.Struct, frozen=True):
    id: UUID
    state: str
    order_id: UUID | None


async def _bought(uow: UnitOfWork, order_id: UUID) -> None:
    """The order names its bargain: money that came late finds it too, though it had let go of the order.

    A bargain is one unit for one order, the first that is paid. Another that was placed with it meanwhile is closed,
    and when its money comes all the same, or came before, it goes back.
    """
    won = await uow.maybe(
        _Won,
        """
        select b.id, b.state, b.order_id from orders o
        join bargains b on b.merchant_id = o.merchant_id and b.id = o.claim_id
        where o.merchant_id = %(merchant_id)s and o.id = %(order)s and o.claim_kind = %(kind)s
        for update of b
        """,
        order=order_id,
        kind=KIND,
    )
    if won is None or (won.state == "bought" and won.order_id == order_id):
        return
    if won.state == "bought":
        await _give_money_back(uow, order_id)
        return
    await uow.run(
        """
        update bargains set state = 'bought', order_id = %(order)s, bought_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        order=order_id,
        id=won.id,
    )
    if won.order_id is not None and won.order_id != order_id:
        await orders.close(uow, [won.order_id], "expired")


async def _give_money_back(uow: UnitOfWork, order_id: UUID) -> None:
    """Everything of an order that has not left, once however often it is asked."""
    order = await orders.find(uow, order_id, anywhere=True)
    waiting = tuple((line.line_no, line.waiting) for line in order.lines if line.waiting)
    if order.state == "paid" and waiting:
        refund = payments.RequestRefund(
            id=ids.derived("bargain.second_order", order_id),
            order_id=order_id,
            lines=waiting,
            reason=SECOND,
            of="waiting",
            freight=order.freight - order.freight_refunded,
        )
        await payments.request_refund(uow, refund)


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
