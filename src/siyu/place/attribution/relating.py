"""Relations are worked out from history: touches at promoters' doors, purchases, and what people decided.

Not while somebody scans or pays, but a moment later by a consumer; and always all of a customer's history anew, so that
it does not matter whether a touch was learnt of before or after sign-in, or how often a fact is told. Orders that are
placed already keep their promoter.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.events import DoorScanned, OrderPaid, TouchesClaimed
from siyu.kernel import ids
from siyu.place.attribution import policies, rules
from siyu.place.attribution.model import PromoterTouch, Relation, Said, Standing
from siyu.runtime.db import UnitOfWork, json_rows
from siyu.runtime.worker import Consumer, Event


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Touches and purchases of a batch; each customer is looked at once."""
    customers = {event.fact.customer_id for event in events if isinstance(event.fact, TouchesClaimed)}
    scanned = [event.fact.touch_id for event in events if isinstance(event.fact, DoorScanned)]
    if scanned:
        customers |= await _of_promoters_doors(uow, scanned)
    customers |= await _keep_purchases(uow, [event for event in events if isinstance(event.fact, OrderPaid)])
    await relate(uow, customers)


async def _of_promoters_doors(uow: UnitOfWork, touch_ids: Sequence[UUID]) -> set[UUID]:
    return set(
        await uow.all(
            UUID,
            """
            select distinct t.customer_id from touches t
            join doors d on d.merchant_id = t.merchant_id and d.id = t.door_id
            where t.merchant_id = %(merchant_id)s and t.id = any(%(ids)s) and t.customer_id is not null
              and d.promoter_id is not null
            """,
            ids=touch_ids,
        )
    )


async def _keep_purchases(uow: UnitOfWork, events: Sequence[Event]) -> set[UUID]:
    """Purchases through a promoter who is not the buyer (D-07); told twice, each is kept once."""
    sales = [event for event in events if event.fact.promoter_id is not None]
    if not sales:
        return set()
    return set(
        await uow.all(
            UUID,
            """
            insert into relation_facts (merchant_id, id, customer_id, kind, promoter_id, order_id, at)
            select %(merchant_id)s, t.id, t.customer_id, 'purchase', t.promoter_id, t.order_id, t.at
            from unnest(%(ids)s::uuid[], %(customers)s::uuid[], %(promoters)s::uuid[], %(orders)s::uuid[],
                        %(ats)s::timestamptz[]) as t (id, customer_id, promoter_id, order_id, at)
            join promoters p on p.merchant_id = %(merchant_id)s and p.id = t.promoter_id
                            and p.customer_id <> t.customer_id
            join orders o on o.merchant_id = %(merchant_id)s and o.id = t.order_id
            on conflict (merchant_id, id) do nothing
            returning customer_id
            """,
            ids=[ids.derived("relation.purchase", event.fact.order_id) for event in sales],
            customers=[event.fact.customer_id for event in sales],
            promoters=[event.fact.promoter_id for event in sales],
            orders=[event.fact.order_id for event in sales],
            ats=[event.at for event in sales],
        )
    )


class _Known(msgspec.Struct, frozen=True):
    """A relation as it was written last."""

    customer_id: UUID
    promoter_id: UUID
    since: datetime
    renewed_at: datetime
    protected_until: datetime
    valid_until: datetime

    @property
    def relation(self) -> Relation:
        return Relation(self.promoter_id, self.since, self.renewed_at, self.protected_until, self.valid_until)


class _Change(msgspec.Struct, frozen=True):
    """A row of relation_changes."""

    id: UUID
    customer_id: UUID
    promoter_id: UUID | None
    cause: str
    cause_id: UUID
    since: datetime | None
    renewed_at: datetime | None
    protected_until: datetime | None
    valid_until: datetime | None
    at: datetime


async def relate(uow: UnitOfWork, customer_ids: Collection[UUID]) -> None:
    """Work out these customers' relations anew and write what differs, with why."""
    if not customer_ids:
        return
    wanted = sorted(customer_ids)
    # One at a time works on a customer, and it sees all that was written before.
    await uow.all(
        UUID,
        """
        select id from customers where merchant_id = %(merchant_id)s and id = any(%(ids)s)
        order by id for no key update
        """,
        ids=wanted,
    )
    policy_at = rules.policy_of([(one.since, one.policy) for one in await policies.history(uow)])
    events: dict[UUID, list[PromoterTouch | Said]] = {customer: [] for customer in wanted}
    for touch in await _touches(uow, wanted):
        events[touch.customer_id].append(
            PromoterTouch(touch.id, touch.at, touch.promoter_id, touch.door_kind, is_own=touch.is_own)
        )
    for fact in await _facts(uow, wanted):
        events[fact.customer_id].append(Said(fact.id, fact.at, fact.kind, fact.promoter_id))  # pyright: ignore[reportArgumentType]
    known = {row.customer_id: row.relation for row in await _known(uow, wanted)}
    changes: list[_Change] = []
    for customer in wanted:
        standings = rules.fold(events[customer], policy_at)
        if standings and standings[-1].relation != known.get(customer):
            changes.append(_change(customer, standings[-1]))
    if changes:
        await _write(uow, changes)


