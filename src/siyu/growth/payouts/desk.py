"""Payouts on the promoter's phone: the balance, what would come of it after tax, asking for it, taking it."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from siyu import web
from siyu.connect import wxpay
from siyu.growth import promoters
from siyu.growth.payouts import asking, queries, reviewing, sending, statements, words
from siyu.growth.payouts.model import Payout, Requested
from siyu.growth.promoters import Promoter
from siyu.kernel import ids, money
from siyu.kernel.errors import Invalid, NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings
from siyu.settings import Settings

PROMOTER = {"permission": Permission.SHOPPER}
SHOWN_MAX = 50


@get("/desk/{slug:str}/payouts", opt=PROMOTER)
async def payouts_page(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """What may be paid out, what is tax of it, and everything asked for so far."""
    me = await promoters.maybe_of_customer(uow, actor.customer_id)
    if me is None:
        return Redirect(f"/shop/{merchant.slug}/promote", status_code=303)
    year = asking.this_month(uow)
    return web.page(
        request,
        "payouts/desk_payouts.html",
        merchant=merchant,
        offer=await asking.offer(uow, me.id),
        identity=await promoters.identity(uow, me.id),
        in_flight=await queries.in_flight(uow, me.id),
        payouts=await queries.of_promoter(uow, me.id, SHOWN_MAX),
        statements=await statements.statements(uow, date(year.year - 1, 1, 1), year, promoter_id=me.id),
        terms=await queries.terms(uow),
        key=ids.new(),
        words=words,
    )


@post("/desk/{slug:str}/payouts", opt=PROMOTER, status_code=200)
async def ask(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[Any]:
    """Ask for everything that is open, or for less."""
    me = await promoters.of_customer(uow, actor.customer_id)
    form = await request.form()
    wanted = Requested(
        _key(str(form.get("key", ""))),
        str(form.get("method", "wechat")),
        _amount(str(form.get("most", "")), merchant.currency),
    )
    payout = await asking.request(uow, me.id, wanted)
    return web.done(request, f"/desk/{merchant.slug}/payouts/{payout.id}", web.mark("已提交，商家审核后打款"))


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(
            field="key", zh="请刷新页面后再试。", en="Please load the page again and try once more."
        ) from None


def _amount(text: str, currency: str) -> int | None:
    if not text.strip():
        return None
    try:
        return money.parse(text, currency)
    except ValueError:
        raise Invalid(field="most", zh="请填写正确的金额。", en="This is not an amount.") from None


async def _own(uow: UnitOfWork, customer_id: UUID, payout_id: UUID) -> tuple[Promoter, Payout]:
    """A promoter sees their own payouts only; anybody else's does not exist. Raises NotFound."""
    me = await promoters.maybe_of_customer(uow, customer_id)
    payout = await queries.maybe_find(uow, payout_id)
    if me is None or payout is None or payout.promoter_id != me.id:
        raise NotFound(what="提现 / payout")
    return me, payout


@get("/desk/{slug:str}/payouts/{payout_id:uuid}", opt=PROMOTER)
async def payout_page(
    *,
    request: Request[Any, Any, Any],
    payout_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """One payout: how far it is, what it consists of, and the button that takes the money."""
    _, payout = await _own(uow, actor.customer_id, payout_id)
    gateway = request.app.state.gateway
    takes = wxpay.transfer_parameters(gateway, payout.package) if payout.package else None
    return web.page(
        request,
        "payouts/desk_payout.html",
        merchant=merchant,
        payout=payout,
        lines=await queries.lines_of(uow, payout_id),
        steps=await queries.steps_of(uow, payout_id),
        takes=takes if payout.state == "awaiting_user" else None,
        bridge=f"{settings.sandbox_url}/bridge.js" if settings.sandbox else "",
        words=words,
        headers=_headers(settings),
    )


def _headers(settings: Settings) -> dict[str, str]:
    """The sandbox plays WeChat's bridge from its own address; only then may a page run and frame it."""
    if not settings.sandbox:
        return {}
    policy = web.SECURITY_HEADERS["content-security-policy"]
    more = f"script-src 'self' {settings.sandbox_url}; frame-src {settings.sandbox_url}"
    return {"content-security-policy": f"{policy}; {more}"}


@post("/desk/{slug:str}/payouts/{payout_id:uuid}/check", opt=PROMOTER, status_code=200)
async def check(
    *,
    request: Request[Any, Any, Any],
    payout_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """The phone says that the money was taken; the gateway is asked, because the phone proves nothing."""
    async with database.begin(merchant, actor) as uow:
        await _own(uow, actor.customer_id, payout_id)
    state = await sending.check_now(database, merchant, request.app.state.gateway, payout_id)
    said = web.mark("已到账") if state == "paid" else web.mark("还没有收到结果，稍后自动更新")
    return web.done(request, f"/desk/{merchant.slug}/payouts/{payout_id}", said)


@post("/desk/{slug:str}/payouts/{payout_id:uuid}/withdraw", opt=PROMOTER, status_code=200)
async def withdraw(
    request: Request[Any, Any, Any],
    payout_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Take the wish back before it is paid."""
    await _own(uow, actor.customer_id, payout_id)
    await reviewing.withdraw(uow, payout_id)
    return web.done(request, f"/desk/{merchant.slug}/payouts", web.mark("已撤回，金额回到余额"))


routes = [payouts_page, ask, payout_page, check, withdraw]
