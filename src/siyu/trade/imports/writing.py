"""Carrying a plan out: products, customers, orders, refunds, in transactions of some thousand rows.

Each transaction also notes how far it came. What is already there is left alone, so a run may be killed anywhere
and started again.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import duckdb

from siyu.goods import catalog
from siyu.people import customers
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import orders
from siyu.trade.imports import runs
from siyu.trade.imports.model import Progress, Stage
from siyu.trade.imports.planning import in_utc, one_of, rows_of

RECORDS_PER_CHUNK = 2_000  # products, customers or refunds written in one transaction

_Row = tuple[Any, ...]
_Write = Callable[[UnitOfWork, Sequence[_Row]], Any]


def records_total(stage: duckdb.DuckDBPyConnection) -> int:
    """How many products, customers, orders and refunds the plan holds."""
    return one_of(
        stage,
        """
        select (select count(*) from products) + (select count(*) from customers)
             + (select count(*) from accepted) + (select count(*) from refunds)
        """,
    )[0]


async def write_plan(
    stage: duckdb.DuckDBPyConnection,
    database: Database,
    merchant: Merchant,
    run_id: UUID,
    on_progress: Callable[[Progress], None],
) -> None:
    """Write everything the plan holds. Raises orders.HistoryChanged when the database moved away from the plan."""
    total = records_total(stage)
    done = 0

    async def commit(write: _Write, rows: Sequence[_Row], records: int) -> None:
        nonlocal done

        async def work(uow: UnitOfWork) -> None:
            if rows:
                await write(uow, rows)
            await runs.move(uow, run_id, done + records)

        await database.attempt(merchant, work)
        done += records
        on_progress(Progress(Stage.WRITE, done, total))

    for table, write in ((_PRODUCTS, _write_products), (_CUSTOMERS, _write_customers)):
        first = 0
        while rows := await asyncio.to_thread(_fetch, stage, table, first, first + RECORDS_PER_CHUNK):
            await commit(write, rows, len(rows))
            first += RECORDS_PER_CHUNK
    for chunk, size in await asyncio.to_thread(_fetch, stage, _CHUNKS):
        await commit(_write_orders, await asyncio.to_thread(_fetch, stage, _LINES, chunk), size)
    first = 0
    while rows := await asyncio.to_thread(_fetch, stage, _REFUNDS, first, first + RECORDS_PER_CHUNK):
        await commit(lambda uow, rows: _write_refunds(uow, rows, run_id), rows, len({row[0] for row in rows}))
        first += RECORDS_PER_CHUNK


_PRODUCTS = "select code, title, price, sold_at from products where seq >= ? and seq < ? order by seq"
_CUSTOMERS = "select reference, country, joined_at from customers where seq >= ? and seq < ? order by seq"
_CHUNKS = "select chunk, count(*) from accepted group by chunk order by chunk"
_LINES = """
select o.number, o.customer, o.placed_at, l.line_no, l.sku, l.title, l.quantity, l.unit_price, l.amount
from accepted o join lines l on l.number = o.number
where o.chunk = ? and not o.is_known
order by o.seq, l.line_no
"""
_REFUNDS = """
select r.number, r.source_number, r.order_number, r.moment, p.line_no, p.first, p.quantity, p.amount
from refunds r join refund_parts p on p.number = r.source_number and p.order_number = r.order_number
where r.seq >= ? and r.seq < ?
order by r.seq, p.line_no
"""


def _fetch(stage: duckdb.DuckDBPyConnection, query: str, *params: Any) -> list[_Row]:
    return list(rows_of(stage, query, *params))


async def _write_products(uow: UnitOfWork, rows: Sequence[_Row]) -> None:
    await catalog.record_products(
        uow,
        [catalog.PastProduct(code, title, price, in_utc(sold_at)) for code, title, price, sold_at in rows],
    )


async def _write_customers(uow: UnitOfWork, rows: Sequence[_Row]) -> None:
    await customers.record_customers(
        uow,
        [
            customers.PastCustomer(reference, country, in_utc(joined_at))
            for reference, country, joined_at in rows
        ],
    )


async def _write_orders(uow: UnitOfWork, rows: Sequence[_Row]) -> None:
    customer_ids = await customers.customers_by_reference(uow, sorted({row[1] for row in rows}))
    skus = await catalog.skus_by_code(uow, sorted({row[4] for row in rows}))
    past = []
    for (number, reference, placed_at), lines in groupby(rows, key=lambda row: row[:3]):
        sold = tuple(
            orders.PastLine(
                line_no, sku.product_id, sku.sku_id, title or sku.title, quantity, unit_price, amount
            )
            for _, _, _, line_no, code, title, quantity, unit_price, amount in lines
            for sku in (skus[code],)
        )
        past.append(orders.PastOrder(number, customer_ids[reference], in_utc(placed_at), sold))
    await orders.record_orders(uow, past)


async def _write_refunds(uow: UnitOfWork, rows: Sequence[_Row], run_id: UUID) -> None:
    written = await orders.refund_numbers_of(uow, run_id, sorted({row[0] for row in rows}))
    order_ids = await orders.order_ids_by_number(uow, sorted({row[2] for row in rows}))
    past = [
        orders.PastRefund(
            order_ids[order_number],
            number,
            source_number,
            in_utc(moment),
            tuple(orders.PastRefundLine(*line[4:]) for line in lines),
        )
        for (number, source_number, order_number, moment), lines in groupby(rows, key=lambda row: row[:4])
        if number not in written
    ]
    await orders.record_refunds(uow, past, run_id)
