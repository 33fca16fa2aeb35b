"""How group buying goes: figures for the console, from stored rows alone. Shares are basis points, money minor units."""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from siyu.kernel.money import BASIS_POINTS
from siyu.kernel.paging import Page, bounded
from siyu.runtime.db import UnitOfWork

WINDOW = timedelta(days=30)
SOON = timedelta(hours=2)


class Figures(msgspec.Struct, frozen=True):
    """The last 30 days, and what is open now. Units are pieces of goods."""

    opened: int
    succeeded: int
    failed: int
    open_now: int
    soon: int
    joined: int
    new_joined: int
    refunding: int
    refunding_amount: int
    stuck: int
    units_held: int
    units_sold: int

    @property
    def success_rate(self) -> int | None:
        """Basis points of the groups that ended; None before any has."""
        over = self.succeeded + self.failed
        return self.succeeded * BASIS_POINTS // over if over else None

    @property
    def new_share(self) -> int | None:
        """Basis points of the joiners who had never paid here before."""
        return self.new_joined * BASIS_POINTS // self.joined if self.joined else None

    @property
    def joiners_per_opener(self) -> str:
        """How many paid members came to a group beside its opener, to two digits."""
        hundredths = self.joined * 100 // self.opened if self.opened else 0
        return f"{hundredths // 100}.{hundredths % 100:02d}"


async def figures(uow: UnitOfWork) -> Figures:
    """Groups that opened within the window, what is open, and what is on its way back."""
    return await uow.one(
        Figures,
        """
        with recent as (
            select id, state, held, paid, expires_at from group_buys
            where merchant_id = %(merchant_id)s and created_at >= %(since)s and opened_at is not null
        ), members as (
            select s.* from group_seats s join recent r on r.id = s.group_id
            where s.merchant_id = %(merchant_id)s and s.paid_at is not null
        ), due as (
            select r.amount, r.state from group_seats s
            join refunds r on r.merchant_id = s.merchant_id and r.id = s.refund_id
            where s.merchant_id = %(merchant_id)s and s.state = 'refunding'
        )
        select (select count(*) from recent)::int as opened,
               (select count(*) from recent where state = 'succeeded')::int as succeeded,
               (select count(*) from recent where state in ('expired', 'refunding', 'failed'))::int as failed,
               (select count(*) from recent where state in ('open', 'full'))::int as open_now,
               (select count(*) from group_buys where merchant_id = %(merchant_id)s and state in ('open', 'full')
                    and opened_at is not null and expires_at <= %(soon)s)::int as soon,
               (select count(*) from members where not is_opener)::int as joined,
               (select count(*) from members where not is_opener and is_new)::int as new_joined,
               (select count(*) from due)::int as refunding,
               (select coalesce(sum(amount), 0) from due)::bigint as refunding_amount,
               (select count(*) from due where state = 'abnormal')::int as stuck,
               (select coalesce(sum(s.units), 0) from group_seats s
                    join group_buys g on g.merchant_id = s.merchant_id and g.id = s.group_id
                    where s.merchant_id = %(merchant_id)s and s.state in ('held', 'paid')
                      and g.state in ('open', 'full'))::int as units_held,
               (select coalesce(sum(m.units), 0) from members m join recent r on r.id = m.group_id
                    where r.state = 'succeeded' and m.state = 'paid')::int as units_sold
        """,
        since=uow.now - WINDOW,
        soon=uow.now + SOON,
    )


class Day(msgspec.Struct, frozen=True):
    """Groups that opened on a day of the merchant's calendar, and what became of them."""

    day: date
    opened: int
    succeeded: int
    failed: int


async def days(uow: UnitOfWork) -> list[Day]:
    """The last 30 days on which groups opened."""
    return await uow.all(
        Day,
        """
        select (created_at at time zone %(zone)s)::date as day, count(*)::int as opened,
               count(*) filter (where state = 'succeeded')::int as succeeded,
               count(*) filter (where state in ('expired', 'refunding', 'failed'))::int as failed
        from group_buys
        where merchant_id = %(merchant_id)s and created_at >= %(since)s and opened_at is not null
        group by 1 order by 1
        """,
        zone=uow.merchant.timezone,
        since=uow.now - WINDOW,
    )


class Row(msgspec.Struct, frozen=True):
    """A group in a list. `refunded` of `to_refund` members have their money back."""

    id: UUID
    name: str
    leader: str
    state: str
    size: int
    held: int
    paid: int
    created_at: datetime
    expires_at: datetime
    to_refund: int
    refunded: int

    @property
    def missing(self) -> int:
        return max(0, self.size - self.paid)


async def listing(
    uow: UnitOfWork,
    *,
    states: tuple[str, ...],
    soon: bool = False,
    offer_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page[Row]:
    """Groups that have opened, newest first; with `soon` those that end within two hours. Empty states: all."""
    limit = bounded(limit)
    at, last_id = after or (None, None)
    found = await uow.all(
        Row,
        """
        select g.id, g.name, coalesce(c.nickname, '') as leader, g.state, g.size, g.held, g.paid, g.created_at,
               g.expires_at, coalesce(t.to_refund, 0)::int as to_refund, coalesce(t.refunded, 0)::int as refunded
        from (
            select * from group_buys
            where merchant_id = %(merchant_id)s and opened_at is not null
              and (%(states)s::text[] is null or state = any(%(states)s))
              and (%(soon)s::timestamptz is null or (state in ('open', 'full') and expires_at <= %(soon)s))
              and (%(offer)s::uuid is null or offer_id = %(offer)s)
              and (%(at)s::timestamptz is null or (created_at, id) < (%(at)s, %(last_id)s::uuid))
            order by created_at desc, id desc limit %(limit)s
        ) g
        left join customers c on c.merchant_id = g.merchant_id and c.id = g.leader_id
        left join lateral (
            select count(*) as to_refund, count(*) filter (where s.state = 'refunded') as refunded
            from group_seats s
            where s.merchant_id = g.merchant_id and s.group_id = g.id and s.state in ('refunding', 'refunded')
        ) t on true
        order by g.created_at desc, g.id desc
        """,
        states=list(states) or None,
        soon=uow.now + SOON if soon else None,
        offer=offer_id,
        at=at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.created_at.isoformat()}~{last.id}" if last else None)


class SeatRow(msgspec.Struct, frozen=True):
    """A seat as staff see it."""

    order_id: UUID
    number: str
    customer_id: UUID
    nickname: str
    state: str
    is_opener: bool
    is_new: bool
    units: int
    total: int
    created_at: datetime
    paid_at: datetime | None
    moved_from: UUID | None
    refund_state: str | None
    refund_error: str | None


async def seat_rows(uow: UnitOfWork, group_id: UUID) -> list[SeatRow]:
    """Every seat of a group with its order and its refund, in the order in which they were taken."""
    return await uow.all(
        SeatRow,
        """
        select s.order_id, o.number, s.customer_id, c.nickname, s.state, s.is_opener, s.is_new, s.units, o.total,
               s.created_at, s.paid_at, s.moved_from, r.state as refund_state, r.last_error as refund_error
        from group_seats s
        join orders o on o.merchant_id = s.merchant_id and o.id = s.order_id
        join customers c on c.merchant_id = s.merchant_id and c.id = s.customer_id
        left join refunds r on r.merchant_id = s.merchant_id and r.id = s.refund_id
        where s.merchant_id = %(merchant_id)s and s.group_id = %(group)s
        order by s.created_at, s.order_id
        """,
        group=group_id,
    )
