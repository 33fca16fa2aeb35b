"""The rules of a cart, read in one statement on the way to every order."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods.pricing.model import PriceList, Rules, Tier
from siyu.runtime.db import UnitOfWork, uuid_array


class _Item(msgspec.Struct, frozen=True, array_like=True):
    """A price as the database writes it; an array, because it is read without naming its three fields each time."""

    sku_id: UUID
    least: int
    price: int


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
    items: tuple[_Item, ...]


async def load(uow: UnitOfWork, sku_ids: Sequence[UUID], customer_ids: Sequence[UUID] | None = None) -> Rules:
    """The rules that may touch these SKUs, whoever buys. Lists that are over or paused are left out.

    With `customer_ids` the contracts of other clients are left out too: those who have thousands of them save that
    much. One index lookup by SKU; nothing else is read when the merchant has no lists. Prices come as one JSON value a
    list: row by row they cost the driver three times as much.
    """
    rows = await uow.all(
        _Row,
        """
        select l.id, l.name, l.priority, l.level, l.channel, l.store_id, l.customer_id, l.starts_at, l.ends_at,
               json_agg(json_build_array(i.sku_id, i.least, i.price) order by i.sku_id, i.least) as items
        from price_list_items i
        join price_lists l on l.merchant_id = i.merchant_id and l.id = i.list_id
        where i.merchant_id = %(merchant_id)s and i.sku_id = any(%(skus)s::uuid[])
          and l.is_active and (l.ends_at is null or l.ends_at > %(now)s)
          and (l.customer_id is null or %(customers)s::uuid[] is null or l.customer_id = any(%(customers)s::uuid[]))
        group by l.merchant_id, l.id
        order by l.id
        """,
        skus=uuid_array(sku_ids),
        customers=None if customer_ids is None else uuid_array(customer_ids),
    )
    return Rules(
        tuple(
            PriceList(
                row.id, row.name, row.priority, row.level, row.channel, row.store_id, row.customer_id,
                row.starts_at, row.ends_at,
            )
            for row in rows
        ),
        tuple([Tier(row.id, item.sku_id, item.least, item.price) for row in rows for item in row.items]),
    )  # fmt: skip
