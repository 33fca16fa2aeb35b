"""What we owe suppliers: one entry, and with it one transfer in the ledger, for each unit and each arrival.

Ids follow from what happened, so a fact that is digested twice is booked once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from siyu.events import OrderRefunded, ParcelCancelled, UnitsLeft
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.money import ledger
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork, json_rows
from siyu.runtime.worker import Consumer, Event
from siyu.trade import fulfilment
from siyu.trade.suppliers.keeping import locked
from siyu.trade.suppliers.model import PRICE_MAX, REASON_MAX, EntryKind, NewEntry

COST = "cost_of_goods"


def account_of(supplier_id: UUID) -> str:
    """The code of the account of what we owe this supplier (credit side)."""
    return f"supplier:{supplier_id}"


async def book(uow: UnitOfWork, entries: Sequence[NewEntry]) -> int:
    """Write entries and their transfers; return how many were new. One that is there already changes nothing."""
    if not entries:
        return 0
    new = set(await _write(uow, entries))
    suppliers = {entry.supplier_id for entry in entries}
    accounts = await ledger.open_accounts(
        uow, {COST: "debit"} | {account_of(supplier_id): "credit" for supplier_id in suppliers}
    )
    transfers: list[ledger.Transfer] = []
    for entry in entries:
        if entry.id not in new or entry.amount == 0:
            continue
        owed, cost = accounts[account_of(entry.supplier_id)], accounts[COST]
        debit, credit = (cost, owed) if entry.amount > 0 else (owed, cost)
        transfers.append(
            ledger.Transfer(
                id=entry.id,
                debit=debit,
                credit=credit,
                amount=abs(entry.amount),
                reason=f"supply_{entry.kind}",
                subject_id=entry.order_id or entry.purchase_id or entry.supplier_id,
                note=entry.reason,
            )
        )
    await ledger.transfer(uow, transfers)
    return len(new)


async def _write(uow: UnitOfWork, entries: Sequence[NewEntry]) -> list[UUID]:
    return await uow.all(
        UUID,
        """
        insert into supplier_entries (merchant_id, id, supplier_id, kind, amount, quantity, price, sku_id, order_id,
                                      purchase_id, reason, actor_name, at)
        select %(merchant_id)s, t.id, t.supplier_id, t.kind, t.amount, t.quantity, t.price, t.sku_id, t.order_id,
               t.purchase_id, t.reason, %(by)s, %(now)s
        from json_to_recordset(%(rows)s::json) as t (id uuid, supplier_id uuid, kind text, amount bigint, quantity int,
                                                     price bigint, sku_id uuid, order_id uuid, purchase_id uuid,
                                                     reason text)
        on conflict (merchant_id, id) do nothing returning id
        """,
        rows=json_rows(entries),
        by=uow.actor.name,
    )


async def adjust(uow: UnitOfWork, supplier_id: UUID, entry_id: UUID, amount: int, reason: str) -> None:
    """We owe `amount` more (less when negative), for a reason; noted. It counts in the running period.

    The same id again changes nothing. Raises NotFound and Invalid.
    """
    supplier = await locked(uow, supplier_id)
    reason = reason.strip()
    if amount == 0 or abs(amount) > PRICE_MAX:
        raise Invalid(field="amount", zh="请填写调整金额。", en="Enter the amount of the adjustment.")
    if not 1 <= len(reason) <= REASON_MAX:
        raise Invalid(
            field="reason", zh="请填写原因（200 字以内）。", en="Give a reason of at most 200 characters."
        )
    entry = NewEntry(
        id=ids.derived("supplier adjusted", entry_id),
        supplier_id=supplier_id,
        kind="adjusted",
        amount=amount,
        reason=reason,
    )
    if await book(uow, [entry]):
        await audit.note(
            uow,
            "suppliers.adjust",
            subject_kind="supplier",
            subject=supplier_id,
            name=supplier.name,
            after={"adjusted_amount": amount},
            reason=reason,
        )


class _Line(msgspec.Struct, frozen=True):
    """A line that a supplier sends. `returned` units came back after they had left."""

    order_id: UUID
    line_no: int
    supplier_id: UUID
    sku_id: UUID
    returned: int


class _Unit(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    n: int
    price: int
    left_at: datetime
    back: str | None


async def digest(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Units that left a supplier are owed at the price of that moment; units that came back are not."""
    order_ids = {event.fact.order_id for event in events}
    lines = {(line.order_id, line.line_no): line for line in await _lines(uow, order_ids)}
    if not lines:
        return
    for event in events:
        match event.fact:
            case UnitsLeft() as fact:
                for left in fact.lines:
                    if (line := lines.get((fact.order_id, left.line_no))) is not None:
                        await _leave(uow, line, left.quantity, event.at)
            case OrderRefunded() as fact:
                for refunded in fact.lines:
                    if (line := lines.get((fact.order_id, refunded.line_no))) is not None:
                        await _come_back(uow, line)
            case ParcelCancelled() as fact:
                await _unsend(uow, fact, lines)
            case _:
                raise AssertionError("only facts that were asked for arrive")


