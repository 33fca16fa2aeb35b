"""What happens to commission when an order is paid, received, refunded or moved, and when its time has come."""

from collections.abc import Sequence

from siyu.events import OrderPaid, OrderReattributed, OrderReceived, OrderRefunded
from siyu.growth.distribution import accrual, levelling, maturing, moving, reversal
from siyu.runtime.db import UnitOfWork
from siyu.runtime.worker import Consumer, Event, Sweep


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Digest facts in order; neighbours of one kind are dealt with together."""
    start = 0
    for i in range(1, len(events) + 1):
        if i == len(events) or type(events[i].fact) is not type(events[start].fact):
            run = events[start:i]
            start = i
            match run[0].fact:
                case OrderPaid():
                    await accrual.earn(uow, run)
                case OrderReceived():
                    await maturing.start_window(uow, run)
                case OrderRefunded():
                    await reversal.reverse(uow, [event.fact for event in run])
                case OrderReattributed():
                    for event in run:
                        await moving.move(uow, event)


CONSUMERS = [Consumer("distribution", (OrderPaid, OrderReceived, OrderRefunded, OrderReattributed), on_facts)]
SWEEPS = [
    Sweep("distribution.mature", 2.0, maturing.mature_due),
    Sweep("distribution.levels", 3_600.0, levelling.look_monthly),
]
