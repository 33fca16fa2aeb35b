"""A presale in the shop: its price, its deposit, both dates, in plain words before anything is ordered."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.goods import catalog
from siyu.kernel.errors import NotFound
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.presales import queries
from siyu.trade.presales.rules import is_lawful, unit_prices


@get("/shop/{slug:str}/presales/{offer_id:uuid}", opt={"public": True})
async def presale_page(
    *,
    request: Request[Any, Any, Any],
    offer_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    sku: FromQuery[UUID | None] = None,
) -> Response[str]:
    """One presale and its goods; `sku` is the one that was looked at."""
    offer = await queries.find(uow, offer_id)
    if offer.state == "draft":
        raise NotFound(what="预售 / presale")
    prices = await catalog.prices(uow, list(offer.rule.prices))
    chosen = sku if sku in prices else next(iter(prices), None)
    return web.page(
        request,
        "presales/shop_presale.html",
        merchant=merchant,
        offer=offer,
        prices=prices,
        amounts=unit_prices(offer.rule),
        chosen=chosen,
        is_live=offer.is_live(uow.now) and offer.left != 0 and is_lawful(offer.rule),
    )


routes = [presale_page]
