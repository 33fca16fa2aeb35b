"""Alipay (支付宝): pages where shoppers pay, queries, closings, refunds, bills, and the notices that report payments.

The trade comes into being only when the shopper signs in at Alipay; until then a query knows nothing of it, closing
does nothing, and the page can still be paid. `out_trade_no` and `out_request_no` are the idempotency keys.
"""

from siyu.connect.alipay.bills import read_fund_bill, read_trade_bill
from siyu.connect.alipay.errors import (
    AnswerNotTrusted,
    BillNotReady,
    BillUnreadable,
    CallbackRefused,
    GatewayRefused,
    GatewayUnsure,
    OrderPaid,
)
from siyu.connect.alipay.gateway import Gateway
from siyu.connect.alipay.model import Credentials, credentials_from, is_configured
from siyu.connect.alipay.notices import ACCEPTED, open_notify
from siyu.connect.alipay.signing import (
    NotSigned,
    form_fields,
    notice_string,
    open_answer,
    request_string,
    sign_request,
    signed_fields,
)

__all__ = [
    "ACCEPTED",
    "AnswerNotTrusted",
    "BillNotReady",
    "BillUnreadable",
    "CallbackRefused",
    "Credentials",
    "Gateway",
    "GatewayRefused",
    "GatewayUnsure",
    "NotSigned",
    "OrderPaid",
    "credentials_from",
    "form_fields",
    "is_configured",
    "notice_string",
    "open_answer",
    "open_notify",
    "read_fund_bill",
    "read_trade_bill",
    "request_string",
    "sign_request",
    "signed_fields",
]
