"""Local delivery with the merchant's own couriers: assigned, out for delivery, delivered. Owns table courier_rides.

The units leave the house when they are delivered: until then the courier may bring them back.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.people import staff
from siyu.people.addresses import Address
from siyu.runtime.actors import Actor
from siyu.runtime.db import UnitOfWork
from siyu.trade import orders
from siyu.trade.fulfilment.model import WaitingLine
from siyu.trade.fulfilment.sending import lock_order

NOTE_MAX = 200
SHOWN_MAX = 100


class Ride(msgspec.Struct, frozen=True):
    """An order with a courier. `lines` is what still waits; of a delivered one, nothing."""

    order_id: UUID
    number: str
    courier_id: UUID
    courier_name: str
    state: str
    assigned_at: datetime
    out_at: datetime | None
    delivered_at: datetime | None
    note: str
    address: Address | None
    deliver_from: datetime | None
    deliver_until: datetime | None
    remark: str
    store_name: str | None
    pieces: int
    lines: tuple[WaitingLine, ...]


class NotForCourier(DomainError):
    """The order is not delivered locally, or nothing of it waits any more. Nothing was changed."""

    code = "fulfilment.not_for_courier"
    status = 409
    zh = "订单 {number} 没有等待配送的商品。"
    en = "Nothing of order {number} waits for local delivery."


class OtherCourier(DomainError):
    """The order is with another courier. Nothing was changed."""

    code = "fulfilment.other_courier"
    status = 409
    zh = "订单 {number} 由{courier}配送。"
    en = "Order {number} is delivered by {courier}."


async def assign(uow: UnitOfWork, order_id: UUID, courier_id: UUID) -> None:
    """Give an order to a courier, or to another one before it is delivered.

    Raises NotFound, Invalid for somebody who is not active staff, orders.WrongState and NotForCourier.
    """
    courier = next((one for one in await staff.every(uow) if one.id == courier_id and one.is_active), None)
    if courier is None:
        raise Invalid(field="courier", zh="请选择在职的配送员。", en="Choose a courier who works here.")
    await lock_order(uow, order_id)
    order = await orders.find(uow, order_id)
    if order.state != "paid":
        raise orders.WrongState(order.state)
    if order.delivery != "local" or not _waiting_units(order):
        raise NotForCourier(number=order.number)
    await uow.run(
        """
        insert into courier_rides (merchant_id, order_id, courier_id, courier_name, state, assigned_at, updated_at)
        values (%(merchant_id)s, %(order)s, %(courier)s, %(name)s, 'assigned', %(now)s, %(now)s)
        on conflict (merchant_id, order_id) do update
        set courier_id = excluded.courier_id, courier_name = excluded.courier_name, state = excluded.state,
            assigned_at = excluded.assigned_at, out_at = null, updated_at = excluded.updated_at
        where courier_rides.state <> 'delivered' and courier_rides.courier_id <> excluded.courier_id
        """,
        order=order_id,
        courier=courier.id,
        name=courier.name,
    )


def _waiting_units(order: orders.Order) -> list[tuple[int, int]]:
    return [
        (line.line_no, line.waiting) for line in order.lines if line.kind != "virtual" and line.waiting > 0
    ]


async def set_out(uow: UnitOfWork, order_id: UUID, *, courier_id: UUID | None) -> None:
    """The courier is on the way with it. A second time changes nothing. With `courier_id` only if it is theirs."""
    await lock_order(uow, order_id)
    ride = await find_ride(uow, order_id, courier_id=courier_id)
    if ride.state == "assigned":
        await uow.run(
            """
            update courier_rides set state = 'out', out_at = %(now)s, updated_at = %(now)s
            where merchant_id = %(merchant_id)s and order_id = %(order)s and state = 'assigned'
            """,
            order=order_id,
        )


async def deliver(uow: UnitOfWork, order_id: UUID, *, courier_id: UUID | None, note: str = "") -> None:
    """The buyer, or the place they named, has the goods: everything that waited leaves. A second time changes nothing.

    Raises NotFound, OtherCourier, Invalid for a ride that has not set out, and orders.WrongState.
    """
    if len(note.strip()) > NOTE_MAX:
        raise Invalid(field="note", zh="备注最多 200 字。", en="A note has at most 200 characters.")
    await lock_order(uow, order_id)
    ride = await find_ride(uow, order_id, courier_id=courier_id)
    if ride.state == "delivered":
        return
    if ride.state != "out":
        raise Invalid(field="state", zh="请先点「开始配送」。", en="Set out before delivering.")
    order = await orders.find(uow, order_id)
    units = _waiting_units(order)
    if not units:
        raise NotForCourier(number=order.number)
    await orders.fulfil_units(uow, order_id, units, how="courier")
    await uow.run(
        """
        update courier_rides set state = 'delivered', delivered_at = %(now)s, note = %(note)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and order_id = %(order)s
        """,
        order=order_id,
        note=note.strip(),
    )


async def find_ride(uow: UnitOfWork, order_id: UUID, *, courier_id: UUID | None = None) -> Ride:
    """Raises NotFound, and OtherCourier when it is not this courier's."""
    found = await _rides(uow, order_id=order_id)
    if not found:
        raise NotFound(what="配送单 / delivery")
    if courier_id is not None and found[0].courier_id != courier_id:
        raise OtherCourier(number=found[0].number, courier=found[0].courier_name)
    return found[0]


