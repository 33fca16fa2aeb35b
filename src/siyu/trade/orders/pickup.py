"""Goods over the counter: the code is looked up, the store is checked, and what is handed over leaves once.

A code may be used in parts: what was not handed over waits under the same code. Owns table pickup_terms.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import DomainError, IdempotencyConflict, Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders import handovers
from siyu.trade.orders.fulfilling import fulfil_units
from siyu.trade.orders.model import Order, WrongStore
from siyu.trade.orders.queries import by_pickup_code, find

REMEMBERED = timedelta(days=7)  # a used code that is shown again is nearly always shown within the week


class AlreadyHandedOver(DomainError):
    """The code was used before; the goods are with the buyer. Nothing was changed."""

    code = "orders.already_handed_over"
    status = 409
    zh = "这个提货码已经用过：订单 {number} 的商品已交付，请勿重复交付。"
    en = "This code has been used: the goods of order {number} were handed over; do not hand them over again."


async def look_up(uow: UnitOfWork, code: str) -> Order:
    """The order waiting under this code, for staff who may hand it out.

    Staff of a store (`actor.store_id`) hand out that store's orders, and those of other stores where the merchant
    allows it. Raises NotFound, AlreadyHandedOver and WrongStore.
    """
    wanted = cleaned(code)
    try:
        order = await by_pickup_code(uow, wanted)
    except NotFound:
        used = await _used(uow, wanted)
        if used is not None:
            raise AlreadyHandedOver(field="code", number=used) from None
        raise
    if uow.actor.store_id is None and not uow.actor.sees(order.store_id):
        raise NotFound(what="待提货订单 / order waiting under this code")
    if is_elsewhere(uow, order) and not await is_cross_store(uow):
        raise WrongStore(field="code", store=order.store_name or "")
    return order


def is_elsewhere(uow: UnitOfWork, order: Order) -> bool:
    """Whether the counter that asks is another store's than the order's."""
    return uow.actor.store_id is not None and uow.actor.store_id != order.store_id


def waiting_units(order: Order) -> list[tuple[int, int]]:
    """(line_no, units) of the goods that still wait at the counter; vouchers are used with codes of their own."""
    return [
        (line.line_no, line.waiting) for line in order.lines if line.kind != "virtual" and line.waiting > 0
    ]


async def look_up_order(uow: UnitOfWork, order_id: UUID) -> Order:
    """The same for an order chosen from the list, without its code: staff know the buyer in another way.

    Raises NotFound, AlreadyHandedOver and WrongStore.
    """
    order = await find(uow, order_id, anywhere=True)
    if order.delivery != "pickup" or not (uow.actor.sees(order.store_id) or is_elsewhere(uow, order)):
        raise NotFound(what="待提货订单 / order waiting under this code")
    if order.state != "paid":
        raise AlreadyHandedOver(field="code", number=order.number)
    if is_elsewhere(uow, order) and not await is_cross_store(uow):
        raise WrongStore(field="code", store=order.store_name or "")
    return order


async def verify_pickup(
    uow: UnitOfWork, code: str, lines: Sequence[tuple[int, int]] = (), *, handover_id: UUID | None = None
) -> Order:
    """Hand goods to whoever shows the code: these (line_no, quantity), or all that wait; the order as it is then.

    The same `handover_id` again hands nothing over and returns the order. Raises what `look_up` raises and
    NotWaiting; of two counters at the same moment one hands over and one is refused.
    """
    if handover_id is not None and (done := await handovers.order_of(uow, handover_id)) is not None:
        order = await find(uow, done, anywhere=True)
        if order.pickup_code != cleaned(code):
            raise IdempotencyConflict
        return order
    order = await look_up(uow, code)
    return await _hand_over(uow, order.id, lines, handover_id or ids.new(), is_by_code=True)


async def verify_order(
    uow: UnitOfWork, order_id: UUID, lines: Sequence[tuple[int, int]] = (), *, handover_id: UUID
) -> Order:
    """The same without the code; the handover says so. Raises what `look_up_order` raises and NotWaiting."""
    if (done := await handovers.order_of(uow, handover_id)) is not None:
        if done != order_id:
            raise IdempotencyConflict
        return await find(uow, done, anywhere=True)
    await look_up_order(uow, order_id)
    return await _hand_over(uow, order_id, lines, handover_id, is_by_code=False)


async def _hand_over(
    uow: UnitOfWork,
    order_id: UUID,
    lines: Sequence[tuple[int, int]],
    handover_id: UUID,
    *,
    is_by_code: bool,
) -> Order:
    # Locked before counting, so that a second counter sees what the first has handed over.
    await uow.run(
        "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=order_id
    )
    order = await find(uow, order_id, anywhere=True)
    if await handovers.order_of(uow, handover_id) is not None:
        return order
    units = list(lines) or waiting_units(order)
    if order.state != "paid" or not units:
        raise AlreadyHandedOver(field="code", number=order.number)
    _only_goods(order, units)
    store_id = uow.actor.store_id or order.store_id
    if is_elsewhere(uow, order):
        assert store_id is not None, "a counter elsewhere is a store's"
        await handovers.move_over(uow, order.id, units, to_store_id=store_id, handover_id=handover_id)
    await fulfil_units(uow, order.id, units, how="counter")
    await handovers.record(uow, handover_id, order, units, store_id=store_id, is_by_code=is_by_code)
    return await find(uow, order.id, anywhere=True)


def _only_goods(order: Order, units: Sequence[tuple[int, int]]) -> None:
    """Raises Invalid for a voucher: it is used with a code of its own."""
    vouchers = {line.line_no for line in order.lines if line.kind == "virtual"}
    for line_no, _ in units:
        if line_no in vouchers:
            raise Invalid(
                field=f"line-{line_no}",
                zh="虚拟商品请用核销码核销。",
                en="Vouchers are redeemed with their own codes.",
            )


def cleaned(code: str) -> str:
    """The code as it is stored: people type small letters and spaces, and read O for 0 and I for 1."""
    plain = code.upper().replace(" ", "").replace("-", "").strip()
    return plain.translate(str.maketrans("OIL", "011"))


async def _used(uow: UnitOfWork, code: str) -> str | None:
    """Number of the order that was lately handed over under this code."""
    numbers = await uow.all(
        str,
        """
        select number from orders
        where merchant_id = %(merchant_id)s and updated_at > %(since)s and pickup_code = %(code)s
          and state in ('picked_up', 'received')
        order by picked_up_at desc limit 1
        """,
        code=code,
        since=uow.now - REMEMBERED,
    )
    return numbers[0] if numbers else None


async def is_cross_store(uow: UnitOfWork) -> bool:
    """Whether any store may hand out any store's orders. Not unless the merchant says so."""
    return bool(
        await uow.maybe(
            bool, "select is_cross_store from pickup_terms where merchant_id = %(merchant_id)s limit 1"
        )
    )


