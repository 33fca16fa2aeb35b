"""Stocktakes on the console: the list, a new sheet, reviewing the differences, posting, sheets out and in."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.goods import catalog
from siyu.goods.inventory import fields, queries, stocktakes, uploads, words
from siyu.goods.inventory.stocktakes import StocktakeLine, WantedStocktake, counts_of
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant, WithSettings

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
SHOWN = {"": "", "open": "open", "different": "different"}


@get("/console/{slug:str}/stock/stocktakes", opt=READ)
async def stocktake_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    # Litestar keeps the name `state` for the application's own.
    stocktake_state: Annotated[str, QueryParameter(name="state")] = "",
    store: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
) -> Response[str]:
    """Stocktakes, newest first."""
    asked = stocktake_state if stocktake_state in words.STOCKTAKE_STATES else ""
    place = fields.uuid_or_none(store)
    page = await stocktakes.stocktakes(
        uow, state=asked, location_id=place, after=after, limit=fields.PAGE_ROWS
    )
    root = f"/console/{merchant.slug}/stock/stocktakes"
    kept = {"state": asked, "store": place}
    return web.page(
        request,
        "inventory/console_stocktakes.html",
        merchant=merchant,
        stocktakes=page.items,
        words=words,
        asked=asked,
        store=place,
        locations=await queries.locations(uow),
        categories=await catalog.categories(uow),
        first_href=fields.address(root, **kept) if after else None,
        next_href=fields.address(root, **kept, after=page.next) if page.next else None,
    )


@post("/console/{slug:str}/stock/stocktakes", opt=WRITE, status_code=200)
async def begin(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Open a sheet for a location, or a category there."""
    form = await request.form()
    made = await stocktakes.begin(
        uow,
        WantedStocktake(
            id=fields.key_of(form),
            location_id=fields.chosen(fields.told(form, "store"), field="store"),
            category_id=fields.uuid_or_none(fields.told(form, "category")),
            remark=fields.told(form, "remark"),
        ),
    )
    path = f"/console/{merchant.slug}/stock/stocktakes/{made.id}"
    return web.done(request, path, web.mark("盘点单 {number} 已建好"), number=made.number)


@get("/console/{slug:str}/stock/stocktakes/{stocktake_id:uuid}", opt=READ)
async def stocktake_page(
    *,
    request: Request[Any, Any, Any],
    stocktake_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    settings: WithSettings,
    only: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Response[Any]:
    """One stocktake: how far it is, and the differences to be reviewed. The exported sheet is blind."""
    found = await stocktakes.stocktake(uow, stocktake_id)
    lines = await stocktakes.stocktake_lines(uow, stocktake_id)
    if export:
        return await _sheet(request, found.number, lines, export, is_blind=found.state == "counting")
    root = f"/console/{merchant.slug}/stock/stocktakes/{stocktake_id}"
    different = [line for line in lines if line.difference]
    shown = {"open": [line for line in lines if line.counted is None], "different": different}.get(
        only, lines
    )
    return web.page(
        request,
        "inventory/console_stocktake.html",
        merchant=merchant,
        stocktake=found,
        lines=shown,
        words=words,
        tabs=[
            (web.mark("全部"), root, only not in {"open", "different"}, len(lines)),
            (web.mark("有差异"), f"{root}?only=different", only == "different", len(different)),
            (web.mark("未盘"), f"{root}?only=open", only == "open", found.lines - found.counted),
        ],
        more=sum(line.difference for line in different if line.difference > 0),
        less=-sum(line.difference for line in different if line.difference < 0),
        value=sum(line.difference * line.price for line in different),
        count_url=f"{settings.base_url}/desk/{merchant.slug}/stocktakes/{stocktake_id}",
    )


async def _sheet(
    request: Request[Any, Any, Any], number: str, lines: list[StocktakeLine], kind: str, *, is_blind: bool
) -> Any:
    """To be filled in while counting, without what the system expects; once it is over, with the result."""
    language = web.language_of(request)
    head = [web.mark("编码"), web.mark("商品名称"), web.mark("规格"), web.mark("实盘件数")]
    if not is_blind:
        head += [web.mark("账面件数"), web.mark("差异"), web.mark("盘点人"), web.mark("盘点时间")]

    def row(line: StocktakeLine) -> tuple[Any, ...]:
        told = (line.code, line.title, line.sku_title, line.counted)
        return told if is_blind else (*told, line.expected, line.difference, line.counted_by, line.counted_at)

    told = [web.translate(language, word) for word in head]
    return await web.sheet(request, number, told, (row(line) for line in lines), kind)


@post("/console/{slug:str}/stock/stocktakes/{stocktake_id:uuid}/upload", opt=WRITE, status_code=200)
async def upload(
    request: Request[Any, Any, Any], stocktake_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """A filled-in sheet: all of its counts, or none and what is wrong, row by row."""
    form = await request.form()
    found = await stocktakes.stocktake(uow, stocktake_id)
    rows = await asyncio.to_thread(uploads.read, await fields.uploaded(form), least=0)
    known = await catalog.skus_by_code(uow, [row.code for row in rows])
    rows = uploads.resolved(rows, {code: (sku.sku_id, sku.title) for code, sku in known.items()})
    root = f"/console/{merchant.slug}/stock/stocktakes/{stocktake_id}"
    if any(row.zh for row in rows):
        return web.page(
            request,
            "inventory/console_report.html",
            merchant=merchant,
            rows=rows,
            title=found.number,
            back=root,
            status_code=200,
        )
    await stocktakes.record(
        uow, stocktake_id, counts_of([(row.sku_id, row.quantity) for row in rows if row.sku_id])
    )
    return web.done(request, root, web.mark("已登记 {n} 种商品的实盘"), n=len(rows))


@post("/console/{slug:str}/stock/stocktakes/{stocktake_id:uuid}/post", opt=WRITE, status_code=200)
async def post_differences(
    request: Request[Any, Any, Any], stocktake_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The differences become moves."""
    changed = await stocktakes.post(uow, stocktake_id)
    path = f"/console/{merchant.slug}/stock/stocktakes/{stocktake_id}"
    return web.done(request, path, web.mark("已过账，调整了 {n} 种商品"), n=changed)


@post("/console/{slug:str}/stock/stocktakes/{stocktake_id:uuid}/cancel", opt=WRITE, status_code=200)
async def cancel(
    request: Request[Any, Any, Any], stocktake_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Nothing of it is posted."""
    await stocktakes.give_up(uow, stocktake_id)
    path = f"/console/{merchant.slug}/stock/stocktakes/{stocktake_id}"
    return web.done(request, path, web.mark("已取消，库存没有变"))


routes = [stocktake_list, begin, stocktake_page, upload, post_differences, cancel]
