"""Distribution 分销: promoters (KOC, leader, guide, anchor), what a sale earns them, and when it is theirs. Owns
tables promoters, commission_plans, commissions and commission_reversals.

One level by construction: a commission hangs on a paid line of an order placed by a third person, and nobody is
paid for anybody else's promoting (禁止传销条例 art. 7). It is pending at payment, payable after the after-sale window,
and reversed per unit by every refund, also after it was payable.
"""

from siyu.growth.distribution.listeners import CONSUMERS, SWEEPS
from siyu.growth.distribution.model import (
    Commission,
    Earnings,
    NotAPromoter,
    Plan,
    Promoter,
    PromoterReport,
    Reversal,
)
from siyu.growth.distribution.queries import (
    commissions,
    earnings,
    expected,
    find_promoter,
    for_order,
    plans,
    promoter,
    promoter_of_customer,
    promoters,
    reversals_of,
)
from siyu.growth.distribution.recruiting import AGREEMENT_VERSION, add_plan, enrol

__all__ = [
    "AGREEMENT_VERSION",
    "CONSUMERS",
    "SWEEPS",
    "Commission",
    "Earnings",
    "NotAPromoter",
    "Plan",
    "Promoter",
    "PromoterReport",
    "Reversal",
    "add_plan",
    "commissions",
    "earnings",
    "enrol",
    "expected",
    "find_promoter",
    "for_order",
    "plans",
    "promoter",
    "promoter_of_customer",
    "promoters",
    "reversals_of",
]
