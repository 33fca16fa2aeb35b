"""Reading presales and where their orders stand."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.goods import catalog, offers
from siyu.kernel.errors import NotFound
from siyu.runtime.db import UnitOfWork
from siyu.trade import payments
from siyu.trade.presales.model import Lost, Numbers, Offered
from siyu.trade.presales.rules import is_lawful, unit_prices

LIST_MAX = 100


async def offered(uow: UnitOfWork, offer_ids: Sequence[UUID] | None = None) -> list[Offered]:
    """Presales, the newest first: all, or these."""
    return await uow.all(
        Offered,
        """
        select o.id, o.name, o.rule, o.audience, o.version, o.state, o.starts_at, o.ends_at, o.uses_max, o.per_person,
               (select count(*) from orders t
                where t.merchant_id = o.merchant_id and t.claim_id = o.id and t.claim_kind = 'presale'
                  and t.state <> 'closed')::int as ordered
        from offers o
        where o.merchant_id = %(merchant_id)s and o.kind = 'presale'
          and (%(ids)s::uuid[] is null or o.id = any(%(ids)s))
        order by o.created_at desc, o.id desc limit %(limit)s
        """,
        ids=None if offer_ids is None else list(offer_ids),
        limit=LIST_MAX,
    )


async def find(uow: UnitOfWork, offer_id: UUID) -> Offered:
    """Raises NotFound."""
    for one in await offered(uow, [offer_id]):
        return one
    raise NotFound(what="预售 / presale")


async def numbers(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> dict[UUID, Numbers]:
    """Where the orders of these presales stand."""
    found = await uow.all(
        Numbers,
        """
        select i.id as offer_id,
               (count(t.id) filter (where t.state = 'unpaid' and t.deposit_paid_at is null))::int as begun,
               (count(t.id) filter (where t.state = 'unpaid' and t.deposit_paid_at is not null))::int as waiting,
               coalesce(sum(t.deposit) filter (where t.state = 'unpaid' and t.deposit_paid_at is not null), 0)::bigint
                   as deposits,
               (count(t.id) filter (where t.state not in ('unpaid', 'closed')))::int as paid,
               coalesce(sum(t.total - t.refunded) filter (where t.state not in ('unpaid', 'closed')), 0)::bigint
                   as sales,
               (count(t.id) filter (where t.state = 'closed' and t.deposit_paid_at is not null))::int as lost,
               coalesce(sum(t.deposit) filter (where t.state = 'closed' and t.deposit_paid_at is not null), 0)::bigint
                   as kept
        from unnest(%(ids)s::uuid[]) as i (id)
        left join orders t on t.merchant_id = %(merchant_id)s and t.claim_id = i.id and t.claim_kind = 'presale'
        group by i.id
        """,
        ids=list(offer_ids),
    )
    return {one.offer_id: one for one in found}


async def lost(uow: UnitOfWork, offer_id: UUID) -> list[Lost]:
    """Closed orders of a presale whose deposit was paid, the newest first."""
    found = await uow.all(
        Lost,
        """
        select t.id as order_id, t.number, coalesce(c.nickname, '') as nickname, t.deposit,
               coalesce(t.close_reason, '') as close_reason, t.closed_at,
               coalesce((select r.state from refunds r where r.merchant_id = t.merchant_id and r.order_id = t.id
                         and r.kind = 'deposit'), '') as returned
        from orders t left join customers c on c.merchant_id = t.merchant_id and c.id = t.customer_id
        where t.merchant_id = %(merchant_id)s and t.claim_id = %(offer)s and t.claim_kind = 'presale'
          and t.state = 'closed' and t.deposit_paid_at is not null
        order by t.closed_at desc, t.id desc limit %(limit)s
        """,
        offer=offer_id,
        limit=LIST_MAX,
    )
    paid = await payments.owed_paid(uow, [one.order_id for one in found if one.owed])
    return [msgspec.structs.replace(one, is_paid=one.order_id in paid) for one in found]


async def ordered_by(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID | None], int]:
    """How many orders that are not closed each person has, by (presale, customer)."""
    rows = await uow.all(
        str,
        """
        select claim_id::text || ' ' || customer_id::text || ' ' || count(*)::text from orders
        where merchant_id = %(merchant_id)s and claim_kind = 'presale' and claim_id = any(%(ids)s) and state <> 'closed'
          and customer_id is not null
        group by claim_id, customer_id
        """,
        ids=list(offer_ids),
    )
    parts = (row.split(" ") for row in rows)
    return {(UUID(offer), UUID(customer)): int(count) for offer, customer, count in parts}


async def entries(uow: UnitOfWork, product_ids: Sequence[UUID] | None) -> list[offers.Entry]:
    """Presales that take deposits, by their SKUs, for the product page and the list of activities."""
    live = [
        one for one in await offered(uow) if one.is_live(uow.now) and one.left != 0 and is_lawful(one.rule)
    ]
    prices = await catalog.prices(uow, [sku_id for one in live for sku_id in one.rule.prices])
    found: list[offers.Entry] = []
    for one in live:
        for sku_id, amount in unit_prices(one.rule).items():
            price = prices.get(sku_id)
            if price is None or not price.is_sellable:
                continue
            if product_ids is not None and price.product_id not in product_ids:
                continue
            found.append(
                offers.Entry(
                    one.id, "presale", one.name, price.product_id, sku_id, amount, price.price,
                    f"/shop/{uow.merchant.slug}/presales/{one.id}?sku={sku_id}", one.starts_at,
                    min(one.ends_at or one.rule.balance_from, one.rule.balance_from), one.left, one.uses_max,
                    "先付定金，再付尾款 / a deposit now, the balance later",
                )
            )  # fmt: skip
    return found
