"""What the worker does for after-sales: the clocks of both sides, and the end of cases whose money arrived."""

from functools import partial

from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import Sweep
from siyu.trade.aftersales.actions import finish_refunded, keep_time, overdue, stop_clock


async def run_clock(database: Database, merchant: Merchant) -> int:
    """Do what silence means in every case whose time is over; returns how many. A stopped worker loses nothing.

    One case is one unit of work: one that cannot move (its money went back in another way) holds up no other.
    """
    async with database.begin(merchant) as uow:
        due = await overdue(uow)
    for case_id in due:
        try:
            await database.attempt(merchant, partial(keep_time, case_id=case_id))
        except DomainError:
            await database.attempt(merchant, partial(stop_clock, case_id=case_id))
    return len(due)


async def _refunded(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, finish_refunded)


SWEEPS = [Sweep("aftersales.clock", 10.0, run_clock), Sweep("aftersales.refunded", 2.0, _refunded)]
