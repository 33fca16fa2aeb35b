"""Statements of suppliers on the console: the list, and one to be checked, confirmed and paid."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.suppliers import forms, queries, settling, words
from siyu.trade.suppliers.model import Statement, StatementState

READ = {"permission": Permission.SUPPLY_READ}
SETTLE = {"permission": Permission.SUPPLY_SETTLE}
STATES: dict[str, StatementState] = {"draft": "draft", "confirmed": "confirmed", "paid": "paid"}


@get("/console/{slug:str}/statements", opt=READ)
async def statement_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    asked_state: Annotated[str, QueryParameter(name="state")] = "",
    after: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Statements, the latest period first."""
    state = STATES.get(asked_state)
    if export:
        return await _list_sheet(request, uow, state, export)
    page = await settling.statements(uow, state=state, after=settling.after_day(after))
    here = f"/console/{merchant.slug}/statements"
    kept = {"state": state} if state else {}
    tabs = [(web.mark("全部"), here, state is None, None)] + [
        (word, f"{here}?state={key}", state == key, None) for key, (word, _) in words.STATEMENT_STATES.items()
    ]
    return web.page(
        request,
        "suppliers/console_statements.html",
        merchant=merchant,
        statements=page.items,
        tabs=tabs,
        state=state,
        words=words,
        export_href=f"{here}?{urlencode({**kept, 'export': 'xlsx'})}",
        next_href=f"{here}?{urlencode({**kept, 'after': page.next})}" if page.next else None,
        first_href=f"{here}?{urlencode(kept)}" if after else None,
    )


async def _list_sheet(
    request: Request[Any, Any, Any], uow: UnitOfWork, state: StatementState | None, kind: str
) -> Response[Any]:
    say = web.language_of(request)
    head = [web.mark("结算单号"), web.mark("供应商"), web.mark("开始日期"), web.mark("结束日期"), web.mark("状态"),
            web.mark("应付"), web.mark("付款凭据"), web.mark("付款时间")]  # fmt: skip
    pages = web.every_page(
        lambda cursor: settling.statements(uow, state=state, after=settling.after_day(cursor), limit=200)
    )
    rows = (
        (one.number, one.supplier_name, one.starts_on, one.ends_on,
         web.translate(say, words.STATEMENT_STATES[one.state][0]), web.Amount(one.live), one.reference, one.paid_at)
        async for one in pages
    )  # fmt: skip
    told = [web.translate(say, word) for word in head]
    return await web.sheet(request, web.translate(say, web.mark("供应商结算")), told, rows, kind)


@get("/console/{slug:str}/statements/{statement_id:uuid}", opt=READ)
async def statement_page(
    *,
    request: Request[Any, Any, Any],
    statement_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    after: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Response[Any]:
    """One statement with everything it is made of."""
    found = await settling.find_statement(uow, statement_id)
    if export:
        return await _sheet(request, uow, found, export)
    page = await queries.entries(
        uow, found.supplier_id, found.since, found.until, after=after_moment(after or None)
    )
    here = f"/console/{merchant.slug}/statements/{statement_id}"
    return web.page(
        request,
        "suppliers/console_statement.html",
        merchant=merchant,
        statement=found,
        sums=await queries.sums(uow, found.supplier_id, found.since, found.until),
        entries=page.items,
        words=words,
        next_href=f"{here}?{urlencode({'after': page.next})}" if page.next else None,
        first_href=here if after else None,
    )


async def _sheet(
    request: Request[Any, Any, Any], uow: UnitOfWork, found: Statement, kind: str
) -> Response[Any]:
    say = web.language_of(request)
    head = [web.mark("时间"), web.mark("类型"), web.mark("单号"), web.mark("编码"), web.mark("商品名称"), web.mark("规格"),
            web.mark("件数"), web.mark("单价"), web.mark("金额"), web.mark("原因"), web.mark("操作人")]  # fmt: skip
    pages = web.every_page(
        lambda cursor: queries.entries(
            uow, found.supplier_id, found.since, found.until, after=after_moment(cursor), limit=200
        )
    )
    rows = (
        (one.at, web.translate(say, words.ENTRIES[one.kind]), one.number, one.sku_code, one.title, one.sku_title,
         one.quantity, web.Amount(one.price), web.Amount(one.amount), one.reason, one.actor_name)
        async for one in pages
    )  # fmt: skip
    return await web.sheet(request, found.number, [web.translate(say, word) for word in head], rows, kind)


@post("/console/{slug:str}/statements/{statement_id:uuid}/confirm", opt=SETTLE, status_code=200)
async def confirm(
    request: Request[Any, Any, Any], statement_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Both agree: the total is fixed."""
    await settling.confirm(uow, statement_id)
    return web.done(request, f"/console/{merchant.slug}/statements/{statement_id}", web.mark("结算单已确认"))


@post("/console/{slug:str}/statements/{statement_id:uuid}/pay", opt=SETTLE, status_code=200)
async def pay(
    request: Request[Any, Any, Any], statement_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The bank moved the money."""
    form = await request.form()
    await settling.pay(uow, statement_id, forms.told(form, "reference"))
    return web.done(request, f"/console/{merchant.slug}/statements/{statement_id}", web.mark("付款已登记"))


routes = [statement_list, statement_page, confirm, pay]
