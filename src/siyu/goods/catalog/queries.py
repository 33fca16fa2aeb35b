"""Reading the catalogue. The product page is read in batches: many viewers, one statement."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods.catalog.model import Category, Product, ProductCard, Sku, SkuPrice, StockedSku
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime.batch import Batcher
from siyu.runtime.db import Database, Merchant, UnitOfWork


class _SkuRow(msgspec.Struct, frozen=True):
    product_id: UUID
    category_id: UUID
    title: str
    subtitle: str
    description: str
    picture: str
    unit: str
    is_on_shelf: bool
    id: UUID
    code: str
    sku_title: str
    price: int
    is_sellable: bool
    available: int


async def _products(uow: UnitOfWork, product_ids: Sequence[UUID]) -> list[Product | Exception]:
    wanted = list(dict.fromkeys(product_ids))
    rows = await uow.all(
        _SkuRow,
        """
        select p.id as product_id, p.category_id, p.title, p.subtitle, p.description, p.picture, p.unit, p.is_on_shelf,
               k.id, k.code, k.title as sku_title, k.price, k.is_sellable,
               coalesce((select sum(s.on_hand - s.reserved) from stock s
                         where s.merchant_id = k.merchant_id and s.sku_id = k.id
                           and s.location_id = any(array(select id from stores
                                                         where merchant_id = %(merchant_id)s))), 0)::int as available
        from products p
        join skus k on k.merchant_id = p.merchant_id and k.product_id = p.id
        where p.merchant_id = %(merchant_id)s and p.id = any(%(ids)s)
        order by p.id, k.position, k.id
        """,
        ids=wanted,
    )
    skus: dict[UUID, list[Sku]] = {}
    heads: dict[UUID, _SkuRow] = {}
    for row in rows:
        heads.setdefault(row.product_id, row)
        skus.setdefault(row.product_id, []).append(
            Sku(row.id, row.code, row.sku_title, row.price, row.is_sellable, row.available)
        )
    currency = uow.merchant.currency
    found = {key: Product(key, *_head(head), currency, tuple(skus[key])) for key, head in heads.items()}
    return [found.get(key) or NotFound(what="商品 / product") for key in product_ids]


def _head(row: _SkuRow) -> tuple[UUID, str, str, str, str, str, bool]:
    return row.category_id, row.title, row.subtitle, row.description, row.picture, row.unit, row.is_on_shelf


async def product(uow: UnitOfWork, product_id: UUID) -> Product:
    """One product with its SKUs. Raises NotFound."""
    (found,) = await _products(uow, [product_id])
    if isinstance(found, Exception):
        raise found
    return found


async def _encoded(uow: UnitOfWork, product_ids: Sequence[UUID]) -> list[bytes | Exception]:
    """JSON of each product, encoded once however many ask for it."""
    bodies: dict[UUID, bytes | Exception] = {}
    for product_id, found in zip(product_ids, await _products(uow, product_ids), strict=True):
        if product_id not in bodies:
            bodies[product_id] = found if isinstance(found, Exception) else msgspec.json.encode(found)
    return [bodies[product_id] for product_id in product_ids]


_reads: Batcher[UUID, bytes] = Batcher(_encoded, size_max=128)


async def read_product(database: Database, merchant: Merchant, product_id: UUID) -> bytes:
    """The product as JSON, read together with everybody else who is looking right now. Raises NotFound."""
    return await _reads.ask(database, merchant, product_id)


class _Available(msgspec.Struct, frozen=True):
    sku_id: UUID
    available: int


async def available_at(uow: UnitOfWork, sku_ids: Sequence[UUID], store_id: UUID) -> dict[UUID, int]:
    """Pieces of each SKU that can be bought at one store now; one that was never there is missing."""
    rows = await uow.all(
        _Available,
        """
        select sku_id, on_hand - reserved as available from stock
        where merchant_id = %(merchant_id)s and location_id = %(store)s and sku_id = any(%(skus)s)
        """,
        store=store_id,
        skus=list(sku_ids),
    )
    return {row.sku_id: row.available for row in rows}


async def categories(uow: UnitOfWork) -> list[Category]:
    """All categories in the merchant's order."""
    return await uow.all(
        Category,
        "select id, name, icon from categories where merchant_id = %(merchant_id)s order by position, name",
    )


async def shown_categories(uow: UnitOfWork) -> list[Category]:
    """Categories with something on the shelf, in the merchant's order."""
    return await uow.all(
        Category,
        """
        select c.id, c.name, c.icon from categories c
        where c.merchant_id = %(merchant_id)s
          and exists (select from products p
                      join skus k on k.merchant_id = p.merchant_id and k.product_id = p.id and k.is_sellable
                      where p.merchant_id = %(merchant_id)s and p.category_id = c.id and p.is_on_shelf)
        order by c.position, c.name
        """,
    )


