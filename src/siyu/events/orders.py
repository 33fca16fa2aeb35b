"""Facts of trade: the life of an order."""

from datetime import datetime
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
    """The money arrived and was accepted. `promoter_id` is who the sale is bound to, decided at placement.

    `claim_kind` is the activity its price came from (flash, group, bargain …), empty for an ordinary price.
    """

    order_id: UUID
    number: str
    customer_id: UUID
    total: int
    lines: tuple[LineFact, ...]
    door_id: UUID | None = None
    promoter_id: UUID | None = None
    claim_kind: str = ""


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


class LineState(msgspec.Struct, frozen=True):
    """A line as sold and how much of it has been refunded since, at the moment of the fact."""

    line_no: int
    product_id: UUID
    sku_id: UUID
    quantity: int
    amount: int
    refunded_quantity: int
    reduced_amount: int


class OrderReattributed(msgspec.Struct, frozen=True, tag="orders.reattributed", tag_field="kind"):
    """A dispute was upheld: the sale is another promoter's now, or nobody's. Only of orders that are paid.

    `decision_id` is the dispute; `paid_at` when the sale was paid, by whose plans it is earned.
    """

    order_id: UUID
    number: str
    customer_id: UUID
    total: int
    lines: tuple[LineState, ...]
    decision_id: UUID
    by: str
    reason: str
    paid_at: datetime
    was_promoter_id: UUID | None = None
    promoter_id: UUID | None = None
    claim_kind: str = ""
