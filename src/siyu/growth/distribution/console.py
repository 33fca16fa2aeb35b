"""Promoters and commission on the console: who sells, by which plan, and what each line earned and why."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.distribution import planning, queries, words
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.place import doors
from siyu.runtime.edge import InUow, OfMerchant, WithSettings

READ = {"permission": Permission.COMMISSION_READ}
WRITE = {"permission": Permission.COMMISSION_WRITE}
LINES_SHOWN = 50
HUNDRED = Decimal(100)  # basis points in a percent


@get("/console/{slug:str}/promoters", opt=READ)
async def promoter_list(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """All promoters, best sellers first."""
    return web.page(
        request,
        "distribution/console_promoters.html",
        merchant=merchant,
        promoters=await queries.promoters(uow),
        state_of=words.state_of,
        kinds=promoters.KINDS,
        promoter_states=promoters.PROMOTER_STATES,
    )


@get("/console/{slug:str}/promoters/{promoter_id:uuid}", opt=READ)
async def promoter_page(
    *,
    request: Request[Any, Any, Any],
    promoter_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    settings: WithSettings,
) -> Response[str]:
    """One promoter: doors, people brought, every line earned."""
    own = await doors.of_promoter(uow, promoter_id)
    return web.page(
        request,
        "distribution/console_promoter.html",
        merchant=merchant,
        promoter=await promoters.find(uow, promoter_id),
        earnings=await queries.earnings(uow, promoter_id),
        expected=await queries.expected(uow, promoter_id),
        lines=await queries.commissions(uow, promoter_id, limit=LINES_SHOWN),
        lines_max=LINES_SHOWN,
        doors=own,
        sums=await doors.sums_of(uow, [door.id for door in own]),
        base_url=settings.base_url,
        state_of=words.state_of,
        kinds=promoters.KINDS,
        promoter_states=promoters.PROMOTER_STATES,
    )


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
        plans=await queries.plans(uow),
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


def basis_points(percent: str) -> int:
    """`"6.5"` percent → 650 basis points. Raises Invalid for anything that is not an exact rate."""
    try:
        rate = Decimal(percent.strip().removesuffix("%")) * HUNDRED
        is_exact = rate == rate.to_integral_value()
    except InvalidOperation:
        is_exact, rate = False, Decimal(0)
    if not is_exact:
        raise Invalid(field="rate_bps", zh="请输入百分比，例如 6.5。", en="Enter a percentage such as 6.5.")
    return int(rate)


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
        state_of=words.state_of,
        kinds=promoters.KINDS,
        promoter_states=promoters.PROMOTER_STATES,
    )


@get("/console/{slug:str}/customers/{customer_id:uuid}/promoter", opt=READ)
async def customer_promoter(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the customer's page: nothing, or the promoter they are."""
    found = await promoters.maybe_of_customer(uow, customer_id)
    return web.page(
        request,
        "distribution/console_of_customer.html",
        merchant=merchant,
        promoter=found,
        earnings=await queries.earnings(uow, found.id) if found else None,
        state_of=words.state_of,
        kinds=promoters.KINDS,
        promoter_states=promoters.PROMOTER_STATES,
    )


routes = [promoter_list, promoter_page, commission_page, add_plan, order_commission, customer_promoter]
