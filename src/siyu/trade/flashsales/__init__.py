"""Flash sales 秒杀: sessions with a quota of their own. Owns tables flash_items and flash_takes.

The quota is carved out of stock before the start and lies apart until it is taken: ordinary orders cannot reach it, and
what is taken was there. Unpaid orders that close give their pieces back to the quota while the session runs.
"""

from siyu.trade import orders
from siyu.trade.flashsales.memory import gate
from siyu.trade.flashsales.model import (
    ElsewhereOnly,
    Item,
    LimitReached,
    NotForYou,
    NotInSession,
    NotSoMany,
    NotStarted,
    Over,
    Paused,
    Preparing,
    Session,
    SoldOut,
)
from siyu.trade.flashsales.proofs import Wrong, flash_proofs
from siyu.trade.flashsales.queries import entries
from siyu.trade.flashsales.sweeping import CONSUMERS, SWEEPS
from siyu.trade.flashsales.taking import give_back, look, take

ACTIVITY = orders.Activity("flash", look, take, give_back, gate)

__all__ = [
    "ACTIVITY",
    "CONSUMERS",
    "SWEEPS",
    "ElsewhereOnly",
    "Item",
    "LimitReached",
    "NotForYou",
    "NotInSession",
    "NotSoMany",
    "NotStarted",
    "Over",
    "Paused",
    "Preparing",
    "Session",
    "SoldOut",
    "Wrong",
    "entries",
    "flash_proofs",
    "give_back",
    "look",
    "take",
]
