"""Products on the console: the list, a new one, and one with everything that can be changed about it."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.goods import media
from siyu.goods.catalog import (
    actions,
    bundles,
    console_bulk,
    console_options,
    console_sorting,
    copying,
    description,
    drafting,
    editing,
    forms,
    queries,
    shelf,
    sorting,
)
from siyu.goods.catalog.actions import NewProduct
from siyu.goods.catalog.editing import ProductWords
from siyu.goods.catalog.model import CodeTaken, Product
from siyu.goods.catalog.queries import Filter
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import after_position
from siyu.kernel.permissions import Permission
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings
from siyu.settings import Settings

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.CATALOG_WRITE}
SHELF_STATES = {"on": True, "off": False}


@get("/console/{slug:str}/products", opt=READ)
async def product_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    category: FromQuery[UUID | None] = None,
    brand: FromQuery[UUID | None] = None,
    tag: FromQuery[str] = "",
    kind: FromQuery[str] = "",
    shelf_state: Annotated[str, QueryParameter(name="shelf")] = "",
    stock: FromQuery[str] = "",
    q: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
) -> Response[str]:
    """Products in the merchant's order, those off the shelf too."""
    wanted = Filter(
        category_id=category,
        brand_id=brand,
        tag=tag or None,
        kind=kind or None,
        is_on_shelf=SHELF_STATES.get(shelf_state),
        is_sold_out=True if stock == "none" else None,
        search=q,
    )
    found = await queries.cards(
        uow, wanted=wanted, after=after_position(after), limit=50, on_shelf_only=False
    )
    here = f"/console/{merchant.slug}/products"
    asked = {
        "category": str(category or ""), "brand": str(brand or ""), "tag": tag, "kind": kind, "shelf": shelf_state,
        "stock": stock, "q": q.strip(),
    }  # fmt: skip
    return web.page(
        request,
        "catalog/console_list.html",
        merchant=merchant,
        products=found.items,
        categories=await sorting.categories(uow),
        brands=await sorting.brands(uow),
        tags=await sorting.tags(uow),
        asked=asked,
        first_href=_address(here, asked) if after else None,
        next_href=_address(here, {**asked, "after": found.next}) if found.next else None,
    )


def _address(path: str, asked: dict[str, str]) -> str:
    said = {name: value for name, value in asked.items() if value}
    return f"{path}?{urlencode(said)}" if said else path


