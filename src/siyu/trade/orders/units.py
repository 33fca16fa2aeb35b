"""Units of order lines on their way: what of a line lies promised where, and what leaves."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from siyu.goods import catalog, inventory
from siyu.runtime.db import UnitOfWork


class Line(msgspec.Struct, frozen=True):
    """A line with its units; `location_id` is where its pieces are promised, `gift_of` the offer that gave it along."""

    order_id: UUID
    line_no: int
    product_id: UUID
    sku_id: UUID
    kind: str
    quantity: int
    amount: int
    fulfilled_quantity: int
    cancelled_quantity: int
    refunded_quantity: int
    refunded_amount: int
    reduced_amount: int
    location_id: UUID | None
    components: tuple[catalog.Component, ...]
    unit_price: int = 0
    is_gift: bool = False
    gift_of: UUID | None = None

    @property
    def waiting(self) -> int:
        return self.quantity - self.fulfilled_quantity - self.cancelled_quantity

    def pieces(self, units: int) -> list[inventory.Pieces]:
        """The pieces of so many units: the SKU's own, or a bundle's components. Codes have none, beside goods too."""
        if self.location_id is None or self.kind == "virtual" or units == 0:
            return []
        parts = self.components or (catalog.Component(self.sku_id, 1),)
        return [inventory.Pieces(self.location_id, part.sku_id, part.quantity * units) for part in parts]


async def lines_of(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[Line]:
    """Lines of these orders, by order and line."""
    return await uow.all(
        Line,
        """
        select order_id, line_no, product_id, sku_id, kind, quantity, amount, fulfilled_quantity, cancelled_quantity,
               refunded_quantity, refunded_amount, reduced_amount, location_id,
               coalesce(components, '[]') as components, unit_price, is_gift,
               case when is_gift then (build_up -> 0 ->> 'rule_id')::uuid end as gift_of
        from order_lines
        where merchant_id = %(merchant_id)s and order_id = any(%(ids)s)
        order by order_id, line_no
        """,
        ids=list(order_ids),
    )


def waiting_pieces(lines: Iterable[Line]) -> list[inventory.Pieces]:
    """Everything these lines still keep promised."""
    return [piece for line in lines for piece in line.pieces(line.waiting)]
