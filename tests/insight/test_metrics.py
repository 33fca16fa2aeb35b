"""Every metric from the lake against the same question in plain SQL on PostgreSQL."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from insight.insight_shop import write_shop
from siyu.insight import lake, metrics
from siyu.kernel.errors import Invalid
from siyu.runtime.db import Database, Merchant

PAID = "('paid', 'picked_up', 'received', 'refunded')"


class Shop(msgspec.Struct):
    database: Database
    merchant: Merchant
    tables: lake.Tables
    first: date
    last: date

    async def ask(self, query: str, **facts: Any) -> list[tuple[Any, ...]]:
        """Plain SQL; `{day}` turns an instant into the merchant's day, `{paid}` are the states that count."""
        known = {"merchant_id": self.merchant.id, "zone": self.merchant.timezone} | facts
        known |= {"first": self.first, "last": self.last}
        written = query.replace("{paid}", PAID).replace("{day}", "at time zone %(zone)s)::date")
        async with self.database.begin(self.merchant) as uow:
            cursor = await uow.connection.execute(written, known)
            return await cursor.fetchall()


@pytest.fixture(params=[("Asia/Shanghai", 3), ("America/New_York", 11)], ids=str)
async def shop(request, database, new_shop, tmp_path):
    zone, seed = request.param
    merchant = await new_shop(timezone=zone)
    async with database.begin(merchant) as uow:
        await write_shop(uow, seed=seed)
        last = uow.now.astimezone(ZoneInfo(zone)).date()
    await lake.refresh(database, merchant, tmp_path)
    with lake.tables(tmp_path) as tables:
        yield Shop(database, merchant, tables, last - timedelta(days=60), last)


async def test_revenue_by_day_is_what_postgres_says(shop):
    found = metrics.revenue_by_day(shop.tables, shop.first, shop.last)
    assert [row.start for row in found] == [shop.first + timedelta(days=n) for n in range(61)]
    expected = await shop.ask(
        """
        select (paid_at {day} as start, count(*), count(distinct customer_id), sum(total)::bigint,
               sum(total - refunded)::bigint
        from orders where merchant_id = %(merchant_id)s and state in {paid}
        and (paid_at {day} between %(first)s and %(last)s
        group by 1 order by 1
        """
    )
    assert [msgspec.structs.astuple(row) for row in found if row.orders] == expected
    assert len(expected) > 10


async def test_revenue_by_month_is_what_postgres_says(shop):
    found = metrics.revenue_by_month(shop.tables)
    expected = await shop.ask(
        """
        select date_trunc('month', paid_at at time zone %(zone)s)::date, count(*), count(distinct customer_id),
               sum(total)::bigint, sum(total - refunded)::bigint
        from orders where merchant_id = %(merchant_id)s and state in {paid} group by 1 order by 1
        """
    )
    assert [msgspec.structs.astuple(row) for row in found] == expected


async def test_today_is_what_postgres_says_now_and_a_week_ago(shop):
    at = shop.tables.as_of
    found = metrics.today(shop.tables, at)
    query = """
        select (select count(*) from orders where merchant_id = %(merchant_id)s and state in {paid}
                and (paid_at {day} = (%(at)s {day} and paid_at <= %(at)s),
               (select coalesce(sum(total - refunded), 0)::bigint from orders
                where merchant_id = %(merchant_id)s and state in {paid}
                and (paid_at {day} = (%(at)s {day} and paid_at <= %(at)s),
               (select count(*) from customers where merchant_id = %(merchant_id)s
                and (joined_at {day} = (%(at)s {day} and joined_at <= %(at)s)
    """
    [now] = await shop.ask(query, at=at)
    [before] = await shop.ask(query, at=at - timedelta(days=7))
    [(waiting,)] = await shop.ask(
        "select count(*) from orders where merchant_id = %(merchant_id)s and state = 'paid'"
    )
    assert (found.orders.now, found.revenue.now, found.customers.now) == now
    assert (found.orders.before, found.revenue.before, found.customers.before) == before
    assert found.to_hand_out == waiting > 0


async def test_pool_growth_is_what_postgres_says(shop):
    found = metrics.pool_growth(shop.tables, shop.first, shop.last)
    expected = await shop.ask(
        """
        select coalesce(d.kind, ''), count(*) from customers c
        left join doors d on d.merchant_id = c.merchant_id and d.id = c.first_door_id
        where c.merchant_id = %(merchant_id)s and (joined_at {day} between %(first)s and %(last)s group by 1
        """
    )
    assert {growth.kind: sum(growth.counts) for growth in found.series} == dict(expected)
    [(everybody,)] = await shop.ask(
        "select count(*) from customers where merchant_id = %(merchant_id)s and (joined_at {day} <= %(last)s"
    )
    assert found.pool[-1] == everybody
    assert list(found.pool) == sorted(found.pool)


