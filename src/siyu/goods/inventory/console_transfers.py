"""Transfers on the console: the list, a new one, and one from draft to arrival."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from siyu import web
from siyu.goods.inventory import fields, queries, transfers, words
from siyu.goods.inventory.transfers import Arrived, TransferLine, WantedTransfer
from siyu.kernel import ids
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.STOCK_WRITE}


@get("/console/{slug:str}/stock/transfers", opt=READ)
async def transfer_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    # Litestar keeps the name `state` for the application's own.
    transfer_state: Annotated[str, QueryParameter(name="state")] = "",
    store: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Transfers, newest first."""
    asked = transfer_state if transfer_state in words.TRANSFER_STATES else ""
    place = fields.uuid_or_none(store)
    if export:
        return await _sheet(request, uow, asked, place, export)
    page = await transfers.transfers(uow, state=asked, location_id=place, after=after, limit=fields.PAGE_ROWS)
    root = f"/console/{merchant.slug}/stock/transfers"
    kept = {"state": asked, "store": place}
    return web.page(
        request,
        "inventory/console_transfers.html",
        merchant=merchant,
        transfers=page.items,
        words=words,
        asked=asked,
        store=place,
        locations=await queries.locations(uow),
        export_href=fields.address(root, **kept, export="xlsx"),
        first_href=fields.address(root, **kept) if after else None,
        next_href=fields.address(root, **kept, after=page.next) if page.next else None,
    )


async def _sheet(
    request: Request[Any, Any, Any], uow: InUow, asked: str, place: UUID | None, kind: str
) -> Any:
    language = web.language_of(request)
    head = [web.mark("单号"), web.mark("调出"), web.mark("调入"), web.mark("状态"), web.mark("件数"),
            web.mark("在途"), web.mark("损失"), web.mark("备注"), web.mark("建单时间")]  # fmt: skip
    rows = (
        (one.number, one.from_name, one.to_name, web.translate(language, words.TRANSFER_STATES[one.state][0]),
         one.pieces, one.coming, one.lost, one.remark, one.created_at)
        async for one in web.every_page(
            lambda after: transfers.transfers(uow, state=asked, location_id=place, after=after, limit=200)
        )
    )  # fmt: skip
    told = [web.translate(language, word) for word in head]
    return await web.sheet(request, web.translate(language, web.mark("调拨单")), told, rows, kind)


@get("/console/{slug:str}/stock/transfers/new", opt=WRITE)
async def new_transfer(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    store: FromQuery[str] = "",
    code: FromQuery[str] = "",
) -> Response[str]:
    """A form for a new transfer."""
    places = [place for place in await queries.locations(uow) if place.kind != "supplier"]
    return web.page(
        request,
        "inventory/console_transfer_new.html",
        merchant=merchant,
        locations=places,
        store=fields.uuid_or_none(store),
        code=code,
    )


