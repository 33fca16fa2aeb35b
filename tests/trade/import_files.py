"""Small files of another system's orders, and what became of them in the database."""

import csv
from datetime import datetime
from pathlib import Path

import msgspec

from siyu.money import ledger
from siyu.runtime.db import Database, Merchant
from siyu.trade import imports
from siyu.trade.imports.model import ImportResult, Mapping

HEADER = ("order", "sku", "quantity", "price", "time", "customer", "title", "country")
MAPPING = Mapping(*HEADER)
TABLES = ("customers", "products", "skus", "orders", "order_lines", "payments", "refunds", "refund_lines", "transfers",
          "import_runs", "accounts", "categories", "price_changes", "events")  # fmt: skip

# Two orders of one customer and one of another; C3 takes 4 of the 5 cups back: 2 bought last at 3.00, 2 before.
ROWS = (
    ("1", "CUP", "3", "3.00", "2026-01-05 10:00", "c1", "Cup", "中国"),
    ("1", "TEA", "1", "10.01", "2026-01-05 10:00", "c1", "Tea", "中国"),
    ("2", "CUP", "2", "3.00", "2026-01-06 10:00", "c1", "Cup, white", "中国"),
    ("3", "TEA", "1", "9.00", "2026-01-07 10:00", "c2", "Tea", ""),
    ("C3", "CUP", "-4", "3.00", "2026-01-08 10:00", "c1", "Cup", "中国"),
)


class Line(msgspec.Struct, frozen=True):
    number: str
    line_no: int
    code: str
    title: str
    quantity: int
    unit_price: int
    amount: int
    refunded_quantity: int
    refunded_amount: int


class Head(msgspec.Struct, frozen=True):
    number: str
    reference: str
    state: str
    channel: str
    currency: str
    total: int
    refunded: int
    placed_at: datetime
    paid_at: datetime


class Back(msgspec.Struct, frozen=True):
    out_refund_no: str
    number: str
    kind: str
    state: str
    amount: int
    first: int
    quantity: int
    done_at: datetime


def write(path: Path, rows) -> Path:
    with path.open("w", newline="") as target:
        csv.writer(target).writerows([HEADER, *rows])
    return path


async def bring(database: Database, merchant: Merchant, path: Path, rows=ROWS, **options) -> ImportResult:
    file = write(path / f"{options.pop('name', 'orders')}.csv", rows)
    options.setdefault("report_path", path / "refused.csv")
    return await imports.import_orders(database, merchant, file, mapping=MAPPING, **options)


async def counts(database: Database, merchant: Merchant) -> dict[str, int]:
    async with database.begin(merchant) as uow:
        return {
            table: await uow.one(int, f"select count(*) from {table} where merchant_id = %(merchant_id)s")
            for table in TABLES
        }


async def everything(database: Database, merchant: Merchant) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    async with database.begin(merchant) as uow:
        return {
            table: await uow.all(
                str, f"select t::text from {table} t where merchant_id = %(merchant_id)s order by 1"
            )
            for table in TABLES
        }


async def lines(database: Database, merchant: Merchant) -> list[Line]:
    async with database.begin(merchant) as uow:
        return await uow.all(
            Line,
            """
            select o.number, l.line_no, k.code, l.title, l.quantity, l.unit_price, l.amount, l.refunded_quantity,
                   l.refunded_amount
            from order_lines l join orders o on o.merchant_id = l.merchant_id and o.id = l.order_id
            join skus k on k.merchant_id = l.merchant_id and k.id = l.sku_id
            where l.merchant_id = %(merchant_id)s order by o.number, l.line_no
            """,
        )


async def heads(database: Database, merchant: Merchant) -> list[Head]:
    async with database.begin(merchant) as uow:
        return await uow.all(
            Head,
            """
            select o.number, c.reference, o.state, o.channel, o.currency, o.total, o.refunded, o.placed_at, o.paid_at
            from orders o join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
            where o.merchant_id = %(merchant_id)s order by o.number
            """,
        )


async def backs(database: Database, merchant: Merchant) -> list[Back]:
    async with database.begin(merchant) as uow:
        return await uow.all(
            Back,
            """
            select r.out_refund_no, o.number, r.kind, r.state, r.amount, l.first, l.quantity, r.done_at
            from refunds r join orders o on o.merchant_id = r.merchant_id and o.id = r.order_id
            join refund_lines l on l.merchant_id = r.merchant_id and l.refund_id = r.id
            where r.merchant_id = %(merchant_id)s order by r.out_refund_no, l.line_no
            """,
        )


async def balances(database: Database, merchant: Merchant) -> dict[str, int]:
    async with database.begin(merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        return {account.code: account.balance for account in await ledger.accounts(uow)}


def refused(path: Path) -> list[tuple[str, str]]:
    """Row number and reason of every line of the report."""
    with path.open(encoding="utf-8-sig", newline="") as source:
        return [(row[0], row[9]) for row in list(csv.reader(source))[1:]]


REFUSALS = {
    "no_order": ("", "A", "1", "1", "2026-01-05", "c", "", ""),
    "no_customer": ("9", "A", "1", "1", "2026-01-05", " ", "", ""),
    "no_sku": ("9", "", "1", "1", "2026-01-05", "c", "", ""),
    "too_long": ("9" * 101, "A", "1", "1", "2026-01-05", "c", "", ""),
    "bad_time": ("9", "A", "1", "1", "yesterday", "c", "", ""),
    "bad_quantity": ("9", "A", "1.5", "1", "2026-01-05", "c", "", ""),
    "zero_quantity": ("9", "A", "0", "1", "2026-01-05", "c", "", ""),
    "bad_price": ("9", "A", "1", "cheap", "2026-01-05", "c", "", ""),
    "price_not_positive": ("9", "A", "1", "0.00", "2026-01-05", "c", "", ""),
    "amount_too_large": ("9", "A", "99999999999", "1", "2026-01-05", "c", "", ""),
    "cells": ("9", "A", "1", "1", "2026-01-05", "c", "", "", "one too many"),
    "cancellation_unmatched": ("C9", "A", "-1", "1", "2026-01-05", "c", "", ""),
}
