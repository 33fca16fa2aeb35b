"""The workbench of fulfilment: redeem a voucher at the counter, and a courier's own rides."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant
from siyu.trade.fulfilment import codes, rides, words
from siyu.trade.fulfilment.code_model import cleaned_code
from siyu.trade.fulfilment.console_codes import uuid_of

VERIFY = {"permission": Permission.PICKUP_VERIFY}


@get("/desk/{slug:str}/redeem", opt=VERIFY)
async def ask_code(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, code: FromQuery[str] = ""
) -> Response[str]:
    """What a voucher's code is for, before it is used."""
    try:
        found = await codes.look_up_code(uow, code)
    except DomainError as refusal:
        problem = web.problem_of(request, refusal)
        return web.page(
            request,
            "fulfilment/desk_redeem.html",
            merchant=merchant,
            code=None,
            problem=problem,
            is_done=False,
        )
    return web.page(
        request, "fulfilment/desk_redeem.html", merchant=merchant, code=found, problem=None, is_done=False
    )


@post("/desk/{slug:str}/redeem", opt=VERIFY, status_code=200)
async def redeem_code(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Use one unit. A second tap, or a used code, is answered in words and changes nothing."""
    form = await request.form()
    asked = codes.Redeem(
        id=uuid_of(str(form.get("idempotency_key", "")), "idempotency_key") or ids.new(),
        code=cleaned_code(str(form.get("code", ""))),
    )
    try:
        used = await codes.redeem(uow, asked)
    except DomainError as refusal:
        problem = web.problem_of(request, refusal)
        return web.page(
            request,
            "fulfilment/desk_redeem.html",
            merchant=merchant,
            code=None,
            problem=problem,
            is_done=False,
            status_code=problem.status,
        )
    return web.page(
        request, "fulfilment/desk_redeem.html", merchant=merchant, code=used, problem=None, is_done=True
    )


@get("/desk/{slug:str}/rides", opt=VERIFY)
async def my_rides(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """What I have to bring where, by slot; and what I brought today."""
    local = uow.now.astimezone(ZoneInfo(merchant.timezone))
    since = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return web.page(
        request,
        "fulfilment/desk_rides.html",
        merchant=merchant,
        rides=await rides.rides_of(uow, actor.id, since) if actor.id else [],
        words=words,
    )


@post("/desk/{slug:str}/rides/{order_id:uuid}/{move:str}", opt=VERIFY, status_code=200)
async def move_ride(
    *,
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    move: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """I set out with it, or the buyer has it."""
    form = await request.form()
    if move == "out":
        await rides.set_out(uow, order_id, courier_id=actor.id)
        said = web.mark("已开始配送")
    elif move == "delivered":
        await rides.deliver(uow, order_id, courier_id=actor.id, note=str(form.get("note", "")))
        said = web.mark("已送达")
    else:
        raise NotFound(what="操作 / action")
    return web.done(request, f"/desk/{merchant.slug}/rides", said)


routes = [ask_code, redeem_code, my_rides, move_ride]
