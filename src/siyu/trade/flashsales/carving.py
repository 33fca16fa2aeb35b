"""Putting a session's pieces aside before it starts, and back when it is over, paused or changed.

What cannot be put aside lowers the quota, and the console says so. Nothing here depends on when it is done: each step
looks at the offer as it is and brings the rows of the session to that.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from siyu.goods import inventory
from siyu.goods.offers import FlashItem
from siyu.runtime.db import UnitOfWork, json_rows, uuid_array
from siyu.trade.flashsales import reading
from siyu.trade.flashsales.model import WARM_UP, Item, Session

DUE_MAX = 20  # sessions in one look; each is a handful of rows


async def due(uow: UnitOfWork) -> tuple[list[UUID], list[UUID]]:
    """Sessions whose pieces are to be put aside now, and those whose pieces are to go back.

    A session that found too little is tried once more at its start.
    """
    to_carve = await uow.all(
        UUID,
        """
        select o.id from offers o
        where o.merchant_id = %(merchant_id)s and o.kind = 'flash' and o.state = 'active'
          and (o.starts_at is null or o.starts_at <= %(soon)s) and (o.ends_at is null or o.ends_at > %(now)s)
          and (not exists (select from flash_items i where i.merchant_id = o.merchant_id and i.offer_id = o.id
                           and i.returned_at is null and i.version = o.version)
               or exists (select from flash_items i where i.merchant_id = o.merchant_id and i.offer_id = o.id
                          and i.returned_at is null and i.quota < i.wanted and i.carved_at < o.starts_at
                          and o.starts_at <= %(now)s))
        order by o.starts_at, o.id limit %(limit)s
        """,
        soon=uow.now + WARM_UP,
        limit=DUE_MAX,
    )
    to_return = await uow.all(
        UUID,
        """
        select distinct i.offer_id from flash_items i
        join offers o on o.merchant_id = i.merchant_id and o.id = i.offer_id
        where i.merchant_id = %(merchant_id)s and i.returned_at is null
          and (o.state <> 'active' or o.ends_at <= %(now)s or o.starts_at > %(soon)s)
        order by 1 limit %(limit)s
        """,
        soon=uow.now + WARM_UP,
        limit=DUE_MAX,
    )
    return to_carve, to_return


async def carve_session(uow: UnitOfWork, offer_id: UUID) -> bool:
    """Bring what is put aside to what the offer says; False when it is not to run now, or another worker is at it."""
    found = await uow.all(
        Session,
        """
        select id, name, version, state, rule, starts_at, ends_at, audience
        from offers where merchant_id = %(merchant_id)s and kind = 'flash' and id = %(id)s
        for share skip locked
        """,
        id=offer_id,
    )
    if not found or found[0].phase(uow.now) not in {"ahead", "on"}:
        return False
    (session,) = found
    before = {item.sku_id: item for item in await _own_rows(uow, offer_id)}
    named = {one.sku_id: one for one in session.rule.items}
    await _free(uow, [_too_many(item, named.get(sku_id)) for sku_id, item in before.items()])
    free = await inventory.carve_up_to(
        uow, [_lacking(before.get(sku_id), one) for sku_id, one in named.items()]
    )
    rows = [_row(session, i, one, before.get(one.sku_id), free) for i, one in enumerate(session.rule.items)]
    written = await _write(uow, rows)
    await _mark_returned(uow, offer_id, before.keys() - named.keys())
    return written > 0


async def _own_rows(uow: UnitOfWork, offer_id: UUID) -> list[Item]:
    """The rows of a session, locked. While there are none yet the counter of the offer stands for them, so that two
    workers do not both begin.
    """
    await uow.run(
        "select from offer_counters where merchant_id = %(merchant_id)s and offer_id = %(id)s for update",
        id=offer_id,
    )
    return await reading.locked_items(uow, [offer_id])


def _aside(item: Item | None) -> int:
    """How many pieces of this item lie aside in stock now."""
    return item.left if item is not None and item.returned_at is None else 0


def _target(item: Item | None, named: FlashItem | None) -> int:
    """How many pieces should lie aside: none of what the session no longer names."""
    return max(0, named.quota - (item.taken if item else 0)) if named is not None else 0


def _too_many(item: Item, named: FlashItem | None) -> inventory.Pieces:
    """What lies aside and no longer should; all of it when it now lies at the wrong place."""
    is_moved = named is not None and named.location_id != item.location_id
    excess = _aside(item) if is_moved else _aside(item) - min(_aside(item), _target(item, named))
    return inventory.Pieces(item.location_id, item.sku_id, excess)


def _lacking(item: Item | None, named: FlashItem) -> inventory.Pieces:
    is_here = item is not None and item.location_id == named.location_id
    lies = min(_aside(item), _target(item, named)) if is_here else 0
    return inventory.Pieces(named.location_id, named.sku_id, _target(item, named) - lies)


class _Row(msgspec.Struct, frozen=True):
    offer_id: UUID
    sku_id: UUID
    location_id: UUID
    position: int
    price: int
    wanted: int
    quota: int
    per_person: int
    version: int


def _row(
    session: Session,
    position: int,
    named: FlashItem,
    item: Item | None,
    free: Mapping[tuple[UUID, UUID], int],
) -> _Row:
    lacking = _lacking(item, named)
    lies = _target(item, named) - lacking.quantity
    got = free[lacking.location_id, lacking.sku_id]
    taken = item.taken if item else 0
    return _Row(
        session.id, named.sku_id, named.location_id, position, named.price, named.quota, taken + lies + got,
        named.per_person, session.version,
    )  # fmt: skip


async def _write(uow: UnitOfWork, rows: Sequence[_Row]) -> int:
    """Returns how many rows were written: none for a place that is not the merchant's."""
    return await uow.run(
        """
        insert into flash_items (merchant_id, offer_id, sku_id, location_id, position, price, wanted, quota, per_person,
                                 version, carved_at)
        select %(merchant_id)s, t.offer_id, t.sku_id, t.location_id, t.position, t.price, t.wanted, t.quota,
               t.per_person, t.version, %(now)s
        from json_to_recordset(%(rows)s::json)
            as t (offer_id uuid, sku_id uuid, location_id uuid, position smallint, price bigint, wanted int, quota int,
                  per_person int, version int)
        join stores l on l.merchant_id = %(merchant_id)s and l.id = t.location_id
        on conflict (merchant_id, offer_id, sku_id) do update
        set location_id = excluded.location_id, position = excluded.position, price = excluded.price,
            wanted = excluded.wanted, quota = excluded.quota, per_person = excluded.per_person,
            version = excluded.version, carved_at = excluded.carved_at, returned_at = null
        """,
        rows=json_rows(rows),
    )


async def return_session(uow: UnitOfWork, offer_id: UUID) -> None:
    """What nobody has taken of a session is for everybody again."""
    items = [item for item in await _own_rows(uow, offer_id) if item.returned_at is None]
    await _free(uow, [inventory.Pieces(item.location_id, item.sku_id, item.left) for item in items])
    await _mark_returned(uow, offer_id, [item.sku_id for item in items])


async def _free(uow: UnitOfWork, pieces: Iterable[inventory.Pieces]) -> None:
    await inventory.uncarve(uow, [one for one in pieces if one.quantity])


async def _mark_returned(uow: UnitOfWork, offer_id: UUID, sku_ids: Iterable[UUID]) -> None:
    await uow.run(
        """
        update flash_items set returned_at = %(now)s
        where merchant_id = %(merchant_id)s and offer_id = %(offer)s and sku_id = any(%(skus)s::uuid[])
          and returned_at is null
        """,
        offer=offer_id,
        skus=uuid_array(sku_ids),
    )
