"""Payments and refunds: money in and money back, each exactly once. Owns tables payments, refunds, refund_lines and
gateway_notices.

Nothing calls a gateway inside a unit of work: the intent is a row with a due time, a sweep claims due rows, calls,
and records the answer in a new unit of work. A row is its own retry, so a crash at any point loses nothing.
"""

from siyu.trade.payments.asking import cancel_unpaid, check_now, follow_up
from siyu.trade.payments.begin import CannotPayHere, begin, open_payments
from siyu.trade.payments.model import Payment, Refund, RefundLine
from siyu.trade.payments.notices import receive_notice
from siyu.trade.payments.queries import abnormal_refunds, of_order, refunds_of_order
from siyu.trade.payments.refunding import RequestRefund, request_refund, send_refunds
from siyu.trade.payments.settling import Outcome, refund_finished, settle

__all__ = [
    "CannotPayHere",
    "Outcome",
    "Payment",
    "Refund",
    "RefundLine",
    "RequestRefund",
    "abnormal_refunds",
    "begin",
    "cancel_unpaid",
    "check_now",
    "follow_up",
    "of_order",
    "open_payments",
    "receive_notice",
    "refund_finished",
    "refunds_of_order",
    "request_refund",
    "send_refunds",
    "settle",
]
