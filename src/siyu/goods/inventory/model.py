"""Structs and refusals of stock. Quantities are whole pieces."""

from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class Pieces(msgspec.Struct, frozen=True, order=True):
    """`quantity` pieces of one SKU at one location."""

    location_id: UUID
    sku_id: UUID
    quantity: int


class Level(msgspec.Struct, frozen=True):
    """What is there, and what of it is promised."""

    location_id: UUID
    sku_id: UUID
    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class Difference(msgspec.Struct, frozen=True):
    """A stock row that does not equal the sum of its moves. There should be none."""

    location_id: UUID
    sku_id: UUID
    on_hand: int
    moved: int


class NotEnoughStock(DomainError):
    """Fewer pieces are available than asked for. Nothing was reserved."""

    code = "inventory.not_enough"
    status = 409
    zh = "库存不足，当前门店还剩 {available} 件。"
    en = "Not enough in stock: {available} left at this store."

    def __init__(self, *, sku_id: UUID, available: int, field: str | None = None) -> None:
        super().__init__(field=field, sku_id=str(sku_id), available=available)
