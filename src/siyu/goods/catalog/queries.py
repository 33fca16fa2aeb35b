"""Reading the catalogue. The product page is read in batches: many viewers, one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from siyu.goods.catalog import searching
from siyu.goods.catalog.model import Option, Product, ProductCard, Sku, SkuPrice, StockedSku
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime.batch import Batcher
from siyu.runtime.db import Database, Merchant, UnitOfWork, uuid_array

VIRTUAL_PIECES = 999  # of goods that lie nowhere: as many as one order may hold


class _SkuRow(msgspec.Struct, frozen=True):
    product_id: UUID
    category_id: UUID
    title: str
    subtitle: str
    description: str
    picture: str
    unit: str
    is_on_shelf: bool
    kind: str
    brand_id: UUID | None
    tags: list[str]
    pictures: list[str]
    options: Any
    return_policy: str
    return_reason: str
    valid_days: int
    freight_template_id: UUID | None
    id: UUID
    code: str
    sku_title: str
    price: int
    is_sellable: bool
    weight_g: int
    choices: list[str]
    available: int


async def _products(uow: UnitOfWork, product_ids: Sequence[UUID]) -> list[Product | Exception]:
    wanted = list(dict.fromkeys(product_ids))
    rows = await uow.all(
        _SkuRow,
        """
        select p.id as product_id, p.category_id, p.title, p.subtitle, p.description, p.picture, p.unit, p.is_on_shelf,
               p.kind, p.brand_id, p.tags, p.pictures, p.options, p.return_policy, p.return_reason, p.valid_days,
               p.freight_template_id, k.id, k.code, k.title as sku_title, k.price, k.is_sellable, k.weight_g, k.choices,
               case when p.kind in ('physical', 'weighed') then
                   coalesce((select sum(greatest(s.on_hand - s.reserved - s.safety - s.carved, 0)) from stock s
                             where s.merchant_id = k.merchant_id and s.sku_id = k.id
                               and s.location_id = any(array(select id from stores
                                                             where merchant_id = %(merchant_id)s))), 0)
               when p.kind = 'bundle' then
                   coalesce((select sum(w.whole) from (
                       select min(coalesce(greatest(s.on_hand - s.reserved - s.safety - s.carved, 0), 0) / b.quantity) as whole
                       from stores l
                       join bundle_items b on b.merchant_id = l.merchant_id and b.bundle_sku_id = k.id
                       left join stock s on s.merchant_id = l.merchant_id and s.location_id = l.id
                                            and s.sku_id = b.sku_id
                       where l.merchant_id = %(merchant_id)s group by l.id) w), 0)
               else %(virtual)s end::int as available
        from products p
        join skus k on k.merchant_id = p.merchant_id and k.product_id = p.id and k.withdrawn_at is null
        where p.merchant_id = %(merchant_id)s and p.id = any(%(ids)s)
        order by p.id, k.position, k.id
        """,
        ids=wanted,
        virtual=VIRTUAL_PIECES,
    )
    skus: dict[UUID, list[Sku]] = {}
    heads: dict[UUID, _SkuRow] = {}
    for row in rows:
        heads.setdefault(row.product_id, row)
        skus.setdefault(row.product_id, []).append(
            Sku(row.id, row.code, row.sku_title, row.price, row.is_sellable, row.available, row.weight_g,
                tuple(row.choices))
        )  # fmt: skip
    found = {key: _product(head, uow.merchant.currency, tuple(skus[key])) for key, head in heads.items()}
    return [found.get(key) or NotFound(what="商品 / product") for key in product_ids]


def _product(row: _SkuRow, currency: str, skus: tuple[Sku, ...]) -> Product:
    return Product(
        row.product_id, row.category_id, row.title, row.subtitle, row.description, row.picture, row.unit,
        row.is_on_shelf, currency, skus, row.kind, row.brand_id, tuple(row.tags),
        # Goods that came before galleries have one picture.
        tuple(row.pictures) or ((row.picture,) if row.picture else ()),
        msgspec.convert(row.options, tuple[Option, ...]) if row.options else (),
        row.return_policy, row.return_reason, row.valid_days, row.freight_template_id,
    )  # fmt: skip


async def product(uow: UnitOfWork, product_id: UUID) -> Product:
    """One product with its SKUs. Raises NotFound."""
    (found,) = await _products(uow, [product_id])
    if isinstance(found, Exception):
        raise found
    return found


async def is_known(uow: UnitOfWork, product_id: UUID) -> bool:
    """Whether there is a product of this id; what is added under an id of the asker's is added once."""
    return await uow.one(
        bool,
        "select exists (select from products where merchant_id = %(merchant_id)s and id = %(id)s)",
        id=product_id,
    )


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
    """Pieces of each SKU that can be bought at one store now; one that was never there is missing.

    Of a bundle as many as its scarcest component allows; of virtual goods as many as one order may hold.
    """
    rows = await uow.all(
        _Available,
        """
        select s.sku_id, greatest(s.on_hand - s.reserved - s.safety - s.carved, 0) as available from stock s
        where s.merchant_id = %(merchant_id)s and s.location_id = %(store)s and s.sku_id = any(%(skus)s)
        union all
        select k.id as sku_id,
               case when p.kind = 'virtual' then %(virtual)s else coalesce(
                   (select min(coalesce(greatest(s.on_hand - s.reserved - s.safety - s.carved, 0), 0) / b.quantity)
                    from bundle_items b
                    left join stock s on s.merchant_id = b.merchant_id and s.location_id = %(store)s
                                         and s.sku_id = b.sku_id
                    where b.merchant_id = %(merchant_id)s and b.bundle_sku_id = k.id), 0) end as available
        from skus k join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where k.merchant_id = %(merchant_id)s and k.id = any(%(skus)s) and p.kind in ('bundle', 'virtual')
        """,
        store=store_id,
        skus=list(sku_ids),
        virtual=VIRTUAL_PIECES,
    )
    return {row.sku_id: row.available for row in rows}


