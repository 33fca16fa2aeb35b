"""Reserve, lock, promise, release: what is promised to buyers. Each one guarded statement over sets of pieces."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from siyu.goods.inventory.model import Level, NotEnoughStock, Pieces
from siyu.goods.inventory.sharing import Group, Key, Places, share_out, wanted
from siyu.runtime.db import UnitOfWork, json_rows


async def reserve(uow: UnitOfWork, pieces: Pieces) -> int:
    """Promise pieces to a buyer; return what is still available. Raises NotEnoughStock."""
    left = await uow.maybe(
        int,
        """
        update stock set reserved = reserved + %(quantity)s
        where merchant_id = %(merchant_id)s and location_id = %(location)s and sku_id = %(sku)s
          and on_hand - reserved - safety - carved >= %(quantity)s
        returning on_hand - reserved - safety - carved
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


async def reserve_groups(uow: UnitOfWork, groups: Sequence[Group]) -> list[Places | NotEnoughStock]:
    """Reserve for many orders at once, each all or nothing, first come first served.

    Returns, for each group, the location of each of its lines, or the refusal it got.
    """
    answers, taken = share_out(await lock(uow, wanted(groups)), groups)
    await promise(uow, taken)
    return answers


async def lock(uow: UnitOfWork, pieces: Sequence[Pieces], *, skus: Sequence[UUID] = ()) -> dict[Key, Level]:
    """Stock levels by (location, SKU), locked until the unit of work ends: of `pieces`, and of `skus` wherever they
    can be sent from; for a bundle among `skus` the rows of its components too.

    One statement. Rows are locked in key order, so two batches that want the same SKUs wait for each other instead
    of deadlocking.
    """
    if skus:
        return await _lock_anywhere(uow, pieces, skus)
    if not pieces:
        return {}
    found = await uow.all(
        Level,
        """
        select s.location_id, s.sku_id, s.on_hand, s.reserved, s.safety, s.has_lots, s.carved
        from stock s
        join (select distinct location_id, sku_id
              from json_to_recordset(%(rows)s::json) as w (location_id uuid, sku_id uuid)) as t
          on s.location_id = t.location_id and s.sku_id = t.sku_id
        where s.merchant_id = %(merchant_id)s
        order by s.location_id, s.sku_id
        for update of s
        """,
        rows=_keys(pieces),
    )
    return {(level.location_id, level.sku_id): level for level in found}


async def _lock_anywhere(uow: UnitOfWork, pieces: Sequence[Pieces], skus: Sequence[UUID]) -> dict[Key, Level]:
    found = await uow.all(
        Level,
        """
        with wanted as (
            select t.location_id, t.sku_id
            from json_to_recordset(%(rows)s::json) as t (location_id uuid, sku_id uuid)
            union all
            select l.id, k.id
            from unnest(%(skus)s::uuid[]) as k (id)
            join stores l on l.merchant_id = %(merchant_id)s and l.ships and l.is_open
        )
        select s.location_id, s.sku_id, s.on_hand, s.reserved, s.safety, s.has_lots, s.carved
        from (
            select w.location_id, w.sku_id from wanted w
            union
            select w.location_id, b.sku_id
            from wanted w
            join bundle_items b on b.merchant_id = %(merchant_id)s and b.bundle_sku_id = w.sku_id
        ) as t
        join stock s on s.location_id = t.location_id and s.sku_id = t.sku_id
        where s.merchant_id = %(merchant_id)s
        order by s.location_id, s.sku_id
        for update of s
        """,
        rows=_keys(pieces),
        skus=list(skus),
    )
    return {(level.location_id, level.sku_id): level for level in found}


def _keys(pieces: Sequence[Pieces]) -> str:
    return json_rows({Pieces(piece.location_id, piece.sku_id, 0) for piece in pieces})


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
    sums = summed(pieces)
    if not sums:
        return
    await lock(uow, sums)
    touched = await uow.run(
        """
        update stock s set reserved = s.reserved - t.quantity
        from json_to_recordset(%(rows)s::json) as t (location_id uuid, sku_id uuid, quantity int)
        where s.merchant_id = %(merchant_id)s and s.location_id = t.location_id and s.sku_id = t.sku_id
          and s.reserved >= t.quantity
        """,
        rows=json_rows(sums),
    )
    assert touched == len(sums), "only what was reserved can be released"


def summed(pieces: Iterable[Pieces]) -> list[Pieces]:
    """One entry for each stock row, in key order."""
    sums: dict[Key, int] = {}
    for piece in pieces:
        key = (piece.location_id, piece.sku_id)
        sums[key] = sums.get(key, 0) + piece.quantity
    return [Pieces(*key, quantity) for key, quantity in sorted(sums.items())]
