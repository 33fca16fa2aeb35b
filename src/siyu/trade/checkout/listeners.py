"""What checkout does when a guest turns out to be somebody known: their open cart follows them."""

from collections.abc import Sequence

from siyu.events import GuestRecognised
from siyu.runtime.db import UnitOfWork
from siyu.runtime.worker import Consumer, Event
from siyu.trade import carts


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Merging twice moves nothing the second time."""
    for event in events:
        if isinstance(event.fact, GuestRecognised):
            await carts.merge(uow, event.fact.guest_id, event.fact.customer_id)


CONSUMERS = [Consumer("checkout", (GuestRecognised,), on_facts)]
