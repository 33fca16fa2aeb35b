"""Keep the lakes of this process fresh in the background."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from siyu.insight.lake.manifest import folder_of
from siyu.insight.lake.refreshing import refresh
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5  # what a dashboard may lag behind the till


async def keep_fresh(
    database: Database,
    settings: Settings,
    merchants: Callable[[], Awaitable[Sequence[Merchant]]],
    stop: asyncio.Event,
    *,
    pause_seconds: float = PAUSE_SECONDS,
) -> None:
    """Until `stop` is set, refresh every merchant's lake at most once per pause.

    A refresh that finds nothing changed asks one small question per data set and writes only the manifest.
    A failing merchant is logged and tried again; it does not hold up the others.
    """
    while not stop.is_set():
        try:
            for merchant in await merchants():
                if stop.is_set():
                    return
                await _refresh_one(database, settings, merchant)
        except Exception:
            log.exception("the merchants could not be listed; trying again")
        try:
            await asyncio.wait_for(stop.wait(), pause_seconds)
        except TimeoutError:
            continue


async def _refresh_one(database: Database, settings: Settings, merchant: Merchant) -> None:
    try:
        await refresh(database, merchant, folder_of(settings, merchant))
    except Exception:
        log.exception("the lake of %s could not be refreshed; trying again", merchant.slug)
