"""The supplier's workbench: what waits for them, what they sent, and what they have."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from siyu import web
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade import fulfilment
from siyu.trade.suppliers import forms, queries, sending

SHIP = {"permission": Permission.SUPPLY_SHIP}
LINE = "line-"  # fields of the forms are line-1, line-2 …


@get("/desk/{slug:str}/supply", opt=SHIP)
async def waiting(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """What this supplier has to send, the oldest promise first."""
    return web.page(
        request,
        "suppliers/desk_waiting.html",
        merchant=merchant,
        supplier=await sending.own_supplier(uow),
        orders=await sending.to_send(uow),
        now=uow.now,
    )


@get("/desk/{slug:str}/supply/{order_id:uuid}", opt=SHIP)
async def one_order(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One order as far as it is theirs: where to, and what."""
    carriers = await fulfilment.carriers_in_use(uow)
    return web.page(
        request,
        "suppliers/desk_order.html",
        merchant=merchant,
        order=await sending.order_to_send(uow, order_id),
        carriers=[(code, carrier.name(web.language_of(request))) for code, carrier in carriers.items()],
        line_field=LINE,
        now=uow.now,
    )


@post("/desk/{slug:str}/supply/{order_id:uuid}/ship", opt=SHIP, status_code=200)
async def ship(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The parcel leaves."""
    form = await request.form()
    lines = forms.units_of(form, LINE)
    if not lines:
        raise Invalid(field="lines", zh="请选择要发出的商品。", en="Choose what goes into the parcel.")
    await sending.ship(
        uow,
        fulfilment.SendParcel(
            forms.key_of(form), order_id, forms.told(form, "carrier"), forms.told(form, "number"), lines
        ),
    )
    return web.done(request, f"/desk/{merchant.slug}/supply", web.mark("已发货"))


@post("/desk/{slug:str}/supply/{order_id:uuid}/out-of-stock", opt=SHIP, status_code=200)
async def out_of_stock(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """They do not have it: the buyer gets the money back."""
    form = await request.form()
    lines = forms.units_of(form, LINE)
    if not lines:
        raise Invalid(field="lines", zh="请选择缺货的商品。", en="Choose what is out of stock.")
    await sending.out_of_stock(uow, forms.key_of(form), order_id, lines, forms.told(form, "words"))
    return web.done(request, f"/desk/{merchant.slug}/supply", web.mark("已报缺货，商家会退款给顾客"))


@get("/desk/{slug:str}/supply/sent", opt=SHIP)
async def sent(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """What they sent in the last thirty days."""
    return web.page(request, "suppliers/desk_sent.html", merchant=merchant, parcels=await sending.sent(uow))


@get("/desk/{slug:str}/supply/stock", opt=SHIP)
async def stock(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """What they say they have."""
    supplier = await sending.own_supplier(uow)
    return web.page(
        request,
        "suppliers/desk_stock.html",
        merchant=merchant,
        items=[item for item in await queries.items(uow, supplier.id) if item.is_drop_shipped],
    )


@post("/desk/{slug:str}/supply/stock", opt=SHIP, status_code=200)
async def state_stock(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """So many pieces are there."""
    form = await request.form()
    text = forms.told(form, "quantity")
    if not (text.isascii() and text.isdecimal() and len(text) <= 7):
        raise Invalid(field="quantity", zh="请填写件数。", en="Enter a number of pieces.")
    await sending.state_stock(uow, forms.chosen(form, "sku_id"), int(text))
    return web.done(request, f"/desk/{merchant.slug}/supply/stock", web.mark("库存已更新"))


routes = [waiting, one_order, ship, out_of_stock, sent, stock, state_stock]
