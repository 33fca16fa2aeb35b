"""Orders a second over HTTP, as a ratio to what pgbench reaches with the least an order can be.

Placement over HTTP is the whole of it: token, quote check, attribution, stock, order, lines, fact, idempotency key.
"""

import itertools
import random
import statistics

import msgspec

import load
import pgbench
from figures import Figure, at_least, at_most, plain
from standing import PRICE, Standing, standing_house

CONNECTIONS = 64
SECONDS = 4
ROUNDS = 3
MEMORY_MIB_MAX = 400


async def run() -> list[Figure]:
    """Measure spread and hot placement, in turn with pgbench."""
    async with standing_house() as house:
        await pgbench.prepare(house.database_url)
        figures: list[Figure] = []
        for name, is_hot, goal in (("orders.spread", False, 0.5), ("orders.hot", True, 2.0)):
            theirs, ours, loads = [], [], []
            for _ in range(ROUNDS):
                await pgbench.tidy(house.database_url)
                theirs.append(
                    await pgbench.transactions_per_second(house.database_url, is_hot=is_hot, seconds=SECONDS)
                )
                await pgbench.tidy(house.database_url)
                got = await _place(house, is_hot=is_hot)
                assert set(got.statuses) == {201}, f"every order is placed, got {got.statuses}"
                ours.append(got.per_second(201))
                loads.append(got)
            against = statistics.median(theirs)
            figures += [
                at_least(
                    name,
                    statistics.median(ours),
                    "orders/s",
                    against=against,
                    goal=goal,
                    limit=f"≥ {goal} × pgbench, four statements, {'one row' if is_hot else 'spread rows'}",
                ),
                plain(f"{name}.pgbench", against, "transactions/s"),
                plain(f"{name}.p99", statistics.median(x.latency_ms_p99 for x in loads), "ms"),
            ]
        figures.append(at_most("orders.memory", house.memory_mib(), "MiB", goal=MEMORY_MIB_MAX))
    return figures


async def _place(house: Standing, *, is_hot: bool) -> load.Load:
    chance = random.Random(7)
    tokens = itertools.cycle(house.tokens)
    run_id = chance.getrandbits(60)
    numbers = itertools.count(random.getrandbits(60))
    path = f"/api/v1/{house.merchant.slug}/orders"
    bodies = [
        msgspec.json.encode(
            {"store_id": house.store_id, "lines": [{"sku_id": sku, "quantity": 1}], "expected_total": PRICE}
        )
        for sku in (house.sku_ids[:1] if is_hot else house.sku_ids)
    ]

    def request() -> bytes:
        headers = {
            "authorization": f"Bearer {next(tokens)}",
            "idempotency-key": f"{run_id:x}-{next(numbers):x}",
        }
        return load.http("POST", path, headers=headers, body=chance.choice(bodies))

    return await load.run(house.url, request, connections=CONNECTIONS, seconds=SECONDS)
