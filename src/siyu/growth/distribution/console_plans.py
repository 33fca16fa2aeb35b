"""Plans on the console: a form for everything a plan may say, the check, the simulation, and the moves."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.distribution import checking, plan_queries, planning, simulating
from siyu.growth.distribution.console import READ, WORDS, WRITE
from siyu.growth.distribution.forms import LEVELS_SHOWN, Said, rule_in
from siyu.growth.distribution.model import Plan, PlanRule
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant

SEARCHED_MAX = 12
PEOPLE_SHOWN = 300


@get("/console/{slug:str}/commission/plans/new", opt=WRITE)
async def new_plan(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """An empty form."""
    return await _form(request, uow, merchant, None, PlanRule(rate_bps=500))


@get("/console/{slug:str}/commission/plans/{plan_id:uuid}/edit", opt=WRITE)
async def edit_plan(
    request: Request[Any, Any, Any], plan_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """The newest version in the form; saving makes a draft."""
    plan = await plan_queries.find_plan(uow, plan_id)
    return await _form(request, uow, merchant, plan, (await plan_queries.versions(uow, plan_id))[0].rule)


async def _form(
    request: Request[Any, Any, Any], uow: UnitOfWork, merchant: Merchant, plan: Plan | None, rule: PlanRule
) -> Response[str]:
    zone = ZoneInfo(merchant.timezone)
    chosen = await _goods(uow, rule) if rule.scope in {"products", "skus"} else []
    return web.page(
        request,
        "distribution/console_plan_form.html",
        merchant=merchant,
        plan=plan,
        plan_id=plan.id if plan else ids.new(),
        rule=rule,
        goods=chosen,
        categories=await catalog.categories(uow),
        people=(await promoters.every(uow, state="active"))[:PEOPLE_SHOWN],
        kinds=promoters.KINDS,
        levels_shown=LEVELS_SHOWN,
        at=lambda moment: (
            moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if isinstance(moment, datetime) else ""
        ),
        percent=_percent,
        **WORDS,
    )


def _percent(bps: int) -> str:
    """650 → `6.5`."""
    whole, rest = divmod(bps, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


async def _goods(uow: UnitOfWork, rule: PlanRule) -> list[tuple[UUID, str]]:
    """Targets with their names, in the order of their names."""
    if rule.scope == "products":
        return sorted(
            ((card.id, card.title) for card in await catalog.cards_of(uow, list(rule.targets))),
            key=lambda row: row[1],
        )
    found = await catalog.prices(uow, list(rule.targets))
    return sorted(
        ((sku, f"{row.title} {row.sku_title}".strip()) for sku, row in found.items()), key=lambda row: row[1]
    )


@get("/console/{slug:str}/commission/goods", opt=WRITE)
async def find_goods(
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    q: FromQuery[str] = "",
    among: Annotated[str, QueryParameter(name="scope")] = "",
) -> Response[str]:
    """A fragment: goods whose name or code says `q`, to tick."""
    search = q.strip()[:60]
    cards = (await catalog.cards(uow, search=search, limit=SEARCHED_MAX)).items if search else ()
    found = [(card.id, card.title) for card in cards]
    if among == "skus" and cards:
        products = await catalog.cards_of(uow, [card.id for card in cards])
        found = [(sku.id, f"{card.title} {sku.title}".strip()) for card in products for sku in card.skus]
    return web.page(request, "distribution/console_goods.html", merchant=merchant, found=found, q=search)


@post("/console/{slug:str}/commission/plans/{plan_id:uuid}", opt=WRITE, status_code=200)
async def save_plan(
    request: Request[Any, Any, Any], plan_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Keep the draft and show it with the check."""
    said = Said(await request.form(), merchant)
    await planning.save(uow, plan_id, said.text("name"), rule_in(said))
    return web.done(
        request, f"/console/{merchant.slug}/commission/plans/{plan_id}", web.mark("草稿已保存，发布后才生效")
    )


@get("/console/{slug:str}/commission/plans/{plan_id:uuid}", opt=READ)
async def plan_page(
    request: Request[Any, Any, Any], plan_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """One plan: what it says, what the check says, and every version there was."""
    plan = await plan_queries.find_plan(uow, plan_id)
    versions = await plan_queries.versions(uow, plan_id)
    newest = versions[0]
    found = await checking.findings(uow, plan.id, plan.name, newest.rule) if plan.state != "ended" else []
    names = {str(category.id): category.name for category in await catalog.categories(uow)}
    names |= {
        str(one): name for one, name in await _goods(uow, newest.rule) if newest.rule.scope != "categories"
    }
    people = await promoters.active(uow, newest.rule.promoter_ids)
    return web.page(
        request,
        "distribution/console_plan.html",
        merchant=merchant,
        plan=plan,
        versions=versions,
        newest=newest,
        findings=found,
        names=names,
        people=[person.name for person in people.values()],
        kinds=promoters.KINDS,
        **WORDS,
    )


MOVED = {
    "publish": web.mark("方案已发布，只影响之后付款的订单"),
    "pause": web.mark("方案已暂停"),
    "resume": web.mark("方案已恢复"),
    "end": web.mark("方案已结束"),
}


@post("/console/{slug:str}/commission/plans/{plan_id:uuid}/{move:str}", opt=WRITE, status_code=200)
async def move_plan(
    request: Request[Any, Any, Any],
    plan_id: FromPath[UUID],
    move: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Publish, pause, resume or end."""
    reason = str((await request.form()).get("reason", ""))
    match move:
        case "publish":
            await planning.publish(uow, plan_id, reason=reason)
        case "pause":
            await planning.pause(uow, plan_id, reason)
        case "resume":
            await planning.resume(uow, plan_id, reason)
        case "end":
            await planning.end(uow, plan_id, reason)
        case _:
            raise NotFound(what="操作 / action")
    return web.done(request, f"/console/{merchant.slug}/commission/plans/{plan_id}", MOVED[move])


@get("/console/{slug:str}/commission/plans/{plan_id:uuid}/simulation", opt=READ)
async def simulation_page(
    *,
    request: Request[Any, Any, Any],
    plan_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    days: FromQuery[int] = 30,
) -> Response[str]:
    """The newest version on the sales of the last days, beside what they really earned."""
    plan = await plan_queries.find_plan(uow, plan_id)
    newest = (await plan_queries.versions(uow, plan_id))[0]
    told = await simulating.simulate(uow, newest.rule, days=days)
    return web.page(
        request,
        "distribution/console_simulation.html",
        merchant=merchant,
        plan=plan,
        newest=newest,
        told=told,
        days=min(max(days, 1), simulating.DAYS_MAX),
    )


routes = [new_plan, edit_plan, find_goods, save_plan, plan_page, move_plan, simulation_page]
