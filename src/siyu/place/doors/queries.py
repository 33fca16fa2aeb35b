"""Reading doors, and which door an order came through."""

from collections.abc import Sequence
from uuid import UUID

from siyu.kernel.errors import NotFound
from siyu.kernel.paging import bounded
from siyu.place.doors.model import Attribution, Door, DoorReport, Touch
from siyu.runtime.db import UnitOfWork, uuid_array

ATTRIBUTION_DAYS = 7  # a promoter's link counts for a week; longer would pay for sales the link did not cause
LIVE_HOURS = 24  # a live session goes before links so long: who watches in the evening buys in the morning


async def door_by_code(uow: UnitOfWork, code: str) -> Door:
    """Raises NotFound."""
    found = await uow.maybe(
        Door,
        """
        select id, code, name, kind, space, ownership, target, is_open, store_id, staff_id, promoter_id
        from doors where merchant_id = %(merchant_id)s and code = %(code)s
        """,
        code=code,
    )
    if found is None:
        raise NotFound(what="入口 / door")
    return found


async def every(uow: UnitOfWork) -> list[Door]:
    """All doors, newest first."""
    return await uow.all(
        Door,
        """
        select id, code, name, kind, space, ownership, target, is_open, store_id, staff_id, promoter_id
        from doors where merchant_id = %(merchant_id)s order by id desc
        """,
    )


async def of_promoter(uow: UnitOfWork, promoter_id: UUID) -> list[Door]:
    """The doors whose sales are bound to this promoter."""
    return await uow.all(
        Door,
        """
        select id, code, name, kind, space, ownership, target, is_open, store_id, staff_id, promoter_id
        from doors where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s order by id
        """,
        promoter=promoter_id,
    )


async def first_door_of_visitor(uow: UnitOfWork, visitor_id: UUID) -> UUID | None:
    """The door this visitor came through first, if any."""
    return await uow.maybe(
        UUID,
        """
        select door_id from touches
        where merchant_id = %(merchant_id)s and visitor_id = %(visitor)s
        order by at, id limit 1
        """,
        visitor=visitor_id,
    )


async def attributions(uow: UnitOfWork, customer_ids: Sequence[UUID]) -> dict[UUID, Attribution]:
    """For each customer the last door touched within the window, and the promoter the merchant's policy gives now.

    `attribution.rules.weigh` says the same and why: the live session, a guide's relation where it goes first, the last
    promoter's link, the relation; never somebody paused or dismissed.
    """
    rows = await uow.all(
        Attribution,
        """
        select c.id as customer_id,
               (select t.door_id from touches t
                where t.merchant_id = %(merchant_id)s and t.customer_id = c.id and t.at > k.since and t.at <= %(now)s
                order by t.at desc, t.id desc limit 1) as door_id,
               case when l.is_live then l.promoter_id
                    when k.guide_first and h.kind = 'guide' then h.id
                    else coalesce(l.promoter_id, h.id) end as promoter_id
        from (select %(now)s - make_interval(days => coalesce(max(a.touch_days), %(touch_days)s)) as since,
                     %(now)s - make_interval(hours => coalesce(max(a.live_hours), %(live_hours)s)) as live_since,
                     coalesce(bool_or(a.guide_first), false) as guide_first
              from (select touch_days, live_hours, guide_first from attribution_policies
                    where merchant_id = %(merchant_id)s order by version desc limit 1) a) k
        cross join unnest(%(customers)s::uuid[]) as c (id)
        left join relations r on r.merchant_id = %(merchant_id)s and r.customer_id = c.id and r.valid_until > %(now)s
        left join promoters h on h.merchant_id = r.merchant_id and h.id = r.promoter_id and h.state = 'active'
        left join lateral (
            select d.promoter_id, d.kind = 'live' and t.at > k.live_since as is_live
            from touches t
            join doors d on d.merchant_id = t.merchant_id and d.id = t.door_id
            join promoters p on p.merchant_id = d.merchant_id and p.id = d.promoter_id and p.state = 'active'
            where t.merchant_id = %(merchant_id)s and t.customer_id = c.id
              and t.at > least(k.since, k.live_since) and t.at <= %(now)s
              and (t.at > k.since or (d.kind = 'live' and t.at > k.live_since))
            order by is_live desc, t.at desc, t.id desc limit 1) l on true
        """,
        customers=uuid_array(customer_ids),
        touch_days=ATTRIBUTION_DAYS,
        live_hours=LIVE_HOURS,
    )
    return {row.customer_id: row for row in rows}


async def touches_of_customer(uow: UnitOfWork, customer_id: UUID, limit: int = 50) -> list[Touch]:
    """Through which doors a customer came, newest first."""
    return await uow.all(
        Touch,
        """
        select t.id, t.door_id, d.name as door_name, d.kind as door_kind, t.at
        from touches t join doors d on d.merchant_id = t.merchant_id and d.id = t.door_id
        where t.merchant_id = %(merchant_id)s and t.customer_id = %(customer)s
        order by t.at desc, t.id desc limit %(limit)s
        """,
        customer=customer_id,
        limit=bounded(limit),
    )


async def reports(uow: UnitOfWork) -> list[DoorReport]:
    """Every door with what came through it and what it cost so far."""
    return await uow.all(
        DoorReport,
        """
        select d.id, d.code, d.name, d.kind, d.space, d.ownership, d.is_open, s.name as store_name,
               coalesce(t.scans, 0) as scans, coalesce(c.people, 0) as people, coalesce(k.cost, 0)::bigint as cost
        from doors d
        left join stores s on s.merchant_id = d.merchant_id and s.id = d.store_id
        left join (select door_id, count(*) as scans from touches where merchant_id = %(merchant_id)s group by 1) t
               on t.door_id = d.id
        left join (select first_door_id, count(*) as people from customers where merchant_id = %(merchant_id)s
                   group by 1) c on c.first_door_id = d.id
        left join (select door_id, sum(amount) as cost from door_costs where merchant_id = %(merchant_id)s group by 1) k
               on k.door_id = d.id
        where d.merchant_id = %(merchant_id)s
        order by coalesce(t.scans, 0) desc, d.id
        """,
    )
