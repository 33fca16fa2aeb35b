"""Changing the catalogue: products in sets, prices one by one and always with a trace."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from siyu.goods.catalog import shelf
from siyu.goods.catalog.model import CodeTaken, Option, PriceChanged
from siyu.goods.catalog.search_index import index_products
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

PRICE_MAX = 100_000_000  # one million yuan: above this it is a typing error
WEIGHT_MAX_G = 1_000_000  # a ton: heavier goods are no parcel
CODE_LENGTH_MAX = 40


class NewSku(msgspec.Struct, frozen=True):
    """A SKU to be added; `price` in minor units, `weight_g` grams of one unit."""

    code: str
    price: int
    title: str = ""
    weight_g: int = 0
    choices: tuple[str, ...] = ()
    is_sellable: bool = True


class NewProduct(msgspec.Struct, frozen=True):
    """A product to be added with its SKUs. `category` is a key of the mapping given to add_products."""

    category: str
    title: str
    skus: tuple[NewSku, ...]
    subtitle: str = ""
    description: str = ""
    picture: str = ""
    unit: str = "件"
    position: int = 0
    id: UUID = msgspec.field(default_factory=ids.new)
    kind: str = "physical"
    brand_id: UUID | None = None
    tags: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    return_policy: str = "seven_days"
    return_reason: str = ""
    valid_days: int = 0
    freight_template_id: UUID | None = None
    is_on_shelf: bool = True


class _ProductRow(msgspec.Struct, frozen=True):
    id: UUID
    category_id: UUID
    title: str
    subtitle: str
    description: str
    picture: str
    unit: str
    position: int
    kind: str
    brand_id: UUID | None
    tags: tuple[str, ...]
    pictures: tuple[str, ...]
    options: tuple[Option, ...]
    return_policy: str
    return_reason: str
    valid_days: int
    freight_template_id: UUID | None
    is_on_shelf: bool


async def add_categories(uow: UnitOfWork, names: Sequence[tuple[str, str]]) -> dict[str, UUID]:
    """Outermost categories by (name, icon) in the given order; existing names keep their id."""
    await uow.run(
        """
        insert into categories (merchant_id, id, name, icon, position)
        select %(merchant_id)s, t.id, t.name, t.icon, t.position
        from unnest(%(ids)s::uuid[], %(names)s::text[], %(icons)s::text[]) with ordinality
            as t (id, name, icon, position)
        on conflict (merchant_id, parent_id, name) do nothing
        """,
        ids=[ids.new() for _ in names],
        names=[name for name, _ in names],
        icons=[icon for _, icon in names],
    )
    rows = await uow.all(
        _Named,
        """
        select id, name from categories
        where merchant_id = %(merchant_id)s and parent_id is null and name = any(%(names)s)
        """,
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
                              kind, brand_id, tags, pictures, options, return_policy, return_reason, valid_days,
                              freight_template_id, is_on_shelf, created_at, updated_at)
        select %(merchant_id)s, t.id, t.category_id, t.title, t.subtitle, t.description, t.picture, t.unit, t.position,
               t.kind, t.brand_id, t.tags, t.pictures, t.options, t.return_policy, t.return_reason, t.valid_days,
               t.freight_template_id, t.is_on_shelf, %(now)s, %(now)s
        from jsonb_to_recordset(%(rows)s::jsonb) as t (
            id uuid, category_id uuid, title text, subtitle text, description text, picture text, unit text,
            position int, kind text, brand_id uuid, tags text[], pictures text[], options jsonb, return_policy text,
            return_reason text, valid_days int, freight_template_id uuid, is_on_shelf boolean)
        """,
        rows=msgspec.json.encode([_row(product, categories) for product in products]).decode(),
    )
    skus = await add_skus(uow, [(p.id, sku, at) for p in products for at, sku in enumerate(p.skus)])
    await index_products(uow, [product.id for product in products])
    return skus


def _row(product: NewProduct, categories: Mapping[str, UUID]) -> _ProductRow:
    told = {name: getattr(product, name) for name in _ProductRow.__struct_fields__ if name != "category_id"}
    pictures = product.pictures or ((product.picture,) if product.picture else ())
    told |= {"pictures": pictures, "picture": pictures[0] if pictures else ""}
    return _ProductRow(category_id=categories[product.category], **told)


async def add_skus(uow: UnitOfWork, skus: Sequence[tuple[UUID, NewSku, int]]) -> dict[str, UUID]:
    """SKUs as (product, SKU, position); their ids by code. Raises CodeTaken."""
    rows = [
        {"id": ids.new(), "product_id": product_id, "position": position, **msgspec.structs.asdict(sku)}
        for product_id, sku, position in skus
    ]
    written = await uow.all(
        str,
        """
        insert into skus (merchant_id, id, product_id, code, title, price, weight_g, choices, is_sellable, position,
                          updated_at)
        select %(merchant_id)s, t.id, t.product_id, t.code, t.title, t.price, t.weight_g, t.choices, t.is_sellable,
               t.position, %(now)s
        from jsonb_to_recordset(%(rows)s::jsonb) as t (
            id uuid, product_id uuid, code text, title text, price bigint, weight_g int, choices text[],
            is_sellable boolean, position int)
        on conflict (merchant_id, code) do nothing
        returning code
        """,
        rows=msgspec.json.encode(rows).decode(),
    )
    left = list(written)
    for _, sku, _ in skus:
        if sku.code not in left:
            raise CodeTaken(field="skus.code", sku_code=sku.code)
        left.remove(sku.code)
    return {row["code"]: row["id"] for row in rows}


