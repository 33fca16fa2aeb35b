"""The plan of a run: which orders are new, which refunds follow, and the figures. Reads the database, writes nothing.

The plan is a function of the file and of what other runs wrote. A run that was killed plans the same again and goes
on at its position; a dry run is a plan that nobody carries out.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import duckdb
import msgspec
import pyarrow as pa

from siyu.runtime.db import Database, Merchant
from siyu.trade import orders
from siyu.trade.imports.matching import Cancellation, Given, Refusal, match
from siyu.trade.imports.model import ImportResult, Progress, Reason, Stage

NUMBERS_PER_LOOK = 5_000  # order numbers compared in one statement
CUSTOMERS_PER_LOOK = 500  # customers whose purchases are in memory at once

_GIVEN = pa.schema(
    [
        ("row_no", pa.int64()),
        ("number", pa.string()),
        ("moment", pa.timestamp("us")),
        ("order_number", pa.string()),
        ("line_no", pa.int32()),
        ("first", pa.int64()),
        ("quantity", pa.int64()),
        ("amount", pa.int64()),
    ]
)

_TABLES = """
create table known (number text, is_equal boolean);
create table given (row_no bigint, number text, moment timestamp, order_number text, line_no integer, first bigint,
                    quantity bigint, amount bigint);
"""

# A chunk is written in one transaction: about 8,000 lines, half a second of work to lose, never a part of an order.
_ACCEPTED = """
insert into refused
select row_no, 'order_exists' from lines where number in (select number from known where not is_equal);
create table accepted as
select o.*, k.number is not null as is_known,
       cast(floor((sum(o.line_count) over (order by o.seq rows unbounded preceding)) / 8000) as bigint) as chunk
from orders o left join known k using (number)
where k.number is null or k.is_equal;
create table customers as
select cast(row_number() over (order by reference) - 1 as bigint) as seq, *
from (select customer as reference, arg_max(country, seq) as country, min(placed_at) as joined_at
      from accepted group by customer);
create table titles as
select sku, title, count(*) as times, max(row_no) as last
from lines where title <> '' and number in (select number from accepted) group by sku, title;
create table products as
select cast(row_number() over (order by sku) - 1 as bigint) as seq, p.sku as code,
       coalesce((select arg_max(t.title, (t.times, t.last)) from titles t where t.sku = p.sku), p.sku) as title,
       p.price, p.sold_at
from (select sku, arg_max(unit_price, (moment, row_no)) as price, min(moment) as sold_at
      from lines where number in (select number from accepted) group by sku) p;
"""

# The first refund of a cancellation carries its number; one that touches further orders gets -2, -3 …
_REFUNDS = """
create table refund_parts as
select number, order_number, line_no, min(moment) as moment, min(first) as first, sum(quantity) as quantity,
       cast(sum(amount) as bigint) as amount
from given group by number, order_number, line_no;
create table refunds as
select cast(row_number() over (order by moment, source_number, order_number) - 1 as bigint) as seq, *,
       source_number || case when part > 1 then '-' || part else '' end as number
