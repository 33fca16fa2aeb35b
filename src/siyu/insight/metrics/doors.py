"""How the pool grows, and what each door brings and costs."""

from datetime import date
from itertools import accumulate

import msgspec

from siyu.insight.lake import Table, Tables
from siyu.insight.metrics import definitions as d
from siyu.insight.metrics.model import DoorFunnel, Growth, PoolGrowth


class _Joined(msgspec.Struct, frozen=True):
    joined_day: date
    kind: str
    space: str
    people: int


def pool_growth(t: Tables, first: date, last: date) -> PoolGrowth:
    """New customers per day of the window by the kind of their first door, and the whole pool at each day's end."""
    people = d.with_door(t, d.joined_between(t, first, last))
    people = people.mutate(kind=people.kind.fill_null(""), space=people.space.fill_null(""))
    found = d.fetch(people.group_by(["joined_day", "kind", "space"]).agg(people=people.count()), _Joined)
    days = d.every_day(first, last)
    place = {day: n for n, day in enumerate(days)}
    counts: dict[tuple[str, str], list[int]] = {}
    for row in found:
        counts.setdefault((row.space, row.kind), [0] * len(days))[place[row.joined_day]] += row.people
    series = tuple(
        Growth(kind=kind, space=space, counts=tuple(numbers))
        for (space, kind), numbers in sorted(counts.items())
    )
    already = int(t.customers.filter(t.customers.joined_day < first).count().to_pyarrow().as_py())
    each_day = [sum(growth.counts[n] for growth in series) for n in range(len(days))]
    pool = tuple(accumulate(each_day, initial=already))[1:]
    return PoolGrowth(days=tuple(days), series=series, pool=pool)


def door_funnel(t: Tables, first: date, last: date) -> tuple[DoorFunnel, ...]:
    """Every door in the window: scans, visitors, people, first orders, revenue, cost; most people first.

    People who joined in the window are followed to now: their orders count whenever they were paid.
    """
    touched = d.touched_between(t, first, last)
    scans = touched.group_by("door_id").agg(scans=touched.count(), visitors=touched.visitor_id.nunique())
    costs = d.cost_between(t, first, last)
    spent = costs.group_by("door_id").agg(cost=d.total(costs.amount))
    brought = _brought(t, first, last)
    doors = t.doors.select("name", "kind", "space", "ownership", door_id=t.doors.id)
    for facts in (scans, brought, spent):
        doors = doors.left_join(facts, "door_id").drop("door_id_right")
    numbers = {
        name: doors[name].fill_null(0)
        for name in ("scans", "visitors", "people", "first_orders", "first_revenue", "revenue", "cost")
    }
    found = [
        msgspec.structs.replace(door, cac=_per_head(door.cost, door.first_orders))
        for door in d.fetch(doors.mutate(**numbers, cac=None), DoorFunnel)
    ]
    return tuple(sorted(found, key=lambda door: (-door.people, -door.scans, door.name, door.door_id)))


def _per_head(cost: int, heads: int) -> int | None:
    """Whole minor units each, rounded half up."""
    return (2 * cost + heads) // (2 * heads) if heads else None


def _brought(t: Tables, first: date, last: date) -> Table:
    """Per first door: its people of the window, how many have paid an order, what the first and all brought."""
    people = d.joined_between(t, first, last)
    people = people.filter(people.first_door_id.notnull()).select("first_door_id", customer_id=people.id)
    firsts = d.first_orders(t)
    firsts = firsts.select("customer_id", first_net=firsts.net)
    paid = d.paid_orders(t)
    sums = paid.filter(paid.customer_id.notnull()).group_by("customer_id").agg(net=d.total(paid.net))
    followed = people.left_join(firsts, "customer_id").drop("customer_id_right")
    followed = followed.left_join(sums, "customer_id").drop("customer_id_right")
    return followed.group_by(door_id=followed.first_door_id).agg(
        people=followed.count(),
        first_orders=followed.first_net.count(),
        first_revenue=d.total(followed.first_net),
        revenue=d.total(followed.net),
    )
