"""What coupons did: how many went how far, what they cost, and what was sold with them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel import money
from siyu.runtime.db import UnitOfWork, uuid_array

WHOLE = 10_000  # basis points


class Funnel(msgspec.Struct, frozen=True):
    """Coupons of a template by how far they came. `issued` counts all of them, codes that nobody claimed among them;
    `claimed` those somebody holds or held. Locked, used, expired and void are what they are now; `returned` counts
    how often one came back from an order that was closed.
    """

    offer_id: UUID
    issued: int
    claimed: int
    locked: int
    used: int
    returned: int
    expired: int
    void: int

    @property
    def used_share(self) -> int:
        """Used of claimed, in basis points."""
        return share(self.used, self.claimed)


class Sales(msgspec.Struct, frozen=True):
    """Paid orders (minor units, freight included). `without` are the paid orders of the same time without this
    template's coupons; `cost` is what the coupons took off.
    """

    cost: int
    orders: int
    amount: int
    orders_without: int
    amount_without: int

    @property
    def average(self) -> int | None:
        return money.share_of_units(self.amount, self.orders, 0, 1) if self.orders else None

    @property
    def average_without(self) -> int | None:
        return (
            money.share_of_units(self.amount_without, self.orders_without, 0, 1)
            if self.orders_without
            else None
        )


def share(part: int, whole: int) -> int:
    """`part` of `whole` in basis points, rounded half up; 0 of nothing."""
    return (2 * part * WHOLE + whole) // (2 * whole) if whole else 0


async def funnels(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> list[Funnel]:
    """The funnel of each of these templates, in their order."""
    return await uow.all(
        Funnel,
        """
        select t.id as offer_id, coalesce(k.issued, 0) as issued, coalesce(k.claimed, 0) as claimed,
               coalesce(k.locked, 0) as locked, coalesce(k.used, 0) as used,
               (select count(*) from offer_uses u
                where u.merchant_id = %(merchant_id)s and u.offer_id = t.id and u.coupon_id is not null
                  and u.state = 'returned') as returned,
               coalesce(k.expired, 0) as expired, coalesce(k.void, 0) as void
        from unnest(%(offers)s::uuid[]) with ordinality as t (id, place)
        left join (
            select offer_id, count(*) as issued, count(customer_id) as claimed,
                   count(*) filter (where state = 'locked') as locked, count(*) filter (where state = 'used') as used,
                   count(*) filter (where state = 'expired') as expired, count(*) filter (where state = 'void') as void
            from coupons where merchant_id = %(merchant_id)s and offer_id = any(%(offers)s::uuid[])
            group by offer_id
        ) k on k.offer_id = t.id
        order by t.place
        """,
        offers=uuid_array(offer_ids),
    )


def together(found: Sequence[Funnel], offer_id: UUID) -> Funnel:
    """Several templates as one, under `offer_id`: the same campaign with several coupons."""
    return Funnel(
        offer_id,
        *(sum(getattr(one, name) for one in found) for name in Funnel.__struct_fields__[1:]),
    )


async def sales(uow: UnitOfWork, offer_id: UUID, *, since: datetime, until: datetime) -> Sales:
    """What was paid from `since` on and before `until` (UTC) with and without coupons of this template."""
    return await uow.one(
        Sales,
        """
        with used as materialized (
            select order_id, amount from offer_uses
            where merchant_id = %(merchant_id)s and offer_id = %(offer)s and state = 'used'
        ),
        paid as (
            select o.total, u.amount, u.order_id is not null as is_with
            from orders o left join used u on u.order_id = o.id
            where o.merchant_id = %(merchant_id)s and o.paid_at >= %(since)s and o.paid_at < %(until)s
        )
        select coalesce(sum(amount), 0)::bigint as cost, count(*) filter (where is_with) as orders,
               coalesce(sum(total) filter (where is_with), 0)::bigint as amount,
               count(*) filter (where not is_with) as orders_without,
               coalesce(sum(total) filter (where not is_with), 0)::bigint as amount_without
        from paid
        """,
        offer=offer_id,
        since=since,
        until=until,
    )
