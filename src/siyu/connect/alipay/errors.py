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
    """A notice that is not Alipay's word to us."""

    code = "alipay.callback_refused"
    zh = "这条支付宝通知没有通过校验（{reason}）。"
    en = "This Alipay notice did not verify ({reason})."
