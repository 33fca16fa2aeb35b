"""Stores: where goods lie and are picked up. Owns table stores."""

from siyu.place.stores.actions import add
from siyu.place.stores.choosing import Pickup, mine, near, pickup, remember, wanted
from siyu.place.stores.model import NewStore, Store
from siyu.place.stores.queries import every, find

__all__ = [
    "NewStore",
    "Pickup",
    "Store",
    "add",
    "every",
    "find",
    "mine",
    "near",
    "pickup",
    "remember",
    "wanted",
]
