"""Calls to WeChat Pay: signed, sent once, and answered only by an answer whose signature verifies."""

import logging
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from siyu.connect import calls, crypto
from siyu.connect.wxpay import callbacks
from siyu.connect.wxpay.errors import AnswerNotTrusted, GatewayRefused, GatewayUnsure, OrderPaid
from siyu.connect.wxpay.model import (
    Callback,
    ClientParameters,
    Credentials,
    Refund,
    Transaction,
    WireRefund,
    WireTransaction,
)
from siyu.connect.wxpay.signing import authorization, payment_message, request_message
from siyu.kernel import clock

logger = logging.getLogger(__name__)

T = TypeVar("T")

CHINA = timezone(timedelta(hours=8))  # the offset the gateway documents its times with
# Narrower than the gateway allows: `|` and `*` would be signed raw and sent percent-encoded.
NUMBER = re.compile(r"[0-9A-Za-z_-]{6,32}")
REFUND_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,64}")
DESCRIPTION_BYTES_MAX = 127
REASON_BYTES_MAX = 80
PAID_CODES = ("ORDER_PAID", "ORDERPAID")  # the documentation spells it both ways
UNKNOWN_CODES = ("ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS", "NOT_FOUND")
WIDEST_CHARACTER = 0xFFFF  # the gateway refuses characters of four UTF-8 bytes, emoji among them


class Problem(msgspec.Struct, frozen=True):
    """The gateway's error body."""

    code: str = "UNKNOWN"
    message: str = ""


class PrepayAmount(msgspec.Struct, frozen=True):
    total: int
    currency: str = "CNY"


class PrepayPayer(msgspec.Struct, frozen=True):
    openid: str


class PrepayOrder(msgspec.Struct, frozen=True):
    appid: str
    mchid: str
    description: str
    out_trade_no: str
    time_expire: str
    notify_url: str
    amount: PrepayAmount
    payer: PrepayPayer


class Prepaid(msgspec.Struct, frozen=True):
    prepay_id: str


class CloseOrder(msgspec.Struct, frozen=True):
    mchid: str


class RefundAmount(msgspec.Struct, frozen=True):
    refund: int
    total: int
    currency: str = "CNY"


class RefundOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    """`reason` is left out when empty: the gateway refuses empty and null fields."""

    out_trade_no: str
    out_refund_no: str
    notify_url: str
    amount: RefundAmount
    reason: str = ""