async def cards(
    uow: UnitOfWork,
    *,
    category_id: UUID | None = None,
    search: str = "",
    after: tuple[int, UUID] | None = None,
    limit: int = 20,
    on_shelf_only: bool = True,
) -> Page[ProductCard]:
    """Products in a list, by (position, id). `search` matches title, subtitle and SKU code, any part of it."""
    limit = bounded(limit)
    position, last_id = after or (None, None)
    found = await uow.all(
        ProductCard,
        """
        select p.id, p.category_id, p.title, p.subtitle, p.picture, p.unit,
               k.price, k.price_max, k.sku_count, k.sku_id, k.available, p.position, p.is_on_shelf
        from products p
        join lateral (
            select min(k.price) as price, max(k.price) as price_max, count(*)::int as sku_count,
                   (array_agg(k.id order by k.position, k.id))[1] as sku_id,
                   coalesce(sum((select sum(s.on_hand - s.reserved) from stock s
                                 where s.merchant_id = k.merchant_id and s.sku_id = k.id
                                   and s.location_id = any(array(select id from stores
                                                                 where merchant_id = %(merchant_id)s)))), 0)::int
                       as available
            from skus k where k.merchant_id = p.merchant_id and k.product_id = p.id
              and (k.is_sellable or not %(on_shelf_only)s)
        ) k on k.sku_count > 0
        where p.merchant_id = %(merchant_id)s
          and (p.is_on_shelf or not %(on_shelf_only)s)
          and (%(category)s::uuid is null or p.category_id = %(category)s)
          and (%(search)s = '' or p.title ilike %(pattern)s or p.subtitle ilike %(pattern)s
               or exists (select from skus c where c.merchant_id = p.merchant_id and c.product_id = p.id
                          and c.code ilike %(pattern)s))
          and (%(position)s::int is null or (p.position, p.id) > (%(position)s, %(last_id)s::uuid))
        order by p.position, p.id limit %(limit)s
        """,
        category=category_id,
        search=search.strip(),
        pattern=f"%{_escaped(search.strip())}%",
        position=position,
        last_id=last_id,
        limit=limit + 1,
        on_shelf_only=on_shelf_only,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.position}~{last.id}" if last else None)


def _escaped(search: str) -> str:
    return search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")[:60]


async def cards_of(uow: UnitOfWork, product_ids: Sequence[UUID]) -> list[Product]:
    """Several products by id; those that are gone are left out."""
    return [found for found in await _products(uow, product_ids) if isinstance(found, Product)]


async def prices(uow: UnitOfWork, sku_ids: Sequence[UUID]) -> dict[UUID, SkuPrice]:
    """Today's price of each SKU; one that is unknown is missing from the answer."""
    rows = await uow.all(
        SkuPrice,
        """
        select k.id as sku_id, p.id as product_id, k.code, p.title, k.title as sku_title, p.picture, k.price,
               k.is_sellable and p.is_on_shelf as is_sellable
        from skus k join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where k.merchant_id = %(merchant_id)s and k.id = any(%(ids)s)
        """,
        ids=list(sku_ids),
    )
    return {row.sku_id: row for row in rows}


async def prices_before(uow: UnitOfWork, since: Sequence[tuple[UUID, datetime]]) -> dict[UUID, int]:
    """What each SKU cost at its moment (UTC), for those whose price was changed after it."""
    rows = await uow.all(
        _PriceThen,
        """
        select distinct on (c.sku_id) c.sku_id, c.old_price as price
        from price_changes c
        join unnest(%(skus)s::uuid[], %(moments)s::timestamptz[]) as t (sku_id, moment) on c.sku_id = t.sku_id
        where c.merchant_id = %(merchant_id)s and c.sku_id = any(%(skus)s) and c.at > t.moment
          and c.old_price is not null
        order by c.sku_id, c.at, c.id
        """,
        skus=[sku_id for sku_id, _ in since],
        moments=[moment for _, moment in since],
    )
    return {row.sku_id: row.price for row in rows}


class _PriceThen(msgspec.Struct, frozen=True):
    sku_id: UUID
    price: int


async def category_of_products(uow: UnitOfWork, product_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Category id by product id."""
    rows = await uow.all(
        _InCategory,
        "select id, category_id from products where merchant_id = %(merchant_id)s and id = any(%(ids)s)",
        ids=list(product_ids),
    )
    return {row.id: row.category_id for row in rows}


class _InCategory(msgspec.Struct, frozen=True):
    id: UUID
    category_id: UUID


async def stocked_skus(
    uow: UnitOfWork,
    *,
    location_id: UUID | None = None,
    search: str = "",
    low_only: bool = False,
    limit: int = 100,
) -> list[StockedSku]:
    """Stock by store and SKU with names, scarcest first."""
    return await uow.all(
        StockedSku,
        """
        select s.location_id, l.name as store_name, k.id as sku_id, p.id as product_id, p.title,
               k.title as sku_title, k.code, k.price, s.on_hand, s.reserved
        from stock s
        join skus k on k.merchant_id = s.merchant_id and k.id = s.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        join stores l on l.merchant_id = s.merchant_id and l.id = s.location_id
        where s.merchant_id = %(merchant_id)s
          and (%(location)s::uuid is null or s.location_id = %(location)s)
          and (%(search)s = '' or p.title ilike %(pattern)s or k.code ilike %(pattern)s)
          and (not %(low_only)s or s.on_hand - s.reserved < 10)
        order by s.on_hand - s.reserved, p.title, k.position, l.code limit %(limit)s
        """,
        location=location_id,
        search=search.strip(),
        pattern=f"%{_escaped(search.strip())}%",
        low_only=low_only,
        limit=bounded(limit),
    )
