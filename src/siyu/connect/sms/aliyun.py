"""Sign-in codes through Aliyun's `SendSms` (2017-05-25), spoken over the wire."""

import hashlib
import logging
import re
import secrets
from datetime import UTC

import httpx
import msgspec

from siyu.connect import calls
from siyu.connect.sms.signing import ACS3, acs3_canonical_request, acs3_query, acs3_signature
from siyu.kernel import clock
from siyu.kernel.errors import DomainError
from siyu.settings import Settings

logger = logging.getLogger(__name__)

API_VERSION = "2017-05-25"
MAINLAND_PHONE = re.compile(r"1[3-9][0-9]{9}")
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
LIMIT_CODES = ("isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL")


class SendRefused(DomainError):
    """The vendor did not take the message. `vendor_code` is its own code, `request_id` its support's handle.

    `is_limit` tells that this number has had too many messages and only waiting helps.
    """

    code = "sms.refused"
    status = 502
    zh = "短信没有发出（{vendor_code}），请稍后再试。"
    en = "The text message was not sent ({vendor_code}); please try again later."

    def __init__(self, vendor_code: str, *, request_id: str = "") -> None:
        super().__init__(vendor_code=vendor_code, request_id=request_id)
        self.vendor_code = vendor_code
        self.request_id = request_id

    @property
    def is_limit(self) -> bool:
        return self.vendor_code in LIMIT_CODES


class SendUnsure(SendRefused):
    """No answer came; the message may or may not arrive. Sending again is harmless for a code, but costs a text."""

    code = "sms.unsure"
    status = 503


class Sent(msgspec.Struct, frozen=True, rename="pascal"):
    code: str
    biz_id: str = ""
    request_id: str = ""


class Sender:
    """Our line to the SMS vendor. Keeps connections open; `aclose` lets them go."""

    def __init__(
        self,
        *,
        url: str,
        access_key_id: str,
        access_key_secret: str,
        sign_name: str,
        code_template: str,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._access_key_id = access_key_id
        self._access_key_secret = access_key_secret
        self._sign_name = sign_name
        self._code_template = code_template
        self._http = http or calls.client(url)
        self._closes_http = http is None

    async def aclose(self) -> None:
        """Close the connections, unless the client was lent to us."""
        if self._closes_http:
            await self._http.aclose()

    async def send_code(self, phone: str, code: str) -> str:
        """Text a sign-in code to a mainland number of 11 digits and return the vendor's receipt (BizId).

        Raises SendRefused, or SendUnsure when no answer came. Neither number nor code is ever logged.
        """
        if not MAINLAND_PHONE.fullmatch(phone):
            raise SendRefused("isv.MOBILE_NUMBER_ILLEGAL")
        query = acs3_query(
            {
                "PhoneNumbers": phone,
                "SignName": self._sign_name,
                "TemplateCode": self._code_template,
                "TemplateParam": msgspec.json.encode({"code": code}).decode(),
            }
        )
        try:
            response = await self._http.send(self._signed("SendSms", query))
            sent = msgspec.json.decode(response.content, type=Sent)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            logger.warning("sms SendSms: no usable answer (%s)", type(error).__name__)
            raise SendUnsure(type(error).__name__) from error
        logger.info("sms SendSms: %s, request %s", sent.code, sent.request_id)
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise SendUnsure(sent.code, request_id=sent.request_id)
        if sent.code != "OK":
            raise SendRefused(sent.code, request_id=sent.request_id)
        return sent.biz_id

    def _signed(self, action: str, query: str) -> httpx.Request:
        request = self._http.build_request("POST", f"{self._url}/?{query}")
        headers = {
            "host": request.headers["host"],
            "x-acs-action": action,
            "x-acs-content-sha256": EMPTY_SHA256,
            "x-acs-date": f"{clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": API_VERSION,
        }
        names = sorted(headers)
        canonical = acs3_canonical_request(
            method="POST",
            path="/",
            query=query,
            headers=headers,
            signed_headers=names,
            body_sha256=EMPTY_SHA256,
        )
        signature = acs3_signature(self._access_key_secret, canonical)
        request.headers.update(headers)
        request.headers["Authorization"] = (
            f"{ACS3} Credential={self._access_key_id},SignedHeaders={';'.join(names)},Signature={signature}"
        )
        return request


def from_settings(settings: Settings, http: httpx.AsyncClient | None = None) -> Sender:
    """The sender that the settings name. Raises ValueError when they name none."""
    if not (settings.sms_access_key_id and settings.sms_access_key_secret):
        raise ValueError("SMS is not configured; set SIYU_SMS_ACCESS_KEY_ID and SIYU_SMS_ACCESS_KEY_SECRET")
    return Sender(
        url=settings.sms_url,
        access_key_id=settings.sms_access_key_id,
        access_key_secret=settings.sms_access_key_secret,
        sign_name=settings.sms_sign_name,
        code_template=settings.sms_code_template,
        http=http,
    )
