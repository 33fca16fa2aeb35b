"""The supplier's own work: what waits for them, sent by them, or not to be had. They see no line of anybody else's."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from siyu.goods import inventory
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade import aftersales, fulfilment, orders
from siyu.trade.suppliers.model import REASON_MAX, Parting, Sent, Supplier, ToSend

SENT_SHOWN = timedelta(days=30)


async def own_supplier(uow: UnitOfWork) -> Supplier:
    """Whose people the actor is one of: the supplier at the only location of their scope. Raises NotFound."""
    scope = uow.actor.scope_list
    found = await uow.all(
        Supplier,
        """
        select id, name, contact, phone, address, settlement, location_id, is_active, created_at from suppliers
        where merchant_id = %(merchant_id)s and location_id = any(%(scope)s::uuid[]) and is_active
        """,
        scope=scope or [],
    )
    # With several locations it would not be certain whose lines they may see.
    if scope is None or len(scope) != 1 or len(found) != 1:
        raise NotFound(what="供应商 / supplier")
    return found[0]


def _location(supplier: Supplier) -> UUID:
    assert supplier.location_id is not None, "found by its location"
    return supplier.location_id


async def to_send(uow: UnitOfWork, *, order_id: UUID | None = None, limit: int = 100) -> list[ToSend]:
    """What waits at the actor's supplier, the oldest promise first, without any amount. Raises NotFound."""
    supplier = await own_supplier(uow)
    page = await fulfilment.waiting(
        uow,
        location_ids=[_location(supplier)],
        order_ids=[order_id] if order_id is not None else None,
        limit=limit,
    )
    return [
        ToSend(
            order_id=one.order_id,
            number=one.number,
            due=one.due,
            address=one.address,
            remark=one.remark,
            has_open_case=one.open_cases > 0,
            lines=tuple(
                Parting(line.line_no, line.title, line.sku_title, line.code, line.quantity)
                for line in one.lines
            ),
        )
        for one in page.items
    ]


async def order_to_send(uow: UnitOfWork, order_id: UUID) -> ToSend:
    """One order as far as it is this supplier's. Raises NotFound when nothing of it waits there."""
    found = await to_send(uow, order_id=order_id)
    if not found:
        raise NotFound(what="订单 / order")
    return found[0]


async def ship(uow: UnitOfWork, asked: fulfilment.SendParcel) -> fulfilment.Parcel:
    """A parcel of the supplier's own lines leaves. The same id again returns the same parcel.

    Raises NotFound for anything that is not theirs, and what `fulfilment.send` raises.
    """
    await _own_lines(uow, asked.order_id, [line_no for line_no, _ in asked.lines])
    return await fulfilment.send(uow, asked)


async def _own_lines(uow: UnitOfWork, order_id: UUID, line_nos: Sequence[int]) -> list[orders.OrderLine]:
    """These lines of an order, all of which lie at the actor's supplier. Raises NotFound."""
    place = _location(await own_supplier(uow))
    known = {line.line_no: line for line in (await orders.find(uow, order_id)).lines}
    own = [known[no] for no in line_nos if no in known and known[no].location_id == place]
    if not own or len(own) < len(line_nos):
        raise NotFound(what="订单 / order")
    return own


async def out_of_stock(
    uow: UnitOfWork, case_id: UUID, order_id: UUID, lines: Sequence[tuple[int, int]], words: str
) -> aftersales.Case:
    """The supplier cannot send these units (line_no, quantity): the buyer gets the money back, and nobody else can
    buy what is not there. The same id again changes nothing.

    Raises NotFound for lines of others, Invalid without a reason, and what `aftersales.open_case` raises.
    """
    if not 1 <= len(words.strip()) <= REASON_MAX:
        raise Invalid(
            field="words", zh="请填写缺货原因（200 字以内）。", en="Give a reason of at most 200 characters."
        )
    own = await _own_lines(uow, order_id, [line_no for line_no, _ in lines])
    case = await aftersales.open_case(
        uow,
        aftersales.OpenCase(
            id=case_id,
            order_id=order_id,
            kind="refund_only",
            reason="out_of_stock",
            lines=tuple(lines),
            words=words.strip(),
        ),
    )
    for line in sorted(own, key=lambda line: line.sku_id):
        await _nothing_free(uow, line)
    return case


async def _nothing_free(uow: UnitOfWork, line: orders.OrderLine) -> None:
    """What the supplier stated is not there: only what is promised to other orders stays, for them to send or refuse."""
    assert line.location_id is not None, "a line of a supplier lies at their location"
    (level,) = await inventory.levels(uow, [line.sku_id], line.location_id) or (None,)
    if level is not None and level.unpromised > 0:
        await inventory.count(
            uow,
            inventory.Pieces(line.location_id, line.sku_id, level.reserved + level.carved),
            note="供应商缺货",
        )


async def state_stock(uow: UnitOfWork, sku_id: UUID, quantity: int) -> None:
    """The supplier says how many pieces there are, those still to be sent included.

    Raises NotFound for goods that are not drop-shipped by them, Invalid, and inventory.NotEnoughStock below what is
    promised.
    """
    supplier = await own_supplier(uow)
    if not 0 <= quantity <= 1_000_000:
        raise Invalid(field="quantity", zh="请填写件数。", en="Enter a number of pieces.")
    supplied = await uow.all(
        UUID,
        """
        select sku_id from supplier_items
        where merchant_id = %(merchant_id)s and supplier_id = %(supplier)s and sku_id = %(sku)s and is_drop_shipped
        """,
        supplier=supplier.id,
        sku=sku_id,
    )
    if not supplied:
        raise NotFound(what="商品 / product")
    await inventory.count(uow, inventory.Pieces(_location(supplier), sku_id, quantity), note=supplier.name)


async def sent(uow: UnitOfWork, *, limit: int = 100) -> list[Sent]:
    """Parcels that left the actor's supplier in the last thirty days, newest first. Raises NotFound."""
    supplier = await own_supplier(uow)
    since: datetime = uow.now - SENT_SHOWN
    return await uow.all(
        Sent,
        """
        select p.id, o.number, p.carrier, p.number as tracking, p.sent_at, sum(l.quantity)::int as pieces,
               string_agg(x.title || ' × ' || l.quantity, '、' order by l.line_no) as names
        from parcels p
        join orders o on o.merchant_id = p.merchant_id and o.id = p.order_id
        join parcel_lines l on l.merchant_id = p.merchant_id and l.parcel_id = p.id
        join order_lines x on x.merchant_id = l.merchant_id and x.order_id = l.order_id and x.line_no = l.line_no
        where p.merchant_id = %(merchant_id)s and p.location_id = %(location)s and p.state = 'sent'
          and p.sent_at >= %(since)s
        group by p.id, o.number, p.carrier, p.number, p.sent_at
        order by p.sent_at desc, p.id desc limit %(limit)s
        """,
        location=_location(supplier),
        since=since,
        limit=limit,
    )
