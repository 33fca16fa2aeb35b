"""Taking units of an order back: how much each is worth, and where the pieces go."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.goods import inventory
from siyu.kernel import money
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders.model import WrongState


class RefundedLine(msgspec.Struct, frozen=True):
    """`quantity` units of a line given back, after `first` units that were given back before; `amount` minor units."""

    line_no: int
    first: int
    quantity: int
    amount: int


class _Head(msgspec.Struct, frozen=True):
    state: str
    store_id: UUID | None
    total: int
    refunded: int


class _Row(msgspec.Struct, frozen=True):
    line_no: int
    sku_id: UUID
    quantity: int
    amount: int
    refunded_quantity: int


async def take_back_units(
    uow: UnitOfWork, order_id: UUID, wanted: Sequence[tuple[int, int]], *, restock: bool
) -> list[RefundedLine]:
    """Mark (line_no, quantity) units of a paid order as given back and return what each line is worth.

    Any sequence of refunds of a line returns exactly what was paid for it. Pieces not handed over yet are free
    again at once; those that were go back to the shelf only when `restock` says they can be sold again.
    Raises NotFound, WrongState for an order without money, and Invalid for units that are not there.
    """
    head = await uow.maybe(
        _Head,
        """
        select state, store_id, total, refunded from orders
        where merchant_id = %(merchant_id)s and id = %(id)s for update
        """,
        id=order_id,
    )
    if head is None:
        raise NotFound(what="订单 / order")
    if head.state not in {"paid", "picked_up", "received"}:
        raise WrongState(head.state)
    rows = await uow.all(
        _Row,
        """
        select line_no, sku_id, quantity, amount, refunded_quantity from order_lines
        where merchant_id = %(merchant_id)s and order_id = %(id)s order by line_no
        """,
        id=order_id,
    )
    taken = _worth(rows, wanted)
    await _write(uow, order_id, rows, taken)
    await _move_pieces(uow, order_id, head, rows, taken, restock=restock)
    return taken


def _worth(rows: Sequence[_Row], wanted: Sequence[tuple[int, int]]) -> list[RefundedLine]:
    lines = {row.line_no: row for row in rows}
    sums: dict[int, int] = {}
    for i, (line_no, quantity) in enumerate(wanted):
        if line_no not in lines:
            raise Invalid(
                field=f"lines[{i}].line_no", zh="订单里没有这一行。", en="The order has no such line."
            )
        sums[line_no] = sums.get(line_no, 0) + quantity
        left = lines[line_no].quantity - lines[line_no].refunded_quantity
        if quantity < 1 or sums[line_no] > left:
            raise Invalid(
                field=f"lines[{i}].quantity",
                zh=f"这一行最多还能退 {left} 件。",
                en=f"At most {left} more of this line can be refunded.",
            )
    if not sums:
        raise Invalid(field="lines", zh="请选择要退的商品。", en="Choose what to refund.")
    taken: list[RefundedLine] = []
    for line_no, quantity in sorted(sums.items()):
        row = lines[line_no]
        amount = money.share_of_units(row.amount, row.quantity, row.refunded_quantity, quantity)
        taken.append(RefundedLine(line_no, row.refunded_quantity, quantity, amount))
    return taken


async def _write(
    uow: UnitOfWork, order_id: UUID, rows: Sequence[_Row], taken: Sequence[RefundedLine]
) -> None:
    await uow.run(
        """
        update order_lines l set refunded_quantity = l.refunded_quantity + t.quantity,
                                 refunded_amount = l.refunded_amount + t.amount
        from unnest(%(lines)s::smallint[], %(quantities)s::int[], %(amounts)s::bigint[]) as t (line_no, quantity, amount)
        where l.merchant_id = %(merchant_id)s and l.order_id = %(id)s and l.line_no = t.line_no
        """,
        id=order_id,
        lines=[line.line_no for line in taken],
        quantities=[line.quantity for line in taken],
        amounts=[line.amount for line in taken],
    )
    back = {line.line_no: line.quantity for line in taken}
    is_all = all(row.quantity == row.refunded_quantity + back.get(row.line_no, 0) for row in rows)
    await uow.run(
        """
        update orders set refunded = refunded + %(amount)s, updated_at = %(now)s,
                          state = case when %(is_all)s then 'refunded' else state end
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=order_id,
        amount=sum(line.amount for line in taken),
        is_all=is_all,
    )


async def _move_pieces(
    uow: UnitOfWork,
    order_id: UUID,
    head: _Head,
    rows: Sequence[_Row],
    taken: Sequence[RefundedLine],
    *,
    restock: bool,
) -> None:
    if head.store_id is None:
        return
    skus = {row.line_no: row.sku_id for row in rows}
    pieces = [inventory.Pieces(head.store_id, skus[line.line_no], line.quantity) for line in taken]
    if head.state == "paid":
        await inventory.release(uow, pieces)
    elif restock:
        await inventory.put_back(uow, pieces, subject_id=order_id)
