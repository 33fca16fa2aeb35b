"""Stock on the console: what is where, arrivals, counts."""

from typing import Any
from uuid import UUID

import psycopg
from litestar import Request, Response, get, post
from litestar.params import FromQuery

from siyu import web
from siyu.goods import catalog
from siyu.goods.inventory import actions, queries
from siyu.goods.inventory.model import Pieces
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
ROWS_MAX = 200
PIECES_MAX = 1_000_000


@get("/console/{slug:str}/stock", opt=READ)
async def stock_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    store: FromQuery[UUID | None] = None,
    q: FromQuery[str] = "",
    low: FromQuery[bool] = False,
) -> Response[str]:
    """Stock by store and SKU, scarcest first."""
    rows = await catalog.stocked_skus(uow, location_id=store, search=q, low_only=low, limit=ROWS_MAX)
    return web.page(
        request,
        "inventory/console_stock.html",
        merchant=merchant,
        rows=rows,
        rows_max=ROWS_MAX,
        store=store,
        q=q.strip(),
        low=low,
    )


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
    """A form for one SKU at one store, in a drawer: `kind` is count or receive."""
    price = (await catalog.prices(uow, [sku])).get(sku)
    if price is None:
        raise NotFound(what="商品规格 / SKU")
    levels = await queries.levels(uow, [sku], store)
    return web.page(
        request,
        "inventory/console_entry.html",
        merchant=merchant,
        kind="count" if kind == "count" else "receive",
        store=store,
        sku=price,
        on_hand=levels[0].on_hand if levels else 0,
        reserved=levels[0].reserved if levels else 0,
    )


@post("/console/{slug:str}/stock/receive", opt=WRITE, status_code=200)
async def receive(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Goods arrive at a store. The SKU is named by its id or by its code."""
    form = await request.form()
    quantity = _whole(str(form.get("quantity", "")), least=1)
    sku_id = await _sku(uow, str(form.get("sku", "")), str(form.get("code", "")).strip())
    pieces = Pieces(_uuid(str(form.get("store", "")), field="store"), sku_id, quantity)
    try:
        await actions.receive(uow, [pieces])
    except psycopg.errors.ForeignKeyViolation:
        raise Invalid(field="store", zh="没有这个门店。", en="There is no such store.") from None
    return web.done(request, _here(request, merchant.slug), web.mark("已收货 {n} 件"), n=quantity)


@post("/console/{slug:str}/stock/count", opt=WRITE, status_code=200)
async def count(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Somebody counted the shelf; the difference becomes a move."""
    form = await request.form()
    counted = Pieces(
        _uuid(str(form.get("store", "")), field="store"),
        _uuid(str(form.get("sku", "")), field="sku"),
        _whole(str(form.get("quantity", "")), least=0),
    )
    await actions.count(uow, counted)
    return web.done(
        request, _here(request, merchant.slug), web.mark("盘点已记录，在库 {n} 件"), n=counted.quantity
    )


def _here(request: Request[Any, Any, Any], slug: str) -> str:
    """The stock page as it was filtered, when HTMX says where one is."""
    home = f"/console/{slug}/stock"
    _, found, asked = request.headers.get("hx-current-url", "").partition(home + "?")
    return f"{home}?{asked}" if found else home


def _whole(text: str, *, least: int) -> int:
    number = int(text) if text.strip().isdecimal() else -1
    if not least <= number <= PIECES_MAX:
        raise Invalid(
            field="quantity",
            zh=f"请输入 {least} 到 {PIECES_MAX} 之间的件数。",
            en=f"Enter a number of pieces between {least} and {PIECES_MAX}.",
        )
    return number


def _uuid(text: str, *, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(field=field, zh="请选择。", en="Please choose.") from None


async def _sku(uow: UnitOfWork, sku_id: str, code: str) -> UUID:
    if sku_id:
        return _uuid(sku_id, field="sku")
    found = (await catalog.skus_by_code(uow, [code])).get(code)
    if found is None:
        raise Invalid(field="code", zh="没有这个商品编码。", en="There is no SKU with this code.")
    return found.sku_id


routes = [stock_list, entry, receive, count]
