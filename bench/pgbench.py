"""What PostgreSQL itself reaches with the least an order can be: four statements in one transaction."""

import asyncio
import re
import tempfile
from pathlib import Path

import psycopg

from siyu.runtime import embedded

TABLES = """
create schema if not exists bench;
create table if not exists bench.stock (id int primary key, on_hand int not null, reserved int not null)
    with (fillfactor = 50);
create table if not exists bench.orders (id bigint generated always as identity primary key, customer int not null,
    total bigint not null, at timestamptz not null default now());
create table if not exists bench.lines (order_id bigint not null, line_no int not null, sku int not null,
    quantity int not null, amount bigint not null, primary key (order_id, line_no));
create table if not exists bench.events (id bigint generated always as identity primary key, kind text not null,
    data jsonb not null);
truncate bench.stock, bench.orders, bench.lines, bench.events;
insert into bench.stock select i, 1000000000, 0 from generate_series(1, 1000) i;
"""

ORDER = """
\\set sku {sku}
\\set customer random(1, 100000)
begin;
update bench.stock set reserved = reserved + 1 where id = :sku and on_hand - reserved >= 1;
insert into bench.orders (customer, total) values (:customer, 1290) returning id \\gset
insert into bench.lines values (:id, 1, :sku, 1, 1290);
insert into bench.events (kind, data) values ('orders.placed', '{{"total": 1290}}');
commit;
"""


async def prepare(url: str) -> None:
    """Fresh tables in the same database."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(TABLES)


async def tidy(url: str) -> None:
    """Leave nothing of the last measurement to be cleaned up during the next one."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("vacuum analyze")
        await connection.execute("checkpoint")


async def transactions_per_second(url: str, *, is_hot: bool, seconds: int, clients: int = 16) -> float:
    """Transactions a second with stock rows spread over a thousand SKUs, or all on one."""
    script = ORDER.format(sku="1" if is_hot else "random(1, 1000)")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        Path(file.name).chmod(0o644)
        process = await asyncio.create_subprocess_exec(
            str(embedded.program("pgbench")),
            "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", file.name, url,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
    found = re.search(rb"tps = ([0-9.]+)", out)
    if found is None:
        raise RuntimeError(err.decode() or out.decode())
    return float(found[1])
