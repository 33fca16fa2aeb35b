"""Item codes on the console: batches, what was sent to whom, files for the printer, and what looks wrong."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from siyu import web
from siyu.goods import catalog
from siyu.growth import draws
from siyu.growth.itemcodes import batches, codes, printing, queries, scanning, words
from siyu.growth.itemcodes.model import NewBatch, NewDealer, Reward
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.place import stores
from siyu.runtime.db import Merchant
from siyu.runtime.edge import InUow, OfMerchant, WithSettings

READ = {"permission": Permission.DOORS_READ}
WRITE = {"permission": Permission.DOORS_WRITE}
DIGITS_MAX = 9
PRODUCTS_SHOWN = 200


def _text(form: FormMultiDict, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _whole(form: FormMultiDict, name: str, *, default: int | None = None) -> int:
    said = _text(form, name)
    if not said and default is not None:
        return default
    if not (said.isascii() and said.isdecimal() and len(said) <= DIGITS_MAX):
        raise Invalid(field=name, zh="请填写整数。", en="Write a whole number.")
    return int(said)


def _id(form: FormMultiDict, name: str) -> UUID | None:
    said = _text(form, name)
    try:
        return UUID(said) if said else None
    except ValueError:
        raise Invalid(field=name, zh="请从列表中选择。", en="Choose from the list.") from None


def _here(merchant: Merchant, batch_id: UUID) -> str:
    return f"/console/{merchant.slug}/item-codes/{batch_id}"


@get("/console/{slug:str}/item-codes", opt=READ)
async def batch_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, after: FromQuery[str | None] = None
) -> Response[str]:
    """All batches, the newest first, and what somebody should look at."""
    page = await queries.listing(uow, after=after)
    here = f"/console/{merchant.slug}/item-codes"
    return web.page(
        request,
        "itemcodes/console_list.html",
        merchant=merchant,
        batches=page.items,
        alerts=await queries.alerts(uow),
        next_href=f"{here}?after={page.next}" if page.next else None,
        first_href=here if after else None,
        words=words,
    )


@get("/console/{slug:str}/item-codes/new", opt=WRITE)
async def new_batch(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """An empty form."""
    return web.page(
        request,
        "itemcodes/console_form.html",
        merchant=merchant,
        batch_id=ids.new(),
        products=(await catalog.cards(uow, limit=PRODUCTS_SHOWN, on_shelf_only=False)).items,
        draws=[draw for draw in await draws.listing(uow, state="published") if draw.rules.code_tickets],
    )


@post("/console/{slug:str}/item-codes", opt=WRITE, status_code=200)
async def create(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Make a batch."""
    form = await request.form()
    kind = _text(form, "reward")
    if kind not in words.REWARDS:
        raise Invalid(field="reward", zh="请选择奖励。", en="Choose the reward.")
    reward = Reward(
        kind,  # pyright: ignore[reportArgumentType] - one of the keys of REWARDS
        points=_whole(form, "points") if kind == "points" else 0,
        draw_id=_id(form, "draw_id") if kind == "draw" else None,
    )
    new = NewBatch(
        name=_text(form, "name"),
        quantity=_whole(form, "quantity"),
        product_id=_id(form, "product_id"),
        per_box=_whole(form, "per_box", default=0),
        reward=reward,
        per_day=_whole(form, "per_day", default=10),
    )
    batch = await batches.create(uow, _id(form, "id") or ids.new(), new)
    return web.done(request, _here(merchant, batch.id), web.mark("批次已建立，可以下载印刷文件"))


