"""Distribution 分销: what a sale earns its promoter, and when it is theirs. Owns tables commission_plans (and versions,
terms), commissions, commission_reversals, commission_holds, commission_adjustments, commission_settings.

One level by construction: a commission hangs on a paid line of an order placed by a third person, and nobody is
paid for anybody else's promoting (禁止传销条例 art. 7). It is pending at payment, payable after the after-sale window,
and reversed per unit by every refund, also after it was payable or paid.
"""

from siyu.growth.distribution.adjusting import adjustments, approve, propose, refuse
from siyu.growth.distribution.books import account_code
from siyu.growth.distribution.checking import findings
from siyu.growth.distribution.holding import deny, held_reason, hold_order, hold_promoter, holds, release
from siyu.growth.distribution.listeners import CONSUMERS, SWEEPS
from siyu.growth.distribution.model import (
    Adjustment,
    Commission,
    Decided,
    Earnings,
    Hold,
    LevelStep,
    NeedsApprover,
    NeedsPerson,
    NotOpen,
    OpenLine,
    Plan,
    PlanRefused,
    PlanRule,
    PlanVersion,
    PromoterReport,
    Reversal,
    SamePerson,
    Settings,
    WrongPlanState,
)
from siyu.growth.distribution.plan_queries import find_plan, plans, settings, versions
from siyu.growth.distribution.planning import add_plan, end, pause, publish, resume, save
from siyu.growth.distribution.promising import Promise, promises
from siyu.growth.distribution.queries import (
    commissions,
    earnings,
    expected,
    for_order,
    promoters,
    reversals_of,
    sums,
)
from siyu.growth.distribution.rules import RATE_BPS_MAX, earned, plan_for
from siyu.growth.distribution.settling import mark_paid, open_lines, settle, unsettle
from siyu.growth.distribution.simulating import Simulation, simulate
from siyu.growth.distribution.tuning import save_settings
from siyu.growth.distribution.words import state_of

__all__ = [
    "CONSUMERS",
    "RATE_BPS_MAX",
    "SWEEPS",
    "Adjustment",
    "Commission",
    "Decided",
    "Earnings",
    "Hold",
    "LevelStep",
    "NeedsApprover",
    "NeedsPerson",
    "NotOpen",
    "OpenLine",
    "Plan",
    "PlanRefused",
    "PlanRule",
    "PlanVersion",
    "Promise",
    "PromoterReport",
    "Reversal",
    "SamePerson",
    "Settings",
    "Simulation",
    "WrongPlanState",
    "account_code",
    "add_plan",
    "adjustments",
    "approve",
    "commissions",
    "deny",
    "earned",
    "earnings",
    "end",
    "expected",
    "find_plan",
    "findings",
    "for_order",
    "held_reason",
    "hold_order",
    "hold_promoter",
    "holds",
    "mark_paid",
    "open_lines",
    "pause",
    "plan_for",
    "plans",
    "promises",
    "promoters",
    "propose",
    "publish",
    "refuse",
    "release",
    "resume",
    "reversals_of",
    "save",
    "save_settings",
    "settings",
    "settle",
    "simulate",
    "state_of",
    "sums",
    "unsettle",
    "versions",
]
