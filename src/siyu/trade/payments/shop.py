"""Paying on the phone: the cashier page and its ways, waiting for the money, and what became of it."""

import contextlib
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from siyu import web
from siyu.connect import gateways
from siyu.kernel import clock
from siyu.kernel.errors import Invalid, TooManyRequests
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.runtime import limits
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings
from siyu.settings import Settings
from siyu.trade import orders
from siyu.trade.payments import asking, balance, offline, queries, words
from siyu.trade.payments.api import lines_of, notify_url, where_of
from siyu.trade.payments.begin import begin
from siyu.trade.payments.model import GATEWAY_OF, MethodNotOffered
from siyu.trade.payments.offering import device_of, offered, options_of

SHOPPER = {"permission": Permission.SHOPPER}
ASKS_PER_MINUTE = 6  # of the gateway, for one order; what a page asks in between is answered by what we know


class PayState(msgspec.Struct, frozen=True):
    """What the cashier page asks again and again: the order's state, whether that is final, and where to go then."""

    state: str
    is_final: bool
    go: str


def _device(request: Request[Any, Any, Any]) -> Any:
    return device_of(request.headers.get("user-agent", ""))


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
    """The amount, the time left, and the ways to pay here. An order that needs no money any more leads to its page."""
    order = await orders.find(uow, order_id, customer_id=actor.customer_id)
    if order.state != "unpaid" or order.pay_by is None or order.pay_by <= uow.now or order.waits_at(uow.now):
        return Redirect(f"/shop/{merchant.slug}/orders/{order_id}", status_code=303)
    options = await options_of(uow)
    proofs = await offline.proofs(uow, order_id=order_id)
    attempts = await queries.attempts(uow, order_id)
    assert actor.customer_id is not None, "a shopper is a customer"
    return web.page(
        request,
        "payments/shop_pay.html",
        merchant=merchant,
        headers=_with_sandbox(settings),
        order=order,
        methods=offered(options, lines_of(request), _device(request), is_sandbox=settings.sandbox),
        proof=proofs[-1] if proofs else None,
        is_begun=any(a.state == "waiting" and a.method in GATEWAY_OF for a in attempts),
        balance=await balance.balance_of(uow, actor.customer_id),
        has_wechat=await customers.openid_of(uow, actor.customer_id) is not None,
        is_in_wechat=_device(request) == "wechat",
        request_address=f"{settings.base_url}{request.url.path}",
        bridge=f"{settings.sandbox_url}/bridge.js" if settings.sandbox else "",
        words=words,
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
) -> Response[Any]:
    """In the way that was tapped: WeChat's parameters as JSON, else the page where paying goes on."""
    method = str((await request.form()).get("method", "")) or "wxpay_jsapi"
    assert actor.customer_id is not None, "a shopper is a customer"
    async with database.begin(merchant, actor) as uow:
        options = await options_of(uow)
        if method not in offered(options, lines_of(request), _device(request), is_sandbox=settings.sandbox):
            raise MethodNotOffered(field="method")
    here = f"/shop/{merchant.slug}/pay/{order_id}"
    if method == "balance":
        await _pay_from_balance(request, database, merchant, actor, order_id)
        return Redirect(f"{here}/waiting", status_code=303)
    if method == "offline":
        return Redirect(f"{here}/transfer", status_code=303)
    cashier = await begin(
        database,
        merchant,
        lines_of(request),
        order_id,
        customer_id=actor.customer_id,
        notify_url=notify_url(settings, merchant, GATEWAY_OF[method]),
        method=method,
        where=where_of(request, f"{settings.base_url}{here}/waiting"),
    )
    if cashier.parameters is not None:
        return Response(cashier.parameters)
    return Redirect(cashier.address or f"{here}/waiting", status_code=303)


async def _pay_from_balance(
    request: Request[Any, Any, Any],
    database: OnDatabase,
    merchant: OfMerchant,
    actor: ByActor,
    order_id: UUID,
) -> None:
    # Somebody who changes their mind may have paid already: one look spares them a refund.
    # If no gateway answers and it was paid there after all, that money goes back by itself.
    with contextlib.suppress(gateways.GatewayRefused, gateways.GatewayUnsure):
        await asking.check_now(database, merchant, lines_of(request), order_id)
    assert actor.customer_id is not None, "a shopper is a customer"
    async with database.begin(merchant, actor) as uow:
        await balance.pay_from_balance(uow, order_id, actor.customer_id)


