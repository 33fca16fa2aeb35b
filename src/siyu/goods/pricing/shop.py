"""A fragment of the product page: what this shopper pays instead of the marked price, and from how many units on."""

from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from siyu import web
from siyu.goods import catalog
from siyu.goods.pricing import explaining
from siyu.goods.pricing.calculating import build_up
from siyu.goods.pricing.model import Buyer, Line, Rules
from siyu.goods.pricing.reading import load
from siyu.kernel import money
from siyu.runtime.edge import ByActor, InUow, OfMerchant


class OwnPrice(msgspec.Struct, frozen=True):
    """What one unit of a SKU costs this shopper from `least` units on; `name` says why, "中文 / english"."""

    title: str
    least: int
    price: int
    name: str


@get("/shop/{slug:str}/product/{product_id:uuid}/prices", opt={"public": True}, include_in_schema=False)
async def own_prices(
    request: Request[Any, Any, Any],
    product_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """Prices below the marked one that this shopper gets now; nothing where there are none."""
    product = await catalog.product(uow, product_id)
    rules = await load(uow, [sku.id for sku in product.skus])
    customer_id = actor.id if actor.kind == "customer" else None
    level = await explaining.customer_level(uow, customer_id) if customer_id and rules.lists else ""
    buyer = Buyer(customer_id, level)
    found = [
        price
        for sku in product.skus
        if sku.is_sellable
        for price in _own(product, sku, buyer, rules, uow.now)
    ]
    return web.page(
        request,
        "pricing/shop_own.html",
        merchant=merchant,
        prices=found,
        half=partial(web.half, web.language_of(request)),
    )


def _own(product: catalog.Product, sku: catalog.Sku, buyer: Buyer, rules: Rules, now: Any) -> list[OwnPrice]:
    """The prices of a SKU at one unit and at every quantity that changes it."""
    leasts = sorted({1, *(tier.least for tier in rules.tiers if tier.sku_id == sku.id)})
    found: list[OwnPrice] = []
    paid = sku.price
    for least in leasts:
        line = Line(1, sku.id, product.id, product.category_id, least, sku.price)
        (priced,) = build_up([line], buyer, rules, now).lines
        unit = money.share_of_units(priced.amount, least, 0, 1)
        if unit < paid:
            paid = unit
            found.append(
                OwnPrice(sku.title if len(product.skus) > 1 else "", least, unit, priced.steps[-1].name)
            )
    return found


routes = [own_prices]
