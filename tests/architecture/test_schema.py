"""The schema keeps its promises: every row has a merchant, the database itself holds the walls, history only grows."""

import re
from collections.abc import AsyncIterator

import psycopg
import pytest

from architecture.raw import as_application
from architecture.source import PACKAGE, queries
from factories import a_customer, a_shop, paid
from siyu.runtime.db import APP_ROLE, Database, Merchant
from siyu.runtime.migrate import APPEND_ONLY, PLATFORM_TABLES

VOLATILE = re.compile(
    r"\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|random|gen_random_uuid|uuidv7|nextval)\s*\("
    r"|\bcurrent_(?:timestamp|date|time)\b|\blocaltime",
    re.IGNORECASE,
)


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[psycopg.AsyncConnection]:
    """The owner of the schema, who sees the catalogue and every row."""
    async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as connection:
        yield connection


async def rows(owner: psycopg.AsyncConnection, sql: str) -> list[tuple]:
    return await (await owner.execute(sql.encode())).fetchall()


async def merchant_tables(owner: psycopg.AsyncConnection) -> set[str]:
    found = {
        name for (name,) in await rows(owner, "select tablename from pg_tables where schemaname = 'public'")
    }
    assert found >= PLATFORM_TABLES
    return found - PLATFORM_TABLES


async def test_every_key_begins_with_the_merchant(owner: psycopg.AsyncConnection) -> None:
    keys = await rows(
        owner,
        """
        select c.conrelid::regclass::text, c.conname, c.contype::text, a.attname, b.attname
        from pg_constraint c
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        left join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
        where c.contype in ('p', 'u', 'f') and c.connamespace = 'public'::regnamespace
        """,
    )
    ours = await merchant_tables(owner)
    wrong = [
        (table, name)
        for table, name, kind, first, other in keys
        if table in ours and (first != "merchant_id" or (kind == "f" and other != "merchant_id"))
    ]

    assert wrong == []
    assert {table for table, _, kind, _, _ in keys if kind == "p"} >= ours


async def test_every_index_begins_with_the_merchant(owner: psycopg.AsyncConnection) -> None:
    indexes = await rows(
        owner,
        """
        select i.indrelid::regclass::text, i.indexrelid::regclass::text, a.attname from pg_index i
        join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        """,
    )
    ours = await merchant_tables(owner)

    assert [name for table, name, first in indexes if table in ours and first != "merchant_id"] == []


async def test_row_level_security_is_forced_and_asks_for_the_merchant_only(
    owner: psycopg.AsyncConnection,
) -> None:
    ours = await merchant_tables(owner)
    closed = {
        name
        for (name,) in await rows(
            owner,
            "select relname from pg_class where relkind = 'r' and relrowsecurity and relforcerowsecurity",
        )
    }
    policies = await rows(
        owner, "select tablename, cmd, qual, with_check from pg_policies where schemaname = 'public'"
    )

    assert ours - closed == set()
    assert sorted(name for name, *_ in policies) == sorted(ours), (
        "one policy a table: a second one would open it wider"
    )
    own = "(merchant_id = (NULLIF(current_setting('siyu.merchant_id'::text, true), ''::text))::uuid)"
    assert {tuple(rest) for _, *rest in policies} == {("ALL", own, own)}


async def test_the_database_has_no_behaviour_of_its_own(owner: psycopg.AsyncConnection) -> None:
    assert await rows(owner, "select tgname from pg_trigger where not tgisinternal") == []
    assert await rows(owner, "select rulename from pg_rules where schemaname = 'public'") == []
    # Functions of an extension belong to it, not to us.
    assert (
        await rows(
            owner,
            """
            select proname from pg_proc p where pronamespace = 'public'::regnamespace
              and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
            """,
        )
        == []
    )


async def test_no_foreign_key_reaches_over_the_merchant(owner: psycopg.AsyncConnection) -> None:
    moving = "select conname from pg_constraint where contype = 'f' and (confdeltype in ('n', 'd') or confupdtype <> 'a')"

    assert await rows(owner, moving) == []


