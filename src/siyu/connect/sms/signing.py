"""HMAC signatures of the SMS vendors: ACS3 (Aliyun) and TC3 (Tencent Cloud)."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

ACS3 = "ACS3-HMAC-SHA256"
TC3 = "TC3-HMAC-SHA256"


def acs3_query(parameters: Mapping[str, str]) -> str:
    """The canonical query: sorted, percent-encoded with upper-case hex, `~` kept. Also what is sent."""
    return "&".join(f"{_encoded(key)}={_encoded(value)}" for key, value in sorted(parameters.items()))


def acs3_canonical_request(
    *,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    signed_headers: Sequence[str],
    body_sha256: str,
) -> str:
    """What ACS3 signs. `headers` has lower-case names; exactly `signed_headers` count, in that order.

    A verifier follows the list the caller sent: the vendor's own client signs more headers than documented.
    """
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in signed_headers)
    return f"{method}\n{path}\n{query}\n{lines}\n{';'.join(signed_headers)}\n{body_sha256}"


def acs3_signature(secret: str, canonical_request: str) -> str:
    """The hex signature of a canonical request."""
    string = f"{ACS3}\n{_sha256(canonical_request)}"
    return hmac.new(secret.encode(), string.encode(), hashlib.sha256).hexdigest()


def tc3_authorization(
    *,
    secret_id: str,
    secret_key: str,
    service: str,
    host: str,
    content_type: str,
    body: bytes,
    signed_at: datetime,
) -> str:
    """The `Authorization` header of a Tencent Cloud POST to `/`, signing content type and host.

    `signed_at` must be what `X-TC-Timestamp` says; the vendor refuses five minutes of difference.
    """
    moment = signed_at.astimezone(UTC)
    canonical = (
        f"POST\n/\n\ncontent-type:{content_type}\nhost:{host}\n\ncontent-type;host\n"
        f"{hashlib.sha256(body).hexdigest()}"
    )
    scope = f"{moment:%Y-%m-%d}/{service}/tc3_request"
    string = f"{TC3}\n{int(moment.timestamp())}\n{scope}\n{_sha256(canonical)}"
    key = f"TC3{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, string.encode(), hashlib.sha256).hexdigest()
    return f"{TC3} Credential={secret_id}/{scope}, SignedHeaders=content-type;host, Signature={signature}"


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
