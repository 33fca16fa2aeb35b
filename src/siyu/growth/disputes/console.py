"""Disputes on the console: why an order went to whom it went, raising a dispute, and the queue of those to decide."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from siyu import web
from siyu.growth import promoters
from siyu.growth.disputes import deciding, queries, words
from siyu.growth.disputes.model import RaiseDispute
from siyu.growth.disputes.uploading import pictures_in
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.place import attribution
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings

READ = {"permission": Permission.COMMISSION_READ}
WRITE = {"permission": Permission.COMMISSION_WRITE}
APPROVE = {"permission": Permission.COMMISSION_APPROVE}


@get("/console/{slug:str}/disputes", opt=READ)
async def queue_page(
    request: Request[Any, Any, Any],
    *,
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    decided: FromQuery[str] = "",
) -> Response[str]:
    """The queue: who wants which order, with their evidence and what the rules said."""
    found = await queries.queue(uow, None if decided else "open")
    return web.page(
        request,
        "disputes/console_queue.html",
        merchant=merchant,
        disputes=found,
        decided=bool(decided),
        me=actor.id,
        states=words.STATES,
        raised=words.RAISED,
    )


@post("/console/{slug:str}/disputes/{dispute_id:uuid}/{verdict:str}", opt=APPROVE, status_code=200)
async def decide(
    request: Request[Any, Any, Any],
    dispute_id: FromPath[UUID],
    verdict: FromPath[str],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Uphold or refuse, with a reason."""
    reason = str((await request.form()).get("reason", ""))
    match verdict:
        case "uphold":
            await deciding.uphold(uow, dispute_id, reason)
            told = web.mark("已支持，订单归属和佣金随之更改")
        case "refuse":
            await deciding.refuse(uow, dispute_id, reason)
            told = web.mark("未支持，订单归属不变")
        case _:
            raise NotFound(what="操作 / action")
    return web.done(request, f"/console/{merchant.slug}/disputes", told)


@get("/console/{slug:str}/orders/{order_id:uuid}/attribution", opt=READ)
async def order_attribution(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the order's page: everybody it could have gone to, and why it did or did not."""
    return web.page(
        request,
        "disputes/console_order.html",
        merchant=merchant,
        order_id=order_id,
        why=await queries.why(uow, order_id),
        people=await promoters.every(uow, state="active"),
        names={person.id: person.name for person in await promoters.every(uow)},
        outcomes=attribution.OUTCOMES,
        kinds=attribution.KINDS,
        states=words.STATES,
    )


@post("/console/{slug:str}/orders/{order_id:uuid}/disputes", opt=WRITE, status_code=200)
async def raise_dispute(
    *,
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Say that an order is another's; a colleague decides."""
    form = await request.form()
    pictures = await pictures_in(form, database, merchant, actor, settings)
    asked = RaiseDispute(
        _uuid(str(form.get("idempotency_key", ""))) or ids.new(),
        order_id,
        _uuid(str(form.get("promoter_id", ""))),
        str(form.get("words", "")),
        pictures,
    )
    async with database.begin(merchant, actor) as uow:
        await deciding.open_dispute(uow, asked)
    return web.done(
        request, f"/console/{merchant.slug}/orders/{order_id}", web.mark("争议已提出，等待同事处理")
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


routes = [queue_page, decide, order_attribution, raise_dispute]
