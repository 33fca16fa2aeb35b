"""Payouts on the console: the queue by what it waits for, one payout, approving, the bank, the terms and the tax."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.growth.payouts import asking, banking, finishing, queries, reviewing, sending, statements, words
from siyu.growth.payouts.model import Terms
from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant, OnDatabase, WithSettings
from siyu.web import Amount

READ = {"permission": Permission.COMMISSION_READ}
WRITE = {"permission": Permission.PAYOUTS_WRITE}
TEXT_MAX = 40_000
QUEUE_HEAD = (
    web.mark("单号"),
    web.mark("推广员"),
    web.mark("状态"),
    web.mark("提现金额"),
    web.mark("代扣个税"),
    web.mark("到账"),
)
BANK_HEAD = (web.mark("单号"), web.mark("户名"), web.mark("账号"), web.mark("开户行"), web.mark("到账"))
TAX_HEAD = (
    web.mark("月份"),
    web.mark("推广员"),
    web.mark("姓名"),
    web.mark("证件号"),
    web.mark("计税方式"),
    web.mark("笔数"),
    web.mark("提现金额"),
    web.mark("代扣个税"),
    web.mark("到账"),
)


@get("/console/{slug:str}/payouts", opt=READ)
async def queue(
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    which: FromQuery[str] = "review",
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Payouts by what they wait for, the longest waiting first."""
    tabs = {name: states for name, _, states in words.TABS}
    which = which if which in tabs else "review"
    rows = await queries.listing(uow, states=tabs[which])
    if export:
        head = [_say(request, word) for word in QUEUE_HEAD]
        cells = [
            (row.number, row.promoter_name, _say(request, words.STATES[row.state][0]), Amount(row.gross),
             Amount(row.tax), Amount(row.net))
            for row in rows
        ]  # fmt: skip
        return await web.sheet(request, "payouts", head, cells, export)
    return web.page(
        request,
        "payouts/console_queue.html",
        merchant=merchant,
        which=which,
        payouts=rows,
        counts=await queries.counts(uow),
        terms=await queries.terms(uow),
        differences=await queries.differences(uow) if which == "manual" else [],
        words=words,
    )


def _say(request: Request[Any, Any, Any], word: str) -> str:
    return web.translate(web.language_of(request), word)


