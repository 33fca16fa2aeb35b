"""Exchanging units that left for others of the same SKU: no money moves, stock does."""

from collections.abc import Sequence
from uuid import UUID

from siyu.goods import inventory
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders.units import lines_of


async def exchange_units(
    uow: UnitOfWork, order_id: UUID, units: Sequence[tuple[int, int]], *, restock: bool
) -> None:
    """Send (line_no, quantity) units out again in place of ones that came back.

    The returned pieces go to the shelf only when `restock` says they can be sold. Raises Invalid for units that had
    not left or whose money went back, and inventory.NotEnoughStock when there is nothing to send.
    """
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
    replaced = inventory.summed(pieces)
    if restock:
        await inventory.put_back(uow, replaced, subject_id=order_id)
    for piece in sorted(replaced):
        await inventory.reserve(uow, piece)
    await inventory.deduct(uow, replaced, subject_ids=[order_id] * len(replaced))
