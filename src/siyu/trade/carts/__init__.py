"""Carts: what a shopper means to buy, before and after signing in. Owns table carts.

A cart promises nothing: prices and stock are read when it is shown, and taken when the order is placed. A visitor's
cart joins the customer's the first time the signed-in customer's cart is asked for.
"""

from siyu.trade.carts.actions import add, choose, choose_all, merge, remove, set_quantity
from siyu.trade.carts.model import Cart, CartFull, CartLine, NotInCart, NotSold
from siyu.trade.carts.queries import count, read, version
from siyu.trade.carts.reckoning import STEP_WORDS, Reckoned, Saving, reckon
from siyu.trade.carts.rules import LINES_MAX, QUANTITY_MAX, visitors_cart

__all__ = [
    "LINES_MAX",
    "QUANTITY_MAX",
    "STEP_WORDS",
    "Cart",
    "CartFull",
    "CartLine",
    "NotInCart",
    "NotSold",
    "Reckoned",
    "Saving",
    "add",
    "choose",
    "choose_all",
    "count",
    "merge",
    "read",
    "reckon",
    "remove",
    "set_quantity",
    "version",
    "visitors_cart",
]
