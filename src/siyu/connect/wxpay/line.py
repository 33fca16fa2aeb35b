"""The wire to WeChat Pay: each request is signed, sent once, and answered only by an answer that verifies."""

import hashlib
import logging
import secrets
import zlib
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from siyu.connect import calls
from siyu.connect.wxpay import callbacks
from siyu.connect.wxpay.errors import AnswerNotTrusted, BillUnreadable, GatewayRefused, GatewayUnsure
from siyu.connect.wxpay.model import Credentials
from siyu.connect.wxpay.signing import authorization, request_message
from siyu.kernel import clock

logger = logging.getLogger(__name__)

T = TypeVar("T")

GZIP_START = b"\x1f\x8b"
# A line of a bill takes about 300 bytes; this is a day of some 400,000 payments and keeps a bomb from filling memory.
FILE_BYTES_MAX = 128 * 1024 * 1024


class Problem(msgspec.Struct, frozen=True):
    """The gateway's error body."""

    code: str = "UNKNOWN"
    message: str = ""


class Line:
    """An open line: who we are, and the connections we keep."""

    def __init__(self, credentials: Credentials, http: httpx.AsyncClient | None) -> None:
        self._credentials = credentials
        self._http = http or calls.client(credentials.base_url)
        self._closes_http = http is None

    async def aclose(self) -> None:
        """Close the connections, unless the client was lent to us."""
        if self._closes_http:
            await self._http.aclose()

    async def call(
        self, method: str, target: str, content: msgspec.Struct | None = None, *, hidden_for: str = ""
    ) -> bytes:
        """Send one signed request and return the verified body. Raises GatewayRefused or GatewayUnsure.

        `hidden_for` is the id of the platform's key when fields of the content are encrypted with it.
        """
        request = self._signed(method, target, msgspec.json.encode(content) if content is not None else b"")
        if hidden_for:
            request.headers["Wechatpay-Serial"] = hidden_for
        try:
            response = await self._http.send(request)
        except httpx.HTTPError as error:
            logger.warning("wxpay %s %s: no answer (%s)", method, request.url.path, type(error).__name__)
            raise GatewayUnsure("NO_ANSWER") from error
        return self._believed(request, response)

    async def download(self, url: str, *, sha1: str) -> bytes:
        """A file that a verified answer named, unpacked. Not signed by the gateway: its SHA-1 must be `sha1`.

        Raises AnswerNotTrusted, BillUnreadable, GatewayRefused, GatewayUnsure.
        """
        parts, ours = urlsplit(url), urlsplit(self._credentials.base_url)
        # Our signature goes along, and it is meant for the gateway only.
        if (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc):
            raise AnswerNotTrusted("download_elsewhere")
        request = self._signed("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path, b"")
        try:
            packed = await self._received(request)
        except httpx.HTTPError as error:
            logger.warning("wxpay GET %s: no file (%s)", request.url.path, type(error).__name__)
            raise GatewayUnsure("NO_ANSWER") from error
        content = _unpacked(packed)
        # SHA-1 is what the gateway publishes; it tells a broken file from a whole one, inside TLS.
        if hashlib.sha1(content, usedforsecurity=False).hexdigest() != sha1.lower():
            raise BillUnreadable("hash_differs")
        return content

    async def _received(self, request: httpx.Request) -> bytes:
        response = await self._http.send(request, stream=True)
        try:
            content = bytearray()
            async for part in response.aiter_bytes():
                content += part
                if len(content) > FILE_BYTES_MAX:
                    raise BillUnreadable("file_too_large")
        finally:
            await response.aclose()
        if not response.is_success:
            problem = _problem(bytes(content))
            logger.warning("wxpay GET %s: %s %s", request.url.path, response.status_code, problem.code)
            if response.is_client_error and response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                raise GatewayRefused(problem.code, problem.message)
            raise GatewayUnsure(problem.code)
        return bytes(content)

    def _signed(self, method: str, target: str, body: bytes) -> httpx.Request:
        request = self._http.build_request(method, self._credentials.base_url + target, content=body)
        timestamp, nonce = timestamp_now(), new_nonce()
        # The path is taken from the built request, so that we sign what goes over the wire, not what we meant.
        message = request_message(
            method=method, target=request.url.raw_path.decode(), timestamp=timestamp, nonce=nonce, body=body
        )
        request.headers["Authorization"] = authorization(
            merchant_id=self._credentials.merchant_id,
            serial=self._credentials.merchant_serial,
            private_key_pem=self._credentials.private_key_pem,
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
            reason = callbacks.why_not_signed(self._credentials, response.headers, response.content)
            if reason:
                logger.error("wxpay %s: %s not trusted (%s), request %s", where, status, reason, request_id)
                raise AnswerNotTrusted(reason, request_id=request_id)
        if response.is_success:
            logger.info("wxpay %s: %s, request %s", where, status, request_id)
            return response.content
        problem = _problem(response.content)
        logger.warning("wxpay %s: %s %s, request %s", where, status, problem.code, request_id)
        raise GatewayRefused(problem.code, problem.message, request_id=request_id)


def decode(body: bytes, kind: type[T]) -> T:
    """A verified body as `kind`. Raises AnswerNotTrusted."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise AnswerNotTrusted("content_unreadable") from error


def timestamp_now() -> str:
    """Unix seconds, as the signatures want them."""
    return str(int(clock.now().timestamp()))


def new_nonce() -> str:
    """32 characters that nobody can guess."""
    return secrets.token_hex(16).upper()


def _problem(body: bytes) -> Problem:
    try:
        return msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        return Problem()


def _unpacked(packed: bytes) -> bytes:
    if not packed.startswith(GZIP_START):
        return packed
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = unpacking.decompress(packed, FILE_BYTES_MAX)
    except zlib.error as error:
        raise BillUnreadable("gzip_broken") from error
    if not unpacking.eof:
        raise BillUnreadable("file_too_large" if unpacking.unconsumed_tail else "gzip_broken")
    return content
