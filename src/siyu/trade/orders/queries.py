"""Reading orders: one with its story, lists by keyset, and the proof that promised stock is right."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.people import addresses
from siyu.runtime.actors import Actor
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders import drafting
from siyu.trade.orders.model import Note, Order, OrderCard, OrderLine, Quote, QuoteAsk
from siyu.trade.orders.rules import merged


async def quote(uow: UnitOfWork, ask: QuoteAsk) -> Quote:
    """What this costs now, delivery included when it is said where to. Nothing is reserved.

    Raises EmptyOrder, Invalid, NotForSale and what `delivery.terms` refuses.
    """
    return await drafting.quote(uow, ask, merged(ask.lines))


async def find(
    uow: UnitOfWork, order_id: UUID, *, customer_id: UUID | None = None, anywhere: bool = False
) -> Order:
    """An order with its lines; with `customer_id` only if it is that customer's. Raises NotFound.

    An order outside the actor's scope is not found either, unless it is asked for `anywhere`.
    """
    order = await uow.maybe(
        Order,
        """
        select o.id, o.number, o.customer_id, o.channel, o.state, o.store_id, s.name as store_name, o.currency,
               o.total, o.refunded, o.door_id, d.name as door_name, o.promoter_id, o.remark, o.pickup_code,
               o.placed_at, o.pay_by, o.paid_at, o.picked_up_at, o.received_at, o.closed_at, o.close_reason,
               o.delivery, o.freight, o.freight_refunded, o.address, o.deliver_from, o.deliver_until, o.ship_by,
               o.shipped_at, o.invoice, o.open_cases, o.claim_kind, o.claim_id, o.held_for, o.freight_build_up,
               o.deposit, o.deposit_paid_at, o.balance_from, o.balance_until, o.due_amount as due
        from orders o
        left join stores s on s.merchant_id = o.merchant_id and s.id = o.store_id
        left join doors d on d.merchant_id = o.merchant_id and d.id = o.door_id
        where o.merchant_id = %(merchant_id)s and o.id = %(id)s
          and (%(customer)s::uuid is null or o.customer_id = %(customer)s)
          and (%(scope)s::uuid[] is null or o.store_id = any(%(scope)s)
               or exists (select from order_lines l where l.merchant_id = o.merchant_id and l.order_id = o.id
                          and l.location_id = any(%(scope)s)))
        """,
        id=order_id,
        customer=customer_id,
        scope=None if anywhere else uow.actor.scope_list,
    )
    if order is None:
        raise NotFound(what="订单 / order")
    return msgspec.structs.replace(order, lines=tuple(await _lines(uow, order_id)))


def shown_to(order: Order, actor: Actor) -> Order:
    """The order as an answer of the API may tell it: the pickup code is for its buyer only, and so are phone and
    house, unless the actor may see customers in full.
    """
    if actor.kind == "customer":
        return order
    address = addresses.for_actor(order.address, actor) if order.address is not None else None
    return msgspec.structs.replace(order, pickup_code=None, address=address)


async def _lines(uow: UnitOfWork, order_id: UUID) -> list[OrderLine]:
    return await uow.all(
        OrderLine,
        """
        select line_no, product_id, sku_id, title, sku_title, picture, quantity, unit_price, amount, refunded_quantity,
               refunded_amount, kind, location_id, return_policy, build_up, coalesce(components, '[]') as components,
               fulfilled_quantity, cancelled_quantity, reduced_amount, is_gift
        from order_lines where merchant_id = %(merchant_id)s and order_id = %(id)s order by line_no
        """,
        id=order_id,
    )


async def by_pickup_code(uow: UnitOfWork, code: str) -> Order:
    """The paid order waiting under this pickup code. Raises NotFound."""
    order_id = await uow.maybe(
        UUID,
        """
        select id from orders
        where merchant_id = %(merchant_id)s and pickup_code = %(code)s and state = 'paid'
        """,
        code=code.strip().upper().replace(" ", ""),
    )
    if order_id is None:
        raise NotFound(what="待提货订单 / order waiting under this code")
    return await find(uow, order_id, anywhere=True)


async def listing(
    uow: UnitOfWork,
    *,
    state: str | None = None,
    search: str = "",
    customer_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page[OrderCard]:
    """Orders, newest first. `search` is a whole order number. The cursor is (placed_at, id)."""
    limit = bounded(limit)
    placed_at, last_id = after or (None, None)
    found = await uow.all(
        OrderCard,
        """
        select o.id, o.number, o.state, o.channel, o.customer_id, c.nickname as customer_name, s.name as store_name,
               d.name as door_name, o.currency, o.total, o.refunded,
               coalesce(l.pieces, 0)::int as pieces, l.first_title, coalesce(l.pictures, '{}') as pictures,
               o.placed_at, o.pay_by, o.delivery, o.deposit_paid_at is not null as has_deposit
        from (
            select * from orders o
            where o.merchant_id = %(merchant_id)s
              and (%(state)s::text is null or o.state = %(state)s)
              and (%(number)s::text is null or o.number = %(number)s)
              and (%(customer)s::uuid is null or o.customer_id = %(customer)s)
              and (%(placed_at)s::timestamptz is null or (o.placed_at, o.id) < (%(placed_at)s, %(last_id)s::uuid))
              and (%(scope)s::uuid[] is null or o.store_id = any(%(scope)s)
                   or exists (select from order_lines x where x.merchant_id = o.merchant_id and x.order_id = o.id
                              and x.location_id = any(%(scope)s) offset 0))
            order by o.placed_at desc, o.id desc limit %(limit)s
        ) o
        left join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
        left join stores s on s.merchant_id = o.merchant_id and s.id = o.store_id
        left join doors d on d.merchant_id = o.merchant_id and d.id = o.door_id
        left join lateral (
            select sum(quantity) as pieces, (array_agg(title order by line_no))[1] as first_title,
                   (array_agg(picture order by line_no))[1:4] as pictures
            from order_lines l where l.merchant_id = o.merchant_id and l.order_id = o.id
        ) l on true
        order by o.placed_at desc, o.id desc
        """,
        state=state,
        number=search.strip() or None,
        customer=customer_id,
        placed_at=placed_at,
        last_id=last_id,
        scope=uow.actor.scope_list,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.placed_at.isoformat()}~{last.id}" if last else None)


async def of_customer(uow: UnitOfWork, customer_id: UUID, state: str | None = None) -> list[OrderCard]:
    """The newest orders of one customer."""
    return list((await listing(uow, customer_id=customer_id, state=state)).items)


async def waiting_at_store(uow: UnitOfWork, store_id: UUID | None, limit: int = 50) -> list[OrderCard]:
    """Paid orders waiting to be picked up, longest waiting first; at one store or at all."""
    return await uow.all(
        OrderCard,
        """
        select o.id, o.number, o.state, o.channel, o.customer_id, c.nickname as customer_name, s.name as store_name,
               null as door_name, o.currency, o.total, o.refunded,
               coalesce(l.pieces, 0)::int as pieces, l.first_title, coalesce(l.pictures, '{}') as pictures,
               o.placed_at, o.pay_by, o.delivery
        from orders o
        left join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
        left join stores s on s.merchant_id = o.merchant_id and s.id = o.store_id
        left join lateral (
            select sum(quantity - refunded_quantity) as pieces, (array_agg(title order by line_no))[1] as first_title,
                   (array_agg(picture order by line_no))[1:4] as pictures
            from order_lines l where l.merchant_id = o.merchant_id and l.order_id = o.id
        ) l on true
        where o.merchant_id = %(merchant_id)s and o.state = 'paid' and o.held_for = ''
          and (%(store)s::uuid is null or o.store_id = %(store)s)
          and (%(scope)s::uuid[] is null or o.store_id = any(%(scope)s))
        order by o.paid_at, o.id limit %(limit)s
        """,
        store=store_id,
        scope=uow.actor.scope_list,
        limit=bounded(limit),
    )


class _Count(msgspec.Struct, frozen=True):
    state: str
    count: int


async def counts_by_state(
    uow: UnitOfWork, customer_id: UUID | None = None, store_id: UUID | None = None
) -> dict[str, int]:
    """How many orders are in each state; of one customer or one store when given."""
    rows = await uow.all(
        _Count,
        """
        select state, count(*) as count from orders
        where merchant_id = %(merchant_id)s and (%(customer)s::uuid is null or customer_id = %(customer)s)
          and (%(store)s::uuid is null or store_id = %(store)s)
          and (%(scope)s::uuid[] is null or store_id = any(%(scope)s))
        group by state
        """,
        customer=customer_id,
        store=store_id,
        scope=uow.actor.scope_list,
    )
    return {row.state: row.count for row in rows}


class PromisedWrongly(msgspec.Struct, frozen=True):
    """A stock row whose reservations are not the sum of what open orders keep. There should be none."""

    location_id: UUID
    sku_id: UUID
    reserved: int
    kept_by_orders: int


async def stock_promised_wrongly(uow: UnitOfWork, limit: int = 100) -> list[PromisedWrongly]:
    """Compare `reserved` of every stock row with the units that unpaid and paid orders keep."""
    return await uow.all(
        PromisedWrongly,
        """
        select coalesce(s.location_id, k.location_id) as location_id, coalesce(s.sku_id, k.sku_id) as sku_id,
               coalesce(s.reserved, 0) as reserved, coalesce(k.kept, 0)::int as kept_by_orders
        from (select location_id, sku_id, reserved from stock where merchant_id = %(merchant_id)s) s
        full join (
            select l.location_id, coalesce(c.sku_id, l.sku_id) as sku_id,
                   sum((l.quantity - l.fulfilled_quantity - l.cancelled_quantity) * coalesce(c.quantity, 1)) as kept
            from orders o
            join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
            left join lateral jsonb_to_recordset(l.components) as c (sku_id uuid, quantity int) on true
            where o.merchant_id = %(merchant_id)s and o.state in ('unpaid', 'paid') and l.location_id is not null
              and l.kind <> 'virtual'
            group by 1, 2
        ) k on k.location_id = s.location_id and k.sku_id = s.sku_id
        where coalesce(s.reserved, 0) <> coalesce(k.kept, 0)
        limit %(limit)s
        """,
        limit=limit,
    )


async def notes(uow: UnitOfWork, order_id: UUID) -> list[Note]:
    """What staff wrote about an order, oldest first."""
    return await uow.all(
        Note,
        """
        select id, actor_name, text, at from order_notes
        where merchant_id = %(merchant_id)s and order_id = %(order)s order by at, id
        """,
        order=order_id,
    )
