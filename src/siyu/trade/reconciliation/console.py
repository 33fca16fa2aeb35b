"""Reconciliation on the console: the calendar of days, a day, the queue of differences, and one of them."""

from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.connect import gateways
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase
from siyu.trade.reconciliation import fetching, queries, resolving, words
from siyu.trade.reconciliation.model import Day, How

READ = {"permission": Permission.LEDGER_READ}
WRITE = {"permission": Permission.PAYMENTS_WRITE}
DAYS_SHOWN = 28
DAYS_KEPT = 89  # the gateways keep bills for three months


class Cell(msgspec.Struct, frozen=True):
    """One day of one gateway in the calendar. `state` is a key of words.DAY_STATES, '' before its bill can exist."""

    gateway: str
    day: date
    state: str
    bill: Day | None


def _state(bill: Day | None) -> str:
    if bill is None:
        return "waiting"
    if bill.state != "compared":
        return bill.state
    return "open" if bill.open else "resolved" if bill.differences else "compared"


@get("/console/{slug:str}/reconciliation", opt=READ)
async def calendar(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Four weeks of days for each gateway, and the differences that wait."""
    today = uow.now.astimezone(gateways.CHINA).date()
    since = today - timedelta(days=DAYS_SHOWN)
    bills = {(bill.gateway, bill.day): bill for bill in await queries.days(uow, since)}
    shown = [since + timedelta(days=n) for n in range(DAYS_SHOWN)]
    names = sorted({*request.app.state.gateways, *(gateway for gateway, _ in bills)}, reverse=True)
    rows = []
    for name in names:
        cells = []
        for day in shown:
            bill = bills.get((name, day))
            is_ready = gateways.ready_at(day) <= uow.now
            cells.append(Cell(name, day, _state(bill) if bill or is_ready else "", bill))
        rows.append((name, cells))
    return web.page(
        request,
        "reconciliation/console_calendar.html",
        merchant=merchant,
        rows=rows,
        differences=await queries.differences(uow, limit=10),
        open_count=await queries.open_count(uow),
        now=uow.now,
        words=words,
    )


@get("/console/{slug:str}/reconciliation/days/{gateway:str}/{day:str}", opt=READ)
async def day_page(
    request: Request[Any, Any, Any],
    gateway: FromPath[str],
    day: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[str]:
    """One gateway's day: its sums and everything that differed."""
    when = _day(gateway, day)
    bill = await queries.day_of(uow, gateway, when)
    return web.page(
        request,
        "reconciliation/console_day.html",
        merchant=merchant,
        gateway=gateway,
        day=when,
        bill=bill,
        state=_state(bill),
        is_ready=gateways.ready_at(when) <= uow.now,
        is_set_up=gateway in request.app.state.gateways,
        differences=await queries.differences(uow, state=None, gateway=gateway, day=when),
        words=words,
    )


def _day(gateway: str, day: str) -> date:
    if gateway not in words.GATEWAYS:
        raise NotFound(what="支付渠道 / gateway")
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise NotFound(what="日期 / day") from None


@post("/console/{slug:str}/reconciliation/days/{gateway:str}/{day:str}/run", opt=WRITE, status_code=200)
async def run_day(
    request: Request[Any, Any, Any],
    gateway: FromPath[str],
    day: FromPath[str],
    database: OnDatabase,
    merchant: OfMerchant,
) -> Response[Any]:
    """Fetch and compare this day now. A day that was compared stays as it is."""
    when = _day(gateway, day)
    line = request.app.state.gateways.get(gateway)
    if line is None:
        raise NotFound(what="支付渠道 / gateway")
    is_new = await fetching.reconcile(database, merchant, line, when)
    return web.done(
        request,
        f"/console/{merchant.slug}/reconciliation/days/{gateway}/{day}",
        web.mark("对账完成") if is_new else web.mark("这一天已经对过账，没有变化"),
    )


@get("/console/{slug:str}/reconciliation/differences", opt=READ)
async def queue(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, which: FromQuery[str] = "open"
) -> Response[str]:
    """Differences, the oldest first."""
    state = which if which in {"open", "resolved"} else "open"
    return web.page(
        request,
        "reconciliation/console_queue.html",
        merchant=merchant,
        state=state,
        differences=await queries.differences(uow, state=state),
        open_count=await queries.open_count(uow),
        now=uow.now,
        words=words,
    )


@get("/console/{slug:str}/reconciliation/differences/{difference_id:uuid}", opt=READ)
async def difference_page(
    request: Request[Any, Any, Any], difference_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One difference, both sides, and the ways to settle it."""
    return web.page(
        request,
        "reconciliation/console_difference.html",
        merchant=merchant,
        difference=await queries.difference(uow, difference_id),
        words=words,
    )


@post(
    "/console/{slug:str}/reconciliation/differences/{difference_id:uuid}/assign", opt=WRITE, status_code=200
)
async def assign(
    request: Request[Any, Any, Any], difference_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """I look after it."""
    await resolving.assign(uow, difference_id)
    path = f"/console/{merchant.slug}/reconciliation/differences/{difference_id}"
    return web.done(request, path, web.mark("已由你跟进"))


@post(
    "/console/{slug:str}/reconciliation/differences/{difference_id:uuid}/resolve", opt=WRITE, status_code=200
)
async def resolve(
    request: Request[Any, Any, Any],
    difference_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Settle it in one of the three ways."""
    form = await request.form()
    how = str(form.get("how", ""))
    if how not in words.RESOLUTIONS:
        raise Invalid(field="note", zh="请选择处理方式。", en="Choose how to settle it.")
    lines = request.app.state.gateways
    note = str(form.get("note", ""))
    await resolving.resolve(database, merchant, lines, difference_id, cast("How", how), note, actor=actor)
    return web.done(request, f"/console/{merchant.slug}/reconciliation/differences", web.mark("差异已解决"))


routes = [calendar, day_page, run_day, queue, difference_page, assign, resolve]
