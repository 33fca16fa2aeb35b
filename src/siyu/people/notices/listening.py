"""Money that went back: its buyer is told, whoever gave it back and why."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.events import OrderRefunded
from siyu.people.notices.model import Notice
from siyu.people.notices.telling import tell
from siyu.runtime.db import UnitOfWork, uuid_array
from siyu.runtime.worker import Consumer, Event


class _Buyer(msgspec.Struct, frozen=True):
    id: UUID
    number: str
    customer_id: UUID


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Heard twice, told once."""
    refunds = [event.fact for event in events if isinstance(event.fact, OrderRefunded)]
    buyers = await uow.all(
        _Buyer,
        """
        select id, number, customer_id from orders
        where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[]) and customer_id is not null
        """,
        ids=uuid_array({one.order_id for one in refunds}),
    )
    known = {one.id: one for one in buyers}
    await tell(
        uow,
        [
            Notice(
                buyer.customer_id,
                "refunded",
                one.refund_id,
                {"number": buyer.number, "amount": one.amount, "id": str(buyer.id)},
            )
            for one in refunds
            if one.amount and (buyer := known.get(one.order_id)) is not None
        ],
    )


CONSUMERS = [Consumer("notices", (OrderRefunded,), on_facts)]
