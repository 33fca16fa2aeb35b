"""A connection as the application has it, without our own code in between: only the database says no."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from siyu.runtime.db import APP_ROLE, Merchant


@asynccontextmanager
async def as_application(url: str, merchant: Merchant | None) -> AsyncIterator[psycopg.AsyncConnection]:
    """A transaction as the plain role with `merchant` set, rolled back at the end."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(f"set role {APP_ROLE}".encode())
        await connection.execute("begin")
        if merchant is not None:
            await connection.execute(f"set local siyu.merchant_id = '{merchant.id}'".encode())
        try:
            yield connection
        finally:
            await connection.execute("rollback")