@get("/shop/{slug:str}/pay/{order_id:uuid}/waiting", opt=SHOPPER, include_in_schema=False)
async def waiting_page(
    request: Request[Any, Any, Any],
    *,
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    settings: WithSettings,
) -> Response[Any]:
    """Where a gateway's page leads back to: a code to scan, or waiting, or what came of it."""
    order = await orders.find(uow, order_id, customer_id=actor.customer_id)
    attempts = await queries.attempts(uow, order_id)
    payment = attempts[0] if attempts else None
    waits = order.waits_at(uow.now)
    is_open = order.state == "unpaid" and order.pay_by is not None and order.pay_by > uow.now and not waits
    newest = max((a for a in attempts if a.state == "waiting"), key=lambda a: a.created_at, default=None)
    code = newest.prepay_id if is_open and newest is not None and newest.method == "wxpay_native" else None
    return web.page(
        request,
        "payments/shop_waiting.html",
        merchant=merchant,
        order=order,
        payment=payment,
        is_open=is_open,
        is_paid=payment is not None and (payment.state == "paid" or (waits and payment.state == "deposit")),
        code=code or "",
        scan_address=f"{settings.sandbox_url}/scan?code_url={quote(code)}"
        if code and settings.sandbox
        else "",
        words=words,
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
            await asking.check_now(database, merchant, lines_of(request), order_id)
        except (TooManyRequests, gateways.GatewayRefused, gateways.GatewayUnsure):
            pass  # our own sweep asks again; the shopper is told what we know
        async with database.begin(merchant, actor) as uow:
            order = await orders.find(uow, order_id, customer_id=actor.customer_id)
    is_over = order.state != "unpaid" or order.waits_at(clock.now())
    return PayState(order.state, is_over, f"/shop/{merchant.slug}/orders/{order_id}")


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
    await asking.cancel_unpaid(database, merchant, lines_of(request), order_id, customer_id=actor.customer_id)
    return Redirect(f"/shop/{merchant.slug}/orders/{order_id}", status_code=303)


@get("/shop/{slug:str}/pay/{order_id:uuid}/transfer", opt=SHOPPER, include_in_schema=False)
async def transfer_page(
    request: Request[Any, Any, Any],
    *,
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Response[Any]:
    """Where to transfer the money to, and the form that shows the proof of it."""
    order = await orders.find(uow, order_id, customer_id=actor.customer_id)
    options = await options_of(uow)
    under_review = await asking.is_under_review(uow, order_id)
    if order.state != "unpaid" or not options.is_offline_on or under_review:
        return Redirect(f"/shop/{merchant.slug}/pay/{order_id}", status_code=303)
    return web.page(request, "payments/shop_transfer.html", merchant=merchant, order=order, options=options)


@post("/shop/{slug:str}/pay/{order_id:uuid}/transfer", opt=SHOPPER, include_in_schema=False)
async def submit_proof(
    request: Request[Any, Any, Any],
    *,
    order_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
) -> Redirect:
    """The picture and who paid. The id was made with the form, so a second tap shows one proof."""
    form = await request.form()
    picture = form.get("picture")
    if picture is None or isinstance(picture, str) or not picture.filename:
        raise Invalid(field="picture", zh="请上传转账凭证截图。", en="Please upload a picture of the proof.")
    try:
        proof_id = UUID(str(form.get("proof_id", "")))
    except ValueError:
        raise Invalid(
            field="picture", zh="表单已失效，请刷新后重试。", en="Please reload the page and try again."
        ) from None
    assert actor.customer_id is not None, "a shopper is a customer"
    await offline.submit_proof(
        uow,
        proof_id,
        order_id,
        actor.customer_id,
        picture=offline.readable_proof(await picture.read()),
        payer_name=str(form.get("payer_name", "")),
    )
    return Redirect(f"/shop/{merchant.slug}/pay/{order_id}", status_code=303)


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
        words=words,
    )


@get("/shop/{slug:str}/balance", opt=SHOPPER, include_in_schema=False)
async def balance_page(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """What I have with this merchant, and every movement of it."""
    assert actor.customer_id is not None, "a shopper is a customer"
    return web.page(
        request,
        "payments/shop_balance.html",
        merchant=merchant,
        balance=await balance.balance_of(uow, actor.customer_id),
        entries=await balance.balance_entries(uow, actor.customer_id),
        account=balance.balance_account(actor.customer_id),
        words=balance.ENTRY_WORDS,
    )


routes = [
    pay_page,
    begin_paying,
    waiting_page,
    pay_state,
    cancel,
    transfer_page,
    submit_proof,
    money_facts,
    balance_page,
]
