"""Structs of stores."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.earth import metres_between

# A supplier's location is made by the suppliers room; buyers see stores and pickup points.
Kind = Literal["store", "warehouse", "pickup_point", "supplier"]
SHOWN_KINDS: Sequence[Kind] = ("store", "pickup_point")
OWN_KINDS: Sequence[Kind] = ("store", "warehouse", "pickup_point")


class Store(msgspec.Struct, frozen=True):
    """A store, or another location where stock lies. `latitude` and `longitude` are millionths of a degree (WGS 84);
    0, 0 means unknown. `region_code` is that of its county (GB/T 2260) or empty; parcels leave from it if it `ships`.
    """

    id: UUID
    code: str
    name: str
    address: str
    phone: str
    hours: str
    latitude: int
    longitude: int
    is_open: bool
    kind: Kind = "store"
    region_code: str = ""
    ships: bool = False

    def metres_from(self, latitude: int, longitude: int) -> int | None:
        """Great-circle distance in metres from a point in millionths of a degree; None when we are nowhere."""
        if not (self.latitude or self.longitude):
            return None
        return metres_between(self.latitude, self.longitude, latitude, longitude)


class NewStore(msgspec.Struct, frozen=True):
    """A store or another location to be opened."""

    code: str
    name: str
    address: str
    phone: str = ""
    hours: str = ""
    latitude: int = 0
    longitude: int = 0
    kind: Kind = "store"
    region_code: str = ""
    ships: bool = False


class StoreChange(msgspec.Struct, frozen=True):
    """What a location is from now on; its code stays."""

    name: str
    address: str
    phone: str = ""
    hours: str = ""
    latitude: int = 0
    longitude: int = 0
    kind: Kind = "store"
    region_code: str = ""
    ships: bool = False
    is_open: bool = True
