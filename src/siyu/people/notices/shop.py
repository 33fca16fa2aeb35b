"""My notices in the shop: the list, and the entry on my page with how many are new."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.params import FromQuery

from siyu import web
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.people.notices import queries, telling
from siyu.people.notices.saying import said
from siyu.runtime.edge import ByActor, InUow, OfMerchant

SHOPPER = {"permission": Permission.SHOPPER}


@get("/shop/{slug:str}/notices", opt=SHOPPER, include_in_schema=False)
async def my_notices(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    after: FromQuery[str] = "",
) -> Response[str]:
    """What I was told, newest first. Seeing a notice makes it read."""
    here, language = f"/shop/{merchant.slug}/notices", web.language_of(request)
    page = await queries.listing(uow, actor.customer_id, after=after_moment(after))
    await telling.mark_read(uow, actor.customer_id, [one.id for one in page.items])
    return web.page(
        request,
        "notices/shop_notices.html",
        merchant=merchant,
        notices=[said(one, merchant, language) for one in page.items],
        next_href=f"{here}?{urlencode({'after': page.next})}" if page.next else None,
        first_href=here if after else None,
    )


@get("/shop/{slug:str}/notices/entry", opt=SHOPPER, include_in_schema=False)
async def entry(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """The line of my page that leads to my notices, with how many are new."""
    return web.page(
        request,
        "notices/shop_entry.html",
        merchant=merchant,
        count=await queries.unread(uow, actor.customer_id),
    )


routes = [my_notices, entry]
