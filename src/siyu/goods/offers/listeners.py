"""What happens to orders, as far as offers are concerned: paid, closed, refunded."""

from collections.abc import Sequence
from uuid import UUID

from siyu.events import OrderClosed, OrderPaid, OrderRefunded
from siyu.goods.offers import taking
from siyu.runtime.db import UnitOfWork
from siyu.runtime.worker import Consumer, Event

ANSWERS = {OrderPaid: taking.settle, OrderClosed: taking.give_back, OrderRefunded: taking.refunded}


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """In sets as large as the order of the facts allows: what happened to one order stays in its order."""
    together: dict[type, dict[UUID, None]] = {}
    for event in events:
        kind, order_id = type(event.fact), event.fact.order_id
        if any(order_id in found for other, found in together.items() if other is not kind):
            await _answer(uow, together)
            together = {}
        together.setdefault(kind, {})[order_id] = None
    await _answer(uow, together)


async def _answer(uow: UnitOfWork, together: dict[type, dict[UUID, None]]) -> None:
    for kind, order_ids in together.items():
        await ANSWERS[kind](uow, list(order_ids))


CONSUMERS = [Consumer("offers", (OrderPaid, OrderClosed, OrderRefunded), on_facts)]
