"""Seats for orders on their way: looked at for a quote, taken for a batch, given back when an order is refused.

Everything is read and written set by set. The groups of a batch are locked in the order of their ids before their
seats are read, so of two people who want the last seat the second sees the first one sitting there.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.kernel.errors import DomainError
from siyu.people import customers
from siyu.runtime.db import UnitOfWork, json_rows, uuid_array
from siyu.trade import orders
from siyu.trade.groupbuys import reading
from siyu.trade.groupbuys.admission import Person, Running, Scene
from siyu.trade.groupbuys.model import AlreadyMember, Group, GroupFull, Seat

Answer = orders.ClaimTerms | DomainError


async def look(uow: UnitOfWork, ask: orders.ClaimAsk) -> Answer:
    """What a seat would cost now. Nothing is taken."""
    scene = await _scene(uow, [ask], lock=False)
    answer = scene.admit(ask)
    return await _with_choices(uow, answer) if isinstance(answer, GroupFull) else answer


async def take(uow: UnitOfWork, asks: Sequence[orders.ClaimAsk]) -> list[Answer]:
    """A held seat for each ask, in their order, or the refusal it got. New groups are born here."""
    scene = await _scene(uow, asks, lock=True)
    answers = [scene.admit(ask) for ask in asks]
    beaten = await _write(uow, scene)
    places = {seat.order_id: seat.group_id for seat, _ in scene.given}
    return [
        AlreadyMember(places[ask.order_id])
        if places.get(ask.order_id) in beaten
        else await _with_choices(uow, answer)
        if isinstance(answer, GroupFull)
        else answer
        for ask, answer in zip(asks, answers, strict=True)
    ]


async def give_back(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """Take away what `take` gave to orders that were refused after it, in the same unit of work."""
    group_ids = await uow.all(
        UUID,
        """
        delete from group_seats
        where merchant_id = %(merchant_id)s and order_id = any(%(orders)s::uuid[]) and state = 'held'
        returning group_id
        """,
        orders=uuid_array(order_ids),
    )
    if not group_ids:
        return
    await _count(uow, set(group_ids))
    await uow.run(
        """
        delete from group_buys g
        where g.merchant_id = %(merchant_id)s and g.id = any(%(groups)s::uuid[]) and g.opened_at is null
          and not exists (select from group_seats s where s.merchant_id = g.merchant_id and s.group_id = g.id)
        """,
        groups=uuid_array(group_ids),
    )


async def _with_choices(uow: UnitOfWork, refusal: GroupFull) -> GroupFull:
    """The refusal with the groups one may join instead, those that need the fewest first."""
    offer_id = UUID(str(refusal.facts["offer_id"]))
    return GroupFull(offer_id, tuple(await reading.choices(uow, offer_id)))


async def _scene(uow: UnitOfWork, asks: Sequence[orders.ClaimAsk], *, lock: bool) -> Scene:
    claims = {ask.claim.id for ask in asks}
    buyers = {ask.customer_id for ask in asks if ask.customer_id is not None}
    groups = {group.id: group for group in await reading.groups(uow, claims, lock=lock)}
    offer_ids = {group.offer_id for group in groups.values()} | (claims - groups.keys())
    if lock:
        await _counted_alone(uow, offer_ids)
    offers = {one.id: one for one in await running(uow, offer_ids)}
    if lock and any(one.per_person or one.per_person_day for one in offers.values()):
        await _one_by_one(uow, buyers)
    people = await _people(uow, buyers, offers)
    led = {group_id for person in people.values() for group_id in person.leads.values()}
    seats: dict[UUID, list[Seat]] = {group_id: [] for group_id in {*groups, *led}}
    for seat in await reading.seats(uow, seats.keys()):
        seats[seat.group_id].append(seat)
    return Scene(uow.now, offers, groups, seats, people)


async def running(uow: UnitOfWork, offer_ids: Iterable[UUID]) -> list[Running]:
    """Offers of group buying, live or not."""
    return await uow.all(
        Running,
        """
        select id, name, version, rule,
               state = 'active' and coalesce(starts_at <= %(now)s, true) and coalesce(ends_at > %(now)s, true)
                   as is_live,
               audience, per_person, per_person_day, uses_max,
               case when uses_max is null then 0 else (
                   select count(*)::int from group_seats s
                   join group_buys g on g.merchant_id = s.merchant_id and g.id = s.group_id
                   where s.merchant_id = o.merchant_id and s.offer_id = o.id and s.state in ('held', 'paid')
                     and g.state in ('open', 'full', 'succeeded'))
               end as used
        from offers o where merchant_id = %(merchant_id)s and kind = 'group' and id = any(%(ids)s::uuid[])
        """,
        ids=uuid_array(offer_ids),
    )


async def _counted_alone(uow: UnitOfWork, offer_ids: Iterable[UUID]) -> None:
    """Where an offer has only so many places, those who ask at once wait for each other."""
    await uow.send(
        """
        select from offer_counters c
        where c.merchant_id = %(merchant_id)s and c.offer_id in (
            select id from offers where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[])
              and kind = 'group' and uses_max is not null)
        order by c.offer_id for update
        """,
        ids=uuid_array(offer_ids),
    )


async def _one_by_one(uow: UnitOfWork, buyers: Iterable[UUID]) -> None:
    """Two orders of one person wait for each other, or both would be within the limit."""
    await uow.run(
        """
        select from customers where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[])
        order by id for no key update
        """,
        ids=uuid_array(buyers),
    )


class _Had(msgspec.Struct, frozen=True):
    customer_id: UUID
    offer_id: UUID
    ever: int
    today: int


class _Leads(msgspec.Struct, frozen=True):
    opener_id: UUID
    offer_id: UUID
    group_id: UUID


async def _people(uow: UnitOfWork, buyers: set[UUID], offers: dict[UUID, Running]) -> dict[UUID, Person]:
    """What is known of these buyers, as far as these offers care."""
    if not buyers:
        return {}
    who, offer_ids = uuid_array(buyers), uuid_array(offers)
    had = await uow.all(
        _Had,
        """
        select s.customer_id, s.offer_id, count(*)::int as ever,
               count(*) filter (where s.created_at >= %(midnight)s)::int as today
        from group_seats s join group_buys g on g.merchant_id = s.merchant_id and g.id = s.group_id
        where s.merchant_id = %(merchant_id)s and s.customer_id = any(%(who)s::uuid[])
          and s.offer_id = any(%(offers)s::uuid[]) and s.state in ('held', 'paid')
          and g.state in ('open', 'full', 'succeeded')
        group by 1, 2
        """,
        who=who,
        offers=offer_ids,
        midnight=_midnight(uow.now, uow.merchant.timezone),
    )
    leads = await uow.all(
        _Leads,
        """
        select opener_id, offer_id, id as group_id from group_buys
        where merchant_id = %(merchant_id)s and opener_id = any(%(who)s::uuid[])
          and offer_id = any(%(offers)s::uuid[]) and state in ('open', 'full')
        """,
        who=who,
        offers=offer_ids,
    )
    paid_before = set(
        await uow.all(
            UUID,
            """
            select t.id from unnest(%(who)s::uuid[]) as t (id)
            where exists (select from orders o where o.merchant_id = %(merchant_id)s and o.customer_id = t.id
                          and o.paid_at is not null)
            """,
            who=who,
        )
    )
    levels = await customers.levels_of(uow, list(buyers))
    return {
        buyer: Person(
            is_new=buyer not in paid_before,
            level=levels.get(buyer, ""),
            ever={one.offer_id: one.ever for one in had if one.customer_id == buyer},
            today={one.offer_id: one.today for one in had if one.customer_id == buyer},
            leads={one.offer_id: one.group_id for one in leads if one.opener_id == buyer},
        )
        for buyer in buyers
    }


def _midnight(now: datetime, timezone: str) -> datetime:
    """When today began at the merchant's."""
    there = ZoneInfo(timezone)
    return datetime.combine(now.astimezone(there).date(), time(), there)


