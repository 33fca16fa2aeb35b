"""From receipt to payable: the buyer has the goods, the time to return them passes, and nobody looks at the sale."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.growth.distribution import books
from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Event

MATURE_MAX = 2_000  # lines in one unit of work


async def start_window(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """The buyer has the goods: commission matures when they can no longer be returned (合规 D-08)."""
    await uow.run(
        """
        update commissions c set matures_at = t.at + make_interval(days => c.hold_days)
        from unnest(%(orders)s::uuid[], %(ats)s::timestamptz[]) as t (order_id, at)
        where c.merchant_id = %(merchant_id)s and c.order_id = t.order_id and c.state = 'pending'
        """,
        orders=[event.fact.order_id for event in events],
        ats=[event.at for event in events],
    )


class _Ripe(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    round: int
    remaining: int


async def mature(uow: UnitOfWork) -> int:
    """Make commission payable whose window has passed; what was reversed meanwhile is left out, what is held waits."""
    ripe = await uow.all(
        _Ripe,
        """
        update commissions c set state = 'payable', payable_at = %(now)s
        from (select order_id, line_no from commissions
              where merchant_id = %(merchant_id)s and state = 'pending' and not is_held and matures_at <= %(now)s
              order by matures_at limit %(limit)s for update skip locked) due
        where c.merchant_id = %(merchant_id)s and c.order_id = due.order_id and c.line_no = due.line_no
        returning c.order_id, c.line_no, c.round, c.amount - c.reversed_amount as remaining
        """,
        limit=MATURE_MAX,
    )
    await ledger.post(
        uow,
        [
            ledger.HoldMove(
                id=ids.derived("commission.payable", row.order_id, row.line_no),
                hold_id=books.hold_id(row.order_id, row.line_no, row.round),
                amount=row.remaining,
                reason="commission",
                subject_id=row.order_id,
                note=f"line {row.line_no}",
            )
            for row in ripe
            if row.remaining
        ],
    )
    return len(ripe)


async def mature_due(database: Database, merchant: Merchant) -> int:
    """The sweep: one unit of work of what is due."""
    return await database.attempt(merchant, mature)
