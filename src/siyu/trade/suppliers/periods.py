"""Which days a statement is for. Pure: days of the merchant's calendar, both ends included."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from siyu.trade.suppliers.model import Settlement

DAY = timedelta(days=1)


def first_day(settlement: Settlement, day: date) -> date:
    """The first day of the week (Monday) or month that has this day."""
    return day - timedelta(days=day.weekday()) if settlement == "weekly" else day.replace(day=1)


def last_day(settlement: Settlement, day: date) -> date:
    """The last day of the week or month that has this day."""
    if settlement == "weekly":
        return first_day(settlement, day) + timedelta(days=6)
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - DAY


def next_period(settlement: Settlement, ended_on: date | None, joined_on: date) -> tuple[date, date]:
    """The period after the one that ended, or the first one. After a change of terms the days still tile the calendar."""
    start = ended_on + DAY if ended_on is not None else first_day(settlement, joined_on)
    return start, last_day(settlement, start)


def begins(day: date, timezone: str) -> datetime:
    """The instant at which a day begins there."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(timezone))
