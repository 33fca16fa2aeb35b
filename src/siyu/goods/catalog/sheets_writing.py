"""Product sheets in and out: everything as rows, and rows into the catalogue, one product whole at a time.

What a sheet does not say stays as it is, and a product that already is as the sheet says is not touched: exporting
everything and bringing it in again changes nothing.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from siyu import web
from siyu.goods.catalog import queries, shelf, sorting
from siyu.goods.catalog import sheets_columns as columns
from siyu.goods.catalog.actions import NewProduct, NewSku, add_products, set_prices
from siyu.goods.catalog.editing import ProductWords, edit_product
from siyu.goods.catalog.matrix import set_matrix
from siyu.goods.catalog.model import Brand, Category, Option, Product, Sku
from siyu.goods.catalog.options import Matrix, WantedSku, check_matrix, title_of
from siyu.goods.catalog.sheets_reading import SheetRow, price_in
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork

PRODUCTS_AT_ONCE = 100


# Out


class _Place(msgspec.Struct, frozen=True):
    position: int
    id: UUID


async def exported(uow: UnitOfWork, language: str) -> AsyncIterator[list[Any]]:
    """A row for every SKU that is not withdrawn, in the merchant's order; cells as siyu.web.sheet takes them."""
    ways = {each.id: _way(each, tree) for tree in [await sorting.categories(uow)] for each in tree}
    brands = {brand.id: brand.name for brand in await sorting.brands(uow)}
    after: _Place | None = None
    while True:
        places = await uow.all(
            _Place,
            """
            select position, id from products
            where merchant_id = %(merchant_id)s
              and (%(position)s::int is null or (position, id) > (%(position)s, %(last_id)s::uuid))
            order by position, id limit %(limit)s
            """,
            position=after.position if after else None,
            last_id=after.id if after else None,
            limit=PRODUCTS_AT_ONCE,
        )
        for product in await queries.cards_of(uow, [place.id for place in places]):
            for sku in product.skus:
                yield _row(product, sku, ways.get(product.category_id, ""), brands, language)
        if len(places) < PRODUCTS_AT_ONCE:
            return
        after = places[-1]


def _way(category: Category, tree: Sequence[Category]) -> str:
    return columns.INSIDE.join(each.name for each in sorting.way_to(tree, category.id))


def _row(product: Product, sku: Sku, way: str, brands: dict[UUID, str], language: str) -> list[Any]:
    cells: dict[str, Any] = {
        "group": product.skus[0].code,
        "code": sku.code,
        "title": product.title,
        "subtitle": product.subtitle,
        "category": way,
        "brand": brands.get(product.brand_id, "") if product.brand_id else "",
        "kind": columns.said(columns.KINDS, product.kind, language),
        "options": columns.BETWEEN.join(option.name for option in product.options),
        "choices": columns.BETWEEN.join(sku.choices) if product.options else sku.title,
        "price": web.Amount(sku.price),
        "weight": sku.weight_g,
        "unit": product.unit,
        "tags": columns.BETWEEN.join(product.tags),
        "shelf": product.is_on_shelf,
        "return_policy": columns.said(columns.POLICIES, product.return_policy, language),
        "return_reason": columns.said(columns.REASONS, product.return_reason, language),
        "description": product.description,
    }
    return [cells[key] for key in columns.KEYS]


# In


class Groups(msgspec.Struct):
    """Categories, brands and tags of the merchant while a sheet is written; new ones are added as they come up."""

    categories: list[Category]
    brands: list[Brand]
    tags: set[str]


async def groups(uow: UnitOfWork) -> Groups:
    return Groups(
        await sorting.categories(uow),
        await sorting.brands(uow),
        {tag.name for tag in await sorting.tags(uow)},
    )


async def apply_product(uow: UnitOfWork, rows: Sequence[SheetRow], known: Groups) -> bool:
    """Write one product as its rows say; True when something changed. Raises what the actions raise."""
    product_id = rows[0].product_id
    if product_id is None:
        await _add(uow, rows, known)
        return True
    product = await queries.product(uow, product_id)
    has_words = await _edit_words(uow, product, rows[0].cells, known)
    has_skus = await _edit_skus(uow, product, rows)
    return await _edit_shelf(uow, product, rows[0].cells) or has_words or has_skus


