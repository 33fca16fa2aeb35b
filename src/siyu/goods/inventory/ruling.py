"""The merchant's word on stock: where orders are sent from, what is few, what is kept back; and writing pieces off."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from siyu.goods.inventory.actions import lock
from siyu.goods.inventory.lots import Order
from siyu.goods.inventory.model import PIECES_MAX, Level, Pieces
from siyu.goods.inventory.moving import codes_of, count, mine, take_out
from siyu.goods.inventory.queries import LOW_BELOW, NEAR_DAYS
from siyu.goods.inventory.sourcing import Mode
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

NOTE_LENGTH_MAX = 200
MODES: dict[str, tuple[str, str]] = {
    "nearest": ("就近发货", "the nearest first"),
    "store_first": ("门店优先", "stores first"),
    "priority": ("按顺序发货", "in the merchant's order"),
}


class StockRules(msgspec.Struct, frozen=True):
    """`low_below`: fewer pieces to sell than this are few. `near_days`: so many days ahead an expiry is near."""

    mode: Mode = "nearest"
    split: bool = True
    priority: Sequence[UUID] = ()
    near_days: int = NEAR_DAYS
    low_below: int = LOW_BELOW


async def rules(uow: UnitOfWork) -> StockRules:
    """What the merchant said, or what holds until then."""
    found = await uow.maybe(
        StockRules,
        """
        select mode, split, priority, near_days, low_below from stock_rules where merchant_id = %(merchant_id)s
        """,
    )
    return found or StockRules()


async def set_rules(uow: UnitOfWork, wanted: StockRules) -> None:
    """Raises Invalid, also for a place that is not one of the merchant's."""
    if wanted.mode not in MODES:
        raise Invalid(field="mode", zh="请选择发货规则。", en="Choose a rule.")
    if not 1 <= wanted.near_days <= 3650:
        raise Invalid(field="near_days", zh="天数需在 1 到 3650 之间。", en="Between 1 and 3,650 days.")
    if not 1 <= wanted.low_below <= PIECES_MAX:
        raise Invalid(
            field="low_below",
            zh=f"件数需在 1 到 {PIECES_MAX} 之间。",
            en=f"Between 1 and {PIECES_MAX} pieces.",
        )
    known = await uow.all(
        UUID,
        "select id from stores where merchant_id = %(merchant_id)s and id = any(%(places)s::uuid[])",
        places=list(wanted.priority),
    )
    if not set(wanted.priority) <= set(known):
        raise Invalid(field="priority", zh="没有这个发货地点。", en="There is no such location.")
    before = await rules(uow)
    await uow.run(
        """
        insert into stock_rules (merchant_id, mode, split, priority, near_days, low_below, updated_at)
        values (%(merchant_id)s, %(mode)s, %(split)s, %(priority)s, %(near_days)s, %(low_below)s, %(now)s)
        on conflict (merchant_id) do update
        set mode = excluded.mode, split = excluded.split, priority = excluded.priority,
            near_days = excluded.near_days, low_below = excluded.low_below, updated_at = excluded.updated_at
        """,
        mode=wanted.mode,
        split=wanted.split,
        priority=list(dict.fromkeys(wanted.priority)),
        near_days=wanted.near_days,
        low_below=wanted.low_below,
    )
    await audit.note(
        uow,
        "stock.rules",
        subject_kind="stock",
        before=msgspec.to_builtins(before),
        after=msgspec.to_builtins(wanted),
    )


async def set_safety(uow: UnitOfWork, location_id: UUID, sku_id: UUID, pieces: int) -> None:
    """Keep so many pieces back from selling; promises already given hold. Raises Invalid and NotFound."""
    if not 0 <= pieces <= PIECES_MAX:
        raise Invalid(
            field="safety", zh=f"件数需在 0 到 {PIECES_MAX} 之间。", en=f"Between 0 and {PIECES_MAX} pieces."
        )
    mine(uow, location_id)
    found = await lock(uow, [Pieces(location_id, sku_id, 0)])
    level = found.get((location_id, sku_id))
    if level is None:
        raise NotFound(what="库存 / stock")
    await uow.run(
        """
        update stock set safety = %(pieces)s
        where merchant_id = %(merchant_id)s and location_id = %(location)s and sku_id = %(sku)s
        """,
        pieces=pieces,
        location=location_id,
        sku=sku_id,
    )
    await audit.note(
        uow,
        "stock.safety",
        subject_kind="sku",
        subject=sku_id,
        name=(await codes_of(uow, [sku_id]))[sku_id],
        before={"safety": level.safety},
        after={"safety": pieces},
    )


async def write_off(
    uow: UnitOfWork,
    pieces: Pieces,
    *,
    reason: Literal["damaged", "expired"],
    note: str = "",
    lot_id: UUID | None = None,
    entry_id: UUID | None = None,
) -> None:
    """Broken or expired pieces go. Raises NotAllFree when they are promised, and Invalid."""
    _check_note(note)
    mine(uow, pieces.location_id)
    order: Order = "expired" if reason == "expired" else "sale"
    left = await take_out(
        uow, [pieces], reason=reason, note=note, order=order, lot_id=lot_id, entry_id=entry_id
    )
    if left:
        await _note(uow, f"stock.{reason}", pieces, -pieces.quantity, note)


async def correct(uow: UnitOfWork, counted: Pieces, *, note: str = "") -> Level:
    """One shelf was counted outside a stocktake. Raises NotEnoughStock when fewer are there than are promised."""
    _check_note(note)
    mine(uow, counted.location_id)
    found = await lock(uow, [Pieces(counted.location_id, counted.sku_id, 0)])
    before = found.get((counted.location_id, counted.sku_id))
    level = await count(uow, counted, note=note)
    await _note(uow, "stock.count", counted, counted.quantity - (before.on_hand if before else 0), note)
    return level


def _check_note(note: str) -> None:
    if len(note) > NOTE_LENGTH_MAX:
        raise Invalid(
            field="note",
            zh=f"说明最多 {NOTE_LENGTH_MAX} 个字。",
            en=f"A note has at most {NOTE_LENGTH_MAX} characters.",
        )


async def _note(uow: UnitOfWork, action: str, pieces: Pieces, difference: int, note: str) -> None:
    await audit.note(
        uow,
        action,
        subject_kind="sku",
        subject=pieces.sku_id,
        name=(await codes_of(uow, [pieces.sku_id]))[pieces.sku_id],
        after={"location_id": str(pieces.location_id), "pieces": difference},
        reason=note,
    )