@get("/console/{slug:str}/products/new", opt=WRITE)
async def new_product(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """An empty form beside the card that shoppers will see."""
    return web.page(
        request,
        "catalog/console_new.html",
        merchant=merchant,
        **await _choices(uow),
        product=None,
        draft=drafting.empty_draft(),
        key=str(ids.new()),
    )


async def _choices(uow: UnitOfWork) -> dict[str, Any]:
    """What the form offers to choose from."""
    return {
        "categories": await sorting.categories(uow),
        "brands": await sorting.brands(uow),
        "tags": await sorting.tags(uow),
        "reasons": editing.RETURN_REASONS,
    }


@post("/console/{slug:str}/products", opt=WRITE, status_code=200)
async def add_product(
    *,
    request: Request[Any, Any, Any],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """A new product with its SKUs: on the shelf now, at a moment, or not yet. A second tap adds no second one."""
    form = await request.form()
    picture = await _picture(form, database, merchant, actor, settings)
    async with database.begin(merchant, actor) as uow:
        product_id = await _add(uow, form, picture)
    said = {
        "off": web.mark("商品已保存，还没有上架"),
        "later": web.mark("商品已保存，到时自动上架"),
    }.get(forms.text(form, "shelf"), web.mark("商品已上架，记得到库存页收货"))
    return web.done(request, f"/console/{merchant.slug}/products/{product_id}", said)


async def _add(uow: UnitOfWork, form: FormMultiDict, picture: str) -> UUID:
    product_id = forms.id_of(forms.text(form, "idempotency_key"), "title") or ids.new()
    if await queries.is_known(uow, product_id):
        return product_id
    words = await forms.words(form, uow, picture)
    editing.check_words(words)
    editing.check_kind(words)
    await editing.check_references(uow, words)
    options, skus = forms.new_skus(form, uow.merchant.currency, words.kind)
    when = forms.text(form, "shelf")
    product = NewProduct(
        category="category",
        title=words.title.strip(),
        skus=skus,
        subtitle=words.subtitle.strip(),
        description=words.description.strip(),
        unit=words.unit.strip(),
        id=product_id,
        options=options,
        pictures=tuple(dict.fromkeys(key for key in (picture, *(words.pictures or ())) if key)),
        is_on_shelf=when not in ("off", "later"),
        **{name: getattr(words, name) for name in CARRIED},
    )
    try:
        await actions.add_products(uow, [product], {"category": words.category_id})
    except CodeTaken as problem:
        raise forms.at_its_row(problem, form) from None
    if words.kind == "bundle":
        await bundles.set_bundle(uow, product_id, forms.components(form))
    await _schedule(uow, form, product_id, when)
    return product_id


CARRIED = (
    "kind", "brand_id", "tags", "return_policy", "return_reason", "valid_days", "freight_template_id",
)  # fmt: skip


async def _schedule(uow: UnitOfWork, form: FormMultiDict, product_id: UUID, when: str) -> None:
    wanted = forms.schedule(form, uow.merchant.timezone)
    if when == "later" and wanted.shelf_from is None:
        raise Invalid(field="shelf_from", zh="请填写上架时间。", en="Say when it comes onto the shelf.")
    if when == "later" or wanted.shelf_until is not None:
        begin = wanted.shelf_from if when == "later" else None
        await shelf.set_schedule(uow, product_id, shelf.Schedule(begin, wanted.shelf_until))


async def _picture(
    form: FormMultiDict, database: Database, merchant: Merchant, actor: Actor, settings: Settings
) -> str:
    """The picture chosen in the form itself, kept; empty without one."""
    upload = form.get("picture")
    if upload is None or isinstance(upload, str) or not upload.filename:
        return ""
    body = await upload.read(media.BYTES_MAX + 1)
    return (await media.keep(database, merchant, actor, settings, body)).key


@post("/console/{slug:str}/products/preview", opt=WRITE, status_code=200)
async def preview(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """What a description will look like on a phone."""
    said = forms.text(await request.form(), "description")[: editing.DESCRIPTION_MAX]
    return web.page(
        request,
        "catalog/console_preview.html",
        merchant=merchant,
        description=description.rendered(said, merchant.slug),
    )


@get("/console/{slug:str}/products/{product_id:uuid}", opt=READ)
async def product_page(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One product: what it says, what its SKUs cost and did cost, when it came and went."""
    product = await queries.product(uow, product_id)
    return web.page(
        request,
        "catalog/console_product.html",
        merchant=merchant,
        product=product,
        **await _choices(uow),
        parts=await bundles.bundle_parts(uow, product_id) if product.kind == "bundle" else [],
        changes=await editing.price_changes(uow, product_id),
        schedule=await shelf.schedule(uow, product_id),
        shelf_changes=await shelf.shelf_changes(uow, product_id),
        copy_key=str(ids.new()),
        zone=ZoneInfo(merchant.timezone),
        rendered=description.rendered(product.description, merchant.slug),
    )


@post("/console/{slug:str}/products/{product_id:uuid}", opt=WRITE, status_code=200)
async def edit_product(
    *,
    request: Request[Any, Any, Any],
    product_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Change what it says. A form without pictures keeps those there are."""
    form = await request.form()
    picture = await _picture(form, database, merchant, actor, settings)
    async with database.begin(merchant, actor) as uow:
        words = await forms.words(form, uow, picture)
        known = await queries.product(uow, product_id)
        await editing.edit_product(uow, product_id, _as_it_was(words, form, known))
        if words.kind == "bundle" and "kind" in form:
            await bundles.set_bundle(uow, product_id, forms.components(form))
    return web.done(request, f"/console/{merchant.slug}/products/{product_id}", web.mark("商品已保存"))


def _as_it_was(words: ProductWords, form: FormMultiDict, known: Product) -> ProductWords:
    """What a short form does not speak of stays."""
    if "kind" in form:
        return words
    kept = {name: getattr(known, name) for name in CARRIED}
    return ProductWords(
        words.category_id, words.title, words.subtitle, words.description, words.unit, words.picture,
        words.pictures, **kept,
    )  # fmt: skip


@post("/console/{slug:str}/products/{product_id:uuid}/shelf", opt=WRITE, status_code=200)
async def set_shelf(
    *,
    request: Request[Any, Any, Any],
    product_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    back: Annotated[str, QueryParameter(name="back")] = "product",
) -> Response[Any]:
    """On the shelf, or off it. Orders that were placed stay as they are."""
    is_on_shelf = (await request.form()).get("is_on_shelf") == "1"
    await actions.set_shelf(uow, product_id, is_on_shelf=is_on_shelf)
    said = web.mark("已上架") if is_on_shelf else web.mark("已下架，顾客不能再购买")
    here = f"/console/{merchant.slug}/products"
    return web.done(request, here if back == "list" else f"{here}/{product_id}", said)


@post("/console/{slug:str}/products/{product_id:uuid}/schedule", opt=WRITE, status_code=200)
async def set_schedule(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """When it comes onto the shelf and when it leaves; empty fields mean never."""
    wanted = forms.schedule(await request.form(), merchant.timezone)
    await shelf.set_schedule(uow, product_id, wanted)
    return web.done(request, f"/console/{merchant.slug}/products/{product_id}", web.mark("上下架时间已保存"))


@post("/console/{slug:str}/products/{product_id:uuid}/copy", opt=WRITE, status_code=200)
async def copy_product(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The same again under other codes, off the shelf."""
    copy_id = forms.id_of(forms.text(await request.form(), "idempotency_key"), "title") or ids.new()
    await copying.copy_product(uow, product_id, copy_id)
    path = f"/console/{merchant.slug}/products/{copy_id}"
    return web.done(request, path, web.mark("已复制为新商品，改好后再上架"))


@post("/console/{slug:str}/products/{product_id:uuid}/skus/{sku_id:uuid}/price", opt=WRITE, status_code=200)
async def change_price(
    *,
    request: Request[Any, Any, Any],
    product_id: FromPath[UUID],
    sku_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """A new price from now on; the old one stays in the history."""
    field = f"price-{sku_id}"
    price = drafting.price_of(forms.text(await request.form(), field), merchant.currency, field)
    changed = await actions.set_price(uow, sku_id, price)
    return web.done(
        request,
        f"/console/{merchant.slug}/products/{product_id}",
        web.mark("价格已从 {old} 改为 {new}"),
        old=web.amount(changed.old_price, merchant.currency),
        new=web.amount(changed.new_price, merchant.currency),
    )


@post(
    "/console/{slug:str}/products/{product_id:uuid}/skus/{sku_id:uuid}/sellable", opt=WRITE, status_code=200
)
async def set_sellable(
    *,
    request: Request[Any, Any, Any],
    product_id: FromPath[UUID],
    sku_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Stop selling one SKU, or sell it again."""
    is_sellable = (await request.form()).get("is_sellable") == "1"
    await editing.set_sellable(uow, sku_id, is_sellable=is_sellable)
    said = web.mark("规格已恢复销售") if is_sellable else web.mark("规格已停售")
    return web.done(request, f"/console/{merchant.slug}/products/{product_id}", said)


routes = [
    product_list,
    new_product,
    add_product,
    preview,
    product_page,
    edit_product,
    set_shelf,
    set_schedule,
    copy_product,
    change_price,
    set_sellable,
    *console_options.routes,
    *console_sorting.routes,
    *console_bulk.routes,
]
