"""What a buyer sees of fulfilment: parcels and where they are, what is still to come, codes to show."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from siyu import web
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant, WithSettings
from siyu.trade import orders
from siyu.trade.fulfilment import carriers, code_queries, queries, rides, words
from siyu.trade.fulfilment.model import WaitingLine

SHOPPER = {"permission": Permission.SHOPPER}


@get("/shop/{slug:str}/orders/{order_id:uuid}/parcels", opt=SHOPPER, include_in_schema=False)
async def of_order(
    *,
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[str]:
    """A fragment for the buyer's order: what is on its way, what is still to come, and the codes."""
    order = await orders.find(uow, order_id, customer_id=actor.customer_id)
    is_running = order.state in {"paid", "shipped", "picked_up", "received"}
    return web.page(
        request,
        "fulfilment/shop_parcels.html",
        merchant=merchant,
        order=order,
        parcels=[one for one in await queries.parcels_of(uow, order_id) if one.state == "sent"],
        carriers=await carriers.every(uow),
        to_come=to_come(order) if is_running and order.delivery in {"express", "local"} else [],
        ride=await rides.ride_of_order(uow, order_id),
        codes=await code_queries.codes_of(uow, order_id),
        words=words,
        redeem_link=f"{settings.base_url}/desk/{merchant.slug}/redeem?code=",
    )


def to_come(order: orders.Order) -> list[WaitingLine]:
    """Goods that have not left yet."""
    return [
        WaitingLine(line.line_no, line.title, line.sku_title, line.waiting)
        for line in order.lines
        if line.kind != "virtual" and line.waiting > 0
    ]


routes = [of_order]
