"""Checkouts a second over HTTP: five lines sent by parcel, their price built up by three calculators.

Each line has a price list's price and a quantity tier, the order a freight template. Against what pgbench reaches with
the least an order can be: one line, four statements, nothing worked out.
"""

import itertools
import random
import statistics
from uuid import UUID

import msgspec
import psycopg

import load
import pgbench
from figures import Figure, at_least, plain
from siyu.goods import pricing
from siyu.kernel import ids
from siyu.runtime.db import Database
from siyu.trade import delivery
from standing import PRICE, Standing, standing_house

CONNECTIONS = 64
SECONDS = 4
ROUNDS = 3
GOAL = 0.35
LINES = 5
UNITS = 3  # of each line: from three units on the tier's price holds
LIST_PRICE, TIER_PRICE = PRICE - 100, PRICE - 200
FREIGHT = 800
ADDRESS = {
    "name": "林小满",
    "phone": "13800000000",
    "region_code": "310115",
    "region": ["上海市", "市辖区", "浦东新区"],
    "detail": "世纪大道 100 号",
}


async def run() -> list[Figure]:
    """Measure checkouts in turn with pgbench."""
    async with standing_house() as house:
        await _rules(house)
        await pgbench.prepare(house.database_url)
        theirs, ours, loads = [], [], []
        for _ in range(ROUNDS):
            await pgbench.tidy(house.database_url)
            theirs.append(
                await pgbench.transactions_per_second(house.database_url, is_hot=False, seconds=SECONDS)
            )
            await pgbench.tidy(house.database_url)
            got = await _check_out(house)
            assert set(got.statuses) == {201}, f"every order is placed, got {got.statuses}"
            ours.append(got.per_second(201))
            loads.append(got)
        against = statistics.median(theirs)
        return [
            at_least(
                "checkout",
                statistics.median(ours),
                "orders/s",
                against=against,
                goal=GOAL,
                limit=f"≥ {GOAL} × pgbench's one-line order: {LINES} lines, list, tier and freight",
            ),
            plain("checkout.pgbench", against, "transactions/s"),
            plain("checkout.lines", statistics.median(ours) * LINES, "lines/s"),
            plain("checkout.p99", statistics.median(x.latency_ms_p99 for x in loads), "ms"),
        ]


async def _rules(house: Standing) -> None:
    """A price list with a tier for every SKU, a freight template, and a store that ships."""
    database = Database(house.database_url, connections_max=2)
    await database.open()
    try:
        async with database.begin(house.merchant) as uow:
            list_id = ids.new()
            await pricing.save(uow, list_id, pricing.ListForm(name="日常价"))
            items = [
                pricing.NewItem(UUID(str(sku)), least, price)
                for sku in house.sku_ids
                for least, price in ((1, LIST_PRICE), (UNITS, TIER_PRICE))
            ]
            await pricing.set_items(uow, list_id, items)
            await delivery.offer(uow, ("pickup", "express"))
            template = delivery.FreightTemplate(
                ids.new(), "按件", "piece", (delivery.RegionGroup((), True, 1, FREIGHT, 100, 0),)
            )
            await delivery.keep_template(uow, template)
            await delivery.make_default(uow, template.id)
            await uow.run("update stores set ships = true where merchant_id = %(merchant_id)s")
    finally:
        await database.close()
    async with await psycopg.AsyncConnection.connect(house.database_url, autocommit=True) as connection:
        await connection.execute("vacuum analyze")


async def _check_out(house: Standing) -> load.Load:
    chance = random.Random(7)
    tokens = itertools.cycle(house.tokens)
    run_id = chance.getrandbits(60)
    numbers = itertools.count(random.getrandbits(60))
    path = f"/api/v1/{house.merchant.slug}/orders"
    bodies = [
        msgspec.json.encode(
            {
                "delivery": "express",
                "address": ADDRESS,
                "lines": [{"sku_id": sku, "quantity": UNITS} for sku in chance.sample(house.sku_ids, LINES)],
                "expected_total": LINES * UNITS * TIER_PRICE + FREIGHT,
            }
        )
        for _ in range(2_000)
    ]

    def request() -> bytes:
        headers = {
            "authorization": f"Bearer {next(tokens)}",
            "idempotency-key": f"{run_id:x}-{next(numbers):x}",
        }
        return load.http("POST", path, headers=headers, body=chance.choice(bodies))

    return await load.run(house.url, request, connections=CONNECTIONS, seconds=SECONDS)
