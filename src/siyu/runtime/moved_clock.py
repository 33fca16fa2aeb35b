"""The demo's clock: how far it was moved is a row, so that every process of the demo moves together."""

import asyncio
import logging
from datetime import timedelta

import psycopg

from siyu.kernel import clock
from siyu.runtime.db import Database

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5


async def read(database: Database) -> timedelta:
    """How far the demo's clock stands from real time; zero in production."""
    async with database.platform() as connection:
        cursor = await connection.execute("select offset_seconds from clock")
        row = await cursor.fetchone()
    return timedelta(seconds=row[0]) if row else timedelta(0)


async def move(url: str, by: timedelta) -> timedelta:
    """Move the demo's clock forward, as the owner of the database; returns where it stands now.

    It never moves back: what was done "later" would then lie in the future.
    """
    assert by >= timedelta(0), "time only moves forward"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(
            "update clock set offset_seconds = offset_seconds + %s returning offset_seconds",
            (int(by.total_seconds()),),
        )
        row = await cursor.fetchone()
    assert row is not None, "the clock's row is made by the first migration"
    return timedelta(seconds=row[0])


async def follow(database: Database, stop: asyncio.Event) -> None:
    """Keep this process on the demo's time until stopped."""
    while not stop.is_set():
        try:
            clock.move_to(await read(database))
        except (psycopg.Error, OSError) as problem:
            log.warning("the demo's clock could not be read: %s", problem)
        try:
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
        except TimeoutError:
            continue
