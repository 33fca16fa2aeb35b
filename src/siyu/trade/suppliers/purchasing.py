"""Purchase orders: drafted, sent, and what arrived of them. Every step may come twice."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from siyu.goods import inventory
from siyu.kernel import ids
from siyu.kernel.errors import IdempotencyConflict, Invalid, NotFound
from siyu.runtime import counters
from siyu.runtime.db import Database, Merchant, UnitOfWork, json_rows
from siyu.trade.suppliers.model import (
    LINES_MAX,
    PIECES_MAX,
    PRICE_MAX,
    REASON_MAX,
    Arrived,
    NewEntry,
    Purchase,
    PurchaseLine,
    PurchaseState,
    Receive,
    TooMuchArrived,
    WantedLine,
    WantedPurchase,
    WrongPurchaseState,
)
from siyu.trade.suppliers.owing import book
from siyu.trade.suppliers.purchase_queries import find_purchase
from siyu.trade.suppliers.queries import find

STATES: dict[str, tuple[str, str]] = {
    "draft": ("草稿", "a draft"),
    "sent": ("已下单", "sent"),
    "partly": ("部分到货", "partly received"),
    "received": ("已到齐", "received"),
    "cancelled": ("已取消", "cancelled"),
}
LOT_CODE_MAX = 40


async def fresh_number(database: Database, merchant: Merchant) -> str:
    """A number for a purchase order: `CG000042`. Taken outside the unit of work, so gaps are possible."""
    (number,) = await counters.take(database, merchant, "purchase_orders", 1)
    return f"CG{number:06d}"


async def draft(uow: UnitOfWork, wanted: WantedPurchase, number: str) -> Purchase:
    """Write down what is to be ordered. The same id again returns the order that is there. Raises Invalid, NotFound."""
    _check_lines(wanted.lines)
    _check_remark(wanted.remark)
    await _check_ends(uow, wanted)
    inserted = await uow.run(
        """
        insert into purchase_orders (merchant_id, id, number, supplier_id, location_id, state, remark, created_by,
                                     created_at)
        values (%(merchant_id)s, %(id)s, %(number)s, %(supplier)s, %(location)s, 'draft', %(remark)s, %(by)s, %(now)s)
        on conflict (merchant_id, id) do nothing
        """,
        id=wanted.id,
        number=number,
        supplier=wanted.supplier_id,
        location=wanted.location_id,
        remark=wanted.remark.strip(),
        by=uow.actor.name,
    )
    if inserted:
        await _write_lines(uow, wanted.id, wanted.lines)
    return await find_purchase(uow, wanted.id)


async def change_draft(uow: UnitOfWork, purchase_id: UUID, lines: Sequence[WantedLine]) -> Purchase:
    """Replace the lines of a draft. Raises WrongPurchaseState once it was sent, Invalid and NotFound."""
    _check_lines(lines)
    _expect(await _locked(uow, purchase_id), "draft")
    await uow.run(
        "delete from purchase_lines where merchant_id = %(merchant_id)s and purchase_id = %(id)s",
        id=purchase_id,
    )
    await _write_lines(uow, purchase_id, lines)
    return await find_purchase(uow, purchase_id)


async def send(uow: UnitOfWork, purchase_id: UUID) -> Purchase:
    """The supplier has it. A second time changes nothing. Raises WrongPurchaseState and NotFound."""
    found = await _locked(uow, purchase_id)
    if found.state in {"sent", "partly", "received"}:
        return found
    _expect(found, "draft")
    await uow.run(
        """
        update purchase_orders set state = 'sent', sent_at = %(now)s, sent_by = %(by)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=purchase_id,
        by=uow.actor.name,
    )
    return await find_purchase(uow, purchase_id)


async def cancel(uow: UnitOfWork, purchase_id: UUID) -> Purchase:
    """Give an order up of which nothing arrived. A second time changes nothing.

    Raises WrongPurchaseState once something arrived (then `finish` it), and NotFound.
    """
    found = await _locked(uow, purchase_id)
    if found.state == "cancelled":
        return found
    _expect(found, "draft", "sent")
    await _end(uow, purchase_id, "cancelled")
    return await find_purchase(uow, purchase_id)


async def finish(uow: UnitOfWork, purchase_id: UUID) -> Purchase:
    """What is missing will not come any more; the differences stay on the order. A second time changes nothing.

    Raises WrongPurchaseState and NotFound.
    """
    found = await _locked(uow, purchase_id)
    if found.state == "received":
        return found
    _expect(found, "partly")
    await _end(uow, purchase_id, "received")
    return await find_purchase(uow, purchase_id)