class _GroupRow(msgspec.Struct, frozen=True):
    id: UUID
    offer_id: UUID
    version: int
    name: str
    terms: object
    opener: UUID | None
    size: int
    capacity: int
    least_at: datetime | None
    expires_at: datetime


class _SeatRow(msgspec.Struct, frozen=True):
    order_id: UUID
    group_id: UUID
    offer_id: UUID
    customer_id: UUID
    is_opener: bool
    is_new: bool
    units: int
    held_until: datetime


async def insert_groups(uow: UnitOfWork, groups: Sequence[Group]) -> set[UUID]:
    """Write new groups; returns those written. Of two groups that one person opens at once only one is."""
    if not groups:
        return set()
    rows = [
        _GroupRow(g.id, g.offer_id, g.offer_version, g.name, g.terms, g.opener_id, g.size, g.capacity, g.least_at,
                  g.expires_at)
        for g in sorted(groups, key=lambda g: (g.offer_id, str(g.opener_id)))
    ]  # fmt: skip
    return set(
        await uow.all(
            UUID,
            """
            insert into group_buys (merchant_id, id, offer_id, offer_version, name, terms, opener_id, leader_id, size,
                                    capacity, created_at, least_at, expires_at, look_at, updated_at)
            select %(merchant_id)s, t.id, t.offer_id, t.version, t.name, t.terms, t.opener, t.opener, t.size,
                   t.capacity, %(now)s, t.least_at, t.expires_at, t.expires_at, %(now)s
            from json_to_recordset(%(rows)s::json)
                as t (id uuid, offer_id uuid, version int, name text, terms jsonb, opener uuid, size smallint,
                      capacity smallint, least_at timestamptz, expires_at timestamptz)
            on conflict do nothing returning id
            """,
            rows=json_rows(rows),
        )
    )


