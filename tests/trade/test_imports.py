"""Importing small files into a real database."""

import argparse
import asyncio
import csv
import io
import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from siyu.money import ledger
from siyu.runtime.db import Database, Merchant
from siyu.trade import imports
from siyu.trade.imports.model import ImportResult, ImportUnderWay, Mapping, MappingIncomplete, Progress, Stage

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


async def test_orders_customers_products_refunds_and_the_books_come_in(database, merchant, tmp_path):
    result = await bring(database, merchant, tmp_path)

    assert result == ImportResult(
        rows_read=5, rows_clean=4, orders=3, customers=2, products=2, refunds=2, value_minor=3401,
        refunded_minor=1200, cancellations=1, orders_known=0, cancellations_known=0, refused={}, report_path="",
    )  # fmt: skip
    monday = datetime(2026, 1, 5, 2, tzinfo=UTC)
    tuesday, wednesday, thursday = (monday.replace(day=day) for day in (6, 7, 8))
    assert await heads(database, merchant) == [
        Head("1", "c1", "received", "import", "CNY", 1901, 600, monday, monday),
        Head("2", "c1", "refunded", "import", "CNY", 600, 600, tuesday, tuesday),
        Head("3", "c2", "received", "import", "CNY", 900, 0, wednesday, wednesday),
    ]
    assert await lines(database, merchant) == [
        Line("1", 1, "CUP", "Cup", 3, 300, 900, 2, 600),
        Line("1", 2, "TEA", "Tea", 1, 1001, 1001, 0, 0),
        Line("2", 1, "CUP", "Cup, white", 2, 300, 600, 2, 600),
        Line("3", 1, "TEA", "Tea", 1, 900, 900, 0, 0),
    ]
    assert await backs(database, merchant) == [
        Back("C3", "1", "imported", "done", 600, 0, 2, thursday),
        Back("C3-2", "2", "imported", "done", 600, 0, 2, thursday),
    ]
    assert await balances(database, merchant) == {"gateway:imported": 2201, "sales": 2201}


async def test_customers_and_products_carry_what_the_file_says(database, merchant, tmp_path):
    await bring(database, merchant, tmp_path)
    async with database.begin(merchant) as uow:
        people = await uow.all(
            str,
            """
            select concat_ws('|', reference, country, joined_at at time zone 'UTC') from customers
            where merchant_id = %(merchant_id)s order by reference
            """,
        )
        goods = await uow.all(
            str,
            """
            select concat_ws('|', p.reference, p.title, k.code, k.price, c.name, p.is_on_shelf)
            from products p join skus k on k.merchant_id = p.merchant_id and k.product_id = p.id
            join categories c on c.merchant_id = p.merchant_id and c.id = p.category_id
            where p.merchant_id = %(merchant_id)s order by p.reference
            """,
        )
    assert people == ["c1|中国|2026-01-05 02:00:00", "c2||2026-01-07 02:00:00"]
    # The newest title of two equally frequent ones, and the last price.
    assert goods == ["CUP|Cup, white|CUP|300|导入 Imported|f", "TEA|Tea|TEA|900|导入 Imported|f"]


async def test_no_fact_is_published_so_that_history_earns_no_commission(database, merchant, tmp_path):
    await bring(database, merchant, tmp_path)
    assert (await counts(database, merchant))["events"] == 0


async def test_a_dry_run_writes_nothing_and_gives_the_same_figures(database, merchant, tmp_path):
    before = await everything(database, merchant)
    dry = await bring(database, merchant, tmp_path, dry_run=True)
    assert await everything(database, merchant) == before
    assert dry == msgspec.structs.replace(await bring(database, merchant, tmp_path), is_dry_run=True)


async def test_the_same_file_again_changes_nothing(database, merchant, tmp_path):
    first = await bring(database, merchant, tmp_path)
    before = await everything(database, merchant)
    assert await bring(database, merchant, tmp_path) == msgspec.structs.replace(first, was_done_before=True)
    assert await everything(database, merchant) == before