class Filter(msgspec.Struct, frozen=True):
    """What a list of products is narrowed to; None does not narrow. `category_id` takes in what lies below it."""

    category_id: UUID | None = None
    brand_id: UUID | None = None
    tag: str | None = None
    kind: str | None = None
    is_on_shelf: bool | None = None
    is_sold_out: bool | None = None
    search: str = ""


async def cards(
    uow: UnitOfWork,
    *,
    category_id: UUID | None = None,
    search: str = "",
    after: tuple[int, UUID] | None = None,
    limit: int = 20,
    on_shelf_only: bool = True,
    wanted: Filter | None = None,
) -> Page[ProductCard]:
    """Products in a list, by (position, id); with a search the best first, as siyu.goods.catalog.searching says.

    `category_id` takes in the categories below it; `wanted` narrows further and then goes before both.
    """
    limit = bounded(limit)
    wanted = wanted or Filter(category_id=category_id, search=search)
    if wanted.search.strip():
        narrowed = searching.Narrowed(
            wanted.category_id, wanted.brand_id, wanted.tag, wanted.kind, on_shelf_only or wanted.is_on_shelf
        )

        async def read(ids: list[UUID]) -> list[ProductCard]:
            return await _cards(uow, wanted, on_shelf_only=on_shelf_only, limit=len(ids), ids=ids)

        return await searching.found(
            uow,
            wanted.search,
            narrowed,
            read,
            after=after,
            limit=limit,
            some_fall_out=wanted.is_sold_out is not None,
        )
    found = await _cards(uow, wanted, on_shelf_only=on_shelf_only, limit=limit + 1, after=after)
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=found[:limit], next=f"{last.position}~{last.id}" if last else None)


