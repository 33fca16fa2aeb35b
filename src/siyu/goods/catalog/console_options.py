"""Options and SKUs of a product on the console, and what a bundle consists of."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.goods.catalog import drafting, forms, matrix, queries
from siyu.goods.catalog.model import CodeTaken
from siyu.goods.catalog.queries import Filter
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant

WRITE = {"permission": Permission.CATALOG_WRITE}
PICKED_MAX = 8  # what a picker shows; more words find less


@post("/console/{slug:str}/products/options/draft", opt=WRITE, status_code=200)
async def draft(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """The options and rows of a form after a change; nothing is written."""
    form = await request.form()
    drafted = drafting.changed(
        drafting.typed(form.items()),
        forms.text(form, "act"),
        forms.text(form, "at"),
        {name: value for name, value in form.items() if isinstance(value, str)},
    )
    return web.page(request, "catalog/console_matrix.html", merchant=merchant, draft=drafted)


@get("/console/{slug:str}/products/{product_id:uuid}/options", opt=WRITE)
async def options_page(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """Options, values and the SKUs made of them."""
    product = await queries.product(uow, product_id)
    return web.page(
        request,
        "catalog/console_options.html",
        merchant=merchant,
        product=product,
        draft=drafting.draft_of(product, merchant.currency),
    )


@post("/console/{slug:str}/products/{product_id:uuid}/options", opt=WRITE, status_code=200)
async def save_options(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Let the product have these SKUs. What was sold is kept, but offered no more."""
    form = await request.form()
    wanted = drafting.matrix_of(drafting.typed(form.items()), merchant.currency)
    try:
        await matrix.set_matrix(uow, product_id, wanted)
    except CodeTaken as problem:
        raise forms.at_its_row(problem, form) from None
    return web.done(request, f"/console/{merchant.slug}/products/{product_id}", web.mark("规格已保存"))


@get("/console/{slug:str}/products/pick", opt=WRITE)
async def pick(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, components: FromQuery[str] = ""
) -> Response[str]:
    """Products whose SKUs a bundle may contain."""
    words = components.strip()[:60]
    found = await queries.cards(uow, wanted=Filter(search=words), limit=PICKED_MAX * 2, on_shelf_only=False)
    simple = [card.id for card in found.items if card.kind in ("physical", "weighed")][:PICKED_MAX]
    return web.page(
        request,
        "catalog/console_pick.html",
        merchant=merchant,
        products=await queries.cards_of(uow, simple) if words else [],
        search=words,
    )


@get("/console/{slug:str}/products/pick/{sku_id:uuid}", opt=WRITE)
async def picked(
    request: Request[Any, Any, Any], sku_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One more component for a bundle's form."""
    price = (await queries.prices(uow, [sku_id])).get(sku_id)
    return web.page(
        request,
        "catalog/console_picked.html",
        merchant=merchant,
        parts=[(price.sku_id, price.title, price.sku_title, price.picture, price.price, 1)] if price else [],
    )


routes = [draft, options_page, save_options, pick, picked]