async def test_a_longer_file_with_the_same_orders_adds_only_what_is_new(database, merchant, tmp_path):
    await bring(database, merchant, tmp_path)
    before = await counts(database, merchant)
    more = (*reversed(ROWS), ("4", "CUP", "1", "3.50", "2026-01-09 10:00", "c2", "Cup", "法国"))
    result = await bring(database, merchant, tmp_path, more, name="longer")
    assert (result.orders, result.orders_known, result.cancellations_known, result.refused) == (4, 3, 1, {})
    after = await counts(database, merchant)
    grown = {table: after[table] - before[table] for table in TABLES if after[table] != before[table]}
    assert grown == {"orders": 1, "order_lines": 1, "payments": 1, "transfers": 1, "import_runs": 1}
    assert await balances(database, merchant) == {"gateway:imported": 2551, "sales": 2551}


async def test_an_order_number_with_other_content_is_refused_and_changes_nothing(
    database, merchant, tmp_path
):
    await bring(database, merchant, tmp_path)
    before = await everything(database, merchant)
    other = [("1", "CUP", "4", "3.00", "2026-01-05 10:00", "c1", "Cup", "中国")]
    result = await bring(database, merchant, tmp_path, other, name="other")
    assert (result.orders, result.refused) == (0, {"order_exists": 1})
    assert refused(tmp_path / "refused.csv") == [("2", "order_exists")]
    after = await everything(database, merchant)
    assert {table for table in TABLES if after[table] != before[table]} == {"import_runs"}


async def test_a_cancellation_number_with_other_units_is_refused_and_changes_nothing(
    database, merchant, tmp_path
):
    await bring(database, merchant, tmp_path)
    before = await everything(database, merchant)
    result = await bring(
        database,
        merchant,
        tmp_path,
        [("C3", "CUP", "-5", "3.00", "2026-01-08 10:00", "c1", "", "")],
        name="other",
    )
    assert (result.refunds, result.refused) == (0, {"cancellation_exists": 1})
    after = await everything(database, merchant)
    assert {table for table in TABLES if after[table] != before[table]} == {"import_runs"}


async def test_next_months_file_gives_back_what_this_months_file_sold(database, merchant, tmp_path):
    await bring(database, merchant, tmp_path)
    later = [("C9", "CUP", "-2", "3.00", "2026-02-01 10:00", "c1", "", "")]
    result = await bring(database, merchant, tmp_path, later, name="february")
    assert (result.refunds, result.refunded_minor) == (1, 300)
    assert result.refused == {"cancellation_partly_matched": 1}
    assert [(back.number, back.first, back.quantity) for back in await backs(database, merchant)] == [
        ("1", 0, 2), ("2", 0, 2), ("1", 2, 1),
    ]  # fmt: skip
    assert (await lines(database, merchant))[0].refunded_quantity == 3


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


@pytest.mark.parametrize("reason", REFUSALS)
async def test_a_row_is_refused_with_its_reason_and_changes_nothing(database, merchant, tmp_path, reason):
    before = await everything(database, merchant)
    result = await bring(database, merchant, tmp_path, [REFUSALS[reason]])
    assert (result.rows_read, result.rows_clean, result.refused) == (1, 0, {reason: 1})
    assert refused(Path(result.report_path)) == [("2", reason)]
    after = await everything(database, merchant)
    assert {table for table in TABLES if after[table] != before[table]} == {"import_runs"}


async def test_a_second_customer_within_an_order_is_refused_and_the_first_keeps_it(
    database, merchant, tmp_path
):
    rows = [
        ("1", "A", "1", "1", "2026-01-05", "c1", "", ""),
        ("1", "B", "1", "1", "2026-01-05", "c2", "", ""),
    ]
    result = await bring(database, merchant, tmp_path, rows)
    assert (result.orders, result.customers, result.value_minor) == (1, 1, 100)
    assert refused(tmp_path / "refused.csv") == [("3", "other_customer")]


async def test_a_formula_in_a_strangers_file_does_not_run_in_the_report(database, merchant, tmp_path):
    await bring(database, merchant, tmp_path, [("=1+1", "A", "-1", "1", "2026-01-05", "c", "@SUM", "")])
    text = (tmp_path / "refused.csv").read_text(encoding="utf-8-sig")
    assert "'=1+1" in text
    assert "'@SUM" in text
    assert ",-1," in text


async def test_an_order_for_nothing_is_kept_without_a_payment(database, merchant, tmp_path):
    result = await bring(database, merchant, tmp_path, [("1", "A", "1", "0.001", "2026-01-05", "c", "", "")])
    found = await counts(database, merchant)
    assert (result.orders, result.value_minor) == (1, 0)
    assert (found["orders"], found["payments"], found["transfers"]) == (1, 0, 0)