async def receive(uow: UnitOfWork, arrival: Receive) -> Purchase:
    """Pieces arrive, in lots where these are named; we owe them at the cost of the order.

    The same arrival counts once. Raises NotFound, WrongPurchaseState, Invalid, TooMuchArrived, inventory.LotMismatch,
    and IdempotencyConflict when the id was used for another order.
    """
    found = await _locked(uow, arrival.purchase_id)
    if (known := await _known_arrival(uow, arrival.id)) is not None:
        if known != arrival.purchase_id:
            raise IdempotencyConflict
        return found
    _expect(found, "sent", "partly")
    _check_remark(arrival.remark)
    lines = {line.line_no: line for line in found.lines}
    sums = _check_arrived(lines, arrival.lines)
    await _note_arrival(uow, arrival, lines)
    await inventory.receive(
        uow,
        [
            inventory.Pieces(found.location_id, lines[one.line_no].sku_id, one.quantity)
            for one in arrival.lines
        ],
        reason="purchase",
        lot_names=[_lot(one) for one in arrival.lines],
        subject_id=found.id,
        note=found.number,
        entry_id=arrival.id,
    )
    await _count(uow, found.id, sums)
    await book(uow, [_owed(found, lines[line_no], arrival.id, n) for line_no, n in sorted(sums.items())])
    is_all = all(line.received + sums.get(line.line_no, 0) >= line.quantity for line in found.lines)
    await _arrive(uow, found.id, is_all=is_all)
    return await find_purchase(uow, found.id)


def _lot(one: Arrived) -> inventory.LotName | None:
    code = one.lot_code.strip()
    return inventory.LotName(code, one.expires_on) if code else None


def _owed(found: Purchase, line: PurchaseLine, arrival_id: UUID, quantity: int) -> NewEntry:
    return NewEntry(
        id=ids.derived("purchase received", arrival_id, line.line_no),
        supplier_id=found.supplier_id,
        kind="received",
        amount=line.cost * quantity,
        quantity=quantity,
        price=line.cost,
        sku_id=line.sku_id,
        purchase_id=found.id,
    )


def _check_arrived(lines: Mapping[int, PurchaseLine], arrived: Sequence[Arrived]) -> dict[int, int]:
    """Pieces by line. Raises Invalid and TooMuchArrived."""
    if not arrived:
        raise Invalid(field="lines", zh="请填写到货件数。", en="Say how many pieces arrived.")
    sums: dict[int, int] = {}
    for one in arrived:
        line = lines.get(one.line_no)
        if line is None:
            raise Invalid(field="lines", zh="采购单里没有这一行。", en="The order has no such line.")
        if not 1 <= one.quantity <= PIECES_MAX:
            raise Invalid(
                field=f"received-{one.line_no}", zh="到货件数至少为 1。", en="At least one piece arrives."
            )
        code = one.lot_code.strip()
        if len(code) > LOT_CODE_MAX or (one.expires_on is not None and not code):
            raise Invalid(
                field=f"lot-{one.line_no}",
                zh="填写到期日时要有批号，批号最多 40 个字。",
                en="An expiry date needs a lot code, of at most 40 characters.",
            )
        sums[one.line_no] = sums.get(one.line_no, 0) + one.quantity
        if sums[one.line_no] > line.room:
            raise TooMuchArrived(field=f"received-{one.line_no}", title=line.title, room=max(line.room, 0))
    return sums


async def _known_arrival(uow: UnitOfWork, arrival_id: UUID) -> UUID | None:
    return await uow.maybe(
        UUID,
        "select purchase_id from purchase_receipts where merchant_id = %(merchant_id)s and id = %(id)s",
        id=arrival_id,
    )


class _ReceiptRow(msgspec.Struct, frozen=True):
    n: int
    line_no: int
    sku_id: UUID
    quantity: int
    cost: int
    lot_code: str
    expires_on: str | None


async def _note_arrival(uow: UnitOfWork, arrival: Receive, lines: Mapping[int, PurchaseLine]) -> None:
    await uow.run(
        """
        insert into purchase_receipts (merchant_id, id, purchase_id, remark, actor_id, actor_name, at)
        values (%(merchant_id)s, %(id)s, %(purchase)s, %(remark)s, %(actor)s, %(name)s, %(now)s)
        """,
        id=arrival.id,
        purchase=arrival.purchase_id,
        remark=arrival.remark.strip(),
        actor=uow.actor.id,
        name=uow.actor.name,
    )
    rows = [
        _ReceiptRow(
            n,
            one.line_no,
            lines[one.line_no].sku_id,
            one.quantity,
            lines[one.line_no].cost,
            one.lot_code.strip(),
            one.expires_on.isoformat() if one.expires_on else None,
        )
        for n, one in enumerate(arrival.lines, start=1)
    ]
    await uow.run(
        """
        insert into purchase_receipt_lines (merchant_id, receipt_id, n, line_no, sku_id, quantity, cost, lot_code,
                                            expires_on)
        select %(merchant_id)s, %(id)s, t.n, t.line_no, t.sku_id, t.quantity, t.cost, t.lot_code, t.expires_on
        from json_to_recordset(%(rows)s::json) as t (n smallint, line_no smallint, sku_id uuid, quantity int,
                                                     cost bigint, lot_code text, expires_on date)
        """,
        id=arrival.id,
        rows=json_rows(rows),
    )