from (
    select number as source_number, order_number, min(moment) as moment, cast(sum(amount) as bigint) as amount,
           row_number() over (partition by number order by order_number) as part
    from refund_parts group by number, order_number
);
"""


def rows_of(
    stage: duckdb.DuckDBPyConnection, query: str, *params: Any, size: int = 10_000
) -> Iterator[tuple[Any, ...]]:
    """Rows of a query, some thousand at a time, on a cursor of their own."""
    cursor = stage.cursor().execute(query, params)
    while rows := cursor.fetchmany(size):
        yield from rows


def one_of(stage: duckdb.DuckDBPyConnection, query: str, *params: Any) -> tuple[Any, ...]:
    """The only row of a query."""
    row = stage.cursor().execute(query, params).fetchone()
    assert row is not None, "an aggregate has one row"
    return row


def in_utc(moment: datetime) -> datetime:
    """Staged times are UTC without saying so."""
    return moment.replace(tzinfo=UTC)


async def make_plan(
    stage: duckdb.DuckDBPyConnection,
    database: Database,
    merchant: Merchant,
    run_id: UUID,
    on_progress: Callable[[Progress], None],
) -> ImportResult:
    """Complete the staged tables with accepted, customers, products and refunds; return the figures."""
    stage.execute(_TABLES)
    await _compare(stage, database, merchant)
    await asyncio.to_thread(stage.execute, _ACCEPTED)
    known = await _plan_refunds(stage, database, merchant, run_id, on_progress)
    await asyncio.to_thread(stage.execute, _REFUNDS)
    return _figures(stage, known)


async def _compare(stage: duckdb.DuckDBPyConnection, database: Database, merchant: Merchant) -> None:
    """Note which orders are here already, and whether with the same content."""
    numbers = (number for (number,) in rows_of(stage, "select number from orders order by seq"))
    while look := list(islice(numbers, NUMBERS_PER_LOOK)):
        async with database.begin(merchant) as uow:
            here = sorted(await orders.order_ids_by_number(uow, look))
            lines = await orders.known_lines(uow, here) if here else []
        if not here:
            continue
        theirs: dict[str, list[_Content]] = {number: [] for number in here}
        for line in lines:
            theirs[line.number].append(
                (line.reference, line.placed_at, line.code, line.quantity, line.unit_price, line.amount)
            )
        ours = _contents(stage, here)
        verdicts = [
            (number, sorted(ours[number], key=_whole) == sorted(theirs[number], key=_whole))
            for number in here
        ]
        stage.register(
            "verdicts",
            pa.table(
                {"number": [n for n, _ in verdicts], "is_equal": [is_equal for _, is_equal in verdicts]}
            ),
        )
        stage.execute("insert into known select number, is_equal from verdicts")
        stage.unregister("verdicts")


_Content = tuple[str | None, datetime, str, int, int, int]


def _whole(content: _Content) -> tuple[str, datetime, str, int, int, int]:
    return (content[0] or "", *content[1:])


def _contents(stage: duckdb.DuckDBPyConnection, numbers: Sequence[str]) -> dict[str, list[_Content]]:
    """What the file says of these orders: a set of lines, whatever their sequence."""
    found: dict[str, list[_Content]] = {number: [] for number in numbers}
    query = """
        select l.number, o.customer, o.placed_at, l.sku, l.quantity, l.unit_price, l.amount
        from lines l join orders o using (number) where l.number in (select unnest(?))
    """
    for number, customer, placed_at, *line in rows_of(stage, query, list(numbers)):
        found[number].append((customer, in_utc(placed_at), *line))
    return found


async def _plan_refunds(
    stage: duckdb.DuckDBPyConnection,
    database: Database,
    merchant: Merchant,
    run_id: UUID,
    on_progress: Callable[[Progress], None],
) -> int:
    """Match cancellations with purchases, some customers at a time; return how many rows were known before."""
    (total,) = one_of(stage, "select count(distinct customer) from cancelled")
    customers = (
        name for (name,) in rows_of(stage, "select distinct customer from cancelled order by customer")
    )
    done = known_rows = 0
    while look := list(islice(customers, CUSTOMERS_PER_LOOK)):
        cancellations = [
            Cancellation(row_no, number, customer, sku, quantity, unit_price, in_utc(moment))
            for row_no, number, customer, sku, quantity, unit_price, moment in rows_of(
                stage,
                """
                select row_no, number, customer, sku, quantity, unit_price, moment from cancelled
                where customer in (select unnest(?)) order by row_no
                """,
                look,
            )
        ]
        async with database.begin(merchant) as uow:
            known = await orders.known_cancellations(uow, sorted({c.number for c in cancellations}), run_id)
            fresh, refused = _without_known(cancellations, known)
            known_rows += len(cancellations) - len(fresh) - len(refused)
            wanted = sorted({(c.customer, c.sku) for c in fresh})
            purchases = await orders.purchases(uow, wanted, run_id)
        purchases += _new_purchases(stage, look)
        given, unmatched = match(fresh, purchases)
        _keep(stage, given, [*refused, *unmatched])
        done += len(look)
        on_progress(Progress(Stage.PLAN, done, total))
    return known_rows


def _without_known(
    cancellations: Sequence[Cancellation], known: Sequence[orders.KnownCancellation]
) -> tuple[list[Cancellation], list[Refusal]]:
    """Leave out what another run has refunded. A number that is known with other units is refused, not added to."""
    numbers = {cancellation.source_number for cancellation in known}
    units = {(cancellation.source_number, cancellation.code): cancellation.quantity for cancellation in known}
    fresh: list[Cancellation] = []
    refused: list[Refusal] = []
    for cancellation in cancellations:
        if cancellation.number not in numbers:
            fresh.append(cancellation)
            continue
        key = (cancellation.number, cancellation.sku)
        if units.get(key, 0) >= cancellation.quantity:
            units[key] -= cancellation.quantity
        else:
            refused.append(Refusal(cancellation.row_no, Reason.CANCELLATION_EXISTS))
    return fresh, refused


def _new_purchases(stage: duckdb.DuckDBPyConnection, customers: Sequence[str]) -> list[orders.Purchase]:
    """Lines of the file that are not in the database yet and share customer and SKU with a cancellation."""
    query = """
        select l.customer, l.sku, l.number, l.line_no, o.placed_at, l.quantity, l.unit_price, l.amount
        from lines l join accepted o on o.number = l.number and not o.is_known
        where l.customer in (select unnest(?))
          and (l.customer, l.sku) in (select (customer, sku) from cancelled)
    """
    return [
        orders.Purchase(
            reference, code, number, line_no, in_utc(placed_at), quantity, unit_price, amount, taken=0
        )
        for reference, code, number, line_no, placed_at, quantity, unit_price, amount in rows_of(
            stage, query, list(customers)
        )
    ]


def _keep(stage: duckdb.DuckDBPyConnection, given: Sequence[Given], refused: Sequence[Refusal]) -> None:
    rows = [msgspec.structs.asdict(part) | {"moment": part.moment.replace(tzinfo=None)} for part in given]
    stage.register("parts", pa.Table.from_pylist(rows, schema=_GIVEN))
    stage.execute("insert into given select * from parts")
    stage.unregister("parts")
    if refused:
        stage.executemany("insert into refused values (?, ?)", [(r.row_no, r.reason.value) for r in refused])


def _figures(stage: duckdb.DuckDBPyConnection, cancellations_known: int) -> ImportResult:
    (rows_read,) = one_of(stage, "select count(*) from staged")
    order_count, lines, value, known = one_of(
        stage,
        """
        select count(*), coalesce(sum(line_count), 0)::bigint, coalesce(sum(total), 0)::bigint,
               count(*) filter (where is_known)
        from accepted
        """,
    )
    refunds, refunded = one_of(stage, "select count(*), coalesce(sum(amount), 0)::bigint from refunds")
    return ImportResult(
        rows_read=rows_read,
        rows_clean=lines,
        orders=order_count,
        customers=one_of(stage, "select count(*) from customers")[0],
        products=one_of(stage, "select count(*) from products")[0],
        refunds=refunds,
        value_minor=value,
        refunded_minor=refunded,
        cancellations=one_of(stage, "select count(*) from cancelled")[0],
        orders_known=known,
        cancellations_known=cancellations_known,
        refused=dict(rows_of(stage, "select reason, count(*) from refused group by reason order by reason")),
        report_path="",
    )
