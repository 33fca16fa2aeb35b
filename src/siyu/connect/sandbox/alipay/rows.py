"""What the sandbox remembers of Alipay. Amounts are fen, times seconds since 1970."""

from datetime import UTC, datetime
from typing import ClassVar

import msgspec

from siyu.connect.sandbox.store import Row
from siyu.web import mark

# Trade states as a shopper reads them.
STATUS_WORDS = {
    "WAIT_BUYER_PAY": mark("交易创建，等待买家付款"),
    "TRADE_SUCCESS": mark("支付成功"),
    "TRADE_FINISHED": mark("交易结束，不可退款"),
    "TRADE_CLOSED": mark("交易已关闭"),
}


class Trade(Row, frozen=True):
    """A trade; it exists from the moment a shopper signed in to pay. `buyer` is the openid of a person here."""

    table: ClassVar[str] = "trades"
    out_trade_no: str
    trade_no: str
    token: str
    product: str
    subject: str
    total: int
    buyer: str
    notify_url: str
    return_url: str
    quit_url: str
    passback: str
    status: str
    created_at: float
    expires_at: float
    paid_at: float | None = None
    closed_at: float | None = None

    @property
    def moment(self) -> datetime | None:
        """When it was paid."""
        return datetime.fromtimestamp(self.paid_at, UTC) if self.paid_at is not None else None


class TradeRefund(Row, frozen=True):
    """Money that went back at once, under the merchant's number."""

    table: ClassVar[str] = "trade_refunds"
    out_trade_no: str
    out_request_no: str
    amount: int
    reason: str
    done_at: float


class Refused(Exception):
    """The gateway says no: `code` 40004 with a business `sub_code`, unless it is about the call itself."""

    def __init__(self, sub_code: str, sub_msg: str, code: str = "40004") -> None:
        super().__init__(f"{code} {sub_code} {sub_msg}")
        self.code = code
        self.sub_code = sub_code
        self.sub_msg = sub_msg


class Problem(msgspec.Struct, frozen=True):
    """The content of an answer that says no."""

    code: str
    msg: str
    sub_code: str
    sub_msg: str
