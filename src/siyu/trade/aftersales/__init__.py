"""After-sales: goods given back or exchanged, with reasons, windows, a clock for each side, and every word kept. Owns
tables after_sales, after_sale_lines and after_sale_steps.

Money moves only through `payments.request_refund`; stock only through orders.
"""

from siyu.trade.aftersales.actions import (
    agree,
    arbitrate,
    check_in,
    dispute,
    finish_refunded,
    refuse,
    replace,
    send_back,
    withdraw,
)
from siyu.trade.aftersales.model import (
    Case,
    CaseCard,
    CaseLine,
    NotReturnable,
    NotThere,
    OpenCase,
    Step,
    WindowOver,
    WrongCaseState,
)
from siyu.trade.aftersales.opening import open_case
from siyu.trade.aftersales.queries import counts, find, listing
from siyu.trade.aftersales.sweeping import SWEEPS, run_clock

__all__ = [
    "SWEEPS",
    "Case",
    "CaseCard",
    "CaseLine",
    "NotReturnable",
    "NotThere",
    "OpenCase",
    "Step",
    "WindowOver",
    "WrongCaseState",
    "agree",
    "arbitrate",
    "check_in",
    "counts",
    "dispute",
    "find",
    "finish_refunded",
    "listing",
    "open_case",
    "refuse",
    "replace",
    "run_clock",
    "send_back",
    "withdraw",
]
