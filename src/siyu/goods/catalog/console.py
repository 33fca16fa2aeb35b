"""Products on the console: the list, one product with its prices, and a new one."""

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.goods.catalog import actions, editing, pictures, queries
from siyu.goods.catalog.actions import NewProduct, NewSku
from siyu.goods.catalog.editing import ProductWords
from siyu.kernel import ids, money
from siyu.kernel.errors import Invalid
from siyu.kernel.paging import after_position
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant, WithSettings
from siyu.settings import Settings

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.CATALOG_WRITE}
ROWS_AT_FIRST = 2  # most products have one SKU, many two; more rows are one tap away
CODE_LENGTH_MAX = 40


@get("/console/{slug:str}/products", opt=READ)
async def product_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    category: FromQuery[UUID | None] = None,
    q: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
) -> Response[str]:
    """Products in the merchant's order, those off the shelf too."""
    found = await queries.cards(
        uow, category_id=category, search=q, after=after_position(after), limit=50, on_shelf_only=False
    )
    here = f"/console/{merchant.slug}/products"
    kept = {"category": str(category) if category else "", "q": q.strip()}
    return web.page(
        request,
        "catalog/console_list.html",
        merchant=merchant,
        products=found.items,
        categories=await queries.categories(uow),
        category=category,
        q=q.strip(),
        first_href=_address(here, kept) if after else None,
        next_href=_address(here, {**kept, "after": found.next}) if found.next else None,
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
        categories=await queries.categories(uow),
        rows=[ids.code(6) for _ in range(ROWS_AT_FIRST)],
    )


@get("/console/{slug:str}/products/new/row", opt=WRITE, sync_to_thread=False)
def sku_row(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """One more row for a SKU."""
    return web.page(request, "catalog/console_sku_row.html", merchant=merchant, row=ids.code(6))


@post("/console/{slug:str}/products", opt=WRITE, status_code=200)
async def add_product(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, settings: WithSettings
) -> Response[Any]:
    """Put a product on the shelf with its SKUs. Rows left empty are none."""
    form = await request.form()
    words = await _words(form, uow, merchant, settings)
    editing.check_words(words)
    (category,) = [each for each in await queries.categories(uow) if each.id == words.category_id]
    product = NewProduct(
        category=category.name,
        title=words.title.strip(),
        skus=_new_skus(form, merchant.currency),
        subtitle=words.subtitle.strip(),
        description=words.description.strip(),
        picture=words.picture,
        unit=words.unit.strip(),
    )
    await actions.add_products(uow, [product], {category.name: category.id})
    path = f"/console/{merchant.slug}/products/{product.id}"
    return web.done(request, path, web.mark("商品已上架，记得到库存页收货"))


def _new_skus(form: FormMultiDict, currency: str) -> tuple[NewSku, ...]:
    """SKUs of the rows that were filled in, in their order. Raises Invalid at the field at fault."""
    rows = [name.removeprefix("price-") for name in form if name.startswith("price-")]
    skus: list[NewSku] = []
    for row in rows:
        code, title, price = (_text(form, f"{name}-{row}") for name in ("code", "title", "price"))
        if not (code or title or price):
            continue
        if not 1 <= len(code) <= CODE_LENGTH_MAX:
            raise Invalid(
                field=f"code-{row}",
                zh="请填写编码，最多 40 个字符。",
                en="Enter a code of at most 40 characters.",
            )
        skus.append(NewSku(code, price_of(price, currency, f"price-{row}"), title))
    if not skus and rows:
        raise Invalid(
            field=f"code-{rows[0]}",
            zh="至少填写一个规格的编码和价格。",
            en="Enter code and price of one SKU at least.",
        )
    return tuple(skus)


def price_of(text: str, currency: str, field: str) -> int:
    """A price in minor units from what a person typed. Raises Invalid at the field."""
    try:
        price = money.parse(text, currency)
    except ValueError:
        raise Invalid(
            field=field, zh="请输入金额，例如 12.80。", en="Enter an amount such as 12.80."
        ) from None
    if not 0 <= price <= actions.PRICE_MAX:
        raise Invalid(
            field=field, zh="价格需在 0 到 100 万元之间。", en="A price is between 0 and 1,000,000.00."
        )
    return price


def _text(form: FormMultiDict, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


async def _words(
    form: FormMultiDict, uow: UnitOfWork, merchant: Merchant, settings: Settings
) -> ProductWords:
    """What the form says of the product; a new category is made and the picture is kept. Raises Invalid."""
    return ProductWords(
        category_id=await _category(form, uow),
        title=_text(form, "title"),
        subtitle=_text(form, "subtitle"),
        description=_text(form, "description"),
        unit=_text(form, "unit") or "件",
        picture=await _picture(form, merchant, settings),
    )


async def _category(form: FormMultiDict, uow: UnitOfWork) -> UUID:
    fresh = _text(form, "new_category")[:20]
    if fresh:
        return (await actions.add_categories(uow, [(fresh, "")]))[fresh]
    known = {str(category.id): category.id for category in await queries.categories(uow)}
    chosen = _text(form, "category")
    if chosen not in known:
        raise Invalid(field="category", zh="请选择分类。", en="Choose a category.")
    return known[chosen]


async def _picture(form: FormMultiDict, merchant: Merchant, settings: Settings) -> str:
    upload = form.get("picture")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return ""
    data = await upload.read(pictures.BYTES_MAX + 1)
    return await asyncio.to_thread(pictures.keep, settings.folder("media", merchant.slug), data)


@get("/console/{slug:str}/products/{product_id:uuid}", opt=READ)
async def product_page(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One product: what it says, what its SKUs cost and did cost."""
    return web.page(
        request,
        "catalog/console_product.html",
        merchant=merchant,
        product=await queries.product(uow, product_id),
        categories=await queries.categories(uow),
        changes=await editing.price_changes(uow, product_id),
    )


@post("/console/{slug:str}/products/{product_id:uuid}", opt=WRITE, status_code=200)
async def edit_product(
    *,
    request: Request[Any, Any, Any],
    product_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    settings: WithSettings,
) -> Response[Any]:
    """Change what it says. Without a new picture it keeps the old one."""
    words = await _words(await request.form(), uow, merchant, settings)
    await editing.edit_product(uow, product_id, words)
    return web.done(request, f"/console/{merchant.slug}/products/{product_id}", web.mark("商品已保存"))


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
    price = price_of(_text(await request.form(), field), merchant.currency, field)
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
    sku_row,
    add_product,
    product_page,
    edit_product,
    set_shelf,
    change_price,
    set_sellable,
]
