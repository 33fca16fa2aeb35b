"""My points: what I have, when it ends, and every movement."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.params import FromQuery

from siyu import web
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.people.points import queries, words
from siyu.people.points.ruling import rule
from siyu.runtime.edge import ByActor, InUow, OfMerchant


@get("/shop/{slug:str}/me/points", opt={"permission": Permission.SHOPPER}, include_in_schema=False)
async def my_points(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    after: FromQuery[str] = "",
) -> Response[str]:
    """My points with their ends and their history."""
    customer_id = actor.customer_id
    here = f"/shop/{merchant.slug}/me/points"
    page = await queries.movements(uow, customer_id=customer_id, after=after_moment(after), limit=30)
    return web.page(
        request,
        "points/shop_points.html",
        merchant=merchant,
        told=await queries.statement(uow, customer_id),
        endings=await queries.endings(uow, customer_id),
        movements=page.items,
        rule=await rule(uow),
        words=words,
        half=partial(web.half, web.language_of(request)),
        next_href=f"{here}?{urlencode({'after': page.next})}" if page.next else None,
        first_href=here if after else None,
    )


routes = [my_points]
