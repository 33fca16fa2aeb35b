"""Facts of trade: the life of an order."""

from uuid import UUID

import msgspec


class LineFact(msgspec.Struct, frozen=True):
    """One line as sold. `amount` is what the buyer pays for all `quantity` units, in minor units."""

    line_no: int
    product_id: UUID
    sku_id: UUID
    quantity: int
    amount: int


class OrderPlaced(msgspec.Struct, frozen=True, tag="orders.placed", tag_field="kind"):
    order_id: UUID
    customer_id: UUID
    total: int


class OrderPaid(msgspec.Struct, frozen=True, tag="orders.paid", tag_field="kind"):
    """The money arrived and was accepted. `promoter_id` is who the sale is bound to, decided at placement."""

    order_id: UUID
    number: str
    customer_id: UUID
    total: int
    lines: tuple[LineFact, ...]
    door_id: UUID | None = None
    promoter_id: UUID | None = None


class OrderClosed(msgspec.Struct, frozen=True, tag="orders.closed", tag_field="kind"):
    """An unpaid order ended; its stock is free again."""

    order_id: UUID
    reason: str


class LeftUnits(msgspec.Struct, frozen=True):
    """So many units of one line left the house."""

    line_no: int
    quantity: int


class UnitsLeft(msgspec.Struct, frozen=True, tag="orders.units_left", tag_field="kind"):
    """Units left the house; `how` is counter, parcel, courier or code."""

    order_id: UUID
    how: str
    lines: tuple[LeftUnits, ...]


class OrderShipped(msgspec.Struct, frozen=True, tag="orders.shipped", tag_field="kind"):
    """The last unit that was to be sent is on its way."""

    order_id: UUID


class OrderPickedUp(msgspec.Struct, frozen=True, tag="orders.picked_up", tag_field="kind"):
    order_id: UUID
    store_id: UUID


class OrderReceived(msgspec.Struct, frozen=True, tag="orders.received", tag_field="kind"):
    """The buyer has the goods: the after-sale window starts at this event's time."""

    order_id: UUID


class RefundedUnits(msgspec.Struct, frozen=True):
    """Units of one line given back, after `first` that had been before; no units: money alone went back."""

    line_no: int
    first: int
    quantity: int
    amount: int


class OrderRefunded(msgspec.Struct, frozen=True, tag="orders.refunded", tag_field="kind"):
    """Money went back to the buyer, for these units."""

    order_id: UUID
    refund_id: UUID
    amount: int
    lines: tuple[RefundedUnits, ...]
