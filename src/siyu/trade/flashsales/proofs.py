"""Proof that no session has more or less aside than it says."""

from typing import Literal
from uuid import UUID

import msgspec

from siyu.runtime.db import UnitOfWork

What = Literal["aside", "taken", "sold"]
SHOWN_MAX = 100


class Wrong(msgspec.Struct, frozen=True):
    """A figure that is not the sum it should be.

    `aside`: stock.carved of a location is not what the sessions there have left. `taken`, `sold`: an item's count is
    not that of its orders.
    """

    what: What
    location_id: UUID
    sku_id: UUID
    offer_id: UUID | None
    told: int
    counted: int


async def flash_proofs(uow: UnitOfWork) -> list[Wrong]:
    """Everything that is wrong; a sound house has nothing. One statement, so that it sees one moment."""
    return await uow.all(
        Wrong,
        """
        select 'aside' as what, s.location_id, s.sku_id, null::uuid as offer_id, s.carved as told,
               coalesce(i.aside, 0)::int as counted
        from stock s
        left join (select location_id, sku_id, sum(quota - taken) as aside from flash_items
                   where merchant_id = %(merchant_id)s and returned_at is null
                   group by location_id, sku_id) i on i.location_id = s.location_id and i.sku_id = s.sku_id
        where s.merchant_id = %(merchant_id)s and s.carved <> coalesce(i.aside, 0)
        union all
        select w.what, i.location_id, i.sku_id, i.offer_id, w.told, w.counted
        from flash_items i
        left join lateral (
            select coalesce(sum(t.quantity) filter (where t.state <> 'closed'), 0)::int as taken,
                   coalesce(sum(t.quantity) filter (where t.state = 'paid'), 0)::int as sold
            from flash_takes t
            where t.merchant_id = i.merchant_id and t.offer_id = i.offer_id and t.sku_id = i.sku_id) t on true
        cross join lateral (values ('taken', i.taken, t.taken), ('sold', i.sold, t.sold)) as w (what, told, counted)
        where i.merchant_id = %(merchant_id)s and w.told <> w.counted
        limit %(limit)s
        """,
        limit=SHOWN_MAX,
    )
