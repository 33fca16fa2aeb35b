"""Reading suppliers: who they are, what they supply, and what we owe them."""

from datetime import datetime
from uuid import UUID

from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime.db import UnitOfWork
from siyu.trade.suppliers.model import Entry, Item, Sums, Supplier, SupplierCard


async def find(uow: UnitOfWork, supplier_id: UUID) -> Supplier:
    """Raises NotFound."""
    found = await uow.maybe(
        Supplier,
        """
        select id, name, contact, phone, address, settlement, location_id, is_active, created_at from suppliers
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=supplier_id,
    )
    if found is None:
        raise NotFound(what="供应商 / supplier")
    return found


async def every(uow: UnitOfWork, *, only_active: bool = False) -> list[SupplierCard]:
    """All suppliers by name, those that are active first. A merchant has tens of them."""
    return await uow.all(
        SupplierCard,
        """
        select s.id, s.name, s.contact, s.phone, s.settlement, s.is_active, s.location_id is not null as is_drop_shipping,
               (select count(*) from supplier_items i where i.merchant_id = s.merchant_id and i.supplier_id = s.id)::int
                   as items,
               (select count(*) from purchase_orders p where p.merchant_id = s.merchant_id and p.supplier_id = s.id
                                                         and p.state in ('draft', 'sent', 'partly'))::int as open_orders,
               coalesce((select sum(k.reserved) from stock k
                         where k.merchant_id = s.merchant_id and k.location_id = s.location_id), 0)::int as waiting,
               coalesce((select a.credits_posted - a.debits_posted from accounts a
                         where a.merchant_id = s.merchant_id and a.code = 'supplier:' || s.id), 0)::bigint as owed
        from suppliers s
        where s.merchant_id = %(merchant_id)s and (s.is_active or not %(only_active)s)
        order by s.is_active desc, s.name
        """,
        only_active=only_active,
    )


async def items(uow: UnitOfWork, supplier_id: UUID) -> list[Item]:
    """What a supplier supplies, by the merchant's own code."""
    return await uow.all(
        Item,
        """
        select i.sku_id, k.code as sku_code, p.title, k.title as sku_title, k.price as sale_price, i.supply_price,
               i.code, i.is_drop_shipped, coalesce(t.on_hand, 0) as on_hand, coalesce(t.reserved, 0) as reserved
        from supplier_items i
        join suppliers s on s.merchant_id = i.merchant_id and s.id = i.supplier_id
        join skus k on k.merchant_id = i.merchant_id and k.id = i.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        left join stock t on t.merchant_id = i.merchant_id and t.location_id = s.location_id and t.sku_id = i.sku_id
        where i.merchant_id = %(merchant_id)s and i.supplier_id = %(supplier)s
        order by k.code
        """,
        supplier=supplier_id,
    )


async def entries(
    uow: UnitOfWork,
    supplier_id: UUID,
    since: datetime,
    until: datetime | None = None,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> Page[Entry]:
    """Why we owe what we owe, from `since` on and before `until`, oldest first. The cursor is (at, id)."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        Entry,
        """
        select e.id, e.kind, e.amount, e.quantity, e.price, coalesce(p.title, '') as title,
               coalesce(k.title, '') as sku_title, coalesce(k.code, '') as sku_code,
               coalesce(o.number, b.number, '') as number, e.order_id, e.purchase_id, e.reason, e.actor_name, e.at
        from supplier_entries e
        left join skus k on k.merchant_id = e.merchant_id and k.id = e.sku_id
        left join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        left join orders o on o.merchant_id = e.merchant_id and o.id = e.order_id
        left join purchase_orders b on b.merchant_id = e.merchant_id and b.id = e.purchase_id
        where e.merchant_id = %(merchant_id)s and e.supplier_id = %(supplier)s and e.at >= %(since)s
          and (%(until)s::timestamptz is null or e.at < %(until)s)
          and (%(at)s::timestamptz is null or (e.at, e.id) > (%(at)s, %(last_id)s::uuid))
        order by e.at, e.id limit %(limit)s
        """,
        supplier=supplier_id,
        since=since,
        until=until,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.at.isoformat()}~{last.id}" if last else None)


async def sums(uow: UnitOfWork, supplier_id: UUID, since: datetime, until: datetime | None = None) -> Sums:
    """What a time brought, by kind."""
    return await uow.one(
        Sums,
        """
        select coalesce(sum(amount) filter (where kind = 'shipped'), 0)::bigint as shipped,
               coalesce(sum(quantity) filter (where kind = 'shipped'), 0)::int as shipped_units,
               coalesce(sum(amount) filter (where kind in ('returned', 'unsent')), 0)::bigint as returned,
               coalesce(sum(quantity) filter (where kind in ('returned', 'unsent')), 0)::int as returned_units,
               coalesce(sum(amount) filter (where kind = 'received'), 0)::bigint as received,
               coalesce(sum(amount) filter (where kind = 'adjusted'), 0)::bigint as adjusted,
               coalesce(sum(amount), 0)::bigint as total
        from supplier_entries
        where merchant_id = %(merchant_id)s and supplier_id = %(supplier)s and at >= %(since)s
          and (%(until)s::timestamptz is null or at < %(until)s)
        """,
        supplier=supplier_id,
        since=since,
        until=until,
    )
