"""Promoters on the console: who sells, how well, and everything about one of them."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.growth import distribution, promoters
from siyu.growth.distribution import PromoterReport
from siyu.growth.promoters import Promoter
from siyu.growth.promoting import forms
from siyu.kernel.permissions import Permission
from siyu.place import doors
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, WithSettings

READ = {"permission": Permission.COMMISSION_READ}
WRITE = {"permission": Permission.PROMOTERS_WRITE}
IDENTITY = {"permission": Permission.PROMOTERS_IDENTITY}
LINES_SHOWN = 50
ROWS_SHOWN = 200
WHOLE_BPS = 10_000
EXPORT_HEAD = (
    "名字",
    "身份",
    "等级",
    "状态",
    "订单",
    "带来销售",
    "待结算",
    "可结算",
    "已冲回",
    "退款率",
    "加入时间",
)


def refunded_bps(report: PromoterReport) -> int:
    """How much of what was earned refunds took back, in basis points rounded down."""
    earned = report.pending + report.payable + report.reversed
    return report.reversed * WHOLE_BPS // earned if earned > 0 else 0


async def tabs_of(uow: UnitOfWork, slug: str, here: str) -> list[tuple[str, str, bool, int | None]]:
    """The pages about promoters; the numbers are what waits for somebody."""
    root = f"/console/{slug}/promoters"
    waiting = {
        "applications": await promoters.open_applications(uow),
        "identities": len(await promoters.identities_waiting(uow)),
    }
    pages = (
        ("", web.mark("推广员")),
        ("applications", web.mark("申请")),
        ("identities", web.mark("实名")),
        ("tasks", web.mark("任务")),
        ("lessons", web.mark("课程")),
        ("rules", web.mark("规则与协议")),
    )
    return [
        (word, f"{root}/{path}".rstrip("/"), path == here, waiting.get(path) or None) for path, word in pages
    ]


async def _found(
    uow: UnitOfWork, kind: str, state: str, level: str, q: str
) -> list[tuple[PromoterReport, Promoter]]:
    """Promoters with their sales, best sellers first, narrowed."""
    known = {
        promoter.id: promoter for promoter in await promoters.every(uow, kind=kind, state=state, level=level)
    }
    return [
        (report, known[report.id])
        for report in await distribution.promoters(uow)
        if report.id in known and q.casefold() in report.name.casefold()
    ]


@get("/console/{slug:str}/promoters", opt=READ)
async def promoter_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    kind: FromQuery[str] = "",
    # Litestar keeps the name `state` for the application's own.
    promoter_state: Annotated[str, QueryParameter(name="state")] = "",
    level: FromQuery[str] = "",
    q: FromQuery[str] = "",
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Promoters, best sellers first; by kind, state, level and name."""
    found = await _found(uow, kind, promoter_state, level, q.strip())
    if export:
        return await _export(request, found, export)
    asked = {"kind": kind, "state": promoter_state, "level": level, "q": q.strip()}
    return web.page(
        request,
        "promoting/console_promoters.html",
        merchant=merchant,
        found=found[:ROWS_SHOWN],
        count=len(found),
        asked=asked,
        query=urlencode({name: value for name, value in asked.items() if value}),
        tabs=await tabs_of(uow, merchant.slug, ""),
        levels=await promoters.levels(uow),
        refunded_bps=refunded_bps,
        words=promoters,
    )


async def _export(
    request: Request[Any, Any, Any], found: list[tuple[PromoterReport, Promoter]], kind: str
) -> Response[Any]:
    language = web.language_of(request)
    rows = (
        (
            report.name,
            web.translate(language, promoters.KINDS[report.kind]),
            web.translate(language, promoters.level_word(promoter.level)),
            web.translate(language, promoters.PROMOTER_STATES[report.state][0]),
            report.orders,
            web.Amount(report.sales),
            web.Amount(report.pending),
            web.Amount(report.payable),
            web.Amount(report.reversed),
            web.percent_bp(refunded_bps(report)),
            report.joined_at,
        )
        for report, promoter in found
    )
    head = [web.translate(language, word) for word in EXPORT_HEAD]
    return await web.sheet(request, web.translate(language, web.mark("推广员")), head, rows, kind)


