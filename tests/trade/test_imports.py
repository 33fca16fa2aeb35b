"""Importing small files into a real database."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from siyu.trade.imports.model import ImportResult
from trade.import_files import (
    REFUSALS,
    ROWS,
    TABLES,
    Back,
    Head,
    Line,
    backs,
    balances,
    bring,
    counts,
    everything,
    heads,
    lines,
    refused,
)


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
