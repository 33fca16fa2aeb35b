"""Points 积分: what buying brings besides the goods. Owns tables point_rules, point_accounts, point_batches,
point_movements, point_earnings and point_reversals.

Every movement is kept for ever; each credit is a batch with its own end, and those that end first are spent first.
What refunds take back and is not there any more is a debt that later points pay; a balance is never below zero.
"""

from siyu.people.points.listeners import CONSUMERS
from siyu.people.points.model import (
    Account,
    Ending,
    Liability,
    Move,
    Movement,
    NotEnough,
    Rule,
    Statement,
    Written,
    movement_id,
)
from siyu.people.points.moving import SWEEPS, end_due, grant, move
from siyu.people.points.queries import (
    endings,
    endings_of_all,
    liability,
    movements,
    statement,
    wrong_accounts,
)
from siyu.people.points.ruling import expiry_now, rule, set_rule

__all__ = [
    "CONSUMERS",
    "SWEEPS",
    "Account",
    "Ending",
    "Liability",
    "Move",
    "Movement",
    "NotEnough",
    "Rule",
    "Statement",
    "Written",
    "end_due",
    "endings",
    "endings_of_all",
    "expiry_now",
    "grant",
    "liability",
    "move",
    "movement_id",
    "movements",
    "rule",
    "set_rule",
    "statement",
    "wrong_accounts",
]