@get("/console/{slug:str}/promoters/{promoter_id:uuid}", opt=READ)
async def promoter_page(
    *,
    request: Request[Any, Any, Any],
    promoter_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[str]:
    """One promoter: doors, people brought, every line earned, who they are and what they were asked to do."""
    own = await doors.of_promoter(uow, promoter_id)
    promoter = await promoters.find(uow, promoter_id)
    return web.page(
        request,
        "promoting/console_promoter.html",
        merchant=merchant,
        promoter=promoter,
        earnings=await distribution.earnings(uow, promoter_id),
        expected=await distribution.expected(uow, promoter_id),
        lines=await distribution.commissions(uow, promoter_id, limit=LINES_SHOWN),
        lines_max=LINES_SHOWN,
        doors=own,
        sums=await doors.sums_of(uow, [door.id for door in own]),
        changes=await promoters.changes_of(uow, promoter_id),
        acceptances=await promoters.acceptances_of(uow, promoter_id),
        identity=await promoters.identity(uow, promoter_id)
        if actor.may(Permission.PROMOTERS_IDENTITY)
        else None,
        tasks=await promoters.tasks_of(uow, promoter),
        lessons=await promoters.studied(uow, promoter_id),
        face=await promoters.face(uow, promoter_id),
        base_url=settings.base_url,
        state_of=distribution.state_of,
        words=promoters,
    )


@post("/console/{slug:str}/promoters/{promoter_id:uuid}/pause", opt=WRITE, status_code=200)
async def pause(
    request: Request[Any, Any, Any], promoter_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """No new commission for the time being."""
    await promoters.pause(uow, promoter_id, forms.text(await request.form(), "reason"))
    return _back(request, merchant.slug, promoter_id, web.mark("已暂停，之后的订单不产生佣金"))


@post("/console/{slug:str}/promoters/{promoter_id:uuid}/resume", opt=WRITE, status_code=200)
async def resume(
    request: Request[Any, Any, Any], promoter_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Promoting goes on."""
    await promoters.resume(uow, promoter_id, forms.text(await request.form(), "reason"))
    return _back(request, merchant.slug, promoter_id, web.mark("已恢复推广"))


@post("/console/{slug:str}/promoters/{promoter_id:uuid}/dismiss", opt=WRITE, status_code=200)
async def dismiss(
    request: Request[Any, Any, Any], promoter_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """End the cooperation for good."""
    await promoters.dismiss(uow, promoter_id, forms.text(await request.form(), "reason"))
    return _back(request, merchant.slug, promoter_id, web.mark("已清退，入口已关闭，已产生的佣金照常结算"))


@post("/console/{slug:str}/promoters/{promoter_id:uuid}/identity/verify", opt=IDENTITY, status_code=200)
async def verify_identity(
    request: Request[Any, Any, Any], promoter_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The real name was compared with the card and is right."""
    await promoters.verify_identity(uow, promoter_id)
    return _back(request, merchant.slug, promoter_id, web.mark("实名已核实"))


@post("/console/{slug:str}/promoters/{promoter_id:uuid}/identity/refuse", opt=IDENTITY, status_code=200)
async def refuse_identity(
    request: Request[Any, Any, Any], promoter_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """The real name is sent back with the reason."""
    await promoters.refuse_identity(uow, promoter_id, forms.text(await request.form(), "reason"))
    return _back(request, merchant.slug, promoter_id, web.mark("已驳回，推广员会看到原因"))


@post("/console/{slug:str}/promoters/{promoter_id:uuid}/identity/open", opt=IDENTITY, status_code=200)
async def open_identity(
    *,
    request: Request[Any, Any, Any],
    promoter_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    settings: WithSettings,
) -> Response[Any]:
    """A fragment with the real name, to be compared with the card; who looked and why is noted."""
    why = forms.text(await request.form(), "why")
    return web.page(
        request,
        "promoting/console_identity_open.html",
        merchant=merchant,
        opened=await promoters.identity_open(uow, promoter_id, secret=settings.secret, why=why),
        headers={"cache-control": "no-store"},
    )


def _back(request: Request[Any, Any, Any], slug: str, promoter_id: UUID, said: str) -> Response[Any]:
    return web.done(request, f"/console/{slug}/promoters/{promoter_id}", said)


@get("/console/{slug:str}/customers/{customer_id:uuid}/promoter", opt=READ)
async def customer_promoter(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the customer's page: nothing, or the promoter they are."""
    found = await promoters.maybe_of_customer(uow, customer_id)
    return web.page(
        request,
        "promoting/console_of_customer.html",
        merchant=merchant,
        promoter=found,
        earnings=await distribution.earnings(uow, found.id) if found else None,
        promoter_states=promoters.PROMOTER_STATES,
    )


routes = [
    promoter_list,
    promoter_page,
    pause,
    resume,
    dismiss,
    verify_identity,
    refuse_identity,
    open_identity,
    customer_promoter,
]