class Gateway:
    """Our line to WeChat Pay. One per process: it keeps connections open; `aclose` lets them go."""

    def __init__(self, credentials: Credentials, http: httpx.AsyncClient | None = None) -> None:
        self.credentials = credentials
        self._http = http or calls.client(credentials.base_url)
        self._closes_http = http is None

    async def aclose(self) -> None:
        """Close the connections, unless the client was lent to us."""
        if self._closes_http:
            await self._http.aclose()

    async def prepay(
        self,
        *,
        out_trade_no: str,
        description: str,
        total: int,
        openid: str,
        notify_url: str,
        expires_at: datetime,
    ) -> str:
        """Register an order of `total` fen and return its JSAPI `prepay_id`, good for two hours.

        Repeating it with identical values gives a new id for the same order. The description is cut to what the
        gateway takes. Raises OrderPaid, GatewayRefused, GatewayUnsure.
        """
        assert NUMBER.fullmatch(out_trade_no), "order numbers are 6 to 32 of 0-9 A-Z a-z _ -"
        assert total > 0, "an order of nothing is settled without a gateway"
        assert "?" not in notify_url, "WeChat Pay refuses callback addresses with a query"
        order = PrepayOrder(
            appid=self.credentials.app_id,
            mchid=self.credentials.merchant_id,
            description=fitting(description, DESCRIPTION_BYTES_MAX) or out_trade_no,
            out_trade_no=out_trade_no,
            time_expire=expires_at.astimezone(CHINA).isoformat(timespec="seconds"),
            notify_url=notify_url,
            amount=PrepayAmount(total),
            payer=PrepayPayer(openid),
        )
        try:
            body = await self._call("POST", "/v3/pay/transactions/jsapi", order)
        except GatewayRefused as refusal:
            if refusal.gateway_code in PAID_CODES:
                raise OrderPaid(out_trade_no) from refusal
            raise
        return _decode(body, Prepaid).prepay_id

    def client_parameters(self, prepay_id: str) -> ClientParameters:
        """What the shopper's page hands to `WeixinJSBridge`, signed now."""
        timestamp, nonce = _timestamp(), _nonce()
        package = f"prepay_id={prepay_id}"
        message = payment_message(
            app_id=self.credentials.app_id, timestamp=timestamp, nonce=nonce, package=package
        )
        return ClientParameters(
            app_id=self.credentials.app_id,
            time_stamp=timestamp,
            nonce_str=nonce,
            package=package,
            sign_type="RSA",
            pay_sign=crypto.sign(self.credentials.private_key_pem, message),
        )

    async def query(self, out_trade_no: str) -> Transaction | None:
        """The order as the gateway knows it, or None if it has never heard of it. Raises as `prepay`."""
        path = f"/v3/pay/transactions/out-trade-no/{quote(out_trade_no, safe='')}?mchid={self.credentials.merchant_id}"
        try:
            body = await self._call("GET", path)
        except GatewayRefused as refusal:
            if refusal.gateway_code in UNKNOWN_CODES:
                return None
            raise
        return _decode(body, WireTransaction).read()

    async def close(self, out_trade_no: str) -> None:
        """Make sure that the order cannot be paid any more. Closing twice, or an unknown order, is no error.

        Raises OrderPaid when it is too late, GatewayRefused, GatewayUnsure.
        """
        path = f"/v3/pay/transactions/out-trade-no/{quote(out_trade_no, safe='')}/close"
        try:
            await self._call("POST", path, CloseOrder(self.credentials.merchant_id))
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
        order = RefundOrder(
            out_trade_no=out_trade_no,
            out_refund_no=out_refund_no,
            notify_url=notify_url,
            amount=RefundAmount(refund=refund, total=total),
            reason=fitting(reason, REASON_BYTES_MAX),
        )
        return _decode(await self._call("POST", "/v3/refund/domestic/refunds", order), WireRefund).read()

    async def query_refund(self, out_refund_no: str) -> Refund | None:
        """The refund as the gateway knows it, or None if it has never heard of it."""
        try:
            body = await self._call("GET", f"/v3/refund/domestic/refunds/{quote(out_refund_no, safe='')}")
        except GatewayRefused as refusal:
            if refusal.gateway_code in UNKNOWN_CODES:
                return None
            raise
        return _decode(body, WireRefund).read()

    def open_callback(self, headers: Mapping[str, str], body: bytes) -> Callback:
        """Verify, decrypt and read a callback (see `callbacks.open_callback`). Raises CallbackRefused."""
        return callbacks.open_callback(self.credentials, headers, body)

    async def _call(self, method: str, target: str, content: msgspec.Struct | None = None) -> bytes:
        """Send one signed request and return the verified body. Raises GatewayRefused or GatewayUnsure."""
        request = self._signed(method, target, msgspec.json.encode(content) if content is not None else b"")
        try:
            response = await self._http.send(request)
        except httpx.HTTPError as error:
            logger.warning("wxpay %s %s: no answer (%s)", method, request.url.path, type(error).__name__)
            raise GatewayUnsure("NO_ANSWER") from error
        return self._believed(request, response)

    def _signed(self, method: str, target: str, body: bytes) -> httpx.Request:
        request = self._http.build_request(method, self.credentials.base_url + target, content=body)
        timestamp, nonce = _timestamp(), _nonce()
        # The path is taken from the built request, so that we sign what goes over the wire, not what we meant.
        message = request_message(
            method=method, target=request.url.raw_path.decode(), timestamp=timestamp, nonce=nonce, body=body
        )
        request.headers["Authorization"] = authorization(
            merchant_id=self.credentials.merchant_id,
            serial=self.credentials.merchant_serial,
            private_key_pem=self.credentials.private_key_pem,
            timestamp=timestamp,
            nonce=nonce,
            message=message,
        )
        request.headers["Accept"] = "application/json"
        if body:
            request.headers["Content-Type"] = "application/json"
        return request

    def _believed(self, request: httpx.Request, response: httpx.Response) -> bytes:
        request_id = response.headers.get("Request-ID", "")
        status, where = response.status_code, f"{request.method} {request.url.path}"
        if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.TOO_MANY_REQUESTS:
            problem = _problem(response.content)
            logger.warning("wxpay %s: %s %s, request %s", where, status, problem.code, request_id)
            raise GatewayUnsure(problem.code, request_id=request_id)
        # A 401 is about our own keys: the gateway may not know whom to sign for, and nothing was done.
        if status != httpx.codes.UNAUTHORIZED:
            reason = callbacks.why_not_signed(self.credentials, response.headers, response.content)
            if reason:
                logger.error("wxpay %s: %s not trusted (%s), request %s", where, status, reason, request_id)
                raise AnswerNotTrusted(reason, request_id=request_id)
        if response.is_success:
            logger.info("wxpay %s: %s, request %s", where, status, request_id)
            return response.content
        problem = _problem(response.content)
        logger.warning("wxpay %s: %s %s, request %s", where, status, problem.code, request_id)
        raise GatewayRefused(problem.code, problem.message, request_id=request_id)


def fitting(text: str, bytes_max: int) -> str:
    """`text` without the characters the gateway refuses, cut to `bytes_max` UTF-8 bytes between characters."""
    plain = "".join(c for c in text if c.isprintable() and ord(c) <= WIDEST_CHARACTER).strip()
    return plain.encode()[:bytes_max].decode(errors="ignore").strip()


def _problem(body: bytes) -> Problem:
    try:
        return msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        return Problem()


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise AnswerNotTrusted("content_unreadable") from error


def _timestamp() -> str:
    return str(int(clock.now().timestamp()))


def _nonce() -> str:
    return secrets.token_hex(16).upper()
