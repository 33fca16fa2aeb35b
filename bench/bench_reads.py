"""Product pages a second as JSON over HTTP, as a ratio to a constant JSON route of the same server."""

import itertools
import random
import statistics

import load
from figures import Figure, at_least, plain
from standing import standing_house

CONNECTIONS = 64
SECONDS = 4
ROUNDS = 3


async def run() -> list[Figure]:
    """Measure both in turn."""
    async with standing_house() as house:
        chance = random.Random(7)
        pages = [
            load.http("GET", f"/api/v1/{house.merchant.slug}/products/{product_id}")
            for product_id in house.product_ids
        ]
        chance.shuffle(pages)
        constant = load.http("GET", "/health")
        following = itertools.cycle(pages)
        ours, theirs, tails = [], [], []
        for _ in range(ROUNDS):
            got = await load.run(house.url, lambda: constant, connections=CONNECTIONS, seconds=SECONDS)
            theirs.append(got.per_second(200))
            got = await load.run(house.url, lambda: next(following), connections=CONNECTIONS, seconds=SECONDS)
            assert set(got.statuses) == {200}, f"every product is found, got {got.statuses}"
            ours.append(got.per_second(200))
            tails.append(got.latency_ms_p99)
        against = statistics.median(theirs)
    return [
        at_least(
            "reads.product",
            statistics.median(ours),
            "requests/s",
            against=against,
            goal=0.5,
            limit="≥ 0.5 × constant JSON route",
        ),
        plain("reads.constant", against, "requests/s"),
        plain("reads.p99", statistics.median(tails), "ms"),
    ]
