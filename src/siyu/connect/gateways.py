"""One vocabulary for all payment gateways, so that whoever asks for money treats WeChat Pay and Alipay alike.

Amounts are fen, times are UTC. `Gateway` is what every gateway can do; how a payment begins differs from one to the
next and stays with them. A gateway sends each request once and never repeats it by itself.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import ClassVar, Literal, Protocol

import msgspec

from siyu.kernel import clock, money
from siyu.kernel.errors import DomainError

CHINA = timezone(timedelta(hours=8))  # the offset in which both gateways count days and write times
BILL_READY_AT = time(10)  # WeChat Pay promises bills by ten on the next day, Alipay by nine
NAMES = {"wxpay": ("微信支付", "WeChat Pay"), "alipay": ("支付宝", "Alipay")}
PAID_STATES = ("SUCCESS", "REFUND")


class CallbackRefused(DomainError):
    """A notice that only the gateway could have sent was not that. `reason` is a short code for the log.

    The caller answers with this status and changes nothing.
    """

    code = "gateway.callback_refused"
    status = 401
    zh = "这条支付通知没有通过校验（{reason}）。"
    en = "This payment notice did not verify ({reason})."

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class GatewayRefused(DomainError):
    """The gateway said no and will say so again: the request, the keys or the state of the order must change first.

    `gateway_code` is the gateway's own code, `request_id` the handle its support asks for (WeChat Pay has one).
    """

    code = "gateway.refused"
    status = 502
    zh = "{name_zh}拒绝了这次请求：{message}（{gateway_code}）。"
    en = "{name_en} refused the request: {message} ({gateway_code})."

    def __init__(
        self, gateway_code: str, message: str, *, gateway: str = "wxpay", request_id: str = ""
    ) -> None:
        super().__init__(gateway_code=gateway_code, message=message, request_id=request_id, **_named(gateway))
        self.gateway_code = gateway_code
        self.message = message
        self.request_id = request_id


class GatewayUnsure(DomainError):
    """Nobody knows whether the request was carried out: no answer, a 5xx, or too many requests.

    Query, or repeat with the same number. A new number could pay twice.
    """

    code = "gateway.unsure"
    status = 503
    zh = "{name_zh}暂时没有给出结果，系统会自动核对，请勿重复付款。"
    en = "{name_en} has not given a result yet; it will be checked, please do not pay again."

    def __init__(self, gateway_code: str, *, gateway: str = "wxpay", request_id: str = "") -> None:
        super().__init__(gateway_code=gateway_code, request_id=request_id, **_named(gateway))
        self.gateway_code = gateway_code
        self.request_id = request_id


class AnswerNotTrusted(GatewayUnsure):
    """An answer came, but not provably from the gateway, so it says nothing about what happened."""

    code = "gateway.answer_not_trusted"


class OrderPaid(DomainError):
    """The gateway will not close or re-issue the order, because it is paid. Query it and settle it."""

    code = "gateway.order_paid"
    status = 409
    zh = "订单 {out_trade_no} 已经支付。"
    en = "Order {out_trade_no} is already paid."

    def __init__(self, out_trade_no: str) -> None:
        super().__init__(out_trade_no=out_trade_no)
        self.out_trade_no = out_trade_no


class BillNotReady(DomainError):
    """The day is not over, or its bill is still being written. Ask again after `ready_at` (UTC)."""

    code = "gateway.bill_not_ready"
    status = 409
    zh = "{day} 的账单还没有生成，请在 {ready} 之后再取。"
    en = "The bill of {day} is not ready; fetch it after {ready}."

    def __init__(self, day: date, ready_at: datetime) -> None:
        super().__init__(day=day.isoformat(), ready=f"{ready_at.astimezone(CHINA):%Y-%m-%d %H:%M}")
        self.day = day
        self.ready_at = ready_at


class BillUnreadable(DomainError):
    """The file does not match its own hash, its own totals or its known columns. Nothing of it may be booked."""

    code = "gateway.bill_unreadable"
    status = 502
    zh = "账单文件无法使用（{reason}），没有写入任何内容。"
    en = "The bill file cannot be used ({reason}); nothing was taken from it."

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class Transaction(msgspec.Struct, frozen=True):
    """A payment as the gateway sees it. `total` is fen; `trade_state` NOTPAY, SUCCESS, CLOSED or REFUND among others.

    REFUND means that some refund was started, partial ones included: the order was paid. `openid` is how this
    gateway knows the payer. `is_refundable` is False once Alipay has finished a trade for good.
    """

    out_trade_no: str
    transaction_id: str
    trade_state: str
    total: int
    currency: str
    openid: str
    success_time: datetime | None
    merchant_id: str
    app_id: str
    gateway: str = "wxpay"
    is_refundable: bool = True

    @property
    def is_paid(self) -> bool:
        """Whether money has come, whatever went back since."""
        return self.trade_state in PAID_STATES


class Refund(msgspec.Struct, frozen=True):
    """A refund as the gateway sees it; amounts in fen. `status` is PROCESSING, SUCCESS, CLOSED or ABNORMAL.

    Alipay gives refunds no number of its own: `refund_id` is empty there.
    """

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    status: str
    refund: int
    total: int
    success_time: datetime | None


class Payout(msgspec.Struct, frozen=True):
    """Money sent to a person, as the gateway sees it; `amount` is fen, 0 where the answer does not say it.

    `state` is ACCEPTED, PROCESSING, WAIT_USER_CONFIRM, TRANSFERING, SUCCESS, FAIL, CANCELING or CANCELLED; the person
    confirms with `package`, which only the answer to the sending carries. Before a final state nothing is decided.
    """

    number: str
    gateway_id: str
    state: str
    amount: int = 0
    openid: str = ""
    fail_reason: str = ""
    package: str = ""
    updated_at: datetime | None = None


class Callback(msgspec.Struct, frozen=True):
    """A verified notice. `id` is the same in every repeat of it. Kinds that we do not use carry neither object.

    `refund_no` is set when the notice says that a refund moved without saying what it came to (Alipay tells only
    the sum of all refunds): ask `query_refund` for it.
    """

    id: str
    event_type: str
    transaction: Transaction | None
    refund: Refund | None
    refund_no: str = ""
    payout: Payout | None = None


class BillRow(msgspec.Struct, frozen=True):
    """One line of a trade bill; amounts in fen and never negative, except a `fee` that was given back.

    `amount` is what the order or the refund was asked for with; `fee` what the gateway kept. `at` is when it was
    paid or refunded, `state` the gateway's own word. Refund numbers are empty in payments.
    """

    kind: Literal["payment", "refund"]
    out_trade_no: str
    transaction_id: str
    out_refund_no: str
    refund_id: str
    amount: int
    fee: int
    at: datetime
    state: str


class Bill(msgspec.Struct, frozen=True):
    """A day's trade bill, in the file's order; its rows add up to the totals that the file itself states."""

    gateway: str
    day: date
    rows: tuple[BillRow, ...]

    def sum_of(self, kind: Literal["payment", "refund"]) -> int:
        """What all rows of this kind come to, in fen."""
        return sum(row.amount for row in self.rows if row.kind == kind)

    @property
    def fees(self) -> int:
        """What the gateway kept on balance, in fen."""
        return sum(row.fee for row in self.rows)


class FundRow(msgspec.Struct, frozen=True):
    """One movement of the money that a gateway holds for us; `amount` and the `balance` after it in fen."""

    at: datetime
    transaction_id: str
    flow_id: str
    business: str
    kind: str
    direction: Literal["in", "out"]
    amount: int
    balance: int
    note: str
    voucher: str


class FundBill(msgspec.Struct, frozen=True):
    """A day's movements of money, in the file's order; checked against the totals that the file states."""

    gateway: str
    day: date
    rows: tuple[FundRow, ...]

    def sum_of(self, direction: Literal["in", "out"]) -> int:
        """What came in or went out, in fen."""
        return sum(row.amount for row in self.rows if row.direction == direction)


class Gateway(Protocol):
    """What every gateway can do once a payment has begun. All calls raise GatewayRefused and GatewayUnsure."""

    name: ClassVar[str]

    async def query(self, out_trade_no: str) -> Transaction | None:
        """The order as the gateway knows it, or None if it has never heard of it."""
        ...

    async def close(self, out_trade_no: str) -> None:
        """Make sure that the order cannot be paid any more. Raises OrderPaid when it is too late."""
        ...

    async def refund(
        self,
        *,
        out_trade_no: str,
        out_refund_no: str,
        refund: int,
        total: int,
        reason: str,
        notify_url: str,
    ) -> Refund:
        """Send `refund` of the order's `total` fen back. The same `out_refund_no` never pays twice."""
        ...

    async def query_refund(self, out_refund_no: str, *, out_trade_no: str) -> Refund | None:
        """The refund as the gateway knows it, or None if it has never heard of it."""
        ...

    async def trade_bill(self, day: date) -> Bill:
        """What was paid and refunded on that day in China. Raises BillNotReady and BillUnreadable."""
        ...

    async def fund_flow_bill(self, day: date) -> FundBill:
        """How the money held there moved on that day in China. Raises BillNotReady and BillUnreadable."""
        ...

    def open_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        """Verify and read a notice. Raises CallbackRefused."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def ready_at(day: date) -> datetime:
    """When the bill of a day may first be asked for: at ten in China on the day after (UTC)."""
    return datetime.combine(day + timedelta(days=1), BILL_READY_AT, CHINA).astimezone(UTC)


def check_ready(day: date) -> None:
    """Raise BillNotReady before the gateway could have written the bill."""
    if clock.now() < ready_at(day):
        raise BillNotReady(day, ready_at(day))


def yuan(minor: int) -> str:
    """`123456` fen as the gateways write yuan: `1234.56`."""
    return money.plain(minor).replace(",", "")


def fen(text: str) -> int:
    """Yuan as the gateways write them, in fen. Raises ValueError for what is not a whole number of fen."""
    return money.parse(text)


def china_time(text: str) -> datetime:
    """`2026-11-22 10:00:20` on a clock in China (fractions dropped), in UTC. Raises ValueError."""
    return datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).astimezone(UTC)


def _named(gateway: str) -> dict[str, str]:
    zh, en = NAMES[gateway]
    return {"gateway": gateway, "name_zh": zh, "name_en": en}
