"""JSON: the same metrics for machines. Money is in minor units; every answer says when the till was read."""

from datetime import date

from litestar import get
from litestar.params import FromQuery

from siyu.insight import metrics
from siyu.insight.dashboards.answers import Answer, ask
from siyu.insight.dashboards.window import chosen
from siyu.kernel import clock
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Merchant
from siyu.runtime.edge import OfMerchant, OnDatabase, WithSettings

READ = {"permission": Permission.INSIGHT_READ}
TAGS = ["Insight 数"]


def _today(merchant: Merchant) -> date:
    return metrics.local_day(merchant.timezone, clock.now())


@get("/api/v1/{slug:str}/insight/today", opt=READ, tags=TAGS)
async def today(merchant: OfMerchant, database: OnDatabase, settings: WithSettings) -> Answer[metrics.Today]:
    """Orders paid, net revenue and new customers today, beside the same weekday last week up to the same time."""
    at = clock.now()
    key = ("today", at.replace(second=0, microsecond=0))
    return await ask(database, settings, merchant, key, lambda t: metrics.today(t, at))


@get("/api/v1/{slug:str}/insight/funnel", opt=READ, tags=TAGS)
async def funnel(
    merchant: OfMerchant,
    database: OnDatabase,
    settings: WithSettings,
    first: FromQuery[date | None] = None,
    last: FromQuery[date | None] = None,
) -> Answer[tuple[metrics.DoorFunnel, ...]]:
    """Every door from scan to first order in a window of days (the last 30 by default), with what it cost."""
    window = chosen(_today(merchant), first, last)
    return await ask(
        database,
        settings,
        merchant,
        ("funnel", window),
        lambda t: metrics.door_funnel(t, window.first, window.last),
    )


@get("/api/v1/{slug:str}/insight/cohorts", opt=READ, tags=TAGS)
async def cohorts(
    merchant: OfMerchant, database: OnDatabase, settings: WithSettings
) -> Answer[tuple[metrics.Cohort, ...]]:
    """Monthly retention by month of the first paid order, in the merchant's zone."""
    return await ask(database, settings, merchant, ("cohorts",), metrics.cohorts)


@get("/api/v1/{slug:str}/insight/rfm", opt=READ, tags=TAGS)
async def rfm(
    merchant: OfMerchant,
    database: OnDatabase,
    settings: WithSettings,
    as_of: FromQuery[date | None] = None,
) -> Answer[metrics.Rfm]:
    """Recency, frequency and money of all customers as of a day (today by default), in eight groups."""
    day = as_of or _today(merchant)
    return await ask(database, settings, merchant, ("rfm", day), lambda t: metrics.rfm(t, day))


@get("/api/v1/{slug:str}/insight/revenue", opt=READ, tags=TAGS)
async def revenue(
    *,
    merchant: OfMerchant,
    database: OnDatabase,
    settings: WithSettings,
    by: FromQuery[str] = "day",
    first: FromQuery[date | None] = None,
    last: FromQuery[date | None] = None,
) -> Answer[tuple[metrics.Revenue, ...]]:
    """Paid and net revenue by `day` in a window (the last 30 days by default) or by `month` over all time."""
    if by == "month":
        return await ask(database, settings, merchant, ("months",), metrics.revenue_by_month)
    if by != "day":
        raise Invalid(field="by", zh="只能按 day 或 month 汇总。", en="Only by day or by month.")
    window = chosen(_today(merchant), first, last)
    return await ask(
        database,
        settings,
        merchant,
        ("days", window),
        lambda t: metrics.revenue_by_day(t, window.first, window.last),
    )


routes = [today, funnel, cohorts, rfm, revenue]