def _change(customer_id: UUID, standing: Standing) -> _Change:
    relation = standing.relation
    return _Change(
        id=ids.new(),
        customer_id=customer_id,
        promoter_id=relation.promoter_id if relation else None,
        cause=standing.cause,
        cause_id=standing.cause_id,
        since=relation.since if relation else None,
        renewed_at=relation.renewed_at if relation else None,
        protected_until=relation.protected_until if relation else None,
        valid_until=relation.valid_until if relation else None,
        at=standing.at,
    )


class _Touch(msgspec.Struct, frozen=True):
    customer_id: UUID
    id: UUID
    at: datetime
    promoter_id: UUID
    door_kind: str
    is_own: bool


async def _touches(uow: UnitOfWork, customer_ids: Sequence[UUID]) -> list[_Touch]:
    return await uow.all(
        _Touch,
        """
        select t.customer_id, t.id, t.at, d.promoter_id, d.kind as door_kind, p.customer_id = t.customer_id as is_own
        from touches t
        join doors d on d.merchant_id = t.merchant_id and d.id = t.door_id
        join promoters p on p.merchant_id = d.merchant_id and p.id = d.promoter_id
        where t.merchant_id = %(merchant_id)s and t.customer_id = any(%(ids)s)
        """,
        ids=customer_ids,
    )


class _Fact(msgspec.Struct, frozen=True):
    customer_id: UUID
    id: UUID
    at: datetime
    kind: str
    promoter_id: UUID | None


async def _facts(uow: UnitOfWork, customer_ids: Sequence[UUID]) -> list[_Fact]:
    return await uow.all(
        _Fact,
        """
        select customer_id, id, at, kind, promoter_id from relation_facts
        where merchant_id = %(merchant_id)s and customer_id = any(%(ids)s)
        """,
        ids=customer_ids,
    )


async def _known(uow: UnitOfWork, customer_ids: Sequence[UUID]) -> list[_Known]:
    return await uow.all(
        _Known,
        """
        select customer_id, promoter_id, since, renewed_at, protected_until, valid_until from relations
        where merchant_id = %(merchant_id)s and customer_id = any(%(ids)s)
        """,
        ids=customer_ids,
    )


async def _write(uow: UnitOfWork, changes: Sequence[_Change]) -> None:
    await uow.run(
        """
        insert into relation_changes (merchant_id, id, customer_id, promoter_id, cause, cause_id, since, renewed_at,
                                      protected_until, valid_until, at, known_at)
        select %(merchant_id)s, t.id, t.customer_id, t.promoter_id, t.cause, t.cause_id, t.since, t.renewed_at,
               t.protected_until, t.valid_until, t.at, %(now)s
        from json_to_recordset(%(rows)s::json)
            as t (id uuid, customer_id uuid, promoter_id uuid, cause text, cause_id uuid, since timestamptz,
                  renewed_at timestamptz, protected_until timestamptz, valid_until timestamptz, at timestamptz)
        """,
        rows=json_rows(changes),
    )
    await uow.run(
        """
        insert into relations (merchant_id, customer_id, promoter_id, since, renewed_at, protected_until, valid_until,
                               updated_at)
        select %(merchant_id)s, t.customer_id, t.promoter_id, t.since, t.renewed_at, t.protected_until, t.valid_until,
               %(now)s
        from json_to_recordset(%(rows)s::json)
            as t (customer_id uuid, promoter_id uuid, since timestamptz, renewed_at timestamptz,
                  protected_until timestamptz, valid_until timestamptz)
        where t.promoter_id is not null
        on conflict (merchant_id, customer_id) do update
        set promoter_id = excluded.promoter_id, since = excluded.since, renewed_at = excluded.renewed_at,
            protected_until = excluded.protected_until, valid_until = excluded.valid_until,
            updated_at = excluded.updated_at
        """,
        rows=json_rows(changes),
    )
    await uow.run(
        "delete from relations where merchant_id = %(merchant_id)s and customer_id = any(%(ids)s)",
        ids=[change.customer_id for change in changes if change.promoter_id is None],
    )


CONSUMERS = [Consumer("attribution", (DoorScanned, TouchesClaimed, OrderPaid), on_facts)]
