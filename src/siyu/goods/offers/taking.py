"""What orders use of offers, and giving it back: uses, counters and coupons in step, in sets.

Locks are always taken in one order – counters of activities with a limit, of price offers with a limit, coupons, other
counters – so that placing, closing and paying never wait for each other in a circle.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from siyu.goods.offers.model import ACTIVITY_KINDS, Use
from siyu.runtime.db import UnitOfWork, json_rows, uuid_array

ACTIVITIES = "{" + ",".join(ACTIVITY_KINDS) + "}"
RETURNED_HOURS = 24  # a coupon that comes back can be used for at least so long


class Taken(msgspec.Struct, frozen=True):
    """What an order uses."""

    order_id: UUID
    customer_id: UUID
    uses: tuple[Use, ...]


class _UseRow(msgspec.Struct, frozen=True):
    order_id: UUID
    customer_id: UUID
    offer_id: UUID
    amount: int
    times: int
    coupon_id: UUID | None


async def take(uow: UnitOfWork, taken: Sequence[Taken]) -> None:
    """Write what orders use, raise the counters and lock the coupons. Sent without waiting, after the orders.

    After `load(lock=True)` in the same unit of work it always fits. If it does not – a budget overrun, a coupon that is
    gone – the unit of work fails as a whole: a use that is not covered has no `times`, which its check refuses.
    """
    rows = [
        _UseRow(one.order_id, one.customer_id, use.offer_id, use.amount, use.times, use.coupon_id)
        for one in taken
        for use in one.uses
    ]
    if not rows:
        return
    await uow.send(
        """
        with asked as materialized (
            select * from json_to_recordset(%(rows)s::json)
                as t (order_id uuid, customer_id uuid, offer_id uuid, amount bigint, times int, coupon_id uuid)
        ),
        sums as materialized (
            select offer_id, sum(amount) as amount, sum(times) as times from asked group by offer_id
        ),
        kept as materialized (
            select c.offer_id, o.budget, o.uses_max
            from offer_counters c
            join offers o on o.merchant_id = c.merchant_id and o.id = c.offer_id
            where c.merchant_id = %(merchant_id)s and c.offer_id in (select offer_id from sums)
            order by (o.budget is null and o.uses_max is null and o.per_person is null and o.per_person_day is null
                      and o.kind <> 'first_order'), c.offer_id
            for update of c
        ),
        raised as (
            update offer_counters c set spent = c.spent + s.amount, uses = c.uses + s.times
            from sums s join kept k on k.offer_id = s.offer_id
            where c.merchant_id = %(merchant_id)s and c.offer_id = s.offer_id
              and (k.budget is null or c.spent + s.amount <= k.budget)
              and (k.uses_max is null or c.uses + s.times <= k.uses_max)
            returning c.offer_id
        ),
        locked as (
            update coupons c set state = 'locked', order_id = a.order_id, updated_at = %(now)s
            from asked a
            where c.merchant_id = %(merchant_id)s and c.id = a.coupon_id and c.offer_id = a.offer_id
              and c.customer_id = a.customer_id and c.state = 'issued'
            returning c.id
        )
        insert into offer_uses (merchant_id, order_id, offer_id, coupon_id, customer_id, amount, times, state, at)
        select %(merchant_id)s, a.order_id, a.offer_id, (array_agg(a.coupon_id))[1], a.customer_id, sum(a.amount),
               case when bool_and(r.offer_id is not null and (a.coupon_id is null or l.id is not null))
                    then sum(a.times) else 0 end,
               'held', %(now)s
        from asked a
        left join raised r on r.offer_id = a.offer_id
        left join locked l on l.id = a.coupon_id
        group by a.order_id, a.offer_id, a.customer_id
        """,
        rows=json_rows(rows),
    )


async def settle(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """The orders are paid: what they hold is used. Seen twice it changes nothing.

    An order that was closed and is paid after all keeps the price it was placed at. What it used is taken again where
    it is still there – the coupon not used elsewhere, room in the budget; otherwise it stays given back.
    """
    if not order_ids:
        return
    await uow.send(
        """
        update coupons set state = 'used', updated_at = %(now)s
        where merchant_id = %(merchant_id)s and order_id = any(%(orders)s::uuid[]) and state = 'locked'
        """,
        orders=uuid_array(order_ids),
    )
    await uow.send(
        """
        update offer_uses set state = 'used'
        where merchant_id = %(merchant_id)s and order_id = any(%(orders)s::uuid[]) and state = 'held'
        """,
        orders=uuid_array(order_ids),
    )
    back = await uow.all(
        _Back,
        """
        select order_id, offer_id from offer_uses
        where merchant_id = %(merchant_id)s and order_id = any(%(orders)s::uuid[]) and state = 'returned'
        order by order_id, offer_id
        """,
        orders=uuid_array(order_ids),
    )
    for (
        one
    ) in back:  # money that comes after an order's end is rare: one statement each keeps the rule readable
        await _take_again(uow, one.order_id, one.offer_id)


class _Back(msgspec.Struct, frozen=True):
    order_id: UUID
    offer_id: UUID


async def _take_again(uow: UnitOfWork, order_id: UUID, offer_id: UUID) -> None:
    await _lock(uow, [order_id])
    await uow.run(
        """
        with use as materialized (
            select u.* from offer_uses u
            where u.merchant_id = %(merchant_id)s and u.order_id = %(order)s and u.offer_id = %(offer)s
              and u.state = 'returned'
        ),
        raised as (
            update offer_counters c set spent = c.spent + u.amount, uses = c.uses + u.times
            from use u join offers o on o.merchant_id = u.merchant_id and o.id = u.offer_id
            where c.merchant_id = %(merchant_id)s and c.offer_id = u.offer_id
              and (o.budget is null or c.spent + u.amount <= o.budget)
              and (o.uses_max is null or c.uses + u.times <= o.uses_max)
              and (u.coupon_id is null
                   or exists (select from coupons k where k.merchant_id = %(merchant_id)s and k.id = u.coupon_id
                                                      and k.state in ('issued', 'expired')))
            returning c.offer_id
        ),
        taken as (
            update coupons k set state = 'used', order_id = u.order_id, updated_at = %(now)s
            from use u join raised r on r.offer_id = u.offer_id
            where k.merchant_id = %(merchant_id)s and k.id = u.coupon_id and k.state in ('issued', 'expired')
        )
        update offer_uses u set state = 'used'
        from raised r
        where u.merchant_id = %(merchant_id)s and u.order_id = %(order)s and u.offer_id = r.offer_id
        """,
        order=order_id,
        offer=offer_id,
    )


async def give_back(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """The orders were closed unpaid: counters fall, coupons can be used again. Seen twice it changes nothing.

    A coupon whose time ran out meanwhile has expired; another keeps its end but has at least `RETURNED_HOURS`.
    """
    if not order_ids:
        return
    await _lock(uow, order_ids)
    await uow.send(
        """
        update coupons set
            state = case when valid_until > %(now)s then 'issued' else 'expired' end,
            valid_until = case when valid_until > %(now)s
                then greatest(valid_until, %(now)s::timestamptz + make_interval(hours => %(hours)s)) else valid_until end,
            order_id = null, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and order_id = any(%(orders)s::uuid[]) and state = 'locked'
        """,
        orders=uuid_array(order_ids),
        hours=RETURNED_HOURS,
    )
    await uow.send(
        """
        with returned as (
            update offer_uses set state = 'returned'
            where merchant_id = %(merchant_id)s and order_id = any(%(orders)s::uuid[]) and state = 'held'
            returning offer_id, amount, times
        ),
        sums as materialized (
            select offer_id, sum(amount) as amount, sum(times) as times from returned group by offer_id
        ),
        kept as materialized (
            select c.offer_id from offer_counters c
            where c.merchant_id = %(merchant_id)s and c.offer_id in (select offer_id from sums)
            order by c.offer_id for update
        )
        update offer_counters c set spent = c.spent - s.amount, uses = c.uses - s.times
        from sums s join kept k on k.offer_id = s.offer_id
        where c.merchant_id = %(merchant_id)s and c.offer_id = s.offer_id
        """,
        orders=uuid_array(order_ids),
    )


async def _activities_back(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    await uow.send(
        """
        with whole as (
            select u.order_id, u.offer_id from offer_uses u
            join orders r on r.merchant_id = u.merchant_id and r.id = u.order_id
            join offers o on o.merchant_id = u.merchant_id and o.id = u.offer_id
            where u.merchant_id = %(merchant_id)s and u.order_id = any(%(orders)s::uuid[]) and r.state = 'refunded'
              and o.kind = any(%(activities)s::text[])
        ),
        kept as materialized (
            select c.offer_id from offer_counters c
            where c.merchant_id = %(merchant_id)s and c.offer_id in (select offer_id from whole)
            order by c.offer_id for update
        ),
        returned as (
            update offer_uses u set state = 'returned'
            from whole w join kept k on k.offer_id = w.offer_id
            where u.merchant_id = %(merchant_id)s and u.order_id = w.order_id and u.offer_id = w.offer_id
              and u.state <> 'returned'
            returning u.offer_id, u.amount, u.times
        )
        update offer_counters c set spent = c.spent - s.amount, uses = c.uses - s.times
        from (select offer_id, sum(amount) as amount, sum(times) as times from returned group by offer_id) s
        where c.merchant_id = %(merchant_id)s and c.offer_id = s.offer_id
        """,
        orders=uuid_array(order_ids),
        activities=ACTIVITIES,
    )


async def _lock(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """Lock limited counters, then coupons, as placing does."""
    await uow.send(
        """
        select c.offer_id from offer_counters c
        join offers o on o.merchant_id = c.merchant_id and o.id = c.offer_id
        where c.merchant_id = %(merchant_id)s
          and c.offer_id in (select offer_id from offer_uses
                             where merchant_id = %(merchant_id)s and order_id = any(%(orders)s::uuid[]))
          and (o.budget is not null or o.uses_max is not null or o.per_person is not null
               or o.per_person_day is not null or o.kind = 'first_order')
        order by o.kind <> all(%(activities)s::text[]), c.offer_id for update of c
        """,
        orders=uuid_array(order_ids),
        activities=ACTIVITIES,
    )
    await uow.send(
        """
        select id from coupons
        where merchant_id = %(merchant_id)s
          and (order_id = any(%(orders)s::uuid[])
               or id in (select coupon_id from offer_uses
                         where merchant_id = %(merchant_id)s and order_id = any(%(orders)s::uuid[])))
        order by id for update
        """,
        orders=uuid_array(order_ids),
    )


async def refunded(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """Money went back: a coupon comes back too once all it was used for has been refunded, if its rule says so.

    It was used for the lines that carry its step; for the whole order when it paid for freight. A refund of a part
    leaves it used. It keeps its end but has at least `RETURNED_HOURS`. An activity's use comes back with the whole
    order: a group that failed has given nothing away.
    """
    if not order_ids:
        return
    await _activities_back(uow, order_ids)
    await uow.send(
        """
        with back as (
            select k.id from coupons k
            join offers f on f.merchant_id = k.merchant_id and f.id = k.offer_id
            left join offer_versions v on v.merchant_id = k.merchant_id and v.offer_id = k.offer_id
                                      and v.version = k.offer_version
            cross join lateral (select coalesce(v.rule, f.rule) as rule) o
            where k.merchant_id = %(merchant_id)s and k.order_id = any(%(orders)s::uuid[]) and k.state = 'used'
              and o.rule -> 'on_refund' is distinct from 'false'
              and not exists (
                  select from order_lines l
                  where l.merchant_id = %(merchant_id)s and l.order_id = k.order_id and not l.is_gift
                    and l.refunded_quantity < l.quantity
                    and (o.rule -> 'benefit' ->> 'kind' = 'freight'
                         or l.build_up @> jsonb_build_array(jsonb_build_object('rule_id', k.offer_id))))
            order by k.id for update of k
        )
        update coupons k set state = 'issued', order_id = null, updated_at = %(now)s,
               valid_until = greatest(k.valid_until, %(now)s::timestamptz + make_interval(hours => %(hours)s))
        from back where k.merchant_id = %(merchant_id)s and k.id = back.id
        """,
        orders=uuid_array(order_ids),
        hours=RETURNED_HOURS,
    )


class _Least(msgspec.Struct, frozen=True):
    id: UUID
    least: int


async def gift_thresholds(uow: UnitOfWork, offer_ids: Iterable[UUID]) -> dict[UUID, int]:
    """From how much on, in minor units, these offers give something along; other kinds are missing."""
    found = await uow.all(
        _Least,
        """
        select id, (rule ->> 'least')::bigint as least from offers
        where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[]) and kind = 'gift'
        """,
        ids=uuid_array(offer_ids),
    )
    return {one.id: one.least for one in found}
