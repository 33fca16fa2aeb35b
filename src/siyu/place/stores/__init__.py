"""Stores and the other locations: where goods lie, are picked up and are sent from. Owns table stores."""

from siyu.place.stores.actions import add, edit
from siyu.place.stores.choosing import Pickup, mine, near, pickup, remember, wanted
from siyu.place.stores.model import Kind, NewStore, Store, StoreChange
from siyu.place.stores.queries import counters, every, find, locations

__all__ = [
    "Kind",
    "NewStore",
    "Pickup",
    "Store",
    "StoreChange",
    "add",
    "counters",
    "edit",
    "every",
    "find",
    "locations",
    "mine",
    "near",
    "pickup",
    "remember",
    "wanted",
]
