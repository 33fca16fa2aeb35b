"""The wire to Alipay: each call is signed, sent once, and answered only by an answer whose signature verifies."""

import json
import logging
from typing import TypeVar
from urllib.parse import urlencode

import httpx
import msgspec

from siyu.connect import calls
from siyu.connect.alipay.errors import AnswerNotTrusted, BillUnreadable, GatewayRefused, GatewayUnsure
from siyu.connect.alipay.model import Credentials, Head
from siyu.connect.alipay.signing import NotSigned, open_answer, sign_request
from siyu.connect.gateways import CHINA
from siyu.kernel import clock

logger = logging.getLogger(__name__)

T = TypeVar("T")

OK = "10000"
UNKNOWN = "20000"  # service not available: it may have happened or not
OWN_FAULTS = ("40001", "40002")  # a parameter or the signature: refused before anything was done
# `isp.` is Alipay's own trouble, `isv.` ours; this one alone is a plain no.
NO_BILL = "isp.bill_not_exist"
FILE_BYTES_MAX = 128 * 1024 * 1024  # a packed day of more than a million payments


class Line:
    """An open line: who we are, and the connections we keep."""

    def __init__(self, credentials: Credentials, http: httpx.AsyncClient | None) -> None:
        self._credentials = credentials
        self._http = http or calls.client(credentials.url)
        self._closes_http = http is None

    async def aclose(self) -> None:
        """Close the connections, unless the client was lent to us."""
        if self._closes_http:
            await self._http.aclose()

    def signed(self, method: str, content: msgspec.Struct, **more: str) -> dict[str, str]:
        """All parameters of a call, `sign` among them; empty ones are left out, as the signature leaves them out."""
        parameters = {
            "app_id": self._credentials.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": f"{clock.now().astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
            "biz_content": msgspec.json.encode(content).decode(),
            **{name: value for name, value in more.items() if value},
        }
        return {**parameters, "sign": sign_request(self._credentials.private_key_pem, parameters)}

    def page_url(self, method: str, content: msgspec.Struct, **more: str) -> str:
        """The address that opens a page of Alipay. Nothing is sent: the shopper's browser goes there."""
        return f"{self._credentials.url}?{urlencode(self.signed(method, content, **more))}"

    async def call(self, method: str, content: msgspec.Struct, kind: type[T]) -> T:
        """Send one call and return its verified answer. Raises GatewayRefused or GatewayUnsure."""
        parameters = self.signed(method, content)
        biz_content = parameters.pop("biz_content")
        try:
            # Common parameters in the address, content in the form: the gateway reads `charset` before the body.
            response = await self._http.post(
                f"{self._credentials.url}?{urlencode(parameters)}",
                content=urlencode({"biz_content": biz_content}).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
            )
        except httpx.HTTPError as error:
            logger.warning("alipay %s: no answer (%s)", method, type(error).__name__)
            raise GatewayUnsure("NO_ANSWER", gateway="alipay") from error
        if response.status_code != httpx.codes.OK:
            logger.warning("alipay %s: HTTP %s", method, response.status_code)
            raise GatewayUnsure(f"HTTP_{response.status_code}", gateway="alipay")
        answer = self._believed(method, response.content)
        head = _as(answer, Head)
        logger.info("alipay %s: %s %s", method, head.code, head.sub_code)
        if head.code != OK:
            raise _refusal(head)
        return _as(answer, kind)

    async def download(self, url: str) -> bytes:
        """The file behind an address that a verified answer gave. Raises GatewayUnsure, BillUnreadable."""
        try:
            async with self._http.stream("GET", url) as response:
                if response.status_code != httpx.codes.OK:
                    raise GatewayUnsure(f"HTTP_{response.status_code}", gateway="alipay")
                content = bytearray()
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > FILE_BYTES_MAX:
                        raise BillUnreadable("file_too_large")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            logger.warning("alipay bill: no file (%s)", type(error).__name__)
            raise GatewayUnsure("NO_ANSWER", gateway="alipay") from error
        return bytes(content)

    def _believed(self, method: str, body: bytes) -> dict[str, object]:
        try:
            text = body.decode()
            return open_answer(self._credentials.public_key_pem, text, method.replace(".", "_") + "_response")
        except UnicodeDecodeError as error:
            raise AnswerNotTrusted("content_unreadable", gateway="alipay") from error
        except NotSigned as error:
            # Whoever does not know our application cannot sign for it; nothing was done then.
            own_fault = _unsigned_fault(body)
            if own_fault:
                raise _refusal(own_fault) from error
            logger.warning("alipay %s: answer not trusted (%s)", method, error.reason)
            raise AnswerNotTrusted(error.reason, gateway="alipay") from error


def _unsigned_fault(body: bytes) -> Head | None:
    """Our own mistake, when an answer without any signature says so."""
    try:
        whole = json.loads(body)
        nodes = [value for name, value in whole.items() if name.endswith("_response")]
        head = msgspec.convert(nodes[0], Head)
    except (ValueError, AttributeError, IndexError, msgspec.ValidationError):
        return None
    return head if head.code in OWN_FAULTS and "sign" not in whole else None


def _refusal(head: Head) -> GatewayRefused | GatewayUnsure:
    name = head.sub_code or head.code
    is_their_trouble = name.startswith("isp.") and name != NO_BILL
    if head.code == UNKNOWN or name.endswith("SYSTEM_ERROR") or is_their_trouble:
        return GatewayUnsure(name, gateway="alipay")
    return GatewayRefused(name, head.sub_msg or head.msg, gateway="alipay")


def _as(answer: dict[str, object], kind: type[T]) -> T:
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError as error:
        raise AnswerNotTrusted("content_unreadable", gateway="alipay") from error
