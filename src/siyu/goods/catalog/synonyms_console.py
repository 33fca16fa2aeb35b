"""Search on the console: words that mean the same. And a fragment: why a price is struck through."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from siyu import web
from siyu.goods.catalog import queries, reference_price, searching
from siyu.goods.catalog.model import Sku
from siyu.goods.catalog.reference_price import PriceSet, Reference
from siyu.kernel import ids
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.CATALOG_WRITE}


@get("/console/{slug:str}/products/synonyms", opt=READ)
async def synonym_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Groups of words that find each other."""
    return web.page(
        request, "catalog/console_synonyms.html", merchant=merchant, groups=await searching.synonyms(uow)
    )


@post("/console/{slug:str}/products/synonyms", opt=WRITE, status_code=200)
async def save_synonyms(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """A new group, another wording of one, or none any more when the field is empty."""
    form = await request.form()
    try:
        group_id = UUID(str(form.get("group") or form.get("idempotency_key") or ""))
    except ValueError:
        group_id = ids.new()
    text = str(form.get("words", ""))
    for separator in "，、;；\n":
        text = text.replace(separator, ",")
    await searching.save_synonyms(uow, group_id, text.split(","))
    return web.done(
        request, f"/console/{merchant.slug}/products/synonyms", web.mark("同义词已保存，搜索立刻生效")
    )


class Struck(msgspec.Struct, frozen=True):
    """A SKU with its reference price, if it has one, and the prices that were set without a deal."""

    sku: Sku
    reference: Reference | None
    idle: list[PriceSet]


@get("/console/{slug:str}/products/{product_id:uuid}/reference-price", opt=READ)
async def reference_prices(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the product's page: which price is struck through in the shop, and why."""
    product = await queries.product(uow, product_id)
    sku_ids = [sku.id for sku in product.skus]
    found = await reference_price.reference_prices(uow, sku_ids)
    idle = await reference_price.without_deals(uow, sku_ids)
    return web.page(
        request,
        "catalog/console_reference_price.html",
        merchant=merchant,
        rows=[
            Struck(sku, found.get(sku.id), [each for each in idle if each.sku_id == sku.id])
            for sku in product.skus
        ],
    )


routes = [synonym_list, save_synonyms, reference_prices]
