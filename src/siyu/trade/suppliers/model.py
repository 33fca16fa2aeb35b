"""Structs and refusals of suppliers. Amounts are minor units, times UTC, days those of the merchant's calendar."""

from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError
from siyu.people.addresses import Address

PRICE_MAX = 100_000_000_000
PIECES_MAX = 1_000_000  # of one SKU on one line; a slip of the finger beyond that is no order
LINES_MAX = 200
REASON_MAX = 200
OVER_DIVISOR = 20  # one twentieth, 5 %, may arrive beyond what was ordered
# A period is settled an hour after its end: by then whatever began within it is written down.
SETTLE_AFTER = timedelta(hours=1)

Settlement = Literal["weekly", "monthly"]
PurchaseState = Literal["draft", "sent", "partly", "received", "cancelled"]
StatementState = Literal["draft", "confirmed", "paid"]
EntryKind = Literal["shipped", "returned", "unsent", "received", "adjusted"]


class NewSupplier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is made by the asker. With `has_location` it can send goods to buyers for us."""

    id: UUID
    name: str
    contact: str = ""
    phone: str = ""
    address: str = ""
    settlement: Settlement = "monthly"
    has_location: bool = False


class SupplierChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    contact: str = ""
    phone: str = ""
    address: str = ""
    settlement: Settlement = "monthly"
    is_active: bool = True
    has_location: bool = False  # a location that was made stays


class Supplier(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    contact: str
    phone: str
    address: str
    settlement: Settlement
    location_id: UUID | None
    is_active: bool
    created_at: datetime


class SupplierCard(msgspec.Struct, frozen=True):
    """A supplier in a list. `owed` is what the ledger says we owe; `waiting` units they have still to send."""

    id: UUID
    name: str
    contact: str
    phone: str
    settlement: Settlement
    is_active: bool
    is_drop_shipping: bool
    items: int
    open_orders: int
    waiting: int
    owed: int


class Item(msgspec.Struct, frozen=True):
    """A SKU that a supplier supplies. `on_hand` and `reserved` are what lies at the supplier's own location."""

    sku_id: UUID
    sku_code: str
    title: str
    sku_title: str
    sale_price: int
    supply_price: int
    code: str
    is_drop_shipped: bool
    on_hand: int
    reserved: int


class WantedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`supply_price` is of one unit; `code` the supplier's own."""

    sku_id: UUID
    supply_price: int
    code: str = ""
    is_drop_shipped: bool = False


class WantedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cost` is of one unit."""

    sku_id: UUID
    quantity: int
    cost: int
    expected_on: date | None = None


class WantedPurchase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is made by the asker: the same wish twice is one order. Goods are to arrive at `location_id`."""

    id: UUID
    supplier_id: UUID
    location_id: UUID
    lines: tuple[WantedLine, ...]
    remark: str = ""


class PurchaseLine(msgspec.Struct, frozen=True):
    line_no: int
    sku_id: UUID
    sku_code: str
    title: str
    sku_title: str
    supplier_code: str
    quantity: int
    cost: int
    expected_on: date | None
    received: int

    @property
    def missing(self) -> int:
        return max(self.quantity - self.received, 0)

    @property
    def room(self) -> int:
        """How many more may arrive."""
        return self.quantity + self.quantity // OVER_DIVISOR - self.received


class Purchase(msgspec.Struct, frozen=True):
    id: UUID
    number: str
    supplier_id: UUID
    supplier_name: str
    location_id: UUID
    location_name: str
    state: PurchaseState
    remark: str
    created_by: str
    created_at: datetime
    sent_by: str
    sent_at: datetime | None
    ended_by: str
    ended_at: datetime | None
    lines: tuple[PurchaseLine, ...] = ()

    @property
    def total(self) -> int:
        return sum(line.quantity * line.cost for line in self.lines)


class PurchaseCard(msgspec.Struct, frozen=True):
    id: UUID
    number: str
    supplier_id: UUID
    supplier_name: str
    location_name: str
    state: PurchaseState
    pieces: int
    received: int
    total: int
    expected_on: date | None
    created_by: str
    created_at: datetime


class Arrived(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`quantity` pieces of a line arrived, of one lot if `lot_code` is given."""

    line_no: int
    quantity: int
    lot_code: str = ""
    expires_on: date | None = None


class Receive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What arrived. `id` is made by the asker: the same arrival counts once. A line may come in several lots."""

    id: UUID
    purchase_id: UUID
    lines: tuple[Arrived, ...]
    remark: str = ""


class ReceiptLine(msgspec.Struct, frozen=True):
    line_no: int
    title: str
    sku_title: str
    quantity: int
    cost: int
    lot_code: str
    expires_on: date | None


class Receipt(msgspec.Struct, frozen=True):
    id: UUID
    remark: str
    actor_name: str
    at: datetime
    lines: tuple[ReceiptLine, ...] = ()


class Suggestion(msgspec.Struct, frozen=True):
    """A SKU of which less is free at a location than is kept back; `quantity` fills it to twice that.

    `coming` pieces are ordered and not yet there.
    """

    supplier_id: UUID
    supplier_name: str
    location_id: UUID
    location_name: str
    sku_id: UUID
    sku_code: str
    title: str
    sku_title: str
    free: int
    safety: int
    coming: int
    quantity: int
    cost: int


class NewEntry(msgspec.Struct, frozen=True):
    """Why we owe a supplier `amount` more, or less when negative. `id` follows from what it is about."""

    id: UUID
    supplier_id: UUID
    kind: EntryKind
    amount: int
    quantity: int = 0
    price: int = 0
    sku_id: UUID | None = None
    order_id: UUID | None = None
    purchase_id: UUID | None = None
    reason: str = ""


class Entry(msgspec.Struct, frozen=True):
    """An entry as people read it; `number` is that of the order or purchase order."""

    id: UUID
    kind: EntryKind
    amount: int
    quantity: int
    price: int
    title: str
    sku_title: str
    sku_code: str
    number: str
    order_id: UUID | None
    purchase_id: UUID | None
    reason: str
    actor_name: str
    at: datetime


class Sums(msgspec.Struct, frozen=True):
    """What a time brought, by kind; `returned` and `unsent` are not positive. `total` is all of them."""

    shipped: int
    shipped_units: int
    returned: int
    returned_units: int
    received: int
    adjusted: int
    total: int


class Statement(msgspec.Struct, frozen=True):
    """What we owe a supplier for a period: from `since` until before `until`. `total` is None for a draft."""

    id: UUID
    number: str
    supplier_id: UUID
    supplier_name: str
    starts_on: date
    ends_on: date
    since: datetime
    until: datetime
    state: StatementState
    total: int | None
    reference: str
    created_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    paid_by: str
    paid_at: datetime | None


class Parting(msgspec.Struct, frozen=True):
    """A line that the supplier has to send. No amount is in it."""

    line_no: int
    title: str
    sku_title: str
    code: str
    quantity: int


class ToSend(msgspec.Struct, frozen=True):
    """What of one order waits at the supplier, and where it goes. Nothing of what the buyer paid."""

    order_id: UUID
    number: str
    due: datetime
    address: Address | None
    remark: str
    has_open_case: bool
    lines: tuple[Parting, ...]


class Sent(msgspec.Struct, frozen=True):
    """A parcel that the supplier sent."""

    id: UUID
    number: str
    carrier: str
    tracking: str
    sent_at: datetime
    pieces: int
    names: str


class WrongPurchaseState(DomainError):
    """The purchase order is not where this can be done. Nothing was changed."""

    code = "suppliers.wrong_purchase_state"
    status = 409
    zh = "采购单当前是“{state_zh}”，不能这样操作。"
    en = "The purchase order is “{state}”, so this cannot be done."


class TooMuchArrived(DomainError):
    """More arrived than one twentieth beyond what was ordered. Nothing was received."""

    code = "suppliers.too_much_arrived"
    status = 409
    zh = "{title} 最多还能收 {room} 件（超收不能超过 5%）。"
    en = "At most {room} more pieces of {title} can be received (5 % beyond the order)."


class OtherSupplier(DomainError):
    """The SKU is sent by another supplier already. Nothing was changed."""

    code = "suppliers.other_supplier"
    status = 409
    zh = "这个商品已由“{supplier}”一件代发，请先在那里取消。"
    en = "These goods are drop-shipped by {supplier} already; end that first."


class StillAtSupplier(DomainError):
    """Orders still wait for these goods at the supplier. Nothing was changed."""

    code = "suppliers.still_promised"
    status = 409
    zh = "还有 {pieces} 件已下单的商品等这个供应商发货，处理完再停用。"
    en = "{pieces} pieces that were ordered still wait at this supplier; have them sent first."


class NameTaken(DomainError):
    """Another supplier has this name. Nothing was changed."""

    code = "suppliers.name_taken"
    status = 409
    zh = "已有同名供应商。"
    en = "There is a supplier of this name already."


class NotOverYet(DomainError):
    """The period is not over, or was not over for an hour. Nothing was changed."""

    code = "suppliers.not_over_yet"
    status = 409
    zh = "结算期到 {ends_on} 结束，结束一小时后才能操作。"
    en = "The period ends on {ends_on}; this can be done an hour after its end."


class WrongStatementState(DomainError):
    """The statement is not where this can be done. Nothing was changed."""

    code = "suppliers.wrong_statement_state"
    status = 409
    zh = "结算单当前是“{state_zh}”，不能这样操作。"
    en = "The statement is “{state}”, so this cannot be done."