async def _category(uow: UnitOfWork, cell: str, known: Groups) -> UUID:
    parent: UUID | None = None
    for name in columns.parts(cell, columns.INSIDE):
        found = next(
            (each for each in known.categories if each.parent_id == parent and each.name == name), None
        )
        if found is None:
            found = await sorting.add_category(uow, ids.new(), name, parent_id=parent)
            known.categories.append(found)
        parent = found.id
    if parent is None:
        raise Invalid(field="category", zh="没有这个分类。", en="There is no such category.")
    return parent


async def _brand(uow: UnitOfWork, name: str, known: Groups) -> UUID | None:
    if not name:
        return None
    found = next((each for each in known.brands if each.name == " ".join(name.split())), None)
    if found is None:
        found = await sorting.save_brand(uow, ids.new(), name)
        known.brands.append(found)
    return found.id


async def _tags(uow: UnitOfWork, cell: str, known: Groups) -> tuple[str, ...]:
    wanted = columns.parts(cell)
    for name in wanted:
        if name not in known.tags:
            await sorting.save_tag(uow, name)
            known.tags.add(name)
    return wanted


async def _said(uow: UnitOfWork, cells: dict[str, str], known: Groups) -> dict[str, Any]:
    """What the cells say of the product, by field; an empty cell of a needed field says nothing."""
    said: dict[str, Any] = {}
    if cells.get("title"):
        said["title"] = cells["title"]
    if cells.get("category"):
        said["category_id"] = await _category(uow, cells["category"], known)
    if "brand" in cells:
        said["brand_id"] = await _brand(uow, cells["brand"], known)
    if "tags" in cells:
        said["tags"] = await _tags(uow, cells["tags"], known)
    if cells.get("kind"):
        said["kind"] = columns.key_of(columns.KINDS, cells["kind"])
    if cells.get("unit"):
        said["unit"] = cells["unit"]
    if "return_policy" in cells:
        said["return_policy"] = columns.key_of(columns.POLICIES, cells["return_policy"]) or "seven_days"
        said["return_reason"] = columns.key_of(columns.REASONS, cells.get("return_reason", "")) or ""
    return said | {key: cells[key] for key in ("subtitle", "description") if key in cells}


def _is_yes(cell: str) -> bool:
    return cell.casefold() not in columns.NO


async def _add(uow: UnitOfWork, rows: Sequence[SheetRow], known: Groups) -> None:
    said = await _said(uow, rows[0].cells, known)
    category_id = said.pop("category_id", None)
    currency = uow.merchant.currency
    names = columns.parts(rows[0].cells.get("options", ""))
    wanted = [
        WantedSku(
            row.cells["code"],
            price_in(row.cells.get("price", ""), currency) or 0,
            columns.parts(row.cells.get("choices", "")) if names else (),
            int(row.cells.get("weight") or 0),
        )
        for row in rows
    ]
    options = _options(names, [sku.choices for sku in wanted])
    check_matrix(Matrix(options, tuple(wanted)), said.get("kind", "physical"))
    product = NewProduct(
        category="",
        skus=tuple(
            NewSku(
                sku.code,
                sku.price,
                title_of(sku.choices) if names else row.cells.get("choices", ""),
                sku.weight_g,
                sku.choices,
            )
            for sku, row in zip(wanted, rows, strict=True)
        ),
        options=options,
        is_on_shelf=_is_yes(rows[0].cells.get("shelf", "")),
        **said,
    )
    if category_id is None:
        raise Invalid(field="category", zh="没有这个分类。", en="There is no such category.")
    await add_products(uow, [product], {"": category_id})