async def _cards(
    uow: UnitOfWork,
    wanted: Filter,
    *,
    on_shelf_only: bool,
    limit: int,
    after: tuple[int, UUID] | None = None,
    ids: list[UUID] | None = None,
) -> list[ProductCard]:
    position, last_id = after or (None, None)
    return await uow.all(
        ProductCard,
        """
        select p.id, p.category_id, p.title, p.subtitle, p.picture, p.unit,
               k.price, k.price_max, k.sku_count, k.sku_id, k.available, p.position, p.is_on_shelf,
               p.kind, p.brand_id, p.tags
        from products p
        join lateral (
            select min(k.price) as price, max(k.price) as price_max, count(*)::int as sku_count,
                   (array_agg(k.id order by k.position, k.id))[1] as sku_id,
                   case when p.kind in ('physical', 'weighed') then
                       coalesce(sum((select sum(greatest(s.on_hand - s.reserved - s.safety - s.carved, 0)) from stock s
                                     where s.merchant_id = k.merchant_id and s.sku_id = k.id
                                       and s.location_id = any(array(select id from stores
                                                                     where merchant_id = %(merchant_id)s)))), 0)
                   when p.kind = 'bundle' then
                       coalesce(sum((select sum(w.whole) from (
                           select min(coalesce(greatest(s.on_hand - s.reserved - s.safety - s.carved, 0), 0) / b.quantity) as whole
                           from stores l
                           join bundle_items b on b.merchant_id = l.merchant_id and b.bundle_sku_id = k.id
                           left join stock s on s.merchant_id = l.merchant_id and s.location_id = l.id
                                                and s.sku_id = b.sku_id
                           where l.merchant_id = %(merchant_id)s group by l.id) w)), 0)
                   else %(virtual)s end::int as available
            from skus k where k.merchant_id = p.merchant_id and k.product_id = p.id and k.withdrawn_at is null
              and (k.is_sellable or not %(on_shelf_only)s)
        ) k on k.sku_count > 0
        where p.merchant_id = %(merchant_id)s
          and (p.is_on_shelf or not %(on_shelf_only)s)
          and (%(category)s::uuid is null or p.category_id = any(array(
                  select c.id from categories c
                  where c.merchant_id = %(merchant_id)s
                    and (c.id = %(category)s or c.parent_id = %(category)s
                         or c.parent_id in (select m.id from categories m where m.merchant_id = %(merchant_id)s
                                            and m.parent_id = %(category)s)))))
          and (%(brand)s::uuid is null or p.brand_id = %(brand)s)
          and (%(tag)s::text is null or %(tag)s = any(p.tags))
          and (%(kind)s::text is null or p.kind = %(kind)s)
          and (%(is_on_shelf)s::boolean is null or p.is_on_shelf = %(is_on_shelf)s)
          and (%(is_sold_out)s::boolean is null or (k.available <= 0) = %(is_sold_out)s)
          and (%(ids)s::uuid[] is null or p.id = any(%(ids)s))
          and (%(position)s::int is null or (p.position, p.id) > (%(position)s, %(last_id)s::uuid))
        order by p.position, p.id limit %(limit)s
        """,
        category=wanted.category_id,
        brand=wanted.brand_id,
        tag=wanted.tag,
        kind=wanted.kind,
        is_on_shelf=wanted.is_on_shelf,
        is_sold_out=wanted.is_sold_out,
        ids=ids,
        position=position,
        last_id=last_id,
        limit=limit,
        on_shelf_only=on_shelf_only,
        virtual=VIRTUAL_PIECES,
    )


def _escaped(search: str) -> str:
    return search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")[:60]


async def cards_in(uow: UnitOfWork, product_ids: list[UUID]) -> list[ProductCard]:
    """Cards of these products in this order; those that are off the shelf or not sold are left out."""
    if not product_ids:
        return []
    found = await _cards(uow, Filter(), on_shelf_only=True, limit=len(product_ids), ids=product_ids)
    return sorted(found, key=lambda card: product_ids.index(card.id))


async def cards_of(uow: UnitOfWork, product_ids: Sequence[UUID]) -> list[Product]:
    """Several products by id; those that are gone are left out."""
    return [found for found in await _products(uow, product_ids) if isinstance(found, Product)]


async def prices(uow: UnitOfWork, sku_ids: Sequence[UUID]) -> dict[UUID, SkuPrice]:
    """Today's price of each SKU; one that is unknown is missing from the answer."""
    rows = await uow.all(
        SkuPrice,
        """
        select k.id as sku_id, p.id as product_id, p.category_id, k.code, p.title, k.title as sku_title, p.picture,
               k.price, k.is_sellable and p.is_on_shelf as is_sellable, p.kind, k.weight_g, p.freight_template_id,
               p.return_policy, p.return_reason, k.supply_location_id,
               case when p.kind = 'bundle' then
                   (select coalesce(json_agg(json_build_object('sku_id', b.sku_id, 'quantity', b.quantity)
                                             order by b.sku_id), '[]'::json)
                    from bundle_items b
                    where b.merchant_id = %(merchant_id)s and b.bundle_sku_id = k.id)
               else '[]'::json end as components, p.valid_days
        from skus k join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        where k.merchant_id = %(merchant_id)s and k.id = any(%(ids)s::uuid[])
        """,
        ids=uuid_array(sku_ids),
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
          and (not %(low_only)s or s.on_hand - s.reserved - s.safety - s.carved < 10)
        order by s.on_hand - s.reserved - s.safety - s.carved, p.title, k.position, l.code limit %(limit)s
        """,
        location=location_id,
        search=search.strip(),
        pattern=f"%{_escaped(search.strip())}%",
        low_only=low_only,
        limit=bounded(limit),
    )
