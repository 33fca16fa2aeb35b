"""Today, revenue over time, and how much of it comes through doors of one's own."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from siyu.insight.lake import Table, Tables
from siyu.insight.metrics import definitions as d
from siyu.insight.metrics.model import Figure, Independence, Revenue, Today
from siyu.kernel.money import BASIS_POINTS

WEEK = timedelta(days=7)
OWNERS = ("owned", "rented", "purchased", "unknown")


class _Sum(msgspec.Struct, frozen=True):
    orders: int
    net: int


class _Owned(msgspec.Struct, frozen=True):
    ownership: str
    net: int


def local_day(timezone: str, at: datetime) -> date:
    """The calendar day in an IANA time zone."""
    return at.astimezone(ZoneInfo(timezone)).date()


def paid_so_far(t: Tables, at: datetime) -> Table:
    """Orders paid since the start of `at`'s day in the merchant's zone, up to `at`."""
    paid = d.paid_orders(t)
    return paid.filter(paid.paid_day == local_day(t.manifest.timezone, at), paid.paid_at <= at)


def joined_so_far(t: Tables, at: datetime) -> Table:
    """Customers who joined since the start of `at`'s day in the merchant's zone, up to `at`."""
    people = t.customers
    return people.filter(people.joined_day == local_day(t.manifest.timezone, at), people.joined_at <= at)


def to_hand_out(t: Tables) -> Table:
    """Orders that are paid and wait to be picked up, from any day."""
    paid = d.paid_orders(t)
    return paid.filter(paid.state == "paid")


def today(t: Tables, at: datetime) -> Today:
    """The merchant's day up to `at`, beside the same weekday a week ago up to the same time of day.

    Orders: paid today. Revenue: their total less what has been refunded of them. Customers: joined today.
    """

    def so_far(moment: datetime) -> tuple[int, int, int]:
        paid = paid_so_far(t, moment)
        (sums,) = d.fetch(paid.aggregate(orders=paid.count(), net=d.total(paid.net)), _Sum)
        return sums.orders, sums.net, count(joined_so_far(t, moment))

    now, before = so_far(at), so_far(at - WEEK)
    return Today(
        at=at,
        day=local_day(t.manifest.timezone, at),
        orders=Figure(now[0], before[0]),
        revenue=Figure(now[1], before[1]),
        customers=Figure(now[2], before[2]),
        to_hand_out=count(to_hand_out(t)),
    )


def count(rows: Table) -> int:
    """How many rows."""
    return int(rows.count().to_pyarrow().as_py())


def revenue_by_day(t: Tables, first: date, last: date) -> tuple[Revenue, ...]:
    """Orders by the day they were paid, every day of the window once; refunds count on the day of the payment."""
    paid = d.paid_between(t, first, last)
    found = {row.start: row for row in d.fetch(_periods(paid, paid.paid_day), Revenue)}
    return tuple(found.get(day) or _nothing(day) for day in d.every_day(first, last))


def revenue_by_month(t: Tables) -> tuple[Revenue, ...]:
    """Orders by the month they were paid in, from the first month with an order to the last, none left out."""
    paid = d.paid_orders(t)
    found = {row.start: row for row in d.fetch(_periods(paid, paid.paid_day.truncate("M")), Revenue)}
    if not found:
        return ()
    ordinals = range(_month_number(min(found)), _month_number(max(found)) + 1)
    return tuple(found.get(month) or _nothing(month) for month in map(d.month_of, ordinals))


def _periods(paid: Table, start: Any) -> Table:
    dated = paid.mutate(start=start)
    return dated.group_by("start").agg(
        orders=dated.count(),
        customers=dated.customer_id.nunique(),
        paid=d.total(dated.total),
        net=d.total(dated.net),
    )


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _nothing(start: date) -> Revenue:
    return Revenue(start=start, orders=0, customers=0, paid=0, net=0)


def independent_traffic(t: Tables, first: date, last: date) -> Independence:
    """Net revenue of the window by the ownership of each customer's first door.

    Numerator of the ratio: customers who first came through an owned door. Denominator: all net revenue, also
    of buyers without a known door.
    """
    orders = d.orders_by_ownership(t, first, last)
    sums = d.fetch(orders.group_by("ownership").agg(net=d.total(orders.net)), _Owned)
    by_owner = {row.ownership: row.net for row in sums}
    whole = sum(by_owner.values())
    return Independence(
        **{name: by_owner.get(name, 0) for name in OWNERS},
        total=whole,
        ratio_bp=by_owner.get("owned", 0) * BASIS_POINTS // whole if whole > 0 else None,
    )
