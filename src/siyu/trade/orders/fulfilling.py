"""Units leave the house: over the counter, in a parcel, by courier, against a code. None leaves twice."""

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from siyu.events import LeftUnits, OrderPickedUp, OrderReceived, OrderShipped, UnitsLeft
from siyu.goods import inventory
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders.model import Fulfilled, NotWaiting, WrongState
from siyu.trade.orders.rules import FULFILLED
from siyu.trade.orders.units import Line, lines_of

How = Literal["counter", "parcel", "courier", "code"]
AFTER_PAYMENT = frozenset({"paid", "shipped", "picked_up", "received"})
Units = Mapping[tuple[UUID, int], int]  # by order and line number


class _Head(msgspec.Struct, frozen=True):
    id: UUID
    state: str
    delivery: str
    store_id: UUID | None
    held_for: str

    @property
    def word(self) -> str:
        """What keeps the goods in the house: the reason the order is held, or its state."""
        return self.held_for or self.state


async def fulfil_units(
    uow: UnitOfWork, order_id: UUID, units: Sequence[tuple[int, int]], how: How
) -> Fulfilled:
    """So many units of these lines (line_no, quantity) leave the house.

    When nothing waits any more, the order is picked up, shipped, or – of codes alone – received. Raises NotFound,
    Invalid, WrongState unless the order is paid, and NotWaiting when fewer units are there to leave.
    """
    heads = await _lock(uow, [order_id])
    if order_id not in heads:
        raise NotFound(what="订单 / order")
    lines = {line.line_no: line for line in await lines_of(uow, [order_id])}
    asked = _asked(units, lines)
    for line_no in asked:
        # A voucher may be used after the goods beside it were fetched; goods only leave an order that waits.
        allowed = AFTER_PAYMENT if lines[line_no].kind == "virtual" else {"paid"}
        if heads[order_id].state not in allowed or heads[order_id].held_for:
            raise WrongState(heads[order_id].word)
    states = await _leave(
        uow, heads, list(lines.values()), {(order_id, line_no): n for line_no, n in asked.items()}, how
    )
    left = sum(line.waiting for line in lines.values()) - sum(asked.values())
    return Fulfilled(states[order_id], is_all=left == 0)


def _asked(units: Sequence[tuple[int, int]], lines: Mapping[int, Line]) -> dict[int, int]:
    asked: dict[int, int] = {}
    for i, (line_no, quantity) in enumerate(units):
        if line_no not in lines:
            raise Invalid(
                field=f"lines[{i}].line_no", zh="订单里没有这一行。", en="The order has no such line."
            )
        asked[line_no] = asked.get(line_no, 0) + quantity
        if quantity < 1 or asked[line_no] > lines[line_no].waiting:
            raise NotWaiting(field=f"lines[{i}].quantity", line_no=line_no, left=lines[line_no].waiting)
    if not asked:
        raise Invalid(field="lines", zh="请选择要交付的商品。", en="Choose what leaves.")
    return asked


