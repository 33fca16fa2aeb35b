"""Questions to the lake, asked off the event loop, one at a time, and remembered while the lake stays the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from siyu.insight import lake
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings

T = TypeVar("T")

REMEMBERED_MAX = 256

# One thread: DuckDB uses two of its own and half a gigabyte, and two people who ask the same wait for one answer.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="insight")
_remembered: OrderedDict[tuple[Any, ...], Any] = OrderedDict()


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """What the metric says. `as_of` (UTC) is when the till was read; money is in minor units of `currency`."""

    as_of: datetime
    currency: str
    timezone: str
    data: T


async def ask(
    database: Database,
    settings: Settings,
    merchant: Merchant,
    key: tuple[Any, ...],
    question: Callable[[lake.Tables], T],
) -> Answer[T]:
    """The answer to `question`, which is known by `key`. A merchant without a lake gets one first."""
    folder = lake.folder_of(settings, merchant)
    if await asyncio.to_thread(lake.read, folder) is None:
        await lake.refresh(database, merchant, folder)
    loop = asyncio.get_running_loop()
    as_of, data = await loop.run_in_executor(_thread, _answer, folder, key, question)
    return Answer(as_of=as_of, currency=merchant.currency, timezone=merchant.timezone, data=data)


def _answer(folder: Path, key: tuple[Any, ...], question: Callable[[lake.Tables], T]) -> tuple[datetime, T]:
    manifest = lake.read(folder)
    if manifest is None:
        raise lake.LakeMissing
    known = (str(folder), manifest.lake_id, manifest.version, *key)
    if known in _remembered:
        _remembered.move_to_end(known)
        return manifest.as_of, _remembered[known]
    with lake.tables(folder) as tables:
        found = question(tables)
        # A refresh may have come between; then this answer belongs to what was opened.
        opened = tables.manifest
    _remembered[str(folder), opened.lake_id, opened.version, *key] = found
    while len(_remembered) > REMEMBERED_MAX:
        _remembered.popitem(last=False)
    return opened.as_of, found
