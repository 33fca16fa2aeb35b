"""Pieces arrive, leave, come back and are counted. on_hand changes only together with moves that say why."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from siyu.goods.inventory import lots
from siyu.goods.inventory.actions import lock, summed
from siyu.goods.inventory.lots import Order, Part, Queue, queue_of, today_of
from siyu.goods.inventory.model import Level, LotName, NotAllFree, NotEnoughStock, Pieces, Reason
from siyu.goods.inventory.sharing import Key
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork, json_rows


class _Row(msgspec.Struct, frozen=True):
    """A row of stock_moves on its way into the database."""

    id: UUID
    location_id: UUID
    sku_id: UUID
    quantity: int
    lot_id: UUID | None
    subject_id: UUID | None


async def deduct(uow: UnitOfWork, pieces: Sequence[Pieces], *, subject_ids: Sequence[UUID]) -> None:
    """Reserved pieces leave the house, those of lots first expired first out.

    `subject_ids` name, piece by piece, the order they left for.
    """
    sums = summed(pieces)
    if not sums:
        return
    levels = await lock(uow, sums)
    queues = await _queues(uow, levels, sums, "sale")
    touched = await uow.run(
        """
        update stock s set on_hand = s.on_hand - t.quantity, reserved = s.reserved - t.quantity
        from json_to_recordset(%(rows)s::json) as t (location_id uuid, sku_id uuid, quantity int)
        where s.merchant_id = %(merchant_id)s and s.location_id = t.location_id and s.sku_id = t.sku_id
          and s.reserved >= t.quantity
        """,
        rows=json_rows(sums),
    )
    assert touched == len(sums), "only what was reserved can leave"
    await _write(uow, _taken(pieces, queues, subject_ids), "handed_over")


async def take_out(
    uow: UnitOfWork,
    pieces: Sequence[Pieces],
    *,
    reason: Reason,
    subject_id: UUID | None = None,
    note: str = "",
    order: Order = "sale",
    lot_id: UUID | None = None,
    entry_id: UUID | None = None,
) -> bool:
    """Pieces that are promised to nobody leave: on a transfer, broken, past their date.

    `lot_id` names the lot they are of, when that is known. `entry_id` is made by the asker: the same entry moves
    pieces once, and False says that it had before. Raises NotAllFree naming every SKU that is short.
    """
    if entry_id is not None and await _is_known(uow, entry_id):
        return False
    sums = summed(pieces)
    levels = await lock(uow, sums)
    await _refuse_short(uow, levels, sums)
    queues = await _queues(uow, levels, sums, order, lot_id=lot_id)
    await _add(uow, [Pieces(one.location_id, one.sku_id, -one.quantity) for one in sums])
    rows = _taken(sums, queues, [subject_id] * len(sums))
    await _write(uow, _with_entry(rows, entry_id), reason, note=note)
    return True


async def _is_known(uow: UnitOfWork, entry_id: UUID) -> bool:
    """Whether this entry moved pieces before: its id is that of its first move."""
    found = await uow.all(
        UUID, "select id from stock_moves where merchant_id = %(merchant_id)s and id = %(id)s", id=entry_id
    )
    return bool(found)


def _with_entry(rows: Sequence[_Row], entry_id: UUID | None) -> list[_Row]:
    if entry_id is None or not rows:
        return list(rows)
    return [msgspec.structs.replace(rows[0], id=entry_id), *rows[1:]]


async def _refuse_short(uow: UnitOfWork, levels: Mapping[Key, Level], sums: Sequence[Pieces]) -> None:
    short: dict[UUID, int] = {}
    for one in sums:
        level = levels.get((one.location_id, one.sku_id))
        free = level.unpromised if level else 0
        if free < one.quantity:
            short[one.sku_id] = free
    if short:
        codes = await codes_of(uow, list(short))
        raise NotAllFree([(codes[sku], free) for sku, free in short.items()], field="quantity")


def mine(uow: UnitOfWork, location_id: UUID) -> None:
    """Raises NotFound for a location outside the actor's scope: people move stock where they work."""
    if not uow.actor.sees(location_id):
        raise NotFound(what="门店 / store")


class _Code(msgspec.Struct, frozen=True):
    id: UUID
    code: str


