"""Merchants: whose rows everything else is. Owns table merchants.

A merchant is made by the owner of the database, never through the web: the application role may only read them.
"""

import psycopg

from siyu.kernel import clock, ids
from siyu.runtime.db import Merchant, rows_of


async def create(
    url: str,
    *,
    slug: str,
    name: str,
    currency: str = "CNY",
    timezone: str = "Asia/Shanghai",
    licence_no: str = "",
) -> Merchant:
    """Open a merchant, or return the one that already has this slug.

    `url` connects as the owner of the database. `currency` is ISO 4217, `timezone` an IANA name.
    """
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = connection.cursor(row_factory=rows_of(Merchant))
        await cursor.execute(
            """
            insert into merchants (id, slug, name, currency, timezone, licence_no, created_at)
            values (%s, %s, %s, %s, %s, %s, %s) on conflict (slug) do nothing
            """,
            (ids.new(), slug, name, currency, timezone, licence_no, clock.now()),
        )
        await cursor.execute(
            "select id, slug, name, currency, timezone, licence_no from merchants where slug = %s", (slug,)
        )
        found = await cursor.fetchone()
    assert found is not None, "the row was just written"
    return found
