"""The rows behind every number: the same definitions as the number itself, a page at a time.

A question is a metric and a key: values separated by commas, the last ones usually the window of days.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from siyu.insight.lake import Table, Tables
from siyu.insight.metrics import definitions as d
from siyu.insight.metrics import people as people_metrics
from siyu.insight.metrics import sales
from siyu.insight.metrics.model import CostRow, CustomerRow, OrderRow, Row, Rows, TouchRow
from siyu.kernel import paging
from siyu.kernel.errors import Invalid

KINDS: dict[str, type[Row]] = {
    "orders": OrderRow,
    "customers": CustomerRow,
    "touches": TouchRow,
    "costs": CostRow,
}
VALUES = {"orders": "net", "customers": "net", "costs": "amount"}
CURSOR_SEPARATOR = "~"


def drill(
    t: Tables, metric: str, key: str, *, after: str | None = None, limit: int = paging.PAGE_SIZE
) -> Rows:
    """The rows behind a number, newest first, from the cursor `after` on; count and value of all of them.

    Raises Invalid for a metric or key that asks for nothing we know.
    """
    kind, rows = _question(t, metric, key)
    limit = paging.bounded(limit)
    found = _from(rows, after).order_by([_desc("at"), _desc("id")]).limit(limit + 1)
    items = d.fetch(found, KINDS[kind])
    count, value = _totals(rows, VALUES.get(kind))
    is_more = len(items) > limit
    items = items[:limit]
    return Rows(
        kind=kind,
        count=count,
        value=value,
        items=tuple(items),
        next=f"{items[-1].at.isoformat()}{CURSOR_SEPARATOR}{items[-1].id}" if is_more else None,
    )


def _desc(name: str) -> Any:
    import ibis

    return ibis.desc(name)


def _totals(rows: Table, value: str | None) -> tuple[int, int | None]:
    sums = {"value": d.total(rows[value])} if value else {}
    (found,) = rows.aggregate(count=rows.count(), **sums).to_pyarrow().to_pylist()
    return found["count"], found.get("value")


def _from(rows: Table, after: str | None) -> Table:
    if not after:
        return rows
    moment, _, last_id = after.partition(CURSOR_SEPARATOR)
    try:
        is_instant = "T" in moment
        at: Any = datetime.fromisoformat(moment) if is_instant else date.fromisoformat(moment)
    except ValueError:
        raise _unknown("after", after) from None
    return rows.filter((rows.at < at) | ((rows.at == at) & (rows.id < last_id)))


def _unknown(field: str, value: str) -> Invalid:
    return Invalid(field=field, zh=f"不认识“{value}”。", en=f"“{value}” is not known here.")


def _question(t: Tables, metric: str, key: str) -> tuple[str, Table]:
    ask = QUESTIONS.get(metric)
    if ask is None:
        raise _unknown("metric", metric)
    try:
        return ask(t, *key.split(","))
    except (TypeError, ValueError, KeyError):
        # A key of too few or too many values, with an impossible date, or with a name we do not have.
        raise _unknown("key", key) from None


def _of_today(t: Tables, figure: str, moment: str = "") -> tuple[str, Table]:
    at = datetime.fromisoformat(moment) if moment else t.as_of
    if at.tzinfo is None:
        raise ValueError(moment)
    ask: dict[str, Callable[[], tuple[str, Table]]] = {
        "orders": lambda: ("orders", d.as_order_rows(sales.paid_so_far(t, at))),
        "orders_before": lambda: ("orders", d.as_order_rows(sales.paid_so_far(t, at - sales.WEEK))),
        "customers": lambda: ("customers", d.as_customer_rows(t, sales.joined_so_far(t, at))),
        "customers_before": lambda: (
            "customers",
            d.as_customer_rows(t, sales.joined_so_far(t, at - sales.WEEK)),
        ),
        "to_hand_out": lambda: ("orders", d.as_order_rows(sales.to_hand_out(t))),
    }
    return ask[figure]()


def _of_pool(t: Tables, first: str, last: str, kind: str | None = None) -> tuple[str, Table]:
    people = d.joined_between(t, _day(first), _day(last))
    if kind is not None:
        doors = d.with_door(t, people)
        people = people.semi_join(doors.filter(doors.kind.fill_null("") == kind), "id")
    return "customers", d.as_customer_rows(t, people)


def _of_door(t: Tables, column: str, door_id: str, first: str, last: str) -> tuple[str, Table]:
    window = _day(first), _day(last)

    def of_door(rows: Table, column: str = "door_id") -> Table:
        return rows.filter(rows[column] == door_id)

    def people() -> Table:
        return of_door(d.joined_between(t, *window), "first_door_id")

    def first_orders() -> Table:
        return d.first_orders(t).semi_join(people().select(customer_id="id"), "customer_id")

    ask: dict[str, Callable[[], tuple[str, Table]]] = {
        "scans": lambda: ("touches", d.as_touch_rows(t, of_door(d.touched_between(t, *window)))),
        "visitors": lambda: (
            "touches",
            d.as_touch_rows(t, _one_each(of_door(d.touched_between(t, *window)))),
        ),
        "people": lambda: ("customers", d.as_customer_rows(t, people())),
        "first_orders": lambda: ("orders", d.as_order_rows(first_orders())),
        "revenue": lambda: ("orders", d.as_order_rows(d.orders_of(t, people()))),
        "cost": lambda: ("costs", d.as_cost_rows(t, of_door(d.cost_between(t, *window)))),
    }
    return ask[column]()


def _one_each(touches: Table) -> Table:
    """Every visitor's first scan."""
    import ibis

    window = ibis.window(group_by=touches.visitor_id, order_by=[touches.at, touches.id])
    ranked = touches.mutate(place=ibis.row_number().over(window))
    return ranked.filter(ranked.place == 0).drop("place")


