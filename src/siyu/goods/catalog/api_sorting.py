"""JSON: categories, brands and tags."""

from uuid import UUID

import msgspec
from litestar import delete, get, put
from litestar.params import FromPath, JSONBody

from siyu.goods.catalog import sorting
from siyu.goods.catalog.model import Brand, Category, Tag
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.CATALOG_WRITE}
TAGS = ["Catalogue 商品"]


class CategoryWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a category is called and what it lies in; None: outermost."""

    name: str
    parent_id: UUID | None = None


@put("/api/v1/{slug:str}/categories/{category_id:uuid}", opt=WRITE, tags=TAGS)
async def save_category(category_id: FromPath[UUID], data: JSONBody[CategoryWords], uow: InUow) -> Category:
    """A new category under this id, or another name and place for the one there is."""
    if category_id in {category.id for category in await sorting.categories(uow)}:
        return await sorting.edit_category(uow, category_id, name=data.name, parent_id=data.parent_id)
    return await sorting.add_category(uow, category_id, data.name, parent_id=data.parent_id)


@delete("/api/v1/{slug:str}/categories/{category_id:uuid}", opt=WRITE, tags=TAGS)
async def remove_category(category_id: FromPath[UUID], uow: InUow) -> None:
    """Take an empty category away."""
    await sorting.remove_category(uow, category_id)


@put("/api/v1/{slug:str}/categories", opt=WRITE, tags=TAGS)
async def order_categories(data: JSONBody[list[UUID]], uow: InUow) -> list[Category]:
    """Put categories into this order; those that are not named follow as they were."""
    await sorting.order_categories(uow, data)
    return await sorting.categories(uow)


@get("/api/v1/{slug:str}/brands", opt=READ, tags=TAGS)
async def list_brands(uow: InUow) -> list[Brand]:
    """All brands in the merchant's order."""
    return await sorting.brands(uow)


class BrandWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a brand is called."""

    name: str


@put("/api/v1/{slug:str}/brands/{brand_id:uuid}", opt=WRITE, tags=TAGS)
async def save_brand(brand_id: FromPath[UUID], data: JSONBody[BrandWords], uow: InUow) -> Brand:
    """A new brand under this id, or another name for the one there is."""
    return await sorting.save_brand(uow, brand_id, data.name)


@delete("/api/v1/{slug:str}/brands/{brand_id:uuid}", opt=WRITE, tags=TAGS)
async def remove_brand(brand_id: FromPath[UUID], uow: InUow) -> None:
    """Take a brand without goods away."""
    await sorting.remove_brand(uow, brand_id)


@get("/api/v1/{slug:str}/product-tags", opt=READ, tags=TAGS)
async def list_tags(uow: InUow) -> list[Tag]:
    """All tags in the merchant's order."""
    return await sorting.tags(uow)


class TagWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`name` may be another one than in the address: the tag is renamed on all goods."""

    name: str
    is_shown: bool = True


@put("/api/v1/{slug:str}/product-tags/{tag:str}", opt=WRITE, tags=TAGS)
async def save_tag(tag: FromPath[str], data: JSONBody[TagWords], uow: InUow) -> list[Tag]:
    """A new tag, or other words for the one there is."""
    old = tag if tag in {known.name for known in await sorting.tags(uow)} else None
    await sorting.save_tag(uow, data.name, is_shown=data.is_shown, old_name=old)
    return await sorting.tags(uow)


@delete("/api/v1/{slug:str}/product-tags/{tag:str}", opt=WRITE, tags=TAGS)
async def remove_tag(tag: FromPath[str], uow: InUow) -> None:
    """Take a tag away, from all goods too."""
    await sorting.remove_tag(uow, tag)


routes = [
    save_category,
    remove_category,
    order_categories,
    list_brands,
    save_brand,
    remove_brand,
    list_tags,
    save_tag,
    remove_tag,
]
