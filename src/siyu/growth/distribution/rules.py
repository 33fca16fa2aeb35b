"""Pure decisions about commission: which plan holds, what a line earns, what a refunded unit takes back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from siyu.growth.distribution.model import Plan
from siyu.kernel import money

# 法: the rate is capped at the share that the direct-selling rule allows of a person's own sales (直销管理条例 art. 24).
RATE_BPS_MAX = 3_000


def plan_for(plans: Sequence[Plan], category_id: UUID | None, at: datetime) -> Plan | None:
    """The plan in force for a category: its own before the general one, the newest before older ones."""
    in_force = [
        plan
        for plan in plans
        if plan.starts_at <= at
        and (plan.ends_at is None or at < plan.ends_at)
        and plan.category_id in {None, category_id}
    ]
    return max(in_force, key=lambda plan: (plan.category_id is not None, plan.starts_at), default=None)


def earned(amount_paid: int, rate_bps: int) -> int:
    """Commission on what the buyer paid for a line, rounded down to the minor unit."""
    return money.share(amount_paid, rate_bps)


def taken_back(amount: int, units: int, first: int, quantity: int, reversed_before: int | None = None) -> int:
    """Commission of `quantity` of `units` refunded after `first` were: all units together take back all of it.

    Where money went back without units before (`reversed_before` is not what `first` units are worth), the units
    that are left share what is left.
    """
    if reversed_before is None or reversed_before == money.share_of_units(amount, units, 0, first):
        return money.share_of_units(amount, units, first, quantity)
    return money.share_of_units(amount - reversed_before, units - first, 0, quantity)


def taken_back_for(amount: int, reversed_before: int, basis: int, money_back: int) -> int:
    """Commission on money that went back without units: the same share of it, and never more than is left."""
    if basis == 0:
        return 0
    share, _ = money.split(amount, [money_back, basis - money_back])
    return min(share, amount - reversed_before)
