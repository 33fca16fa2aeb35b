"""What time does to groups: they end at their hour, and the money of those that failed goes back member by member.

Judged by stored times, so a worker that stood still loses nothing. Each step is a row that says what is still to do:
a crash anywhere is taken up again by the next look.
"""

import logging
from datetime import timedelta
from uuid import UUID

from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant, UnitOfWork, uuid_array
from siyu.runtime.worker import Sweep
from siyu.trade.groupbuys import reading, telling
from siyu.trade.groupbuys.settling import NOT_COMPLETE, refund_seat, settle

log = logging.getLogger(__name__)

DUE_MAX = 100
TRY_AGAIN = timedelta(minutes=1)  # a refund that could not be asked for does not hold up the others
REFUNDS_MAX = 20  # groups in one unit of work: a crash repeats little, and nobody waits long for the books


async def run(database: Database, merchant: Merchant) -> int:
    """One look: groups whose time has come, refunds to ask for, refunds that have been confirmed."""
    did = await database.attempt(merchant, end_due)
    did += await database.attempt(merchant, refund_expired)
    return did + await database.attempt(merchant, confirm_refunds)


async def end_due(uow: UnitOfWork) -> int:
    """Groups at their deadline, or at the hour from which fewer people are enough. Returns how many were looked at."""
    due = await uow.all(
        UUID,
        """
        select id from group_buys
        where merchant_id = %(merchant_id)s and state in ('open', 'full') and look_at <= %(now)s
        order by look_at, id limit %(limit)s for update skip locked
        """,
        limit=DUE_MAX,
    )
    await settle(uow, due)
    return len(due)


async def refund_expired(uow: UnitOfWork) -> int:
    """Ask for the money of every member of groups that did not succeed, one refund each."""
    expired = await uow.all(
        UUID,
        """
        select id from group_buys
        where merchant_id = %(merchant_id)s and state = 'expired' and look_at <= %(now)s
        order by look_at, id limit %(limit)s for update skip locked
        """,
        limit=REFUNDS_MAX,
    )
    if not expired:
        return 0
    await settle(uow, expired)  # a member may have been refunded by hand since
    stuck: set[UUID] = set()
    for seat in await reading.seats(uow, expired):
        if seat.state != "paid":
            continue
        try:
            async with uow.part():
                await refund_seat(uow, seat, NOT_COMPLETE)
        except DomainError as refusal:
            log.warning("no refund for order %s of a failed group yet: %s", seat.number, refusal.code)
            stuck.add(seat.group_id)
    return await uow.run(
        """
        update group_buys set updated_at = %(now)s,
               state = case when id = any(%(stuck)s::uuid[]) then state else 'refunding' end,
               look_at = case when id = any(%(stuck)s::uuid[]) then %(again)s else look_at end
        where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[]) and state = 'expired'
        """,
        ids=uuid_array(expired),
        stuck=uuid_array(stuck),
        again=uow.now + TRY_AGAIN,
    )


async def confirm_refunds(uow: UnitOfWork) -> int:
    """Seats whose money is back are refunded; a group has failed when that is so of all of them."""
    waiting = await uow.all(
        UUID,
        """
        select g.id from group_buys g
        where g.merchant_id = %(merchant_id)s and g.id in (
            select s.group_id from group_seats s
            join refunds r on r.merchant_id = s.merchant_id and r.id = s.refund_id
            where s.merchant_id = %(merchant_id)s and s.state = 'refunding' and r.state = 'done'
            union
            select b.id from group_buys b
            where b.merchant_id = %(merchant_id)s and b.state = 'refunding'
              and not exists (select from group_seats s where s.merchant_id = b.merchant_id and s.group_id = b.id
                              and s.state = 'refunding')
        )
        order by g.id limit %(limit)s for update of g skip locked
        """,
        limit=DUE_MAX,
    )
    if not waiting:
        return 0
    ids = uuid_array(waiting)
    await uow.run(
        """
        update group_seats s set state = 'refunded', updated_at = %(now)s
        from refunds r
        where s.merchant_id = %(merchant_id)s and s.group_id = any(%(ids)s::uuid[]) and s.state = 'refunding'
          and r.merchant_id = %(merchant_id)s and r.id = s.refund_id and r.state = 'done'
        """,
        ids=ids,
    )
    await uow.run(
        """
        update group_buys g set state = 'failed', ended_at = %(now)s, held = 0, paid = 0, updated_at = %(now)s
        where g.merchant_id = %(merchant_id)s and g.id = any(%(ids)s::uuid[]) and g.state = 'refunding'
          and not exists (select from group_seats s where s.merchant_id = g.merchant_id and s.group_id = g.id
                          and s.state = 'refunding')
        """,
        ids=ids,
    )
    return len(waiting)


SWEEPS = [Sweep("groupbuys.run", 1.0, run), Sweep("groupbuys.tell", 10.0, telling.sweep)]
