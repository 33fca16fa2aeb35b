"""The published figures of a well-known real file: UCI Online Retail, 1 Dec 2010 - 9 Dec 2011."""

from pathlib import Path

import msgspec
import pytest

from siyu.money import ledger
from siyu.trade import imports

FILE = Path(__file__).parents[3] / "shared" / "data" / "online_retail" / "online_retail.parquet"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not FILE.exists(), reason="the Online Retail data set is not on this machine"),
]


class Sums(msgspec.Struct, frozen=True):
    orders: int
    lines: int
    customers: int
    products: int
    value: int
    refunds: int
    refunded: int
    refunded_by_lines: int
    refunded_by_parts: int


async def test_the_whole_file_comes_to_the_published_figures(database, new_shop, tmp_path):
    shop = await new_shop(currency="GBP", timezone="Europe/London")
    mapping = imports.guess_mapping(FILE)
    report = tmp_path / "refused.csv"
    dry = await imports.import_orders(database, shop, FILE, mapping=mapping, dry_run=True, report_path=report)
    result = await imports.import_orders(database, shop, FILE, mapping=mapping, report_path=report)

    assert dry == msgspec.structs.replace(result, is_dry_run=True)
    assert (result.rows_read, result.rows_clean) == (541_909, 397_884)
    assert (result.customers, result.orders, result.value_minor) == (4_338, 18_532, 891_140_790)
    assert (result.products, result.cancellations) == (3_665, 8_905)
    assert result.refused["no_customer"] == 135_080
    assert result.refused["price_not_positive"] == 40
    # Every row is a clean line, a cancellation, or refused before anybody asked what it is.
    assert 397_884 + 8_905 + 135_080 + 40 == 541_909
    with report.open(encoding="utf-8-sig") as lines:
        assert sum(1 for _ in lines) == 1 + result.rows_refused

    async with database.begin(shop) as uow:
        sums = await uow.one(
            Sums,
            """
            select (select count(*) from orders where merchant_id = %(merchant_id)s) as orders,
                   (select count(*) from order_lines where merchant_id = %(merchant_id)s) as lines,
                   (select count(*) from customers where merchant_id = %(merchant_id)s) as customers,
                   (select count(*) from products where merchant_id = %(merchant_id)s) as products,
                   (select sum(amount)::bigint from order_lines where merchant_id = %(merchant_id)s) as value,
                   (select count(*) from refunds where merchant_id = %(merchant_id)s) as refunds,
                   (select sum(refunded)::bigint from orders where merchant_id = %(merchant_id)s) as refunded,
                   (select sum(refunded_amount)::bigint from order_lines where merchant_id = %(merchant_id)s)
                       as refunded_by_lines,
                   (select sum(amount)::bigint from refund_lines where merchant_id = %(merchant_id)s)
                       as refunded_by_parts
            """,
        )
        books = await ledger.trial_balance(uow)
        sales, _ = sorted(await ledger.accounts(uow), key=lambda account: account.side)
        wrong_orders = await uow.one(
            int,
            """
            select count(*) from orders o where merchant_id = %(merchant_id)s and not exists (
                select from order_lines l where l.merchant_id = o.merchant_id and l.order_id = o.id
                having sum(l.amount) = o.total and sum(l.refunded_amount) = o.refunded)
            """,
        )
    given = result.refunded_minor
    assert sums == Sums(18_532, 397_884, 4_338, 3_665, 891_140_790, result.refunds, given, given, given)
    assert wrong_orders == 0
    assert books.is_sound
    assert sales.balance == 891_140_790 - given
