"""Doors on the console: what each brings and costs, a new one, its code to print, its costs."""

import io
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel import money
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.place import stores
from siyu.place.doors import actions, detail, queries, words
from siyu.place.doors.actions import NewDoor
from siyu.runtime.db import Merchant
from siyu.runtime.edge import InUow, OfMerchant, WithSettings
from siyu.settings import Settings

READ = {"permission": Permission.DOORS_READ}
WRITE = {"permission": Permission.DOORS_WRITE}
COSTS_SHOWN = 14  # two weeks of daily costs; the sum above is of all
PNG_SCALE = 20  # modules of 20 pixels print sharply on A4


def short_link(settings: Settings, merchant: Merchant, code: str) -> str:
    """What is printed into the code of a door."""
    return f"{settings.base_url}/d/{merchant.slug}/{code}"


@get("/console/{slug:str}/doors", opt=READ)
async def door_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, space: FromQuery[str] = ""
) -> Response[str]:
    """Every door with what came through it and what a person cost."""
    found = await queries.reports(uow)
    here = f"/console/{merchant.slug}/doors"
    tabs = [(web.mark("全部"), here, space not in words.SPACES, len(found))]
    tabs += [
        (word, f"{here}?space={key}", space == key, sum(door.space == key for door in found))
        for key, word in words.SPACES.items()
    ]
    return web.page(
        request,
        "doors/console_list.html",
        merchant=merchant,
        doors=[door for door in found if space not in words.SPACES or door.space == space],
        tabs=tabs,
        words=words,
    )


@get("/console/{slug:str}/doors/new", opt=WRITE)
async def new_door(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """The form for a door."""
    return web.page(
        request, "doors/console_new.html", merchant=merchant, words=words, stores=await stores.every(uow)
    )


@post("/console/{slug:str}/doors", opt=WRITE, status_code=200)
async def open_door(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Open a door and show its code."""
    form = await request.form()
    said = {
        name: str(form.get(name, "")).strip() for name in ("name", "kind", "space", "ownership", "target")
    }
    try:
        wanted = msgspec.convert(
            {**said, "store_id": str(form.get("store", "")) or None}, NewDoor, strict=False
        )
    except msgspec.ValidationError:
        raise Invalid(
            field="kind", zh="请选择类型、空间和归属。", en="Choose kind, space and ownership."
        ) from None
    door = await actions.open_door(uow, wanted)
    path = f"/console/{merchant.slug}/doors/{door.id}"
    return web.done(request, path, web.mark("入口已开通，把二维码贴出去吧"))


@get("/console/{slug:str}/doors/{door_id:uuid}", opt=READ)
async def door_page(
    *,
    request: Request[Any, Any, Any],
    door_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    settings: WithSettings,
) -> Response[str]:
    """One door: its code, who came, what it cost."""
    door = await detail.find(uow, door_id)
    return web.page(
        request,
        "doors/console_door.html",
        merchant=merchant,
        door=door,
        link=short_link(settings, merchant, door.code),
        sums=await detail.sums_of(uow, [door_id]),
        costs=await detail.costs_of(uow, door_id, COSTS_SHOWN),
        costs_max=COSTS_SHOWN,
        days=await detail.days_of(uow, door_id),
        store=await stores.find(uow, door.store_id) if door.store_id else None,
        today=uow.now.astimezone(ZoneInfo(merchant.timezone)).date(),
        words=words,
    )


@get("/console/{slug:str}/doors/{door_id:uuid}/code/{kind:str}", opt=READ)
async def door_code(
    *,
    door_id: FromPath[UUID],
    kind: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
    settings: WithSettings,
) -> Response[bytes]:
    """The code as a file for printing: `svg` or `png`. Level M: 15 % may be covered."""
    if kind not in {"svg", "png"}:
        raise NotFound(what="文件 / file")
    door = await detail.find(uow, door_id)
    drawn = io.BytesIO()
    segno.make(short_link(settings, merchant, door.code), error="m", micro=False).save(
        drawn, kind=kind, scale=PNG_SCALE if kind == "png" else 4, border=4
    )
    return Response(
        drawn.getvalue(),
        media_type="image/svg+xml" if kind == "svg" else "image/png",
        headers={
            **web.SECURITY_HEADERS,
            "content-disposition": f'attachment; filename="{merchant.slug}-{door.code}.{kind}"',
        },
    )


@post("/console/{slug:str}/doors/{door_id:uuid}/costs", opt=WRITE, status_code=200)
async def add_cost(
    request: Request[Any, Any, Any], door_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Write down what the door cost on a day."""
    form = await request.form()
    try:
        amount = money.parse(str(form.get("amount", "")), merchant.currency)
    except ValueError:
        raise Invalid(
            field="amount", zh="请输入金额，例如 300.00。", en="Enter an amount such as 300.00."
        ) from None
    try:
        day = date.fromisoformat(str(form.get("day", "")))
    except ValueError:
        raise Invalid(field="day", zh="请选择日期。", en="Choose a day.") from None
    await detail.find(uow, door_id)
    await actions.add_cost(uow, door_id, day, amount, str(form.get("note", "")).strip())
    return web.done(request, f"/console/{merchant.slug}/doors/{door_id}", web.mark("费用已登记"))


@post("/console/{slug:str}/doors/{door_id:uuid}/open", opt=WRITE, status_code=200)
async def set_open(
    request: Request[Any, Any, Any], door_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Close the door, or open it again."""
    is_open = (await request.form()).get("is_open") == "1"
    await detail.set_open(uow, door_id, is_open=is_open)
    said = web.mark("入口已重新开放") if is_open else web.mark("入口已关闭，扫码会回到商城首页")
    return web.done(request, f"/console/{merchant.slug}/doors/{door_id}", said)


@get(
    "/console/{slug:str}/customers/{customer_id:uuid}/touches", opt={"permission": Permission.CUSTOMERS_READ}
)
async def touches(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the customer's page: through which doors they came."""
    return web.page(
        request,
        "doors/console_touches.html",
        merchant=merchant,
        touches=await queries.touches_of_customer(uow, customer_id),
        words=words,
    )


routes = [door_list, new_door, open_door, door_page, door_code, add_cost, set_open, touches]
