"""What happened to stock, on the console: moves, lots by expiry, and the rounds of proof."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromQuery

from siyu import web
from siyu.goods import catalog
from siyu.goods.inventory import expiry, fields, proofs, queries, ruling, words
from siyu.goods.inventory.queries import MoveFilter
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.CATALOG_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
DAYS_MAX = 3_650


@get("/console/{slug:str}/stock/moves", opt=READ)
async def move_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    store: FromQuery[str] = "",
    sku: FromQuery[str] = "",
    reason: FromQuery[str] = "",
    q: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Every change of on_hand, newest first."""
    wanted = MoveFilter(
        location_id=fields.uuid_or_none(store),
        sku_id=fields.uuid_or_none(sku),
        reason=reason if reason in words.REASONS else "",
        search=q.strip(),
        subject_id=fields.uuid_or_none(subject),
        since=fields.day_begins(since, merchant.timezone),
        before=fields.day_begins(until, merchant.timezone, after=1),
    )
    if export:
        return await _sheet(request, uow, wanted, export)
    page = await queries.moves(uow, wanted, after=after, limit=fields.PAGE_ROWS)
    root = f"/console/{merchant.slug}/stock/moves"
    kept = {"store": wanted.location_id, "sku": wanted.sku_id, "reason": wanted.reason, "q": wanted.search,
            "subject": wanted.subject_id, "since": wanted.since and since,
            "until": wanted.before and until}  # fmt: skip
    return web.page(
        request,
        "inventory/console_moves.html",
        merchant=merchant,
        moves=page.items,
        words=words,
        wanted=wanted,
        since=since if wanted.since else "",
        until=until if wanted.before else "",
        is_filtered=any(kept.values()),
        locations=await queries.locations(uow),
        export_href=fields.address(root, **kept, export="xlsx"),
        first_href=fields.address(root, **kept) if after else None,
        next_href=fields.address(root, **kept, after=page.next) if page.next else None,
    )


async def _sheet(request: Request[Any, Any, Any], uow: UnitOfWork, wanted: MoveFilter, kind: str) -> Any:
    language = web.language_of(request)
    head = [web.mark("时间"), web.mark("门店或仓库"), web.mark("编码"), web.mark("商品名称"), web.mark("规格"),
            web.mark("变动"), web.mark("原因"), web.mark("批号"), web.mark("说明"), web.mark("经手人")]  # fmt: skip
    rows = (
        (move.at, move.location_name, move.code, move.title, move.sku_title, move.quantity,
         web.translate(language, words.REASONS[move.reason][0]), move.lot_code, move.note, move.actor_name)
        async for move in web.every_page(lambda after: queries.moves(uow, wanted, after=after, limit=200))
    )  # fmt: skip
    told = [web.translate(language, word) for word in head]
    return await web.sheet(request, web.translate(language, web.mark("库存流水")), told, rows, kind)


@get("/console/{slug:str}/stock/lots", opt=READ)
async def lot_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    store: FromQuery[str] = "",
    q: FromQuery[str] = "",
    days: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    export: FromQuery[str] = "",
) -> Response[Any]:
    """Lots that expire soon, the soonest first; `days` is a number, or `all` for every lot."""
    rule = await ruling.rules(uow)
    within = (
        int(days) if days.isascii() and days.isdecimal() and int(days[:6]) <= DAYS_MAX else rule.near_days
    )
    asked = None if days == "all" else within
    place = fields.uuid_or_none(store)
    if export:
        return await _lot_sheet(request, uow, (asked, place, q.strip()), export)
    page = await expiry.listed_lots(
        uow, within_days=asked, location_id=place, search=q, after=after, limit=fields.PAGE_ROWS
    )
    root = f"/console/{merchant.slug}/stock/lots"
    kept = {"store": place, "q": q.strip(), "days": days}
    return web.page(
        request,
        "inventory/console_lots.html",
        merchant=merchant,
        lots=page.items,
        locations=await queries.locations(uow),
        store=place,
        q=q.strip(),
        days=days or str(rule.near_days),
        near_days=rule.near_days,
        is_filtered=any((place, q.strip(), days)),
        export_href=fields.address(root, **kept, export="xlsx"),
        first_href=fields.address(root, **kept) if after else None,
        next_href=fields.address(root, **kept, after=page.next) if page.next else None,
    )


async def _lot_sheet(request: Request[Any, Any, Any], uow: UnitOfWork, asked: Any, kind: str) -> Any:
    language = web.language_of(request)
    within, place, search = asked
    head = [web.mark("门店或仓库"), web.mark("编码"), web.mark("商品名称"), web.mark("规格"), web.mark("批号"),
            web.mark("到期日"), web.mark("剩余天数"), web.mark("在库"), web.mark("已过期但被预留")]  # fmt: skip
    rows = (
        (lot.location_name, lot.code, lot.title, lot.sku_title, lot.lot_code, lot.expires_on, lot.days_left,
         lot.on_hand, lot.promised)
        async for lot in web.every_page(
            lambda after: expiry.listed_lots(
                uow, within_days=within, location_id=place, search=search, after=after, limit=200
            )
        )
    )  # fmt: skip
    told = [web.translate(language, word) for word in head]
    return await web.sheet(request, web.translate(language, web.mark("批次效期")), told, rows, kind)


@get("/console/{slug:str}/stock/checks", opt=READ)
async def proof_page(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """The rounds of proof: when stock was last looked at whole, and what was wrong."""
    rounds = await proofs.rounds(uow)
    wrong = {row.sku_id for one in rounds for row in one.differences}
    return web.page(
        request,
        "inventory/console_checks.html",
        merchant=merchant,
        rounds=rounds,
        last=next((one for one in rounds if one.finished_at), None),
        skus=await catalog.prices(uow, list(wrong)),
        locations={place.id: place for place in await queries.locations(uow)},
    )


@post("/console/{slug:str}/stock/checks", opt=WRITE, status_code=200)
async def check_now(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Look at the next rows now instead of within the minute."""
    await proofs.prove(uow)
    return web.done(request, f"/console/{merchant.slug}/stock/checks", web.mark("已核对"))


routes = [move_list, lot_list, proof_page, check_now]
