"""Structs and refusals of orders. Amounts are minor units of the order's currency."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.goods import catalog, pricing
from siyu.kernel.errors import DomainError
from siyu.people.addresses import Address

# What a refusal calls the states, in both languages.
STATE_WORDS = {
    "unpaid": "还没有付款 / not paid yet",
    "expired": "已过付款时间 / past its time to pay",
    "paid": "已付款 / paid",
    "shipped": "已发货 / shipped",
    "picked_up": "已提货 / picked up",
    "received": "已完成 / complete",
    "refunded": "已退款 / refunded",
    "closed": "已关闭 / closed",
    "group": "还在拼团 / waiting for its group",
    "presale": "还没到预售发货时间 / a presale that is not sent yet",
}


class WantedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """So many pieces of one SKU. `accepts_no_return`: the buyer ticked the box that says it cannot be returned
    without a reason (网络购买商品七日无理由退货暂行办法 art. 7); it counts only where the product may ask for it.
    """

    sku_id: UUID
    quantity: int
    accepts_no_return: bool = False


class InvoiceTitle(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who the invoice is for. A company has a tax number (统一社会信用代码, 15 to 20 characters)."""

    kind: Literal["person", "company"]
    title: str
    tax_number: str = ""
    email: str = ""


class Claim(msgspec.Struct, frozen=True):
    """The right by which an order gets its price: the activity's kind, and which of it (a sale's item, a group)."""

    kind: str
    id: UUID


class QuoteAsk(msgspec.Struct, frozen=True):
    """What a buyer considers. Without an address or store the quote leaves freight and stock out.

    `coupon_ids` None: the best of those the buyer holds; empty: none.
    """

    lines: tuple[WantedLine, ...]
    customer_id: UUID | None = None
    channel: str = "shop"
    delivery: str = "pickup"
    store_id: UUID | None = None
    address: Address | None = None
    slot: datetime | None = None
    claim: Claim | None = None
    coupon_ids: tuple[UUID, ...] | None = None


class QuoteLine(msgspec.Struct, frozen=True):
    """A line priced: `unit_price` is the catalogue's, `amount` what is paid after the steps of `build_up`."""

    line_no: int
    sku_id: UUID
    product_id: UUID
    title: str
    sku_title: str
    picture: str
    quantity: int
    unit_price: int
    amount: int
    kind: str = "physical"
    return_policy: str = "seven_days"
    build_up: tuple[pricing.Step, ...] = ()
    components: tuple[catalog.Component, ...] = ()
    is_gift: bool = False


class Quote(msgspec.Struct, frozen=True):
    """What the lines cost right now. Nothing is reserved by asking. `total` = `goods_total` + `freight`.

    `freight` is what is left of it after `freight_build_up`. Of a presale `deposit` is paid first, the rest later;
    0 where everything is paid at once. `coupon_ids` are the coupons that were used.
    """

    lines: tuple[QuoteLine, ...]
    total: int
    currency: str
    goods_total: int = 0
    freight: int = 0
    freight_notes: tuple[tuple[str, int], ...] = ()
    ship_by: datetime | None = None
    deliver_from: datetime | None = None
    deliver_until: datetime | None = None
    passed: tuple[pricing.Passed, ...] = ()
    freight_build_up: tuple[pricing.Step, ...] = ()
    coupon_ids: tuple[UUID, ...] = ()
    deposit: int = 0
    balance_from: datetime | None = None
    balance_until: datetime | None = None


class PlaceOrder(msgspec.Struct, frozen=True):
    """A buyer's wish. `expected_total` is what the buyer was shown; `key` makes a second submit harmless.

    `delivery` is 'pickup' (at `store_id`), 'express' (to `address`), 'local' (from `store_id` to `address` in the
    slot that starts at `slot`) or 'none' (nothing but codes). `claim` is the activity the price comes from,
    `coupon_ids` the coupons to use: None takes the best the buyer holds.
    """

    customer_id: UUID
    store_id: UUID | None
    lines: tuple[WantedLine, ...]
    expected_total: int
    key: str
    remark: str = ""
    channel: str = "shop"
    delivery: str = "pickup"
    address: Address | None = None
    slot: datetime | None = None
    invoice: InvoiceTitle | None = None
    claim: Claim | None = None
    coupon_ids: tuple[UUID, ...] | None = None


