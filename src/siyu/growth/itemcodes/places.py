"""Where a code was scanned, no finer than a town, and whether that is where the item was sold."""

from typing import Protocol

import msgspec

from siyu.kernel.earth import MILLIONTHS, metres_between
from siyu.place import stores

TENTH = MILLIONTHS // 10
# A tenth of a degree is at most 11.1 km on a side: a scan may be this far from where it is written down.
COARSE_METRES = 8_000


class Place(msgspec.Struct, frozen=True):
    """Tenths of a degree. Nothing finer is kept: it would say where somebody lives (个人信息保护法 art. 28)."""

    latitude: int
    longitude: int


class Territory(Protocol):
    """A circle that was agreed with a dealer; 0 km where none was."""

    @property
    def latitude(self) -> int: ...
    @property
    def longitude(self) -> int: ...
    @property
    def radius_km(self) -> int: ...


def place_in(text: str) -> Place | None:
    """`31.298,120.585` as the phone told it, rounded; None where it told nothing."""
    found = stores.near(text)
    return Place(*((part + TENTH // 2) // TENTH for part in found)) if found is not None else None


def is_outside(territory: Territory, place: Place) -> bool:
    """Whether the scan is surely outside of the dealer's circle."""
    if not territory.radius_km:
        return False
    metres = metres_between(
        territory.latitude, territory.longitude, place.latitude * TENTH, place.longitude * TENTH
    )
    return metres > territory.radius_km * 1_000 + COARSE_METRES
