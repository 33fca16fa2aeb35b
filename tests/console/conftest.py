"""Console and desk over HTTP in this process, with staff who have signed in."""

from collections.abc import AsyncIterator

import pytest

from console.console_floor import Browser, Floor, console_app
from factories import Shop, a_shop
from siyu.runtime.db import Database
from siyu.settings import Settings


@pytest.fixture
async def shop(database: Database, merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


@pytest.fixture
async def floor(database: Database, settings: Settings, shop: Shop) -> AsyncIterator[Floor]:
    floor = Floor(console_app(database, settings), database, shop, settings)
    yield floor
    for client in floor.clients:
        await client.aclose()


@pytest.fixture
async def owner(floor: Floor) -> Browser:
    return await floor.member("owner")
