"""Parcels on the console: what waits to leave, one box packed and sent, what was sent, corrections."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.people import staff
from siyu.runtime.edge import ByActor, InUow, OfMerchant
from siyu.trade import orders
from siyu.trade.fulfilment import (
    carriers,
    code_queries,
    console_codes,
    console_sheets,
    queries,
    rides,
    sending,
    words,
)
from siyu.trade.fulfilment.model import CANCEL_WITHIN, SendParcel

READ = {"permission": Permission.ORDERS_READ}
SHIP = {"permission": Permission.PARCELS_WRITE}
LINE = "line-"  # fields of the packing form are line-1, line-2 …
BOARD_ROWS = 50


@get("/console/{slug:str}/fulfilment", opt=READ)
async def board(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    by: FromQuery[str] = "express",
    location: FromQuery[UUID | None] = None,
    after: FromQuery[str] = "",
) -> Response[str]:
    """What waits to leave: by way and location, the oldest promise first."""
    delivery = by if by in words.WAYS else "express"
    if location is not None and not actor.sees(location):
        raise NotFound(what="门店 / store")
    places = [location] if location else actor.scope_list
    found = await queries.waiting(
        uow, delivery=delivery, location_ids=places, after=queries.after_due(after), limit=BOARD_ROWS
    )
    here = f"/console/{merchant.slug}/fulfilment"
    kept = {"by": delivery, **({"location": str(location)} if location else {})}
    return web.page(
        request,
        "fulfilment/console_board.html",
        merchant=merchant,
        rows=found.items,
        loads=await queries.loads(uow, delivery, actor.scope_list),
        delivery=delivery,
        location=location,
        now=uow.now,
        words=words,
        couriers=[one for one in await staff.every(uow) if one.is_active] if delivery == "local" else [],
        next_href=f"{here}?{urlencode({**kept, 'after': found.next})}" if found.next else None,
        first_href=f"{here}?{urlencode(kept)}" if after else None,
    )


@get("/console/{slug:str}/fulfilment/parcels", opt=READ)
async def parcel_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[str]:
    """What was sent, newest first; one is found by its whole tracking number."""
    found = await queries.parcels(
        uow,
        number=carriers.cleaned(q),
        location_ids=actor.scope_list,
        after=after_moment(after or None),
    )
    here = f"/console/{merchant.slug}/fulfilment/parcels"
    return web.page(
        request,
        "fulfilment/console_parcels.html",
        merchant=merchant,
        parcels=found.items,
        carriers=await carriers.every(uow),
        q=q.strip(),
        next_href=f"{here}?{urlencode({'q': q.strip(), 'after': found.next})}" if found.next else None,
        first_href=here if after else None,
    )


@get("/console/{slug:str}/orders/{order_id:uuid}/parcels", opt=READ)
async def of_order(
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """A fragment for the order's page: its parcels, its ride, its codes, and what still waits."""
    order = await orders.find(uow, order_id)
    sent = [one for one in await queries.parcels_of(uow, order_id) if actor.sees(one.location_id)]
    found = await queries.waiting(uow, order_ids=[order_id], location_ids=actor.scope_list)
    return web.page(
        request,
        "fulfilment/console_of_order.html",
        merchant=merchant,
        order=order,
        parcels=sent,
        waiting=found.items,
        carriers=await carriers.every(uow),
        ride=await rides.ride_of_order(uow, order_id),
        codes=await code_queries.codes_of(uow, order_id),
        words=words,
        now=uow.now,
        cancel_within=CANCEL_WITHIN,
    )


@get("/console/{slug:str}/orders/{order_id:uuid}/ship", opt=SHIP)
async def packing_form(
    *,
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    location: FromQuery[UUID | None] = None,
) -> Response[str]:
    """Into the drawer: choose what goes into the box, who takes it, and its number."""
    places = [location] if location and actor.sees(location) else actor.scope_list
    found = await queries.waiting(uow, order_ids=[order_id], location_ids=places)
    if not found.items:
        raise NotFound(what="待发出的商品 / goods waiting to leave")
    return web.page(
        request,
        "fulfilment/console_ship.html",
        merchant=merchant,
        box=found.items[0],
        others=len(found.items) - 1,
        carriers=(await carriers.in_use(uow)).values(),
        line_field=LINE,
        words=words,
        now=uow.now,
    )


