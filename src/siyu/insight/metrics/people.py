"""Who comes back, and who is worth what: cohorts and RFM."""

from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from siyu.insight.lake import Table, Tables
from siyu.insight.metrics import definitions as d
from siyu.insight.metrics.model import Cohort, Rfm, ScoreCell, Segment, Spread
from siyu.kernel import ids

THOUSANDTH = Decimal("0.001")
FIFTHS = 5
HIGH_SCORE = 4  # the upper two fifths

# The eight groups, by whether recency, frequency and value are high. Best first.
SEGMENTS = {
    "champions": (True, True, True),
    "rising": (True, False, True),
    "slipping": (False, True, True),
    "win_back": (False, False, True),
    "regulars": (True, True, False),
    "newcomers": (True, False, False),
    "fading": (False, True, False),
    "dormant": (False, False, False),
}


class _Active(msgspec.Struct, frozen=True):
    cohort: int
    age: int
    customers: int


class _Spreads(msgspec.Struct, frozen=True):
    customers: int
    recency: int
    recency_median: float | None
    frequency: int
    frequency_median: float | None
    paid: int
    paid_median: float | None
    net: int
    net_median: float | None


def cohorts(t: Tables) -> tuple[Cohort, ...]:
    """Monthly retention. A customer belongs to the month of the first paid order and is active in a month with one.

    Months are the merchant's. Every row runs to the last month in which anybody paid; a month without a new
    customer has no row.
    """
    activity = d.cohort_activity(t)
    found = d.fetch(activity.group_by(["cohort", "age"]).agg(customers=activity.count()), _Active)
    if not found:
        return ()
    last = max(row.cohort + row.age for row in found)
    counts: dict[int, dict[int, int]] = defaultdict(dict)
    for row in found:
        counts[row.cohort][row.age] = row.customers
    return tuple(
        Cohort(
            month=d.month_of(month),
            active=tuple(counts[month].get(age, 0) for age in range(last - month + 1)),
        )
        for month in sorted(counts)
    )


def scored(t: Tables, as_of: date) -> Table:
    """One row per customer who has paid an order by `as_of`: figures, scores 1–5 and `segment`.

    `recency` is days from the last paid order's day to `as_of`; `frequency` counts paid orders; `paid` is their
    total and `net` the same after refunds. A score is 1 + the fifths of customers who are strictly worse, so
    equal customers always score the same. Value is scored by `net`.
    """
    import ibis

    paid = d.paid_orders(t)
    known = paid.filter(paid.customer_id.notnull(), paid.paid_day <= as_of)
    people = known.group_by("customer_id").agg(
        last_day=known.paid_day.max(),
        frequency=known.count(),
        paid=d.total(known.total),
        net=d.total(known.net),
    )
    people = people.mutate(recency=ibis.date(as_of).delta(people.last_day, unit="day"))

    def score(order: Any) -> Any:
        worse = ibis.rank().over(ibis.window(order_by=order))
        everybody = people.count().over(ibis.window())
        return 1 + (worse * FIFTHS) // everybody

    graded = people.mutate(r=score(people.recency.desc()), f=score(people.frequency), m=score(people.net))
    return graded.mutate(segment=_segment(graded))


def _segment(graded: Table) -> Any:
    import ibis

    high = [graded[name] >= HIGH_SCORE for name in ("r", "f", "m")]

    def matches(pattern: tuple[bool, bool, bool]) -> Any:
        recent, often, worth = (test if wanted else ~test for test, wanted in zip(high, pattern, strict=True))
        return recent & often & worth

    return ibis.cases(*((matches(pattern), code) for code, pattern in SEGMENTS.items()), else_="dormant")


def rfm(t: Tables, as_of: date) -> Rfm:
    """Recency, frequency and money of everybody who has paid by `as_of`, their groups, means and medians."""
    # The scores are worked out once and asked three times; the table ends with the connection.
    people = t.connection.create_table(f"scored_{ids.new().hex}", scored(t, as_of), temp=True)
    spreads = _spreads(people)
    groups = people.group_by(code=people.segment).agg(
        customers=people.count(), paid=d.total(people.paid), net=d.total(people.net)
    )
    cells = people.group_by(recency=people.r, frequency=people.f).agg(customers=people.count())
    found = {group.code: group for group in d.fetch(groups, Segment)}
    grid = d.fetch(cells, ScoreCell)
    return Rfm(
        as_of=as_of,
        customers=spreads.customers,
        recency=_spread(spreads.recency, spreads.recency_median, spreads.customers),
        frequency=_spread(spreads.frequency, spreads.frequency_median, spreads.customers),
        paid=_spread(spreads.paid, spreads.paid_median, spreads.customers),
        net=_spread(spreads.net, spreads.net_median, spreads.customers),
        segments=tuple(found.get(code) or Segment(code, 0, 0, 0) for code in SEGMENTS),
        cells=tuple(sorted(grid, key=lambda cell: (-cell.recency, cell.frequency))),
    )


def _spreads(people: Table) -> _Spreads:
    measures = ("recency", "frequency", "paid", "net")
    sums = {name: d.total(people[name]) for name in measures}
    medians = {f"{name}_median": people[name].median() for name in measures}
    (found,) = d.fetch(people.aggregate(customers=people.count(), **sums, **medians), _Spreads)
    return found


def _spread(whole: int, median: float | None, customers: int) -> Spread:
    if customers == 0:
        return Spread(mean=Decimal(0), median=Decimal(0))
    # The middle of whole numbers is a whole number or a half: a double holds it exactly.
    mean = (Decimal(whole) / customers).quantize(THOUSANDTH, rounding=ROUND_HALF_UP)
    return Spread(mean=mean, median=Decimal(repr(median or 0.0)).normalize())
