"""Every statement of the house is understood by the schema as it is now, under the role that will run it."""

import psycopg

from architecture.raw import as_application
from architecture.source import numbered, queries
from siyu.runtime.db import Database, Merchant

# What the driver says about the two parameters that every unit of work knows.
KNOWN = {"merchant_id": "uuid", "now": "timestamptz"}


async def test_every_statement_prepares_against_the_schema(database: Database, merchant: Merchant) -> None:
    found, _ = queries()
    refused = []
    async with as_application(database.url, merchant) as connection:
        # `set …` speaks of the session, not of the schema, and cannot be prepared.
        for query in (query for query in found if not query.sql.startswith("set ")):
            sql, names = numbered(query.sql)
            types = f"({', '.join(KNOWN.get(name, 'unknown') for name in names)})" if names else ""
            try:
                async with connection.transaction(force_rollback=True):
                    await connection.execute(f"prepare checked {types} as {sql}".encode(), prepare=False)
                await connection.execute("deallocate all")
            except psycopg.Error as problem:
                refused.append(f"{query.where} {type(problem).__name__}: {str(problem).splitlines()[0]}")

    assert refused == []


def test_every_statement_can_be_read_from_the_source() -> None:
    _, unreadable = queries()

    assert unreadable == []


def test_named_parameters_become_numbers() -> None:
    assert numbered("select %(a)s, %(b)s where %(a)s like 'x%%'") == (
        "select $1, $2 where $1 like 'x%'",
        ["a", "b"],
    )
