"""Console pages: what the shop's numbers are, and which rows make them."""

from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from siyu import web
from siyu.insight import lake, metrics
from siyu.insight.dashboards import pictures, sheets, words
from siyu.insight.dashboards.answers import ask
from siyu.insight.dashboards.behind import names_of, table_of
from siyu.insight.dashboards.board import Board, Totals, board
from siyu.insight.dashboards.pictures import Place
from siyu.insight.dashboards.todo import exceptions
from siyu.insight.dashboards.window import PRESETS, Window, chosen
from siyu.kernel import clock
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.runtime.edge import ByActor, OfMerchant, OnDatabase, WithSettings
from siyu.settings import Settings

READ = {"permission": Permission.INSIGHT_READ}
ROWS_SHOWN = 50


def place_of(request: Request[Any, Any, Any], merchant: Merchant) -> Place:
    say = partial(web.translate, web.language_of(request))
    return Place(slug=merchant.slug, currency=merchant.currency, say=say)


def _around(
    request: Request[Any, Any, Any], merchant: Merchant, actor: Actor, as_of: datetime
) -> dict[str, Any]:
    """What every insight page knows: who reads it, how old it is, and where its links lead."""
    query = request.url.query
    return {
        "permissions": actor.permissions,
        "staff_name": actor.name,
        "as_of": as_of.astimezone(ZoneInfo(merchant.timezone)).strftime("%Y-%m-%d %H:%M:%S"),
        "back_here": f"{request.url.path}?{query}" if query else request.url.path,
        "rows_href": partial(sheets.rows_href, merchant.slug),
        "csv_href": partial(sheets.csv_href, merchant.slug),
    }


async def board_of(
    database: Database, settings: Settings, merchant: Merchant, window: Window
) -> tuple[Board, Any]:
    """The dashboard's numbers and when the till was read. Asked anew each minute, for the day goes on."""
    at = clock.now()
    key = ("board", window, at.replace(second=0, microsecond=0))
    answer = await ask(database, settings, merchant, key, lambda t: board(t, window, at))
    return answer.data, answer.as_of


@get("/console/{slug:str}/dashboard", opt=READ)
async def dashboard(
    request: Request[Any, Any, Any],
    *,
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
    settings: WithSettings,
    first: FromQuery[date | None] = None,
    last: FromQuery[date | None] = None,
    days: FromQuery[int | None] = None,
) -> Response[str]:
    """Today, the pool, revenue and doors of a window of days, and what needs a person."""
    window = chosen(metrics.local_day(merchant.timezone, clock.now()), first, last, days)
    found, as_of = await board_of(database, settings, merchant, window)
    async with database.begin(merchant, actor) as uow:
        todo = await exceptions(uow)
    place = place_of(request, merchant)
    return web.page(
        request,
        "insight/dashboard.html",
        merchant=merchant,
        **_around(request, merchant, actor, as_of),
        board=found,
        window=window,
        presets=_presets(place, window),
        totals=_totals(place, found.now, found.before, window),
        growth=pictures.growth(place, found.growth),
        revenue=pictures.revenue(place, found.revenue, found.revenue_before),
        funnel=pictures.funnel(place, found.funnel, window),
        independence=pictures.independence(place, found.independence, window),
        owners=_owners(place, found.independence),
        todo=todo,
        change=words.change,
    )


def _presets(place: Place, window: Window) -> list[tuple[str, str, bool, None]]:
    return [
        (
            place.say("近 {n} 天", n=days),
            f"/console/{place.slug}/dashboard?days={days}&last={window.last}",
            window.days == days,
            None,
        )
        for days in PRESETS
    ]


def _totals(place: Place, now: Totals, before: Totals, window: Window) -> list[dict[str, Any]]:
    """The four numbers of the window, each with the rows behind it and what it was before."""
    say = place.say

    def compared(mine: int, earlier: int) -> dict[str, str]:
        change = words.change(mine, earlier)
        return {"change": change, "tone": "bad" if change.startswith("-") else "good" if change else ""}

    ratio = "—" if now.ratio_bp is None else web.percent_bp(now.ratio_bp)
    ratio_before = "—" if before.ratio_bp is None else web.percent_bp(before.ratio_bp)
    return [
        {
            "label": say("净收入"),
            "value": web.amount(now.net, place.currency),
            "href": place.rows("revenue", window.key),
            **compared(now.net, before.net),
        },
        {
            "label": say("支付订单"),
            "value": web.number(now.orders),
            "href": place.rows("revenue", window.key),
            **compared(now.orders, before.orders),
        },
        {
            "label": say("新增顾客"),
            "value": web.number(now.people),
            "href": place.rows("pool_growth", window.key),
            **compared(now.people, before.people),
        },
        {
            "label": say("独立流量占比"),
            "value": ratio,
            "href": place.rows("independent_traffic", f"owned,{window.key}"),
            "note": say("上一周期 {value}", value=ratio_before),
        },
    ]


def _owners(place: Place, found: metrics.Independence) -> list[tuple[str, int, str]]:
    """Parts of one bar. A part that refunds pushed below zero cannot be drawn and counts as nothing."""
    return [
        (place.say(word), max(getattr(found, owner), 0), web.amount(getattr(found, owner), place.currency))
        for owner, word in words.OWNERS.items()
    ]


