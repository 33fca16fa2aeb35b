"""Arrivals by sheet: a template to fill in, an upload that is received whole or reported row by row."""

import asyncio
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromQuery

from siyu import web
from siyu.goods import catalog
from siyu.goods.inventory import fields, moving, queries, uploads
from siyu.goods.inventory.model import Pieces
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant

WRITE = {"permission": Permission.STOCK_WRITE}


@get("/console/{slug:str}/stock/upload", opt=WRITE)
async def upload_page(
    *, request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, export: FromQuery[str] = ""
) -> Response[Any]:
    """Choose a location and a sheet; with `export` the empty sheet."""
    if export:
        language = web.language_of(request)
        head = [web.mark("编码"), web.mark("件数"), web.mark("批号"), web.mark("到期日")]
        told = [web.translate(language, word) for word in head]
        return await web.sheet(request, web.translate(language, web.mark("收货表")), told, [], export)
    places = [place for place in await queries.locations(uow) if place.kind != "supplier"]
    return web.page(request, "inventory/console_upload.html", merchant=merchant, locations=places)


@post("/console/{slug:str}/stock/upload", opt=WRITE, status_code=200)
async def upload(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """All rows are received, or none and the report says what is wrong with which."""
    form = await request.form()
    place = fields.chosen(fields.told(form, "store"), field="store")
    moving.mine(uow, place)
    rows = await asyncio.to_thread(uploads.read, await fields.uploaded(form), least=1)
    known = await catalog.skus_by_code(uow, [row.code for row in rows])
    rows = uploads.resolved(rows, {code: (sku.sku_id, sku.title) for code, sku in known.items()})
    root = f"/console/{merchant.slug}/stock"
    if any(row.zh for row in rows):
        return web.page(
            request,
            "inventory/console_report.html",
            merchant=merchant,
            rows=rows,
            title=web.translate(web.language_of(request), web.mark("批量收货")),
            back=f"{root}/upload",
        )
    await moving.receive(
        uow,
        [Pieces(place, row.sku_id, row.quantity) for row in rows if row.sku_id],
        lot_names=[row.lot for row in rows],
        entry_id=fields.key_of(form),
    )
    return web.done(
        request,
        f"{root}/moves?reason=receive",
        web.mark("已收货 {n} 种商品，共 {pieces} 件"),
        n=len(rows),
        pieces=sum(row.quantity for row in rows),
    )


routes = [upload_page, upload]
