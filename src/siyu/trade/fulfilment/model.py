"""Structs and refusals of fulfilment. Quantities are units of an order's line, times are UTC."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError
from siyu.people.addresses import Address

CANCEL_WITHIN = timedelta(minutes=30)  # a slip of the hand is noticed at once; later the box is in a lorry
PRINT_MAX = 200  # slips in one file: more than a morning's work of one packer
SHIP_WITHIN = timedelta(hours=48)  # where the buyer was promised nothing (微信小程序 发货信息管理: 48 h)
SOON = timedelta(hours=12)


class SendParcel(msgspec.Struct, frozen=True):
    """One box with some units of one order. `id` is made by whoever asks; `lines` are (line_no, quantity)."""

    id: UUID
    order_id: UUID
    carrier: str
    number: str
    lines: tuple[tuple[int, int], ...]


class ParcelLine(msgspec.Struct, frozen=True):
    line_no: int
    quantity: int
    title: str
    sku_title: str
    picture: str


class Parcel(msgspec.Struct, frozen=True):
    """A box as it was sent. `carrier` is the carrier's code."""

    id: UUID
    order_id: UUID
    location_id: UUID | None
    location_name: str | None
    carrier: str
    number: str
    state: str
    sent_at: datetime
    sent_by_name: str
    cancelled_at: datetime | None
    cancel_reason: str
    lines: tuple[ParcelLine, ...] = ()


class WaitingLine(msgspec.Struct, frozen=True):
    """Units of a line that have still to leave. `code` is the SKU's."""

    line_no: int
    title: str
    sku_title: str
    quantity: int
    code: str = ""


class Waiting(msgspec.Struct, frozen=True):
    """What of one order has to leave one location, and by when."""

    order_id: UUID
    number: str
    delivery: str
    location_id: UUID
    location_name: str
    due: datetime
    deliver_from: datetime | None
    deliver_until: datetime | None
    address: Address | None
    customer_name: str | None
    remark: str
    open_cases: int
    pieces: int
    lines: tuple[WaitingLine, ...]
    courier_id: UUID | None = None
    courier_name: str | None = None
    ride_state: str | None = None


class Load(msgspec.Struct, frozen=True):
    """How much waits at one location. `overdue` orders are past what was promised (电子商务法 art. 20)."""

    location_id: UUID
    location_name: str
    orders: int
    soon: int
    overdue: int


class UnknownCarrier(DomainError):
    """No carrier with this code is in use at this merchant. Nothing was changed."""

    code = "fulfilment.unknown_carrier"
    status = 422
    zh = "没有启用这家快递公司：{carrier}。"
    en = "No such carrier is in use: {carrier}."


class BadNumber(DomainError):
    """The tracking number cannot be one of this carrier. Nothing was changed."""

    code = "fulfilment.bad_number"
    status = 422
    zh = "运单号 {number} 不像{carrier_zh}的单号，请核对。"
    en = "{number} does not look like a tracking number of {carrier_en}."


class NumberTaken(DomainError):
    """The tracking number is on a parcel already: of another buyer, or on this very order. Nothing was changed."""

    code = "fulfilment.number_taken"
    status = 409
    zh = "运单号 {number} 已经用过，请核对。"
    en = "The tracking number {number} has been used already."


class TwoLocations(DomainError):
    """A parcel leaves from one location. Nothing was changed."""

    code = "fulfilment.two_locations"
    status = 422
    zh = "这些商品在不同的仓库或门店，请分开发货。"
    en = "These goods lie at different locations; send them in separate parcels."


class NotByParcel(DomainError):
    """The order, or a line of it, does not leave by parcel. Nothing was changed."""

    code = "fulfilment.not_by_parcel"
    status = 409
    zh = "订单 {number} 里的这些商品不需要快递发货。"
    en = "These goods of order {number} are not sent by parcel."


class TooLateToCancel(DomainError):
    """The parcel was sent too long ago, or the buyer has it. Nothing was changed."""

    code = "fulfilment.too_late_to_cancel"
    status = 409
    zh = "发货超过 30 分钟，或者买家已收货，不能再撤销；单号填错请用「修改单号」。"
    en = "The parcel was sent more than 30 minutes ago or was received; correct its number instead."
