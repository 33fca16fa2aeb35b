"""Stock per location and SKU, how much of it is promised, and everything that moves it: arrivals, transfers,
stocktakes, lots and their expiry. Owns tables stock, stock_moves, stock_lots, stock_transfers (and lines, arrivals),
stocktakes (and lines), stock_rules and stock_proofs.

`available = on_hand - reserved - safety - carved`. A reservation is taken by one guarded statement, so no order of arrival
and no number of buyers can promise a piece twice. `on_hand` changes only together with a row that says why.
"""

from siyu.goods.inventory import stocktakes, transfers
from siyu.goods.inventory.actions import lock, promise, release, reserve, reserve_groups, summed
from siyu.goods.inventory.carving import carve, carve_up_to, uncarve
from siyu.goods.inventory.expiry import listed_lots, write_off_expired
from siyu.goods.inventory.listeners import SWEEPS
from siyu.goods.inventory.lots import today_of
from siyu.goods.inventory.model import (
    Difference,
    Level,
    Lot,
    LotMismatch,
    LotName,
    NotAllFree,
    NotEnoughStock,
    Pieces,
    PromisedCountedAway,
    WrongStep,
)
from siyu.goods.inventory.moving import count, deduct, put_back, receive, take_out
from siyu.goods.inventory.proofs import prove, rounds
from siyu.goods.inventory.queries import (
    MoveFilter,
    StockFilter,
    differences,
    levels,
    locations,
    moves,
    shortages,
    stocked,
)
from siyu.goods.inventory.ruling import StockRules, correct, rules, set_rules, set_safety, write_off
from siyu.goods.inventory.sharing import Group, Need, share_out, wanted
from siyu.goods.inventory.sourcing import Source, Sources, order_of, sources

__all__ = [
    "SWEEPS",
    "Difference",
    "Group",
    "Level",
    "Lot",
    "LotMismatch",
    "LotName",
    "MoveFilter",
    "Need",
    "NotAllFree",
    "NotEnoughStock",
    "Pieces",
    "PromisedCountedAway",
    "Source",
    "Sources",
    "StockFilter",
    "StockRules",
    "WrongStep",
    "carve",
    "carve_up_to",
    "correct",
    "count",
    "deduct",
    "differences",
    "levels",
    "listed_lots",
    "locations",
    "lock",
    "moves",
    "order_of",
    "promise",
    "prove",
    "put_back",
    "receive",
    "release",
    "reserve",
    "reserve_groups",
    "rounds",
    "rules",
    "set_rules",
    "set_safety",
    "share_out",
    "shortages",
    "sources",
    "stocked",
    "stocktakes",
    "summed",
    "take_out",
    "today_of",
    "transfers",
    "uncarve",
    "wanted",
    "write_off",
    "write_off_expired",
]
