"""Taking a merchant away with everything that is theirs. Only the demo does this, to a merchant it did not finish."""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql


class _Tie(msgspec.Struct, frozen=True):
    """A foreign key. `optional` are its columns that may be null; with one of them empty nothing is tied."""

    child: str
    parent: str
    optional: tuple[str, ...]


async def remove(url: str, merchant_id: UUID) -> None:
    """Delete every row of the merchant in one transaction. `url` connects as the owner of the database."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        # Row-level security is forced on the owner too, unless it is a superuser: name whose rows these are.
        await connection.execute("select set_config('siyu.merchant_id', %s, true)", (str(merchant_id),))
        tables, cut = _children_first(await _tables(connection), await _ties(connection))
        for tie in cut:
            statement = sql.SQL("update {} set {} = null where merchant_id = %s")
            await connection.execute(
                statement.format(sql.Identifier(tie.child), sql.Identifier(tie.optional[0])), (merchant_id,)
            )
        for table in tables:
            statement = sql.SQL("delete from {} where merchant_id = %s").format(sql.Identifier(table))
            await connection.execute(statement, (merchant_id,))
        await connection.execute("delete from merchants where id = %s", (merchant_id,))


async def _tables(connection: psycopg.AsyncConnection) -> list[str]:
    """Every table with a merchant_id."""
    cursor = await connection.execute(
        """
        select c.table_name::text from information_schema.columns c
        join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and c.column_name = 'merchant_id' and t.table_type = 'BASE TABLE'
        """
    )
    return [table for (table,) in await cursor.fetchall()]


async def _ties(connection: psycopg.AsyncConnection) -> list[_Tie]:
    """Every foreign key from one table to another."""
    cursor = await connection.execute(
        """
        select child.relname::text, parent.relname::text,
               array(select a.attname::text from pg_attribute a
                     where a.attrelid = k.conrelid and a.attnum = any(k.conkey) and not a.attnotnull
                     order by a.attnum)
        from pg_constraint k
        join pg_class child on child.oid = k.conrelid
        join pg_class parent on parent.oid = k.confrelid
        where k.contype = 'f' and k.connamespace = 'public'::regnamespace and k.conrelid <> k.confrelid
        order by k.conname
        """
    )
    return [_Tie(child, parent, tuple(optional)) for child, parent, optional in await cursor.fetchall()]


def _children_first(tables: Sequence[str], ties: Sequence[_Tie]) -> tuple[list[str], list[_Tie]]:
    """Tables in an order in which they can be emptied, and the ties to be cut before, where they go in a circle."""
    kept, cut = list(ties), []
    while True:
        order = TopologicalSorter({table: set() for table in tables})
        for tie in kept:
            order.add(tie.parent, tie.child)
        try:
            return [table for table in order.static_order() if table != "merchants"], cut
        except CycleError as found:
            circle = set(found.args[1])
            loose = next(tie for tie in kept if tie.optional and tie.child in circle and tie.parent in circle)
            kept.remove(loose)
            cut.append(loose)
