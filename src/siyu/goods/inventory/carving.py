"""Pieces put aside for a sale with a quota of its own: on hand, promised to nobody, not for ordinary orders."""

from collections.abc import Mapping, Sequence

from siyu.goods.inventory.actions import lock, summed
from siyu.goods.inventory.model import Level, NotAllFree, Pieces
from siyu.goods.inventory.moving import codes_of
from siyu.goods.inventory.sharing import Key
from siyu.runtime.db import UnitOfWork, json_rows


async def carve(uow: UnitOfWork, pieces: Sequence[Pieces]) -> None:
    """Put pieces aside, all of them or none. Raises NotAllFree naming every SKU of which fewer are available."""
    sums = summed(pieces)
    levels = await lock(uow, sums)
    short = {one.sku_id: free for one in sums if (free := _free(levels, one)) < one.quantity}
    if short:
        codes = await codes_of(uow, list(short))
        raise NotAllFree([(codes[sku_id], free) for sku_id, free in short.items()], field="quantity")
    await _add(uow, sums)


async def carve_up_to(uow: UnitOfWork, pieces: Sequence[Pieces]) -> dict[Key, int]:
    """Put aside as many of these pieces as are available; returns how many of each (location, SKU)."""
    sums = summed(pieces)
    levels = await lock(uow, sums)
    got = [Pieces(one.location_id, one.sku_id, min(one.quantity, _free(levels, one))) for one in sums]
    await _add(uow, [one for one in got if one.quantity])
    return {(one.location_id, one.sku_id): one.quantity for one in got}


def _free(levels: Mapping[Key, Level], one: Pieces) -> int:
    level = levels.get((one.location_id, one.sku_id))
    return level.available if level else 0


async def _add(uow: UnitOfWork, sums: Sequence[Pieces]) -> None:
    if not sums:
        return
    await uow.send(
        """
        update stock s set carved = s.carved + t.quantity
        from json_to_recordset(%(rows)s::json) as t (location_id uuid, sku_id uuid, quantity int)
        where s.merchant_id = %(merchant_id)s and s.location_id = t.location_id and s.sku_id = t.sku_id
        """,
        rows=json_rows(sums),
    )


async def uncarve(uow: UnitOfWork, pieces: Sequence[Pieces]) -> None:
    """Pieces that were put aside are for everybody again, or for the order that this unit of work places.

    Nobody waits for the answer: the table's own check (carved ≥ 0) fails the whole unit of work should more ever be
    freed than was put aside. Rows are locked in key order by the statement itself.
    """
    sums = [one for one in summed(pieces) if one.quantity]
    if not sums:
        return
    await uow.send(
        """
        with kept as (
            select s.location_id, s.sku_id, t.quantity
            from json_to_recordset(%(rows)s::json) as t (location_id uuid, sku_id uuid, quantity int)
            join stock s on s.location_id = t.location_id and s.sku_id = t.sku_id
            where s.merchant_id = %(merchant_id)s
            order by s.location_id, s.sku_id
            for update of s
        )
        update stock s set carved = s.carved - k.quantity from kept k
        where s.merchant_id = %(merchant_id)s and s.location_id = k.location_id and s.sku_id = k.sku_id
        """,
        rows=json_rows(sums),
    )
