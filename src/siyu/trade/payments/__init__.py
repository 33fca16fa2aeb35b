"""Payments and refunds: money in and money back, each exactly once. Owns tables payments, payment_options,
payment_proofs, refunds, refund_lines, gateway_notices and notice_retries.

Nothing calls a gateway inside a unit of work: the intent is a row with a due time, a sweep claims due rows, calls,
and records the answer in a new unit of work. A row is its own retry, so a crash at any point loses nothing.
An order may be tried to pay in several ways; exactly one payment counts, and what comes beside it goes back.
"""

from siyu.trade.payments.asking import cancel_unpaid, check_now, end_attempts, follow_up
from siyu.trade.payments.balance import balance_entries, balance_of, change_balance, pay_from_balance
from siyu.trade.payments.begin import Cashier, Where, begin
from siyu.trade.payments.deposits import keep_deposit, return_deposit
from siyu.trade.payments.deposits_owed import owe_deposit, owed_paid, pay_owed_deposit
from siyu.trade.payments.model import (
    ACCOUNTS,
    GATEWAY_OF,
    GATEWAYS,
    BalanceNotDue,
    CannotPayHere,
    DepositPaid,
    Lines,
    MethodNotOffered,
    Payment,
    Proof,
    Refund,
    RefundLine,
    UnderReview,
    by_name,
    merchant_tag,
    trade_number,
)
from siyu.trade.payments.notices import inbox, receive_notice, retry_failed, take_in_again
from siyu.trade.payments.offering import Options, offered, options_of, set_options
from siyu.trade.payments.offline import (
    AlreadyDecided,
    AmountDiffers,
    accept_proof,
    proofs,
    readable_proof,
    reject_proof,
    submit_proof,
)
from siyu.trade.payments.opening import open_payments
from siyu.trade.payments.queries import abnormal_refunds, attempts, counted, of_order, refunds_of_order
from siyu.trade.payments.refunding import RequestRefund, request_refund
from siyu.trade.payments.repricing import PaymentBegun, reprice
from siyu.trade.payments.returning import refund_by_hand, refund_finished, retry_refund
from siyu.trade.payments.sending import send_refunds
from siyu.trade.payments.settling import Outcome, settle

__all__ = [
    "ACCOUNTS",
    "GATEWAYS",
    "GATEWAY_OF",
    "AlreadyDecided",
    "AmountDiffers",
    "BalanceNotDue",
    "CannotPayHere",
    "Cashier",
    "DepositPaid",
    "Lines",
    "MethodNotOffered",
    "Options",
    "Outcome",
    "Payment",
    "PaymentBegun",
    "Proof",
    "Refund",
    "RefundLine",
    "RequestRefund",
    "UnderReview",
    "Where",
    "abnormal_refunds",
    "accept_proof",
    "attempts",
    "balance_entries",
    "balance_of",
    "begin",
    "by_name",
    "cancel_unpaid",
    "change_balance",
    "check_now",
    "counted",
    "end_attempts",
    "follow_up",
    "inbox",
    "keep_deposit",
    "merchant_tag",
    "of_order",
    "offered",
    "open_payments",
    "options_of",
    "owe_deposit",
    "owed_paid",
    "pay_from_balance",
    "pay_owed_deposit",
    "proofs",
    "readable_proof",
    "receive_notice",
    "refund_by_hand",
    "refund_finished",
    "refunds_of_order",
    "reject_proof",
    "reprice",
    "request_refund",
    "retry_failed",
    "retry_refund",
    "return_deposit",
    "send_refunds",
    "set_options",
    "settle",
    "submit_proof",
    "take_in_again",
    "trade_number",
]
