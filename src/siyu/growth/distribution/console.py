"""Commission on the console: the plans, and what each line earned and why."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.distribution import adjusting, holding, plan_queries, planning, queries, words
from siyu.growth.distribution.forms import basis_points
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant

READ = {"permission": Permission.COMMISSION_READ}
WRITE = {"permission": Permission.COMMISSION_WRITE}
LINES_SHOWN = 50
WORDS = {
    "plan_states": words.PLAN_STATES,
    "plan_kinds": words.PLAN_KINDS,
    "scopes": words.SCOPES,
    "activities": words.ACTIVITIES,
    "cuts": words.CUTS,
}


@get("/console/{slug:str}/commission", opt=READ)
async def commission_page(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    # Litestar keeps the name `state` for the application's own.
    line_state: Annotated[str, QueryParameter(name="state")] = "",
    before: FromQuery[datetime | None] = None,
) -> Response[str]:
    """The plans, and commission line by line with its reason."""
    chosen = line_state if line_state in words.COMMISSION_STATES else ""
    here = f"/console/{merchant.slug}/commission"
    lines = await queries.commissions(uow, state=chosen or None, before=before, limit=LINES_SHOWN)
    tabs = [(web.mark("全部"), here, not chosen, None)]
    tabs += [
        (word, f"{here}?state={state}", chosen == state, None)
        for state, (word, _) in words.COMMISSION_STATES.items()
    ]
    kept = {"state": chosen} if chosen else {}
    has_more = len(lines) == LINES_SHOWN
    return web.page(
        request,
        "distribution/console_commission.html",
        merchant=merchant,
        plans=await plan_queries.plans(uow),
        **WORDS,
        open_holds=len(await holding.holds(uow)),
        open_adjustments=len(await adjusting.adjustments(uow, state="proposed")),
        sums=await queries.sums(uow),
        categories=await catalog.categories(uow),
        lines=lines,
        tabs=tabs,
        state_of=words.state_of,
        kinds=promoters.KINDS,
        promoter_states=promoters.PROMOTER_STATES,
        now=uow.now,
        first_href=f"{here}?{urlencode(kept)}" if before else None,
        next_href=f"{here}?{urlencode({**kept, 'before': lines[-1].earned_at.isoformat()})}"
        if has_more
        else None,
    )


@post("/console/{slug:str}/commission/plans", opt=WRITE, status_code=200)
async def add_plan(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """A plan for sales paid from now on. The rate is typed in percent."""
    form = await request.form()
    chosen = str(form.get("category", ""))
    known = {str(category.id): category.id for category in await catalog.categories(uow)}
    if chosen and chosen not in known:
        raise Invalid(field="category", zh="没有这个分类。", en="There is no such category.")
    await planning.add_plan(
        uow,
        name=str(form.get("name", "")),
        rate_bps=basis_points(str(form.get("rate_bps", ""))),
        category_id=known.get(chosen),
    )
    return web.done(
        request, f"/console/{merchant.slug}/commission", web.mark("佣金方案已生效，只影响之后的订单")
    )


@get("/console/{slug:str}/orders/{order_id:uuid}/commission", opt=READ)
async def order_commission(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the order's page: what the sale earned its promoter, and what refunds took back."""
    return web.page(
        request,
        "distribution/console_order.html",
        merchant=merchant,
        lines=await queries.for_order(uow, order_id),
        reversals=await queries.reversals_of(uow, order_id),
        cuts=words.CUTS,
        order_id=order_id,
        state_of=words.state_of,
        kinds=promoters.KINDS,
        promoter_states=promoters.PROMOTER_STATES,
    )


routes = [commission_page, add_plan, order_commission]
