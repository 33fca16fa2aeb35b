"""What the worker does for after-sales: the clocks of both sides, and the end of cases whose money arrived."""

from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import Sweep
from siyu.trade.aftersales.actions import finish_refunded, run_clock


async def _clock(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, run_clock)


async def _refunded(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, finish_refunded)


SWEEPS = [Sweep("aftersales.clock", 10.0, _clock), Sweep("aftersales.refunded", 2.0, _refunded)]
