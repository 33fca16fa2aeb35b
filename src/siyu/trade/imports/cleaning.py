"""From text to clean order lines: what a row must have to count, and why it is refused when it does not.

The rows wait in a DuckDB file beside the run, which sorts and groups more rows than memory holds.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

# What DuckDB may hold in memory; beyond it goes to the folder of the staging file.
MEMORY_LIMIT = "384MB"

# Control characters have no place in a name, and PostgreSQL refuses the null byte. A number that a spreadsheet
# turned into 17850.0 is 17850.
_WORDS = r"""
create macro plain(x) as trim(regexp_replace(coalesce(x, ''), '[\x00-\x1f\x7f\s　]+', ' ', 'g'));
create macro coded(x) as regexp_replace(plain(x), '^(\d+)\.0+$', '\1');
create macro numeric_of(x) as
    try_cast(regexp_replace(coalesce(x, ''), '[,，\s¥￥£$€元]', '', 'g') as decimal(28, 8));
create table staged (row_no bigint, cells_ok boolean, "order" text, sku text, quantity text, price text, time text,
                     customer text, title text, country text);
"""

# Each different time is parsed once. Separators are made equal first, so that few formats remain.
_TIMES = r"""
create table times as
select text,
       regexp_matches(text, '(Z|[+-]\d{2}:?\d{2})$') and text like '%:%' as has_zone,
       trim(regexp_replace(regexp_replace(regexp_replace(text, '(:\d{2})\.\d+', '\1'), '[T日]', ' ', 'g'),
                           '[/.年月]', '-', 'g')) as even
from (select distinct plain(time) as text from staged);
create table read_times as
select text, has_zone,
       try_strptime(even, ['%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M', '%Y-%m-%d', '%Y%m%d%H%M%S', '%Y%m%d %H:%M:%S',
                           '%Y%m%d', '%Y-%m-%d %I:%M:%S %p']) as year_first,
       try_strptime(even, ['%d-%m-%Y %H:%M:%S', '%d-%m-%Y %H:%M', '%d-%m-%Y', '%d-%m-%Y %I:%M %p',
                           '%d-%m-%Y %I:%M:%S %p']) as day_first,
       try_strptime(even, ['%m-%d-%Y %H:%M:%S', '%m-%d-%Y %H:%M', '%m-%d-%Y', '%m-%d-%Y %I:%M %p',
                           '%m-%d-%Y %I:%M:%S %p']) as month_first
from times;
"""

_TYPED = r"""
create table typed as
select s.row_no, s.cells_ok, coded(s."order") as number, coded(s.sku) as sku, coded(s.customer) as customer,
       left(plain(s.title), 120) as title, left(plain(s.country), 60) as country,
       numeric_of(s.quantity) as quantity, numeric_of(s.price) as price,
       case when t.has_zone then timezone('UTC', try_cast(t.text as timestamptz))
            else timezone('UTC', timezone($zone, coalesce(t.year_first,
                 case when $is_month_first then t.month_first else t.day_first end))) end as moment
from staged s join read_times t on t.text = plain(s.time);
"""

_JUDGED = r"""
create table judged as
select *, case
        when not cells_ok then 'cells'
        when number = '' then 'no_order'
        when customer = '' then 'no_customer'
        when sku = '' then 'no_sku'
        when greatest(length(number), length(customer), length(sku)) > 100 then 'too_long'
        when moment is null or moment < timestamp '1990-01-01' then 'bad_time'
        when quantity is null or quantity <> round(quantity, 0) then 'bad_quantity'
        when quantity = 0 then 'zero_quantity'
        when abs(quantity) > 2147483647 then 'amount_too_large'
        when is_cancellation then null
        when price is null then 'bad_price'
        when price <= 0 then 'price_not_positive'
        when amount is null or amount > 9000000000000000 then 'amount_too_large'
    end as reason
from (
    select *, quantity < 0 or regexp_matches(number, '^[Cc]\d') as is_cancellation,
           try_cast(round(price * cast($scale as decimal(4, 0)), 0) as bigint) as unit_price,
           try_cast(round(try_cast(quantity as decimal(10, 0)) * try_cast(price as decimal(18, 8))
                          * cast($scale as decimal(4, 0)), 0) as bigint) as amount
    from typed
);
"""

_REFUSED = """
drop table typed;
create table refused as select row_no, reason from judged where reason is not null;
"""

# An order belongs to whoever its first line names. Line numbers follow the file.
_LINES = """
create table sold as
select row_no, number, customer, sku, title, country, cast(quantity as bigint) as quantity, unit_price, amount, moment,
       first_value(customer) over by_order as owner, count(*) over (partition by number) as line_count
from judged where reason is null and not is_cancellation
window by_order as (partition by number order by row_no);
insert into refused
select row_no, case when customer <> owner then 'other_customer' else 'order_too_long' end
from sold where customer <> owner or line_count > 32767;
create table lines as
select row_no, number, cast(row_number() over (partition by number order by row_no) as integer) as line_no, customer,
       sku, title, country, quantity, unit_price, amount, moment
from sold where customer = owner and line_count <= 32767;
drop table sold;
create table orders as
select cast(row_number() over (order by min(moment), number) - 1 as bigint) as seq, number, any_value(customer) as customer,
       arg_max(country, row_no) as country, min(moment) as placed_at, cast(sum(amount) as bigint) as total,
       cast(count(*) as integer) as line_count
from lines group by number;
create table cancelled as
select row_no, number, customer, sku, cast(abs(quantity) as bigint) as quantity, coalesce(unit_price, 0) as unit_price,
       min(moment) over (partition by number) as moment
from judged where reason is null and is_cancellation;
drop table judged;
"""


@contextmanager
def opened() -> Iterator[duckdb.DuckDBPyConnection]:
    """A staging database that is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="siyu-import-") as folder:
        stage = duckdb.connect(
            str(Path(folder) / "stage.duckdb"),
            config={"memory_limit": MEMORY_LIMIT, "threads": 2, "temp_directory": folder},
        )
        try:
            stage.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
            stage.execute(_WORDS)
            yield stage
        finally:
            stage.close()


def add_batch(stage: duckdb.DuckDBPyConnection, batch: pa.RecordBatch) -> None:
    """Put the text of some rows aside."""
    stage.register("batch", pa.Table.from_batches([batch]))
    stage.execute("insert into staged select * from batch")
    stage.unregister("batch")


def clean(stage: duckdb.DuckDBPyConnection, *, timezone: str, dates: str, scale: int) -> None:
    """Judge every staged row; leaves tables lines, orders, cancelled and refused.

    A line's amount is quantity × unit price in minor units (`scale` of them make one), exact in decimal and rounded
    half up once per line. `timezone` is the IANA name of times that carry no zone; they become UTC.
    """
    stage.execute(_TIMES)
    month_first = _is_month_first(stage, dates, timezone)
    stage.execute(_TYPED, {"zone": timezone, "is_month_first": month_first})
    stage.execute(_JUDGED, {"scale": scale})
    stage.execute(_REFUSED)
    stage.execute(_LINES)


def _is_month_first(stage: duckdb.DuckDBPyConnection, dates: str, timezone: str) -> bool:
    """Whether 03/04/2025 is in March. The whole file decides; where it cannot, the merchant's part of the world."""
    if dates != "auto":
        return dates == "mdy"
    counted = stage.execute("select count(day_first), count(month_first) from read_times").fetchone()
    assert counted is not None, "an aggregate has one row"
    day_first, month_first = counted
    if day_first == month_first:
        return timezone.startswith(("America/", "US/"))
    return month_first > day_first