async def test_the_door_funnel_is_what_postgres_says(shop):
    found = metrics.door_funnel(shop.tables, shop.first, shop.last)
    expected = await shop.ask(
        """
        with paid as (
            select *, total - refunded as net,
                   row_number() over (partition by customer_id order by paid_at, id::text) as place
            from orders where merchant_id = %(merchant_id)s and state in {paid} and customer_id is not null
        ), people as (
            select * from customers where merchant_id = %(merchant_id)s
            and (joined_at {day} between %(first)s and %(last)s
        ), touched as (
            select * from touches where merchant_id = %(merchant_id)s
            and (at {day} between %(first)s and %(last)s
        )
        select d.id::text,
            (select count(*) from touched t where t.door_id = d.id),
            (select count(distinct visitor_id) from touched t where t.door_id = d.id),
            (select count(*) from people p where p.first_door_id = d.id),
            (select count(*) from paid o join people p on p.id = o.customer_id
             where p.first_door_id = d.id and place = 1),
            (select coalesce(sum(net), 0)::bigint from paid o join people p on p.id = o.customer_id
             where p.first_door_id = d.id and place = 1),
            (select coalesce(sum(net), 0)::bigint from paid o join people p on p.id = o.customer_id
             where p.first_door_id = d.id),
            (select coalesce(sum(amount), 0)::bigint from door_costs c where c.merchant_id = %(merchant_id)s
             and c.door_id = d.id and day between %(first)s and %(last)s)
        from doors d where merchant_id = %(merchant_id)s
        """
    )
    mine = {
        (
            row.door_id,
            row.scans,
            row.visitors,
            row.people,
            row.first_orders,
            row.first_revenue,
            row.revenue,
            row.cost,
        )
        for row in found
    }
    assert mine == set(expected)
    assert sum(row.first_orders for row in found) > 5
    assert any(row.cac for row in found)


async def test_independent_traffic_is_what_postgres_says(shop):
    found = metrics.independent_traffic(shop.tables, shop.first, shop.last)
    expected = await shop.ask(
        """
        select coalesce(d.ownership, 'unknown'), sum(total - refunded)::bigint from orders o
        left join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
        left join doors d on d.merchant_id = c.merchant_id and d.id = c.first_door_id
        where o.merchant_id = %(merchant_id)s and o.state in {paid}
        and (paid_at {day} between %(first)s and %(last)s group by 1
        """
    )
    assert {name: getattr(found, name) for name, _ in expected} == dict(expected)
    assert found.total == sum(row.net for row in metrics.revenue_by_day(shop.tables, shop.first, shop.last))
    assert found.ratio_bp == found.owned * 10_000 // found.total


async def test_cohorts_are_what_postgres_says(shop):
    found = metrics.cohorts(shop.tables)
    expected = await shop.ask(
        """
        with active as (
            select distinct customer_id, date_trunc('month', paid_at at time zone %(zone)s)::date as month
            from orders where merchant_id = %(merchant_id)s and state in {paid} and customer_id is not null
        ), born as (select customer_id, min(month) as cohort from active group by 1)
        select cohort, month, count(*) from active join born using (customer_id) group by 1, 2
        """
    )
    counts = defaultdict(int, {(cohort, month): count for cohort, month, count in expected})
    last = max(month for _, month, _ in expected)
    assert found
    for cohort in found:
        month = cohort.month
        for active in cohort.active:
            assert active == counts.pop((cohort.month, month), 0)
            month = (month + timedelta(days=31)).replace(day=1)
        assert month > last
    assert not counts


async def test_rfm_is_what_postgres_says(shop):
    found = metrics.rfm(shop.tables, shop.last)
    people = await shop.ask(
        """
        select %(last)s - max((paid_at {day}), count(*), sum(total)::bigint, sum(total - refunded)::bigint
        from orders where merchant_id = %(merchant_id)s and state in {paid} and customer_id is not null
        and (paid_at {day} <= %(last)s group by customer_id
        """
    )
    assert found.customers == len(people)
    for place, spread in enumerate((found.recency, found.frequency, found.paid, found.net)):
        numbers = [row[place] for row in people]
        assert spread.median == Decimal(str(median(numbers)))
        assert abs(spread.mean * len(people) - sum(numbers)) <= Decimal("0.0005") * len(people)

    def score(numbers: list[int], mine: int) -> int:
        return 1 + sum(other < mine for other in numbers) * 5 // len(numbers)

    highs = defaultdict(int)
    for recency, frequency, _, net in people:
        pattern = (
            score([-row[0] for row in people], -recency) >= 4,
            score([row[1] for row in people], frequency) >= 4,
            score([row[3] for row in people], net) >= 4,
        )
        highs[pattern] += 1
    assert {row.code: row.customers for row in found.segments} == {
        code: highs[pattern] for code, pattern in metrics.SEGMENTS.items()
    }
    assert sum(row.net for row in found.segments) == sum(row[3] for row in people)
    assert sum(cell.customers for cell in found.cells) == len(people)


