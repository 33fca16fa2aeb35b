"""On the console: commission that waits for a person, corrections by two persons, and the merchant's terms."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.growth import promoters
from siyu.growth.distribution import adjusting, holding, plan_queries, tuning, words
from siyu.growth.distribution.console import READ, WRITE
from siyu.growth.distribution.forms import LEVELS_SHOWN, Said, settings_in, uuid_in
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant

APPROVE = {"permission": Permission.COMMISSION_APPROVE}


@get("/console/{slug:str}/commission/review", opt=READ)
async def review_page(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, decided: FromQuery[str] = ""
) -> Response[str]:
    """The queue: each sale with the reason why somebody has to look."""
    found = await holding.holds(uow, None if decided else "open")
    return web.page(
        request,
        "distribution/console_review.html",
        merchant=merchant,
        holds=found,
        decided=bool(decided),
        causes=words.CAUSES,
        hold_states=words.HOLD_STATES,
    )


@post("/console/{slug:str}/commission/holds", opt=WRITE, status_code=200)
async def add_hold(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Hold an order's commission, or a promoter's."""
    said = Said(await request.form(), merchant)
    key = uuid_in(said.text("idempotency_key")) or ids.new()
    order_id, promoter_id = uuid_in(said.text("order_id")), uuid_in(said.text("promoter_id"))
    if order_id is not None:
        await holding.hold_order(uow, key, order_id, said.text("reason"))
    elif promoter_id is not None:
        await holding.hold_promoter(uow, key, promoter_id, said.text("reason"))
    else:
        raise Invalid(field="order_id", zh="请指定订单或推广员。", en="Name an order or a promoter.")
    return web.done(request, f"/console/{merchant.slug}/commission/review", web.mark("已暂缓，等待审核"))


@post("/console/{slug:str}/commission/holds/{hold_id:uuid}/{decision:str}", opt=APPROVE, status_code=200)
async def decide_hold(
    request: Request[Any, Any, Any],
    hold_id: FromPath[UUID],
    decision: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Release or deny, with a reason."""
    reason = str((await request.form()).get("reason", ""))
    match decision:
        case "release":
            await holding.release(uow, hold_id, reason)
            told = web.mark("已放行，到期后可结算")
        case "deny":
            await holding.deny(uow, hold_id, reason)
            told = web.mark("已驳回，这笔订单的佣金已收回")
        case _:
            raise NotFound(what="操作 / action")
    return web.done(request, f"/console/{merchant.slug}/commission/review", told)


@get("/console/{slug:str}/commission/adjustments", opt=READ)
async def adjustments_page(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """Corrections by hand: what waits for a second person, and what was decided."""
    return web.page(
        request,
        "distribution/console_adjustments.html",
        merchant=merchant,
        adjustments=await adjusting.adjustments(uow),
        people=await promoters.every(uow),
        me=actor.id,
        adjustment_kinds=words.ADJUSTMENT_KINDS,
        adjustment_states=words.ADJUSTMENT_STATES,
    )


@post("/console/{slug:str}/commission/adjustments", opt=WRITE, status_code=200)
async def propose_adjustment(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Ask for a correction."""
    said = Said(await request.form(), merchant)
    promoter_id = uuid_in(said.text("promoter_id"))
    if promoter_id is None:
        raise Invalid(field="promoter_id", zh="请选择推广员。", en="Choose a promoter.")
    amount = said.amount("amount") or 0
    await adjusting.propose(
        uow,
        uuid_in(said.text("idempotency_key")) or ids.new(),
        promoter_id,
        -amount if said.text("sign") == "minus" else amount,
        said.text("reason"),
        kind="write_off" if said.text("adjustment_kind") == "write_off" else "adjustment",
    )
    return web.done(
        request, f"/console/{merchant.slug}/commission/adjustments", web.mark("已提出，等待同事审批")
    )


@post(
    "/console/{slug:str}/commission/adjustments/{adjustment_id:uuid}/{verdict:str}",
    opt=APPROVE,
    status_code=200,
)
async def decide_adjustment(
    request: Request[Any, Any, Any],
    adjustment_id: FromPath[UUID],
    verdict: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Approve or refuse what a colleague proposed."""
    reason = str((await request.form()).get("reason", ""))
    match verdict:
        case "approve":
            await adjusting.approve(uow, adjustment_id, reason)
            told = web.mark("已通过并入账")
        case "refuse":
            await adjusting.refuse(uow, adjustment_id, reason)
            told = web.mark("已拒绝")
        case _:
            raise NotFound(what="操作 / action")
    return web.done(request, f"/console/{merchant.slug}/commission/adjustments", told)


@get("/console/{slug:str}/commission/terms", opt=READ)
async def terms_page(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """How long commission is held, the most a line may cost, when levels are given."""
    return web.page(
        request,
        "distribution/console_terms.html",
        merchant=merchant,
        terms=await plan_queries.settings(uow),
        levels_shown=LEVELS_SHOWN,
    )


@post("/console/{slug:str}/commission/terms", opt=WRITE, status_code=200)
async def save_terms(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Terms for sales paid from now on."""
    said = Said(await request.form(), merchant)
    await tuning.save_settings(uow, settings_in(said))
    return web.done(
        request,
        f"/console/{merchant.slug}/commission/terms",
        web.mark("佣金规则已保存，只影响之后付款的订单"),
    )


routes = [
    review_page,
    add_hold,
    decide_hold,
    adjustments_page,
    propose_adjustment,
    decide_adjustment,
    terms_page,
    save_terms,
]