def _of_revenue(t: Tables, first: str, last: str) -> tuple[str, Table]:
    return "orders", d.as_order_rows(d.paid_between(t, _day(first), _day(last)))


def _of_cohort(t: Tables, month: str, age: str) -> tuple[str, Table]:
    activity = d.cohort_activity(t)
    start = date.fromisoformat(f"{month}-01")
    wanted = activity.filter(activity.cohort == start.year * 12 + start.month - 1, activity.age == int(age))
    people = t.customers.semi_join(wanted.select(id=wanted.customer_id), "id")
    return "customers", d.as_customer_rows(t, people)


def _of_rfm(t: Tables, group: str, day: str) -> tuple[str, Table]:
    """`group` is a segment, `all`, or scores of recency and frequency such as `5-1`."""
    people = people_metrics.scored(t, _day(day))
    if "-" in group:
        recency, frequency = (int(score) for score in group.split("-"))
        people = people.filter(people.r == recency, people.f == frequency)
    elif group != "all":
        people = people.filter(people.segment == {code: code for code in people_metrics.SEGMENTS}[group])
    chosen = t.customers.semi_join(people.select(id=people.customer_id), "id")
    return "customers", d.as_customer_rows(t, chosen)


def _of_owner(t: Tables, owner: str, first: str, last: str) -> tuple[str, Table]:
    if owner not in sales.OWNERS:
        raise KeyError(owner)
    orders = d.orders_by_ownership(t, _day(first), _day(last))
    return "orders", d.as_order_rows(orders.filter(orders.ownership == owner))


def _day(text: str) -> date:
    return date.fromisoformat(text)


QUESTIONS: dict[str, Callable[..., tuple[str, Table]]] = {
    "today": _of_today,
    "pool_growth": _of_pool,
    "door_funnel": _of_door,
    "revenue": _of_revenue,
    "cohorts": _of_cohort,
    "rfm": _of_rfm,
    "independent_traffic": _of_owner,
}
