"""The dashboard's numbers, asked of the lake in one go."""

from datetime import datetime

import msgspec

from siyu.insight import lake, metrics
from siyu.insight.dashboards.window import Window


class Totals(msgspec.Struct, frozen=True):
    """A window in four numbers; money in minor units, the ratio in basis points."""

    orders: int
    net: int
    people: int
    ratio_bp: int | None


class Board(msgspec.Struct, frozen=True):
    """Everything the dashboard shows from the lake."""

    window: Window
    today: metrics.Today
    growth: metrics.PoolGrowth
    revenue: tuple[metrics.Revenue, ...]
    revenue_before: tuple[metrics.Revenue, ...]
    funnel: tuple[metrics.DoorFunnel, ...]
    independence: metrics.Independence
    now: Totals
    before: Totals


def board(t: lake.Tables, window: Window, at: datetime) -> Board:
    """Today up to `at`, the window, and the window before it."""
    growth = metrics.pool_growth(t, window.first, window.last)
    before = window.before
    growth_before = metrics.pool_growth(t, before.first, before.last)
    revenue = metrics.revenue_by_day(t, window.first, window.last)
    revenue_before = metrics.revenue_by_day(t, before.first, before.last)
    independence = metrics.independent_traffic(t, window.first, window.last)
    return Board(
        window=window,
        today=metrics.today(t, at),
        growth=growth,
        revenue=revenue,
        revenue_before=revenue_before,
        funnel=metrics.door_funnel(t, window.first, window.last),
        independence=independence,
        now=_totals(revenue, growth, independence),
        before=_totals(
            revenue_before, growth_before, metrics.independent_traffic(t, before.first, before.last)
        ),
    )


def _totals(
    revenue: tuple[metrics.Revenue, ...], growth: metrics.PoolGrowth, independence: metrics.Independence
) -> Totals:
    return Totals(
        orders=sum(day.orders for day in revenue),
        net=sum(day.net for day in revenue),
        people=growth.total,
        ratio_bp=independence.ratio_bp,
    )
