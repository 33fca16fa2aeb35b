"""One embedded PostgreSQL per run; a fresh merchant per test, so tests never meet and need no clean-up."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from siyu.kernel import clock, ids
from siyu.people import merchants
from siyu.runtime import embedded
from siyu.runtime.db import Database, Merchant
from siyu.runtime.migrate import migrate
from siyu.settings import Settings, use

SHARED = Path(__file__).parents[1].parent / "shared"


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """Settings of this worker, with its own data folder."""
    # Not pytest's folder: as root the embedded server runs as another user, who must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="siyu-test-"))
    folder.chmod(0o755)
    settings = Settings(data_dir=str(folder), secret="x" * 32, demo=True)
    use(settings)
    yield settings
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_url(settings: Settings) -> Iterator[str]:
    """URL of the owner of the database under test; SIYU_TEST_DATABASE_URL names an external server."""
    external = os.environ.get("SIYU_TEST_DATABASE_URL")
    yield external or embedded.start(settings)
    if not external:
        embedded.stop(settings)


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    await migrate(database_url)
    database = Database(database_url, connections_max=16)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def merchant(database: Database, database_url: str) -> Merchant:
    return await new_merchant(database_url)


async def new_merchant(url: str, *, currency: str = "CNY", timezone: str = "Asia/Shanghai") -> Merchant:
    slug = f"m{ids.new().hex[-20:]}"
    return await merchants.create(url, slug=slug, name="测试店", currency=currency, timezone=timezone)


@pytest.fixture(autouse=True)
def _real_time() -> Iterator[None]:
    """A test that moves the clock leaves it where it was."""
    yield
    clock.move_to(timedelta(0))


@pytest.fixture
def new_shop(database_url: str):
    """Make further merchants within a test."""

    async def make(**facts: str) -> Merchant:
        return await new_merchant(database_url, **facts)

    return make
