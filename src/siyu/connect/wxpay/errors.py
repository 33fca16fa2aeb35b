"""The shared refusals of payment gateways, and the one of our own."""

from siyu.connect import gateways
from siyu.connect.gateways import (
    AnswerNotTrusted,
    BillNotReady,
    BillUnreadable,
    GatewayRefused,
    GatewayUnsure,
    OrderPaid,
)

__all__ = [
    "AnswerNotTrusted",
    "BillNotReady",
    "BillUnreadable",
    "CallbackRefused",
    "GatewayRefused",
    "GatewayUnsure",
    "OrderPaid",
]


class CallbackRefused(gateways.CallbackRefused):
    """A callback that nobody but WeChat Pay could have sent was not that."""

    code = "wxpay.callback_refused"
