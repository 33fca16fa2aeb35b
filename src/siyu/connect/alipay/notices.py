"""Notices: believed only after the signature over all fields has been verified, and only when they are meant for us."""

from siyu.connect.alipay.errors import CallbackRefused
from siyu.connect.alipay.model import Credentials, transaction
from siyu.connect.alipay.signing import NotSigned, signed_fields
from siyu.connect.gateways import Callback

ACCEPTED = b"success"
"""The only answer that ends the repeats: these seven characters, nothing around them."""

EVENTS = {
    "TRADE_SUCCESS": "TRANSACTION.SUCCESS",
    "TRADE_FINISHED": "TRANSACTION.FINISHED",
    "TRADE_CLOSED": "TRANSACTION.CLOSED",
    "WAIT_BUYER_PAY": "TRANSACTION.WAITING",
}


def open_notify(credentials: Credentials, body: bytes) -> Callback:
    """Verify and read a notice (the raw form body). Raises CallbackRefused.

    A valid signature only proves that Alipay told somebody, so application and seller must be ours; that the order
    exists and costs this much is for the caller to compare.
    """
    try:
        fields = signed_fields(credentials.public_key_pem, body)
    except NotSigned as error:
        raise CallbackRefused(error.reason) from error
    if fields.get("app_id") != credentials.app_id:
        raise CallbackRefused("other_app")
    if fields.get("seller_id") != credentials.seller_id:
        raise CallbackRefused("other_merchant")
    try:
        return _read(credentials, fields)
    except (KeyError, ValueError) as error:
        raise CallbackRefused("content_unreadable") from error


def _read(credentials: Credentials, fields: dict[str, str]) -> Callback:
    notice_id = fields["notify_id"]
    if fields.get("notify_type") != "trade_status_sync":
        return Callback(notice_id, fields.get("notify_type", ""), None, None)
    status, refund_no = fields["trade_status"], fields.get("out_biz_no", "")
    is_refund = bool(fields.get("refund_fee") or fields.get("gmt_refund"))
    told = transaction(
        credentials,
        out_trade_no=fields["out_trade_no"],
        trade_no=fields.get("trade_no", ""),
        status=status,
        total_amount=fields["total_amount"],
        buyer=fields.get("buyer_open_id") or fields.get("buyer_id", ""),
        paid_at=fields.get("gmt_payment", ""),
        is_refund=is_refund,
    )
    # `refund_fee` is the sum of all refunds so far: what this one came to must be asked for.
    event = "REFUND.SUCCESS" if is_refund else EVENTS[status]
    return Callback(notice_id, event, told, None, refund_no if is_refund else "")
