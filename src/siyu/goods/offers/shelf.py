"""The shelf: every live price offer that touches a cart, what the buyers hold and have used. One round trip.

With `lock` the counters of offers with a limit, then the buyers' coupons, are locked in the order of their keys: the
last fen of a budget, the last use and a coupon go to one order, whichever process places it. What a person has used is
read after the locks, so that nobody's second order slips past a limit.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.goods.offers.model import (
    PRICE_KINDS,
    Audience,
    Funder,
    HeldCoupon,
    Offer,
    Rule,
    Scope,
    Shelf,
    Stacking,
    Used,
)
from siyu.runtime.db import Merchant, UnitOfWork, uuid_array

KINDS = "{" + ",".join(PRICE_KINDS) + "}"
EMPTY = Shelf()


class _OfferRow(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    rule: Rule
    scope: Scope
    audience: Audience
    stacking: Stacking
    priority: int
    starts_at: datetime | None
    ends_at: datetime | None
    per_person: int | None
    per_person_day: int | None
    funders: tuple[Funder, ...]
    floor_margin: int | None
    version: int
    spent_left: int | None
    uses_left: int | None


class _People(msgspec.Struct, frozen=True):
    """What one statement says of the buyers. What is no struct comes as JSON has it: ids are text."""

    coupons: tuple[HeldCoupon, ...]
    used: tuple[Used, ...]
    newcomers: list[str]
    costs: list[tuple[str, int]]


_Offers = Coroutine[Any, Any, list[_OfferRow]]
_Buyers = Coroutine[Any, Any, list[_People]]


async def load(
    uow: UnitOfWork, customer_ids: Sequence[UUID], sku_ids: Sequence[UUID], *, lock: bool = False
) -> Shelf:
    """What these buyers' carts of these SKUs may use. Two statements that share a round trip within `together`.

    Offers that begin within a day are there too, so that a cart can say so. A merchant without live offers costs one
    look into an index, and another into an empty answer.
    """
    params = {
        "kinds": KINDS,
        "customers": uuid_array(customer_ids),
        "skus": uuid_array(sku_ids),
        "midnight": midnight(uow.merchant, uow.now),
    }
    offers, people = await asyncio.gather(*(_locked(uow, params) if lock else _seen(uow, params)))
    if not offers:
        return EMPTY
    told = people[0] if people else _People((), (), [], [])
    return Shelf(
        tuple([_offer(row) for row in offers]),
        told.coupons,
        told.used,
        frozenset([UUID(one) for one in told.newcomers]),
        {UUID(sku_id): cost for sku_id, cost in told.costs},
    )


def _seen(uow: UnitOfWork, params: dict[str, Any]) -> tuple[_Offers, _Buyers]:
    return uow.all(_OfferRow, "with" + LIVE + COUNTED + ROWS, **params), uow.all(
        _People, HELD + ABOUT, **params
    )


def _locked(uow: UnitOfWork, params: dict[str, Any]) -> tuple[_Offers, _Buyers]:
    return (
        uow.all(_OfferRow, "with" + LIVE + LOCKED + ROWS, **params),
        uow.all(_People, HELD + " for update" + ABOUT, **params),
    )


def midnight(merchant: Merchant, now: datetime) -> datetime:
    """When the merchant's day began."""
    return now.astimezone(ZoneInfo(merchant.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)


def _offer(row: _OfferRow) -> Offer:
    return Offer(
        row.id, row.name, row.rule, row.scope, row.audience, row.stacking, row.priority, row.starts_at, row.ends_at,
        row.per_person, row.per_person_day, row.funders, row.floor_margin, row.version, row.spent_left, row.uses_left,
    )  # fmt: skip


# A rule or a scope that names goods is good for those alone. A coupon's offer is there for whoever holds one, also when
# it gives out no more: who has a coupon was promised the coupon's own time. Paused stops both.
LIVE = """
    live as materialized (
        select o.* from offers o
        where o.merchant_id = %(merchant_id)s and o.state = 'active' and o.kind = any(%(kinds)s::text[])
          and o.kind <> 'coupon' and (o.ends_at is null or o.ends_at > %(now)s)
          and (o.starts_at is null or o.starts_at < %(now)s::timestamptz + interval '1 day')
    ),
    goods as materialized (
        select array_agg(k.id::text) as skus, array_agg(k.product_id::text) as products,
               array_agg(p.category_id::text) as categories
        from skus k join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where k.merchant_id = %(merchant_id)s and k.id = any(%(skus)s::uuid[]) and exists (select from live)
    ),
    touching as materialized (
        select o.id, o.kind, o.name, o.rule, o.scope, o.audience, o.stacking, o.priority, o.starts_at, o.ends_at,
               o.budget, o.uses_max, o.per_person, o.per_person_day, o.funders, o.floor_margin, o.version
        from live o cross join goods g
        where (o.kind not in ('limited_price', 'bundle')
               or o.rule -> case o.kind when 'bundle' then 'parts' else 'prices' end ?| g.skus)
          and (not o.scope ?| '{sku_ids,product_ids,category_ids}' or o.scope -> 'sku_ids' ?| g.skus
               or o.scope -> 'product_ids' ?| g.products or o.scope -> 'category_ids' ?| g.categories)
        union all
        select o.id, o.kind, coalesce(v.name, o.name), coalesce(v.rule, o.rule), coalesce(v.scope, o.scope),
               coalesce(v.audience, o.audience), coalesce(v.stacking, o.stacking), coalesce(v.priority, o.priority),
               o.starts_at, o.ends_at, o.budget, o.uses_max, o.per_person, o.per_person_day, o.funders,
               case when v.version is null then o.floor_margin else v.floor_margin end, coalesce(v.version, o.version)
        from (select distinct c.offer_id, c.offer_version from coupons c
              where c.merchant_id = %(merchant_id)s and c.customer_id = any(%(customers)s::uuid[])
                and c.state = 'issued' and c.valid_until > %(now)s) held
        join offers o on o.merchant_id = %(merchant_id)s and o.id = held.offer_id
        left join offer_versions v on v.merchant_id = %(merchant_id)s and v.offer_id = o.id
                                  and v.version = held.offer_version
        where o.kind = 'coupon' and o.state in ('active', 'ended')
    )"""
LOCKED = """,
    counted as materialized (
        select c.offer_id, c.spent, c.uses from offer_counters c
        where c.merchant_id = %(merchant_id)s and c.offer_id in (
            select o.id from touching o
            where o.budget is not null or o.uses_max is not null or o.per_person is not null
               or o.per_person_day is not null or o.kind = 'first_order')
        order by c.offer_id for update of c
    )"""
COUNTED = """,
    counted as (select c.offer_id, c.spent, c.uses from offer_counters c where c.merchant_id = %(merchant_id)s)"""
ROWS = """
    select o.id, o.name, o.rule, o.scope, o.audience, o.stacking, o.priority, o.starts_at, o.ends_at,
           o.per_person, o.per_person_day, o.funders, o.floor_margin, o.version,
           case when o.budget is not null then greatest(0, o.budget - coalesce(c.spent, 0)) end as spent_left,
           case when o.uses_max is not null then greatest(0, o.uses_max - coalesce(c.uses, 0)) end as uses_left
    from touching o left join counted c on c.offer_id = o.id
    order by o.id
    """

# Nothing is asked where nothing is live. Units cost what their suppliers ask, at most: a floor errs on the safe side.
HELD = """
    with held as materialized (
        select c.id, c.offer_id, c.customer_id, c.valid_from, c.valid_until, c.offer_version as version from coupons c
        where c.merchant_id = %(merchant_id)s and c.customer_id = any(%(customers)s::uuid[]) and c.state = 'issued'
          and c.valid_from <= %(now)s and c.valid_until > %(now)s
        order by c.id"""
ABOUT = """
    ),
    live as materialized (
        select o.id, o.kind, o.audience, o.per_person, o.per_person_day, o.floor_margin from offers o
        where o.merchant_id = %(merchant_id)s and o.state = 'active' and o.kind = any(%(kinds)s::text[])
          and o.kind <> 'coupon'
        union all
        select o.id, o.kind, o.audience, o.per_person, o.per_person_day, o.floor_margin from offers o
        where o.merchant_id = %(merchant_id)s and o.id in (select offer_id from held)
    )
    select
        coalesce((select jsonb_agg(to_jsonb(h) order by h.id) from held h), '[]') as coupons,
        coalesce((
            select jsonb_agg(to_jsonb(t)) from (
                select u.customer_id, u.offer_id, sum(u.times) as ever,
                       coalesce(sum(u.times) filter (where u.at >= %(midnight)s), 0) as today
                from live o
                join offer_uses u on u.merchant_id = %(merchant_id)s and u.offer_id = o.id
                where u.customer_id = any(%(customers)s::uuid[]) and u.state <> 'returned'
                  and (o.per_person is not null or o.per_person_day is not null or o.kind = 'first_order')
                group by u.customer_id, u.offer_id
            ) t), '[]') as used,
        coalesce((
            select jsonb_agg(t.id) from unnest(%(customers)s::uuid[]) as t (id)
            where exists (select from live where kind = 'first_order' or audience -> 'newcomers' = 'true')
              and not exists (select from orders r where r.merchant_id = %(merchant_id)s and r.customer_id = t.id
                                                     and r.paid_at is not null)
              and not exists (select from guests g where g.merchant_id = %(merchant_id)s and g.customer_id = t.id
                                and not exists (select from identities i where i.merchant_id = g.merchant_id
                                                                           and i.customer_id = g.customer_id))
            ), '[]') as newcomers,
        coalesce((
            select jsonb_agg(jsonb_build_array(t.sku_id, t.cost)) from (
                select i.sku_id, max(i.supply_price) as cost from supplier_items i
                where i.merchant_id = %(merchant_id)s and i.sku_id = any(%(skus)s::uuid[])
                  and exists (select from live where floor_margin is not null)
                group by i.sku_id
            ) t), '[]') as costs
    where exists (select from live)
    """
