"""After-sales on the console: what waits, most pressing first, and one case with everything to decide it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel import money
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.paging import after_moment
from siyu.kernel.permissions import Permission
from siyu.place import stores
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant
from siyu.trade import orders
from siyu.trade.aftersales import actions, opening, queries, rules, words
from siyu.trade.aftersales.model import CaseCard, OpenCase

READ = {"permission": Permission.ORDERS_READ}
REFUND = {"permission": Permission.ORDERS_REFUND}
TABS = {
    "": (web.mark("待处理"), ("requested", "returned")),
    "returning": (web.mark("待寄回"), ("returning",)),
    "refunding": (web.mark("退款中"), ("refunding",)),
    "ended": (web.mark("已结束"), ("done", "refused", "withdrawn", "lapsed")),
    "all": (web.mark("全部"), ()),
}
LINE = "line-"


@get("/console/{slug:str}/after-sales", opt=READ)
async def case_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    tab: FromQuery[str] = "",
    q: FromQuery[str] = "",
    disputed: FromQuery[str] = "",
    after: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Response[Any]:
    """After-sales by what is to be done, with the clock of each."""
    tab = tab if tab in TABS else ""
    asked: dict[str, Any] = {
        "states": () if q else TABS[tab][1],
        "search": q,
        "disputed_only": disputed == "1",
        "locations": actor.scope_list,
    }
    if export:
        return await _sheet(request, uow, asked, export)
    found = await queries.listing(uow, after=after_moment(after or None), **asked)
    counts = await queries.counts(uow)
    here = f"/console/{merchant.slug}/after-sales"
    return web.page(
        request,
        "aftersales/console_list.html",
        merchant=merchant,
        cases=found.items,
        tabs=[
            (word, f"{here}?tab={key}" if key else here, tab == key, counts.waiting if key == "" else None)
            for key, (word, _) in TABS.items()
        ],
        counts=counts,
        q=q,
        tab=tab,
        disputed=disputed == "1",
        next_href=f"{here}?{urlencode({'tab': tab, 'q': q, 'disputed': disputed, 'after': found.next})}"
        if found.next
        else None,
        first_href=f"{here}?{urlencode({'tab': tab, 'q': q, 'disputed': disputed})}" if after else None,
        words=words,
        reasons=rules.BY_CODE,
        now=uow.now,
    )


async def _sheet(
    request: Request[Any, Any, Any], uow: UnitOfWork, asked: dict[str, Any], kind: str
) -> Response[Any]:
    say = web.language_of(request)
    head = [
        web.translate(say, word)
        for word in (
            web.mark("订单号"), web.mark("顾客"), web.mark("类型"), web.mark("状态"), web.mark("原因"),
            web.mark("商品名称"), web.mark("件数"), web.mark("退款金额"), web.mark("申请时间"),
        )
    ]  # fmt: skip

    def row(case: CaseCard) -> list[Any]:
        reason = rules.BY_CODE[case.reason]
        return [
            case.order_number, case.customer_name, web.translate(say, words.KINDS[case.kind]),
            web.translate(say, words.STATES[case.state][0]), reason.zh if say.startswith("zh") else reason.en,
            case.first_title, case.pieces, web.Amount(case.refunded) if case.refunded is not None else None,
            case.opened_at,
        ]  # fmt: skip

    pages = web.every_page(
        lambda cursor: queries.listing(uow, after=after_moment(cursor), limit=200, **asked)
    )
    return await web.sheet(
        request, web.translate(say, web.mark("售后")), head, (row(case) async for case in pages), kind
    )


@get("/console/{slug:str}/after-sales/{case_id:uuid}", opt=READ)
async def case_page(
    request: Request[Any, Any, Any], case_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One case: what is claimed, what agreeing would do, and everything that was said."""
    case = await queries.find(uow, case_id)
    order = await orders.find(uow, case.order_id, anywhere=True)
    lines = {line.line_no: line for line in order.lines}
    worth = {
        one.line_no: orders.worth_of(lines[one.line_no], one.quantity) for one in case.lines if case.is_open
    }
    reason = rules.BY_CODE[case.reason]
    return web.page(
        request,
        "aftersales/console_case.html",
        merchant=merchant,
        case=case,
        order=order,
        order_lines=lines,
        worth=worth,
        freight=rules.freight_back(order, reason, {one.line_no: one.quantity for one in case.lines})
        if case.is_open
        else 0,
        reason=reason,
        refusals=[(key, web.half(web.language_of(request), text)) for key, text in rules.REFUSALS.items()],
        stores=await stores.every(uow),
        words=words,
    )