def _check(product: NewProduct, categories: Mapping[str, UUID]) -> None:
    if not 1 <= len(product.title.strip()) <= 120:
        raise Invalid(field="title", zh="商品名称需为 1 到 120 个字。", en="A title has 1 to 120 characters.")
    if product.category not in categories:
        raise Invalid(field="category", zh="没有这个分类。", en="There is no such category.")
    if not product.skus:
        raise Invalid(field="skus", zh="至少需要一个规格。", en="At least one SKU is needed.")
    for sku in product.skus:
        check_price(sku.price, field="skus.price")
        check_weight(sku.weight_g, field="skus.weight_g")
        if product.kind == "weighed" and not sku.weight_g:
            raise Invalid(
                field="skus.weight_g",
                zh="称重商品的每个规格都要填写预估重量。",
                en="Each SKU of weighed goods needs an estimated weight.",
            )


def check_price(price: int, field: str) -> None:
    """Raises Invalid at the field for a price that nobody can have meant."""
    if not 0 <= price <= PRICE_MAX:
        raise Invalid(
            field=field, zh="价格需在 0 到 100 万元之间。", en="A price is between 0 and 1,000,000.00."
        )


def check_weight(weight_g: int, field: str) -> None:
    """Raises Invalid at the field for a weight that no parcel has."""
    if not 0 <= weight_g <= WEIGHT_MAX_G:
        raise Invalid(
            field=field, zh="重量需在 0 到 1000000 克之间。", en="A weight is between 0 and 1,000,000 g."
        )


async def set_price(uow: UnitOfWork, sku_id: UUID, price: int) -> PriceChanged:
    """Give a SKU a new price in minor units. The change is kept for ever: reference prices rest on it."""
    changed = await set_prices(uow, {sku_id: price}, field="price")
    if not changed:
        raise NotFound(what="商品规格 / SKU")
    return changed[0]


async def set_prices(
    uow: UnitOfWork, prices: Mapping[UUID, int], *, reason: str = "", field: str = "price"
) -> list[PriceChanged]:
    """Give several SKUs new prices in minor units, each with its trace; a SKU that is gone is missing.

    Locked in the order of their ids, so that two such changes wait for each other instead of dying together.
    """
    for price in prices.values():
        check_price(price, field)
    old = await uow.all(
        _Priced,
        """
        select id, price, code from skus where merchant_id = %(merchant_id)s and id = any(%(ids)s)
        order by id for update
        """,
        ids=list(prices),
    )
    changed = [PriceChanged(row.id, row.price, prices[row.id]) for row in old]
    codes = {row.id: row.code for row in old}
    await uow.run(
        """
        update skus k set price = t.price, updated_at = %(now)s
        from unnest(%(ids)s::uuid[], %(prices)s::bigint[]) as t (id, price)
        where k.merchant_id = %(merchant_id)s and k.id = t.id
        """,
        ids=[change.sku_id for change in changed],
        prices=[change.new_price for change in changed],
    )
    await uow.run(
        """
        insert into price_changes (merchant_id, id, sku_id, old_price, new_price, actor_id, at)
        select %(merchant_id)s, t.id, t.sku_id, t.old_price, t.new_price, %(actor)s, %(now)s
        from unnest(%(ids)s::uuid[], %(skus)s::uuid[], %(old)s::bigint[], %(new)s::bigint[])
            as t (id, sku_id, old_price, new_price)
        """,
        ids=[ids.new() for _ in changed],
        skus=[change.sku_id for change in changed],
        old=[change.old_price for change in changed],
        new=[change.new_price for change in changed],
        actor=uow.actor.id,
    )
    for change in changed:
        if change.old_price != change.new_price:
            await audit.note(
                uow,
                "catalog.set_price",
                subject_kind="sku",
                subject=change.sku_id,
                name=codes[change.sku_id],
                before={"price": change.old_price},
                after={"price": change.new_price},
                reason=reason,
            )
    return changed


class _Priced(msgspec.Struct, frozen=True):
    id: UUID
    price: int
    code: str


async def set_shelf(uow: UnitOfWork, product_id: UUID, *, is_on_shelf: bool) -> None:
    """Put a product on the shelf or take it off. Raises NotFound."""
    await shelf.turn(uow, [product_id], is_on_shelf=is_on_shelf, why="hand")
