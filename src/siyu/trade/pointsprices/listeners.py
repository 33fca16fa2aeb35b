"""What became of orders for points: closed ones give the points back, refunds give them back by the unit."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.events import OrderClosed, OrderPaid, OrderRefunded
from siyu.people import points
from siyu.runtime.db import UnitOfWork
from siyu.runtime.worker import Consumer, Event
from siyu.trade.pointsprices.taking import give_back


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Digest facts in order; each may come again without harm."""
    for event in events:
        match event.fact:
            case OrderClosed() as fact:
                await _closed(uow, fact.order_id)
            case OrderPaid() as fact:
                await _paid_late(uow, fact.order_id)
            case OrderRefunded() as fact:
                await _refunded(uow, fact)


async def _closed(uow: UnitOfWork, order_id: UUID) -> None:
    """Only while the order is closed still: it may have been paid late since, and the older fact comes again."""
    is_closed = await uow.maybe(
        str,
        "select state from orders where merchant_id = %(merchant_id)s and id = %(order)s and state = 'closed'",
        order=order_id,
    )
    if is_closed:
        await give_back(uow, [order_id])


class _Returned(msgspec.Struct, frozen=True):
    customer_id: UUID
    offer_id: UUID
    points: int


async def _paid_late(uow: UnitOfWork, order_id: UUID) -> None:
    """Money came after the order was closed, and the order lives: its points are spent after all, or owed."""
    again = points.movement_id("spent", order_id, 1)
    found = await uow.all(
        _Returned,
        """
        update point_purchases set state = 'held', spending_id = %(again)s
        where merchant_id = %(merchant_id)s and order_id = %(order)s and state = 'returned'
        returning customer_id, offer_id, units * points_each as points
        """,
        order=order_id,
        again=again,
    )
    if not found:
        return
    needed = sum(one.points for one in found)
    await points.move(uow, [points.Move(found[0].customer_id, "spent", order_id, -needed, part=1, owes=True)])


class _Line(msgspec.Struct, frozen=True):
    line_no: int
    customer_id: UUID
    points_each: int
    spending_id: UUID


async def _refunded(uow: UnitOfWork, refund: OrderRefunded) -> None:
    """Each unit that was given back gives its points back; money alone gives none."""
    lines = await uow.all(
        _Line,
        """
        select line_no, customer_id, points_each, spending_id from point_purchases
        where merchant_id = %(merchant_id)s and order_id = %(order)s and state = 'held'
        """,
        order=refund.order_id,
    )
    known = {line.line_no: line for line in lines}
    moves = [
        points.Move(
            line.customer_id, "returned", refund.refund_id, line.points_each * units.quantity, part=units.line_no,
            of_id=line.spending_id, note="退款 / refund",
        )
        for units in refund.lines
        if units.quantity and (line := known.get(units.line_no)) is not None
    ]  # fmt: skip
    await points.move(uow, moves)


CONSUMERS = [Consumer("points_prices", (OrderClosed, OrderPaid, OrderRefunded), on_facts)]
