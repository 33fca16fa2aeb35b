"""The walls between merchants are the database's: they hold for any statement, not only for ours."""

from uuid import UUID

import psycopg
import pytest
from psycopg.rows import tuple_row

from architecture.raw import as_application
from siyu.runtime.db import Database
from trust.premises import Premises, fingerprints, tables_of


async def count(connection: psycopg.AsyncConnection, statement: str, *values: object) -> int:
    cursor = await connection.cursor(row_factory=tuple_row).execute(statement.encode(), values)
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
async def tables(owner: psycopg.AsyncConnection, theirs: Premises, ours: Premises) -> list[str]:
    found = await tables_of(owner)
    for premises in (theirs, ours):
        empty = [
            t
            for t, said in (await fingerprints(owner, found, premises.merchant)).items()
            if said.startswith("0 ")
        ]
        assert empty == [], "both merchants have rows everywhere, else the walls are not tried"
    return found


async def test_another_merchants_rows_cannot_be_seen(
    database: Database, tables: list[str], theirs: Premises, ours: Premises
) -> None:
    async with as_application(database.url, ours.merchant) as connection:
        seen = {
            table: await count(
                connection, f"select count(*) from {table} where merchant_id <> %s", ours.merchant.id
            )
            for table in tables
        }
        own = {table: await count(connection, f"select count(*) from {table}") for table in tables}

    assert seen == dict.fromkeys(tables, 0)
    assert min(own.values()) > 0


async def test_without_a_merchant_nothing_can_be_seen(database: Database, tables: list[str]) -> None:
    async with as_application(database.url, None) as connection:
        seen = {table: await count(connection, f"select count(*) from {table}") for table in tables}

    assert seen == dict.fromkeys(tables, 0)


async def written_columns(owner: psycopg.AsyncConnection, table: str) -> str:
    """The columns of a table that are not generated from others, as a statement names them."""
    found = await owner.execute(
        "select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute "
        "where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
        (table,),
    )
    (columns,) = await found.fetchone() or ("",)
    return columns


async def test_no_row_can_be_written_for_another_merchant(
    database: Database, owner: psycopg.AsyncConnection, tables: list[str], theirs: Premises, ours: Premises
) -> None:
    before = await fingerprints(owner, tables, theirs.merchant)
    written = []
    for table in tables:
        copy = f"select to_jsonb(t)::text from {table} t where merchant_id = %s limit 1"
        (row,) = await (await owner.execute(copy.encode(), (theirs.merchant.id,))).fetchone() or ("",)
        try:
            async with as_application(database.url, ours.merchant) as connection:
                columns = await written_columns(owner, table)
                await connection.execute(
                    f"insert into {table} ({columns}) select {columns} "
                    f"from jsonb_populate_record(null::{table}, %s::jsonb)".encode(),
                    (row,),
                )
            written.append(table)
        except psycopg.errors.InsufficientPrivilege as refusal:
            assert "row-level security" in str(refusal), "the wall refused, not a missing right"

    assert written == []
    assert await fingerprints(owner, tables, theirs.merchant) == before


async def test_no_row_can_be_moved_to_or_taken_from_another_merchant(
    database: Database, owner: psycopg.AsyncConnection, tables: list[str], theirs: Premises, ours: Premises
) -> None:
    before = [await fingerprints(owner, tables, p.merchant) for p in (theirs, ours)]
    moved = []
    for table in tables:
        for statement, value in (
            (f"update {table} set merchant_id = %s", theirs.merchant.id),
            (f"update {table} set merchant_id = merchant_id where merchant_id = %s", theirs.merchant.id),
            (f"delete from {table} where merchant_id = %s", theirs.merchant.id),
        ):
            try:
                async with as_application(database.url, ours.merchant) as connection:
                    touched = (await connection.execute(statement.encode(), (value,))).rowcount
                    if touched:
                        moved.append((statement, touched))
            except psycopg.errors.InsufficientPrivilege:
                continue

    assert moved == []
    assert [await fingerprints(owner, tables, p.merchant) for p in (theirs, ours)] == before


async def test_a_connection_that_goes_from_hand_to_hand_shows_each_merchant_its_own(
    database: Database, theirs: Premises, ours: Premises
) -> None:
    """Connections are shared: what one unit of work was opened for is gone when the next one gets the connection."""
    alone = Database(database.url, connections_max=1)
    await alone.open()
    try:
        for premises in (theirs, ours, theirs):
            async with alone.begin(premises.merchant) as uow:
                seen = await uow.all(UUID, "select distinct merchant_id from orders")
            assert seen == [premises.merchant.id]
            async with alone.platform() as connection:
                assert await count(connection, "select count(*) from orders") == 0
    finally:
        await alone.close()
