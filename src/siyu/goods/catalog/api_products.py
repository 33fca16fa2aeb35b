"""JSON: adding products and changing what they are, one by one or many at once."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, JSONBody

from siyu.goods.catalog import actions, bulk, bundles, copying, editing, matrix, queries, shelf
from siyu.goods.catalog.actions import NewProduct, NewSku
from siyu.goods.catalog.bulk import BulkEdit, PricePreview
from siyu.goods.catalog.editing import ProductWords
from siyu.goods.catalog.model import BundlePart, Component, Option, Product
from siyu.goods.catalog.options import Matrix, WantedSku, check_matrix, title_of
from siyu.goods.catalog.shelf import Schedule
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.CATALOG_WRITE}
TAGS = ["Catalogue 商品"]


class AddProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A product with its options and SKUs. `id` is made by the asker: a second time changes nothing.

    `components` are those of a bundle. Moments are UTC: with a `shelf_from` to come it waits off the shelf.
    """

    words: ProductWords
    skus: tuple[WantedSku, ...]
    options: tuple[Option, ...] = ()
    components: tuple[Component, ...] = ()
    is_on_shelf: bool = True
    shelf_from: datetime | None = None
    shelf_until: datetime | None = None
    id: UUID = msgspec.field(default_factory=ids.new)


@post("/api/v1/{slug:str}/products", opt=WRITE, tags=TAGS, status_code=201)
async def add_product(data: JSONBody[AddProduct], uow: InUow) -> Product:
    """Add a product with its SKUs; prices are minor units."""
    if not await queries.is_known(uow, data.id):
        await _add(uow, data)
    return await queries.product(uow, data.id)


async def _add(uow: UnitOfWork, data: AddProduct) -> None:
    words = data.words
    editing.check_words(words)
    editing.check_kind(words)
    await editing.check_references(uow, words)
    await editing.check_category(uow, words.category_id)
    check_matrix(Matrix(data.options, data.skus), words.kind)
    product = NewProduct(
        category="category",
        title=words.title.strip(),
        skus=tuple(
            NewSku(
                sku.code.strip(), sku.price, title_of(sku.choices), sku.weight_g, sku.choices, sku.is_sellable
            )
            for sku in data.skus
        ),
        subtitle=words.subtitle.strip(),
        description=words.description.strip(),
        unit=words.unit.strip(),
        id=data.id,
        kind=words.kind,
        brand_id=words.brand_id,
        tags=tuple(dict.fromkeys(words.tags)),
        pictures=tuple(dict.fromkeys(words.pictures or ())),
        options=data.options,
        return_policy=words.return_policy,
        return_reason=words.return_reason,
        valid_days=words.valid_days,
        freight_template_id=words.freight_template_id,
        is_on_shelf=data.is_on_shelf,
    )
    await actions.add_products(uow, [product], {"category": words.category_id})
    if words.kind == "bundle":
        await bundles.set_bundle(uow, data.id, data.components)
    if data.shelf_from or data.shelf_until:
        await shelf.set_schedule(uow, data.id, _utc(Schedule(data.shelf_from, data.shelf_until)))


def _utc(schedule: Schedule) -> Schedule:
    """Raises Invalid for a moment that does not say where in the world it is meant."""
    for field in ("shelf_from", "shelf_until"):
        moment = getattr(schedule, field)
        if moment is not None and moment.tzinfo is None:
            raise Invalid(field=field, zh="时间需带时区。", en="A moment needs its offset from UTC.")
    return schedule


@put("/api/v1/{slug:str}/products/{product_id:uuid}", opt=WRITE, tags=TAGS)
async def edit_product(product_id: FromPath[UUID], data: JSONBody[ProductWords], uow: InUow) -> Product:
    """Let a product say something else. What is left out is empty, except pictures, which stay."""
    await editing.edit_product(uow, product_id, data)
    return await queries.product(uow, product_id)


@put("/api/v1/{slug:str}/products/{product_id:uuid}/options", opt=WRITE, tags=TAGS)
async def set_options(product_id: FromPath[UUID], data: JSONBody[Matrix], uow: InUow) -> Product:
    """Let a product have these options and SKUs and no others. What was sold is kept but offered no more."""
    await matrix.set_matrix(uow, product_id, data)
    return await queries.product(uow, product_id)


@get("/api/v1/{slug:str}/products/{product_id:uuid}/components", opt=READ, tags=TAGS)
async def list_components(product_id: FromPath[UUID], uow: InUow) -> list[BundlePart]:
    """What a bundle consists of; nothing for any other product."""
    return await bundles.bundle_parts(uow, product_id)


@put("/api/v1/{slug:str}/products/{product_id:uuid}/components", opt=WRITE, tags=TAGS)
async def set_components(
    product_id: FromPath[UUID], data: JSONBody[list[Component]], uow: InUow
) -> list[BundlePart]:
    """Let a bundle consist of these SKUs."""
    await bundles.set_bundle(uow, product_id, data)
    return await bundles.bundle_parts(uow, product_id)


class OnShelf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a product is for sale."""

    is_on_shelf: bool


@put("/api/v1/{slug:str}/products/{product_id:uuid}/shelf", opt=WRITE, tags=TAGS)
async def set_shelf(product_id: FromPath[UUID], data: JSONBody[OnShelf], uow: InUow) -> OnShelf:
    """Put a product on the shelf or take it off."""
    await actions.set_shelf(uow, product_id, is_on_shelf=data.is_on_shelf)
    return data


@put("/api/v1/{slug:str}/products/{product_id:uuid}/schedule", opt=WRITE, tags=TAGS)
async def set_schedule(product_id: FromPath[UUID], data: JSONBody[Schedule], uow: InUow) -> Schedule:
    """When a product comes onto the shelf and when it leaves; answers with what is still to come."""
    await shelf.set_schedule(uow, product_id, _utc(data))
    return await shelf.schedule(uow, product_id)


class Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is the copy's, made by the asker: a second time changes nothing."""

    id: UUID = msgspec.field(default_factory=ids.new)


@post("/api/v1/{slug:str}/products/{product_id:uuid}/copies", opt=WRITE, tags=TAGS, status_code=201)
async def copy_product(product_id: FromPath[UUID], data: JSONBody[Copy], uow: InUow) -> Product:
    """The same again under other codes, off the shelf and without stock."""
    return await queries.product(uow, await copying.copy_product(uow, product_id, data.id))


class StartBulkEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is the job's, made by the asker: a second time changes nothing."""

    edit: BulkEdit
    id: UUID = msgspec.field(default_factory=ids.new)


class Started(msgspec.Struct, frozen=True):
    job_id: Annotated[UUID, msgspec.Meta(description="Its progress is at `/console/{slug}/jobs/{job_id}`.")]


@post("/api/v1/{slug:str}/product-edits", opt=WRITE, tags=TAGS, status_code=202)
async def start_bulk_edit(data: JSONBody[StartBulkEdit], uow: InUow) -> Started:
    """One change to many products, done in the background."""
    return Started(await bulk.start(uow, data.edit, data.id))


@post("/api/v1/{slug:str}/product-edits/preview", opt=WRITE, tags=TAGS, status_code=200)
async def preview_bulk_edit(data: JSONBody[BulkEdit], uow: InUow) -> list[PricePreview]:
    """What a change of prices would do to the first two hundred SKUs."""
    return await bulk.preview(uow, data)


routes = [
    add_product,
    edit_product,
    set_options,
    list_components,
    set_components,
    set_shelf,
    set_schedule,
    copy_product,
    start_bulk_edit,
    preview_bulk_edit,
]