@get("/console/{slug:str}/orders/{order_id:uuid}/cases", opt=READ)
async def cases_of_order(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the order's page: its after-sales, and a form to open one for the customer."""
    order = await orders.find(uow, order_id)
    found = await queries.listing(uow, order_id=order_id)
    claimed = await queries.claimed_units(uow, order_id)
    return web.page(
        request,
        "aftersales/console_of_order.html",
        merchant=merchant,
        order=order,
        cases=found.items,
        claimed=claimed,
        line_field=LINE,
        words=words,
        reasons=rules.REASONS,
        by_code=rules.BY_CODE,
    )


@post("/console/{slug:str}/orders/{order_id:uuid}/cases", opt=REFUND, status_code=200)
async def open_for_customer(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Open an after-sale on a customer's behalf; the window does not bind staff."""
    form = await request.form()
    case = await opening.open_case(uow, _wish(form, order_id))
    return web.done(request, f"/console/{merchant.slug}/after-sales/{case.id}", web.mark("售后已提交"))


def _wish(form: FormMultiDict, order_id: UUID) -> OpenCase:
    try:
        return OpenCase(
            id=UUID(str(form.get("idempotency_key", ""))),
            order_id=order_id,
            kind=str(form.get("kind", "")),
            reason=str(form.get("reason", "")),
            lines=tuple(
                (int(name.removeprefix(LINE)), int(str(value)))
                for name, value in form.items()
                if name.startswith(LINE) and str(value) not in {"", "0"}
            ),
            words=str(form.get("words", "")),
        )
    except ValueError:
        raise Invalid(field="lines", zh="数量不正确。", en="The quantities are not valid.") from None


@post("/console/{slug:str}/after-sales/{case_id:uuid}/{action:str}", opt=REFUND, status_code=200)
async def act(
    *,
    request: Request[Any, Any, Any],
    case_id: FromPath[UUID],
    action: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Agree, refuse, take goods in, send a replacement, decide a dispute."""
    form = await request.form()
    said = str(form.get("words", ""))
    restock = form.get("restock") == "1"
    match action:
        case "agree":
            amount = _amount(form, merchant)
            where = str(form.get("location", ""))
            await actions.agree(
                uow, case_id, amount=amount, location_id=UUID(where) if where else None, words=said
            )
        case "refuse":
            await actions.refuse(uow, case_id, str(form.get("ground", "")), said)
        case "check-in":
            await actions.check_in(uow, case_id, restock=restock, words=said)
        case "sent":
            await actions.send_back(uow, case_id, str(form.get("carrier", "")), str(form.get("tracking", "")))
        case "replace":
            carrier, tracking = str(form.get("carrier", "")), str(form.get("tracking", ""))
            await actions.replace(uow, case_id, restock=restock, carrier=carrier, tracking=tracking)
        case "arbitrate":
            await actions.arbitrate(uow, case_id, is_upheld=form.get("verdict") == "upheld", words=said)
        case _:
            raise NotFound(what="操作 / action")
    return web.done(request, f"/console/{merchant.slug}/after-sales/{case_id}", web.mark("已处理"))


def _amount(form: FormMultiDict, merchant: Merchant) -> int | None:
    """The amount both settled on, or None for the full worth. Raises Invalid."""
    text = str(form.get("amount", "")).strip()
    if not text:
        return None
    try:
        return money.parse(text, merchant.currency)
    except ValueError:
        raise Invalid(field="amount", zh="金额格式不正确。", en="The amount is not valid.") from None


routes = [case_list, case_page, cases_of_order, open_for_customer, act]