@post("/console/{slug:str}/orders/{order_id:uuid}/parcels", opt=SHIP, status_code=200)
async def send_parcel(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The box leaves. The id was made with the form, so a second tap sends once."""
    form = await request.form()
    asked = SendParcel(
        id=id_of(form),
        order_id=order_id,
        carrier=str(form.get("carrier", "")),
        number=str(form.get("number", "")),
        lines=lines_of(form),
    )
    sent = await sending.send(uow, asked)
    return web.done(
        request, _back(request, merchant.slug), web.mark("已发货，运单号 {number}"), number=sent.number
    )


def id_of(form: FormMultiDict, name: str = "idempotency_key") -> UUID:
    """The id that was made with the form. Raises Invalid."""
    try:
        return UUID(str(form.get(name, "")))
    except ValueError:
        raise Invalid(
            field=name, zh="表单已失效，请刷新后重试。", en="Please reload the page and try again."
        ) from None


def lines_of(form: FormMultiDict) -> tuple[tuple[int, int], ...]:
    """(line_no, quantity) of every line with something in it. Raises Invalid at the field."""
    wanted: list[tuple[int, int]] = []
    for name, value in form.multi_items():
        number = name.removeprefix(LINE)
        text = str(value).strip()
        if name == number or not (number.isascii() and number.isdigit()) or text in {"", "0"}:
            continue
        if not (text.isascii() and text.isdigit()) or len(text) > 4 or len(number) > 4:
            raise Invalid(field=name, zh="请填写件数。", en="Enter a number of units.")
        wanted.append((int(number), int(text)))
    return tuple(wanted)


def _back(request: Request[Any, Any, Any], slug: str) -> str:
    """Where the person was: the board as it was filtered, or the order's page."""
    home = f"/console/{slug}/"
    _, found, rest = request.headers.get("hx-current-url", "").partition(home)
    return home + rest if found and rest.startswith(("fulfilment", "orders/")) else f"{home}fulfilment"


@get("/console/{slug:str}/parcels/{parcel_id:uuid}", opt=SHIP)
async def parcel_form(
    request: Request[Any, Any, Any],
    parcel_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """Into the drawer: one parcel, to correct its number or to say that it never was."""
    parcel = await queries.find_parcel(uow, parcel_id)
    if not actor.sees(parcel.location_id):
        raise NotFound(what="包裹 / parcel")
    known = await carriers.every(uow)
    return web.page(
        request,
        "fulfilment/console_parcel.html",
        merchant=merchant,
        parcel=parcel,
        carriers=[one for one in known.values() if one.is_used or one.code == parcel.carrier],
        can_cancel=uow.now - parcel.sent_at <= CANCEL_WITHIN,
    )


@post("/console/{slug:str}/parcels/{parcel_id:uuid}/number", opt=SHIP, status_code=200)
async def correct_number(
    request: Request[Any, Any, Any], parcel_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The number had been written down wrongly."""
    form = await request.form()
    parcel = await sending.renumber(
        uow, parcel_id, carrier=str(form.get("carrier", "")), number=str(form.get("number", ""))
    )
    path = _back(request, merchant.slug)
    return web.done(request, path, web.mark("单号已改为 {number}"), number=parcel.number)


@post("/console/{slug:str}/parcels/{parcel_id:uuid}/cancel", opt=SHIP, status_code=200)
async def cancel_parcel(
    request: Request[Any, Any, Any], parcel_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """There never was such a parcel; its units wait again."""
    form = await request.form()
    await sending.cancel(uow, parcel_id, reason=str(form.get("reason", "")))
    return web.done(request, _back(request, merchant.slug), web.mark("已撤销发货，商品回到待发"))


routes = [
    board,
    parcel_list,
    of_order,
    packing_form,
    send_parcel,
    parcel_form,
    correct_number,
    cancel_parcel,
    *console_sheets.routes,
    *console_codes.routes,
]