async def _write(uow: UnitOfWork, scene: Scene) -> set[UUID]:
    """Write the groups and seats that were given; returns groups somebody had opened in another order meanwhile."""
    if not scene.given:
        return set()
    born = await insert_groups(uow, scene.opened)
    beaten = {group.id for group in scene.opened} - born
    rows = [
        _SeatRow(s.order_id, s.group_id, _offer_of(scene, s), s.customer_id, s.is_opener, is_new, s.units, s.held_until)
        for s, is_new in scene.given
        if s.group_id not in beaten
    ]  # fmt: skip
    await uow.run(
        """
        insert into group_seats (merchant_id, order_id, group_id, offer_id, customer_id, is_opener, is_new, units,
                                 held_until, created_at, updated_at)
        select %(merchant_id)s, t.order_id, t.group_id, t.offer_id, t.customer_id, t.is_opener, t.is_new, t.units,
               t.held_until, %(now)s, %(now)s
        from json_to_recordset(%(rows)s::json)
            as t (order_id uuid, group_id uuid, offer_id uuid, customer_id uuid, is_opener boolean, is_new boolean,
                  units int, held_until timestamptz)
        """,
        rows=json_rows(rows),
    )
    await _count(uow, {row.group_id for row in rows})
    return beaten


def _offer_of(scene: Scene, seat: Seat) -> UUID:
    known = scene.groups.get(seat.group_id)
    if known is not None:
        return known.offer_id
    return next(group.offer_id for group in scene.opened if group.id == seat.group_id)


async def _count(uow: UnitOfWork, group_ids: Iterable[UUID]) -> None:
    """Count the seats of locked groups again; the check on the row makes an (n+1)th member impossible."""
    await uow.run(
        """
        update group_buys g
        set held = t.held, paid = t.paid, updated_at = %(now)s,
            state = case when t.held + t.paid >= g.capacity then 'full' else 'open' end
        from (
            select b.id, count(s.order_id) filter (where s.state = 'held')::smallint as held,
                   count(s.order_id) filter (where s.state = 'paid')::smallint as paid
            from group_buys b
            left join group_seats s on s.merchant_id = b.merchant_id and s.group_id = b.id
            where b.merchant_id = %(merchant_id)s and b.id = any(%(ids)s::uuid[])
            group by b.id
        ) t
        where g.merchant_id = %(merchant_id)s and g.id = t.id and g.state in ('open', 'full')
        """,
        ids=uuid_array(sorted(group_ids)),
    )
