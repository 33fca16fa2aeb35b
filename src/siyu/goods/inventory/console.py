"""Stock on the console: what is where, arrivals, counts, losses, and pieces kept back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from litestar import Request, Response, get, post
from litestar.params import FromQuery

from siyu import web
from siyu.goods import catalog
from siyu.goods.inventory import (
    console_history,
    console_rules,
    console_stocktakes,
    console_transfers,
    console_upload,
    expiry,
    fields,
    moving,
    queries,
    ruling,
)
from siyu.goods.inventory.lots import checked, today_of
from siyu.goods.inventory.model import LotName, Pieces
from siyu.goods.inventory.queries import StockFilter
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
ENTRIES = ("receive", "count", "loss", "safety")


@get("/console/{slug:str}/stock", opt=READ)
async def stock_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    store: FromQuery[str] = "",
    category: FromQuery[str] = "",
    q: FromQuery[str] = "",
    low: FromQuery[bool] = False,
    expiring: FromQuery[bool] = False,
    after: FromQuery[str | None] = None,
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Stock by location and SKU, scarcest first; filtered, paged by cursor, taken away as a sheet."""
    rule = await ruling.rules(uow)
    wanted = StockFilter(
        location_id=fields.uuid_or_none(store),
        category_id=fields.uuid_or_none(category),
        search=q.strip(),
        low=low,
        low_below=rule.low_below,
        until=today_of(uow) + timedelta(days=rule.near_days) if expiring else None,
    )
    if export:
        return await _sheet(request, uow, wanted, export)
    page = await queries.stocked(uow, wanted, after=after, limit=fields.PAGE_ROWS)
    root = f"/console/{merchant.slug}/stock"
    kept = {"store": wanted.location_id, "category": wanted.category_id, "q": wanted.search,
            "low": "true" if low else "", "expiring": "true" if expiring else ""}  # fmt: skip
    return web.page(
        request,
        "inventory/console_stock.html",
        merchant=merchant,
        rows=page.items,
        rule=rule,
        today=today_of(uow),
        locations=await queries.locations(uow),
        categories=await catalog.categories(uow),
        wanted=wanted,
        is_filtered=any(kept.values()),
        export_href=fields.address(root, **kept, export="xlsx"),
        first_href=fields.address(root, **kept) if after else None,
        next_href=fields.address(root, **kept, after=page.next) if page.next else None,
    )


async def _sheet(request: Request[Any, Any, Any], uow: InUow, wanted: StockFilter, kind: str) -> Any:
    language = web.language_of(request)
    head = [web.mark("门店或仓库"), web.mark("编码"), web.mark("商品名称"), web.mark("规格"), web.mark("在库"),
            web.mark("预留"), web.mark("安全库存"), web.mark("活动占用"), web.mark("可售"), web.mark("在途"), web.mark("最早到期")]  # fmt: skip
    rows = (
        (row.location_name, row.code, row.title, row.sku_title, row.on_hand, row.reserved, row.safety,
         row.carved, max(row.free, 0), row.coming, row.expires_on)
        async for row in web.every_page(lambda after: queries.stocked(uow, wanted, after=after, limit=200))
    )  # fmt: skip
    words = [web.translate(language, word) for word in head]
    return await web.sheet(request, web.translate(language, web.mark("库存")), words, rows, kind)


@get("/console/{slug:str}/stock/entry", opt=WRITE)
async def entry(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    kind: FromQuery[str],
    store: FromQuery[UUID],
    sku: FromQuery[UUID],
) -> Response[str]:
    """A form for one SKU at one location, in a drawer: `kind` is receive, count, loss or safety."""
    price = (await catalog.prices(uow, [sku])).get(sku)
    if price is None:
        raise NotFound(what="商品规格 / SKU")
    levels = await queries.levels(uow, [sku], store)
    lots = await expiry.listed_lots(uow, within_days=None, location_id=store, sku_id=sku, limit=200)
    return web.page(
        request,
        "inventory/console_entry.html",
        merchant=merchant,
        kind=kind if kind in ENTRIES else "receive",
        store=store,
        sku=price,
        level=levels[0] if levels else None,
        lots=lots.items,
    )


@post("/console/{slug:str}/stock/receive", opt=WRITE, status_code=200)
async def receive(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Goods arrive at a location, of a lot if one is named. The SKU is named by its id or by its code."""
    form = await request.form()
    quantity = fields.whole(fields.told(form, "quantity"), least=1)
    sku_id = await fields.sku_of(uow, fields.told(form, "sku"), fields.told(form, "code"))
    place = fields.chosen(fields.told(form, "store"), field="store")
    expires_on = fields.day(fields.told(form, "expires_on"), field="expires_on")
    lot = fields.told(form, "lot")
    if expires_on and not lot:
        raise Invalid(field="lot", zh="有到期日就要填批号。", en="An expiry date needs a lot code.")
    moving.mine(uow, place)
    try:
        await moving.receive(
            uow,
            [Pieces(place, sku_id, quantity)],
            lot_names=[checked(LotName(lot, expires_on), field="lot") if lot else None],
            entry_id=fields.key_of(form),
        )
    except psycopg.errors.ForeignKeyViolation:
        raise Invalid(field="store", zh="没有这个门店。", en="There is no such store.") from None
    return web.done(request, _here(request, merchant.slug), web.mark("已收货 {n} 件"), n=quantity)


@post("/console/{slug:str}/stock/count", opt=WRITE, status_code=200)
async def count(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Somebody counted the shelf; the difference becomes a move."""
    form = await request.form()
    counted = Pieces(
        fields.chosen(fields.told(form, "store"), field="store"),
        fields.chosen(fields.told(form, "sku"), field="sku"),
        fields.whole(fields.told(form, "quantity"), least=0),
    )
    await ruling.correct(uow, counted, note=fields.told(form, "note"))
    return web.done(
        request, _here(request, merchant.slug), web.mark("盘点已记录，在库 {n} 件"), n=counted.quantity
    )


@post("/console/{slug:str}/stock/loss", opt=WRITE, status_code=200)
async def lose(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Broken or expired pieces are written off."""
    form = await request.form()
    gone = Pieces(
        fields.chosen(fields.told(form, "store"), field="store"),
        fields.chosen(fields.told(form, "sku"), field="sku"),
        fields.whole(fields.told(form, "quantity"), least=1),
    )
    await ruling.write_off(
        uow,
        gone,
        reason="expired" if fields.told(form, "reason") == "expired" else "damaged",
        note=fields.told(form, "note"),
        lot_id=fields.uuid_or_none(fields.told(form, "lot")),
        entry_id=fields.key_of(form),
    )
    return web.done(request, _here(request, merchant.slug), web.mark("已报损 {n} 件"), n=gone.quantity)


@post("/console/{slug:str}/stock/safety", opt=WRITE, status_code=200)
async def keep_back(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """So many pieces are not sold to buyers."""
    form = await request.form()
    pieces = fields.whole(fields.told(form, "quantity"), least=0)
    await ruling.set_safety(
        uow,
        fields.chosen(fields.told(form, "store"), field="store"),
        fields.chosen(fields.told(form, "sku"), field="sku"),
        pieces,
    )
    return web.done(request, _here(request, merchant.slug), web.mark("安全库存已设为 {n} 件"), n=pieces)


def _here(request: Request[Any, Any, Any], slug: str) -> str:
    return fields.here(request, f"/console/{slug}/stock")


routes = [
    stock_list,
    entry,
    receive,
    count,
    lose,
    keep_back,
    *console_history.routes,
    *console_transfers.routes,
    *console_stocktakes.routes,
    *console_rules.routes,
    *console_upload.routes,
]
