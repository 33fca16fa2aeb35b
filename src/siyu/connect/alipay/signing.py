"""RSA2 as Alipay defines it: sorted `key=value` pairs, raw values, SHA256withRSA."""

import json
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl

from siyu.connect import crypto

FORM_FIELDS_MAX = 100  # real notices have about thirty


class NotSigned(ValueError):
    """Bytes that are not provably from the one who should have sent them. `reason` is a short code for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _joined(parameters: Mapping[str, str], *, without: Collection[str]) -> str:
    kept = sorted((key, value) for key, value in parameters.items() if key not in without and value)
    return "&".join(f"{key}={value}" for key, value in kept)


def request_string(parameters: Mapping[str, str]) -> str:
    """What a request signs: every non-empty parameter except `sign`; `sign_type` included."""
    return _joined(parameters, without=("sign",))


def notice_string(parameters: Mapping[str, str]) -> str:
    """What a notice, or the way back from a page, signs: neither `sign` nor `sign_type`."""
    return _joined(parameters, without=("sign", "sign_type"))


def sign_request(private_key_pem: bytes, parameters: Mapping[str, str]) -> str:
    """The value of `sign` for these parameters."""
    return crypto.sign(private_key_pem, request_string(parameters).encode())


def form_fields(body: bytes) -> dict[str, str]:
    """The decoded fields of a form or a query. Raises NotSigned for what two readers could read differently."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=FORM_FIELDS_MAX,
            errors="strict",
        )  # fmt: skip
    except ValueError as error:
        raise NotSigned("content_unreadable") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NotSigned("field_repeated")
    return fields


def signed_fields(public_key_pem: bytes, body: bytes) -> dict[str, str]:
    """The fields of a notice (form body) that Alipay signed. Raises NotSigned.

    They stay a mapping because Alipay adds some as it pleases, and the signature covers them all.
    """
    fields = form_fields(body)
    if fields.get("sign_type") != "RSA2":
        raise NotSigned("sign_type_not_rsa2")
    if not crypto.verify(public_key_pem, notice_string(fields).encode(), fields.get("sign", "")):
        raise NotSigned("signature_invalid")
    return fields


def open_answer(public_key_pem: bytes, body: str, node: str) -> dict[str, object]:
    """The verified content of `node`, such as `alipay_trade_query_response`. Raises NotSigned.

    The signature is over the text of the node exactly as sent: parsing and writing it again would change it.
    """
    marker = f'"{node}":'
    start = body.find(marker)
    if start < 0:
        raise NotSigned("node_missing")
    start += len(marker)
    try:
        whole = json.loads(body)
        content, end = json.JSONDecoder().raw_decode(body, start)
    except ValueError as error:
        raise NotSigned("content_unreadable") from error
    # The verified text must be the one that a reader of the whole answer would also find under this name.
    if not isinstance(whole, dict) or not isinstance(content, dict) or whole.get(node) != content:
        raise NotSigned("node_ambiguous")
    if not crypto.verify(public_key_pem, body[start:end].encode(), str(whole.get("sign", ""))):
        raise NotSigned("signature_invalid")
    return content
