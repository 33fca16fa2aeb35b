"""Lots: which pieces leave first, and keeping each lot's pieces. A lot changes only while its stock row is locked."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.goods.inventory.model import LOT_CODE_LENGTH_MAX, Lot, LotMismatch, LotName, Pieces
from siyu.goods.inventory.sharing import Key
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork, json_rows

# sale: first expired first out, what is past its date at the very end (食品安全法 art. 34: it must not be sold; the
# sweep writes it off, and lists what is promised). loss: nobody knows which piece is missing, so the ones without a
# lot go first. expired: what is past its date first.
Order = Literal["sale", "loss", "expired"]


class Part(msgspec.Struct, frozen=True):
    """`quantity` pieces of one lot, or of none."""

    lot_id: UUID | None
    quantity: int


class Queue:
    """The pieces of one SKU at one location in the order in which they leave."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = [part for part in parts if part.quantity > 0]

    def take(self, quantity: int) -> list[Part]:
        """The next pieces, split by lot. There are enough: the caller has looked at on_hand."""
        taken: list[Part] = []
        while quantity:
            first = self._parts.pop(0)
            part = Part(first.lot_id, min(quantity, first.quantity))
            taken.append(part)
            quantity -= part.quantity
            if first.quantity > part.quantity:
                self._parts.insert(0, Part(first.lot_id, first.quantity - part.quantity))
        return taken


def queue_of(lots: Sequence[Lot], on_hand: int, today: date, order: Order = "sale") -> Queue:
    """Line up the lots of one stock row. `today` is the merchant's day."""
    by_date = sorted(lots, key=lambda lot: (lot.expires_on is None, lot.expires_on or today, lot.id))
    expired = [Part(lot.id, lot.on_hand) for lot in by_date if is_expired(lot.expires_on, today)]
    fresh = [Part(lot.id, lot.on_hand) for lot in by_date if not is_expired(lot.expires_on, today)]
    loose = Part(None, on_hand - sum(lot.on_hand for lot in lots))
    assert loose.quantity >= 0, "lots hold no more than is there"
    match order:
        case "sale":
            return Queue([*fresh, loose, *expired])
        case "loss":
            return Queue([loose, *expired, *fresh])
        case "expired":
            return Queue([*expired, loose, *fresh])


def is_expired(expires_on: date | None, today: date) -> bool:
    return expires_on is not None and expires_on < today


def today_of(uow: UnitOfWork) -> date:
    """The merchant's day."""
    return uow.now.astimezone(ZoneInfo(uow.merchant.timezone)).date()


def number_of(uow: UnitOfWork, prefix: str, document_id: UUID) -> str:
    """What people call a transfer or a stocktake: `DB261122-7F3A9C`, the day and the end of its id."""
    return f"{prefix}{today_of(uow):%y%m%d}-{document_id.hex[-6:].upper()}"


def checked(name: LotName, *, field: str) -> LotName:
    """The name without outer spaces. Raises Invalid."""
    code = name.code.strip()
    if not 1 <= len(code) <= LOT_CODE_LENGTH_MAX or not code.isprintable():
        raise Invalid(
            field=field,
            zh=f"批号需为 1 到 {LOT_CODE_LENGTH_MAX} 个字。",
            en=f"A lot code has 1 to {LOT_CODE_LENGTH_MAX} characters.",
        )
    return LotName(code, name.expires_on)


async def lots_at(uow: UnitOfWork, keys: Iterable[Key]) -> dict[Key, list[Lot]]:
    """Lots with pieces at these stock rows."""
    found: dict[Key, list[Lot]] = {}
    for lot in await uow.all(
        Lot,
        """
        select b.id, b.location_id, b.sku_id, b.code, b.expires_on, b.on_hand
        from stock_lots b
        join json_to_recordset(%(rows)s::json) as t (location_id uuid, sku_id uuid)
          on b.location_id = t.location_id and b.sku_id = t.sku_id
        where b.merchant_id = %(merchant_id)s and b.on_hand > 0
        """,
        rows=json_rows(Pieces(*key, 0) for key in keys),
    ):
        found.setdefault((lot.location_id, lot.sku_id), []).append(lot)
    return found


async def change(uow: UnitOfWork, sums: Mapping[UUID, int]) -> None:
    """Add to lots (or take away) under the locks of their stock rows. The table's check refuses less than nothing."""
    changes = [Part(lot_id, quantity) for lot_id, quantity in sums.items() if quantity]
    if changes:
        await uow.send(
            """
            update stock_lots b set on_hand = b.on_hand + t.quantity
            from json_to_recordset(%(rows)s::json) as t (lot_id uuid, quantity int)
            where b.merchant_id = %(merchant_id)s and b.id = t.lot_id
            """,
            rows=json_rows(changes),
        )


class _NewLot(msgspec.Struct, frozen=True):
    id: UUID
    location_id: UUID
    sku_id: UUID
    code: str
    expires_on: date | None


async def opened(
    uow: UnitOfWork, wanted: Iterable[tuple[Key, LotName]]
) -> dict[tuple[UUID, UUID, str], UUID]:
    """The ids of these lots by location, SKU and code; those not there yet are opened, empty. Raises LotMismatch."""
    names = {(*key, name.code): name.expires_on for key, name in wanted}
    found = await uow.all(
        _NewLot,
        """
        insert into stock_lots (merchant_id, id, location_id, sku_id, code, expires_on, on_hand, created_at)
        select %(merchant_id)s, t.id, t.location_id, t.sku_id, t.code, t.expires_on, 0, %(now)s
        from json_to_recordset(%(rows)s::json)
            as t (id uuid, location_id uuid, sku_id uuid, code text, expires_on date)
        on conflict (merchant_id, location_id, sku_id, code) do update set code = excluded.code
        returning id, location_id, sku_id, code, expires_on
        """,
        rows=json_rows(_NewLot(ids.new(), *key, expires_on) for key, expires_on in sorted(names.items())),
    )
    for lot in found:
        if lot.expires_on != names[lot.location_id, lot.sku_id, lot.code]:
            raise LotMismatch(field="lot", lot=lot.code, expires_on=str(lot.expires_on or "—"))
    return {(lot.location_id, lot.sku_id, lot.code): lot.id for lot in found}


class _Came(msgspec.Struct, frozen=True):
    location_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int


async def given_out(uow: UnitOfWork, subject_id: UUID) -> dict[Key, list[Part]]:
    """What of which lots is out of the house for this subject: an order's goods, a transfer's pieces on their way.

    The soonest to expire come first, so that a returned piece is never thought fresher than it is.
    """
    found: dict[Key, list[Part]] = {}
    for row in await uow.all(
        _Came,
        """
        select m.location_id, m.sku_id, m.lot_id, -sum(m.quantity)::int as quantity
        from stock_moves m
        join stock_lots b on b.merchant_id = m.merchant_id and b.id = m.lot_id
        where m.merchant_id = %(merchant_id)s and m.subject_id = %(subject)s and m.lot_id is not null
        group by m.location_id, m.sku_id, m.lot_id, b.expires_on
        having sum(m.quantity) < 0
        order by b.expires_on nulls last, m.lot_id
        """,
        subject=subject_id,
    ):
        found.setdefault((row.location_id, row.sku_id), []).append(Part(row.lot_id, row.quantity))
    return found
