"""Structs and refusals of stock. Quantities are whole pieces."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError

PIECES_MAX = 1_000_000  # of one SKU in one movement; a slip of the finger beyond that is no delivery
LOT_CODE_LENGTH_MAX = 40

Reason = Literal[
    "receive",
    "purchase",
    "handed_over",
    "returned",
    "count",
    "transfer_out",
    "transfer_in",
    "damaged",
    "expired",
]


class Pieces(msgspec.Struct, frozen=True, order=True):
    """`quantity` pieces of one SKU at one location."""

    location_id: UUID
    sku_id: UUID
    quantity: int


class Level(msgspec.Struct, frozen=True):
    """What is there, what of it is promised, and what is kept back from selling.

    `has_lots`: some of the pieces may belong to lots. `carved` are put aside for a sale with a quota of its own.
    """

    location_id: UUID
    sku_id: UUID
    on_hand: int
    reserved: int
    safety: int = 0
    has_lots: bool = False
    carved: int = 0

    @property
    def available(self) -> int:
        """What buyers may still take; 0 when the pieces kept back are not all there."""
        return max(self.on_hand - self.reserved - self.safety - self.carved, 0)

    @property
    def unpromised(self) -> int:
        """What nobody has a right to: neither an order nor a running sale."""
        return self.on_hand - self.reserved - self.carved


class LotName(msgspec.Struct, frozen=True):
    """What is printed on the box. `expires_on` is the last day on which the goods may be sold; None: they keep."""

    code: str
    expires_on: date | None = None


class Lot(msgspec.Struct, frozen=True):
    """Pieces of one production run at one location."""

    id: UUID
    location_id: UUID
    sku_id: UUID
    code: str
    expires_on: date | None
    on_hand: int


class Location(msgspec.Struct, frozen=True):
    """Where stock can lie, as the stock pages name it."""

    id: UUID
    code: str
    name: str
    kind: str
    ships: bool
    is_open: bool


class Move(msgspec.Struct, frozen=True):
    """A change of on_hand and why. `subject_id` is the order, transfer or stocktake it belongs to."""

    id: UUID
    location_id: UUID
    location_name: str
    sku_id: UUID
    code: str
    title: str
    sku_title: str
    quantity: int
    reason: str
    lot_code: str
    note: str
    subject_id: UUID | None
    actor_id: UUID | None
    actor_name: str
    at: datetime


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
    zh = "库存不足，还剩 {available} 件。"
    en = "Not enough in stock: {available} left."

    def __init__(self, *, sku_id: UUID, available: int, field: str | None = None) -> None:
        super().__init__(field=field, sku_id=str(sku_id), available=available)


class NotAllFree(DomainError):
    """Pieces that should leave are not there, or are promised to buyers. Nothing was moved.

    `short` names each SKU by its code with the pieces that are free.
    """

    code = "inventory.not_all_free"
    status = 409
    zh = "这些商品可以动用的件数不够（已被订单预留的不能动）：{short}。"
    en = "Not enough free pieces (those promised to orders cannot be touched): {short}."

    def __init__(self, free: Sequence[tuple[str, int]], *, field: str | None = None) -> None:
        super().__init__(field=field, short="; ".join(f"{code} × {left}" for code, left in free))


class PromisedCountedAway(DomainError):
    """A stocktake found fewer pieces than are promised to buyers. Nothing was posted.

    `short` names each SKU by its code: pieces that would remain, and pieces that are promised.
    """

    code = "inventory.promised_counted_away"
    status = 409
    zh = "这些商品盘点后不够交付已下的订单，请先复盘，或取消相应订单后再过账：{short}。"
    en = (
        "These would not suffice for the orders already placed. Count again, or cancel orders first: {short}."
    )

    def __init__(self, short: Sequence[tuple[str, int, int]]) -> None:
        super().__init__(short="; ".join(f"{code}: {left} < {promised}" for code, left, promised in short))


class LotMismatch(DomainError):
    """A lot of this code is there already, with another date. Nothing was received."""

    code = "inventory.lot_mismatch"
    status = 409
    zh = "批号 {lot} 已登记的到期日是 {expires_on}，与这次填写的不同。"
    en = "Lot {lot} is already known with the expiry date {expires_on}, which differs."


class WrongStep(DomainError):
    """The transfer or stocktake is not in a state in which this can be done."""

    code = "inventory.wrong_step"
    status = 409
    zh = "单据当前是“{state_zh}”，不能这样操作。"
    en = "The document is “{state}”, so this cannot be done."