async def test_a_currency_without_minor_digits_and_its_zone(database, new_shop, tmp_path):
    tokyo = await new_shop(currency="JPY", timezone="Asia/Tokyo")
    await bring(database, tokyo, tmp_path, [("1", "A", "3", "120.5", "2026-01-05 09:00", "c", "", "")])
    (head,) = await heads(database, tokyo)
    assert (head.currency, head.total, head.placed_at) == ("JPY", 362, datetime(2026, 1, 5, tzinfo=UTC))


async def test_a_sku_of_the_merchants_own_catalogue_is_used_and_left_as_it_is(database, merchant, tmp_path):
    from siyu.goods import catalog

    async with database.begin(merchant) as uow:
        categories = await catalog.add_categories(uow, [("茶", "")])
        new = catalog.NewProduct(category="茶", title="我们的杯子", skus=(catalog.NewSku("CUP", 1990),))
        await catalog.add_products(uow, [new], categories)
    await bring(database, merchant, tmp_path)
    async with database.begin(merchant) as uow:
        kept = await uow.all(
            str,
            """
            select concat_ws('|', p.title, k.price, p.is_on_shelf) from skus k
            join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
            where k.merchant_id = %(merchant_id)s and k.code = 'CUP'
            """,
        )
    assert kept == ["我们的杯子|1990|t"]
    assert (await counts(database, merchant))["products"] == 2


class Killed(Exception):
    pass


async def stopped_at(database, merchant, tmp_path, rows, records: int) -> None:
    """Import until `records` records are committed, then stop as if the process had died."""

    def stop(progress: Progress) -> None:
        if progress.stage is Stage.WRITE and progress.done >= records:
            raise Killed

    with pytest.raises(Killed):
        await bring(database, merchant, tmp_path, rows, on_progress=stop)


MANY = [
    *((f"{i}", f"S{i % 50}", "2", "1.25", f"2026-01-{1 + i % 28:02} 10:00", f"c{i % 40}", f"Item {i % 50}", "")
      for i in range(3_000)),
    *((f"C{i}", f"S{i % 50}", "-1", "1.25", "2026-02-01 10:00", f"c{i % 40}", "", "") for i in range(0, 3_000, 3)),
]  # fmt: skip


@pytest.mark.parametrize("records", [1, 60, 100, 3_090, 3_091])
async def test_a_run_that_was_stopped_goes_on_and_ends_as_if_it_had_not(
    database, new_shop, tmp_path, records, monkeypatch
):
    from siyu.trade.imports import writing

    monkeypatch.setattr(writing, "RECORDS_PER_CHUNK", 40)
    straight, broken = await new_shop(), await new_shop()
    expected = await bring(database, straight, tmp_path, MANY)
    await stopped_at(database, broken, tmp_path, MANY, records)
    async with database.begin(broken) as uow:
        (run,) = await imports.listing(uow)
    assert run.state == "failed"
    assert run.position >= records
    assert await bring(database, broken, tmp_path, MANY) == expected
    assert await lines(database, broken) == await lines(database, straight)
    assert await heads(database, broken) == await heads(database, straight)
    assert await backs(database, broken) == await backs(database, straight)
    assert await balances(database, broken) == await balances(database, straight)
    async with database.begin(broken) as uow:
        (run,) = await imports.listing(uow)
    assert (run.state, run.position, run.total) == ("done", run.total, 50 + 40 + 3_000 + expected.refunds)


