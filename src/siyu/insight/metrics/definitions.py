"""The words the metrics are made of, each defined once as an Ibis expression over the lake.

Nothing here is special to DuckDB: the same expressions compile for Spark.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec

from siyu.insight.lake import Table, Tables

T = TypeVar("T")

# A refunded order was paid once; an order closed unpaid never was, and a late payment that was sent back
# never made its order paid.
PAID_STATES = ("paid", "picked_up", "received", "refunded")


def fetch(expression: Table, kind: type[T]) -> list[T]:
    """Run the question; each row becomes a `kind`, its columns its fields."""
    return msgspec.convert(expression.to_pyarrow().to_pylist(), list[kind])


def total(column: Any, where: Any = None) -> Any:
    """The sum, 0 of nothing."""
    return column.sum(where=where).fill_null(0)


def paid_orders(t: Tables) -> Table:
    """Orders whose money arrived and was accepted, of every channel, with `net` = total − refunded."""
    return t.orders.filter(t.orders.state.isin(PAID_STATES)).mutate(net=t.orders.total - t.orders.refunded)


def paid_between(t: Tables, first: date, last: date) -> Table:
    """Paid orders by the day they were paid, both days included."""
    paid = paid_orders(t)
    return paid.filter(paid.paid_day.between(first, last))


def first_orders(t: Tables) -> Table:
    """Every customer's first paid order: the earliest payment, then the lower id."""
    import ibis

    paid = paid_orders(t)
    known = paid.filter(paid.customer_id.notnull())
    place = ibis.row_number().over(
        ibis.window(group_by=known.customer_id, order_by=[known.paid_at, known.id])
    )
    ranked = known.mutate(place=place)
    return ranked.filter(ranked.place == 0).drop("place")


def joined_between(t: Tables, first: date, last: date) -> Table:
    """Customers by the day they joined, both days included; erased ones count, for the past does not change."""
    return t.customers.filter(t.customers.joined_day.between(first, last))


def with_door(t: Tables, people: Table) -> Table:
    """Customers with `door`, `kind`, `space` and `ownership` of their first door (null when unknown)."""
    doors = t.doors.select(
        first_door_id=t.doors.id,
        door=t.doors.name,
        kind=t.doors.kind,
        space=t.doors.space,
        ownership=t.doors.ownership,
    )
    return people.left_join(doors, "first_door_id").drop("first_door_id_right")


def touched_between(t: Tables, first: date, last: date) -> Table:
    """Scans of doors by their day, both days included."""
    return t.touches.filter(t.touches.day.between(first, last))


def cost_between(t: Tables, first: date, last: date) -> Table:
    """What doors cost, by the day it was booked for, both days included."""
    return t.door_costs.filter(t.door_costs.day.between(first, last))


def orders_of(t: Tables, people: Table) -> Table:
    """All paid orders of these customers, whenever paid."""
    return paid_orders(t).semi_join(people.select(customer_id=people.id), "customer_id")


def orders_by_ownership(t: Tables, first: date, last: date) -> Table:
    """Orders paid in the window with `ownership` of their customer's first door, `unknown` without one."""
    people = with_door(t, t.customers)
    owner = people.select(customer_id=people.id, ownership=people.ownership)
    orders = paid_between(t, first, last).left_join(owner, "customer_id").drop("customer_id_right")
    return orders.mutate(ownership=orders.ownership.fill_null("unknown"))


def months(column: Any) -> Any:
    """A day as the number of its month since year 0, so that months can be subtracted."""
    return column.year().cast("int64") * 12 + column.month().cast("int64") - 1


def month_of(number: int) -> date:
    """The first day of a month counted by `months`."""
    return date(number // 12, number % 12 + 1, 1)


def cohort_activity(t: Tables) -> Table:
    """One row per customer and month with a paid order: `cohort` and `age`, in months."""
    paid = paid_orders(t)
    active = (
        paid.filter(paid.customer_id.notnull())
        .select(customer_id=paid.customer_id, month=months(paid.paid_day))
        .distinct()
    )
    born = active.group_by("customer_id").agg(cohort=active.month.min())
    both = active.join(born, "customer_id")
    return both.mutate(age=both.month - both.cohort)


def as_order_rows(orders: Table) -> Table:
    return orders.select(
        "id", "number", "customer_id", "channel", "state", "total", "refunded", "net", at=orders.paid_at
    )


def as_customer_rows(t: Tables, people: Table) -> Table:
    """Customers with the count and value of all their paid orders."""
    paid = paid_orders(t)
    known = paid.filter(paid.customer_id.notnull())
    sums = known.group_by("customer_id").agg(
        orders=known.count(), paid=total(known.total), net=total(known.net)
    )
    doors = t.doors.select(first_door_id=t.doors.id, door=t.doors.name)
    named = people.left_join(doors, "first_door_id")
    found = named.left_join(sums, named.id == sums.customer_id)
    return found.select(
        "id",
        "door",
        at=found.joined_at,
        orders=found.orders.fill_null(0),
        paid=found.paid.fill_null(0),
        net=found.net.fill_null(0),
    )


def as_touch_rows(t: Tables, touches: Table) -> Table:
    doors = t.doors.select(door_id=t.doors.id, door=t.doors.name)
    return touches.left_join(doors, "door_id").select("id", "at", "door", "visitor_id", "customer_id")


def as_cost_rows(t: Tables, costs: Table) -> Table:
    doors = t.doors.select(door_id=t.doors.id, door=t.doors.name)
    found = costs.left_join(doors, "door_id")
    return found.select("id", "door", "amount", at=found.day)


def every_day(first: date, last: date) -> Sequence[date]:
    """All days of the window, both ends included."""
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
