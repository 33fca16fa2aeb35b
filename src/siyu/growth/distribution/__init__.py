"""Distribution 分销: what a sale earns its promoter, and when it is theirs. Owns tables commission_plans, commissions and
commission_reversals.

One level by construction: a commission hangs on a paid line of an order placed by a third person, and nobody is
paid for anybody else's promoting (禁止传销条例 art. 7). It is pending at payment, payable after the after-sale window,
and reversed per unit by every refund, also after it was payable.
"""

from siyu.growth.distribution.listeners import CONSUMERS, SWEEPS
from siyu.growth.distribution.model import (
    Commission,
    Earnings,
    Plan,
    PromoterReport,
    Reversal,
)
from siyu.growth.distribution.planning import add_plan
from siyu.growth.distribution.queries import (
    commissions,
    earnings,
    expected,
    for_order,
    plans,
    promoters,
    reversals_of,
)
from siyu.growth.distribution.rules import RATE_BPS_MAX, earned, plan_for
from siyu.growth.distribution.words import state_of

__all__ = [
    "CONSUMERS",
    "RATE_BPS_MAX",
    "SWEEPS",
    "Commission",
    "Earnings",
    "Plan",
    "PromoterReport",
    "Reversal",
    "add_plan",
    "commissions",
    "earned",
    "earnings",
    "expected",
    "for_order",
    "plan_for",
    "plans",
    "promoters",
    "reversals_of",
    "state_of",
]
