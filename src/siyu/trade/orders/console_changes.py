"""What staff change about an order on the console: notes, where it goes, and seeing where exactly that is."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from siyu import web
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.people import addresses
from siyu.runtime import audit
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.orders import changing, queries

READ = {"permission": Permission.ORDERS_READ}
WRITE = {"permission": Permission.ORDERS_WRITE}
PRIVATE = {"permission": Permission.CUSTOMERS_PRIVATE}


@post("/console/{slug:str}/orders/{order_id:uuid}/notes", opt=READ, status_code=200)
async def add_note(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """Write something for colleagues; the answer is the notes with the new one."""
    await queries.find(uow, order_id)
    await changing.add_note(uow, order_id, str((await request.form()).get("text", "")))
    if not web.wants_fragment(request):
        return web.done(request, f"/console/{merchant.slug}/orders/{order_id}", web.mark("备注已添加"))
    return web.page(
        request,
        "orders/console_notes.html",
        merchant=merchant,
        order_id=order_id,
        notes=await queries.notes(uow, order_id),
    )


@post("/console/{slug:str}/orders/{order_id:uuid}/address/reveal", opt=PRIVATE, status_code=200)
async def reveal_address(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """Where exactly an order goes. That somebody looked is written down (个人信息保护法 art. 51)."""
    order = await queries.find(uow, order_id)
    if order.address is None:
        raise NotFound(what="收货地址 / address")
    await audit.note(uow, "orders.reveal_address", subject_kind="order", subject=order_id, name=order.number)
    return web.page(
        request,
        "orders/console_address.html",
        merchant=merchant,
        order=order,
        address=order.address,
        is_open=True,
    )


@get("/console/{slug:str}/orders/{order_id:uuid}/address", opt=WRITE)
async def address_form(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """The form for another address. Who may not see the present one in full begins with empty fields."""
    order = await queries.find(uow, order_id)
    if order.address is None:
        raise NotFound(what="收货地址 / address")
    form = addresses.AddressForm()
    if uow.actor.may(Permission.CUSTOMERS_PRIVATE):
        form = addresses.AddressForm.of(order.address)
        await audit.note(
            uow, "orders.reveal_address", subject_kind="order", subject=order_id, name=order.number
        )
    return web.page(
        request,
        "orders/console_address_form.html",
        merchant=merchant,
        order=order,
        **addresses.field_context(form, {}),
    )


@post("/console/{slug:str}/orders/{order_id:uuid}/address", opt=WRITE, status_code=200)
async def change_address(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Send the order elsewhere, as long as nothing of it has left."""
    await queries.find(uow, order_id)
    wanted = addresses.address_in(addresses.said_in(await request.form()))
    await changing.change_address(uow, order_id, wanted)
    return web.done(request, f"/console/{merchant.slug}/orders/{order_id}", web.mark("收货地址已修改"))


routes = [add_note, reveal_address, address_form, change_address]
