"""Reading purchase orders: the list, one with what arrived, and what should be ordered."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime.db import UnitOfWork
from siyu.trade.suppliers.model import Purchase, PurchaseCard, PurchaseLine, Receipt, ReceiptLine, Suggestion

SUGGESTED_MAX = 200


async def find_purchase(uow: UnitOfWork, purchase_id: UUID) -> Purchase:
    """An order with its lines. Raises NotFound, also for a location outside the actor's scope."""
    found = await uow.maybe(
        Purchase,
        """
        select p.id, p.number, p.supplier_id, s.name as supplier_name, p.location_id, l.name as location_name, p.state,
               p.remark, p.created_by, p.created_at, p.sent_by, p.sent_at, p.ended_by, p.ended_at
        from purchase_orders p
        join suppliers s on s.merchant_id = p.merchant_id and s.id = p.supplier_id
        join stores l on l.merchant_id = p.merchant_id and l.id = p.location_id
        where p.merchant_id = %(merchant_id)s and p.id = %(id)s
        """,
        id=purchase_id,
    )
    if found is None or not uow.actor.sees(found.location_id):
        raise NotFound(what="采购单 / purchase order")
    lines = await uow.all(
        PurchaseLine,
        """
        select l.line_no, l.sku_id, k.code as sku_code, p.title, k.title as sku_title,
               coalesce(i.code, '') as supplier_code, l.quantity, l.cost, l.expected_on, l.received
        from purchase_lines l
        join purchase_orders o on o.merchant_id = l.merchant_id and o.id = l.purchase_id
        join skus k on k.merchant_id = l.merchant_id and k.id = l.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        left join supplier_items i on i.merchant_id = l.merchant_id and i.supplier_id = o.supplier_id
                                  and i.sku_id = l.sku_id
        where l.merchant_id = %(merchant_id)s and l.purchase_id = %(id)s order by l.line_no
        """,
        id=purchase_id,
    )
    return msgspec.structs.replace(found, lines=tuple(lines))


async def purchases(
    uow: UnitOfWork,
    *,
    supplier_id: UUID | None = None,
    states: Sequence[str] = (),
    search: str = "",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page[PurchaseCard]:
    """Purchase orders within the actor's scope, newest first. The cursor is (created_at, id)."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        PurchaseCard,
        """
        select p.id, p.number, p.supplier_id, s.name as supplier_name, l.name as location_name, p.state, t.pieces,
               t.received, t.total, t.expected_on, p.created_by, p.created_at
        from purchase_orders p
        join suppliers s on s.merchant_id = p.merchant_id and s.id = p.supplier_id
        join stores l on l.merchant_id = p.merchant_id and l.id = p.location_id
        cross join lateral (
            select coalesce(sum(x.quantity), 0)::int as pieces, coalesce(sum(x.received), 0)::int as received,
                   coalesce(sum(x.quantity * x.cost), 0)::bigint as total,
                   min(x.expected_on) filter (where x.received < x.quantity) as expected_on
            from purchase_lines x where x.merchant_id = p.merchant_id and x.purchase_id = p.id) t
        where p.merchant_id = %(merchant_id)s
          and (%(supplier)s::uuid is null or p.supplier_id = %(supplier)s)
          and (%(states)s::text[] = '{}' or p.state = any(%(states)s::text[]))
          and (%(search)s = '' or p.number = upper(%(search)s) or s.name = %(search)s)
          and (%(scope)s::uuid[] is null or p.location_id = any(%(scope)s))
          and (%(at)s::timestamptz is null or (p.created_at, p.id) < (%(at)s, %(last_id)s::uuid))
        order by p.created_at desc, p.id desc limit %(limit)s
        """,
        supplier=supplier_id,
        states=list(states),
        search=search.strip()[:40],
        scope=uow.actor.scope_list,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.created_at.isoformat()}~{last.id}" if last else None)


class _Row(msgspec.Struct, frozen=True):
    receipt_id: UUID
    line_no: int
    title: str
    sku_title: str
    quantity: int
    cost: int
    lot_code: str
    expires_on: date | None


async def receipts(uow: UnitOfWork, purchase_id: UUID) -> list[Receipt]:
    """What arrived of an order, oldest first."""
    found = await uow.all(
        Receipt,
        """
        select id, remark, actor_name, at from purchase_receipts
        where merchant_id = %(merchant_id)s and purchase_id = %(id)s order by at, id
        """,
        id=purchase_id,
    )
    rows = await uow.all(
        _Row,
        """
        select l.receipt_id, l.line_no, p.title, k.title as sku_title, l.quantity, l.cost, l.lot_code, l.expires_on
        from purchase_receipts r
        join purchase_receipt_lines l on l.merchant_id = r.merchant_id and l.receipt_id = r.id
        join skus k on k.merchant_id = l.merchant_id and k.id = l.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where r.merchant_id = %(merchant_id)s and r.purchase_id = %(id)s order by l.receipt_id, l.n
        """,
        id=purchase_id,
    )
    lines: dict[UUID, list[ReceiptLine]] = {}
    for row in rows:
        line = ReceiptLine(
            row.line_no, row.title, row.sku_title, row.quantity, row.cost, row.lot_code, row.expires_on
        )
        lines.setdefault(row.receipt_id, []).append(line)
    return [msgspec.structs.replace(one, lines=tuple(lines.get(one.id, ()))) for one in found]


async def suggestions(uow: UnitOfWork) -> list[Suggestion]:
    """What to order: SKUs of which less is free than is kept back, from the cheapest active supplier of each.

    The quantity fills the shelf to twice what is kept back, counting what is ordered and not there yet.
    """
    return await uow.all(
        Suggestion,
        """
        select s.id as supplier_id, s.name as supplier_name, t.location_id, l.name as location_name, t.sku_id,
               k.code as sku_code, p.title, k.title as sku_title, t.free, t.safety, t.coming,
               2 * t.safety - t.free - t.coming as quantity, i.supply_price as cost
        from (select st.location_id, st.sku_id, st.on_hand - st.reserved - st.carved as free, st.safety,
                     coalesce((select sum(greatest(pl.quantity - pl.received, 0))
                               from purchase_lines pl
                               join purchase_orders po on po.merchant_id = pl.merchant_id and po.id = pl.purchase_id
                               where pl.merchant_id = st.merchant_id and pl.sku_id = st.sku_id
                                 and po.location_id = st.location_id and po.state in ('draft', 'sent', 'partly')),
                              0)::int as coming
              from stock st
              where st.merchant_id = %(merchant_id)s and st.on_hand - st.reserved - st.carved < st.safety
                and (%(scope)s::uuid[] is null or st.location_id = any(%(scope)s))) t
        join stores l on l.merchant_id = %(merchant_id)s and l.id = t.location_id and l.kind <> 'supplier'
        join skus k on k.merchant_id = %(merchant_id)s and k.id = t.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        join lateral (select si.supplier_id, si.supply_price from supplier_items si
                      join suppliers su on su.merchant_id = si.merchant_id and su.id = si.supplier_id
                      where si.merchant_id = %(merchant_id)s and si.sku_id = t.sku_id and su.is_active
                        and not si.is_drop_shipped
                      order by si.supply_price, si.supplier_id limit 1) i on true
        join suppliers s on s.merchant_id = %(merchant_id)s and s.id = i.supplier_id
        where t.free + t.coming < t.safety
        order by s.name, s.id, l.name, t.location_id, k.code limit %(limit)s
        """,
        scope=uow.actor.scope_list,
        limit=SUGGESTED_MAX,
    )
