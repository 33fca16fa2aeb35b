"""Bargains 砍价: friends lower the price of one unit by steps that were published before. Owns tables bargains,
bargain_helps and bargain_days.

Buying at the price reached is allowed at any time. Nothing is given for sharing or helping, and inside WeChat neither
is offered.
"""

from siyu.trade.bargains.actions import give_help, start
from siyu.trade.bargains.claiming import ACTIVITY
from siyu.trade.bargains.listeners import CONSUMERS
from siyu.trade.bargains.model import (
    AtFloor,
    Bargain,
    Help,
    Helped,
    HelpedEnough,
    NeedsIdentity,
    NotForYou,
    NotInWeChat,
    NotStartable,
    NotYours,
    Numbers,
    Offered,
    Ordered,
    Over,
    OwnBargain,
    SoldOut,
)
from siyu.trade.bargains.queries import bargains, entries, find, find_offer, helps_of, numbers, offered
from siyu.trade.bargains.rules import HELPS_PER_DAY, is_wechat, price_after, steps
from siyu.trade.bargains.telling import SWEEPS

__all__ = [
    "ACTIVITY",
    "CONSUMERS",
    "HELPS_PER_DAY",
    "SWEEPS",
    "AtFloor",
    "Bargain",
    "Help",
    "Helped",
    "HelpedEnough",
    "NeedsIdentity",
    "NotForYou",
    "NotInWeChat",
    "NotStartable",
    "NotYours",
    "Numbers",
    "Offered",
    "Ordered",
    "Over",
    "OwnBargain",
    "SoldOut",
    "bargains",
    "entries",
    "find",
    "find_offer",
    "give_help",
    "helps_of",
    "is_wechat",
    "numbers",
    "offered",
    "price_after",
    "start",
    "steps",
]