async def codes_of(uow: UnitOfWork, sku_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What people call these SKUs."""
    rows = await uow.all(
        _Code,
        "select id, code from skus where merchant_id = %(merchant_id)s and id = any(%(ids)s) order by code",
        ids=list(sku_ids),
    )
    return {sku_id: str(sku_id) for sku_id in sku_ids} | {row.id: row.code for row in rows}


async def receive(
    uow: UnitOfWork,
    pieces: Sequence[Pieces],
    *,
    reason: Reason = "receive",
    lot_names: Sequence[LotName | None] = (),
    subject_id: UUID | None = None,
    note: str = "",
    entry_id: UUID | None = None,
) -> None:
    """Pieces arrive. The first arrival of a SKU at a location opens its stock row.

    `lot_names` name, piece by piece, the lot they are of; empty when none is. `entry_id` is made by the asker: the
    same entry brings pieces once. Raises LotMismatch for a lot that is known with another date.
    """
    if not pieces or (entry_id is not None and await _is_known(uow, entry_id)):
        return
    named = list(lot_names) or [None] * len(pieces)
    assert len(named) == len(pieces), "a lot, or none, for each"
    in_lots = {(one.location_id, one.sku_id) for one, name in zip(pieces, named, strict=True) if name}
    await _open(uow, summed(pieces), in_lots)
    opened = await lots.opened(
        uow,
        [
            ((one.location_id, one.sku_id), name)
            for one, name in zip(pieces, named, strict=True)
            if name is not None
        ],
    ) if in_lots else {}  # fmt: skip
    rows = [
        _Row(
            ids.new(),
            one.location_id,
            one.sku_id,
            one.quantity,
            opened[one.location_id, one.sku_id, name.code] if name else None,
            subject_id,
        )
        for one, name in zip(pieces, named, strict=True)
    ]
    await _write(uow, _with_entry(rows, entry_id), reason, note=note)


class _Opening(msgspec.Struct, frozen=True):
    location_id: UUID
    sku_id: UUID
    quantity: int
    has_lots: bool


async def _open(uow: UnitOfWork, sums: Sequence[Pieces], in_lots: set[Key]) -> None:
    await uow.run(
        """
        insert into stock (merchant_id, location_id, sku_id, on_hand, has_lots)
        select %(merchant_id)s, t.location_id, t.sku_id, t.quantity, t.has_lots
        from json_to_recordset(%(rows)s::json) as t (location_id uuid, sku_id uuid, quantity int, has_lots boolean)
        on conflict (merchant_id, location_id, sku_id)
        do update set on_hand = stock.on_hand + excluded.on_hand, has_lots = stock.has_lots or excluded.has_lots
        """,
        rows=json_rows(
            _Opening(one.location_id, one.sku_id, one.quantity, (one.location_id, one.sku_id) in in_lots)
            for one in sums
        ),
    )


async def put_back(uow: UnitOfWork, pieces: Sequence[Pieces], *, subject_id: UUID) -> None:
    """Goods that had left for `subject_id` come back and can be sold again, in the lots they left from."""
    sums = summed(pieces)
    if not sums:
        return
    levels = await lock(uow, sums)
    touched = await _add(uow, sums)
    assert touched == len(sums), "goods come back to where they were sold from"
    out: dict[Key, list[Part]] = {}
    if any(level.has_lots for level in levels.values()):
        out = await lots.given_out(uow, subject_id)
    rows: list[_Row] = []
    for one in sums:
        key = (one.location_id, one.sku_id)
        known = out.get(key, [])
        rest = max(one.quantity - sum(part.quantity for part in known), 0)
        rows += [
            _Row(ids.new(), *key, part.quantity, part.lot_id, subject_id)
            for part in Queue([*known, Part(None, rest)]).take(one.quantity)
        ]
    await _write(uow, rows, "returned")


async def count(uow: UnitOfWork, counted: Pieces, *, note: str = "") -> Level:
    """Somebody counted the shelf: on_hand becomes `counted.quantity`, and the difference is a move.

    Raises NotEnoughStock when fewer pieces were counted than are promised to buyers or to a running sale.
    """
    levels = await lock(uow, [counted])
    level = levels.get((counted.location_id, counted.sku_id))
    level = level or Level(counted.location_id, counted.sku_id, 0, 0)
    if counted.quantity < level.reserved + level.carved:
        raise NotEnoughStock(sku_id=counted.sku_id, available=level.unpromised, field="quantity")
    difference = Pieces(counted.location_id, counted.sku_id, counted.quantity - level.on_hand)
    await change_by(uow, levels, [difference], note=note)
    return msgspec.structs.replace(level, on_hand=counted.quantity)


async def change_by(
    uow: UnitOfWork,
    levels: Mapping[Key, Level],
    differences: Sequence[Pieces],
    *,
    subject_id: UUID | None = None,
    note: str = "",
) -> None:
    """Counted differences of locked rows, up or down, become moves. What is found belongs to no lot."""
    more = [one for one in differences if one.quantity > 0]
    less = [Pieces(one.location_id, one.sku_id, -one.quantity) for one in differences if one.quantity < 0]
    await receive(uow, more, reason="count", subject_id=subject_id, note=note)
    if less:
        queues = await _queues(uow, levels, less, "loss")
        await _add(uow, [Pieces(one.location_id, one.sku_id, -one.quantity) for one in less])
        await _write(uow, _taken(less, queues, [subject_id] * len(less)), "count", note=note)


async def _add(uow: UnitOfWork, sums: Sequence[Pieces]) -> int:
    """Change on_hand of locked rows; return how many there were."""
    return await uow.run(
        """
        update stock s set on_hand = s.on_hand + t.quantity
        from json_to_recordset(%(rows)s::json) as t (location_id uuid, sku_id uuid, quantity int)
        where s.merchant_id = %(merchant_id)s and s.location_id = t.location_id and s.sku_id = t.sku_id
        """,
        rows=json_rows(sums),
    )


async def _queues(
    uow: UnitOfWork,
    levels: Mapping[Key, Level],
    sums: Sequence[Pieces],
    order: Order,
    *,
    lot_id: UUID | None = None,
) -> dict[Key, Queue]:
    """For each locked row its pieces in the order in which they leave. Only rows that have lots are asked for them.

    Raises Invalid when `lot_id` is given and that lot has fewer pieces.
    """
    keys = [(one.location_id, one.sku_id) for one in sums]
    with_lots = [key for key in keys if key in levels and levels[key].has_lots]
    found = await lots.lots_at(uow, with_lots) if with_lots else {}
    today = today_of(uow)
    queues: dict[Key, Queue] = {}
    for one, key in zip(sums, keys, strict=True):
        # A row that is not there has nothing; the guarded statement after this one finds that out.
        on_hand = levels[key].on_hand if key in levels else one.quantity
        queues[key] = queue_of(found.get(key, []), on_hand, today, order)
        if lot_id is not None:
            left = next((lot.on_hand for lot in found.get(key, []) if lot.id == lot_id), 0)
            if left < one.quantity:
                raise Invalid(
                    field="quantity",
                    zh=f"这个批次只有 {left} 件。",
                    en=f"This lot has {left} pieces only.",
                )
            queues[key] = Queue([Part(lot_id, left)])
    return queues


def _taken(
    pieces: Sequence[Pieces], queues: Mapping[Key, Queue], subject_ids: Sequence[UUID | None]
) -> list[_Row]:
    """The moves of pieces that leave, split by lot."""
    return [
        _Row(ids.new(), one.location_id, one.sku_id, -part.quantity, part.lot_id, subject_id)
        for one, subject_id in zip(pieces, subject_ids, strict=True)
        for part in queues[one.location_id, one.sku_id].take(one.quantity)
    ]


async def _write(uow: UnitOfWork, rows: Sequence[_Row], reason: Reason, *, note: str = "") -> None:
    """The moves, and with them the lots. Nobody waits: should one fail, so does the commit."""
    if not rows:
        return
    sums: dict[UUID, int] = {}
    for row in rows:
        if row.lot_id is not None:
            sums[row.lot_id] = sums.get(row.lot_id, 0) + row.quantity
    await lots.change(uow, sums)
    await uow.run(
        """
        insert into stock_moves (merchant_id, id, location_id, sku_id, quantity, reason, lot_id, subject_id, note,
                                 actor_id, at)
        select %(merchant_id)s, t.id, t.location_id, t.sku_id, t.quantity, %(reason)s, t.lot_id, t.subject_id, %(note)s,
               %(actor)s, %(now)s
        from json_to_recordset(%(rows)s::json)
            as t (id uuid, location_id uuid, sku_id uuid, quantity int, lot_id uuid, subject_id uuid)
        """,
        reason=reason,
        note=note,
        actor=uow.actor.id,
        rows=json_rows(rows),
    )
