"""Proof that what is counted of offers is what orders used."""

from uuid import UUID

import msgspec

from siyu.runtime.db import UnitOfWork

SHOWN_MAX = 100


class WrongCounter(msgspec.Struct, frozen=True):
    """An offer whose counter is not the sum of its uses. Amounts are minor units."""

    offer_id: UUID
    spent: int
    uses: int
    spent_counted: int
    uses_counted: int


async def wrong_counters(uow: UnitOfWork) -> list[WrongCounter]:
    """Offers whose counters are wrong; a sound house has none. One statement, so that it sees one moment."""
    return await uow.all(
        WrongCounter,
        """
        select c.offer_id, c.spent, c.uses, coalesce(u.spent, 0)::bigint as spent_counted,
               coalesce(u.uses, 0)::int as uses_counted
        from offer_counters c
        left join (select offer_id, sum(amount) as spent, sum(times) as uses from offer_uses
                   where merchant_id = %(merchant_id)s and state <> 'returned' group by offer_id) u
               on u.offer_id = c.offer_id
        where c.merchant_id = %(merchant_id)s
          and (c.spent <> coalesce(u.spent, 0) or c.uses <> coalesce(u.uses, 0))
        limit %(limit)s
        """,
        limit=SHOWN_MAX,
    )
