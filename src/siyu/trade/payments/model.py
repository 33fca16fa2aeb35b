"""Structs and refusals of payments. Amounts are minor units, times UTC."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from siyu.connect import gateways
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.money import ledger

Method = Literal[
    "wxpay_jsapi",
    "wxpay_h5",
    "wxpay_native",
    "wxpay_mini",
    "alipay_wap",
    "alipay_page",
    "balance",
    "offline",
]
# Through which gateway money of a method moves; the others move without one.
GATEWAY_OF = {
    "wxpay_jsapi": "wxpay",
    "wxpay_h5": "wxpay",
    "wxpay_native": "wxpay",
    "wxpay_mini": "wxpay",
    "alipay_wap": "alipay",
    "alipay_page": "alipay",
}
GATEWAYS = ("wxpay", "alipay")

# Accounts of the ledger that every payment moves. Sides: what a positive balance means.
ACCOUNTS = {
    "sales": "credit",  # what was sold, refunds taken off
    "refunds_due": "credit",  # promised back to buyers, not yet confirmed
    "unclaimed": "credit",  # money that came too late or twice, until it is back with its payer
}

# Accounts that only presales need: deposits whose balance is not paid, and those lost with their order.
DEPOSIT_ACCOUNTS = {"deposits": "credit", "deposits_kept": "credit"}

# One gateway, or several by name.
Lines = gateways.Gateway | Mapping[str, gateways.Gateway]


def by_name(lines: Lines) -> Mapping[str, gateways.Gateway]:
    """Gateways by name; who has only one may hand it over as it is."""
    return lines if isinstance(lines, Mapping) else {lines.name: lines}


def account_of(method: str, customer_id: UUID | None) -> tuple[str, str]:
    """The account (code, side) in which money of this method lies: a gateway's, or what we owe the customer."""
    if method == "balance":
        assert customer_id is not None, "only a customer has a balance"
        return balance_account(customer_id), "credit"
    return f"gateway:{GATEWAY_OF.get(method, method)}", "debit"


def applied(accounts: Mapping[str, UUID], order_id: UUID, deposit: int) -> ledger.Transfer:
    """The balance is paid: the deposit becomes part of the price."""
    return ledger.Transfer(
        id=ids.derived("deposit.applied", order_id),
        debit=accounts["deposits"],
        credit=accounts["sales"],
        amount=deposit,
        reason="deposit_applied",
        subject_id=order_id,
    )


def balance_account(customer_id: UUID) -> str:
    """Code of the account with what a customer has with the merchant."""
    return f"balance:{customer_id}"


class Told(Protocol):
    """What whoever holds the money says of a payment: a gateway's transaction, or our own record of one."""

    @property
    def out_trade_no(self) -> str: ...
    @property
    def transaction_id(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def success_time(self) -> datetime | None: ...
    @property
    def is_paid(self) -> bool: ...


class Payment(msgspec.Struct, frozen=True):
    """One attempt to pay an order. `out_trade_no` is our number at the gateway.

    `prepay_id` is what its cashier opens with: WeChat's prepay_id, or an address or code.
    """

    id: UUID
    order_id: UUID
    out_trade_no: str
    method: str
    amount: int
    state: str
    prepay_id: str | None
    transaction_id: str | None
    paid_at: datetime | None
    created_at: datetime


class RefundLine(msgspec.Struct, frozen=True):
    line_no: int
    quantity: int
    amount: int


class Refund(msgspec.Struct, frozen=True):
    """Money going back. `freight` is within `amount`; `reference` names what was sent back by hand."""

    id: UUID
    order_id: UUID
    out_refund_no: str
    amount: int
    reason: str
    kind: str
    state: str
    last_error: str | None
    requested_at: datetime
    done_at: datetime | None
    freight: int = 0
    method: str = ""
    reference: str = ""
    lines: tuple[RefundLine, ...] = ()


class Proof(msgspec.Struct, frozen=True):
    """A buyer's proof of a transfer, and what staff made of it."""

    id: UUID
    payment_id: UUID
    order_id: UUID
    order_number: str
    amount: int
    payer_name: str
    state: str
    reason: str
    decided_name: str
    submitted_at: datetime
    decided_at: datetime | None
    pay_by: datetime | None


class CannotPayHere(DomainError):
    """JSAPI payment needs the buyer's WeChat identity, which this customer does not have yet."""

    code = "payments.needs_wechat"
    status = 409
    zh = "请先用微信登录，再用微信支付。"
    en = "Please sign in with WeChat to pay with WeChat Pay."


class MethodNotOffered(DomainError):
    """A way of paying that is not set up, is switched off, or does not work where the buyer is."""

    code = "payments.method_not_offered"
    status = 409
    zh = "现在不能用这种方式付款，请换一种。"
    en = "This way of paying is not available here; please choose another."


class UnderReview(DomainError):
    """A proof of transfer waits for staff; until then nothing else may happen to the order's payment."""

    code = "payments.under_review"
    status = 409
    zh = "转账凭证正在审核，审核结束前不能更改。"
    en = "The proof of the transfer is under review; nothing can be changed until that is done."


class BalanceNotDue(DomainError):
    """The deposit is paid and the time for the balance has not begun."""

    code = "payments.balance_not_due"
    status = 409
    zh = "定金已付，还没有到付尾款的时间。"
    en = "The deposit is paid; the balance cannot be paid yet."


class DepositPaid(DomainError):
    """A buyer cannot cancel an order whose deposit is paid. Nothing was changed."""

    code = "payments.deposit_paid"
    status = 409
    zh = "定金已付，订单不能由顾客取消；到期不付尾款的，定金不退。"
    en = "The deposit is paid; only the shop can cancel this order now."


def merchant_tag(merchant_id: UUID) -> str:
    """Six characters that begin every number of a merchant, so that a shared account's bill can be told apart."""
    return _base36(int.from_bytes(hashlib.sha256(merchant_id.bytes).digest()[:8]))[-6:]


def trade_number(merchant_id: UUID, payment_id: UUID) -> str:
    """Our number at the gateway: the merchant's tag and the payment's id in 32 characters of [0-9a-z_]."""
    return f"{merchant_tag(merchant_id)}_{_base36(payment_id.int):0>25}"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits.rjust(6, "0")