@post("/console/{slug:str}/stock/transfers", opt=WRITE)
async def draft(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Write a transfer down; with `send` the pieces leave at once."""
    form = await request.form()
    wanted = WantedTransfer(
        id=fields.key_of(form),
        from_id=fields.chosen(fields.told(form, "from"), field="from"),
        to_id=fields.chosen(fields.told(form, "to"), field="to"),
        lines=await fields.lines_of(uow, fields.told(form, "lines")),
        remark=fields.told(form, "remark"),
    )
    made = await transfers.draft(uow, wanted)
    if fields.told(form, "send"):
        await transfers.send(uow, made.id)
    path = f"/console/{merchant.slug}/stock/transfers/{made.id}"
    return web.done(request, path, web.mark("调拨单 {number} 已保存"), number=made.number)


@get("/console/{slug:str}/stock/transfers/{transfer_id:uuid}", opt=READ)
async def transfer_page(
    *,
    request: Request[Any, Any, Any],
    transfer_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """One transfer: what travels, what arrived, what is missing."""
    found = await transfers.transfer(uow, transfer_id)
    return web.page(
        request,
        "inventory/console_transfer.html",
        merchant=merchant,
        transfer=found,
        lines=await transfers.transfer_lines(uow, transfer_id),
        words=words,
        # Who works at one end sends or receives there, not at the other.
        may_send=actor.sees(found.from_id),
        may_receive=actor.sees(found.to_id),
    )


@post("/console/{slug:str}/stock/transfers/{transfer_id:uuid}/lines", opt=WRITE, status_code=200)
async def change_lines(
    request: Request[Any, Any, Any], transfer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Replace what a draft carries."""
    form = await request.form()
    await transfers.change_draft(uow, transfer_id, await fields.lines_of(uow, fields.told(form, "lines")))
    return _done(request, merchant.slug, transfer_id, web.mark("已保存"))


@post("/console/{slug:str}/stock/transfers/{transfer_id:uuid}/send", opt=WRITE, status_code=200)
async def send(
    request: Request[Any, Any, Any], transfer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The pieces leave."""
    await transfers.send(uow, transfer_id)
    return _done(request, merchant.slug, transfer_id, web.mark("已发出，货在途中"))


@post("/console/{slug:str}/stock/transfers/{transfer_id:uuid}/arrive", opt=WRITE, status_code=200)
async def arrive(
    request: Request[Any, Any, Any], transfer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Some or all of the pieces arrived; with `rest` what did not is lost for the reason of its line."""
    form = await request.form()
    lines = await transfers.transfer_lines(uow, transfer_id)
    state = await transfers.arrive(uow, transfer_id, fields.key_of(form), _arrived(form, lines))
    said = web.mark("全部收齐") if state == "received" else web.mark("已收货，其余仍在途中")
    return _done(request, merchant.slug, transfer_id, said)


def _arrived(form: FormMultiDict, lines: list[TransferLine]) -> list[Arrived]:
    received = fields.numbered(form, "received-")
    reasons = fields.numbered(form, "reason-")
    is_over = bool(fields.told(form, "rest"))
    told: list[Arrived] = []
    for line in lines:
        if line.sku_id in received and line.coming:
            pieces = fields.whole(received[line.sku_id] or "0", least=0, field=f"received-{line.sku_id}")
            lost = max(line.coming - pieces, 0) if is_over else 0
            told.append(Arrived(line.sku_id, pieces, lost, reasons.get(line.sku_id, "") if lost else ""))
    return told


@post("/console/{slug:str}/stock/transfers/{transfer_id:uuid}/cancel", opt=WRITE, status_code=200)
async def cancel(
    request: Request[Any, Any, Any], transfer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Give it up; what is on its way goes back."""
    await transfers.cancel(uow, transfer_id)
    return _done(request, merchant.slug, transfer_id, web.mark("已取消，在途的货已退回调出地点"))


@post("/console/{slug:str}/stock/transfers/{transfer_id:uuid}/again", opt=WRITE)
async def again(
    request: Request[Any, Any, Any], transfer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Redirect:
    """The same goods once more, as a new draft."""
    old = await transfers.transfer(uow, transfer_id)
    lines = await transfers.transfer_lines(uow, transfer_id)
    form = await request.form()
    made = await transfers.draft(
        uow,
        WantedTransfer(
            fields.key_of(form) if fields.told(form, "idempotency_key") else ids.new(),
            old.from_id,
            old.to_id,
            tuple((line.sku_id, line.quantity) for line in lines),
            old.remark,
        ),
    )
    return Redirect(f"/console/{merchant.slug}/stock/transfers/{made.id}", status_code=303)


def _done(request: Request[Any, Any, Any], slug: str, transfer_id: UUID, said: str) -> Response[Any]:
    return web.done(request, f"/console/{slug}/stock/transfers/{transfer_id}", said)


routes = [
    transfer_list,
    new_transfer,
    draft,
    transfer_page,
    change_lines,
    send,
    arrive,
    cancel,
    again,
]