def _options(names: Sequence[str], choices: Sequence[Sequence[str]]) -> tuple[Option, ...]:
    """The options with their values in the order in which they come up."""
    return tuple(
        Option(name, tuple(dict.fromkeys(each[place] for each in choices)))
        for place, name in enumerate(names)
    )


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same to a reader: spreadsheets write line ends their own way."""
    if isinstance(one, str) and isinstance(other, str):
        return "\n".join(one.strip().splitlines()) == "\n".join(other.strip().splitlines())
    return one == other


async def _edit_words(uow: UnitOfWork, product: Product, cells: dict[str, str], known: Groups) -> bool:
    said = await _said(uow, cells, known)
    changed = {key: value for key, value in said.items() if not _same(getattr(product, key), value)}
    if not changed:
        return False
    words = ProductWords(
        category_id=product.category_id, title=product.title, subtitle=product.subtitle,
        description=product.description, unit=product.unit, kind=product.kind, brand_id=product.brand_id,
        tags=product.tags, return_policy=product.return_policy, return_reason=product.return_reason,
        valid_days=product.valid_days, freight_template_id=product.freight_template_id,
    )  # fmt: skip
    await edit_product(uow, product.id, msgspec.structs.replace(words, **changed))
    return True


async def _edit_skus(uow: UnitOfWork, product: Product, rows: Sequence[SheetRow]) -> bool:
    wanted = _wanted(product, rows, uow.merchant.currency)
    names = columns.parts(rows[0].cells.get("options", "")) or tuple(
        option.name for option in product.options
    )
    present = {sku.id: sku for sku in product.skus}
    is_new_shape = names != tuple(option.name for option in product.options) or any(
        sku.id is None or sku.choices != present[sku.id].choices for sku in wanted
    )
    if is_new_shape:
        if any(len(sku.choices) != len(names) for sku in wanted):
            raise Invalid(
                field="options",
                zh="规格项变了，请把这件商品的所有规格都写进来。",
                en="The options differ; put all SKUs of this product into the sheet.",
            )
        await set_matrix(
            uow, product.id, Matrix(_options(names, [sku.choices for sku in wanted]), tuple(wanted))
        )
        return True
    return await _edit_values(uow, present, wanted, rows)


def _wanted(product: Product, rows: Sequence[SheetRow], currency: str) -> list[WantedSku]:
    """All SKUs that the product is to have: those it has, as the rows change them, and the new ones."""
    by_code = {row.cells["code"]: row.cells for row in rows}
    has_options = bool(rows[0].cells.get("options"))
    wanted: list[WantedSku] = []
    for sku in product.skus:
        cells = by_code.pop(sku.code, {})
        choices = columns.parts(cells.get("choices", "")) if has_options and cells else sku.choices
        price = price_in(cells.get("price", ""), currency)
        weight = int(cells["weight"] or 0) if "weight" in cells else sku.weight_g
        wanted.append(
            WantedSku(
                sku.code, sku.price if price is None else price, choices, weight, sku.is_sellable, sku.id
            )
        )
    for code, cells in by_code.items():
        wanted.append(
            WantedSku(
                code,
                price_in(cells.get("price", ""), currency) or 0,
                columns.parts(cells.get("choices", "")),
                int(cells.get("weight") or 0),
            )
        )
    return wanted


async def _edit_values(
    uow: UnitOfWork, present: dict[UUID, Sku], wanted: Sequence[WantedSku], rows: Sequence[SheetRow]
) -> bool:
    """Prices, weights and the names of SKUs without options."""
    said = {row.cells["code"]: row.cells.get("choices") for row in rows}
    prices = {sku.id: sku.price for sku in wanted if sku.id and sku.price != present[sku.id].price}
    others = [
        (sku.id, sku.weight_g, title)
        for sku in wanted
        if sku.id
        for title in [
            present[sku.id].title if sku.choices or said.get(sku.code) is None else said[sku.code] or ""
        ]
        if sku.weight_g != present[sku.id].weight_g or not _same(title, present[sku.id].title)
    ]
    if prices:
        await set_prices(uow, prices, field="price")
    if others:
        await uow.run(
            """
            update skus k set weight_g = t.weight_g, title = t.title, updated_at = %(now)s
            from unnest(%(ids)s::uuid[], %(weights)s::int[], %(titles)s::text[]) as t (id, weight_g, title)
            where k.merchant_id = %(merchant_id)s and k.id = t.id
            """,
            ids=[sku_id for sku_id, *_ in others],
            weights=[weight for _, weight, _ in others],
            titles=[title for *_, title in others],
        )
    return bool(prices or others)


async def _edit_shelf(uow: UnitOfWork, product: Product, cells: dict[str, str]) -> bool:
    if not cells.get("shelf") or _is_yes(cells["shelf"]) == product.is_on_shelf:
        return False
    await shelf.turn(uow, [product.id], is_on_shelf=not product.is_on_shelf, why="bulk")
    return True
