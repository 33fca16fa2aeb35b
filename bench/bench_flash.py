"""A flash sale over HTTP: twenty thousand people want a thousand pieces at once, one for each of them.

Everybody is answered, a thousand are told of an order, and the database has neither more nor fewer. Answers a second –
accepted and refused – are held against pgbench's least order on one row, in the same run.
"""

import asyncio
import hashlib
import secrets
import statistics
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import msgspec

import load
import pgbench
from figures import Figure, at_least, plain
from siyu.goods import inventory
from siyu.goods.offers import Flash, FlashItem
from siyu.kernel import clock, ids
from siyu.kernel.permissions import ROLES
from siyu.runtime.db import Database
from siyu.trade import flashsales, orders
from standing import Standing, standing_house

BUYERS = 20_000
PIECES = 1_000
PRICE = 990
CONNECTIONS = 256
SECONDS = 4
ROUNDS = 3
GOAL = 2.0


async def run() -> list[Figure]:
    """Measure the stampede, in turn with pgbench."""
    async with standing_house() as house:
        database = Database(house.database_url, 4)
        await database.open()
        try:
            await pgbench.prepare(house.database_url)
            tokens = await _people(house, database)
            theirs, loads = [], []
            for i in range(ROUNDS):
                await pgbench.tidy(house.database_url)
                theirs.append(
                    await pgbench.transactions_per_second(house.database_url, is_hot=True, seconds=SECONDS)
                )
                await pgbench.tidy(house.database_url)
                loads.append(await _stampede(house, database, house.sku_ids[i], tokens))
        finally:
            await database.close()
    against = statistics.median(theirs)
    return [
        at_least(
            "flash.answers",
            statistics.median(one.per_second() for one in loads),
            "answers/s",
            against=against,
            goal=GOAL,
            limit=f"≥ {GOAL:g} × pgbench, four statements, one row; {BUYERS} buyers, {PIECES} pieces, none oversold",
        ),
        plain("flash.answers.pgbench", against, "transactions/s"),
        plain("flash.answers.p50", statistics.median(one.latency_ms_p50 for one in loads), "ms"),
        plain("flash.answers.p99", statistics.median(one.latency_ms_p99 for one in loads), "ms"),
    ]


async def _people(house: Standing, database: Database) -> list[str]:
    """Twenty thousand shoppers who are signed in; returns their tokens."""
    tokens = [secrets.token_urlsafe(32) for _ in range(BUYERS)]
    people = [ids.new() for _ in tokens]
    async with database.begin(house.merchant) as uow:
        await uow.run(
            """
            insert into customers (merchant_id, id, nickname, joined_at, updated_at)
            select %(merchant_id)s, id, '抢购的人', %(now)s, %(now)s from unnest(%(ids)s::uuid[]) as t (id)
            """,
            ids=people,
        )
        await uow.run(
            """
            insert into sessions (merchant_id, token_hash, kind, subject_id, name, permissions, created_at, expires_at)
            select %(merchant_id)s, t.hash, 'customer', t.id, '抢购的人', %(permissions)s, %(now)s, %(until)s
            from unnest(%(hashes)s::bytea[], %(ids)s::uuid[]) as t (hash, id)
            """,
            hashes=[hashlib.sha256(token.encode()).digest() for token in tokens],
            ids=people,
            permissions=sorted(ROLES["shopper"]),
            until=clock.now() + timedelta(days=1),
        )
    return tokens


async def _session(house: Standing, database: Database, sku_id: UUID) -> UUID:
    """A session that has begun, with its pieces put aside by the worker."""
    offer_id = ids.new()
    rule = Flash((FlashItem(sku_id, PRICE, PIECES, house.store_id, 1),), pay_minutes=30)
    async with database.begin(house.merchant) as uow:
        await uow.run(
            """
            insert into offers (merchant_id, id, name, kind, rule, state, starts_at, ends_at, created_at, updated_at)
            values (%(merchant_id)s, %(id)s, '测速秒杀', 'flash', %(rule)s::jsonb, 'active', %(now)s, %(ends)s, %(now)s,
                    %(now)s)
            """,
            id=offer_id,
            rule=msgspec.json.encode(rule).decode(),
            ends=clock.now() + timedelta(hours=1),
        )
        await uow.run(
            "insert into offer_counters (merchant_id, offer_id) values (%(merchant_id)s, %(id)s)", id=offer_id
        )
    for _ in range(200):
        async with database.begin(house.merchant) as uow:
            (level,) = await inventory.levels(uow, [sku_id])
        if level.carved == PIECES:
            return offer_id
        await asyncio.sleep(0.1)
    raise RuntimeError("the worker puts nothing aside")


async def _stampede(house: Standing, database: Database, sku_id: UUID, tokens: list[str]) -> load.Load:
    offer_id = await _session(house, database, sku_id)
    path = f"/api/v1/{house.merchant.slug}/orders"
    body = msgspec.json.encode(
        {
            "store_id": house.store_id,
            "lines": [{"sku_id": sku_id, "quantity": 1}],
            "expected_total": PRICE,
            "claim": {"kind": "flash", "id": offer_id},
        }
    )

    def everybody() -> Iterator[bytes]:
        for token in tokens:
            headers = {"authorization": f"Bearer {token}", "idempotency-key": offer_id.hex}
            yield load.http("POST", path, headers=headers, body=body)

    got = await load.each(house.url, everybody(), connections=CONNECTIONS)
    assert got.statuses == {201: PIECES, 409: BUYERS - PIECES}, f"everybody is answered, got {got.statuses}"
    await _nothing_oversold(house, database, offer_id, sku_id)
    return got


async def _nothing_oversold(house: Standing, database: Database, offer_id: UUID, sku_id: UUID) -> None:
    async with database.begin(house.merchant) as uow:
        sold = await uow.one(
            int,
            """
            select coalesce(sum(l.quantity), 0)::int from orders o
            join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
            where o.merchant_id = %(merchant_id)s and o.claim_id = %(offer)s and l.sku_id = %(sku)s
              and o.state <> 'closed'
            """,
            offer=offer_id,
            sku=sku_id,
        )
        assert sold == PIECES, f"{sold} of {PIECES} pieces are in orders"
        assert await flashsales.flash_proofs(uow) == [], "what is put aside is what is left"
        assert await orders.stock_promised_wrongly(uow) == [], "what is promised is what orders hold"
