"""The rules of a cart, read in one statement on the way to every order."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods.pricing.model import PriceList, Rules, Tier
from siyu.runtime.db import UnitOfWork


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    priority: int
    level: str
    channel: str
    store_id: UUID | None
    customer_id: UUID | None
    starts_at: datetime | None
    ends_at: datetime | None
    sku_id: UUID
    least: int
    price: int


async def load(uow: UnitOfWork, sku_ids: Sequence[UUID], customer_ids: Sequence[UUID] | None = None) -> Rules:
    """The rules that may touch these SKUs, whoever buys. Lists that are over or paused are left out.

    With `customer_ids` the contracts of other clients are left out too: those who have thousands of them save that
    much. One index lookup by SKU; nothing else is read when the merchant has no lists.
    """
    rows = await uow.all(
        _Row,
        """
        select l.id, l.name, l.priority, l.level, l.channel, l.store_id, l.customer_id, l.starts_at, l.ends_at,
               i.sku_id, i.least, i.price
        from price_list_items i
        join price_lists l on l.merchant_id = i.merchant_id and l.id = i.list_id
        where i.merchant_id = %(merchant_id)s and i.sku_id = any(%(skus)s)
          and l.is_active and (l.ends_at is null or l.ends_at > %(now)s)
          and (l.customer_id is null or %(customers)s::uuid[] is null or l.customer_id = any(%(customers)s))
        """,
        skus=list(sku_ids),
        customers=None if customer_ids is None else list(customer_ids),
    )
    lists = {
        row.id: PriceList(
            row.id, row.name, row.priority, row.level, row.channel, row.store_id, row.customer_id,
            row.starts_at, row.ends_at,
        )
        for row in rows
    }  # fmt: skip
    tiers = (Tier(row.id, row.sku_id, row.least, row.price) for row in rows)
    return Rules(tuple(lists.values()), tuple(sorted(tiers, key=lambda t: (t.list_id, t.sku_id, t.least))))
