"""What about a sale is looked at before it earns: is the buyer the promoter after all, and do many orders come from one
address or payer through one promoter (合规 D-07, J10)?
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.growth.distribution.model import Settings
from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork


class Looked(msgspec.Struct, frozen=True):
    """What an order shows. `is_self` is the mark by which the buyer is the promoter (phone, payer, address), if any;
    `origin` is a digest of the address or payer, empty when neither is known.
    """

    order_id: UUID
    received_at: datetime | None
    origin: str
    is_self: str


async def look(uow: UnitOfWork, customer_of: Mapping[UUID, UUID]) -> dict[UUID, Looked]:
    """Orders (id → customer id of the promoter who brought them) beside what is known of their promoters."""
    found = await uow.all(
        Looked,
        """
        select o.id as order_id, o.received_at,
               case when o.address is not null
                    then md5(concat(o.address ->> 'region_code',
                                    regexp_replace(lower(o.address ->> 'detail'), '[[:space:][:punct:]]', '', 'g')))
                    when y.payer is not null then md5(y.payer) else '' end as origin,
               case when o.customer_id = t.promoter then 'self_phone'
                    when exists (select from identities i
                                 where i.merchant_id = %(merchant_id)s and i.customer_id = t.promoter
                                   and i.kind = 'phone'
                                   and (i.value = o.address ->> 'phone' or i.value = g.phone)) then 'self_phone'
                    when exists (select from identities i
                                 where i.merchant_id = %(merchant_id)s and i.kind = 'wechat_openid'
                                   and i.value = y.payer and i.customer_id = t.promoter) then 'self_payer'
                    when o.address is not null and exists (
                        select from customer_addresses a
                        where a.merchant_id = %(merchant_id)s and a.customer_id = t.promoter
                          and a.address ->> 'region_code' = o.address ->> 'region_code'
                          and regexp_replace(lower(a.address ->> 'detail'), '[[:space:][:punct:]]', '', 'g')
                            = regexp_replace(lower(o.address ->> 'detail'), '[[:space:][:punct:]]', '', 'g'))
                    then 'self_address' else '' end as is_self
        from unnest(%(orders)s::uuid[], %(promoters)s::uuid[]) as t (id, promoter)
        join orders o on o.merchant_id = %(merchant_id)s and o.id = t.id
        left join guests g on g.merchant_id = %(merchant_id)s and g.customer_id = o.customer_id
        left join lateral (select p.payer from payments p
                           where p.merchant_id = %(merchant_id)s and p.order_id = o.id and p.payer is not null
                             and starts_with(p.method, 'wxpay')
                           limit 1) y on true
        """,
        orders=list(customer_of),
        promoters=list(customer_of.values()),
    )
    return {order.order_id: order for order in found}


class _Crowd(msgspec.Struct, frozen=True):
    promoter_id: UUID
    order_id: UUID
    orders: int


async def hold_crowds(
    uow: UnitOfWork, origins: Collection[tuple[UUID, str]], at: Sequence[datetime], terms: Settings
) -> int:
    """Hold the orders of each (promoter, origin) of which too many came in a short time; returns how many are new."""
    if not origins:
        return 0
    pairs = sorted(origins, key=lambda pair: (str(pair[0]), pair[1]))
    crowds = await uow.all(
        _Crowd,
        """
        select c.promoter_id, c.order_id, n.orders
        from unnest(%(promoters)s::uuid[], %(origins)s::text[]) as t (promoter_id, origin)
        join lateral (
            select count(distinct m.order_id)::int as orders from commissions m
            where m.merchant_id = %(merchant_id)s and m.promoter_id = t.promoter_id and m.origin = t.origin
              and m.origin <> '' and m.earned_at between %(since)s and %(until)s
        ) n on n.orders >= %(many)s
        join commissions c on c.merchant_id = %(merchant_id)s and c.promoter_id = t.promoter_id
         and c.origin = t.origin and c.origin <> '' and c.earned_at between %(since)s and %(until)s
         and c.state = 'pending' and not c.is_held
        group by c.promoter_id, c.order_id, n.orders
        """,
        promoters=[promoter for promoter, _ in pairs],
        origins=[origin for _, origin in pairs],
        since=min(at) - timedelta(hours=terms.velocity_hours),
        until=max(at),
        many=terms.velocity_orders,
    )
    if not crowds:
        return 0
    reason = f"{terms.velocity_hours} 小时内同一地址或付款人经同一推广员下单 {{n}} 次"
    return await uow.run(
        """
        with held as (
            insert into commission_holds (merchant_id, id, promoter_id, order_id, cause, reason, state, raised_at)
            select %(merchant_id)s, t.id, t.promoter, t.ordered, 'velocity', t.reason, 'open', %(now)s
            from unnest(%(ids)s::uuid[], %(promoters)s::uuid[], %(orders)s::uuid[], %(reasons)s::text[])
                as t (id, promoter, ordered, reason)
            on conflict do nothing returning order_id
        )
        update commissions c set is_held = true from held h
        where c.merchant_id = %(merchant_id)s and c.order_id = h.order_id and c.state = 'pending'
        """,
        # Looked at once: an order that a person released is not held again for the same crowd.
        ids=[ids.derived("commission.crowd", crowd.order_id) for crowd in crowds],
        promoters=[crowd.promoter_id for crowd in crowds],
        orders=[crowd.order_id for crowd in crowds],
        reasons=[reason.format(n=crowd.orders) for crowd in crowds],
    )


async def held_promoters(uow: UnitOfWork, promoter_ids: Collection[UUID]) -> set[UUID]:
    """Those of these promoters all of whose commission waits for a person."""
    return set(
        await uow.all(
            UUID,
            """
            select promoter_id from commission_holds
            where merchant_id = %(merchant_id)s and state = 'open' and order_id is null
              and promoter_id = any(%(ids)s)
            """,
            ids=list(promoter_ids),
        )
    )
