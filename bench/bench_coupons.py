"""A million coupons for one segment in one set operation, beside a plain INSERT … SELECT of the same rows.

The plain table has the same columns and the same indexes, but no foreign keys, row-level security or counting: the
ratio is what these cost.
"""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from uuid import UUID

import psycopg

from figures import Figure, at_least, plain
from siyu.app import House, open_house
from siyu.goods import offers
from siyu.goods.offers import coupons_issue
from siyu.kernel import ids
from siyu.people import merchants
from siyu.runtime import embedded
from siyu.runtime.db import Merchant
from siyu.serve import with_sandbox
from siyu.settings import Settings

SEGMENT = 1_000_000
OTHERS = 50_000  # customers the segment leaves out
RATIO_MIN = 0.4
RULE = '{"kind": "coupon", "benefit": {"kind": "amount", "off": 1000, "least": 5000}, "days": 30}'


async def run() -> list[Figure]:
    """Issue, then insert the same rows plainly."""
    folder = Path(tempfile.mkdtemp(prefix="siyu-bench-"))
    folder.chmod(0o755)
    settings = Settings(data_dir=str(folder))
    try:
        async with open_house(with_sandbox(settings)) as house:
            merchant = await merchants.create(house.database_url, slug="coupons", name="测速店")
            offer_id = await _prepared(house, merchant)
            ours = await _issued(house, merchant, offer_id)
            theirs = await _plainly(house, merchant)
    finally:
        embedded.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)
    return [
        at_least(
            "coupons.issue",
            SEGMENT / ours,
            "rows/s",
            against=SEGMENT / theirs,
            goal=RATIO_MIN,
            limit=f"≥ {RATIO_MIN:g} × INSERT … SELECT of {SEGMENT:,} rows into a plain table",
        ),
        plain("coupons.plain_insert", SEGMENT / theirs, "rows/s"),
    ]


async def _prepared(house: House, merchant: Merchant) -> UUID:
    """Customers, made in the database as its owner, and a template."""
    offer_id = ids.new()
    async with await psycopg.AsyncConnection.connect(house.database_url, autocommit=True) as owner:
        await owner.execute(
            """
            insert into customers (merchant_id, id, level, joined_at, updated_at)
            select %(merchant)s, md5('customer' || n)::uuid, case when n <= %(segment)s then 'gold' else '' end,
                   current_timestamp, current_timestamp
            from generate_series(1, %(all)s) as n
            """,
            {"merchant": merchant.id, "segment": SEGMENT, "all": SEGMENT + OTHERS},
        )
        await owner.execute("vacuum analyze customers")
    async with house.database.begin(merchant) as uow:
        await uow.run(
            """
            insert into offers (merchant_id, id, name, kind, rule, state, created_at, updated_at)
            values (%(merchant_id)s, %(id)s, '满五十减十', 'coupon', %(rule)s::jsonb, 'active', %(now)s, %(now)s)
            """,
            id=offer_id,
            rule=RULE,
        )
    return offer_id


async def _issued(house: House, merchant: Merchant, offer_id: UUID) -> float:
    """Seconds of the set operation, its commit included."""
    chosen, batch_id = offers.Chosen(levels=("gold",)), ids.new()
    begin = time.perf_counter()
    async with house.database.begin(merchant) as uow:
        one, left = await coupons_issue.open_template(uow, offer_id)
        await coupons_issue.start_batch(uow, batch_id, offer_id, "customers", chosen, SEGMENT)
        given = await coupons_issue.issue_set(uow, one, batch_id, chosen, after=None, limit=None, left=left)
    took = time.perf_counter() - begin
    assert given.issued == SEGMENT, "everybody of the segment has one"
    return took


async def _plainly(house: House, merchant: Merchant) -> float:
    """Seconds of the same rows into a table with the same indexes."""
    async with await psycopg.AsyncConnection.connect(house.database_url) as owner:
        await owner.execute("create table plain_coupons (like coupons including defaults including indexes)")
        await owner.commit()
        begin = time.perf_counter()
        await owner.execute(
            "insert into plain_coupons select * from coupons where merchant_id = %s", (merchant.id,)
        )
        await owner.commit()
        return time.perf_counter() - begin


if __name__ == "__main__":
    for figure in asyncio.run(run()):
        print(figure)
