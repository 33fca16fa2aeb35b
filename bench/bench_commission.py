"""A million paid order lines through the real consumer and sweeps: earned, received, payable, 5 % refunded, settled.

Beside it stands COPY of the same rows into a table with the same columns and indexes. BENCH_LINES makes it smaller.
"""

import asyncio
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg

from figures import Figure, at_least, at_most, plain
from siyu.app import House, open_house
from siyu.growth import distribution
from siyu.kernel import clock, ids
from siyu.money import ledger
from siyu.people import merchants
from siyu.runtime import embedded
from siyu.runtime.db import Merchant
from siyu.runtime.worker import digest
from siyu.serve import with_sandbox
from siyu.settings import Settings

LINES = int(os.environ.get("BENCH_LINES", "1000000"))
PER_ORDER = 2
PROMOTERS = 500
REFUNDED = 20  # one order in so many gives one unit back
EARN_RATIO_MIN = 0.02  # of COPY: each line is also a transfer, a hold and its part of two balances
GROWTH_MAX = 60.0  # MB between a tenth of the lines and the last
(CONSUMER,) = distribution.CONSUMERS
MATURE = distribution.SWEEPS[0]


async def run() -> list[Figure]:
    """Earn, receive, mature, refund, settle; then COPY the same rows."""
    folder = Path(tempfile.mkdtemp(prefix="siyu-bench-"))
    folder.chmod(0o755)
    settings = Settings(data_dir=str(folder))
    try:
        async with open_house(with_sandbox(settings)) as house:
            merchant = await merchants.create(house.database_url, slug="commission", name="测速店")
            await _prepared(house, merchant)
            return await _measured(house, merchant, folder)
    finally:
        clock.move_to(timedelta(0))
        embedded.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


