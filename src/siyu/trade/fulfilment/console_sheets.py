"""Paper and spreadsheets on the console: what waits as PDF and XLSX, filled-in sheets, and couriers' rides."""

import asyncio
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime import jobs
from siyu.runtime.actors import Actor
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant
from siyu.trade.fulfilment import printing, queries, rides, sheets
from siyu.trade.fulfilment.model import PRINT_MAX

SHIP = {"permission": Permission.PARCELS_WRITE}
DRAWN = {"slips": (printing.slips, "packing-slips"), "picks": (printing.pick_list, "pick-list")}


@post("/console/{slug:str}/fulfilment/print", opt=SHIP, status_code=200)
async def printed(request: Request[Any, Any, Any], uow: InUow, actor: ByActor) -> Response[bytes]:
    """Packing slips or a pick list of the chosen orders, as PDF."""
    form = await request.form()
    kind = str(form.get("kind", "slips"))
    if kind not in DRAWN:
        raise Invalid(field="kind", zh="请选择要打印的单据。", en="Choose what to print.")
    draw, name = DRAWN[kind]
    wanted = printing.Wanted(
        order_ids=chosen(form),
        location_ids=_places(actor, str(form.get("location", ""))),
        paper=str(form.get("paper", "a4")),
        language=web.language_of(request),
    )
    return _pdf(await draw(uow, wanted), name)


def chosen(form: FormMultiDict) -> tuple[UUID, ...]:
    """The orders that were ticked. Raises Invalid."""
    try:
        found = tuple(dict.fromkeys(UUID(str(value)) for value in form.getall("order", [])))
    except ValueError:
        raise Invalid(field="order", zh="请选择订单。", en="Choose orders.") from None
    if not 1 <= len(found) <= PRINT_MAX:
        raise Invalid(field="order", zh="请选择 1–200 个订单。", en="Choose 1 to 200 orders.")
    return found


def _places(actor: Actor, location: str) -> tuple[UUID, ...] | None:
    if location:
        try:
            wanted = UUID(location)
        except ValueError:
            raise NotFound(what="门店 / store") from None
        if not actor.sees(wanted):
            raise NotFound(what="门店 / store")
        return (wanted,)
    return tuple(actor.scope_list) if actor.scope_list is not None else None


def _pdf(content: bytes, name: str) -> Response[bytes]:
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="{name}.pdf"',
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        },
    )


@get("/console/{slug:str}/fulfilment/sheet", opt=SHIP)
async def template(
    request: Request[Any, Any, Any], uow: InUow, actor: ByActor, location: FromQuery[str] = ""
) -> Response[Any]:
    """What waits to be sent as a spreadsheet, to fill in carriers and numbers."""
    language = web.language_of(request)
    found = await queries.waiting(
        uow, delivery="express", location_ids=_places(actor, location), limit=sheets.ROWS_MAX
    )
    may_call = actor.may(Permission.CUSTOMERS_PRIVATE)
    return await web.sheet(
        request,
        web.translate(language, web.mark("发货表")),
        [web.translate(language, chinese) for chinese, _ in sheets.HEAD.values()],
        sheets.rows_of(found.items, phone=str if may_call else printing.masked),
        "xlsx",
    )


@get("/console/{slug:str}/fulfilment/batch", opt=SHIP)
async def batch_page(request: Request[Any, Any, Any], merchant: OfMerchant) -> Response[str]:
    """How shipping by spreadsheet goes, in two steps."""
    return web.page(request, "fulfilment/console_batch.html", merchant=merchant)


@post("/console/{slug:str}/fulfilment/sheet", opt=SHIP, status_code=200)
async def upload(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """A filled-in sheet is carried out in the background; its page reports row by row."""
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid(field="file", zh="请选择文件。", en="Choose a file.")
    sheet = await asyncio.to_thread(sheets.read, await file.read())
    job_id = await jobs.start(
        uow,
        sheets.KIND,
        sheet,
        title_zh=f"批量发货 {len(sheet.boxes)} 个包裹",
        title_en=f"Ship {len(sheet.boxes)} parcels",
        total=len(sheet.boxes),
        job_id=_key(form),
    )
    return web.done(request, f"/console/{merchant.slug}/jobs/{job_id}", web.mark("任务已开始"))


def _key(form: FormMultiDict) -> UUID:
    try:
        return UUID(str(form.get("idempotency_key", "")))
    except ValueError:
        return ids.new()


@post("/console/{slug:str}/fulfilment/rides", opt=SHIP, status_code=200)
async def assign_rides(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Give the ticked orders to a courier: all of them or none."""
    form = await request.form()
    wanted = chosen(form)
    try:
        courier_id = UUID(str(form.get("courier", "")))
    except ValueError:
        raise Invalid(field="courier", zh="请选择配送员。", en="Choose a courier.") from None
    await _seen(uow, actor, wanted)
    for order_id in sorted(wanted):
        await rides.assign(uow, order_id, courier_id)
    path = f"/console/{merchant.slug}/fulfilment?by=local"
    return web.done(request, path, web.mark("已派 {n} 单"), n=len(wanted))


async def _seen(uow: UnitOfWork, actor: Actor, order_ids: tuple[UUID, ...]) -> None:
    """Raises NotFound unless all of these leave from where the actor works."""
    if actor.scope is None:
        return
    found = await queries.waiting(
        uow, order_ids=order_ids, location_ids=actor.scope_list, limit=PRINT_MAX * 5
    )
    if {row.order_id for row in found.items} != set(order_ids):
        raise NotFound(what="订单 / order")


@post("/console/{slug:str}/orders/{order_id:uuid}/ride/{move:str}", opt=SHIP, status_code=200)
async def move_ride(
    *,
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    move: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """The courier called: on the way, or delivered."""
    await rides.seen(uow, order_id, actor)
    if move == "out":
        await rides.set_out(uow, order_id, courier_id=None)
        said = web.mark("已开始配送")
    elif move == "delivered":
        await rides.deliver(uow, order_id, courier_id=None)
        said = web.mark("已送达")
    else:
        raise NotFound(what="操作 / action")
    return web.done(request, f"/console/{merchant.slug}/fulfilment?by=local", said)


routes = [printed, template, batch_page, upload, assign_rides, move_ride]
