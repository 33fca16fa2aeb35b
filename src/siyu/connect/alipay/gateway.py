"""What a merchant asks Alipay for: pages to pay on, queries, closings, refunds and bills."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import ClassVar, TypeVar

import httpx
import msgspec

from siyu.connect import gateways
from siyu.connect.alipay import bills, model
from siyu.connect.alipay.errors import AnswerNotTrusted, GatewayRefused, OrderPaid
from siyu.connect.alipay.line import NO_BILL, Line
from siyu.connect.alipay.model import Credentials
from siyu.connect.alipay.notices import open_notify
from siyu.connect.gateways import CHINA, Bill, Callback, FundBill, Refund, Transaction

T = TypeVar("T")

NUMBER = re.compile(r"[0-9A-Za-z_-]{1,64}")
SUBJECT_CHARACTERS_MAX = 128  # the gateway takes 256 bytes
REASON_CHARACTERS_MAX = 128
UNWANTED = re.compile(
    r"[/=&,\"\r\n\t]"
)  # the first three are refused in subjects, the others break bill files
NOT_EXIST = "ACQ.TRADE_NOT_EXIST"
WRONG_STATE = ("ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REASON_ILLEGAL_STATUS")


class WapPay(msgspec.Struct, frozen=True, omit_defaults=True):
    """`alipay.trade.wap.pay`. The product code has no default, so that it is never left out."""

    out_trade_no: str
    total_amount: str
    subject: str
    product_code: str
    time_expire: str
    quit_url: str = ""


class ByNumber(msgspec.Struct, frozen=True):
    out_trade_no: str


class RefundOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    out_trade_no: str
    refund_amount: str
    out_request_no: str
    refund_reason: str = ""


class RefundQuestion(msgspec.Struct, frozen=True):
    out_trade_no: str
    out_request_no: str
    query_options: tuple[str, ...] = ("gmt_refund_pay",)


class BillQuestion(msgspec.Struct, frozen=True):
    bill_type: str
    bill_date: str


class Closed(msgspec.Struct, frozen=True):
    """The answer to a closing; its numbers are the ones we sent."""


class Gateway:
    """Our line to Alipay. One per process: it keeps connections open; `aclose` lets them go."""

    name: ClassVar[str] = "alipay"

    def __init__(self, credentials: Credentials, http: httpx.AsyncClient | None = None) -> None:
        self.credentials = credentials
        self._line = Line(credentials, http)

    async def aclose(self) -> None:
        """Close the connections, unless the client was lent to us."""
        await self._line.aclose()

    def wap_pay_url(
        self,
        *,
        out_trade_no: str,
        subject: str,
        total: int,
        notify_url: str,
        return_url: str,
        expires_at: datetime,
        quit_url: str = "",
    ) -> str:
        """Where to send a phone's browser to pay `total` fen. Nothing is registered yet and nothing is sent.

        The page can be opened and paid until `expires_at`, whatever we do meanwhile: a trade that no shopper has
        opened cannot be closed. That the browser came back to `return_url` proves nothing.
        """
        order = _page_order(out_trade_no, subject, total, expires_at, "QUICK_WAP_WAY")
        return self._line.page_url(
            "alipay.trade.wap.pay",
            msgspec.structs.replace(order, quit_url=quit_url),
            notify_url=notify_url,
            return_url=return_url,
        )

    def page_pay_url(
        self,
        *,
        out_trade_no: str,
        subject: str,
        total: int,
        notify_url: str,
        return_url: str,
        expires_at: datetime,
    ) -> str:
        """The same for a desktop browser."""
        order = _page_order(out_trade_no, subject, total, expires_at, "FAST_INSTANT_TRADE_PAY")
        return self._line.page_url(
            "alipay.trade.page.pay", order, notify_url=notify_url, return_url=return_url
        )

    async def query(self, out_trade_no: str) -> Transaction | None:
        """The trade as Alipay knows it; None while no shopper has signed in to pay it.

        Raises GatewayRefused, GatewayUnsure.
        """
        try:
            found = await self._line.call("alipay.trade.query", ByNumber(out_trade_no), model.WireTrade)
        except GatewayRefused as refusal:
            if refusal.gateway_code == NOT_EXIST:
                return None
            raise
        return _read(lambda: found.read(self.credentials))

    async def close(self, out_trade_no: str) -> None:
        """Make sure that a trade in the middle of being paid ends. Closing twice, or an unknown one, is no error.

        An unopened page stays payable until it expires. Raises OrderPaid, GatewayRefused, GatewayUnsure.
        """
        try:
            await self._line.call("alipay.trade.close", ByNumber(out_trade_no), Closed)
        except GatewayRefused as refusal:
            if refusal.gateway_code == NOT_EXIST:
                return
            if refusal.gateway_code not in WRONG_STATE:
                raise
            # The state alone does not tell paid from closed, and the difference is money.
            found = await self.query(out_trade_no)
            if found and found.is_paid:
                raise OrderPaid(out_trade_no) from refusal
            if found and found.trade_state != "CLOSED":
                raise

    async def refund(
        self,
        *,
        out_trade_no: str,
        out_refund_no: str,
        refund: int,
        total: int,
        reason: str,
        notify_url: str = "",  # noqa: ARG002 - every gateway takes one; Alipay reports to the payment's address
    ) -> Refund:
        """Send `refund` of the trade's `total` fen back to the payer; SUCCESS when this call moved the money.

        PROCESSING when it did not, because the same number had been refunded before: `query_refund` tells. After
        GatewayUnsure repeat with the same `out_refund_no`; a new number pays twice. Raises GatewayRefused.
        """
        assert NUMBER.fullmatch(out_refund_no), "refund numbers are 1 to 64 of 0-9 A-Z a-z _ -"
        assert 0 < refund <= total, "a refund is part of what was paid"
        order = RefundOrder(
            out_trade_no=out_trade_no,
            refund_amount=gateways.yuan(refund),
            out_request_no=out_refund_no,
            refund_reason=_fitting(reason, REASON_CHARACTERS_MAX),
        )
        done = await self._line.call("alipay.trade.refund", order, model.WireRefund)
        has_moved = done.fund_change == "Y"
        return Refund(
            out_refund_no=out_refund_no,
            refund_id="",
            out_trade_no=out_trade_no,
            status="SUCCESS" if has_moved else "PROCESSING",
            refund=refund,
            total=total,
            success_time=_read(lambda: gateways.china_time(done.gmt_refund_pay))
            if has_moved and done.gmt_refund_pay
            else None,
        )

    async def query_refund(self, out_refund_no: str, *, out_trade_no: str) -> Refund | None:
        """The finished refund, or None when nothing was sent back under this number (yet).

        Ask ten seconds or more after the refund. Raises GatewayRefused, GatewayUnsure.
        """
        question = RefundQuestion(out_trade_no, out_refund_no)
        try:
            found = await self._line.call(
                "alipay.trade.fastpay.refund.query", question, model.WireRefundQuery
            )
        except GatewayRefused as refusal:
            if refusal.gateway_code == NOT_EXIST:
                return None
            raise
        return _read(found.read)

    async def bill_url(self, day: date, kind: str = "trade") -> str | None:
        """Where a day's bill lies for thirty seconds; None when nothing happened. `kind` trade or signcustomer."""
        gateways.check_ready(day)
        question = BillQuestion(kind, day.isoformat())
        try:
            found = await self._line.call(
                "alipay.data.dataservice.bill.downloadurl.query", question, model.WireBillUrl
            )
        except GatewayRefused as refusal:
            if refusal.gateway_code == NO_BILL:
                return None
            raise
        return found.bill_download_url

    async def trade_bill(self, day: date) -> Bill:
        """What was paid and refunded on that day in China; without rows when nothing was.

        Raises BillNotReady before ten o'clock of the next day, BillUnreadable, GatewayRefused, GatewayUnsure.
        """
        url = await self.bill_url(day)
        if url is None:
            return Bill(self.name, day, ())
        return bills.read_trade_bill(day, await self._line.download(url))

    async def fund_flow_bill(self, day: date) -> FundBill:
        """How the account's balance moved on that day in China. Raises as `trade_bill`."""
        url = await self.bill_url(day, "signcustomer")
        if url is None:
            return FundBill(self.name, day, ())
        return bills.read_fund_bill(day, await self._line.download(url))

    def open_notify(self, body: bytes) -> Callback:
        """Verify and read a notice (see `notices.open_notify`). Raises CallbackRefused."""
        return open_notify(self.credentials, body)

    def open_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:  # noqa: ARG002
        """As `open_notify`; Alipay signs the form, not the headers."""
        return self.open_notify(body)


def _page_order(
    out_trade_no: str, subject: str, total: int, expires_at: datetime, product_code: str
) -> WapPay:
    assert NUMBER.fullmatch(out_trade_no), "order numbers are 1 to 64 of 0-9 A-Z a-z _ -"
    assert total > 0, "an order of nothing is settled without a gateway"
    return WapPay(
        out_trade_no=out_trade_no,
        total_amount=gateways.yuan(total),
        subject=_fitting(subject, SUBJECT_CHARACTERS_MAX) or out_trade_no,
        product_code=product_code,
        time_expire=f"{expires_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
    )


def _fitting(text: str, bytes_of_two_max: int) -> str:
    """`text` without the characters that Alipay or its bills cannot take, short enough even in Chinese."""
    plain = UNWANTED.sub(" ", text)
    kept = "".join(c for c in plain if c.isprintable() and ord(c) <= 0xFFFF)
    return kept.encode("gb18030", "ignore")[: bytes_of_two_max * 2].decode("gb18030", "ignore").strip()


def _read(reading: Callable[[], T]) -> T:
    try:
        return reading()
    except ValueError as error:
        raise AnswerNotTrusted("content_unreadable", gateway="alipay") from error