async def _count(uow: UnitOfWork, purchase_id: UUID, sums: Mapping[int, int]) -> None:
    await uow.run(
        """
        update purchase_lines l set received = l.received + t.quantity
        from unnest(%(lines)s::smallint[], %(quantities)s::int[]) as t (line_no, quantity)
        where l.merchant_id = %(merchant_id)s and l.purchase_id = %(id)s and l.line_no = t.line_no
        """,
        id=purchase_id,
        lines=list(sums),
        quantities=list(sums.values()),
    )


async def _arrive(uow: UnitOfWork, purchase_id: UUID, *, is_all: bool) -> None:
    if is_all:
        await _end(uow, purchase_id, "received")
    else:
        await uow.run(
            "update purchase_orders set state = 'partly' where merchant_id = %(merchant_id)s and id = %(id)s",
            id=purchase_id,
        )


async def _end(uow: UnitOfWork, purchase_id: UUID, state: PurchaseState) -> None:
    await uow.run(
        """
        update purchase_orders set state = %(state)s, ended_at = %(now)s, ended_by = %(by)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=purchase_id,
        state=state,
        by=uow.actor.name,
    )


async def _locked(uow: UnitOfWork, purchase_id: UUID) -> Purchase:
    """The order as it is now, until the end of the unit of work. Raises NotFound, also outside the actor's scope."""
    await uow.run(
        "select from purchase_orders where merchant_id = %(merchant_id)s and id = %(id)s for update",
        id=purchase_id,
    )
    return await find_purchase(uow, purchase_id)


def _expect(found: Purchase, *states: PurchaseState) -> None:
    if found.state not in states:
        zh, en = STATES[found.state]
        raise WrongPurchaseState(state_zh=zh, state=en)


def _check_remark(remark: str) -> None:
    if len(remark) > REASON_MAX:
        raise Invalid(field="remark", zh="备注最多 200 个字。", en="A remark has at most 200 characters.")


def _check_lines(lines: Sequence[WantedLine]) -> None:
    if not 1 <= len(lines) <= LINES_MAX:
        raise Invalid(
            field="lines", zh=f"需有 1 到 {LINES_MAX} 种商品。", en=f"Between 1 and {LINES_MAX} SKUs."
        )
    if len({line.sku_id for line in lines}) < len(lines):
        raise Invalid(field="lines", zh="同一商品只能出现一次。", en="Each SKU once.")
    for i, line in enumerate(lines):
        if not 1 <= line.quantity <= PIECES_MAX:
            raise Invalid(
                field=f"lines[{i}].quantity",
                zh=f"件数需在 1 到 {PIECES_MAX} 之间。",
                en=f"Between 1 and {PIECES_MAX} pieces.",
            )
        if not 0 <= line.cost <= PRICE_MAX:
            raise Invalid(field=f"lines[{i}].cost", zh="采购单价不正确。", en="The unit cost is not valid.")


async def _check_ends(uow: UnitOfWork, wanted: WantedPurchase) -> None:
    supplier = await find(uow, wanted.supplier_id)
    if not supplier.is_active:
        raise Invalid(field="supplier", zh="这个供应商已停用。", en="This supplier is not active.")
    places = {place.id: place for place in await inventory.locations(uow)}  # of the actor's scope
    if wanted.location_id not in places or places[wanted.location_id].kind == "supplier":
        raise Invalid(field="location", zh="请选择收货地点。", en="Choose where the goods arrive.")
    known = await uow.all(
        UUID,
        "select id from skus where merchant_id = %(merchant_id)s and id = any(%(ids)s)",
        ids=[line.sku_id for line in wanted.lines],
    )
    if len(known) < len(wanted.lines):
        raise NotFound(what="商品 / product")


class _LineRow(msgspec.Struct, frozen=True):
    line_no: int
    sku_id: UUID
    quantity: int
    cost: int
    expected_on: str | None


async def _write_lines(uow: UnitOfWork, purchase_id: UUID, lines: Sequence[WantedLine]) -> None:
    rows = [
        _LineRow(
            n, one.sku_id, one.quantity, one.cost, one.expected_on.isoformat() if one.expected_on else None
        )
        for n, one in enumerate(lines, start=1)
    ]
    await uow.run(
        """
        insert into purchase_lines (merchant_id, purchase_id, line_no, sku_id, quantity, cost, expected_on)
        select %(merchant_id)s, %(id)s, t.line_no, t.sku_id, t.quantity, t.cost, t.expected_on
        from json_to_recordset(%(rows)s::json) as t (line_no smallint, sku_id uuid, quantity int, cost bigint,
                                                     expected_on date)
        """,
        id=purchase_id,
        rows=json_rows(rows),
    )
