"""What the metrics say, as frozen structs. Money is in minor units of the merchant's currency, whole; days and
months are the merchant's own. `docs/concepts/insight.md` has every definition in words.
"""

from datetime import date, datetime
from decimal import Decimal

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """A number now, and the same number seven days earlier at the same time of day."""

    now: int
    before: int


class Today(msgspec.Struct, frozen=True):
    """The day so far, at `at` (UTC). `to_hand_out` counts orders that are paid and not picked up."""

    at: datetime
    day: date
    orders: Figure
    revenue: Figure
    customers: Figure
    to_hand_out: int


class Growth(msgspec.Struct, frozen=True):
    """New customers per day through doors of one kind. `kind` is empty for those who came through no known door."""

    kind: str
    space: str
    counts: tuple[int, ...]


class PoolGrowth(msgspec.Struct, frozen=True):
    """The days in order; per kind of door the new customers of each; `pool` is everybody so far at each day's end."""

    days: tuple[date, ...]
    series: tuple[Growth, ...]
    pool: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(sum(growth.counts) for growth in self.series)


class DoorFunnel(msgspec.Struct, frozen=True):
    """One door in a window of days, from a scan to what a buying customer cost.

    `people` have this as their first door and joined in the window; `first_orders` are the first paid orders of
    these people and `revenue` is net over all their orders, whenever they were paid. `cac` is cost / first
    orders, rounded half up; None where nobody has bought.
    """

    door_id: str
    name: str
    kind: str
    space: str
    ownership: str
    scans: int
    visitors: int
    people: int
    first_orders: int
    first_revenue: int
    revenue: int
    cost: int
    cac: int | None


class Revenue(msgspec.Struct, frozen=True):
    """Orders paid in a day or month, that starts at `start`: what was paid, and what is left after refunds."""

    start: date
    orders: int
    customers: int
    paid: int
    net: int


class Cohort(msgspec.Struct, frozen=True):
    """Customers whose first paid order was in `month`; `active[n]` of them paid an order n months later."""

    month: date
    active: tuple[int, ...]

    @property
    def customers(self) -> int:
        return self.active[0]


class Spread(msgspec.Struct, frozen=True):
    """Mean (three decimals, half up) and median, exact. Of money: in minor units."""

    mean: Decimal
    median: Decimal


class Segment(msgspec.Struct, frozen=True):
    """One of the eight groups of customers, and what they have paid, before and after refunds."""

    code: str
    customers: int
    paid: int
    net: int


class ScoreCell(msgspec.Struct, frozen=True):
    """How many customers have these scores of recency and frequency (1 lowest, 5 best)."""

    recency: int
    frequency: int
    customers: int


class Rfm(msgspec.Struct, frozen=True):
    """Everybody who has paid an order up to and on `as_of`: how lately (days), how often, how much."""

    as_of: date
    customers: int
    recency: Spread
    frequency: Spread
    paid: Spread
    net: Spread
    segments: tuple[Segment, ...]
    cells: tuple[ScoreCell, ...]


class Independence(msgspec.Struct, frozen=True):
    """Net revenue by who owns the door its customer first came through, and the owned part of all of it.

    `ratio_bp` is in basis points, rounded down; None while there is no revenue.
    """

    owned: int
    rented: int
    purchased: int
    unknown: int
    total: int
    ratio_bp: int | None


class OrderRow(msgspec.Struct, frozen=True):
    """An order behind a number. `net` is total less refunded."""

    id: str
    number: str
    customer_id: str | None
    channel: str
    state: str
    at: datetime
    total: int
    refunded: int
    net: int


class CustomerRow(msgspec.Struct, frozen=True):
    """A customer behind a number, with all paid orders so far."""

    id: str
    at: datetime
    door: str | None
    orders: int
    paid: int
    net: int


class TouchRow(msgspec.Struct, frozen=True):
    """A scan behind a number."""

    id: str
    at: datetime
    door: str | None
    visitor_id: str
    customer_id: str | None


class CostRow(msgspec.Struct, frozen=True):
    """A cost behind a number; `at` is its day."""

    id: str
    at: date
    door: str | None
    amount: int


Row = OrderRow | CustomerRow | TouchRow | CostRow


class Rows(msgspec.Struct, frozen=True):
    """A page of the rows behind a number. `count` and `value` (net or cost, minor units) are of all of them."""

    kind: str
    count: int
    value: int | None
    items: tuple[Row, ...]
    next: str | None = None