@get("/console/{slug:str}/payouts/{payout_id:uuid}", opt=READ)
async def payout_page(
    request: Request[Any, Any, Any], payout_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """One payout: what it consists of, what happened, and what can be done."""
    return web.page(
        request,
        "payouts/console_payout.html",
        merchant=merchant,
        payout=await queries.find(uow, payout_id),
        lines=await queries.lines_of(uow, payout_id),
        steps=await queries.steps_of(uow, payout_id),
        words=words,
    )


@post("/console/{slug:str}/payouts/approve", opt=WRITE, status_code=200)
async def approve_batch(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Approve what was ticked."""
    form = await request.form()
    told = await reviewing.approve_many(uow, _ids([str(text) for text in form.getall("payouts", [])]))
    return web.done(
        request,
        f"/console/{merchant.slug}/payouts",
        web.mark("通过 {n} 笔，{half} 笔待复核，{refused} 笔未通过"),
        n=told.approved,
        half=told.half,
        refused=len(told.refused),
    )


def _ids(texts: list[str]) -> list[UUID]:
    try:
        found = [UUID(text) for text in texts]
    except ValueError:
        raise Invalid(field="payouts", zh="请勾选提现单。", en="Tick some payouts.") from None
    if not found:
        raise Invalid(field="payouts", zh="请勾选提现单。", en="Tick some payouts.")
    return found


@post("/console/{slug:str}/payouts/{payout_id:uuid}/{payout_action:str}", opt=WRITE, status_code=200)
async def act(
    request: Request[Any, Any, Any],
    payout_id: FromPath[UUID],
    payout_action: FromPath[str],
    merchant: OfMerchant,
    uow: InUow,
) -> Response[Any]:
    """Approve, decline, enter an invoice, or enter what the bank said."""
    form = await request.form()
    text = str(form.get("text", ""))
    match payout_action:
        case "approve":
            await reviewing.approve(uow, payout_id)
        case "decline":
            await reviewing.decline(uow, payout_id, text)
        case "invoice":
            await reviewing.keep_invoice(uow, payout_id, text)
        case "paid" | "unpaid":
            await banking.mark(uow, payout_id, is_paid=payout_action == "paid", word=text)
        case _:
            raise Invalid(field="", zh="没有这个操作。", en="There is no such action.")
    return web.done(request, f"/console/{merchant.slug}/payouts/{payout_id}", web.mark("已处理"))


@post("/console/{slug:str}/payouts/{payout_id:uuid}/recall", opt=WRITE, status_code=200)
async def recall(
    request: Request[Any, Any, Any], payout_id: FromPath[UUID], merchant: OfMerchant, database: OnDatabase
) -> Response[Any]:
    """Take back at the gateway what its person has not taken."""
    state = await sending.cancel(database, merchant, request.app.state.gateway, payout_id)
    said = web.mark("对方已经收款") if state == "paid" else web.mark("已撤回，金额回到余额")
    return web.done(request, f"/console/{merchant.slug}/payouts/{payout_id}", said)


@post(
    "/console/{slug:str}/payouts/bank-file",
    opt={"permission": Permission.PROMOTERS_IDENTITY},
    status_code=200,
)
async def bank_file(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, settings: WithSettings
) -> Response[Any]:
    """The file for the bank: names and accounts unsealed, so it needs the right to see them."""
    form = await request.form()
    rows = await banking.bank_file(uow, secret=settings.secret)
    head = [_say(request, word) for word in BANK_HEAD]
    cells = [(row.number, row.real_name, row.bank_account, row.bank_name, Amount(row.net)) for row in rows]
    return await web.sheet(request, f"bank-{merchant.slug}", head, cells, str(form.get("kind", "xlsx")))


@post("/console/{slug:str}/payouts/bank-results", opt=WRITE, status_code=200)
async def bank_results(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """What the bank answered, line by line."""
    form = await request.form()
    results = banking.read_results(str(form.get("results", ""))[:TEXT_MAX])
    done, refused = await banking.take_results(uow, results)
    return web.done(
        request,
        f"/console/{merchant.slug}/payouts?which=manual",
        web.mark("登记 {n} 笔，{refused} 笔未登记"),
        n=done,
        refused=len(refused),
    )


@post("/console/{slug:str}/payouts/differences/{payout_difference_id:uuid}", opt=WRITE, status_code=200)
async def resolve(
    request: Request[Any, Any, Any], payout_difference_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """A person says what they did about a difference."""
    form = await request.form()
    await finishing.resolve(uow, payout_difference_id, str(form.get("note", "")))
    return web.done(request, f"/console/{merchant.slug}/payouts?which=manual", web.mark("已处理"))


@post("/console/{slug:str}/payouts/terms", opt=WRITE, status_code=200)
async def save_terms(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """How payouts are made from now on."""
    form = await request.form()
    await reviewing.save_terms(
        uow,
        Terms(
            minimum=_amount(str(form.get("minimum", "")), "minimum", merchant.currency),
            second_from=_amount(str(form.get("second_from", "")), "second_from", merchant.currency),
            day_cap=_amount(str(form.get("day_cap", "")), "day_cap", merchant.currency),
            job=str(form.get("job", "")),
        ),
    )
    return web.done(request, f"/console/{merchant.slug}/payouts", web.mark("已保存"))


def _amount(text: str, field: str, currency: str) -> int:
    try:
        return money.parse(text, currency)
    except ValueError:
        raise Invalid(field=field, zh="请填写正确的金额。", en="This is not an amount.") from None


@get("/console/{slug:str}/payouts/tax", opt=READ)
async def tax_page(
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    month: FromQuery[str] = "",
    months: FromQuery[int] = 1,
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Who was paid what in a month (or the three months of a quarter, T-09), and the tax withheld."""
    until = _month(month) or asking.this_month(uow)
    back = until.year * 12 + until.month - 1 - (min(max(months, 1), 12) - 1)
    rows = await statements.statements(uow, date(back // 12, back % 12 + 1, 1), until)
    if export:
        cells = [
            (f"{row.period:%Y-%m}", row.promoter_name, row.name_masked, row.number_masked,
             _say(request, words.TAX_METHODS[row.tax_method]), row.payouts, Amount(row.gross), Amount(row.tax),
             Amount(row.net))
            for row in rows
        ]  # fmt: skip
        return await web.sheet(
            request, f"tax-{until:%Y-%m}", [_say(request, word) for word in TAX_HEAD], cells, export
        )
    return web.page(
        request,
        "payouts/console_tax.html",
        merchant=merchant,
        month=f"{until:%Y-%m}",
        months=months,
        rows=rows,
        words=words,
    )


def _month(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Invalid(
            field="month", zh="月份应为 2026-11 这样。", en="A month is written like 2026-11."
        ) from None


routes = [
    queue,
    tax_page,
    payout_page,
    approve_batch,
    recall,
    act,
    bank_file,
    bank_results,
    resolve,
    save_terms,
]
