"""From which location an order to an address is sent: the merchant's rule, and the order it gives. Whole numbers only.

Distance is that of a flat map whose meridians narrow with the latitude: within a country it is right to a percent,
and it only decides which of two places is the nearer.
"""

from collections.abc import Sequence
from math import isqrt
from typing import Literal
from uuid import UUID

import msgspec

from siyu.runtime.db import UnitOfWork

Mode = Literal["nearest", "store_first", "priority"]
STORES = ("store", "pickup_point")
NANOMETRES = 111_320_000  # of a millionth of a degree of latitude
HALF_TURN = 180_000_000  # millionths of a degree

# How far it is to a place of which only the region is known, in metres, by the digits that both codes share (GB/T 2260:
# 6 county, 4 city, 2 province).
FAR_BY_DIGITS = ((6, 10_000), (4, 60_000), (2, 300_000))
FAR_METRES = 1_500_000


class Source(msgspec.Struct, frozen=True):
    """An open location that ships. `latitude` and `longitude` are millionths of a degree; 0, 0 means unknown."""

    id: UUID
    kind: str
    region_code: str
    latitude: int
    longitude: int


class Sources(msgspec.Struct, frozen=True):
    """The merchant's rule and the locations that ship, by code. `priority` is the merchant's own order of them."""

    mode: Mode
    split: bool
    priority: Sequence[UUID]
    locations: tuple[Source, ...]


async def sources(uow: UnitOfWork) -> Sources:
    """One statement. Without a rule: the nearest first, and an order may be split.

    Suppliers' locations are not among them: what lies there leaves from nowhere else.
    """
    return await uow.one(
        Sources,
        """
        select coalesce(r.mode, 'nearest') as mode, coalesce(r.split, true) as split,
               coalesce(r.priority, '{}'::uuid[]) as priority,
               (select coalesce(json_agg(json_build_object(
                            'id', l.id, 'kind', l.kind, 'region_code', l.region_code, 'latitude', l.latitude,
                            'longitude', l.longitude) order by l.code), '[]'::json)
                from stores l
                where l.merchant_id = %(merchant_id)s and l.ships and l.is_open and l.kind <> 'supplier') as locations
        from (select 1) as always left join stock_rules r on r.merchant_id = %(merchant_id)s
        """,
    )


def order_of(
    known: Sources, region_code: str = "", latitude: int = 0, longitude: int = 0
) -> tuple[UUID, ...]:
    """The locations that ship, the one to try first in front. `region_code` is the six digits of the address.

    `latitude` and `longitude` are millionths of a degree; 0, 0 means that nobody knows.
    """
    if len(known.locations) == 1:
        return (known.locations[0].id,)
    rank = {place: i for i, place in enumerate(known.priority)}

    def preference(source: Source) -> tuple[int, int]:
        metres = metres_between(source, region_code, latitude, longitude)
        match known.mode:
            case "priority":
                return rank.get(source.id, len(rank)), metres
            case "store_first":
                return int(source.kind not in STORES), metres
            case "nearest":
                return 0, metres

    return tuple(source.id for source in sorted(known.locations, key=preference))


def metres_between(source: Source, region_code: str, latitude: int, longitude: int) -> int:
    """Metres by coordinates where both places have them, else what the shared part of the region codes suggests."""
    if (latitude or longitude) and (source.latitude or source.longitude):
        return _metres(source.latitude, source.longitude, latitude, longitude)
    for digits, metres in FAR_BY_DIGITS:
        if len(region_code) >= digits and source.region_code[:digits] == region_code[:digits]:
            return metres
    return FAR_METRES


def _metres(latitude: int, longitude: int, latitude2: int, longitude2: int) -> int:
    east = abs(longitude - longitude2)
    east = min(east, 2 * HALF_TURN - east)
    # Bhaskara's cosine of x degrees, (32400 - 4x²) / (32400 + x²), right to a sixth of a percent; x in hundredths.
    square = ((latitude + latitude2) // 20_000) ** 2
    east = east * (324_000_000 - 4 * square) // (324_000_000 + square)
    return isqrt(east**2 + (latitude - latitude2) ** 2) * NANOMETRES // 1_000_000_000
