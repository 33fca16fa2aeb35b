"""RSA2 as Alipay defines it: sorted `key=value` pairs, raw values, SHA256withRSA."""

import json
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl

import msgspec

from siyu.connect import crypto
from siyu.kernel.errors import DomainError

NOTICE_FIELDS_MAX = 100  # real notices have about thirty


class NoticeRefused(DomainError):
    """A notice or an answer that is not Alipay's word about our order. `reason` is a short code for the log."""

    code = "alipay.notice_refused"
    status = 401
    zh = "这条支付宝通知没有通过校验（{reason}）。"
    en = "This Alipay notice did not verify ({reason})."

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class Expected(msgspec.Struct, frozen=True):
    """What a notice must agree with. `total_amount` is yuan with two decimals, as Alipay writes it.

    A valid signature only proves that Alipay told somebody; all four say that it told us, about this order.
    """

    app_id: str
    seller_id: str
    out_trade_no: str
    total_amount: str


def _joined(parameters: Mapping[str, str], *, without: Collection[str]) -> str:
    kept = sorted((key, value) for key, value in parameters.items() if key not in without and value)
    return "&".join(f"{key}={value}" for key, value in kept)


def request_string(parameters: Mapping[str, str]) -> str:
    """What a request signs: every non-empty parameter except `sign`; `sign_type` included."""
    return _joined(parameters, without=("sign",))


def sign_request(private_key_pem: bytes, parameters: Mapping[str, str]) -> str:
    """The value of `sign` for these parameters."""
    return crypto.sign(private_key_pem, request_string(parameters).encode())


def open_notice(public_key_pem: bytes, body: bytes, expected: Expected) -> dict[str, str]:
    """The fields of a verified notice (form body). Raises NoticeRefused.

    The fields stay a mapping because Alipay adds some as it pleases, and the signature covers them all.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=NOTICE_FIELDS_MAX,
        )
    except ValueError as error:
        raise NoticeRefused("content_unreadable") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NoticeRefused("field_repeated")
    if fields.get("sign_type") != "RSA2":
        raise NoticeRefused("sign_type_not_rsa2")
    signed = _joined(fields, without=("sign", "sign_type"))
    if not crypto.verify(public_key_pem, signed.encode(), fields.get("sign", "")):
        raise NoticeRefused("signature_invalid")
    for name in Expected.__struct_fields__:
        if fields.get(name) != getattr(expected, name):
            raise NoticeRefused(f"{name}_differs")
    return fields


def open_answer(public_key_pem: bytes, body: str, node: str) -> dict[str, object]:
    """The verified content of `node`, such as `alipay_trade_query_response`. Raises NoticeRefused.

    The signature is over the text of the node exactly as sent: parsing and writing it again would change it.
    """
    marker = f'"{node}":'
    start = body.find(marker)
    if start < 0:
        raise NoticeRefused("node_missing")
    start += len(marker)
    try:
        whole = json.loads(body)
        content, end = json.JSONDecoder().raw_decode(body, start)
    except ValueError as error:
        raise NoticeRefused("content_unreadable") from error
    # The verified text must be the one that a reader of the whole answer would also find under this name.
    if not isinstance(content, dict) or whole.get(node) != content:
        raise NoticeRefused("node_ambiguous")
    if not crypto.verify(public_key_pem, body[start:end].encode(), str(whole.get("sign", ""))):
        raise NoticeRefused("signature_invalid")
    return content