async def test_ids_and_times_come_from_the_application(owner: psycopg.AsyncConnection) -> None:
    """A default that reads a clock or makes an id would differ between nodes and escape the demo's clock."""
    defaults = await rows(
        owner,
        """
        select table_name, column_name, column_default from information_schema.columns
        where table_schema = 'public' and column_default is not null
        """,
    )

    assert [row for row in defaults if VOLATILE.search(row[2])] == []
    assert [
        m.name for m in sorted((PACKAGE / "migrations").glob("*.sql")) if VOLATILE.search(m.read_text())
    ] == []


def test_no_statement_reads_a_clock_or_throws_dice() -> None:
    found, _ = queries()

    assert len(found) > 150, "the statements of the house were found"
    assert [(query.where, VOLATILE.findall(query.sql)) for query in found if VOLATILE.search(query.sql)] == []


def test_a_volatile_function_would_be_seen() -> None:
    assert VOLATILE.search("insert into t values (1) on conflict (id) do update set at = now()")
    assert VOLATILE.search("update t set at = CURRENT_TIMESTAMP")
    assert not VOLATILE.search("update t set at = %(now)s, known = excluded.known")


def test_every_statement_names_its_merchant() -> None:
    """Row-level security would hold without it; a cluster finds the rows by it."""
    found, _ = queries()
    made = {
        name
        for file in (PACKAGE / "migrations").glob("*.sql")
        for name in re.findall(r"create table (\w+)", file.read_text())
    }
    touching = re.compile(
        rf"\b(?:from|join|into|update|using)\s+(?:{'|'.join(sorted(made - PLATFORM_TABLES))})\b"
    )

    assert len(made) > 30
    assert [q.where for q in found if touching.search(q.sql) and "%(merchant_id)s" not in q.sql] == []


async def test_the_application_is_a_plain_role(
    owner: psycopg.AsyncConnection, database: Database, merchant: Merchant
) -> None:
    (role,) = await rows(
        owner,
        f"select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles where rolname = '{APP_ROLE}'",
    )
    owned = await rows(owner, f"select tablename from pg_tables where tableowner = '{APP_ROLE}'")
    async with database.begin(merchant) as uow:
        who = await uow.one(str, "select current_user::text")

    assert role == (False, False, False, False, False)
    assert owned == []
    assert who == APP_ROLE


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["update {} set merchant_id = merchant_id", "delete from {}", "truncate {}"])
async def test_history_cannot_be_changed(
    database: Database, merchant: Merchant, owner: psycopg.AsyncConnection, table: str, verb: str
) -> None:
    shop = await a_shop(database, merchant)
    await paid(database, shop, await a_customer(database, merchant), apples=1)
    before = await rows(owner, f"select md5(string_agg(t::text, '|' order by t::text)) from {table} t")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with as_application(database.url, merchant) as connection:
            await connection.execute(verb.format(table).encode())

    assert (
        await rows(owner, f"select md5(string_agg(t::text, '|' order by t::text)) from {table} t") == before
    )


async def test_platform_tables_can_only_be_read(database: Database, merchant: Merchant) -> None:
    for table in PLATFORM_TABLES:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with as_application(database.url, merchant) as connection:
                await connection.execute(f"delete from {table}".encode())


async def test_the_application_cannot_become_somebody_else(database: Database, merchant: Merchant) -> None:
    """No statement of the application may take the owner's rights: the pool hands connections on."""
    found, _ = queries()

    assert [
        q.where
        for q in found
        if re.search(r"\b(?:set\s+role|reset\s+role|session\s+authorization)\b", q.sql, re.IGNORECASE)
    ] == []
    async with database.begin(merchant) as uow:
        await uow.run("select %(merchant_id)s::uuid")
    async with database.platform() as connection:
        seen = await (await connection.execute("select current_setting('siyu.merchant_id', true)")).fetchone()

    assert seen in {(None,), ("",)}, "a merchant set for one unit of work is gone with it"
