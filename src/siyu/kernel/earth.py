"""Places on the Earth: coordinates are whole millionths of a degree (WGS 84)."""

from math import asin, cos, radians, sin, sqrt

METRES = 6_371_000  # mean radius
MILLIONTHS = 1_000_000


def metres_between(latitude: int, longitude: int, other_latitude: int, other_longitude: int) -> int:
    """Great-circle distance in metres (haversine)."""
    lat1, lon1, lat2, lon2 = (
        radians(value / MILLIONTHS) for value in (latitude, longitude, other_latitude, other_longitude)
    )
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return round(2 * METRES * asin(sqrt(half)))