async def set_cross_store(uow: UnitOfWork, *, is_allowed: bool) -> None:
    """Let any store hand out any store's orders, or no longer."""
    before = await is_cross_store(uow)
    if before == is_allowed:
        return
    await uow.run(
        """
        insert into pickup_terms (merchant_id, is_cross_store, updated_at)
        values (%(merchant_id)s, %(allowed)s, %(now)s)
        on conflict (merchant_id) do update
        set is_cross_store = excluded.is_cross_store, updated_at = excluded.updated_at
        """,
        allowed=is_allowed,
    )
    await audit.note(
        uow,
        "orders.set_cross_store",
        subject_kind="merchant",
        name=uow.merchant.name,
        before={"is_cross_store": before},
        after={"is_cross_store": is_allowed},
    )


class HandedOver(msgspec.Struct, frozen=True):
    """An order that left the counter."""

    id: UUID
    number: str
    customer_name: str | None
    total: int
    pieces: int
    picked_up_at: datetime


async def handed_over_since(
    uow: UnitOfWork, since: datetime, store_id: UUID | None, limit: int = 100
) -> list[HandedOver]:
    """Orders handed over from an instant on, newest first; at one store or at all."""
    return await uow.all(
        HandedOver,
        """
        select o.id, o.number, c.nickname as customer_name, o.total,
               (select coalesce(sum(l.quantity - l.refunded_quantity), 0) from order_lines l
                where l.merchant_id = o.merchant_id and l.order_id = o.id)::int as pieces,
               o.picked_up_at
        from orders o left join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
        where o.merchant_id = %(merchant_id)s and o.updated_at >= %(since)s and o.picked_up_at >= %(since)s
          and (%(store)s::uuid is null or o.store_id = %(store)s)
          and (%(scope)s::uuid[] is null or o.store_id = any(%(scope)s))
        order by o.picked_up_at desc, o.id limit %(limit)s
        """,
        since=since,
        store=store_id,
        scope=uow.actor.scope_list,
        limit=limit,
    )


class Unpicked(msgspec.Struct, frozen=True):
    """An order whose goods still wait at the counter, `days` days after it was paid on the merchant's calendar."""

    id: UUID
    number: str
    customer_id: UUID | None
    customer_name: str | None
    store_name: str | None
    pieces: int
    first_title: str | None
    paid_at: datetime
    days: int


async def unpicked(uow: UnitOfWork, store_id: UUID | None, *, days: int, limit: int = 200) -> list[Unpicked]:
    """Orders that wait for pickup, paid at least so many days ago, longest waiting first; at one store or at all."""
    if days < 0:
        raise Invalid(field="days", zh="天数不能为负。", en="Days are never negative.")
    return await uow.all(
        Unpicked,
        """
        select w.id, w.number, w.customer_id, c.nickname as customer_name, s.name as store_name, l.pieces,
               l.first_title, w.paid_at, w.days
        from (select o.*, ((%(now)s at time zone %(zone)s)::date - (o.paid_at at time zone %(zone)s)::date) as days
              from orders o
              where o.merchant_id = %(merchant_id)s and o.state = 'paid' and o.held_for = '' and o.delivery = 'pickup'
                and (%(store)s::uuid is null or o.store_id = %(store)s)
                and (%(scope)s::uuid[] is null or o.store_id = any(%(scope)s))) w
        left join customers c on c.merchant_id = w.merchant_id and c.id = w.customer_id
        left join stores s on s.merchant_id = w.merchant_id and s.id = w.store_id
        join lateral (
            select sum(i.quantity - i.fulfilled_quantity - i.cancelled_quantity)::int as pieces,
                   (array_agg(i.title order by i.line_no))[1] as first_title
            from order_lines i
            where i.merchant_id = w.merchant_id and i.order_id = w.id and i.kind <> 'virtual'
              and i.quantity > i.fulfilled_quantity + i.cancelled_quantity
        ) l on l.pieces > 0
        where w.days >= %(days)s
        order by w.paid_at, w.id limit %(limit)s
        """,
        zone=uow.merchant.timezone,
        store=store_id,
        scope=uow.actor.scope_list,
        days=days,
        limit=limit,
    )
