"""JSON: what is sold, what it costs, how much of it there is."""

from uuid import UUID

import msgspec
from litestar import MediaType, Request, get, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response.base import ASGIResponse

from siyu.goods.catalog import api_products, api_sorting, queries, sorting
from siyu.goods.catalog.actions import set_price
from siyu.goods.catalog.model import Category, PriceChanged, Product, ProductCard
from siyu.kernel.paging import Page, after_position
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, provide_merchant, services

TAGS = ["Catalogue 商品"]


@get(
    "/api/v1/{slug:str}/products/{product_id:uuid}",
    opt={"public": True},
    tags=TAGS,
    responses={200: ResponseSpec(Product, generate_examples=False)},
)
async def read_product(request: Request, product_id: FromPath[UUID]) -> ASGIResponse:
    """A product with its SKUs. Prices are minor units of `currency`."""
    # A hot path reads what it needs from the request: resolving dependencies costs more than the product.
    body = await queries.read_product(services(request).database, provide_merchant(request), product_id)
    return ASGIResponse(body=body, media_type=MediaType.JSON)


@get("/api/v1/{slug:str}/products", opt={"public": True}, tags=TAGS)
async def list_products(
    uow: InUow,
    category_id: FromQuery[UUID | None] = None,
    search: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 20,
) -> Page[ProductCard]:
    """Products on the shelf; `next` of one page is `after` of the following one."""
    return await queries.cards(
        uow, category_id=category_id, search=search, after=after_position(after), limit=limit
    )


@get("/api/v1/{slug:str}/categories", opt={"public": True}, tags=TAGS)
async def list_categories(uow: InUow) -> list[Category]:
    """All categories in the merchant's order."""
    return await sorting.categories(uow)


class NewPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price in minor units of the merchant's currency."""

    price: int


@put("/api/v1/{slug:str}/skus/{sku_id:uuid}/price", opt={"permission": Permission.CATALOG_WRITE}, tags=TAGS)
async def change_price(sku_id: FromPath[UUID], data: JSONBody[NewPrice], uow: InUow) -> PriceChanged:
    """Give a SKU a new price. The old one is kept in its history."""
    return await set_price(uow, sku_id, data.price)


routes = [
    read_product,
    list_products,
    list_categories,
    change_price,
    *api_products.routes,
    *api_sorting.routes,
]