@get("/console/{slug:str}/item-codes/{batch_id:uuid}", opt=READ)
async def batch_page(
    request: Request[Any, Any, Any], batch_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One batch: what is active where, who scanned, what it brought, and which files went out."""
    batch = await queries.find(uow, batch_id)
    products = await catalog.cards_of(uow, [batch.product_id]) if batch.product_id is not None else []
    draw = await draws.find(uow, batch.reward.draw_id) if batch.reward.draw_id else None
    days = await queries.days(uow, batch_id)
    return web.page(
        request,
        "itemcodes/console_batch.html",
        merchant=merchant,
        batch=batch,
        product=products[0] if products else None,
        draw=draw,
        ranges=await queries.ranges(uow, batch_id),
        dealers=await queries.dealers(uow),
        sums=await queries.by_dealer(uow, batch_id),
        chart=_chart(request, days),
        days_rows=[(day.day, day.scanned, day.redeemed) for day in days],
        deliveries=await queries.deliveries(uow, batch_id),
        range_id=ids.new(),
        words=words,
    )


def _chart(request: Request[Any, Any, Any], days: list[queries.Day]) -> dict[str, Any]:
    language = web.language_of(request)
    return {
        "xAxis": {"type": "category", "data": [day.day[5:] for day in days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "legend": {},
        "series": [
            {
                "name": web.translate(language, word),
                "type": "bar",
                "data": [getattr(day, field) for day in days],
            }
            for word, field in ((words.SCANNED, "scanned"), (words.REDEEMED, "redeemed"))
        ],
    }


@post("/console/{slug:str}/item-codes/{batch_id:uuid}/activate", opt=WRITE, status_code=200)
async def activate(
    request: Request[Any, Any, Any], batch_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Send a range of serials or boxes out."""
    form = await request.form()
    batch = await queries.find(uow, batch_id)
    first, last = _whole(form, "first"), _whole(form, "last")
    if _text(form, "unit") == "box" and batch.per_box:
        first, last = first * batch.per_box, min((last + 1) * batch.per_box, batch.quantity) - 1
    await batches.activate(uow, _id(form, "id") or ids.new(), batch_id, first, last, _id(form, "dealer_id"))
    return web.done(
        request, _here(merchant, batch_id), web.mark("已启用 {n} 个码"), n=f"{last - first + 1:,}"
    )


@post(
    "/console/{slug:str}/item-codes/{batch_id:uuid}/ranges/{range_id:uuid}/undo", opt=WRITE, status_code=200
)
async def undo(
    request: Request[Any, Any, Any],
    batch_id: FromPath[UUID],
    range_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Take an activation back."""
    await batches.undo(uow, batch_id, range_id)
    return web.done(request, _here(merchant, batch_id), web.mark("已撤销启用"))


@post("/console/{slug:str}/item-codes/{batch_id:uuid}/void", opt=WRITE, status_code=200)
async def void(
    request: Request[Any, Any, Any], batch_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Call the batch back."""
    await batches.void(uow, batch_id, _text(await request.form(), "reason"))
    return web.done(request, _here(merchant, batch_id), web.mark("批次已作废"))


@post("/console/{slug:str}/item-codes/{batch_id:uuid}/file", opt=WRITE, status_code=200)
async def file(
    *,
    request: Request[Any, Any, Any],
    batch_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    settings: WithSettings,
) -> Any:
    """Take a file for the printer; who took which range is written down with the file's hash."""
    form = await request.form()
    batch = await queries.find(uow, batch_id)
    what = _text(form, "what")
    if what not in printing.WHATS:
        raise Invalid(field="what", zh="请选择要印的码。", en="Choose what to print.")
    as_pdf: Literal["csv", "pdf"] = "pdf" if _text(form, "format") == "pdf" else "csv"
    paper = printing.paper(
        batch,
        await queries.key_of(uow, batch_id),
        what,  # pyright: ignore[reportArgumentType] - one of WHATS
        _whole(form, "first"),
        _whole(form, "last"),
        f"{settings.base_url}/c/{merchant.slug}/",
    )
    name = f"item-codes-{batch.number}-{what}-{paper.first}-{paper.last}.{as_pdf}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    if as_pdf == "pdf":
        made = await asyncio.to_thread(printing.sheet, paper)
        await printing.note_delivery(uow, paper, as_pdf, printing.hash_of([made]))
        return Response(made, media_type="application/pdf", headers=headers)
    await printing.note_delivery(uow, paper, as_pdf, await asyncio.to_thread(printing.sha256, paper))
    return Stream(_chunks(paper), media_type="text/csv; charset=utf-8", headers=headers)


async def _chunks(paper: printing.Paper) -> AsyncIterator[bytes]:
    chunks = printing.lines(paper)
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk


@get("/console/{slug:str}/item-codes/look", opt=READ)
async def look(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, code: FromQuery[str] = ""
) -> Response[str]:
    """A fragment: what a code stands for, for whoever has an item in hand. Looking is no scan."""
    known = await scanning.look_up(uow, code)
    return web.page(
        request,
        "itemcodes/console_look.html",
        merchant=merchant,
        known=known,
        code=codes.shown(code.upper().replace("-", "").replace(" ", "")),
        dealers={dealer.id: dealer.name for dealer in await queries.dealers(uow)},
        words=words,
    )


@get("/console/{slug:str}/item-codes/dealers", opt=READ)
async def dealer_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """All dealers with their territories."""
    return web.page(
        request,
        "itemcodes/console_dealers.html",
        merchant=merchant,
        dealers=await queries.dealers(uow),
        dealer_id=ids.new(),
        degrees=_degrees,
    )


def _degrees(millionths: int) -> str:
    """Degrees with three digits, which is a hundred metres."""
    sign, rest = "-" if millionths < 0 else "", abs(millionths)
    return f"{sign}{rest // 1_000_000}.{rest % 1_000_000 // 1_000:03d}"


@post("/console/{slug:str}/item-codes/dealers", opt=WRITE, status_code=200)
async def add_dealer(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Add a dealer."""
    form = await request.form()
    where = _text(form, "where")
    found = stores.near(where.replace(" ", "")) if where else (0, 0)
    if found is None:
        raise Invalid(
            field="where", zh="坐标写成“31.298,120.585”。", en="Write coordinates as “31.298,120.585”."
        )
    dealer = NewDealer(_text(form, "name"), *found, radius_km=_whole(form, "radius_km", default=0))
    await batches.add_dealer(uow, _id(form, "id") or ids.new(), dealer)
    return web.done(request, f"/console/{merchant.slug}/item-codes/dealers", web.mark("经销商已添加"))


@post("/console/{slug:str}/item-codes/alerts/{alert_id:uuid}/close", opt=WRITE, status_code=200)
async def close_alert(
    request: Request[Any, Any, Any], alert_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Somebody looked at it."""
    if not await scanning.close_alert(uow, alert_id, _text(await request.form(), "note")):
        raise NotFound(what="提醒 / alert")
    return web.done(request, f"/console/{merchant.slug}/item-codes", web.mark("提醒已处理"))


routes = [
    batch_list,
    new_batch,
    create,
    look,
    dealer_list,
    add_dealer,
    batch_page,
    activate,
    undo,
    void,
    file,
    close_alert,
]
