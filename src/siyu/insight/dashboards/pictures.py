"""Charts of the dashboards: an ECharts option for the eye, and a sheet with every number a link for the rest."""

from typing import Any

import msgspec

from siyu.insight import metrics
from siyu.insight.dashboards import sheets, words
from siyu.insight.dashboards.sheets import Sheet, amount, number, percent, rows_href
from siyu.insight.dashboards.window import Window
from siyu.insight.dashboards.words import Say
from siyu.kernel import money

DOORS_DRAWN = 8  # more bars than this cannot be read; the table has them all


class Picture(msgspec.Struct, frozen=True):
    """`is_empty` when there is nothing to draw; the sheet may still have rows."""

    option: dict[str, Any]
    sheet: Sheet
    is_empty: bool = False


class Place(msgspec.Struct, frozen=True):
    """Whose numbers these are, and who reads them."""

    slug: str
    currency: str
    say: Say

    def rows(self, metric: str, key: str) -> str:
        return rows_href(self.slug, metric, key)

    def height(self, minor: int) -> str:
        """Money as a height: exact, as the text of a decimal number."""
        return money.plain(minor, self.currency).replace(",", "")


def growth(place: Place, found: metrics.PoolGrowth) -> Picture:
    """New customers per day, stacked by the kind of their first door, under the line of the whole pool."""
    say = place.say
    days = [day.isoformat() for day in found.days]
    names = [say(words.KINDS[series.kind]) for series in found.series]
    bars = [
        {
            "type": "bar",
            "stack": "joined",
            "itemStyle": {"borderRadius": 0},  # the parts of one column lie flat on each other
            "name": name,
            "data": [
                {"value": count, "href": place.rows("pool_growth", f"{day},{day},{series.kind}")}
                for day, count in zip(days, series.counts, strict=True)
            ],
        }
        for name, series in zip(names, found.series, strict=True)
    ]
    pool = {"type": "line", "name": say("顾客池"), "yAxisIndex": 1, "data": list(found.pool)}
    option = {
        "legend": {},
        "xAxis": {"type": "category", "data": [day[5:] for day in days]},
        "yAxis": [
            {"type": "value", "minInterval": 1},
            {"type": "value", "scale": True, "minInterval": 1, "splitLine": {"show": False}},
        ],
        "series": [*bars, pool],
    }
    rows = [
        (
            sheets.words(day),
            *(
                number(series.counts[n], place.rows("pool_growth", f"{day},{day},{series.kind}"))
                for series in found.series
            ),
            number(
                sum(series.counts[n] for series in found.series), place.rows("pool_growth", f"{day},{day}")
            ),
            number(found.pool[n]),
        )
        for n, day in reversed(list(enumerate(days)))
    ]
    head = [
        (say("日期"), ""),
        *((name, "num") for name in names),
        (say("合计"), "num"),
        (say("顾客池"), "num"),
    ]
    return Picture(option, sheets.sheet(head, rows), is_empty=found.total == 0)


def revenue(place: Place, now: tuple[metrics.Revenue, ...], before: tuple[metrics.Revenue, ...]) -> Picture:
    """Net revenue per day, and the window before it as a thinner line under it."""
    say = place.say
    option = {
        "legend": {},
        "xAxis": {"type": "category", "data": [day.start.isoformat()[5:] for day in now]},
        "yAxis": {"type": "value"},
        "series": [
            {
                "type": "line",
                "name": say("净收入"),
                "areaStyle": {"opacity": 0.08},
                "showSymbol": len(now) == 1,
                "data": [
                    {
                        "value": place.height(day.net),
                        "href": place.rows("revenue", f"{day.start},{day.start}"),
                    }
                    for day in now
                ],
            },
            {
                "type": "line",
                "name": say("上一周期"),
                "lineStyle": {"type": "dashed", "width": 1},
                "data": [place.height(day.net) for day in before],
            },
        ],
    }
    rows = [
        (
            sheets.words(day.start.isoformat()),
            number(day.orders, place.rows("revenue", f"{day.start},{day.start}")),
            number(day.customers),
            amount(day.paid, place.currency),
            amount(
                day.net,
                place.currency,
                place.rows("revenue", f"{day.start},{day.start}") if day.orders else "",
            ),
            amount(earlier.net, place.currency),
        )
        for day, earlier in reversed(list(zip(now, before, strict=True)))
    ]
    head = [
        (say("日期"), ""),
        (say("订单"), "num"),
        (say("下单顾客"), "num"),
        (say("支付金额"), "num"),
        (say("净收入"), "num"),
        (say("上一周期净收入"), "num"),
    ]
    return Picture(option, sheets.sheet(head, rows), is_empty=not any(day.orders for day in (*now, *before)))


