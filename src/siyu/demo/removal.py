"""Taking a merchant away with everything that is theirs. Only the demo does this, to a merchant it did not finish."""

from collections.abc import Sequence
from graphlib import TopologicalSorter
from uuid import UUID

import psycopg
from psycopg import sql


async def remove(url: str, merchant_id: UUID) -> None:
    """Delete every row of the merchant in one transaction. `url` connects as the owner of the database."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        # Row-level security is forced on the owner too, unless it is a superuser: name whose rows these are.
        await connection.execute("select set_config('siyu.merchant_id', %s, true)", (str(merchant_id),))
        for table in await _children_first(connection):
            statement = sql.SQL("delete from {} where merchant_id = %s").format(sql.Identifier(table))
            await connection.execute(statement, (merchant_id,))
        await connection.execute("delete from merchants where id = %s", (merchant_id,))


async def _children_first(connection: psycopg.AsyncConnection) -> Sequence[str]:
    """Every table with a merchant_id, those that point at others before those pointed at."""
    cursor = await connection.execute(
        """
        select c.table_name::text from information_schema.columns c
        join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and c.column_name = 'merchant_id' and t.table_type = 'BASE TABLE'
        """
    )
    order = TopologicalSorter({table: set() for (table,) in await cursor.fetchall()})
    cursor = await connection.execute(
        """
        select child.relname::text, parent.relname::text
        from pg_constraint k
        join pg_class child on child.oid = k.conrelid
        join pg_class parent on parent.oid = k.confrelid
        where k.contype = 'f' and k.connamespace = 'public'::regnamespace and k.conrelid <> k.confrelid
        """
    )
    for child, parent in await cursor.fetchall():
        order.add(parent, child)
    return [table for table in order.static_order() if table != "merchants"]
