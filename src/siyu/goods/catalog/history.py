"""Products that another system sold before us, brought in by the code it used."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork

IMPORTED_CATEGORY = "导入 Imported"


class PastProduct(msgspec.Struct, frozen=True):
    """`code` names product and SKU alike; `price` is the last one known, in minor units, valid from `sold_at`."""

    code: str
    title: str
    price: int
    sold_at: datetime


class SoldSku(msgspec.Struct, frozen=True):
    """What an order line needs to know of a SKU."""

    code: str
    sku_id: UUID
    product_id: UUID
    title: str


async def record_products(uow: UnitOfWork, products: Sequence[PastProduct]) -> int:
    """Add a product with one SKU for each code that is not in the catalogue; return how many were added.

    A code that is already there is left as the merchant has it. What is added stays off the shelf, because
    history also holds what is sold no more: postage, samples, last year's range.
    """
    known = await skus_by_code(uow, [product.code for product in products])
    missing = [product for product in products if product.code not in known]
    if not missing:
        return 0
    category_id = await _category(uow)
    await uow.run(
        """
        insert into products (merchant_id, id, category_id, reference, title, is_on_shelf, created_at, updated_at)
        select %(merchant_id)s, t.id, %(category)s, t.code, t.title, false, %(now)s, %(now)s
        from unnest(%(ids)s::uuid[], %(codes)s::text[], %(titles)s::text[]) as t (id, code, title)
        on conflict (merchant_id, reference) do nothing
        """,
        category=category_id,
        ids=[ids.new() for _ in missing],
        codes=[product.code for product in missing],
        titles=[product.title for product in missing],
    )
    return await _add_skus(uow, missing)


async def _category(uow: UnitOfWork) -> UUID:
    await uow.run(
        """
        insert into categories (merchant_id, id, name, position)
        select %(merchant_id)s, %(id)s, %(name)s, coalesce(max(position) + 1, 0)
        from categories where merchant_id = %(merchant_id)s
        on conflict (merchant_id, parent_id, name) do nothing
        """,
        id=ids.new(),
        name=IMPORTED_CATEGORY,
    )
    return await uow.one(
        UUID,
        "select id from categories where merchant_id = %(merchant_id)s and parent_id is null and name = %(name)s",
        name=IMPORTED_CATEGORY,
    )


async def _add_skus(uow: UnitOfWork, products: Sequence[PastProduct]) -> int:
    """SKUs and the first line of their price history, for products found by reference."""
    return await uow.run(
        """
        with added as (
            insert into skus (merchant_id, id, product_id, code, price, updated_at)
            select %(merchant_id)s, t.id, p.id, t.code, t.price, %(now)s
            from unnest(%(ids)s::uuid[], %(codes)s::text[], %(prices)s::bigint[]) as t (id, code, price)
            join products p on p.merchant_id = %(merchant_id)s and p.reference = t.code
            on conflict (merchant_id, code) do nothing
            returning id, code, price
        )
        insert into price_changes (merchant_id, id, sku_id, new_price, actor_id, at)
        select %(merchant_id)s, t.change_id, added.id, added.price, %(actor)s, t.sold_at
        from unnest(%(codes)s::text[], %(changes)s::uuid[], %(sold)s::timestamptz[]) as t (code, change_id, sold_at)
        join added on added.code = t.code
        """,
        ids=[ids.new() for _ in products],
        codes=[product.code for product in products],
        prices=[product.price for product in products],
        changes=[ids.at(product.sold_at) for product in products],
        sold=[product.sold_at for product in products],
        actor=uow.actor.id,
    )


async def skus_by_code(uow: UnitOfWork, codes: Sequence[str]) -> dict[str, SoldSku]:
    """SKU, product and the product's title by SKU code; an unknown code is missing from the answer."""
    rows = await uow.all(
        SoldSku,
        """
        select k.code, k.id as sku_id, k.product_id, p.title
        from skus k join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where k.merchant_id = %(merchant_id)s and k.code = any(%(codes)s)
        """,
        codes=list(codes),
    )
    return {row.code: row for row in rows}