def funnel(place: Place, found: tuple[metrics.DoorFunnel, ...], window: Window) -> Picture:
    """Visitors, people and first orders of the doors that brought most."""
    say = place.say
    drawn = [door for door in found if door.scans or door.people][:DOORS_DRAWN]
    steps = ("visitors", "people", "first_orders")

    def href(column: str, door: metrics.DoorFunnel) -> str:
        return place.rows("door_funnel", f"{column},{door.door_id},{window.key}")

    option = {
        "legend": {},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {
            "type": "category",
            "data": [door.name for door in drawn],
            "axisLabel": {"width": 84, "overflow": "truncate", "interval": 0, "rotate": 26},
        },
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "type": "bar",
                "name": say(words.DOOR_COLUMNS[step]),
                "data": [{"value": getattr(door, step), "href": href(step, door)} for door in drawn],
            }
            for step in steps
        ],
    }
    rows = [
        (
            sheets.words(door.name, f"/console/{place.slug}/doors/{door.door_id}"),
            sheets.words(say(words.KINDS[door.kind])),
            sheets.words(say(words.OWNERS[door.ownership])),
            *(number(getattr(door, step), href(step, door)) for step in ("scans", *steps)),
            amount(door.revenue, place.currency, href("revenue", door) if door.revenue else ""),
            amount(door.cost, place.currency, href("cost", door) if door.cost else ""),
            amount(door.cac, place.currency),
        )
        for door in found
    ]
    head = [
        (say("入口"), ""),
        (say("类型"), ""),
        (say("归属"), ""),
        *((say(words.DOOR_COLUMNS[step]), "num") for step in ("scans", *steps, "revenue", "cost")),
        (say("获客成本"), "num"),
    ]
    return Picture(option, sheets.sheet(head, rows), is_empty=not drawn)


def independence(place: Place, found: metrics.Independence, window: Window) -> Sheet:
    """Net revenue by ownership of the first door, and its part of the whole."""
    say = place.say
    rows = [
        (
            sheets.words(say(word)),
            amount(
                getattr(found, owner),
                place.currency,
                place.rows("independent_traffic", f"{owner},{window.key}") if getattr(found, owner) else "",
            ),
            percent(getattr(found, owner) * money.BASIS_POINTS // found.total if found.total > 0 else None),
        )
        for owner, word in words.OWNERS.items()
    ]
    return sheets.sheet([(say("归属"), ""), (say("净收入"), "num"), (say("占比"), "num")], rows)


def segments(place: Place, found: metrics.Rfm) -> Picture:
    """How many customers each group has."""
    say = place.say

    def href(code: str) -> str:
        return place.rows("rfm", f"{code},{found.as_of}")

    names = {segment.code: say(words.SEGMENTS[segment.code][0]) for segment in found.segments}
    shown = list(reversed(found.segments))  # a horizontal bar chart is read from the bottom
    option = {
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "grid": {"left": 8, "right": 48, "top": 8, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": [names[segment.code] for segment in shown]},
        "series": [
            {
                "type": "bar",
                "name": say("顾客"),
                "label": {"show": True, "position": "right"},
                "data": [{"value": segment.customers, "href": href(segment.code)} for segment in shown],
            }
        ],
    }
    whole = found.customers
    rows = [
        (
            sheets.words(names[segment.code], href(segment.code)),
            sheets.words(say(words.SEGMENTS[segment.code][1])),
            number(segment.customers, href(segment.code)),
            percent(segment.customers * money.BASIS_POINTS // whole if whole else None),
            amount(segment.paid, place.currency),
            amount(segment.net, place.currency),
            amount(segment.net // segment.customers if segment.customers else None, place.currency),
        )
        for segment in found.segments
    ]
    head = [
        (say("顾客分层"), ""),
        (say("建议"), ""),
        (say("顾客"), "num"),
        (say("占比"), "num"),
        (say("支付金额"), "num"),
        (say("净收入"), "num"),
        (say("人均净收入"), "num"),
    ]
    return Picture(option, sheets.sheet(head, rows), is_empty=whole == 0)


def cohorts(place: Place, found: tuple[metrics.Cohort, ...]) -> Sheet:
    """Retention as counts, one row per month of first purchase."""
    say = place.say
    longest = max((len(cohort.active) for cohort in found), default=0)
    rows = [
        (
            sheets.words(f"{cohort.month:%Y-%m}"),
            *(
                number(active, place.rows("cohorts", f"{cohort.month:%Y-%m},{age}"))
                for age, active in enumerate(cohort.active)
            ),
            *(sheets.words("") for _ in range(longest - len(cohort.active))),
        )
        for cohort in found
    ]
    head = [
        (say("首购月份"), ""),
        *((say("当月") if age == 0 else say("第 {n} 月", n=age), "num") for age in range(longest)),
    ]
    return sheets.sheet(head, rows)
