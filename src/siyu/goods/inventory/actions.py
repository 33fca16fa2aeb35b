"""Reserve, release, deduct, receive: each one guarded statement over sets of pieces."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from siyu.goods.inventory.model import Level, NotEnoughStock, Pieces
from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork, json_rows


async def reserve(uow: UnitOfWork, pieces: Pieces) -> int:
    """Promise pieces to a buyer; return what is still available. Raises NotEnoughStock."""
    left = await uow.maybe(
        int,
        """
        update stock set reserved = reserved + %(quantity)s
        where merchant_id = %(merchant_id)s and location_id = %(location)s and sku_id = %(sku)s
          and on_hand - reserved >= %(quantity)s
        returning on_hand - reserved
        """,
        location=pieces.location_id,
        sku=pieces.sku_id,
        quantity=pieces.quantity,
    )
    if left is None:
        levels = await lock(uow, [pieces])
        level = levels.get((pieces.location_id, pieces.sku_id))
        raise NotEnoughStock(sku_id=pieces.sku_id, available=level.available if level else 0)
    return left


async def reserve_groups(uow: UnitOfWork, groups: Sequence[Sequence[Pieces]]) -> list[NotEnoughStock | None]:
    """Reserve for many orders at once, each all or nothing, first come first served.

    Returns, for each group, None or the refusal it got.
    """
    levels = await lock(uow, [piece for group in groups for piece in group])
    answers, taken = share_out(levels, groups)
    await promise(uow, taken)
    return answers


def share_out(
    levels: Mapping[tuple[UUID, UUID], Level], groups: Sequence[Sequence[Pieces]]
) -> tuple[list[NotEnoughStock | None], list[Pieces]]:
    """Who gets what of locked stock: an answer for each group, and the sums to promise. Pure."""
    left = {key: level.available for key, level in levels.items()}
    taken: dict[tuple[UUID, UUID], int] = {}
    answers: list[NotEnoughStock | None] = []
    for group in groups:
        refusal = _refusal(group, left)
        answers.append(refusal)
        if refusal is None:
            for piece in group:
                key = (piece.location_id, piece.sku_id)
                left[key] -= piece.quantity
                taken[key] = taken.get(key, 0) + piece.quantity
    return answers, [Pieces(*key, quantity) for key, quantity in taken.items()]


def _refusal(group: Sequence[Pieces], left: dict[tuple[UUID, UUID], int]) -> NotEnoughStock | None:
    needed: dict[tuple[UUID, UUID], int] = {}
    for piece in group:
        key = (piece.location_id, piece.sku_id)
        needed[key] = needed.get(key, 0) + piece.quantity
    for key, quantity in needed.items():
        if left.get(key, 0) < quantity:
            return NotEnoughStock(sku_id=key[1], available=left.get(key, 0))
    return None


async def lock(uow: UnitOfWork, pieces: Sequence[Pieces]) -> dict[tuple[UUID, UUID], Level]:
    """Stock levels by (location, SKU), locked until the unit of work ends.

    Rows are locked in key order, so two batches that want the same SKUs wait for each other instead of
    deadlocking.
    """
    keys = {(piece.location_id, piece.sku_id) for piece in pieces}
    if not keys:
        return {}
    found = await uow.all(
        Level,
        """
        select s.location_id, s.sku_id, s.on_hand, s.reserved
        from stock s
        join json_to_recordset(%(rows)s::json) as t (location_id uuid, sku_id uuid)
          on s.location_id = t.location_id and s.sku_id = t.sku_id
        where s.merchant_id = %(merchant_id)s
        order by s.location_id, s.sku_id
        for update of s
        """,
        rows=json_rows(Pieces(location, sku, 0) for location, sku in keys),
    )
    return {(level.location_id, level.sku_id): level for level in found}


async def promise(uow: UnitOfWork, pieces: Sequence[Pieces]) -> None:
    """Raise `reserved` of rows that the caller has locked and shared out.

    Nobody waits for the answer: the table's own check (reserved ≤ on_hand) fails the whole unit of work should
    more ever be promised than is there.
    """
    if not pieces:
        return
    await uow.send(
        """
        update stock s set reserved = s.reserved + t.quantity
        from json_to_recordset(%(rows)s::json) as t (location_id uuid, sku_id uuid, quantity int)
        where s.merchant_id = %(merchant_id)s and s.location_id = t.location_id and s.sku_id = t.sku_id
        """,
        rows=json_rows(pieces),
    )


async def release(uow: UnitOfWork, pieces: Sequence[Pieces]) -> None:
    """Give reserved pieces back to everybody."""
    summed = _summed(pieces)
    if not summed:
        return
    await lock(uow, summed)
    touched = await uow.run(
        """
        update stock s set reserved = s.reserved - t.quantity
        from unnest(%(locations)s::uuid[], %(skus)s::uuid[], %(quantities)s::int[]) as t (location_id, sku_id, quantity)
        where s.merchant_id = %(merchant_id)s and s.location_id = t.location_id and s.sku_id = t.sku_id
          and s.reserved >= t.quantity
        """,
        **_columns(summed),
    )
    assert touched == len(summed), "only what was reserved can be released"


async def deduct(uow: UnitOfWork, pieces: Sequence[Pieces], *, subject_ids: Sequence[UUID]) -> None:
    """Reserved pieces leave the house. `subject_ids` name, piece by piece, the order they left for."""
    summed = _summed(pieces)
    if not summed:
        return
    await lock(uow, summed)
    touched = await uow.run(
        """
        update stock s set on_hand = s.on_hand - t.quantity, reserved = s.reserved - t.quantity
        from unnest(%(locations)s::uuid[], %(skus)s::uuid[], %(quantities)s::int[]) as t (location_id, sku_id, quantity)
        where s.merchant_id = %(merchant_id)s and s.location_id = t.location_id and s.sku_id = t.sku_id
          and s.reserved >= t.quantity
        """,
        **_columns(summed),
    )
    assert touched == len(summed), "only what was reserved can leave"
    taken = [Pieces(p.location_id, p.sku_id, -p.quantity) for p in pieces]
    await _move(uow, taken, reason="handed_over", subject_ids=subject_ids)


async def receive(uow: UnitOfWork, pieces: Sequence[Pieces], *, reason: str = "receive") -> None:
    """Pieces arrive. The first arrival of a SKU at a location opens its stock row."""
    summed = _summed(pieces)
    if not summed:
        return
    await uow.run(
        """
        insert into stock (merchant_id, location_id, sku_id, on_hand)
        select %(merchant_id)s, t.location_id, t.sku_id, t.quantity
        from unnest(%(locations)s::uuid[], %(skus)s::uuid[], %(quantities)s::int[]) as t (location_id, sku_id, quantity)
        on conflict (merchant_id, location_id, sku_id) do update set on_hand = stock.on_hand + excluded.on_hand
        """,
        **_columns(summed),
    )
    await _move(uow, summed, reason=reason, subject_ids=[None] * len(summed))


async def put_back(uow: UnitOfWork, pieces: Sequence[Pieces], *, subject_id: UUID) -> None:
    """Goods that had left come back and can be sold again."""
    summed = _summed(pieces)
    if not summed:
        return
    await lock(uow, summed)
    touched = await uow.run(
        """
        update stock s set on_hand = s.on_hand + t.quantity
        from unnest(%(locations)s::uuid[], %(skus)s::uuid[], %(quantities)s::int[]) as t (location_id, sku_id, quantity)
        where s.merchant_id = %(merchant_id)s and s.location_id = t.location_id and s.sku_id = t.sku_id
        """,
        **_columns(summed),
    )
    assert touched == len(summed), "goods come back to where they were sold from"
    await _move(uow, summed, reason="returned", subject_ids=[subject_id] * len(summed))


async def count(uow: UnitOfWork, counted: Pieces) -> Level:
    """Somebody counted the shelf: on_hand becomes `counted.quantity`, and the difference is a move.

    Raises NotEnoughStock when fewer pieces were counted than are promised to buyers.
    """
    levels = await lock(uow, [counted])
    level = levels.get((counted.location_id, counted.sku_id))
    before, reserved = (level.on_hand, level.reserved) if level else (0, 0)
    if counted.quantity < reserved:
        raise NotEnoughStock(sku_id=counted.sku_id, available=before - reserved, field="quantity")
    difference = counted.quantity - before
    if difference:
        pieces = Pieces(counted.location_id, counted.sku_id, difference)
        if level is None:
            await receive(uow, [pieces], reason="count")
        else:
            await uow.run(
                """
                update stock set on_hand = %(quantity)s
                where merchant_id = %(merchant_id)s and location_id = %(location)s and sku_id = %(sku)s
                """,
                quantity=counted.quantity,
                location=counted.location_id,
                sku=counted.sku_id,
            )
            await _move(uow, [pieces], reason="count", subject_ids=[None])
    return Level(counted.location_id, counted.sku_id, counted.quantity, reserved)


async def _move(
    uow: UnitOfWork, pieces: Sequence[Pieces], *, reason: str, subject_ids: Sequence[UUID | None]
) -> None:
    await uow.run(
        """
        insert into stock_moves (merchant_id, id, location_id, sku_id, quantity, reason, subject_id, actor_id, at)
        select %(merchant_id)s, t.id, t.location_id, t.sku_id, t.quantity, %(reason)s, t.subject_id, %(actor)s, %(now)s
        from unnest(%(ids)s::uuid[], %(locations)s::uuid[], %(skus)s::uuid[], %(quantities)s::int[],
                    %(subjects)s::uuid[]) as t (id, location_id, sku_id, quantity, subject_id)
        """,
        ids=[ids.new() for _ in pieces],
        reason=reason,
        actor=uow.actor.id,
        subjects=list(subject_ids),
        **_columns(pieces),
    )


def _summed(pieces: Sequence[Pieces]) -> list[Pieces]:
    sums: dict[tuple[UUID, UUID], int] = {}
    for piece in pieces:
        key = (piece.location_id, piece.sku_id)
        sums[key] = sums.get(key, 0) + piece.quantity
    return [Pieces(*key, quantity) for key, quantity in sums.items()]


def _columns(pieces: Sequence[Pieces]) -> dict[str, list[UUID] | list[int]]:
    return {
        "locations": [piece.location_id for piece in pieces],
        "skus": [piece.sku_id for piece in pieces],
        "quantities": [piece.quantity for piece in pieces],
    }
