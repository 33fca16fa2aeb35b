"""Coupons given with a payment, and taken back when all of that payment is."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.events import OrderPaid, OrderRefunded
from siyu.goods.offers import coupons, coupons_issue, coupons_life
from siyu.goods.offers.coupons_issue import Template
from siyu.runtime.db import UnitOfWork, json_rows
from siyu.runtime.worker import Consumer, Event


class _Paid(msgspec.Struct, frozen=True):
    order_id: UUID
    customer_id: UUID
    total: int


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Payments of the batch first: a refund never comes before its payment."""
    paid = [
        _Paid(event.fact.order_id, event.fact.customer_id, event.fact.total)
        for event in events
        if isinstance(event.fact, OrderPaid)
    ]
    if paid:
        await after_payment(uow, paid)
    refunded = {event.fact.order_id for event in events if isinstance(event.fact, OrderRefunded)}
    if refunded:
        await coupons_life.void_gifts(uow, sorted(refunded))


async def after_payment(uow: UnitOfWork, paid: Sequence[_Paid]) -> None:
    """Each order that paid enough brings its buyer one coupon of every template that says so, while they last."""
    found = await uow.all(
        Template,
        """
        select id, name, rule, audience, state, starts_at, ends_at, 0 as issued, version from offers
        where merchant_id = %(merchant_id)s and kind = 'coupon' and state = 'active'
          and (rule ->> 'after_payment')::bigint <= %(most)s
        order by id
        """,
        most=max(one.total for one in paid),
    )
    for one in found:
        if not coupons.not_now(one, uow.now):
            await _give(uow, one, paid)


async def _give(uow: UnitOfWork, one: Template, paid: Sequence[_Paid]) -> None:
    issued = await coupons_issue.lock_counter(uow, one.id)
    valid = coupons.validity(one, uow.now)
    if valid is None:
        return
    given = await uow.run(
        """
        insert into coupons (merchant_id, id, offer_id, customer_id, source, state, valid_from, valid_until, batch_id,
                             created_at, updated_at, offer_version)
        select %(merchant_id)s, t.coupon, %(offer)s::uuid, t.customer_id, 'paid', 'issued', %(since)s, %(until)s, t.order_id,
               %(now)s, %(now)s, %(version)s
        from (
            select p.order_id, p.customer_id, md5(%(offer)s::uuid::text || p.order_id::text)::uuid as coupon
            from json_to_recordset(%(paid)s::json) as p (order_id uuid, customer_id uuid, total bigint)
            join customers c on c.merchant_id = %(merchant_id)s and c.id = p.customer_id and c.state = 'active'
            where p.total >= %(least)s and (not %(has_levels)s or c.level = any(%(levels)s::text[]))
              and (not %(newcomers)s or not exists (
                      select from orders r where r.merchant_id = %(merchant_id)s and r.customer_id = p.customer_id
                                             and r.paid_at is not null and r.id <> p.order_id))
              and not exists (select from coupons k where k.merchant_id = %(merchant_id)s
                                 and k.id = md5(%(offer)s::uuid::text || p.order_id::text)::uuid)
            order by p.order_id limit %(left)s
        ) t
        on conflict (merchant_id, id) do nothing
        """,
        offer=one.id,
        version=one.version,
        since=valid[0],
        until=valid[1],
        paid=json_rows(paid),
        least=one.rule.after_payment,
        has_levels=bool(one.audience.levels),
        levels=list(one.audience.levels),
        newcomers=one.audience.newcomers,
        left=None if one.rule.total is None else max(0, one.rule.total - issued),
    )
    await coupons_issue.count(uow, one.id, given)


CONSUMERS = [Consumer("offers.coupons", (OrderPaid, OrderRefunded), on_facts)]
