"""WeChat Pay API v3 (微信支付): ask for payments, refunds and bills, and open callbacks.

The number we give (`out_trade_no`, `out_refund_no`) is the idempotency key at the gateway: the same number with
the same content is the same order. What the shopper's phone says never proves a payment; only a callback opened
here or a query does.
"""

from siyu.connect.gateways import Bill, BillRow, Callback, FundBill, FundRow, Payout, Refund, Transaction
from siyu.connect.wxpay.bills import read_fund_bill, read_trade_bill
from siyu.connect.wxpay.callbacks import open_callback
from siyu.connect.wxpay.errors import (
    AnswerNotTrusted,
    BillNotReady,
    BillUnreadable,
    CallbackRefused,
    GatewayRefused,
    GatewayUnsure,
    OrderPaid,
)
from siyu.connect.wxpay.gateway import Gateway
from siyu.connect.wxpay.model import ClientParameters, Credentials, credentials_from
from siyu.connect.wxpay.signing import (
    AUTHORIZATION_SCHEME,
    CLOCK_SKEW_SECONDS_MAX,
    SIGNATURE_PROBE_PREFIX,
    answer_message,
    authorization,
    payment_message,
    request_message,
)
from siyu.connect.wxpay.transfers import (
    NAME_NEEDED_FROM,
    NOT_ENOUGH,
    SendTransfer,
    TransferParameters,
    cancel_transfer,
    query_transfer,
    send_transfer,
    transfer_parameters,
)

__all__ = [
    "AUTHORIZATION_SCHEME",
    "CLOCK_SKEW_SECONDS_MAX",
    "NAME_NEEDED_FROM",
    "NOT_ENOUGH",
    "SIGNATURE_PROBE_PREFIX",
    "AnswerNotTrusted",
    "Bill",
    "BillNotReady",
    "BillRow",
    "BillUnreadable",
    "Callback",
    "CallbackRefused",
    "ClientParameters",
    "Credentials",
    "FundBill",
    "FundRow",
    "Gateway",
    "GatewayRefused",
    "GatewayUnsure",
    "OrderPaid",
    "Payout",
    "Refund",
    "SendTransfer",
    "Transaction",
    "TransferParameters",
    "answer_message",
    "authorization",
    "cancel_transfer",
    "credentials_from",
    "open_callback",
    "payment_message",
    "query_transfer",
    "read_fund_bill",
    "read_trade_bill",
    "request_message",
    "send_transfer",
    "transfer_parameters",
]
