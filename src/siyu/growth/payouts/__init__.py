"""Payouts 提现: commission becomes money, with the tax withheld and every line explained. Owns tables payouts and payout_*.

requested → reviewing → approved → submitted → awaiting_user → paid, or expired, failed (both: back in the balance), or
manual. One number per payout for ever, one payout in flight per promoter, and the ledger says the same at every step.
"""

from siyu.growth.payouts.asking import fitting, offer, request
from siyu.growth.payouts.banking import bank_file, mark, read_results, take_results
from siyu.growth.payouts.finishing import resolve, told
from siyu.growth.payouts.model import (
    IN_FLIGHT,
    BelowMinimum,
    DayCapReached,
    NothingToPay,
    NotVerified,
    NoWallet,
    Offer,
    OneInFlight,
    Payout,
    PayoutLine,
    Requested,
    Terms,
    WrongState,
)
from siyu.growth.payouts.queries import counts, find, lines_of, listing, of_promoter, steps_of, terms
from siyu.growth.payouts.reviewing import approve, approve_many, decline, keep_invoice, save_terms, withdraw
from siyu.growth.payouts.sending import Channel, cancel, check_now, receive_notice, send_due

__all__ = [
    "IN_FLIGHT",
    "BelowMinimum",
    "Channel",
    "DayCapReached",
    "NoWallet",
    "NotVerified",
    "NothingToPay",
    "Offer",
    "OneInFlight",
    "Payout",
    "PayoutLine",
    "Requested",
    "Terms",
    "WrongState",
    "approve",
    "approve_many",
    "bank_file",
    "cancel",
    "check_now",
    "counts",
    "decline",
    "find",
    "fitting",
    "keep_invoice",
    "lines_of",
    "listing",
    "mark",
    "of_promoter",
    "offer",
    "read_results",
    "receive_notice",
    "request",
    "resolve",
    "save_terms",
    "send_due",
    "steps_of",
    "take_results",
    "terms",
    "told",
    "withdraw",
]
