"""What time and other rooms' facts do to sessions: pieces put aside and given back, orders paid and closed."""

from collections.abc import Iterable, Sequence
from functools import partial
from uuid import UUID

import msgspec

from siyu.events import OrderClosed, OrderPaid
from siyu.runtime.db import Database, Merchant, UnitOfWork, json_rows, uuid_array
from siyu.runtime.worker import Consumer, Event, Sweep
from siyu.trade.flashsales import carving, reading
from siyu.trade.flashsales.taking import put_back


async def run(database: Database, merchant: Merchant) -> int:
    """One look: each session that is due in a unit of work of its own."""
    to_carve, to_return = await database.attempt(merchant, carving.due)
    for offer_id in to_return:
        await database.attempt(merchant, partial(carving.return_session, offer_id=offer_id))
    did = len(to_return)
    for offer_id in to_carve:
        did += await database.attempt(merchant, partial(carving.carve_session, offer_id=offer_id))
    return did


SWEEPS = [Sweep("flashsales.run", 1.0, run)]


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Orders with pieces were paid or closed. Hearing it twice does nothing the second time."""
    closed = {event.fact.order_id for event in events if isinstance(event.fact, OrderClosed)}
    paid = {event.fact.order_id for event in events if isinstance(event.fact, OrderPaid)}
    await _paid(uow, paid)
    await put_back(
        uow, [(one.offer_id, one.sku_id, one.quantity) for one in await _moved(uow, closed, "closed")]
    )


CONSUMERS = [Consumer("flashsales", (OrderPaid, OrderClosed), on_facts)]


class _Moved(msgspec.Struct, frozen=True):
    offer_id: UUID
    sku_id: UUID
    quantity: int


async def _moved(uow: UnitOfWork, order_ids: Iterable[UUID], state: str) -> list[_Moved]:
    """What these orders held until now. Their items are locked first, as everybody does."""
    ids = uuid_array(order_ids)
    touched = await uow.all(
        _Moved,
        """
        select distinct offer_id, sku_id, 0 as quantity from flash_takes
        where merchant_id = %(merchant_id)s and order_id = any(%(ids)s::uuid[]) and state = 'held'
        """,
        ids=ids,
    )
    if not touched:
        return []
    await reading.locked_items(uow, {one.offer_id for one in touched}, {one.sku_id for one in touched})
    return await uow.all(
        _Moved,
        """
        update flash_takes set state = %(state)s
        where merchant_id = %(merchant_id)s and order_id = any(%(ids)s::uuid[]) and state = 'held'
        returning offer_id, sku_id, quantity
        """,
        ids=ids,
        state=state,
    )


async def _paid(uow: UnitOfWork, order_ids: Iterable[UUID]) -> None:
    sums: dict[tuple[UUID, UUID], int] = {}
    for one in await _moved(uow, order_ids, "paid"):
        sums[one.offer_id, one.sku_id] = sums.get((one.offer_id, one.sku_id), 0) + one.quantity
    if not sums:
        return
    await uow.run(
        """
        update flash_items i set sold = i.sold + t.quantity
        from json_to_recordset(%(rows)s::json) as t (offer_id uuid, sku_id uuid, quantity int)
        where i.merchant_id = %(merchant_id)s and i.offer_id = t.offer_id and i.sku_id = t.sku_id
        """,
        rows=json_rows(_Moved(*key, quantity) for key, quantity in sorted(sums.items())),
    )