@pytest.mark.crash
async def test_a_killed_process_leaves_a_run_that_another_process_finishes(
    database, database_url, new_shop, tmp_path
):
    straight, broken = await new_shop(), await new_shop()
    expected = await bring(database, straight, tmp_path, MANY)
    file = tmp_path / "orders.csv"
    script = textwrap.dedent(
        f"""
        import asyncio, pathlib, sys, time
        from siyu.runtime.db import Database
        from siyu.runtime.tenancy import Directory
        from siyu.trade import imports
        def tell(progress):
            if progress.stage is imports.Stage.WRITE and progress.done > 2_000:
                print("written", flush=True)
                time.sleep(60)
        async def main():
            database = Database({database_url!r}, connections_max=2)
            await database.open()
            merchant = await Directory(database).find({broken.slug!r})
            await imports.import_orders(database, merchant, pathlib.Path({str(file)!r}),
                mapping=imports.Mapping(*{HEADER!r}), on_progress=tell)
        asyncio.run(main())
        """
    )
    environment = os.environ | {"SIYU_DATA_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment, text=True
    )
    assert process.stdout is not None
    assert await asyncio.to_thread(process.stdout.readline) == "written\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    async with database.begin(broken) as uow:
        (run,) = await imports.listing(uow)
    assert (run.state, 2_000 < run.position < run.total) == ("running", True)

    assert await bring(database, broken, tmp_path, MANY) == msgspec.structs.replace(expected, report_path="")
    assert await heads(database, broken) == await heads(database, straight)
    assert await backs(database, broken) == await backs(database, straight)
    assert await balances(database, broken) == await balances(database, straight)


async def test_one_import_at_a_time_per_merchant_and_the_second_changes_nothing(database, merchant, tmp_path):
    second: list[asyncio.Task] = []

    def start_another(progress: Progress) -> None:
        if not second:
            second.append(
                asyncio.ensure_future(bring(database, merchant, tmp_path, MANY[:10], name="second"))
            )

    await bring(database, merchant, tmp_path, MANY, on_progress=start_another)
    with pytest.raises(ImportUnderWay):
        await second[0]
    async with database.begin(merchant) as uow:
        assert [run.source for run in await imports.listing(uow)] == ["orders.csv"]


async def test_a_mapping_to_a_column_that_is_not_there_is_refused_and_changes_nothing(
    database, merchant, tmp_path
):
    file = write(tmp_path / "orders.csv", ROWS)
    with pytest.raises(MappingIncomplete) as refusal:
        await imports.import_orders(database, merchant, file, mapping=imports.named("sku=code", MAPPING))
    assert refusal.value.sentence("zh") == "列对应不完整：商品编码。"
    assert set((await counts(database, merchant)).values()) == {0}


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    imports.cli.add_arguments(parser)
    return parser.parse_args(given)


async def command(database, merchant, *given: str) -> tuple[int, str]:
    screen = io.StringIO()
    code = await imports.cli.run(arguments(*given), database, merchant, Console(file=screen, width=120))
    return code, screen.getvalue()


async def test_the_command_shows_the_mapping_and_waits_for_a_yes(database, merchant, tmp_path):
    file = str(write(tmp_path / "orders.csv", ROWS))
    code, said = await command(database, merchant, file)
    assert code == 2
    assert "2026-01-05 10:00" in said
    assert "--yes" in said
    assert (await counts(database, merchant))["import_runs"] == 0


async def test_the_command_imports_and_tells_the_figures(database, merchant, tmp_path):
    rows = [*ROWS, REFUSALS["no_customer"]]
    file, report = str(write(tmp_path / "orders.csv", rows)), tmp_path / "refused.csv"
    code, said = await command(database, merchant, file, "--yes", "--report", str(report))
    assert code == 0
    assert "34.01 CNY" in said
    assert "没有客户" in said
    assert refused(report) == [("7", "no_customer")]
    code, said = await command(database, merchant, file, "--yes", "--language", "en")
    assert (code, "nothing changed" in said) == (0, True)


async def test_the_command_takes_a_mapping_by_hand_and_refuses_what_is_missing(database, merchant, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("x1,sku,quantity,price,time,customer\n1,A,1,1,2026-01-05,c\n")
    code, said = await command(database, merchant, str(file), "--yes", "--language", "en")
    assert (code, "Order number" in said) == (1, True)
    code, _ = await command(database, merchant, str(file), "--yes", "--map", "order=x1")
    assert (code, (await counts(database, merchant))["orders"]) == (0, 1)


async def test_the_command_refuses_a_file_that_is_not_there_and_a_zone_nobody_knows(
    database, merchant, tmp_path
):
    assert (await command(database, merchant, str(tmp_path / "none.csv"), "--yes"))[0] == 1
    file = str(write(tmp_path / "orders.csv", ROWS))
    assert (await command(database, merchant, file, "--yes", "--timezone", "Mars/Olympus"))[0] == 1
    assert (await counts(database, merchant))["import_runs"] == 0
