"""Pieces for orders on their way: looked at for a quote, taken for a batch, given back when an order is refused.

Set by set, in one round trip for up to 64 asks. The items of a batch are locked in key order before it is counted who
has how many, so of two who want the last piece the second sees that it is gone. What is taken is no longer put aside:
it is for the order that the same unit of work promises it to.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.goods import inventory
from siyu.kernel.errors import DomainError
from siyu.people import customers
from siyu.runtime.db import UnitOfWork, json_rows, uuid_array
from siyu.trade import orders
from siyu.trade.flashsales import memory, reading
from siyu.trade.flashsales.rules import Given, Person, Scene

Answer = orders.ClaimTerms | DomainError


async def look(uow: UnitOfWork, ask: orders.ClaimAsk) -> Answer:
    """What a piece would cost now. Nothing is taken."""
    scene = await _scene(uow, [ask], is_taking=False)
    return scene.admit(ask)


async def take(uow: UnitOfWork, asks: Sequence[orders.ClaimAsk]) -> list[Answer]:
    """Pieces for each ask in their order, or the refusal it got."""
    scene = await _scene(uow, asks, is_taking=True)
    answers = [scene.admit(ask) for ask in asks]
    await _write(uow, scene)
    await memory.note(uow, scene)
    return answers


async def _scene(uow: UnitOfWork, asks: Sequence[orders.ClaimAsk], *, is_taking: bool) -> Scene:
    offer_ids = sorted({ask.claim.id for ask in asks})
    sku_ids = sorted({line.sku_id for ask in asks for line in ask.lines})
    buyers = sorted({ask.customer_id for ask in asks if ask.customer_id is not None})
    if is_taking:
        async with uow.together():
            items, sessions, had = await asyncio.gather(
                reading.locked_items(uow, offer_ids, sku_ids),
                reading.sessions(uow, offer_ids),
                _had(uow, offer_ids, buyers),
            )
    else:
        items = await reading.items(uow, offer_ids)
        sessions = await reading.sessions(uow, offer_ids)
        had = await _had(uow, offer_ids, buyers)
    asks_who = any(one.audience.levels or one.audience.newcomers for one in sessions)
    return Scene(
        uow.merchant,
        uow.now,
        {one.id: one for one in sessions},
        {(one.offer_id, one.sku_id): one for one in items},
        {(one.offer_id, one.sku_id, one.customer_id): one.pieces for one in had},
        await _people(uow, buyers) if asks_who else {},
        is_taking=is_taking,
    )


class _Had(msgspec.Struct, frozen=True):
    offer_id: UUID
    sku_id: UUID
    customer_id: UUID
    pieces: int


async def _had(uow: UnitOfWork, offer_ids: Sequence[UUID], buyers: Sequence[UUID]) -> list[_Had]:
    return await uow.all(
        _Had,
        """
        select offer_id, sku_id, customer_id, sum(quantity)::int as pieces from flash_takes
        where merchant_id = %(merchant_id)s and offer_id = any(%(offers)s::uuid[])
          and customer_id = any(%(buyers)s::uuid[]) and state <> 'closed'
        group by 1, 2, 3
        """,
        offers=uuid_array(offer_ids),
        buyers=uuid_array(buyers),
    )


async def _people(uow: UnitOfWork, buyers: Sequence[UUID]) -> dict[UUID, Person]:
    levels = await customers.levels_of(uow, list(buyers))
    paid_before = await uow.all(
        UUID,
        """
        select t.id from unnest(%(who)s::uuid[]) as t (id)
        where exists (select from orders o where o.merchant_id = %(merchant_id)s and o.customer_id = t.id
                      and o.paid_at is not null)
        """,
        who=uuid_array(buyers),
    )
    return {who: Person(levels.get(who, ""), who not in set(paid_before)) for who in buyers}


class _Change(msgspec.Struct, frozen=True):
    offer_id: UUID
    sku_id: UUID
    taken: int
    refused: int


async def _write(uow: UnitOfWork, scene: Scene) -> None:
    """What was given, and how many found nothing. Nobody waits: a guard that fails fails the unit of work."""
    refused = Counter(scene.refused) + Counter(memory.refused_since(uow.merchant, scene.sessions))
    taken: dict[tuple[UUID, UUID], int] = {}
    for one in scene.given:
        taken[one.offer_id, one.sku_id] = taken.get((one.offer_id, one.sku_id), 0) + one.quantity
    keys = sorted(scene.items.keys() & (taken.keys() | refused.keys()))
    if keys:
        await uow.send(
            """
            update flash_items i set taken = i.taken + t.taken, refused = i.refused + t.refused
            from json_to_recordset(%(rows)s::json) as t (offer_id uuid, sku_id uuid, taken int, refused int)
            where i.merchant_id = %(merchant_id)s and i.offer_id = t.offer_id and i.sku_id = t.sku_id
            """,
            rows=json_rows(_Change(*key, taken.get(key, 0), refused.get(key, 0)) for key in keys),
        )
    if not scene.given:
        return
    await uow.send(
        """
        insert into flash_takes (merchant_id, order_id, sku_id, offer_id, customer_id, quantity, at)
        select %(merchant_id)s, t.order_id, t.sku_id, t.offer_id, t.customer_id, t.quantity, %(now)s
        from json_to_recordset(%(rows)s::json)
            as t (order_id uuid, sku_id uuid, offer_id uuid, customer_id uuid, quantity int)
        """,
        rows=json_rows(scene.given),
    )
    await inventory.uncarve(
        uow, [inventory.Pieces(one.location_id, one.sku_id, one.quantity) for one in scene.given]
    )


async def give_back(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """Undo what `take` gave to orders that were refused after it, in the same unit of work."""
    gone = await uow.all(
        Given,
        """
        with gone as (
            delete from flash_takes
            where merchant_id = %(merchant_id)s and order_id = any(%(ids)s::uuid[]) and state = 'held'
            returning order_id, offer_id, sku_id, customer_id, quantity
        )
        select g.order_id, g.offer_id, g.sku_id, i.location_id, g.customer_id, g.quantity
        from gone g join flash_items i on i.merchant_id = %(merchant_id)s and i.offer_id = g.offer_id
                                      and i.sku_id = g.sku_id
        """,
        ids=uuid_array(order_ids),
    )
    await put_back(uow, [(one.offer_id, one.sku_id, one.quantity) for one in gone])


class _Back(msgspec.Struct, frozen=True):
    offer_id: UUID
    sku_id: UUID
    taken: int
    lost: int


async def put_back(uow: UnitOfWork, pieces: Sequence[tuple[UUID, UUID, int]]) -> None:
    """Pieces (session, SKU, how many) of orders that are no more are for the next buyer again.

    While the session has pieces aside they are carved out of stock anew; what somebody else has bought meanwhile is
    lost to the quota, which then says so. Later they simply stay in stock.
    """
    sums: dict[tuple[UUID, UUID], int] = {}
    for offer_id, sku_id, quantity in pieces:
        sums[offer_id, sku_id] = sums.get((offer_id, sku_id), 0) + quantity
    if not sums:
        return
    locked = await reading.locked_items(uow, {key[0] for key in sums}, {key[1] for key in sums})
    items = {(one.offer_id, one.sku_id): one for one in locked}
    asked = [
        inventory.Pieces(items[key].location_id, key[1], quantity)
        for key, quantity in sorted(sums.items())
        if items[key].returned_at is None
    ]
    free = await inventory.carve_up_to(uow, asked)
    rows: list[_Back] = []
    for key, quantity in sorted(sums.items()):
        item, got = items[key], quantity
        if item.returned_at is None:
            place = (item.location_id, item.sku_id)
            got = min(quantity, free[place])
            free[place] -= got
        rows.append(_Back(*key, quantity, quantity - got))
    await uow.run(
        """
        update flash_items i set taken = i.taken - t.taken, quota = i.quota - t.lost
        from json_to_recordset(%(rows)s::json) as t (offer_id uuid, sku_id uuid, taken int, lost int)
        where i.merchant_id = %(merchant_id)s and i.offer_id = t.offer_id and i.sku_id = t.sku_id
        """,
        rows=json_rows(rows),
    )
