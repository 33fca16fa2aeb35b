"""Reconciliation: each day's bill of each gateway compared with our own payments and refunds. Owns tables bill_days,
bill_rows and bill_differences.

A bill is taken in once; the comparison is one statement over the whole day. What differs waits in a queue for a
person, who resolves it with one of three moves: ask the gateway and record what it says, book the difference, or
leave it with a reason. All are audited.
"""

from siyu.trade.reconciliation.comparing import take_in
from siyu.trade.reconciliation.fetching import fetch_bills, reconcile
from siyu.trade.reconciliation.model import Day, Difference, StillDiffers
from siyu.trade.reconciliation.queries import day_of, days, difference, differences, open_count
from siyu.trade.reconciliation.resolving import assign, resolve

__all__ = [
    "Day",
    "Difference",
    "StillDiffers",
    "assign",
    "day_of",
    "days",
    "difference",
    "differences",
    "fetch_bills",
    "open_count",
    "reconcile",
    "resolve",
    "take_in",
]