async def _measured(house: House, merchant: Merchant, folder: Path) -> list[Figure]:
    memory: list[float] = []

    async def digests() -> int:
        did = await digest(house.database, merchant, CONSUMER)
        memory.append(_memory())
        return did

    async def matures() -> int:
        return await MATURE.run(house.database, merchant)

    earned = await _all(digests)
    await _told(house, merchant, "received")
    await _all(digests)
    clock.move_to(timedelta(days=16))
    matured = await _all(matures)
    await _told(house, merchant, "refunded")
    reversed_ = await _all(digests)
    settled = await _settled(house, merchant)
    copied = await _copied(house, folder)
    refunds = LINES // PER_ORDER // REFUNDED
    whole = earned + matured + reversed_ + settled
    return [
        at_least(
            "commission.earn", LINES / earned, "lines/s", against=LINES / copied, goal=EARN_RATIO_MIN,
            limit=f"≥ {EARN_RATIO_MIN:g} × COPY of {LINES:,} rows into a plain table",
        ),
        plain("commission.mature", LINES / matured, "lines/s"),
        plain("commission.reverse", refunds / reversed_, "refunds/s"),
        plain("commission.settle", LINES / settled, "lines/s"),
        plain("commission.whole", LINES / whole, "lines/s"),
        plain("commission.copy", LINES / copied, "rows/s"),
        at_most("commission.memory", memory[-1] - memory[len(memory) // 10], "MB", goal=GROWTH_MAX),
        plain("commission.memory_at_the_end", memory[-1], "MB"),
    ]  # fmt: skip


def _memory() -> float:
    """Resident memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def _all(step: Callable[[], Awaitable[int]]) -> float:
    """Seconds until there is nothing left to do."""
    begin = time.perf_counter()
    while await step():
        pass
    return time.perf_counter() - begin


async def _prepared(house: House, merchant: Merchant) -> None:
    """Promoters, goods, paid orders and their facts, made in the database as its owner; and a plan with caps."""
    async with await psycopg.AsyncConnection.connect(house.database_url, autocommit=True) as owner:
        for statement in (_PEOPLE, _GOODS, _ORDERS, _LINES, _PAID):
            await owner.execute(
                statement,
                {
                    "merchant": merchant.id,
                    "promoters": PROMOTERS,
                    "orders": LINES // PER_ORDER,
                    "lines": PER_ORDER,
                },
            )
        await owner.execute("vacuum analyze")
    async with house.database.begin(merchant) as uow:
        await distribution.add_plan(uow, name="全店", rate_bps=500)
        rule = distribution.PlanRule(
            rate_bps=800, scope="products", targets=(await _first(uow),), month_cap=10**9
        )
        plan = await distribution.save(uow, ids.new(), "有封顶", rule)
        await distribution.publish(uow, plan.id)
        await uow.run(
            """
            update commission_plan_terms set starts_at = %(now)s - interval '1 day'
            where merchant_id = %(merchant_id)s
            """
        )


async def _first(uow) -> UUID:
    return await uow.one(
        UUID, "select id from products where merchant_id = %(merchant_id)s order by title limit 1"
    )


async def _told(house: House, merchant: Merchant, what: str) -> None:
    async with await psycopg.AsyncConnection.connect(house.database_url, autocommit=True) as owner:
        await owner.execute(
            _RECEIVED if what == "received" else _REFUNDED,
            {"merchant": merchant.id, "refunded": REFUNDED, "now": clock.now()},
        )
        await owner.execute("vacuum analyze events, commissions")


async def _settled(house: House, merchant: Merchant) -> float:
    """Seconds to take everything that is open into one payout per promoter, as payouts does it."""
    async with house.database.begin(merchant) as uow:
        everybody = await uow.all(
            UUID, "select id from promoters where merchant_id = %(merchant_id)s order by id"
        )
    begin = time.perf_counter()
    for promoter_id in everybody:
        async with house.database.begin(merchant) as uow:
            taken = [(line, line.open) for line in await distribution.open_lines(uow, promoter_id)]
            amount = sum(part for _, part in taken)
            await distribution.settle(uow, promoter_id, taken)
            code = distribution.account_code(promoter_id)
            accounts = await ledger.open_accounts(uow, {code: "credit", "payout_clearing": "credit"})
            promised = ledger.Transfer(
                ids.new(), accounts[code], accounts["payout_clearing"], amount, "payout", promoter_id
            )
            await ledger.hold(uow, [promised])
    took = time.perf_counter() - begin
    async with house.database.begin(merchant) as uow:
        sums = await distribution.sums(uow)
        assert (sums.open, sums.pending) == (0, 0), "everything was settled"
        assert (await ledger.trial_balance(uow)).is_sound
    return took


async def _copied(house: House, folder: Path) -> float:
    """Seconds of COPY of the same rows into a table with the same indexes."""
    rows = folder / "rows"
    async with await psycopg.AsyncConnection.connect(house.database_url, autocommit=True) as owner:
        await owner.execute(
            "create table plain_commissions (like commissions including defaults including indexes)"
        )
        with rows.open("wb") as out:
            async with owner.cursor() as cursor, cursor.copy("copy commissions to stdout") as copy:
                async for chunk in copy:
                    out.write(chunk)
        begin = time.perf_counter()
        with rows.open("rb") as source:
            async with owner.cursor() as cursor, cursor.copy("copy plain_commissions from stdin") as copy:
                while chunk := source.read(1 << 20):
                    await copy.write(chunk)
        return time.perf_counter() - begin


_PEOPLE = """
    with people as (
        insert into customers (merchant_id, id, joined_at, updated_at)
        select %(merchant)s, md5('person' || n)::uuid, current_timestamp, current_timestamp
        from generate_series(0, %(promoters)s + 999) as n
    )
    insert into promoters (merchant_id, id, customer_id, kind, name, state, agreement_version, joined_at)
    select %(merchant)s, md5('promoter' || n)::uuid, md5('person' || n)::uuid, 'koc', '推广员' || n, 'active', '1',
           current_timestamp - interval '90 days'
    from generate_series(0, %(promoters)s - 1) as n
"""
_GOODS = """
    with shelf as (
        insert into categories (merchant_id, id, name, position) values (%(merchant)s, md5('shelf')::uuid, '全部', 1)
    ), goods as (
        insert into products (merchant_id, id, category_id, title, is_on_shelf, created_at, updated_at)
        select %(merchant)s, md5('product' || n)::uuid, md5('shelf')::uuid, '商品' || n, true, current_timestamp,
               current_timestamp
        from generate_series(1, %(lines)s) as n
    )
    insert into skus (merchant_id, id, product_id, code, price, updated_at)
    select %(merchant)s, md5('sku' || n)::uuid, md5('product' || n)::uuid, 'K' || n, 1000, current_timestamp
    from generate_series(1, %(lines)s) as n
"""
_ORDERS = """
    insert into orders (merchant_id, id, number, customer_id, channel, state, currency, total, promoter_id, placed_at,
                        paid_at, updated_at)
    select %(merchant)s, md5('order' || n)::uuid, 'N' || n,
           md5('person' || (%(promoters)s + n %% 1000))::uuid, 'shop', 'paid', 'CNY', 4000,
           md5('promoter' || (n %% %(promoters)s))::uuid, current_timestamp, current_timestamp, current_timestamp
    from generate_series(1, %(orders)s) as n
"""
_LINES = """
    insert into order_lines (merchant_id, order_id, line_no, product_id, sku_id, title, quantity, unit_price, amount)
    select %(merchant)s, md5('order' || n)::uuid, l, md5('product' || l)::uuid, md5('sku' || l)::uuid, '商品', 2, 1000,
           2000
    from generate_series(1, %(orders)s) as n, generate_series(1, %(lines)s) as l
"""
_PAID = """
    insert into events (merchant_id, id, kind, at, data)
    select %(merchant)s, md5('paid' || n)::uuid, 'orders.paid', current_timestamp, jsonb_build_object(
        'kind', 'orders.paid', 'order_id', md5('order' || n)::uuid, 'number', 'N' || n, 'total', 4000,
        'customer_id', md5('person' || (%(promoters)s + n %% 1000))::uuid,
        'promoter_id', md5('promoter' || (n %% %(promoters)s))::uuid,
        'lines', (select jsonb_agg(jsonb_build_object(
            'line_no', l, 'product_id', md5('product' || l)::uuid, 'sku_id', md5('sku' || l)::uuid, 'quantity', 2,
            'amount', 2000)) from generate_series(1, %(lines)s) as l))
    from generate_series(1, %(orders)s) as n
"""
_RECEIVED = """
    insert into events (merchant_id, id, kind, at, data)
    select merchant_id, md5('received' || id)::uuid, 'orders.received', current_timestamp,
           jsonb_build_object('kind', 'orders.received', 'order_id', id)
    from orders where merchant_id = %(merchant)s
"""
_REFUNDED = """
    insert into events (merchant_id, id, kind, at, data)
    select merchant_id, md5('refunded' || id)::uuid, 'orders.refunded', %(now)s, jsonb_build_object(
        'kind', 'orders.refunded', 'order_id', id, 'refund_id', md5('refund' || id)::uuid, 'amount', 1000,
        'lines', jsonb_build_array(jsonb_build_object('line_no', 1, 'first', 0, 'quantity', 1, 'amount', 1000)))
    from orders where merchant_id = %(merchant)s and substr(number, 2)::int %% %(refunded)s = 0
"""


if __name__ == "__main__":
    for figure in asyncio.run(run()):
        print(figure)
