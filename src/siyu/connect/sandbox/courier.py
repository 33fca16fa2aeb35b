"""The courier: one task that settles refunds and carries callbacks for as long as the sandbox runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from siyu.connect.sandbox import carrying, refunds, transfers
from siyu.connect.sandbox.alipay import trades
from siyu.connect.sandbox.world import World

logger = logging.getLogger(__name__)

PAUSE_AFTER_FAULT_SECONDS = 1.0


async def work(world: World) -> None:
    """Never returns. A fault is logged and does not end the work: the rows are still there to be carried."""
    while True:
        try:
            world.planned.clear()
            refunds.settle_due(world)
            trades.settle_due(world)
            transfers.settle_due(world)
            if await carrying.carry_due(world):
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(world.planned.wait(), carrying.seconds_to_next(world))
        except Exception:
            logger.exception("the courier stumbled")
            await asyncio.sleep(PAUSE_AFTER_FAULT_SECONDS)


@asynccontextmanager
async def at_work(world: World) -> AsyncIterator[None]:
    """A courier for the time of the block; afterwards it has stopped."""
    task = asyncio.create_task(work(world), name="sandbox courier")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
