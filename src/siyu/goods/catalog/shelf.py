"""On the shelf and off it: by hand, in bulk, or at a moment that was set before.

A product is for sale while `is_on_shelf`; a schedule only moves that switch when its moment has come, so that
whoever reads a product or a price looks at one column.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import bounded
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Sweep

Why = Literal["hand", "schedule", "bulk"]
DUE_MAX = 500  # of one turn; the rest is taken in the next
EVERY_SECONDS = 2.0


class Schedule(msgspec.Struct, frozen=True):
    """When a product comes onto the shelf and when it leaves (UTC); None where nothing is due."""

    shelf_from: datetime | None = None
    shelf_until: datetime | None = None


class ShelfChange(msgspec.Struct, frozen=True):
    """The product was put on the shelf or taken off: why is hand, schedule or bulk."""

    is_on_shelf: bool
    why: str
    actor_name: str
    at: datetime


async def turn(uow: UnitOfWork, product_ids: Sequence[UUID], *, is_on_shelf: bool, why: Why) -> int:
    """Put products on the shelf or take them off; return how many moved. Raises NotFound for a product that is none.

    Those that already are where they should be stay without a trace.
    """
    known = await uow.all(
        _Standing,
        """
        select id, is_on_shelf from products where merchant_id = %(merchant_id)s and id = any(%(ids)s)
        order by id for no key update
        """,
        ids=list(product_ids),
    )
    if len(known) < len(set(product_ids)):
        raise NotFound(what="商品 / product")
    moved = [row.id for row in known if row.is_on_shelf != is_on_shelf]
    if moved:
        await uow.run(
            """
            update products set is_on_shelf = %(is_on_shelf)s, updated_at = %(now)s
            where merchant_id = %(merchant_id)s and id = any(%(ids)s)
            """,
            is_on_shelf=is_on_shelf,
            ids=moved,
        )
        await _record(uow, moved, is_on_shelf=is_on_shelf, why=why)
    return len(moved)


class _Standing(msgspec.Struct, frozen=True):
    id: UUID
    is_on_shelf: bool


async def _record(uow: UnitOfWork, product_ids: Sequence[UUID], *, is_on_shelf: bool, why: Why) -> None:
    await uow.run(
        """
        insert into shelf_changes (merchant_id, id, product_id, is_on_shelf, why, actor_id, actor_name, at)
        select %(merchant_id)s, t.id, t.product_id, %(is_on_shelf)s, %(why)s, %(actor)s, %(actor_name)s, %(now)s
        from unnest(%(ids)s::uuid[], %(products)s::uuid[]) as t (id, product_id)
        """,
        ids=[ids.new() for _ in product_ids],
        products=list(product_ids),
        is_on_shelf=is_on_shelf,
        why=why,
        actor=uow.actor.id,
        actor_name=uow.actor.name,
    )


async def set_schedule(uow: UnitOfWork, product_id: UUID, schedule: Schedule) -> None:
    """Let a product come and go at given moments (UTC). One that is to come later leaves the shelf until then.

    Raises Invalid for moments that are over or the wrong way round, and NotFound.
    """
    if schedule.shelf_until is not None and schedule.shelf_until <= (schedule.shelf_from or uow.now):
        raise Invalid(
            field="shelf_until",
            zh="下架时间需晚于上架时间和现在。",
            en="The end has to be later than the beginning and than now.",
        )
    begin = schedule.shelf_from if schedule.shelf_from and schedule.shelf_from > uow.now else None
    touched = await uow.run(
        """
        update products set shelf_from = %(begin)s, shelf_until = %(until)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        begin=begin,
        until=schedule.shelf_until,
        id=product_id,
    )
    if not touched:
        raise NotFound(what="商品 / product")
    if begin is not None:
        await turn(uow, [product_id], is_on_shelf=False, why="schedule")
    elif schedule.shelf_from is not None:
        await turn(uow, [product_id], is_on_shelf=True, why="schedule")


async def schedule(uow: UnitOfWork, product_id: UUID) -> Schedule:
    """What is still to come. Raises NotFound."""
    found = await uow.maybe(
        Schedule,
        "select shelf_from, shelf_until from products where merchant_id = %(merchant_id)s and id = %(id)s",
        id=product_id,
    )
    if found is None:
        raise NotFound(what="商品 / product")
    return found


async def turn_due(uow: UnitOfWork) -> int:
    """Move what has become due; return how many products. Each moment is used once, however often this runs.

    A product whose whole time passed while nobody looked ends off the shelf.
    """
    due = await uow.all(
        _Due,
        """
        select id, coalesce(shelf_until <= %(now)s, false) as is_over from products
        where merchant_id = %(merchant_id)s and (shelf_from <= %(now)s or shelf_until <= %(now)s)
        order by id limit %(limit)s for no key update skip locked
        """,
        limit=DUE_MAX,
    )
    for is_over in (False, True):
        wanted = [row.id for row in due if row.is_over == is_over]
        if wanted:
            await turn(uow, wanted, is_on_shelf=not is_over, why="schedule")
    await uow.run(
        """
        update products
        set shelf_from = case when shelf_from > %(now)s then shelf_from end,
            shelf_until = case when shelf_until > %(now)s then shelf_until end
        where merchant_id = %(merchant_id)s and id = any(%(ids)s)
        """,
        ids=[row.id for row in due],
    )
    return len(due)


class _Due(msgspec.Struct, frozen=True):
    id: UUID
    is_over: bool


async def shelf_changes(uow: UnitOfWork, product_id: UUID, limit: int = 10) -> list[ShelfChange]:
    """When a product came and went, newest first."""
    return await uow.all(
        ShelfChange,
        """
        select is_on_shelf, why, actor_name, at from shelf_changes
        where merchant_id = %(merchant_id)s and product_id = %(product)s
        order by at desc, id desc limit %(limit)s
        """,
        product=product_id,
        limit=bounded(limit),
    )


async def _sweep(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, turn_due)


SWEEPS = [Sweep("catalog.turn_due", EVERY_SECONDS, _sweep)]
