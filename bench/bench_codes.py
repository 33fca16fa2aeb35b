"""Item codes: making ten million, what a look at one costs in small and large batches, scanning and redeeming over HTTP.

Making is set against writing the same bytes to a file, scanning and redeeming against a constant route of the server.
"""

import asyncio
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

import load
from figures import Figure, plain
from siyu.growth import itemcodes
from siyu.kernel import ids
from siyu.runtime.db import Database
from standing import Standing, standing_house

MADE = 10_000_000
CONNECTIONS = 64
SECONDS = 4
ROUNDS = 3
LOOKS = 20_000
SIZES = (100_000, 1_000_000, 10_000_000, 100_000_000)


async def run() -> list[Figure]:
    """Measure all of it."""
    figures = await asyncio.to_thread(_made)
    figures += await asyncio.to_thread(_looks)
    async with standing_house() as house:
        figures += await _over_http(house)
    return figures


def _made() -> list[Figure]:
    keys = itemcodes.keys(random.Random(7).randbytes(32), 7, "inner", MADE)
    make_seconds, write_seconds = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            started = time.perf_counter()
            with (Path(folder) / "codes").open("wb") as file:
                for chunk in itemcodes.make(keys, 0, MADE - 1):
                    file.write(chunk)
            make_seconds.append(time.perf_counter() - started)
            same = (Path(folder) / "codes").read_bytes()
            started = time.perf_counter()
            with (Path(folder) / "again").open("wb") as file:
                file.write(same)
            write_seconds.append(time.perf_counter() - started)
    made, written = statistics.median(make_seconds), statistics.median(write_seconds)
    return [
        Figure(
            name="codes.make", value=round(MADE / made), unit="codes/s", ratio=round(written / made, 3),
            limit="beside writing the same bytes",
        ),
        plain("codes.write", MADE / written, "codes/s"),
    ]  # fmt: skip


def _looks() -> list[Figure]:
    figures: list[Figure] = []
    smallest = 0.0
    for size in SIZES:
        keys = itemcodes.keys(random.Random(size).randbytes(32), 7, "inner", size)
        chance = random.Random(7)
        texts = [itemcodes.code_of(keys, chance.randrange(size)) for _ in range(1_000)]
        started = time.perf_counter()
        for text in itertools.islice(itertools.cycle(texts), LOOKS):
            code = itemcodes.parse(text)
            assert code is not None
            assert itemcodes.serial_of(keys, code) is not None
        each = (time.perf_counter() - started) / LOOKS * 1_000_000
        smallest = smallest or each
        figures.append(
            Figure(
                name=f"codes.look.{size:,}", value=round(each, 1), unit="µs", ratio=round(each / smallest, 2),
                limit="beside a batch of 100,000",
            )
        )  # fmt: skip
    return figures


async def _over_http(house: Standing) -> list[Figure]:
    database = Database(house.database_url, connections_max=2)
    await database.open()
    try:
        new = itemcodes.NewBatch("测速", MADE, reward=itemcodes.Reward("points", points=1), per_day=1_000)
        async with database.begin(house.merchant) as uow:
            batch = await itemcodes.create(uow, ids.new(), new)
            await itemcodes.activate(uow, ids.new(), batch.id, 0, MADE - 1)
            key = await itemcodes.key_of(uow, batch.id)
    finally:
        await database.close()
    outer, inner = (_codes(key, batch, kind) for kind in ("outer", "inner"))
    tokens = itertools.cycle(house.tokens)
    root = f"/api/v1/{house.merchant.slug}/item-codes"

    def scan() -> bytes:
        body = msgspec.json.encode({"visitor_id": ids.new()})
        return load.http("POST", f"{root}/{next(outer)}/scans", body=body)

    def redeem() -> bytes:
        headers = {"authorization": f"Bearer {next(tokens)}", "content-length": "0"}
        return load.http("POST", f"{root}/{next(inner)}/redemption", headers=headers)

    constant = load.http("GET", "/health")
    theirs, scans, redemptions, tails = [], [], [], []
    for _ in range(ROUNDS):
        got = await load.run(house.url, lambda: constant, connections=CONNECTIONS, seconds=SECONDS)
        theirs.append(got.per_second(200))
        got = await load.run(house.url, scan, connections=CONNECTIONS, seconds=SECONDS)
        assert set(got.statuses) == {200}, f"every code is ours, got {got.statuses}"
        scans.append(got.per_second(200))
        tails.append(got.latency_ms_p99)
        got = await load.run(house.url, redeem, connections=CONNECTIONS, seconds=SECONDS)
        assert set(got.statuses) == {200}, f"every code brings its points, got {got.statuses}"
        redemptions.append(got.per_second(200))
    against = statistics.median(theirs)
    return [
        *(
            Figure(
                name=name, value=round(statistics.median(values), 1), unit="requests/s",
                ratio=round(statistics.median(values) / against, 3), limit="beside a constant JSON route",
            )
            for name, values in (("codes.scan", scans), ("codes.redeem", redemptions))
        ),
        plain("codes.constant", against, "requests/s"),
        plain("codes.scan.p99", statistics.median(tails), "ms"),
    ]  # fmt: skip


def _codes(key: bytes, batch: itemcodes.Batch, kind: itemcodes.Kind) -> Iterator[str]:
    keys = itemcodes.keys(key, batch.number, kind, MADE)
    for chunk in itemcodes.make(keys, 0, MADE - 1):
        yield from chunk.decode().split()
