"""Giving money back for an order: what units are worth, where the pieces go, and money without units."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.goods import inventory, offers
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders.actions import free_slots
from siyu.trade.orders.fulfilling import AFTER_PAYMENT, nothing_waits
from siyu.trade.orders.model import OrderLine, WrongState
from siyu.trade.orders.rules import worth
from siyu.trade.orders.units import Line, lines_of

Of = Literal["any", "waiting", "left"]


class RefundedLine(msgspec.Struct, frozen=True):
    """`quantity` units of a line given back, after `first` that were before; `amount` minor units.

    No units: money alone went back (a lighter weight, an agreement).
    """

    line_no: int
    first: int
    quantity: int
    amount: int


class Taken(msgspec.Struct, frozen=True):
    """What is given back: of lines, of the freight, and together."""

    lines: tuple[RefundedLine, ...]
    freight: int
    amount: int


class _Head(msgspec.Struct, frozen=True):
    state: str
    store_id: UUID | None
    freight: int
    freight_refunded: int
    deliver_from: datetime | None


class _Split(msgspec.Struct, frozen=True):
    """Units of a line given back: so many had still to leave, so many had left."""

    line: Line
    waiting: int
    left: int


async def take_back_units(
    uow: UnitOfWork,
    order_id: UUID,
    wanted: Sequence[tuple[int, int]],
    *,
    restock: bool,
    of: Of = "any",
    freight: int = 0,
    reductions: Sequence[tuple[int, int]] = (),
    back_to: UUID | None = None,
) -> Taken:
    """Mark (line_no, quantity) units of a paid order as given back and return what they are worth.

    `of` says which units are meant: those still waiting, those that left, or 'any' – then waiting ones first.
    Pieces that had not left are free again at once; those that had go back to the shelf only when `restock` says
    they can be sold again: where they left from, or at `back_to` where they came back to. `freight` and `reductions` (line_no, amount) give back money without units. Any sequence
    returns exactly what was paid. Raises NotFound, WrongState for an order without money, and Invalid.
    """
    head = await uow.maybe(
        _Head,
        """
        select state, store_id, freight, freight_refunded, deliver_from from orders
        where merchant_id = %(merchant_id)s and id = %(id)s for update
        """,
        id=order_id,
    )
    if head is None:
        raise NotFound(what="订单 / order")
    if head.state not in AFTER_PAYMENT:
        raise WrongState(head.state)
    lines = {line.line_no: line for line in await lines_of(uow, [order_id])}
    splits = _split(lines, wanted, of)
    splits += await _gifts_with_them(uow, lines, splits)
    taken = [_given_back(one) for one in splits] + _reduced(lines, splits, reductions)
    if not 0 <= freight <= head.freight - head.freight_refunded:
        raise Invalid(
            field="freight",
            zh=f"运费最多还能退 {head.freight - head.freight_refunded} 分。",
            en=f"At most {head.freight - head.freight_refunded} fen of the freight can be refunded.",
        )
    if not taken and not freight:
        raise Invalid(field="lines", zh="请选择要退的商品。", en="Choose what to refund.")
    await _count(uow, order_id, taken, {one.line.line_no: one.waiting for one in splits})
    await _sum_up(uow, order_id, head, lines, taken, freight)
    await inventory.release(uow, [piece for one in splits for piece in one.line.pieces(one.waiting)])
    if restock:
        await _restock(uow, order_id, [p for one in splits for p in one.line.pieces(one.left)], back_to)
    if any(one.waiting for one in splits):
        await _if_nothing_waits(uow, order_id, head)
    return Taken(tuple(taken), freight, freight + sum(line.amount for line in taken))


async def _restock(
    uow: UnitOfWork, order_id: UUID, pieces: Sequence[inventory.Pieces], back_to: UUID | None
) -> None:
    home = [piece for piece in pieces if back_to is None or piece.location_id == back_to]
    await inventory.put_back(uow, home, subject_id=order_id)
    if back_to is not None and len(home) < len(pieces):
        there = [
            inventory.Pieces(back_to, piece.sku_id, piece.quantity)
            for piece in pieces
            if piece.location_id != back_to
        ]
        await inventory.receive(uow, inventory.summed(there), reason="returned", subject_id=order_id)


def _split(lines: Mapping[int, Line], wanted: Sequence[tuple[int, int]], of: Of) -> list[_Split]:
    """Which of the wanted units had not left yet. Raises Invalid for units that are not there."""
    sums: dict[int, int] = {}
    for i, (line_no, quantity) in enumerate(wanted):
        if line_no not in lines:
            raise Invalid(
                field=f"lines[{i}].line_no", zh="订单里没有这一行。", en="The order has no such line."
            )
        line = lines[line_no]
        sums[line_no] = sums.get(line_no, 0) + quantity
        gone = line.fulfilled_quantity - (line.refunded_quantity - line.cancelled_quantity)
        there = {"any": line.waiting + gone, "waiting": line.waiting, "left": gone}[of]
        if quantity < 1 or sums[line_no] > there:
            raise Invalid(
                field=f"lines[{i}].quantity",
                zh=f"这一行最多还能退 {there} 件。",
                en=f"At most {there} more of this line can be refunded.",
            )
    splits: list[_Split] = []
    for line_no, quantity in sorted(sums.items()):
        waiting = 0 if of == "left" else min(quantity, lines[line_no].waiting)
        splits.append(_Split(lines[line_no], waiting, quantity - waiting))
    return splits


async def _gifts_with_them(
    uow: UnitOfWork, lines: Mapping[int, Line], splits: Sequence[_Split]
) -> list[_Split]:
    """Gifts that have not left, and that what the buyer keeps would not have brought: they stay here too.

    What is kept is taken at its marked price and wherever the offer is good, so nobody loses a gift they have earned.
    """
    back = {one.line.line_no: one.waiting + one.left for one in splits}
    gifts = [line for no, line in lines.items() if line.is_gift and line.waiting and no not in back]
    if not gifts or not back:
        return []
    given = {one.line.line_no: _given_back(one).amount for one in splits}
    kept = sum(
        max(
            line.unit_price * (line.quantity - line.refunded_quantity - back.get(no, 0)),
            line.amount - line.refunded_amount - given.get(no, 0),
        )
        for no, line in lines.items()
        if not line.is_gift
    )
    least = await offers.gift_thresholds(uow, {line.gift_of for line in gifts if line.gift_of is not None})
    return [
        _Split(line, line.waiting, 0)
        for line in gifts
        if kept == 0 or (line.gift_of is not None and kept < least.get(line.gift_of, 0))
    ]


def _given_back(one: _Split) -> RefundedLine:
    line, count = one.line, one.waiting + one.left
    amount = worth(
        line.amount, line.quantity, line.refunded_quantity, line.refunded_amount, line.reduced_amount, count
    )
    return RefundedLine(line.line_no, line.refunded_quantity, count, amount)


def _reduced(
    lines: Mapping[int, Line], splits: Sequence[_Split], reductions: Sequence[tuple[int, int]]
) -> list[RefundedLine]:
    """Money without units. A line gives back either units or money at a time, so that each sum stays traceable."""
    named = {one.line.line_no for one in splits}
    reduced: list[RefundedLine] = []
    for i, (line_no, amount) in enumerate(reductions):
        line = lines.get(line_no)
        if line is None or line_no in named:
            raise Invalid(
                field=f"reductions[{i}].line_no",
                zh="同一行不能同时退件又退差价。",
                en="A line gives back either units or money, once.",
            )
        named.add(line_no)
        left = line.amount - line.refunded_amount
        if not 0 < amount <= left:
            raise Invalid(
                field=f"reductions[{i}].amount",
                zh=f"这一行最多还能退 {left} 分。",
                en=f"At most {left} fen of this line can be given back.",
            )
        reduced.append(RefundedLine(line_no, line.refunded_quantity, 0, amount))
    return reduced


def worth_of(line: OrderLine, count: int) -> int:
    """What `count` further units of a line would give back, in minor units."""
    return worth(
        line.amount, line.quantity, line.refunded_quantity, line.refunded_amount, line.reduced_amount, count
    )


async def _count(
    uow: UnitOfWork, order_id: UUID, taken: Sequence[RefundedLine], cancelled: Mapping[int, int]
) -> None:
    await uow.run(
        """
        update order_lines l
        set refunded_quantity = l.refunded_quantity + t.quantity, refunded_amount = l.refunded_amount + t.amount,
            cancelled_quantity = l.cancelled_quantity + t.cancelled,
            reduced_amount = l.reduced_amount + case when t.quantity = 0 then t.amount else 0 end
        from unnest(%(lines)s::smallint[], %(quantities)s::int[], %(amounts)s::bigint[], %(cancelled)s::int[])
            as t (line_no, quantity, amount, cancelled)
        where l.merchant_id = %(merchant_id)s and l.order_id = %(id)s and l.line_no = t.line_no
        """,
        id=order_id,
        lines=[line.line_no for line in taken],
        quantities=[line.quantity for line in taken],
        amounts=[line.amount for line in taken],
        cancelled=[cancelled.get(line.line_no, 0) for line in taken],
    )


async def _sum_up(
    uow: UnitOfWork,
    order_id: UUID,
    head: _Head,
    lines: Mapping[int, Line],
    taken: Sequence[RefundedLine],
    freight: int,
) -> None:
    """The order's own sums; it is refunded when every unit has been given back."""
    back = {line.line_no: line.quantity for line in taken}
    is_all = all(line.quantity == line.refunded_quantity + back.get(no, 0) for no, line in lines.items())
    await uow.run(
        """
        update orders set refunded = refunded + %(amount)s, freight_refunded = freight_refunded + %(freight)s,
                          updated_at = %(now)s, state = case when %(is_all)s then 'refunded' else state end
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=order_id,
        amount=freight + sum(line.amount for line in taken),
        freight=freight,
        is_all=is_all,
    )
    if is_all and head.state == "paid":
        await free_slots(uow, [(head.store_id, head.deliver_from)])


async def _if_nothing_waits(uow: UnitOfWork, order_id: UUID, head: _Head) -> None:
    if head.state == "paid":
        await nothing_waits(uow, order_id)