async def hand_over(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[UUID]:
    """All goods of these orders left the counter. Raises NotFound and WrongState; then none moves."""
    heads = await _lock(uow, order_ids)
    for order_id in order_ids:
        if order_id not in heads:
            raise NotFound(what="订单 / order")
        head = heads[order_id]
        if head.state != "paid" or head.delivery != "pickup" or head.held_for:
            raise WrongState(head.word)
    lines = await lines_of(uow, list(heads))
    units = {(line.order_id, line.line_no): line.waiting for line in lines if _is_goods(line, "pickup")}
    await _leave(uow, heads, lines, {key: quantity for key, quantity in units.items() if quantity}, "counter")
    return list(heads)


async def _lock(uow: UnitOfWork, order_ids: Sequence[UUID]) -> dict[UUID, _Head]:
    found = await uow.all(
        _Head,
        """
        select id, state, delivery, store_id, held_for from orders
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) order by id for update
        """,
        ids=list(order_ids),
    )
    return {head.id: head for head in found}


async def _leave(
    uow: UnitOfWork, heads: Mapping[UUID, _Head], lines: Sequence[Line], units: Units, how: How
) -> dict[UUID, str]:
    """Move counts, stock and states of locked orders; return the state of each."""
    await _count(uow, units)
    leaving = [(line, units.get((line.order_id, line.line_no), 0)) for line in lines]
    pieces = [(piece, line.order_id) for line, quantity in leaving for piece in line.pieces(quantity)]
    await inventory.deduct(
        uow, [piece for piece, _ in pieces], subject_ids=[order_id for _, order_id in pieces]
    )
    for order_id in {order_id for order_id, _ in units}:
        left = [LeftUnits(line_no, n) for (of, line_no), n in units.items() if of == order_id]
        uow.publish(UnitsLeft(order_id=order_id, how=how, lines=tuple(left)))
    waits = {
        line.order_id
        for line, quantity in leaving
        if _is_goods(line, heads[line.order_id].delivery) and line.waiting > quantity
    }
    return await _move_on(uow, heads, [order_id for order_id in heads if order_id not in waits])


def _is_goods(line: Line, delivery: str) -> bool:
    """Whether the order waits for this line: vouchers beside goods are used in their own time."""
    return line.kind != "virtual" or delivery == "none"


async def _count(uow: UnitOfWork, units: Units) -> None:
    await uow.run(
        """
        update order_lines l set fulfilled_quantity = l.fulfilled_quantity + t.quantity
        from unnest(%(orders)s::uuid[], %(lines)s::smallint[], %(quantities)s::int[]) as t (order_id, line_no, quantity)
        where l.merchant_id = %(merchant_id)s and l.order_id = t.order_id and l.line_no = t.line_no
        """,
        orders=[order_id for order_id, _ in units],
        lines=[line_no for _, line_no in units],
        quantities=list(units.values()),
    )


async def _move_on(uow: UnitOfWork, heads: Mapping[UUID, _Head], done: Sequence[UUID]) -> dict[UUID, str]:
    """Orders of which nothing waits any more, if they were waiting, enter the state their delivery leads to."""
    states = {order_id: head.state for order_id, head in heads.items()}
    moving = {
        order_id: FULFILLED[heads[order_id].delivery] for order_id in done if states[order_id] == "paid"
    }
    if moving:
        await uow.run(
            """
            update orders o set state = t.state, updated_at = %(now)s,
                picked_up_at = case when t.state = 'picked_up' then %(now)s else o.picked_up_at end,
                shipped_at = case when t.state = 'shipped' then %(now)s else o.shipped_at end,
                received_at = case when t.state = 'received' then %(now)s else o.received_at end
            from unnest(%(ids)s::uuid[], %(states)s::text[]) as t (id, state)
            where o.merchant_id = %(merchant_id)s and o.id = t.id
            """,
            ids=list(moving),
            states=list(moving.values()),
        )
    for order_id, state in moving.items():
        match state:
            case "picked_up":
                store_id = heads[order_id].store_id
                assert store_id is not None, "goods are handed over at a store"
                uow.publish(OrderPickedUp(order_id=order_id, store_id=store_id))
            case "shipped":
                uow.publish(OrderShipped(order_id=order_id))
            case _:
                uow.publish(OrderReceived(order_id=order_id))
    return states | moving


async def nothing_waits(uow: UnitOfWork, order_id: UUID) -> None:
    """What waited was cancelled: if the rest has left, the order moves on as if the last unit had."""
    heads = await _lock(uow, [order_id])
    lines = await lines_of(uow, [order_id])
    goods = [line for line in lines if _is_goods(line, heads[order_id].delivery)]
    if goods and all(line.waiting == 0 for line in goods) and any(line.fulfilled_quantity for line in goods):
        await _move_on(uow, heads, [order_id])


async def unfulfil_units(uow: UnitOfWork, order_id: UUID, units: Sequence[tuple[int, int]]) -> None:
    """Take back a handover or a parcel that was entered by mistake: the units wait again, their pieces are promised.

    Raises NotFound, WrongState once the buyer has confirmed, and Invalid for units that had not left.
    """
    heads = await _lock(uow, [order_id])
    if order_id not in heads:
        raise NotFound(what="订单 / order")
    head = heads[order_id]
    if head.state not in {"paid", "shipped", "picked_up"}:
        raise WrongState(head.state)
    lines = {line.line_no: line for line in await lines_of(uow, [order_id])}
    pieces: list[inventory.Pieces] = []
    for i, (line_no, quantity) in enumerate(units):
        line = lines.get(line_no)
        returned = line.refunded_quantity - line.cancelled_quantity if line else 0
        if line is None or not 1 <= quantity <= line.fulfilled_quantity - returned:
            raise Invalid(
                field=f"lines[{i}].quantity", zh="这些商品没有交付过。", en="These units have not left."
            )
        pieces += line.pieces(quantity)
    await _count(uow, {(order_id, line_no): -quantity for line_no, quantity in units})
    await inventory.put_back(uow, pieces, subject_id=order_id)
    await inventory.promise(uow, inventory.summed(pieces))
    await uow.run(
        """
        update orders set state = 'paid', shipped_at = null, picked_up_at = null, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=order_id,
    )
