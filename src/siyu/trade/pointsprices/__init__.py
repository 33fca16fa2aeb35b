"""Prices in points and money 积分换购: an activity whose claim is the offer itself. Owns table point_purchases.

The points are spent in the unit of work that places the order, come back when it is closed, and by the unit when it
is refunded.
"""

from siyu.trade import orders
from siyu.trade.pointsprices.listeners import CONSUMERS
from siyu.trade.pointsprices.model import KIND, Goods, LimitReached, NotOffered
from siyu.trade.pointsprices.shelf import entries, goods
from siyu.trade.pointsprices.taking import give_back, look, take

ACTIVITY = orders.Activity(KIND, look, take, give_back)

__all__ = ["ACTIVITY", "CONSUMERS", "KIND", "Goods", "LimitReached", "NotOffered", "entries", "goods"]
