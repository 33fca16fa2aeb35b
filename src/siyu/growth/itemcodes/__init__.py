"""One item, one code 一物一码: a shelf that makes customers. Owns tables item_batches, item_ranges, item_dealers,
item_deliveries, item_scans, item_redemptions and item_alerts.

A batch of up to a hundred million codes is one row and a key; a code is made and checked by arithmetic and gets a row
when somebody scans it. The outer code says that the item is genuine, the inner one is redeemed exactly once, the box
code speaks of all items in the box. Whoever scans comes through the door of the dealer who sold the item.
"""

from siyu.growth.itemcodes.batches import activate, add_dealer, create, undo, void
from siyu.growth.itemcodes.codes import Code, Kind, code_of, keys, make, parse, serial_of, shown
from siyu.growth.itemcodes.model import (
    AlreadyRedeemed,
    AlreadyScanned,
    Batch,
    EnoughToday,
    NewBatch,
    NewDealer,
    NotActive,
    NotAReward,
    Overlaps,
    Redeemed,
    Reward,
    Seen,
    UnknownCode,
)
from siyu.growth.itemcodes.places import Place, place_in
from siyu.growth.itemcodes.queries import alerts, by_dealer, deliveries, find, key_of, listing, ranges
from siyu.growth.itemcodes.scanning import close_alert, look_up, redeem, scan

__all__ = [
    "AlreadyRedeemed",
    "AlreadyScanned",
    "Batch",
    "Code",
    "EnoughToday",
    "Kind",
    "NewBatch",
    "NewDealer",
    "NotAReward",
    "NotActive",
    "Overlaps",
    "Place",
    "Redeemed",
    "Reward",
    "Seen",
    "UnknownCode",
    "activate",
    "add_dealer",
    "alerts",
    "by_dealer",
    "close_alert",
    "code_of",
    "create",
    "deliveries",
    "find",
    "key_of",
    "keys",
    "listing",
    "look_up",
    "make",
    "parse",
    "place_in",
    "ranges",
    "redeem",
    "scan",
    "serial_of",
    "shown",
    "undo",
    "void",
]
