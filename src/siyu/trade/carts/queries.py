"""Reading carts: what is in them, at today's prices, with what the shopper's store has today."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods import catalog, inventory
from siyu.runtime.db import UnitOfWork
from siyu.trade.carts.model import Cart, CartLine


class _Row(msgspec.Struct, frozen=True):
    sku_id: UUID
    quantity: int
    is_chosen: bool
    updated_at: datetime


async def count(uow: UnitOfWork, owner_id: UUID) -> int:
    """How many pieces are in the cart."""
    return await uow.one(
        int,
        """
        select coalesce(sum(quantity), 0)::int from carts
        where merchant_id = %(merchant_id)s and owner_id = %(owner)s
        """,
        owner=owner_id,
    )


async def version(uow: UnitOfWork, owner_id: UUID) -> str:
    """What changes whenever a line is touched or leaves: two pages made of the same cart have the same version."""
    return await uow.one(
        str,
        """
        select coalesce(extract(epoch from max(updated_at))::numeric::text, '') || ':' || count(*)
        from carts where merchant_id = %(merchant_id)s and owner_id = %(owner)s
        """,
        owner=owner_id,
    )


async def read(uow: UnitOfWork, owner_id: UUID, store_id: UUID | None = None) -> Cart:
    """The cart at today's prices, and with what is free at `store_id` when a store is named."""
    rows = await uow.all(
        _Row,
        """
        select sku_id, quantity, is_chosen, updated_at from carts
        where merchant_id = %(merchant_id)s and owner_id = %(owner)s order by updated_at desc, sku_id
        """,
        owner=owner_id,
    )
    if not rows:
        return Cart()
    sku_ids = [row.sku_id for row in rows]
    prices = await catalog.prices(uow, sku_ids)
    before = await catalog.prices_before(uow, [(row.sku_id, row.updated_at) for row in rows])
    levels = await inventory.levels(uow, sku_ids, store_id) if store_id else []
    free = {level.sku_id: level.available for level in levels}
    return Cart(
        tuple(
            _line(
                row, prices[row.sku_id], before.get(row.sku_id), free.get(row.sku_id, 0) if store_id else None
            )
            for row in rows
        )
    )


def _line(row: _Row, price: catalog.SkuPrice, before: int | None, available: int | None) -> CartLine:
    return CartLine(
        sku_id=row.sku_id,
        product_id=price.product_id,
        title=price.title,
        sku_title=price.sku_title,
        picture=price.picture,
        quantity=row.quantity,
        is_chosen=row.is_chosen,
        price=price.price,
        price_before=before if before != price.price else None,
        is_sellable=price.is_sellable,
        available=available,
    )
