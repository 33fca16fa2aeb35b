"""Moving orders on: paid, closed, handed over, received. Each move is one guarded statement over a set of orders."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from siyu.events import LineFact, OrderClosed, OrderPaid, OrderPickedUp, OrderReceived
from siyu.goods import inventory
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders.model import PaidOrder, WrongState

PICKUP_CODE_LENGTH = 8  # 40 bits: not guessed at a counter, still read aloud in two breaths
SWEEP_MAX = 500
AUTO_RECEIVE_AFTER = timedelta(hours=24)  # handed over the counter and not contradicted for a day


class _Line(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    product_id: UUID
    sku_id: UUID
    quantity: int
    amount: int
    refunded_quantity: int
    store_id: UUID | None


class _Paid(msgspec.Struct, frozen=True):
    id: UUID
    number: str
    customer_id: UUID | None
    total: int
    door_id: UUID | None
    promoter_id: UUID | None


async def _lines(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[_Line]:
    return await uow.all(
        _Line,
        """
        select l.order_id, l.line_no, l.product_id, l.sku_id, l.quantity, l.amount, l.refunded_quantity, o.store_id
        from order_lines l join orders o on o.merchant_id = l.merchant_id and o.id = l.order_id
        where l.merchant_id = %(merchant_id)s and l.order_id = any(%(ids)s)
        order by l.order_id, l.line_no
        """,
        ids=list(order_ids),
    )


def _pieces(lines: Sequence[_Line]) -> list[inventory.Pieces]:
    """What the order still keeps: refunded units have been given back already."""
    return [
        inventory.Pieces(line.store_id, line.sku_id, line.quantity - line.refunded_quantity)
        for line in lines
        if line.store_id is not None and line.quantity > line.refunded_quantity
    ]


async def mark_paid(uow: UnitOfWork, order_ids: Sequence[UUID]) -> dict[UUID, PaidOrder]:
    """The money for these orders has arrived. An order that was closed is brought back when stock allows.

    Returns for each order the state it was found in and whether it is paid now; an order that had been paid
    before is reported with its state and changes nothing.
    """
    found = await uow.all(
        _Found,
        """
        select id, state from orders
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) order by id for update
        """,
        ids=list(order_ids),
    )
    revived = await _reserve_again(uow, [order.id for order in found if order.state == "closed"])
    payable = [order.id for order in found if order.state == "unpaid"] + revived
    if payable:
        await _pay(uow, payable)
    paid = set(payable)
    return {order.id: PaidOrder(order.id, order.state, order.id in paid) for order in found}


class _Found(msgspec.Struct, frozen=True):
    id: UUID
    state: str


async def _reserve_again(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[UUID]:
    if not order_ids:
        return []
    groups: dict[UUID, list[_Line]] = {order_id: [] for order_id in order_ids}
    for line in await _lines(uow, order_ids):
        groups[line.order_id].append(line)
    refusals = await inventory.reserve_groups(uow, [_pieces(lines) for lines in groups.values()])
    return [order_id for order_id, refusal in zip(groups, refusals, strict=True) if refusal is None]


async def _pay(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    paid = await uow.all(
        _Paid,
        """
        update orders o set state = 'paid', paid_at = %(now)s, updated_at = %(now)s, pickup_code = t.code,
                            closed_at = null, close_reason = null
        from unnest(%(ids)s::uuid[], %(codes)s::text[]) as t (id, code)
        where o.merchant_id = %(merchant_id)s and o.id = t.id and o.state in ('unpaid', 'closed')
        returning o.id, o.number, o.customer_id, o.total, o.door_id, o.promoter_id
        """,
        ids=list(order_ids),
        codes=[ids.code(PICKUP_CODE_LENGTH) for _ in order_ids],
    )
    lines: dict[UUID, list[LineFact]] = {}
    for line in await _lines(uow, order_ids):
        fact = LineFact(line.line_no, line.product_id, line.sku_id, line.quantity, line.amount)
        lines.setdefault(line.order_id, []).append(fact)
    for order in paid:
        assert order.customer_id is not None, "an order of the shop has a buyer"
        uow.publish(
            OrderPaid(
                order_id=order.id,
                number=order.number,
                customer_id=order.customer_id,
                total=order.total,
                lines=tuple(lines[order.id]),
                door_id=order.door_id,
                promoter_id=order.promoter_id,
            )
        )


async def close(uow: UnitOfWork, order_ids: Sequence[UUID], reason: str) -> list[UUID]:
    """End unpaid orders and give their stock back. Returns those that were closed; others are left as they are."""
    closed = await uow.all(
        UUID,
        """
        update orders set state = 'closed', closed_at = %(now)s, close_reason = %(reason)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and state = 'unpaid'
        returning id
        """,
        ids=list(order_ids),
        reason=reason,
    )
    if closed:
        await inventory.release(uow, _pieces(await _lines(uow, closed)))
        for order_id in closed:
            uow.publish(OrderClosed(order_id=order_id, reason=reason))
    return closed


async def close_expired(uow: UnitOfWork) -> int:
    """Close orders whose time to pay has passed and for which no payment was ever begun at a gateway.

    One with a payment under way is closed only after asking the gateway; see siyu.trade.payments.
    """
    expired = await uow.all(
        UUID,
        """
        select o.id from orders o
        where o.merchant_id = %(merchant_id)s and o.state = 'unpaid' and o.pay_by < %(now)s
          and not exists (select from payments p where p.merchant_id = o.merchant_id and p.order_id = o.id
                          and p.state = 'waiting')
        order by o.pay_by limit %(limit)s
        for update skip locked
        """,
        limit=SWEEP_MAX,
    )
    return len(await close(uow, expired, "expired")) if expired else 0


async def hand_over(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[UUID]:
    """The goods left the counter. Raises WrongState when one order is not waiting for pickup; then none moves."""
    moved = await uow.all(
        _Moved,
        """
        update orders set state = 'picked_up', picked_up_at = %(now)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and state = 'paid'
        returning id, store_id
        """,
        ids=list(order_ids),
    )
    if len(moved) != len(set(order_ids)):
        await _explain(uow, [i for i in order_ids if i not in {order.id for order in moved}])
    lines = await _lines(uow, [order.id for order in moved])
    kept = [line for line in lines if line.quantity > line.refunded_quantity]
    await inventory.deduct(uow, _pieces(kept), subject_ids=[line.order_id for line in kept])
    for order in moved:
        assert order.store_id is not None, "goods are handed over at a store"
        uow.publish(OrderPickedUp(order_id=order.id, store_id=order.store_id))
    return [order.id for order in moved]


class _Moved(msgspec.Struct, frozen=True):
    id: UUID
    store_id: UUID | None


async def confirm_received(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[UUID]:
    """The buyer has the goods: the time to return them starts (消费者权益保护法 art. 25). Raises WrongState."""
    received = await _receive(uow, order_ids)
    if len(received) != len(set(order_ids)):
        await _explain(uow, [i for i in order_ids if i not in set(received)])
    return received


async def _receive(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[UUID]:
    received = await uow.all(
        UUID,
        """
        update orders set state = 'received', received_at = %(now)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) and state = 'picked_up'
        returning id
        """,
        ids=list(order_ids),
    )
    for order_id in received:
        uow.publish(OrderReceived(order_id=order_id))
    return received


async def receive_overdue(uow: UnitOfWork, after: timedelta) -> int:
    """Goods handed over longer than `after` ago count as received, whether or not the buyer tapped the button."""
    overdue = await uow.all(
        UUID,
        """
        select id from orders
        where merchant_id = %(merchant_id)s and state = 'picked_up' and picked_up_at < %(before)s
        order by picked_up_at limit %(limit)s
        for update skip locked
        """,
        before=uow.now - after,
        limit=SWEEP_MAX,
    )
    return len(await _receive(uow, overdue)) if overdue else 0


async def _explain(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """Say why an order could not be moved. Always raises."""
    state = await uow.maybe(
        str, "select state from orders where merchant_id = %(merchant_id)s and id = %(id)s", id=order_ids[0]
    )
    if state is None:
        raise NotFound(what="订单 / order")
    raise WrongState(state)
