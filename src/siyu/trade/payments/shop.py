"""Paying on the phone: the cashier page, beginning at WeChat, asking whether it worked, and what became of the money."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from siyu import web
from siyu.connect import wxpay
from siyu.kernel.errors import TooManyRequests
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.runtime import limits
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings
from siyu.settings import Settings
from siyu.trade import orders
from siyu.trade.payments import asking, queries
from siyu.trade.payments.api import notify_url
from siyu.trade.payments.begin import begin

SHOPPER = {"permission": Permission.SHOPPER}
ASKS_PER_MINUTE = 30  # a page asks twenty times after the cashier; more is a page gone wild

PAYMENT_WORDS = {
    "waiting": web.mark("等待付款"),
    "paid": web.mark("支付成功"),
    "closed": web.mark("支付已关闭"),
    "refunding_late": web.mark("付款到得太晚，正在原路退回"),
    "refunded_late": web.mark("付款到得太晚，已原路退回"),
}
REFUND_WORDS = {
    "requested": web.mark("退款已提交"),
    "processing": web.mark("退款处理中，原路退回"),
    "done": web.mark("退款已到账"),
    "abnormal": web.mark("退款遇到问题，店家正在处理"),
}


class PayState(msgspec.Struct, frozen=True):
    """What the cashier page asks again and again: the order's state, whether that is final, and where to go then."""

    state: str
    is_final: bool
    go: str


@get("/shop/{slug:str}/pay/{order_id:uuid}", opt=SHOPPER, include_in_schema=False)
async def pay_page(
    request: Request[Any, Any, Any],
    *,
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """The amount, the time left, and one button. An order that needs no money any more leads to its own page."""
    order = await orders.find(uow, order_id, customer_id=actor.customer_id)
    if order.state != "unpaid" or order.pay_by is None or order.pay_by <= uow.now:
        return Redirect(f"/shop/{merchant.slug}/orders/{order_id}", status_code=303)
    return web.page(
        request,
        "payments/shop_pay.html",
        merchant=merchant,
        headers=_with_sandbox(settings),
        order=order,
        has_wechat=await customers.openid_of(uow, actor.customer_id) is not None,
        request_address=f"{settings.base_url}{request.url.path}",
        bridge=f"{settings.sandbox_url}/bridge.js" if settings.sandbox else "",
    )


def _with_sandbox(settings: Settings) -> dict[str, str]:
    """The sandbox plays WeChat's bridge from its own address; only then may a page run and frame it."""
    if not settings.sandbox:
        return {}
    policy = web.SECURITY_HEADERS["content-security-policy"]
    more = f"script-src 'self' {settings.sandbox_url}; frame-src {settings.sandbox_url}"
    return {"content-security-policy": f"{policy}; {more}"}


@post("/shop/{slug:str}/pay/{order_id:uuid}/begin", opt=SHOPPER, include_in_schema=False, status_code=200)
async def begin_paying(
    request: Request[Any, Any, Any],
    *,
    order_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> wxpay.ClientParameters:
    """Parameters for WeChat's cashier, as JSON."""
    return await begin(
        database,
        merchant,
        request.app.state.gateway,
        order_id,
        customer_id=actor.customer_id,
        notify_url=notify_url(settings, merchant),
    )


@get("/shop/{slug:str}/pay/{order_id:uuid}/state", opt=SHOPPER, include_in_schema=False)
async def pay_state(
    request: Request[Any, Any, Any],
    *,
    order_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
) -> PayState:
    """Whether the money has arrived. While it has not, the gateway is asked: its notice may be late or lost."""
    async with database.begin(merchant, actor) as uow:
        order = await orders.find(uow, order_id, customer_id=actor.customer_id)
    if order.state == "unpaid":
        try:
            await limits.take(
                database, merchant, "payments.ask", str(order_id), most=ASKS_PER_MINUTE, seconds=60
            )
            await asking.check_now(database, merchant, request.app.state.gateway, order_id)
        except (TooManyRequests, wxpay.GatewayRefused, wxpay.GatewayUnsure):
            pass  # our own sweep asks again in a minute; the shopper is told what we know
        async with database.begin(merchant, actor) as uow:
            order = await orders.find(uow, order_id, customer_id=actor.customer_id)
    return PayState(order.state, order.state != "unpaid", f"/shop/{merchant.slug}/orders/{order_id}")


@post("/shop/{slug:str}/pay/{order_id:uuid}/cancel", opt=SHOPPER, include_in_schema=False)
async def cancel(
    request: Request[Any, Any, Any],
    *,
    order_id: FromPath[UUID],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
) -> Redirect:
    """I do not want it after all. Refused when the money turns out to have arrived."""
    gateway = request.app.state.gateway
    await asking.cancel_unpaid(database, merchant, gateway, order_id, customer_id=actor.customer_id)
    return Redirect(f"/shop/{merchant.slug}/orders/{order_id}", status_code=303)


@get("/shop/{slug:str}/pay/{order_id:uuid}/facts", opt=SHOPPER, include_in_schema=False)
async def money_facts(
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[str]:
    """What was paid and what came back, for the order page."""
    await orders.find(uow, order_id, customer_id=actor.customer_id)
    return web.page(
        request,
        "payments/shop_facts.html",
        merchant=merchant,
        payment=await queries.of_order(uow, order_id),
        refunds=await queries.refunds_of_order(uow, order_id),
        payment_words=PAYMENT_WORDS,
        refund_words=REFUND_WORDS,
    )


routes = [pay_page, begin_paying, pay_state, cancel, money_facts]