def everything(shop: Shop, metric: str, key: str) -> tuple[metrics.Rows, list[metrics.Row]]:
    """All pages of the rows behind a number, seven at a time."""
    page = metrics.drill(shop.tables, metric, key, limit=7)
    whole, items = page, list(page.items)
    while page.next:
        page = metrics.drill(shop.tables, metric, key, after=page.next, limit=7)
        items += page.items
    assert len({row.id for row in items}) == len(items) == whole.count
    return whole, items


async def test_the_rows_behind_every_number_of_a_door_add_up_to_it(shop):
    window = f"{shop.first},{shop.last}"
    for door in metrics.door_funnel(shop.tables, shop.first, shop.last):
        for column in ("scans", "visitors", "people", "first_orders"):
            whole, _ = everything(shop, "door_funnel", f"{column},{door.door_id},{window}")
            assert whole.count == getattr(door, column)
        for column in ("revenue", "cost"):
            whole, items = everything(shop, "door_funnel", f"{column},{door.door_id},{window}")
            assert whole.value == getattr(door, column)
            assert whole.value == sum(getattr(row, "net", 0) or getattr(row, "amount", 0) for row in items)


async def test_the_rows_behind_the_other_numbers_add_up_to_them(shop):
    window = f"{shop.first},{shop.last}"
    at = shop.tables.as_of
    today = metrics.today(shop.tables, at)
    for figure in ("orders", "customers"):
        assert everything(shop, "today", f"{figure},{at.isoformat()}")[0].count == getattr(today, figure).now
        before = everything(shop, "today", f"{figure}_before,{at.isoformat()}")[0]
        assert before.count == getattr(today, figure).before
    assert everything(shop, "today", "to_hand_out")[0].count == today.to_hand_out
    growth = metrics.pool_growth(shop.tables, shop.first, shop.last)
    assert everything(shop, "pool_growth", window)[0].count == growth.total
    for series in growth.series:
        assert everything(shop, "pool_growth", f"{window},{series.kind}")[0].count == sum(series.counts)
    revenue = metrics.revenue_by_day(shop.tables, shop.first, shop.last)
    assert everything(shop, "revenue", window)[0].value == sum(row.net for row in revenue)
    owners = metrics.independent_traffic(shop.tables, shop.first, shop.last)
    for owner in ("owned", "rented", "purchased", "unknown"):
        assert everything(shop, "independent_traffic", f"{owner},{window}")[0].value == getattr(owners, owner)
    for cohort in metrics.cohorts(shop.tables):
        for age, active in enumerate(cohort.active):
            assert everything(shop, "cohorts", f"{cohort.month:%Y-%m},{age}")[0].count == active
    rfm = metrics.rfm(shop.tables, shop.last)
    for segment in rfm.segments:
        assert everything(shop, "rfm", f"{segment.code},{shop.last}")[0].count == segment.customers
    for cell in rfm.cells:
        key = f"{cell.recency}-{cell.frequency},{shop.last}"
        assert everything(shop, "rfm", key)[0].count == cell.customers


@pytest.mark.parametrize(
    ("metric", "key"),
    [
        ("nonsense", ""),
        ("today", "nonsense"),
        ("today", "orders,yesterday"),
        ("revenue", "2026-01-01"),
        ("revenue", "2026-01-01,2026-02-30"),
        ("rfm", "nobody,2026-01-01"),
        ("rfm", "5-x,2026-01-01"),
        ("cohorts", "2026-13,0"),
        ("door_funnel", "password,1,2026-01-01,2026-01-02"),
        ("independent_traffic", "stolen,2026-01-01,2026-01-02"),
    ],
)
async def test_a_question_nobody_knows_is_refused(database, merchant, tmp_path, metric, key):
    await lake.refresh(database, merchant, tmp_path)
    with lake.tables(tmp_path) as tables, pytest.raises(Invalid):
        metrics.drill(tables, metric, key)


async def test_an_empty_shop_has_zeros_and_no_rows_and_no_error(database, merchant, tmp_path):
    await lake.refresh(database, merchant, tmp_path)
    first, last = date(2026, 1, 1), date(2026, 1, 3)
    with lake.tables(tmp_path) as t:
        assert metrics.today(t, t.as_of).revenue == metrics.Figure(0, 0)
        assert metrics.pool_growth(t, first, last).pool == (0, 0, 0)
        assert metrics.door_funnel(t, first, last) == ()
        assert [row.net for row in metrics.revenue_by_day(t, first, last)] == [0, 0, 0]
        assert metrics.revenue_by_month(t) == ()
        assert metrics.cohorts(t) == ()
        assert metrics.independent_traffic(t, first, last).ratio_bp is None
        found = metrics.rfm(t, last)
        assert (found.customers, found.cells, found.net.mean) == (0, (), Decimal(0))
        assert metrics.drill(t, "rfm", f"all,{last}").items == ()


async def test_a_money_column_never_comes_back_as_a_float(shop):
    for door in metrics.door_funnel(shop.tables, shop.first, shop.last):
        assert all(isinstance(value, int) for value in (door.revenue, door.cost, door.first_revenue))
        assert door.cac is None or isinstance(door.cac, int)
