"""Goods over the counter: the code is looked up, the store is checked, and the code works once."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError, NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders.actions import hand_over
from siyu.trade.orders.model import Order, WrongState, WrongStore
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

    Staff of a store (`actor.store_id`) hand out that store's orders only. Raises NotFound, AlreadyHandedOver and
    WrongStore.
    """
    wanted = cleaned(code)
    try:
        order = await by_pickup_code(uow, wanted)
    except NotFound:
        used = await _used(uow, wanted)
        if used is not None:
            raise AlreadyHandedOver(field="code", number=used) from None
        raise
    if uow.actor.store_id is not None and uow.actor.store_id != order.store_id:
        raise WrongStore(field="code", store=order.store_name or "")
    return order


async def verify_pickup(uow: UnitOfWork, code: str) -> Order:
    """Hand the goods to whoever shows the code; the order as it is then.

    Raises what `look_up` raises; of two counters at the same moment one hands over and one is refused.
    """
    order = await look_up(uow, code)
    try:
        await hand_over(uow, [order.id])
    except WrongState:
        raise AlreadyHandedOver(field="code", number=order.number) from None
    return await find(uow, order.id)


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
        order by o.picked_up_at desc, o.id limit %(limit)s
        """,
        since=since,
        store=store_id,
        limit=limit,
    )