async def seen(uow: UnitOfWork, order_id: UUID, actor: Actor) -> None:
    """Raises NotFound when the order is delivered from a store that is not the actor's business."""
    order = await orders.find(uow, order_id)
    if not actor.sees(order.store_id):
        raise NotFound(what="订单 / order")


async def rides_of(uow: UnitOfWork, courier_id: UUID, since: datetime) -> list[Ride]:
    """A courier's rides: those under way by their slot, then what was delivered from `since` on."""
    return await _rides(uow, courier_id=courier_id, since=since)


async def ride_of_order(uow: UnitOfWork, order_id: UUID) -> Ride | None:
    """How an order's delivery stands; None when nobody has it."""
    found: Sequence[Ride] = await _rides(uow, order_id=order_id)
    return found[0] if found else None


async def _rides(
    uow: UnitOfWork,
    *,
    order_id: UUID | None = None,
    courier_id: UUID | None = None,
    since: datetime | None = None,
) -> list[Ride]:
    return await uow.all(
        Ride,
        """
        select r.order_id, o.number, r.courier_id, r.courier_name, r.state, r.assigned_at, r.out_at, r.delivered_at,
               r.note, o.address, o.deliver_from, o.deliver_until, o.remark, s.name as store_name,
               coalesce(l.pieces, 0)::int as pieces, coalesce(l.lines, '[]'::json) as lines
        from courier_rides r
        join orders o on o.merchant_id = r.merchant_id and o.id = r.order_id
        left join stores s on s.merchant_id = o.merchant_id and s.id = o.store_id
        left join lateral (
            select sum(i.quantity - i.fulfilled_quantity - i.cancelled_quantity) as pieces,
                   json_agg(json_build_object('line_no', i.line_no, 'title', i.title, 'sku_title', i.sku_title,
                       'quantity', i.quantity - i.fulfilled_quantity - i.cancelled_quantity) order by i.line_no) as lines
            from order_lines i
            where i.merchant_id = r.merchant_id and i.order_id = r.order_id and i.kind <> 'virtual'
              and i.quantity > i.fulfilled_quantity + i.cancelled_quantity
        ) l on true
        where r.merchant_id = %(merchant_id)s and (%(order)s::uuid is null or r.order_id = %(order)s)
          and (%(courier)s::uuid is null or r.courier_id = %(courier)s)
          and (%(since)s::timestamptz is null
               or (r.state <> 'delivered' and o.state = 'paid') or r.delivered_at >= %(since)s)
        order by (r.state = 'delivered'), coalesce(o.deliver_from, r.assigned_at), r.order_id limit %(limit)s
        """,
        order=order_id,
        courier=courier_id,
        since=since,
        limit=SHOWN_MAX,
    )
