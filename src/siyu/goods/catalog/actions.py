"""Changing the catalogue: products in sets, prices one by one and always with a trace."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from siyu.goods.catalog.model import CodeTaken, PriceChanged
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import UnitOfWork

PRICE_MAX = 100_000_000  # one million yuan: above this it is a typing error


class NewSku(msgspec.Struct, frozen=True):
    """A SKU to be added; `price` in minor units."""

    code: str
    price: int
    title: str = ""


class NewProduct(msgspec.Struct, frozen=True):
    """A product to be added with its SKUs."""

    category: str
    title: str
    skus: tuple[NewSku, ...]
    subtitle: str = ""
    description: str = ""
    picture: str = ""
    unit: str = "件"
    position: int = 0
    id: UUID = msgspec.field(default_factory=ids.new)


async def add_categories(uow: UnitOfWork, names: Sequence[tuple[str, str]]) -> dict[str, UUID]:
    """Categories by (name, icon) in the given order; existing names keep their id."""
    await uow.run(
        """
        insert into categories (merchant_id, id, name, icon, position)
        select %(merchant_id)s, t.id, t.name, t.icon, t.position
        from unnest(%(ids)s::uuid[], %(names)s::text[], %(icons)s::text[]) with ordinality
            as t (id, name, icon, position)
        on conflict (merchant_id, name) do nothing
        """,
        ids=[ids.new() for _ in names],
        names=[name for name, _ in names],
        icons=[icon for _, icon in names],
    )
    rows = await uow.all(
        _Named,
        "select id, name from categories where merchant_id = %(merchant_id)s and name = any(%(names)s)",
        names=[name for name, _ in names],
    )
    return {row.name: row.id for row in rows}


class _Named(msgspec.Struct, frozen=True):
    id: UUID
    name: str


async def add_products(
    uow: UnitOfWork, products: Sequence[NewProduct], categories: Mapping[str, UUID]
) -> dict[str, UUID]:
    """Put products on the shelf; return SKU ids by SKU code. Raises Invalid and CodeTaken."""
    for product in products:
        _check(product, categories)
    await uow.run(
        """
        insert into products (merchant_id, id, category_id, title, subtitle, description, picture, unit, position,
                              created_at, updated_at)
        select %(merchant_id)s, t.id, t.category_id, t.title, t.subtitle, t.description, t.picture, t.unit, t.position,
               %(now)s, %(now)s
        from unnest(%(ids)s::uuid[], %(categories)s::uuid[], %(titles)s::text[], %(subtitles)s::text[],
                    %(descriptions)s::text[], %(pictures)s::text[], %(units)s::text[], %(positions)s::int[])
            as t (id, category_id, title, subtitle, description, picture, unit, position)
        """,
        ids=[p.id for p in products],
        categories=[categories[p.category] for p in products],
        titles=[p.title for p in products],
        subtitles=[p.subtitle for p in products],
        descriptions=[p.description for p in products],
        pictures=[p.picture for p in products],
        units=[p.unit for p in products],
        positions=[p.position for p in products],
    )
    rows = [(p.id, sku, position, ids.new()) for p in products for position, sku in enumerate(p.skus)]
    written = await uow.all(
        str,
        """
        insert into skus (merchant_id, id, product_id, code, title, price, position, updated_at)
        select %(merchant_id)s, t.id, t.product_id, t.code, t.title, t.price, t.position, %(now)s
        from unnest(%(ids)s::uuid[], %(products)s::uuid[], %(codes)s::text[], %(titles)s::text[], %(prices)s::bigint[],
                    %(positions)s::int[]) as t (id, product_id, code, title, price, position)
        on conflict (merchant_id, code) do nothing
        returning code
        """,
        ids=[sku_id for *_, sku_id in rows],
        products=[product_id for product_id, *_ in rows],
        codes=[sku.code for _, sku, *_ in rows],
        titles=[sku.title for _, sku, *_ in rows],
        prices=[sku.price for _, sku, *_ in rows],
        positions=[position for *_, position, _ in rows],
    )
    taken = [sku.code for _, sku, *_ in rows if sku.code not in set(written)]
    if taken:
        raise CodeTaken(field="skus.code", sku_code=taken[0])
    return {sku.code: sku_id for _, sku, _, sku_id in rows}


def _check(product: NewProduct, categories: Mapping[str, UUID]) -> None:
    if not 1 <= len(product.title.strip()) <= 120:
        raise Invalid(field="title", zh="商品名称需为 1 到 120 个字。", en="A title has 1 to 120 characters.")
    if product.category not in categories:
        raise Invalid(field="category", zh="没有这个分类。", en="There is no such category.")
    if not product.skus:
        raise Invalid(field="skus", zh="至少需要一个规格。", en="At least one SKU is needed.")
    for sku in product.skus:
        _check_price(sku.price, field="skus.price")


def _check_price(price: int, field: str) -> None:
    if not 0 <= price <= PRICE_MAX:
        raise Invalid(
            field=field, zh="价格需在 0 到 100 万元之间。", en="A price is between 0 and 1,000,000.00."
        )


async def set_price(uow: UnitOfWork, sku_id: UUID, price: int) -> PriceChanged:
    """Give a SKU a new price in minor units. The change is kept for ever: reference prices rest on it."""
    _check_price(price, field="price")
    old = await uow.maybe(
        int,
        "select price from skus where merchant_id = %(merchant_id)s and id = %(sku)s for update",
        sku=sku_id,
    )
    if old is None:
        raise NotFound(what="商品规格 / SKU")
    await uow.run(
        "update skus set price = %(price)s, updated_at = %(now)s where merchant_id = %(merchant_id)s and id = %(sku)s",
        price=price,
        sku=sku_id,
    )
    await uow.run(
        """
        insert into price_changes (merchant_id, id, sku_id, old_price, new_price, actor_id, at)
        values (%(merchant_id)s, %(id)s, %(sku)s, %(old)s, %(price)s, %(actor)s, %(now)s)
        """,
        id=ids.new(),
        sku=sku_id,
        old=old,
        price=price,
        actor=uow.actor.id,
    )
    return PriceChanged(sku_id, old, price)


async def set_shelf(uow: UnitOfWork, product_id: UUID, *, is_on_shelf: bool) -> None:
    """Put a product on the shelf or take it off. Raises NotFound."""
    touched = await uow.run(
        """
        update products set is_on_shelf = %(is_on_shelf)s, updated_at = %(now)s
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        is_on_shelf=is_on_shelf,
        id=product_id,
    )
    if not touched:
        raise NotFound(what="商品 / product")
