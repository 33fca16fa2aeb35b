"""Bring the schema up to date: numbered files, forward only, one at a time under an advisory lock."""

import logging
from importlib import resources

import psycopg

from siyu.runtime.db import APP_ROLE

log = logging.getLogger(__name__)

LOCK = 0x5159_5539  # any number, the same in every process that migrates

# Tables without a merchant. Everything else carries merchant_id and is closed by row-level security.
PLATFORM_TABLES = frozenset({"clock", "merchants", "schema_migrations"})

# The application may add to these and read them, never change or remove.
APPEND_ONLY = (
    "transfers",
    "events",
    "stock_moves",
    "consents",
    "price_changes",
    "gateway_notices",
    "notice_retries",
    "audit_log",
    "after_sale_steps",
    "supplier_prices",
    "purchase_receipts",
    "purchase_receipt_lines",
    "supplier_entries",
    "point_movements",
    "point_reversals",
    "draw_versions",
    "draw_results",
    "offer_versions",
    "promoter_agreements",
    "promoter_acceptances",
    "promoter_changes",
    "koc_moves",
    "payout_steps",
    "payout_lines",
    "ledger_proofs",
    "risk_overrides",
    "oversight_days",
    "evidence",
    "attribution_policies",
    "relation_facts",
    "relation_changes",
    "commission_rounds",
)


def files() -> list[tuple[str, str]]:
    """Name and text of every migration, in order."""
    folder = resources.files("siyu.migrations")
    return sorted((f.name, f.read_text()) for f in folder.iterdir() if f.name.endswith(".sql"))


async def migrate(url: str) -> list[str]:
    """Apply what is missing as the owner of the database; return the names applied.

    Raises psycopg errors as they are: a failed file leaves the schema as it was before that file.
    """
    applied: list[str] = []
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("set lock_timeout = '5s'")
        await connection.execute("set statement_timeout = '10min'")
        await connection.execute("select pg_advisory_lock(%s)", (LOCK,))
        await connection.execute(
            "create table if not exists schema_migrations (name text primary key, applied_at timestamptz not null)"
        )
        cursor = await connection.execute("select name from schema_migrations")
        known = {name for (name,) in await cursor.fetchall()}
        for name, text in files():
            if name in known:
                continue
            async with connection.transaction():
                await connection.execute(text.encode())
                await connection.execute(
                    "insert into schema_migrations values (%s, statement_timestamp())", (name,)
                )
            applied.append(name)
        if applied:
            async with connection.transaction():
                await _close(connection)
            log.info("migrated: %s", ", ".join(applied))
    return applied


async def _close(connection: psycopg.AsyncConnection) -> None:
    """Create the plain role, give it the least it needs and close every merchant table by its merchant.

    Done for all tables after each migration, so that a new table cannot be forgotten.
    """
    await connection.execute(
        f"""
        do $$ begin
            if not exists (select from pg_roles where rolname = '{APP_ROLE}') then
                create role {APP_ROLE} nologin;
            end if;
        exception when duplicate_object or unique_violation then null;  -- another database of the cluster was faster
        end $$
        """.encode()
    )
    await connection.execute(f"grant {APP_ROLE} to current_user".encode())
    await connection.execute(f"grant usage on schema public to {APP_ROLE}".encode())
    cursor = await connection.execute(
        "select tablename from pg_tables where schemaname = 'public' order by tablename"
    )
    for (table,) in await cursor.fetchall():
        if table in PLATFORM_TABLES:
            await connection.execute(f"grant select on {table} to {APP_ROLE}".encode())
        else:
            await _close_table(connection, table)


async def _close_table(connection: psycopg.AsyncConnection, table: str) -> None:
    own_rows = "merchant_id = nullif(current_setting('siyu.merchant_id', true), '')::uuid"
    rights = "select, insert" if table in APPEND_ONLY else "select, insert, update, delete"
    for statement in (
        f"revoke all on {table} from {APP_ROLE}",
        f"grant {rights} on {table} to {APP_ROLE}",
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"drop policy if exists own_rows on {table}",
        f"create policy own_rows on {table} using ({own_rows}) with check ({own_rows})",
    ):
        await connection.execute(statement.encode())
