"""Why an order went to whom it went, worked out again from what was known when it was placed; and whose customer one is.

Touches learnt of later are shown and did not count; states of promoters are those of that day.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.kernel.paging import bounded
from siyu.place.attribution import policies, rules
from siyu.place.attribution.model import (
    Explanation,
    Holder,
    Mine,
    Placed,
    PromoterTouch,
    Relation,
    RelationChange,
)
from siyu.runtime.db import UnitOfWork

SHOWN_DAYS = 30  # links older than the longest window are not worth telling
TOUCHES_MAX = 200


async def explain(uow: UnitOfWork, placed: Placed) -> Explanation:
    """Everybody the order could have gone to, and why; worked out independently of what the order says."""
    versions = [(one.since, one.policy) for one in await policies.history(uow)]
    policy = rules.policy_of(versions)(placed.placed_at)
    touches = await _touches(uow, placed)
    holder = await _holder(uow, placed)
    people = {touch.promoter_id for touch in touches} | ({holder.relation.promoter_id} if holder else set())
    people |= {placed.promoter_id} if placed.promoter_id else set()
    then = {person.id: person for person in await _people_then(uow, people, placed.placed_at)}
    verdict = rules.weigh(
        [
            msgspec.structs.replace(touch, is_active=then[touch.promoter_id].state == "active")
            for touch in touches
        ],
        msgspec.structs.replace(holder, is_active=then[holder.relation.promoter_id].state == "active")
        if holder
        else None,
        policy,
        placed.placed_at,
    )
    return Explanation(
        policy,
        verdict.promoter_id,
        placed.promoter_id,
        tuple(
            msgspec.structs.replace(one, promoter_name=then[one.promoter_id].name)
            for one in sorted(verdict.candidates, key=lambda one: one.at, reverse=True)
        ),
    )


async def _touches(uow: UnitOfWork, placed: Placed) -> Sequence[PromoterTouch]:
    return await uow.all(
        PromoterTouch,
        """
        select t.id, t.at, d.promoter_id, d.kind as door_kind, p.customer_id = t.customer_id as is_own,
               true as is_active, t.updated_at as known_at, d.name as door_name
        from touches t
        join doors d on d.merchant_id = t.merchant_id and d.id = t.door_id
        join promoters p on p.merchant_id = d.merchant_id and p.id = d.promoter_id
        where t.merchant_id = %(merchant_id)s and t.customer_id = %(customer)s and t.at <= %(placed)s
          and t.at > %(since)s
        order by t.at desc, t.id desc limit %(limit)s
        """,
        customer=placed.customer_id,
        placed=placed.placed_at,
        since=placed.placed_at - timedelta(days=SHOWN_DAYS),
        limit=TOUCHES_MAX,
    )


class _Held(msgspec.Struct, frozen=True):
    promoter_id: UUID
    since: datetime
    renewed_at: datetime
    protected_until: datetime
    valid_until: datetime
    kind: str


async def _holder(uow: UnitOfWork, placed: Placed) -> Holder | None:
    """The relation as it was written when the order was placed; a line without a promoter says there was none."""
    held = await uow.maybe(
        _Held,
        """
        select c.promoter_id, c.since, c.renewed_at, c.protected_until, c.valid_until, p.kind
        from (select * from relation_changes
              where merchant_id = %(merchant_id)s and customer_id = %(customer)s and known_at <= %(placed)s
              order by known_at desc, id desc limit 1) c
        join promoters p on p.merchant_id = c.merchant_id and p.id = c.promoter_id
        """,
        customer=placed.customer_id,
        placed=placed.placed_at,
    )
    if held is None:
        return None
    relation = Relation(held.promoter_id, held.since, held.renewed_at, held.protected_until, held.valid_until)
    return Holder(relation, held.kind == "guide", is_active=True)


class _Person(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    state: str


async def _people_then(uow: UnitOfWork, promoter_ids: set[UUID], at: datetime) -> list[_Person]:
    """States as of `at`: what the last change before it led to, else what the first one after it came from."""
    return await uow.all(
        _Person,
        """
        select p.id, p.name,
               coalesce((select c.after from promoter_changes c
                         where c.merchant_id = p.merchant_id and c.promoter_id = p.id and c.what = 'state'
                           and c.at <= %(at)s order by c.at desc, c.id desc limit 1),
                        (select c.before from promoter_changes c
                         where c.merchant_id = p.merchant_id and c.promoter_id = p.id and c.what = 'state'
                           and c.at > %(at)s order by c.at, c.id limit 1),
                        p.state) as state
        from promoters p where p.merchant_id = %(merchant_id)s and p.id = any(%(ids)s)
        """,
        ids=sorted(promoter_ids),
        at=at,
    )


async def mine(uow: UnitOfWork, customer_id: UUID) -> Mine | None:
    """A customer's relation while it is valid."""
    return await uow.maybe(
        Mine,
        """
        select r.promoter_id, p.name, p.kind, r.since, r.protected_until, r.valid_until, p.state = 'active' as is_active
        from relations r join promoters p on p.merchant_id = r.merchant_id and p.id = r.promoter_id
        where r.merchant_id = %(merchant_id)s and r.customer_id = %(customer)s and r.valid_until > %(now)s
        """,
        customer=customer_id,
    )


async def changes_of(uow: UnitOfWork, customer_id: UUID, limit: int = 30) -> list[RelationChange]:
    """What a customer's relation became and why, the newest first."""
    return await uow.all(
        RelationChange,
        """
        select c.promoter_id, p.name as promoter_name, c.cause, f.by_name, f.reason, d.name as door_name, f.order_id,
               c.valid_until, c.at, c.known_at
        from relation_changes c
        left join promoters p on p.merchant_id = c.merchant_id and p.id = c.promoter_id
        left join relation_facts f on f.merchant_id = c.merchant_id and f.id = c.cause_id
        left join touches t on t.merchant_id = c.merchant_id and t.id = c.cause_id
        left join doors d on d.merchant_id = t.merchant_id and d.id = t.door_id
        where c.merchant_id = %(merchant_id)s and c.customer_id = %(customer)s
        order by c.known_at desc, c.id desc limit %(limit)s
        """,
        customer=customer_id,
        limit=bounded(limit),
    )


class Choosable(msgspec.Struct, frozen=True):
    """Somebody a customer can be given to."""

    id: UUID
    name: str
    kind: str


async def choosable(uow: UnitOfWork, limit: int = 500) -> list[Choosable]:
    """Active promoters, guides first."""
    return await uow.all(
        Choosable,
        """
        select id, name, kind from promoters where merchant_id = %(merchant_id)s and state = 'active'
        order by kind <> 'guide', name, id limit %(limit)s
        """,
        limit=limit,
    )