@get("/console/{slug:str}/insight/cohorts", opt=READ)
async def cohorts(
    request: Request[Any, Any, Any],
    *,
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
    settings: WithSettings,
    show: FromQuery[str] = "percent",
) -> Response[str]:
    """Monthly retention as a heat map; every cell opens its customers."""
    answer = await ask(database, settings, merchant, ("cohorts",), metrics.cohorts)
    place = place_of(request, merchant)
    return web.page(
        request,
        "insight/cohorts.html",
        merchant=merchant,
        **_around(request, merchant, actor, answer.as_of),
        cohorts=answer.data,
        sheet=pictures.cohorts(place, answer.data),
        is_percent=show != "count",
    )


@get("/console/{slug:str}/insight/rfm", opt=READ)
async def rfm(
    request: Request[Any, Any, Any],
    *,
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
    settings: WithSettings,
    as_of: FromQuery[date | None] = None,
) -> Response[str]:
    """Customers by recency, frequency and money, in eight named groups."""
    day = as_of or metrics.local_day(merchant.timezone, clock.now())
    answer = await ask(database, settings, merchant, ("rfm", day), lambda t: metrics.rfm(t, day))
    place = place_of(request, merchant)
    return web.page(
        request,
        "insight/rfm.html",
        merchant=merchant,
        **_around(request, merchant, actor, answer.as_of),
        rfm=answer.data,
        segments=pictures.segments(place, answer.data),
        cells={(cell.recency, cell.frequency): cell.customers for cell in answer.data.cells},
        most=max((cell.customers for cell in answer.data.cells), default=0),
    )


@get("/console/{slug:str}/insight/rows", opt=READ)
async def rows(
    request: Request[Any, Any, Any],
    *,
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
    settings: WithSettings,
    metric: FromQuery[str],
    key: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
) -> Response[str]:
    """The orders, customers, scans or costs behind a number."""
    answer = await ask(
        database,
        settings,
        merchant,
        ("rows", metric, key, after),
        lambda t: metrics.drill(t, metric, key, after=after, limit=ROWS_SHOWN),
    )
    async with database.begin(merchant, actor) as uow:
        names = await names_of(uow, answer.data)
    place = place_of(request, merchant)
    title = words.title_of(place.say, metric, key)
    here = place.rows(metric, key)
    return web.page(
        request,
        "insight/rows.html",
        merchant=merchant,
        **_around(request, merchant, actor, answer.as_of),
        title=title,
        found=answer.data,
        kind_word=place.say(words.KIND_OF_ROWS[answer.data.kind]),
        sheet=table_of(place, answer.data, names),
        here=here,
        back=f"/console/{merchant.slug}/{words.PAGE_OF.get(metric, 'dashboard')}",
        after=after,
        next_href=sheets.with_cursor(here, answer.data.next),
    )


@get("/console/{slug:str}/insight/csv/{chart:str}", opt=READ, media_type="text/csv")
async def as_csv(
    request: Request[Any, Any, Any],
    *,
    merchant: OfMerchant,
    database: OnDatabase,
    settings: WithSettings,
    chart: FromPath[str],
    first: FromQuery[date | None] = None,
    last: FromQuery[date | None] = None,
    as_of: FromQuery[date | None] = None,
) -> Response[str]:
    """The table of a chart for a spreadsheet. Raises NotFound for a chart we do not draw."""
    place = place_of(request, merchant)
    today = metrics.local_day(merchant.timezone, clock.now())
    if chart == "cohorts":
        answer = await ask(database, settings, merchant, ("cohorts",), metrics.cohorts)
        sheet, stamp = pictures.cohorts(place, answer.data), f"{today}"
    elif chart == "segments":
        day = as_of or today
        scores = await ask(database, settings, merchant, ("rfm", day), lambda t: metrics.rfm(t, day))
        sheet, stamp = pictures.segments(place, scores.data).sheet, f"{day}"
    else:
        window = chosen(today, first, last)
        found, _ = await board_of(database, settings, merchant, window)
        sheet, stamp = _sheet_of(place, chart, found), f"{window.first}_{window.last}"
    return Response(
        sheet.csv(),
        media_type="text/csv",
        headers={
            **web.SECURITY_HEADERS,
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{merchant.slug}-{chart}-{stamp}.csv"',
        },
    )


def _sheet_of(place: Place, chart: str, found: Board) -> sheets.Sheet:
    match chart:
        case "growth":
            return pictures.growth(place, found.growth).sheet
        case "revenue":
            return pictures.revenue(place, found.revenue, found.revenue_before).sheet
        case "funnel":
            return pictures.funnel(place, found.funnel, found.window).sheet
        case "independence":
            return pictures.independence(place, found.independence, found.window)
        case _:
            raise NotFound("图表")


@post("/console/{slug:str}/insight/refresh", opt=READ, media_type=MediaType.HTML)
async def refresh(
    merchant: OfMerchant,
    database: OnDatabase,
    settings: WithSettings,
    back: FromQuery[str] = "",
) -> Redirect:
    """Read the till now, and go back to where one was."""
    await lake.refresh(database, merchant, lake.folder_of(settings, merchant))
    home = f"/console/{merchant.slug}/"
    # Only to a page of this console: an address from outside must not send anybody elsewhere.
    return Redirect(back if back.startswith(home) else f"{home}dashboard", status_code=303)


routes = [dashboard, cohorts, rfm, rows, as_csv, refresh]
