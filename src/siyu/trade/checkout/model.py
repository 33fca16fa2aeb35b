"""Structs and refusals of checkout. Amounts are minor units, times UTC."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError
from siyu.people.addresses import AddressForm
from siyu.place import stores
from siyu.trade.delivery import Local, Slot


class CheckoutForm(msgspec.Struct, frozen=True):
    """What the page sends. `lines` is `<sku>*<quantity>` joined by commas; `accepts` names SKUs whose box was ticked.

    `claim` is `<kind>:<id>` of the activity the price comes from. `coupons` is empty for the best ones, `none`, or ids
    joined by commas; `freight_coupons` says the same of freight coupons. `coupons_now` and `freight_now` are the ids
    that the page used: what the buyer leaves open stays what it was while the other is chosen. `website` is a field no person sees, `shown` when the page was made, signed.
    """

    lines: str = ""
    accepts: tuple[UUID, ...] = ()
    expected_total: int = 0
    key: str = ""
    from_cart: str = ""
    delivery: str = ""
    store_id: UUID | None = None
    local_store_id: UUID | None = None
    slot: datetime | None = None
    address_id: str = ""
    address: AddressForm = AddressForm()
    save_address: str = ""
    remark: str = ""
    invoice_kind: str = ""
    invoice_title: str = ""
    tax_number: str = ""
    invoice_email: str = ""
    agree: str = ""
    claim: str = ""
    coupons: str = ""
    freight_coupons: str = ""
    coupons_now: str = ""
    freight_now: str = ""
    deposit_read: str = ""
    website: str = ""
    shown: str = ""


class Trouble(msgspec.Struct, frozen=True):
    """Why an order was not placed: the sentence, the field and line it is about, and the answer's status."""

    said: str
    field: str = ""
    sku_id: str = ""
    old_total: int | None = None
    is_done: bool = False  # the order is there already
    status: int = 409


class Pickup(msgspec.Struct, frozen=True):
    """A store these lines could be fetched from. `short` names lines it has too few of: (title, pieces free)."""

    store: stores.Store
    promise: stores.Pickup
    metres: int | None = None
    short: tuple[tuple[str, int], ...] = ()


class Courier(msgspec.Struct, frozen=True):
    """A store that could send a courier. `problem` says why not; `days` are its slots by local day."""

    local: Local
    days: tuple[tuple[datetime, tuple[Slot, ...]], ...] = ()
    fee: int | None = None
    metres: int | None = None
    problem: str = ""


class NotAPerson(DomainError):
    """The form was filled in by a program, or on a page that is too old. Nothing was ordered."""

    code = "checkout.not_a_person"
    status = 422
    zh = "页面停留时间太短或已过期，请核对后再提交一次。"
    en = "The form was sent too quickly or is too old; please look it over and submit it again."


class OrderNotFound(DomainError):
    """No guest's order has this number and phone."""

    code = "checkout.order_not_found"
    status = 404
    zh = "没有找到这个订单。请核对订单编号和下单时的手机号；下单后登录过的，请登录查看。"
    en = "There is no such order. Check the number and the phone you gave; if you signed in since, please sign in."
