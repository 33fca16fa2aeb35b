"""Two merchants under one roof, both with everything; and the owner of the database, who sees both."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from litestar import Litestar

from siyu.runtime.db import Database
from siyu.settings import Settings
from trust.premises import Premises, premises_of, whole_house


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
async def app(database: Database, settings: Settings) -> AsyncIterator[Litestar]:
    async with whole_house(database, settings) as app:
        yield app


@pytest.fixture(scope="session")
async def theirs(database: Database, settings: Settings) -> Premises:
    """The merchant whose rows are to be left alone; no test of this folder changes them."""
    return await premises_of(database, settings, "甲家")


@pytest.fixture(scope="session")
async def ours(database: Database, settings: Settings) -> Premises:
    """The merchant that looks over the wall."""
    return await premises_of(database, settings, "乙家")
