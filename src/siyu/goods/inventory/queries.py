"""Reading stock, and proving that it is right."""

from collections.abc import Sequence
from uuid import UUID

from siyu.goods.inventory.model import Difference, Level
from siyu.runtime.db import UnitOfWork


async def levels(uow: UnitOfWork, sku_ids: Sequence[UUID], location_id: UUID | None = None) -> list[Level]:
    """Stock of these SKUs, at one location or at each."""
    return await uow.all(
        Level,
        """
        select location_id, sku_id, on_hand, reserved from stock
        where merchant_id = %(merchant_id)s and sku_id = any(%(skus)s)
          and (%(location)s::uuid is null or location_id = %(location)s)
        order by location_id, sku_id
        """,
        skus=list(sku_ids),
        location=location_id,
    )


async def shortages(uow: UnitOfWork, below: int = 5, limit: int = 50) -> list[Level]:
    """Where fewer than `below` pieces are left to sell, emptiest first."""
    return await uow.all(
        Level,
        """
        select location_id, sku_id, on_hand, reserved from stock
        where merchant_id = %(merchant_id)s and on_hand - reserved < %(below)s
        order by on_hand - reserved, sku_id, location_id limit %(limit)s
        """,
        below=below,
        limit=limit,
    )


async def differences(uow: UnitOfWork, limit: int = 100) -> list[Difference]:
    """Stock rows that do not equal the sum of their moves. A sound house has none."""
    return await uow.all(
        Difference,
        """
        select s.location_id, s.sku_id, s.on_hand, coalesce(sum(m.quantity), 0)::int as moved
        from stock s
        left join stock_moves m on m.merchant_id = s.merchant_id and m.location_id = s.location_id
                               and m.sku_id = s.sku_id
        where s.merchant_id = %(merchant_id)s
        group by s.location_id, s.sku_id, s.on_hand
        having s.on_hand <> coalesce(sum(m.quantity), 0)
        limit %(limit)s
        """,
        limit=limit,
    )
