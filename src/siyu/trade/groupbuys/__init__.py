"""Group buying 拼团: a few people buy together, each with an order of their own. Owns tables group_buys, group_seats.

A seat is taken before anybody pays, so nobody pays for a place that is gone. Nothing leaves the house before the group
has succeeded; of a group that fails every member is refunded. There are no virtual members.
"""

from siyu.trade import orders
from siyu.trade.groupbuys.model import (
    AlreadyMember,
    Choice,
    Group,
    GroupEnded,
    GroupFull,
    HoldsSeat,
    LimitReached,
    NotInGroup,
    NotOpenYet,
    NotRunning,
    OnlyNewJoiners,
    OverBySuccess,
    Seat,
    TooManyUnits,
    UsedUp,
)
from siyu.trade.groupbuys.proofs import wrong_groups
from siyu.trade.groupbuys.queries import entries
from siyu.trade.groupbuys.reading import groups
from siyu.trade.groupbuys.settling import CONSUMERS, leave, settle
from siyu.trade.groupbuys.sweeping import SWEEPS
from siyu.trade.groupbuys.taking import give_back, look, take

ACTIVITY = orders.Activity("group", look, take, give_back)

__all__ = [
    "ACTIVITY",
    "CONSUMERS",
    "SWEEPS",
    "AlreadyMember",
    "Choice",
    "Group",
    "GroupEnded",
    "GroupFull",
    "HoldsSeat",
    "LimitReached",
    "NotInGroup",
    "NotOpenYet",
    "NotRunning",
    "OnlyNewJoiners",
    "OverBySuccess",
    "Seat",
    "TooManyUnits",
    "UsedUp",
    "entries",
    "give_back",
    "groups",
    "leave",
    "look",
    "settle",
    "take",
    "wrong_groups",
]
