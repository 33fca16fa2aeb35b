"""Presales 预售: a deposit now, the balance in its window, goods sent later. Owns no table: the offer has the terms,
the order its deposit.

A deposit is at most a fifth of the price. A buyer who does not pay the balance loses it; when the merchant cancels it
goes back, and the merchant owes as much again (民法典 art. 586–588).
"""

from siyu.trade.presales.claiming import ACTIVITY
from siyu.trade.presales.listeners import CONSUMERS, SWEEPS, release_due
from siyu.trade.presales.model import (
    DepositNotRead,
    DepositTooHigh,
    Lost,
    NotForYou,
    NotInPresale,
    NotRunning,
    Numbers,
    Offered,
    SoldOut,
)
from siyu.trade.presales.queries import entries, find, lost, numbers, offered
from siyu.trade.presales.rules import is_lawful, unit_prices

__all__ = [
    "ACTIVITY",
    "CONSUMERS",
    "SWEEPS",
    "DepositNotRead",
    "DepositTooHigh",
    "Lost",
    "NotForYou",
    "NotInPresale",
    "NotRunning",
    "Numbers",
    "Offered",
    "SoldOut",
    "entries",
    "find",
    "is_lawful",
    "lost",
    "numbers",
    "offered",
    "release_due",
    "unit_prices",
]
