"""Disputes on the promoter's phone: why an order is or is not mine, and asking for one with evidence."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from siyu import web
from siyu.growth import promoters
from siyu.growth.disputes import deciding, queries, words
from siyu.growth.disputes.model import RaiseDispute
from siyu.growth.disputes.uploading import pictures_in
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.place import attribution
from siyu.runtime import limits
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings

PROMOTER = {"permission": Permission.SHOPPER}
ASKED_PER_DAY = 20
DAY_SECONDS = 86_400


@get("/desk/{slug:str}/disputes", opt=PROMOTER)
async def disputes_page(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    number: FromQuery[str] = "",
) -> Response[Any]:
    """What I asked for, and the form."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return Redirect(f"/shop/{merchant.slug}/promote", status_code=303)
    return web.page(
        request,
        "disputes/desk_disputes.html",
        merchant=merchant,
        disputes=await queries.of_person(uow, actor.customer_id),
        number=number[:20],
        states=words.STATES,
        days=deciding.OPEN_DAYS,
        pictures_max=deciding.PICTURES_MAX,
    )


@post("/desk/{slug:str}/disputes", opt=PROMOTER, status_code=200)
async def raise_dispute(
    *,
    request: Request[Any, Any, Any],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Ask for an order by its number. So many a day: numbers must not be tried out."""
    form = await request.form()
    await limits.take(
        database, merchant, "disputes.ask", str(actor.customer_id), most=ASKED_PER_DAY, seconds=DAY_SECONDS
    )
    async with database.begin(merchant, actor) as uow:
        me = await promoters.of_customer(uow, actor.customer_id)
        promoters.require_active(me)
        order_id = await queries.own_order(uow, actor.customer_id, str(form.get("number", "")))
    pictures = await pictures_in(form, database, merchant, actor, settings)
    asked = RaiseDispute(
        _key(str(form.get("idempotency_key", ""))), order_id, me.id, str(form.get("words", "")), pictures
    )
    async with database.begin(merchant, actor) as uow:
        await deciding.open_dispute(uow, asked)
    return web.done(request, f"/desk/{merchant.slug}/disputes", web.mark("已提交，商家核实后答复"))


@get("/desk/{slug:str}/sales/{order_id:uuid}", opt=PROMOTER)
async def why_page(
    *,
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """Why an order is mine, or was not: other promoters' names masked, the buyer's not shown. Raises NotFound."""
    me = await promoters.of_customer(uow, actor.customer_id)
    why = await queries.why(uow, order_id)
    mine = why is not None and (
        me.id in {why.promoter_id, why.explanation.stored_promoter_id}
        or any(one.raised_id == actor.customer_id for one in why.disputes)
    )
    if why is None or not mine:
        raise NotFound(what="订单 / order")
    return web.page(
        request,
        "disputes/desk_why.html",
        merchant=merchant,
        why=why,
        me=me.id,
        outcomes=attribution.OUTCOMES,
        kinds=attribution.KINDS,
        masked_name=attribution.masked_name,
    )


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return ids.new()


routes = [disputes_page, raise_dispute, why_page]
