"""A month of campaigns at a glance: what runs on which days, and where several meet."""

from calendar import Calendar
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get
from litestar.params import FromQuery

from siyu import web
from siyu.goods.offers import keeping
from siyu.goods.offers.checking_times import YEARS
from siyu.goods.offers.console_words import KINDS, PHASES
from siyu.goods.offers.keeping import OfferRow
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant

SHOWN_MAX = 200


class Day(msgspec.Struct, frozen=True):
    """A day of the calendar with the offers that run on it; days of the months beside are there for whole weeks."""

    day: date
    is_of_month: bool
    is_today: bool
    offers: tuple[OfferRow, ...]


@get("/console/{slug:str}/offers/calendar", opt={"permission": Permission.OFFERS_READ})
async def month(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, month: FromQuery[str] = ""
) -> Response[str]:
    """The weeks of a month (`YYYY-MM`, this one by default) in the merchant's zone."""
    zone = ZoneInfo(merchant.timezone)
    today = uow.now.astimezone(zone).date()
    first = _first(month, today)
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    since, until = _start(weeks[0][0], zone), _start(weeks[-1][-1] + timedelta(days=1), zone)
    found = (await keeping.listing(uow, since=since, until=until, limit=SHOWN_MAX)).items
    planned = [offer for offer in found if offer.state != "draft"]
    return web.page(
        request,
        "offers/console_calendar.html",
        merchant=merchant,
        weeks=[[_day(day, first, today, planned, zone) for day in week] for week in weeks],
        first=first,
        before=(first - timedelta(days=1)).strftime("%Y-%m"),
        after=(first + timedelta(days=32)).strftime("%Y-%m"),
        kinds=KINDS,
        phases=PHASES,
        now=uow.now,
    )


def _first(text: str, today: date) -> date:
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = today
    return (first if first.year in YEARS else today).replace(day=1)


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _day(day: date, first: date, today: date, found: list[OfferRow], zone: ZoneInfo) -> Day:
    begin, end = _start(day, zone), _start(day + timedelta(days=1), zone)
    on = tuple(
        offer
        for offer in found
        if (offer.starts_at or offer.created_at) < end and (offer.ends_at is None or offer.ends_at > begin)
    )
    return Day(day, day.month == first.month, day == today, on)


routes = [month]
