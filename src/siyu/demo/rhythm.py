"""When people do things: the week, the day, the growth of a season; and chance without surprises.

All chance comes from one seeded `Random`, so the same seed tells the same story on every machine.
"""

import math
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from siyu.demo.places import TIMEZONE

ZONE = ZoneInfo(TIMEZONE)
DAY_SECONDS = 86_400
OPENS_HOUR, CLOSES_HOUR = 8, 21  # within the hours of every store

# Monday first. A grocer's week is made on Friday evening and at the weekend.
WEEK = (0.90, 0.84, 0.88, 0.94, 1.12, 1.30, 1.20)
# Chances of the hours 0 to 23: a morning, a lunch break, and an evening on the sofa.
HOURS = (1, 0, 0, 0, 0, 1, 3, 7, 11, 13, 14, 15, 15, 10, 8, 9, 11, 14, 17, 20, 21, 17, 9, 3)
GROWTH = 1.3  # how much more traffic the last day has than the first, as a share of the first


def moment(day: date, seconds: float) -> datetime:
    """The instant `seconds` after midnight of the merchant's `day`, in UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return midnight.astimezone(UTC) + timedelta(seconds=int(seconds))


def local_day(at: datetime) -> date:
    """The merchant's calendar day of an instant."""
    return at.astimezone(ZONE).date()


def time_of_day(rng: Random) -> int:
    """Seconds after midnight at which a person is likely to hold their phone."""
    hour = rng.choices(range(24), weights=HOURS)[0]
    return hour * 3600 + rng.randrange(3600)


def busyness(day: date, first_day: date, days: int) -> float:
    """How busy a day is compared with the first: the season's growth times the weekday."""
    passed = (day - first_day).days / max(days - 1, 1)
    return (1 + GROWTH * passed) * WEEK[day.weekday()]


def count_of(rng: Random, mean: float) -> int:
    """A whole number of independent arrivals with this mean (Poisson; a bell curve where the mean is large)."""
    if mean > 40:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def happens(rng: Random, percent: float) -> bool:
    return rng.random() * 100 < percent


def open_hour(at: datetime) -> datetime:
    """The same instant, or the next one at which stores are open."""
    local = at.astimezone(ZONE)
    if local.hour < OPENS_HOUR:
        return moment(local.date(), OPENS_HOUR * 3600 + local.minute * 60 + local.second)
    if local.hour >= CLOSES_HOUR:
        return moment(local.date() + timedelta(days=1), OPENS_HOUR * 3600 + local.minute * 60 + local.second)
    return at
