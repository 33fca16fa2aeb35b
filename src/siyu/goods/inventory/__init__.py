"""Stock per location and SKU, and how much of it is promised. Owns tables stock and stock_moves.

`available = on_hand - reserved`. A reservation is taken by one guarded statement, so no order of arrival and no
number of buyers can promise a piece twice. `on_hand` changes only together with a row that says why.
"""

from siyu.goods.inventory.actions import (
    count,
    deduct,
    lock,
    promise,
    put_back,
    receive,
    release,
    reserve,
    reserve_groups,
    share_out,
)
from siyu.goods.inventory.model import Difference, Level, NotEnoughStock, Pieces
from siyu.goods.inventory.queries import differences, levels, shortages

__all__ = [
    "Difference",
    "Level",
    "NotEnoughStock",
    "Pieces",
    "count",
    "deduct",
    "differences",
    "levels",
    "lock",
    "promise",
    "put_back",
    "receive",
    "release",
    "reserve",
    "reserve_groups",
    "share_out",
    "shortages",
]