class PlacedOrder(msgspec.Struct, frozen=True):
    """The answer to placing. `is_replay` says that this key had placed the order before."""

    id: UUID
    number: str
    total: int
    currency: str
    pay_by: datetime
    is_replay: bool = False


class OrderLine(msgspec.Struct, frozen=True):
    """A line as sold. Units: `quantity` = waiting + fulfilled + cancelled; refunded counts those given back.

    `reduced_amount` is money given back without units, within `refunded_amount`.
    """

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
    kind: str = "physical"
    location_id: UUID | None = None
    return_policy: str = "seven_days"
    build_up: tuple[pricing.Step, ...] = ()
    components: tuple[catalog.Component, ...] = ()
    fulfilled_quantity: int = 0
    cancelled_quantity: int = 0
    reduced_amount: int = 0
    is_gift: bool = False

    @property
    def waiting(self) -> int:
        """Units that have still to leave the house."""
        return self.quantity - self.fulfilled_quantity - self.cancelled_quantity


class Order(msgspec.Struct, frozen=True):
    """An order with its lines. Times are UTC.

    `due` is what is to be paid next while it is unpaid: everything, or of a presale the `deposit` and then the rest.
    """

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
    delivery: str = "pickup"
    freight: int = 0
    freight_refunded: int = 0
    address: Address | None = None
    deliver_from: datetime | None = None
    deliver_until: datetime | None = None
    ship_by: datetime | None = None
    shipped_at: datetime | None = None
    invoice: InvoiceTitle | None = None
    open_cases: int = 0
    claim_kind: str | None = None
    claim_id: UUID | None = None
    held_for: str = ""
    freight_build_up: tuple[pricing.Step, ...] = ()
    deposit: int | None = None
    deposit_paid_at: datetime | None = None
    balance_from: datetime | None = None
    balance_until: datetime | None = None
    due: int = 0
    lines: tuple[OrderLine, ...] = ()

    @property
    def goods_total(self) -> int:
        return self.total - self.freight

    @property
    def has_deposit(self) -> bool:
        """Whether the deposit of a presale is paid."""
        return self.deposit_paid_at is not None

    def waits_at(self, moment: datetime) -> bool:
        """Whether the deposit is paid and the time for the balance has not begun."""
        return self.has_deposit and self.balance_from is not None and moment < self.balance_from


class Note(msgspec.Struct, frozen=True):
    """What a member of staff wrote about an order."""

    id: UUID
    actor_name: str
    text: str
    at: datetime


class Fulfilled(msgspec.Struct, frozen=True):
    """Where an order stands after units left: its state, and whether none are waiting any more."""

    state: str
    is_all: bool


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
    delivery: str = "pickup"
    has_deposit: bool = False


class PaidOrder(msgspec.Struct, frozen=True):
    """The state a payment found the order in, and whether the money counts now.

    `part` says what it paid: everything, the deposit of a presale, or its balance, which makes the `deposit` (minor
    units) part of the price.
    """

    order_id: UUID
    found: str
    is_paid: bool
    part: Literal["all", "deposit", "balance"] = "all"
    deposit: int = 0


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


class NotWaiting(DomainError):
    """Fewer units of the line are waiting to leave than were named. Nothing was changed."""

    code = "orders.not_waiting"
    status = 409
    zh = "第 {line_no} 行只剩 {left} 件待交付。"
    en = "Only {left} units of line {line_no} are waiting to leave."


class NeedsAddress(DomainError):
    """Something is to be delivered and nobody said where."""

    code = "orders.needs_address"
    status = 422
    zh = "请选择收货地址。"
    en = "Please choose where to deliver."


class NeedsStore(DomainError):
    """Goods that are fetched or brought by courier come from a store, and none was chosen."""

    code = "orders.needs_store"
    status = 422
    zh = "请选择门店。"
    en = "Please choose a store."
