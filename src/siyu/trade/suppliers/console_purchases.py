"""Purchase orders on the console: the list, what should be ordered, a new one, and one until it has arrived."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.goods import inventory
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase
from siyu.trade.suppliers import forms, purchase_queries, purchasing, queries, words
from siyu.trade.suppliers.model import Purchase, Receive, Suggestion, WantedLine, WantedPurchase

READ = {"permission": Permission.SUPPLY_READ}
WRITE = {"permission": Permission.PURCHASE_WRITE}
OPEN = ("draft", "sent", "partly")


@get("/console/{slug:str}/purchases", opt=READ)
async def purchase_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    # Litestar keeps the name `state` for the application's own.
    asked_state: Annotated[str, QueryParameter(name="state")] = "",
    supplier: FromQuery[str] = "",
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Purchase orders, newest first."""
    state = asked_state if asked_state in words.PURCHASE_STATES or asked_state == "open" else ""
    asked: dict[str, Any] = {
        "supplier_id": forms.uuid_or_none(supplier),
        "states": OPEN if state == "open" else (state,) if state else (),
        "search": q,
    }
    if export:
        return await _sheet(request, uow, asked, export)
    page = await purchase_queries.purchases(uow, after=after_moment(after or None), **asked)
    here = f"/console/{merchant.slug}/purchases"
    kept = {name: said for name, said in (("state", state), ("supplier", supplier), ("q", q)) if said}
    return web.page(
        request,
        "suppliers/console_purchases.html",
        merchant=merchant,
        purchases=page.items,
        suppliers=await queries.every(uow),
        state=state,
        supplier=supplier,
        q=q,
        words=words,
        suggested=len(await purchase_queries.suggestions(uow)),
        export_href=f"{here}?{urlencode({**kept, 'export': 'xlsx'})}",
        next_href=f"{here}?{urlencode({**kept, 'after': page.next})}" if page.next else None,
        first_href=f"{here}?{urlencode(kept)}" if after else None,
    )


async def _sheet(
    request: Request[Any, Any, Any], uow: UnitOfWork, asked: dict[str, Any], kind: str
) -> Response[Any]:
    say = web.language_of(request)
    head = [web.mark("采购单号"), web.mark("供应商"), web.mark("收货地点"), web.mark("状态"), web.mark("件数"),
            web.mark("已到"), web.mark("金额"), web.mark("预计到货"), web.mark("建单时间")]  # fmt: skip
    pages = web.every_page(
        lambda cursor: purchase_queries.purchases(uow, after=after_moment(cursor), limit=200, **asked)
    )
    rows = (
        (one.number, one.supplier_name, one.location_name, web.translate(say, words.PURCHASE_STATES[one.state][0]),
         one.pieces, one.received, web.Amount(one.total), one.expected_on, one.created_at)
        async for one in pages
    )  # fmt: skip
    told = [web.translate(say, word) for word in head]
    return await web.sheet(request, web.translate(say, web.mark("采购单")), told, rows, kind)


@get("/console/{slug:str}/purchases/suggestions", opt=READ)
async def suggestion_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """What should be ordered, by supplier and location."""
    groups: dict[tuple[UUID, UUID], list[Suggestion]] = {}
    for one in await purchase_queries.suggestions(uow):
        groups.setdefault((one.supplier_id, one.location_id), []).append(one)
    return web.page(
        request, "suppliers/console_suggestions.html", merchant=merchant, groups=list(groups.values())
    )


@post("/console/{slug:str}/purchases/suggestions", opt=WRITE, status_code=200)
async def draft_suggested(
    request: Request[Any, Any, Any], merchant: OfMerchant, database: OnDatabase, actor: ByActor
) -> Response[Any]:
    """A draft with everything that is suggested for a supplier and a location."""
    form = await request.form()
    key, supplier_id, place = (
        forms.key_of(form),
        forms.chosen(form, "supplier"),
        forms.chosen(form, "location"),
    )
    number = await purchasing.fresh_number(database, merchant)

    async def work(uow: UnitOfWork) -> Purchase:
        try:
            return await purchase_queries.find_purchase(uow, key)  # the same click again
        except NotFound:
            lines = [
                WantedLine(one.sku_id, one.quantity, one.cost)
                for one in await purchase_queries.suggestions(uow)
                if (one.supplier_id, one.location_id) == (supplier_id, place)
            ]
        if not lines:
            raise Invalid(field="supplier", zh="没有需要补货的商品了。", en="Nothing needs to be ordered.")
        return await purchasing.draft(uow, WantedPurchase(key, supplier_id, place, tuple(lines)), number)

    made = await database.attempt(merchant, work, actor)
    return _done(request, merchant.slug, made.id, web.mark("采购单草稿已生成"))


