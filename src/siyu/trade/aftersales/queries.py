"""Reading after-sales."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime.db import UnitOfWork
from siyu.trade.aftersales.model import Case, CaseCard, CaseLine, Step


async def find(uow: UnitOfWork, case_id: UUID, *, customer_id: UUID | None = None) -> Case:
    """A case with its lines and steps; with `customer_id` only if it is that customer's. Raises NotFound.

    Staff see the cases of orders that are their stores' business, and of goods that come back to their stores.
    """
    case = await uow.maybe(
        Case,
        """
        select c.id, c.order_id, o.number as order_number, c.customer_id, p.nickname as customer_name, o.currency,
               c.kind, c.units, c.state, c.reason, c.words, c.pictures, c.opened_by, c.location_id,
               s.name as location_name, s.address as location_address, s.phone as location_phone, c.amount,
               c.carrier, c.tracking, c.new_carrier, c.new_tracking, c.is_restocked, c.refund_id,
               r.amount as refunded, r.state as refund_state, c.is_disputed, c.answer_by, c.opened_at, c.closed_at
        from after_sales c
        join orders o on o.merchant_id = c.merchant_id and o.id = c.order_id
        left join customers p on p.merchant_id = c.merchant_id and p.id = c.customer_id
        left join stores s on s.merchant_id = c.merchant_id and s.id = c.location_id
        left join refunds r on r.merchant_id = c.merchant_id and r.id = c.refund_id
        where c.merchant_id = %(merchant_id)s and c.id = %(id)s
          and (%(customer)s::uuid is null or c.customer_id = %(customer)s)
          and (%(scope)s::uuid[] is null or o.store_id = any(%(scope)s) or c.location_id = any(%(scope)s)
               or exists (select from order_lines i where i.merchant_id = o.merchant_id and i.order_id = o.id
                          and i.location_id = any(%(scope)s)))
        """,
        id=case_id,
        customer=customer_id,
        scope=uow.actor.scope_list,
    )
    if case is None:
        raise NotFound(what="售后 / after-sale")
    lines = await uow.all(
        CaseLine,
        """
        select c.line_no, c.quantity, l.title, l.sku_title, l.picture, l.product_id
        from after_sale_lines c
        join order_lines l on l.merchant_id = c.merchant_id and l.order_id = c.order_id and l.line_no = c.line_no
        where c.merchant_id = %(merchant_id)s and c.after_sale_id = %(id)s order by c.line_no
        """,
        id=case_id,
    )
    steps = await uow.all(
        Step,
        """
        select action, actor_kind, actor_name, words, at from after_sale_steps
        where merchant_id = %(merchant_id)s and after_sale_id = %(id)s order by at, id
        """,
        id=case_id,
    )
    return msgspec.structs.replace(case, lines=tuple(lines), steps=tuple(steps))


async def listing(
    uow: UnitOfWork,
    *,
    states: Sequence[str] = (),
    search: str = "",
    disputed_only: bool = False,
    order_id: UUID | None = None,
    customer_id: UUID | None = None,
    locations: Sequence[UUID] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 30,
) -> Page[CaseCard]:
    """Cases, newest first. `search` is an order number; `locations` keeps to what may be seen."""
    limit = bounded(limit)
    rows = await uow.all(
        CaseCard,
        """
        select c.id, c.order_id, o.number as order_number, p.nickname as customer_name, o.currency, c.kind, c.state,
               c.reason, c.is_disputed, l.title as first_title, l.pieces, r.amount as refunded, c.answer_by, c.opened_at
        from after_sales c
        join orders o on o.merchant_id = c.merchant_id and o.id = c.order_id
        left join customers p on p.merchant_id = c.merchant_id and p.id = c.customer_id
        left join refunds r on r.merchant_id = c.merchant_id and r.id = c.refund_id
        join lateral (
            select min(ol.title) as title, sum(cl.quantity)::int as pieces
            from after_sale_lines cl
            join order_lines ol
              on ol.merchant_id = cl.merchant_id and ol.order_id = cl.order_id and ol.line_no = cl.line_no
            where cl.merchant_id = c.merchant_id and cl.after_sale_id = c.id
        ) l on true
        where c.merchant_id = %(merchant_id)s
          and (cardinality(%(states)s::text[]) = 0 or c.state = any(%(states)s))
          and (not %(disputed)s or c.is_disputed)
          and (%(search)s = '' or o.number = %(search)s)
          and (%(order)s::uuid is null or c.order_id = %(order)s)
          and (%(customer)s::uuid is null or c.customer_id = %(customer)s)
          and (%(locations)s::uuid[] is null or o.store_id = any(%(locations)s) or c.location_id = any(%(locations)s))
          and (%(at)s::timestamptz is null or (c.opened_at, c.id) < (%(at)s, %(last)s))
        order by c.opened_at desc, c.id desc limit %(limit)s
        """,
        states=list(states),
        disputed=disputed_only,
        search=search.strip(),
        order=order_id,
        customer=customer_id,
        locations=None if locations is None else list(locations),
        at=after[0] if after else None,
        last=after[1] if after else None,
        limit=limit + 1,
    )
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=rows[:limit], next=f"{last.opened_at.isoformat()}~{last.id}" if last else None)


class _Claimed(msgspec.Struct, frozen=True):
    line_no: int
    units: str
    quantity: int


async def claimed_units(uow: UnitOfWork, order_id: UUID) -> dict[tuple[int, str], int]:
    """Units of an order that open cases speak of, by line and whether they had left."""
    rows = await uow.all(
        _Claimed,
        """
        select l.line_no, c.units, sum(l.quantity)::int as quantity
        from after_sales c
        join after_sale_lines l on l.merchant_id = c.merchant_id and l.after_sale_id = c.id
        where c.merchant_id = %(merchant_id)s and c.order_id = %(order)s and c.closed_at is null
        group by l.line_no, c.units
        """,
        order=order_id,
    )
    return {(row.line_no, row.units): row.quantity for row in rows}


class Counts(msgspec.Struct, frozen=True):
    """How many cases wait for the merchant, are overdue within half a day, or are disputed."""

    waiting: int
    pressing: int
    disputed: int


async def counts(uow: UnitOfWork) -> Counts:
    return await uow.one(
        Counts,
        """
        select count(*) filter (where state in ('requested', 'returned'))::int as waiting,
               count(*) filter (where state in ('requested', 'returned')
                                  and answer_by < %(now)s + interval '12 hours')::int as pressing,
               count(*) filter (where is_disputed)::int as disputed
        from after_sales
        where merchant_id = %(merchant_id)s and answer_by is not null
        """,
    )