async def _lines(uow: UnitOfWork, order_ids: Iterable[UUID]) -> list[_Line]:
    return await uow.all(
        _Line,
        """
        select l.order_id, l.line_no, s.id as supplier_id, l.sku_id, l.refunded_quantity - l.cancelled_quantity as returned
        from order_lines l
        join suppliers s on s.merchant_id = l.merchant_id and s.location_id = l.location_id
        where l.merchant_id = %(merchant_id)s and l.order_id = any(%(ids)s)
        """,
        ids=list(order_ids),
    )


async def _units(uow: UnitOfWork, line: _Line) -> list[_Unit]:
    return await uow.all(
        _Unit,
        """
        select order_id, line_no, n, price, left_at, back from supply_units
        where merchant_id = %(merchant_id)s and order_id = %(order)s and line_no = %(line)s order by n
        """,
        order=line.order_id,
        line=line.line_no,
    )


async def _leave(uow: UnitOfWork, line: _Line, quantity: int, at: datetime) -> None:
    known = await _units(uow, line)
    price = await _price_at(uow, line, at)
    first = len(known) + 1
    numbers = list(range(first, first + quantity))
    await uow.run(
        """
        insert into supply_units (merchant_id, order_id, line_no, n, supplier_id, sku_id, price, left_at)
        select %(merchant_id)s, %(order)s, %(line)s, t.n, %(supplier)s, %(sku)s, %(price)s, %(left_at)s
        from unnest(%(numbers)s::int[]) as t (n)
        """,
        order=line.order_id,
        line=line.line_no,
        supplier=line.supplier_id,
        sku=line.sku_id,
        price=price,
        left_at=at,
        numbers=numbers,
    )
    await book(uow, [_entry(line, n, "shipped", price) for n in numbers])
    await _come_back(uow, line)  # should the fact of their refund have overtaken this one


async def _price_at(uow: UnitOfWork, line: _Line, at: datetime) -> int:
    """The supply price that was in force; 0 where none was agreed, which a person then settles by hand."""
    found = await uow.maybe(
        int,
        """
        select price from supplier_prices
        where merchant_id = %(merchant_id)s and supplier_id = %(supplier)s and sku_id = %(sku)s and since <= %(at)s
        order by since desc, id desc limit 1
        """,
        supplier=line.supplier_id,
        sku=line.sku_id,
        at=at,
    )
    return found or 0


async def _come_back(uow: UnitOfWork, line: _Line) -> None:
    """As many units as the order says came back. What left last comes back first.

    The order may be ahead of us: units of which we have not heard yet that they left come back once we have.
    """
    units = await _units(uow, line)
    booked = sum(unit.back == "returned" for unit in units)
    live = [unit for unit in reversed(units) if unit.back is None]
    await _take_off(uow, line, live[: max(line.returned - booked, 0)], "returned")


async def _unsend(uow: UnitOfWork, fact: ParcelCancelled, lines: dict[tuple[UUID, int], _Line]) -> None:
    """A parcel that never was: exactly the units that left with it, by the moment."""
    parcel = await fulfilment.find_parcel(uow, fact.parcel_id)
    for one in parcel.lines:
        line = lines.get((fact.order_id, one.line_no))
        if line is None:
            continue
        live = [unit for unit in reversed(await _units(uow, line)) if unit.back is None]
        live.sort(key=lambda unit: unit.left_at != parcel.sent_at)  # stable: those of the parcel come first
        await _take_off(uow, line, live[: one.quantity], "unsent")


async def _take_off(uow: UnitOfWork, line: _Line, units: Sequence[_Unit], kind: EntryKind) -> None:
    if not units:
        return
    await uow.run(
        """
        update supply_units set back = %(kind)s
        where merchant_id = %(merchant_id)s and order_id = %(order)s and line_no = %(line)s and n = any(%(numbers)s)
        """,
        kind=kind,
        order=line.order_id,
        line=line.line_no,
        numbers=[unit.n for unit in units],
    )
    await book(uow, [_entry(line, unit.n, kind, unit.price) for unit in units])


def _entry(line: _Line, n: int, kind: EntryKind, price: int) -> NewEntry:
    purpose = "supply left" if kind == "shipped" else "supply back"  # a unit comes back once, however it does
    return NewEntry(
        id=ids.derived(purpose, line.order_id, line.line_no, n),
        supplier_id=line.supplier_id,
        kind=kind,
        amount=price if kind == "shipped" else -price,
        quantity=1 if kind == "shipped" else -1,
        price=price,
        sku_id=line.sku_id,
        order_id=line.order_id,
    )


FACTS: tuple[type[Any], ...] = (UnitsLeft, OrderRefunded, ParcelCancelled)
CONSUMERS = [Consumer("suppliers.owing", FACTS, digest)]