@get("/console/{slug:str}/purchases/new", opt=WRITE)
async def new_purchase(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, supplier: FromQuery[str] = ""
) -> Response[str]:
    """A form for a new purchase order."""
    return web.page(
        request,
        "suppliers/console_purchase_new.html",
        merchant=merchant,
        suppliers=await queries.every(uow, only_active=True),
        supplier=supplier,
        locations=[place for place in await inventory.locations(uow) if place.kind != "supplier"],
    )


@post("/console/{slug:str}/purchases", opt=WRITE, status_code=200)
async def draft(
    request: Request[Any, Any, Any], merchant: OfMerchant, database: OnDatabase, actor: ByActor
) -> Response[Any]:
    """Write an order down; with `send` the supplier has it."""
    form = await request.form()
    supplier_id, place = forms.chosen(form, "supplier"), forms.chosen(form, "location")
    key, expected_on = forms.key_of(form), forms.day(forms.told(form, "expected_on"), field="expected_on")
    number = await purchasing.fresh_number(database, merchant)

    async def work(uow: UnitOfWork) -> Purchase:
        items = await queries.items(uow, supplier_id)
        lines = await forms.lines_of(uow, forms.told(form, "lines"), items, expected_on)
        wanted = WantedPurchase(key, supplier_id, place, lines, forms.told(form, "remark"))
        made = await purchasing.draft(uow, wanted, number)
        return await purchasing.send(uow, made.id) if forms.told(form, "send") else made

    made = await database.attempt(merchant, work, actor)
    return _done(request, merchant.slug, made.id, web.mark("采购单已保存"))


@get("/console/{slug:str}/purchases/{purchase_id:uuid}", opt=READ)
async def purchase_page(
    *,
    request: Request[Any, Any, Any],
    purchase_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    export: FromQuery[str] = "",
) -> Response[Any]:
    """One order: what was ordered, what arrived, and what differs."""
    found = await purchase_queries.find_purchase(uow, purchase_id)
    if export:
        return await _lines_sheet(request, found, export)
    return web.page(
        request,
        "suppliers/console_purchase.html",
        merchant=merchant,
        purchase=found,
        receipts=await purchase_queries.receipts(uow, purchase_id),
        words=words,
    )


async def _lines_sheet(request: Request[Any, Any, Any], found: Purchase, kind: str) -> Response[Any]:
    say = web.language_of(request)
    head: Sequence[str] = [
        web.mark("编码"), web.mark("供应商编码"), web.mark("商品名称"), web.mark("规格"), web.mark("件数"), web.mark("已到"),
        web.mark("差异"), web.mark("单价"), web.mark("金额"), web.mark("预计到货"),
    ]  # fmt: skip
    rows = (
        (line.sku_code, line.supplier_code, line.title, line.sku_title, line.quantity, line.received,
         line.received - line.quantity, web.Amount(line.cost), web.Amount(line.cost * line.quantity), line.expected_on)
        for line in found.lines
    )  # fmt: skip
    return await web.sheet(request, found.number, [web.translate(say, word) for word in head], rows, kind)


@post("/console/{slug:str}/purchases/{purchase_id:uuid}/{move:str}", opt=WRITE, status_code=200)
async def move_purchase(
    *,
    request: Request[Any, Any, Any],
    purchase_id: FromPath[UUID],
    move: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Change the lines of a draft, send it, take goods in, end it."""
    form = await request.form()
    match move:
        case "lines":
            found = await purchase_queries.find_purchase(uow, purchase_id)
            expected_on = forms.day(forms.told(form, "expected_on"), field="expected_on")
            items = await queries.items(uow, found.supplier_id)
            lines = await forms.lines_of(uow, forms.told(form, "lines"), items, expected_on)
            await purchasing.change_draft(uow, purchase_id, lines)
            said = web.mark("已保存")
        case "send":
            await purchasing.send(uow, purchase_id)
            said = web.mark("已下单")
        case "receive":
            found = await purchase_queries.find_purchase(uow, purchase_id)
            arrived = forms.arrived_of(form, found.lines)
            await purchasing.receive(
                uow, Receive(forms.key_of(form), purchase_id, arrived, forms.told(form, "remark"))
            )
            said = web.mark("到货已入库，计入应付")
        case "cancel":
            await purchasing.cancel(uow, purchase_id)
            said = web.mark("采购单已取消")
        case "finish":
            await purchasing.finish(uow, purchase_id)
            said = web.mark("采购单已结束")
        case _:
            raise NotFound(what="操作 / action")
    return _done(request, merchant.slug, purchase_id, said)


def _done(request: Request[Any, Any, Any], slug: str, purchase_id: UUID, said: str) -> Response[Any]:
    return web.done(request, f"/console/{slug}/purchases/{purchase_id}", said)


routes = [
    purchase_list,
    suggestion_list,
    draft_suggested,
    new_purchase,
    draft,
    purchase_page,
    move_purchase,
]
