"""Counting on the phone, blind: nobody sees what the books expect, so nobody counts towards it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from siyu import web
from siyu.goods.inventory import fields, stocktakes
from siyu.goods.inventory.stocktakes import Count
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant

COUNT = {"permission": Permission.STOCK_COUNT}
LINES_SHOWN = 60  # a phone's page; the search finds the others


@get("/desk/{slug:str}/stocktakes", opt=COUNT)
async def stocktake_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """What is to be counted."""
    page = await stocktakes.stocktakes(uow, state="counting")
    return web.page(request, "inventory/desk_stocktakes.html", merchant=merchant, stocktakes=page.items)


@get("/desk/{slug:str}/stocktakes/{stocktake_id:uuid}", opt=COUNT)
async def count_page(
    *,
    request: Request[Any, Any, Any],
    stocktake_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    q: FromQuery[str] = "",
    show: FromQuery[str] = "open",
) -> Response[str]:
    """The sheet: those not counted yet first in sight; a scanned or typed code finds its line."""
    found = await stocktakes.stocktake(uow, stocktake_id)
    if not actor.sees(found.location_id):
        raise NotFound(what="盘点单 / stocktake")
    everything = await stocktakes.stocktake_lines(uow, stocktake_id, search=q)
    lines = everything if q.strip() or show == "all" else [one for one in everything if one.counted is None]
    return web.page(
        request,
        "inventory/desk_count.html",
        merchant=merchant,
        stocktake=found,
        lines=lines[:LINES_SHOWN],
        hidden=max(len(lines) - LINES_SHOWN, 0),
        q=q.strip(),
        show="all" if show == "all" else "open",
    )


@post("/desk/{slug:str}/stocktakes/{stocktake_id:uuid}", opt=COUNT)
async def count(
    request: Request[Any, Any, Any], stocktake_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Redirect:
    """One line was counted. A SKU that is not on the sheet is named by its code and added."""
    form = await request.form()
    sku_id = await fields.sku_of(uow, fields.told(form, "sku"), fields.told(form, "code"))
    pieces = fields.whole(fields.told(form, "quantity"), least=0)
    await stocktakes.record(uow, stocktake_id, [Count(sku_id, pieces, fields.key_of(form))])
    here = f"/desk/{merchant.slug}/stocktakes/{stocktake_id}"
    return Redirect(fields.address(here, show=fields.told(form, "show")), status_code=303)


routes = [stocktake_list, count_page, count]
