"""Rows of groups and seats, for those who decide about them."""

from collections.abc import Iterable
from uuid import UUID

from siyu.runtime.db import UnitOfWork, uuid_array
from siyu.trade.groupbuys.model import Choice, Group, Seat

CHOICES_MAX = 3


async def groups(uow: UnitOfWork, group_ids: Iterable[UUID], *, lock: bool = False) -> list[Group]:
    """These groups; locked in the order of their ids, so that two batches never wait for each other in a circle."""
    ids = uuid_array(group_ids)
    if lock:
        await uow.send(
            """
            select from group_buys where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[])
            order by id for update
            """,
            ids=ids,
        )
    return await uow.all(
        Group,
        """
        select id, offer_id, offer_version, name, terms, state, opener_id, leader_id, size, capacity, held, paid,
               created_at, opened_at, least_at, expires_at, look_at, ended_at
        from group_buys where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[]) order by id
        """,
        ids=ids,
    )


async def seats(uow: UnitOfWork, group_ids: Iterable[UUID]) -> list[Seat]:
    """Every seat of these groups with how its order stands, in the order in which they were taken."""
    return await uow.all(
        Seat,
        """
        select s.order_id, s.group_id, s.customer_id, s.state, s.is_opener, s.units, s.held_until, s.created_at,
               coalesce(s.paid_at, o.paid_at) as paid_at, o.number, o.state as order_state
        from group_seats s
        left join orders o on o.merchant_id = s.merchant_id and o.id = s.order_id
        where s.merchant_id = %(merchant_id)s and s.group_id = any(%(ids)s::uuid[])
        order by s.created_at, s.order_id
        """,
        ids=uuid_array(group_ids),
    )


async def choices(
    uow: UnitOfWork, offer_id: UUID, *, but: UUID | None = None, limit: int = CHOICES_MAX
) -> list[Choice]:
    """Groups of an offer one may join, with the most seats taken first, then those that end soonest."""
    return await uow.all(
        Choice,
        """
        select id as group_id, greatest(size - paid, 0)::int as missing, expires_at from group_buys
        where merchant_id = %(merchant_id)s and offer_id = %(offer)s and state = 'open' and opened_at is not null
          and held + paid < capacity and expires_at > %(now)s + interval '1 minute'
          and (%(but)s::uuid is null or id <> %(but)s)
        order by paid desc, expires_at, id limit %(limit)s
        """,
        offer=offer_id,
        but=but,
        limit=limit,
    )
