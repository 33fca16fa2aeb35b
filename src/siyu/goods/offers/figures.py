"""What offers brought: orders, sales, newcomers, day by day; and which offers get in each other's way."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from siyu.goods.offers.keeping import OfferRow, listing
from siyu.goods.offers.model import PRICE_KINDS, OfferForm, Scope
from siyu.runtime.db import UnitOfWork

LIVE_MAX = 200


class Brought(msgspec.Struct, frozen=True):
    """Of one offer: orders that used it and are not closed, those that are paid, their sales and what was given away,
    in minor units; buyers, and how many of them paid for the first time with it.
    """

    offer_id: UUID
    orders: int
    paid: int
    sales: int
    given: int
    buyers: int
    newcomers: int


class Day(msgspec.Struct, frozen=True):
    """One day at the merchant's."""

    day: date
    orders: int
    given: int


class LastUse(msgspec.Struct, frozen=True):
    """An order that used the offer."""

    order_id: UUID
    number: str
    state: str
    total: int
    amount: int
    at: datetime


class Conflict(msgspec.Struct, frozen=True):
    """Another offer for the same goods at the same time, and what that means: words "中文 / english"."""

    offer_id: UUID
    name: str
    why: str


async def brought(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> dict[UUID, Brought]:
    """What each of these offers brought; one that was never used is missing."""
    found = await uow.all(
        Brought,
        """
        select u.offer_id, count(*)::int as orders, count(*) filter (where o.paid_at is not null)::int as paid,
               coalesce(sum(o.total) filter (where o.paid_at is not null), 0)::bigint as sales,
               sum(u.amount)::bigint as given, count(distinct u.customer_id)::int as buyers,
               count(distinct u.customer_id) filter (where o.paid_at is not null and not exists (
                   select from orders p where p.merchant_id = u.merchant_id and p.customer_id = u.customer_id
                   and p.paid_at < o.paid_at))::int as newcomers
        from offer_uses u join orders o on o.merchant_id = u.merchant_id and o.id = u.order_id
        where u.merchant_id = %(merchant_id)s and u.offer_id = any(%(ids)s) and u.state <> 'returned'
        group by u.offer_id
        """,
        ids=list(offer_ids),
    )
    return {one.offer_id: one for one in found}


async def by_day(uow: UnitOfWork, offer_id: UUID) -> list[Day]:
    """Uses by day of the merchant's zone, the oldest first; at most the last sixty days with any."""
    found = await uow.all(
        Day,
        """
        select (at at time zone %(zone)s)::date as day, count(*)::int as orders, sum(amount)::bigint as given
        from offer_uses
        where merchant_id = %(merchant_id)s and offer_id = %(offer)s and state <> 'returned'
        group by 1 order by 1 desc limit 60
        """,
        offer=offer_id,
        zone=uow.merchant.timezone,
    )
    return found[::-1]


async def last_uses(uow: UnitOfWork, offer_id: UUID, limit: int = 20) -> list[LastUse]:
    return await uow.all(
        LastUse,
        """
        select u.order_id, o.number, o.state, o.total, u.amount, u.at
        from offer_uses u join orders o on o.merchant_id = u.merchant_id and o.id = u.order_id
        where u.merchant_id = %(merchant_id)s and u.offer_id = %(offer)s and u.state <> 'returned'
        order by u.at desc, u.order_id limit %(limit)s
        """,
        offer=offer_id,
        limit=limit,
    )


async def conflicts(uow: UnitOfWork, offer_id: UUID, form: OfferForm) -> list[Conflict]:
    """Live offers that meet this one in a cart: both for some of the same goods, at the same time."""
    live: list[OfferRow] = []
    for phase in ("running", "waiting"):
        found = await listing(
            uow, kinds=PRICE_KINDS, phase=phase, since=form.starts_at, until=form.ends_at, limit=LIVE_MAX
        )
        live += found.items
    return [
        Conflict(other.id, other.name, _why(form, other))
        for other in live
        if other.id != offer_id and other.kind != "coupon" and _meet(form.scope, other.scope)
    ]


def _why(form: OfferForm, other: OfferRow) -> str:
    if "exclusive" in {form.stacking, other.stacking}:
        return "两个活动互斥，同一单只有一个生效 / they exclude each other: one of the two applies"
    if "stack" in {form.stacking, other.stacking}:
        return "两个活动会叠加 / both apply, one on top of the other"
    return "同类活动取最优惠的一个 / of the same stage the better one applies"


def _meet(one: Scope, other: Scope) -> bool:
    """Whether two scopes could share goods. Products of a named category are not looked up: rather one warning more."""
    if not (one.product_ids or one.category_ids or one.sku_ids) or not (
        other.product_ids or other.category_ids or other.sku_ids
    ):
        return True
    if set(one.product_ids) & set(other.product_ids) or set(one.sku_ids) & set(other.sku_ids):
        return True
    return bool(set(one.category_ids) & set(other.category_ids)) or bool(
        (one.category_ids and other.product_ids) or (other.category_ids and one.product_ids)
    )
