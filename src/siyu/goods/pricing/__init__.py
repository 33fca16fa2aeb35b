"""Pricing: what a cart costs and why. Owns tables price_lists and price_list_items.

`load` reads the rules of a cart in one statement; `build_up` is a pure function over them.
"""

from siyu.goods.pricing.calculating import build_up
from siyu.goods.pricing.lists import (
    copy,
    every,
    find,
    items,
    levels,
    remove_item,
    save,
    set_active,
    set_items,
)
from siyu.goods.pricing.model import (
    BuildUp,
    Buyer,
    Item,
    Line,
    ListForm,
    ListNameTaken,
    ListRow,
    NewItem,
    Passed,
    PricedLine,
    PriceList,
    Rules,
    SkuUnknown,
    Step,
    Tier,
)
from siyu.goods.pricing.parting import Parted, parted
from siyu.goods.pricing.reading import load

__all__ = [
    "BuildUp",
    "Buyer",
    "Item",
    "Line",
    "ListForm",
    "ListNameTaken",
    "ListRow",
    "NewItem",
    "Parted",
    "Passed",
    "PriceList",
    "PricedLine",
    "Rules",
    "SkuUnknown",
    "Step",
    "Tier",
    "build_up",
    "copy",
    "every",
    "find",
    "items",
    "levels",
    "load",
    "parted",
    "remove_item",
    "save",
    "set_active",
    "set_items",
]
