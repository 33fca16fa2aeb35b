"""Structs and refusals of orders. Amounts are minor units of the order's currency."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError

# What a refusal calls the states, in both languages.
STATE_WORDS = {
    "unpaid": "还没有付款 / not paid yet",
    "expired": "已过付款时间 / past its time to pay",
    "paid": "已付款 / paid",
    "picked_up": "已提货 / picked up",
    "received": "已完成 / complete",
    "refunded": "已退款 / refunded",
    "closed": "已关闭 / closed",
}


class WantedLine(msgspec.Struct, frozen=True):
    """So many pieces of one SKU."""

    sku_id: UUID
    quantity: int


class QuoteLine(msgspec.Struct, frozen=True):
    line_no: int
    sku_id: UUID
    product_id: UUID
    title: str
    sku_title: str
    picture: str
    quantity: int
    unit_price: int
    amount: int


class Quote(msgspec.Struct, frozen=True):
    """What the lines cost right now. Nothing is reserved by asking."""

    lines: tuple[QuoteLine, ...]
    total: int
    currency: str


class PlaceOrder(msgspec.Struct, frozen=True):
    """A buyer's wish. `expected_total` is what the buyer was shown; `key` makes a second submit harmless."""

    customer_id: UUID
    store_id: UUID
    lines: tuple[WantedLine, ...]
    expected_total: int
    key: str
    remark: str = ""
    channel: str = "shop"


class PlacedOrder(msgspec.Struct, frozen=True):
    """The answer to placing. `is_replay` says that this key had placed the order before."""

    id: UUID
    number: str
    total: int
    currency: str
    pay_by: datetime
    is_replay: bool = False


class OrderLine(msgspec.Struct, frozen=True):
    line_no: int
    product_id: UUID
    sku_id: UUID
    title: str
    sku_title: str
    picture: str
    quantity: int
    unit_price: int
    amount: int
    refunded_quantity: int
    refunded_amount: int


class Order(msgspec.Struct, frozen=True):
    """An order with its lines. Times are UTC."""

    id: UUID
    number: str
    customer_id: UUID | None
    channel: str
    state: str
    store_id: UUID | None
    store_name: str | None
    currency: str
    total: int
    refunded: int
    door_id: UUID | None
    door_name: str | None
    promoter_id: UUID | None
    remark: str
    pickup_code: str | None
    placed_at: datetime
    pay_by: datetime | None
    paid_at: datetime | None
    picked_up_at: datetime | None
    received_at: datetime | None
    closed_at: datetime | None
    close_reason: str | None
    lines: tuple[OrderLine, ...] = ()


class OrderCard(msgspec.Struct, frozen=True):
    """An order in a list."""

    id: UUID
    number: str
    state: str
    channel: str
    customer_id: UUID | None
    customer_name: str | None
    store_name: str | None
    door_name: str | None
    currency: str
    total: int
    refunded: int
    pieces: int
    first_title: str | None
    pictures: list[str]
    placed_at: datetime
    pay_by: datetime | None


class PaidOrder(msgspec.Struct, frozen=True):
    """The state a payment found the order in, and whether the order is paid now."""

    order_id: UUID
    found: str
    is_paid: bool


class EmptyOrder(DomainError):
    code = "orders.empty"
    status = 422
    zh = "请先选择商品。"
    en = "Please choose something to buy first."


class NothingToPay(DomainError):
    """Everything in the order is free; an order begins with a payment, so there is nothing to begin."""

    code = "orders.nothing_to_pay"
    status = 422
    zh = "订单金额为 0，无需下单，请联系门店领取。"
    en = "The order costs nothing; please ask at the store instead."


class PriceRose(DomainError):
    """The price is higher than what the buyer was shown; `quote` has today's. Nothing was placed."""

    code = "orders.price_rose"
    status = 409
    zh = "价格有变动，请确认最新价格后再下单。"
    en = "The price has changed; please check the new total before ordering."

    def __init__(self, quote: Quote) -> None:
        super().__init__(field="expected_total", quote=msgspec.to_builtins(quote))


class NotForSale(DomainError):
    """A SKU that does not exist or is off the shelf."""

    code = "orders.not_for_sale"
    status = 409
    zh = "有商品已下架，请从购物车移除后再试。"
    en = "Something in the order is no longer for sale; please remove it and try again."


class WrongState(DomainError):
    """The order is in a state from which this cannot be done. Nothing was changed."""

    code = "orders.wrong_state"
    status = 409
    zh = "订单{word}，不能做这个操作。"
    en = "The order is {word}; this cannot be done now."

    def __init__(self, state: str) -> None:
        super().__init__(state=state, word=STATE_WORDS.get(state, state))


class WrongStore(DomainError):
    """The order is to be picked up at another store than the one this member of staff serves."""

    code = "orders.wrong_store"
    status = 403
    zh = "这个订单的自提门店是{store}，请到该店核销。"
    en = "This order is to be picked up at {store}."
