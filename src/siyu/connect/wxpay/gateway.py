"""What a merchant asks WeChat Pay for: orders, queries, closings, refunds and bills."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar, TypeVar
from urllib.parse import quote, urlencode

import httpx
import msgspec

from siyu.connect import crypto, gateways
from siyu.connect.gateways import CHINA, Bill, BillNotReady, Callback, FundBill, Refund, Transaction
from siyu.connect.wxpay import bills, callbacks, orders
from siyu.connect.wxpay.errors import GatewayRefused, OrderPaid
from siyu.connect.wxpay.line import Line, decode, new_nonce, timestamp_now
from siyu.connect.wxpay.model import ClientParameters, Credentials, WireRefund, WireTransaction
from siyu.connect.wxpay.signing import payment_message

T = TypeVar("T")

# Narrower than the gateway allows: `|` and `*` would be signed raw and sent percent-encoded.
NUMBER = re.compile(r"[0-9A-Za-z_-]{6,32}")
REFUND_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,64}")
DESCRIPTION_BYTES_MAX = 127
REASON_BYTES_MAX = 80
PAID_CODES = ("ORDER_PAID", "ORDERPAID")  # the documentation spells it both ways
UNKNOWN_CODES = ("ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS", "NOT_FOUND")
NO_BILL_CODES = ("NO_STATEMENT_EXIST", "NO_BILL_EXIST")  # nothing happened on that day


class Gateway:
    """Our line to WeChat Pay. One per process: it keeps connections open; `aclose` lets them go."""

    name: ClassVar[str] = "wxpay"

    def __init__(self, credentials: Credentials, http: httpx.AsyncClient | None = None) -> None:
        self.credentials = credentials
        self._line = Line(credentials, http)

    @property
    def line(self) -> Line:
        """The open line, for what is asked in the neighbouring files (transfers)."""
        return self._line

    async def aclose(self) -> None:
        """Close the connections, unless the client was lent to us."""
        await self._line.aclose()

    async def prepay(
        self,
        *,
        out_trade_no: str,
        description: str,
        total: int,
        openid: str,
        notify_url: str,
        expires_at: datetime,
        app_id: str = "",
    ) -> str:
        """Register an order of `total` fen and return its JSAPI `prepay_id`, good for two hours.

        Repeating it with identical values gives a new id for the same order. The description is cut to what the
        gateway takes. A mini program passes its own `app_id`, and the openid that belongs to it. Raises OrderPaid,
        GatewayRefused, GatewayUnsure.
        """
        order = self._order(out_trade_no, description, total, notify_url, expires_at)
        order = msgspec.structs.replace(
            order, appid=app_id or self.credentials.app_id, payer=orders.Payer(openid)
        )
        return (await self._place("jsapi", order, orders.Prepaid)).prepay_id

    async def prepay_h5(
        self,
        *,
        out_trade_no: str,
        description: str,
        total: int,
        payer_ip: str,
        notify_url: str,
        expires_at: datetime,
        kind: orders.H5Kind = "Wap",
        return_url: str = "",
    ) -> str:
        """Register an order for a browser outside WeChat; return the address to send it to, good for five minutes.

        `payer_ip` is the shopper's real address: the gateway compares. The browser must come from a page of the
        registered domain (by its Referer) and returns to `return_url`. Repeats and errors as `prepay`.
        """
        order = self._order(out_trade_no, description, total, notify_url, expires_at)
        scene = orders.Scene(payer_client_ip=payer_ip, h5_info=orders.H5Info(kind))
        placed = await self._place("h5", msgspec.structs.replace(order, scene_info=scene), orders.H5Prepaid)
        return placed.h5_url + ("&" + urlencode({"redirect_url": return_url}) if return_url else "")

    async def prepay_native(
        self,
        *,
        out_trade_no: str,
        description: str,
        total: int,
        notify_url: str,
        expires_at: datetime,
        payer_ip: str = "",
    ) -> str:
        """Register an order that is paid by scanning; return the `code_url` to draw as a QR code, good for two hours.

        It can only be scanned from another screen, not from an album. Repeats and errors as `prepay`.
        """
        order = self._order(out_trade_no, description, total, notify_url, expires_at)
        if payer_ip:
            order = msgspec.structs.replace(order, scene_info=orders.Scene(payer_client_ip=payer_ip))
        return (await self._place("native", order, orders.NativePrepaid)).code_url

    def client_parameters(self, prepay_id: str, app_id: str = "") -> ClientParameters:
        """What the shopper's page hands to `WeixinJSBridge` (or a mini program to `wx.requestPayment`), signed now."""
        app_id = app_id or self.credentials.app_id
        timestamp, nonce = timestamp_now(), new_nonce()
        package = f"prepay_id={prepay_id}"
        message = payment_message(app_id=app_id, timestamp=timestamp, nonce=nonce, package=package)
        return ClientParameters(
            app_id=app_id,
            time_stamp=timestamp,
            nonce_str=nonce,
            package=package,
            sign_type="RSA",
            pay_sign=crypto.sign(self.credentials.private_key_pem, message),
        )

    async def query(self, out_trade_no: str) -> Transaction | None:
        """The order as the gateway knows it, or None if it has never heard of it. Raises as `prepay`."""
        path = f"/v3/pay/transactions/out-trade-no/{quote(out_trade_no, safe='')}?mchid={self.credentials.merchant_id}"
        found = await self._found(path, WireTransaction)
        return found.read() if found else None

    async def close(self, out_trade_no: str) -> None:
        """Make sure that the order cannot be paid any more. Closing twice, or an unknown order, is no error.

        Raises OrderPaid when it is too late, GatewayRefused, GatewayUnsure.
        """
        path = f"/v3/pay/transactions/out-trade-no/{quote(out_trade_no, safe='')}/close"
        try:
            await self._line.call("POST", path, orders.CloseOrder(self.credentials.merchant_id))
        except GatewayRefused as refusal:
            if refusal.gateway_code in PAID_CODES:
                raise OrderPaid(out_trade_no) from refusal
            if refusal.gateway_code not in (*UNKNOWN_CODES, "ORDER_CLOSED"):
                raise

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
        """Send `refund` of the order's `total` fen back to the payer. PROCESSING until a callback or query says more.

        After GatewayUnsure repeat with the same `out_refund_no`; a new number pays twice. Raises GatewayRefused.
        """
        assert REFUND_NUMBER.fullmatch(out_refund_no), "refund numbers are 1 to 64 of 0-9 A-Z a-z _ -"
        assert 0 < refund <= total, "a refund is part of what was paid"
        order = orders.RefundOrder(
            out_trade_no=out_trade_no,
            out_refund_no=out_refund_no,
            notify_url=notify_url,
            amount=orders.RefundAmount(refund=refund, total=total),
            reason=orders.fitting(reason, REASON_BYTES_MAX),
        )
        return decode(await self._line.call("POST", "/v3/refund/domestic/refunds", order), WireRefund).read()

    async def query_refund(self, out_refund_no: str, *, out_trade_no: str = "") -> Refund | None:
        """The refund as the gateway knows it, or None if it has never heard of it.

        Its number is enough here; with `out_trade_no` a refund of another order is not ours either.
        """
        path = f"/v3/refund/domestic/refunds/{quote(out_refund_no, safe='')}"
        found = await self._found(path, WireRefund)
        if found is None or (out_trade_no and found.out_trade_no != out_trade_no):
            return None
        return found.read()

    async def trade_bill(self, day: date) -> Bill:
        """What was paid and refunded on that day in China; without rows when nothing was.

        Raises BillNotReady before ten o'clock of the next day, BillUnreadable, GatewayRefused, GatewayUnsure.
        """
        target = f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL&tar_type=GZIP"
        content = await self._bill_file(day, target)
        return bills.read_trade_bill(day, content) if content else Bill(self.name, day, ())

    async def fund_flow_bill(self, day: date) -> FundBill:
        """How the money of the basic account moved on that day in China. Raises as `trade_bill`."""
        target = f"/v3/bill/fundflowbill?bill_date={day.isoformat()}&account_type=BASIC&tar_type=GZIP"
        content = await self._bill_file(day, target)
        return bills.read_fund_bill(day, content) if content else FundBill(self.name, day, ())

    def open_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        """Verify, decrypt and read a callback (see `callbacks.open_callback`). Raises CallbackRefused."""
        return callbacks.open_callback(self.credentials, headers, body)

    def _order(
        self, out_trade_no: str, description: str, total: int, notify_url: str, expires_at: datetime
    ) -> orders.Order:
        """What orders of every kind have in common."""
        assert NUMBER.fullmatch(out_trade_no), "order numbers are 6 to 32 of 0-9 A-Z a-z _ -"
        assert total > 0, "an order of nothing is settled without a gateway"
        assert "?" not in notify_url, "WeChat Pay refuses callback addresses with a query"
        return orders.Order(
            appid=self.credentials.app_id,
            mchid=self.credentials.merchant_id,
            description=orders.fitting(description, DESCRIPTION_BYTES_MAX) or out_trade_no,
            out_trade_no=out_trade_no,
            time_expire=expires_at.astimezone(CHINA).isoformat(timespec="seconds"),
            notify_url=notify_url,
            amount=orders.Amount(total),
        )

    async def _place(self, way: str, order: orders.Order, kind: type[T]) -> T:
        try:
            body = await self._line.call("POST", f"/v3/pay/transactions/{way}", order)
        except GatewayRefused as refusal:
            if refusal.gateway_code in PAID_CODES:
                raise OrderPaid(order.out_trade_no) from refusal
            raise
        return decode(body, kind)

    async def _found(self, target: str, kind: type[T]) -> T | None:
        try:
            return decode(await self._line.call("GET", target), kind)
        except GatewayRefused as refusal:
            if refusal.gateway_code in UNKNOWN_CODES:
                return None
            raise

    async def _bill_file(self, day: date, target: str) -> bytes:
        """The file of a bill, or nothing when nothing happened that day."""
        gateways.check_ready(day)
        try:
            named = decode(await self._line.call("GET", target), bills.Named)
        except GatewayRefused as refusal:
            if refusal.gateway_code in NO_BILL_CODES:
                return b""
            if refusal.gateway_code == "STATEMENT_CREATING":
                raise BillNotReady(day, gateways.ready_at(day)) from refusal
            raise
        return await self._line.download(named.download_url, sha1=named.hash_value)
