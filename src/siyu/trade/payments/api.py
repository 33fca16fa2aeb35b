"""JSON: paying and refunding; and the addresses that gateways call back."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath, JSONBody

from siyu.connect import alipay, gateways, wxpay
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Merchant
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings
from siyu.settings import Settings
from siyu.trade import orders
from siyu.trade.payments import asking, queries, refunding, returning
from siyu.trade.payments.balance import pay_from_balance
from siyu.trade.payments.begin import Cashier, Where, begin
from siyu.trade.payments.model import GATEWAY_OF, Method, MethodNotOffered, Payment, Refund
from siyu.trade.payments.notices import receive_notice
from siyu.trade.payments.offering import options_of
from siyu.trade.payments.repricing import reprice

TAGS = ["Payments 支付"]


class RefundedUnits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    line_no: int
    quantity: int


class Reduction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Money without units, for one line: a lighter weight, an agreement. Minor units."""

    line_no: int
    amount: int


class NewRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units or money to give back. `id` is a UUID made by the caller: sending it twice refunds once.

    `of` says which units are meant: those still `waiting` to leave, those that `left`, or `any`.
    """

    reason: str
    lines: tuple[RefundedUnits, ...] = ()
    restock: bool = False
    of: Literal["any", "waiting", "left"] = "any"
    freight: int = 0
    reductions: tuple[Reduction, ...] = ()
    id: UUID = msgspec.field(default_factory=ids.new)


class BeginPayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the buyer wants to pay. `openid` is the buyer's in the mini program, for `wxpay_mini` only.

    `return_url` is where the gateway's own page leads back to.
    """

    method: Method
    return_url: str = ""
    openid: str = ""


class ByHand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The transfer with which a refund was sent back outside its gateway."""

    reference: str


class NewPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """New amounts of lines (minor units) and, when given, of the freight."""

    lines: tuple[Reduction, ...]
    reason: str
    freight: int | None = None


def notify_url(settings: Settings, merchant: Merchant, gateway: str = "wxpay") -> str:
    """Where a gateway tells us. WeChat Pay allows no query string, so the merchant is in the path."""
    return f"{settings.base_url}/cb/{merchant.slug}/{gateway}"


def lines_of(request: Request[Any, Any, Any]) -> Mapping[str, gateways.Gateway]:
    """The gateways of this process, by name."""
    return request.app.state.gateways


@post(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/payment",
    opt={"permission": Permission.SHOPPER},
    tags=TAGS,
    status_code=200,
)
async def pay(
    request: Request,
    order_id: FromPath[UUID],
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
    settings: WithSettings,
) -> wxpay.ClientParameters:
    """Parameters for `WeixinJSBridge.invoke('getBrandWCPayRequest', …)`. Its answer proves nothing; read the order."""
    assert actor.customer_id is not None, "a shopper is a customer"
    cashier = await begin(
        database,
        merchant,
        lines_of(request),
        order_id,
        customer_id=actor.customer_id,
        notify_url=notify_url(settings, merchant),
    )
    assert cashier.parameters is not None, "JSAPI opens with parameters"
    return cashier.parameters


@post(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/payments",
    opt={"permission": Permission.SHOPPER},
    tags=TAGS,
    status_code=200,
)
async def pay_by(
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    data: JSONBody[BeginPayment],
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
    settings: WithSettings,
) -> Cashier:
    """Begin to pay in one of the ways that the merchant offers: parameters, an address or a code, by the method.

    Paying from the balance is done with the answer. Nothing the client sees proves a payment; read the order.
    """
    assert actor.customer_id is not None, "a shopper is a customer"
    if data.method == "offline":
        raise MethodNotOffered(field="method")
    async with database.begin(merchant, actor) as uow:
        options = await options_of(uow)
        if data.method in options.switched_off:
            raise MethodNotOffered(field="method")
        if data.method == "balance":
            await pay_from_balance(uow, order_id, actor.customer_id)
            payment = await queries.counted(uow, order_id)
            assert payment is not None, "it was paid in this unit of work"
            return Cashier("balance", payment.id)
    return await begin(
        database,
        merchant,
        lines_of(request),
        order_id,
        customer_id=actor.customer_id,
        notify_url=notify_url(settings, merchant, GATEWAY_OF[data.method]),
        method=data.method,
        where=where_of(request, data.return_url, data.openid),
    )


def where_of(request: Request[Any, Any, Any], return_url: str, openid: str = "") -> Where:
    """Where the buyer is, from the request: WeChat's H5 cashier wants the real address and the kind of phone."""
    told = request.headers.get("user-agent", "").lower()
    device = "iOS" if "iphone" in told or "ipad" in told else "Android" if "android" in told else "Wap"
    ip = request.client.host if request.client else ""
    return Where(ip=ip, device=device, return_url=return_url, openid=openid)


@post(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/cancel",
    opt={"permission": (Permission.SHOPPER, Permission.ORDERS_WRITE)},
    tags=TAGS,
    status_code=200,
)
async def cancel(
    request: Request, order_id: FromPath[UUID], merchant: OfMerchant, actor: ByActor, database: OnDatabase
) -> orders.Order:
    """Close an unpaid order; its stock is free again."""
    own = actor.customer_id if actor.kind == "customer" else None
    async with database.begin(merchant, actor) as uow:
        await orders.find(uow, order_id, customer_id=own)  # only what is within the scope of whoever asks
    await asking.cancel_unpaid(database, merchant, lines_of(request), order_id, customer_id=own)
    async with database.begin(merchant, actor) as uow:
        return orders.shown_to(await orders.find(uow, order_id, customer_id=own), actor)


@get(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/payment", opt={"permission": Permission.ORDERS_READ}, tags=TAGS
)
async def read_payment(order_id: FromPath[UUID], uow: InUow) -> Payment | None:
    """The payment of the order that counts, else the open one, else the newest, once one was begun."""
    await orders.find(uow, order_id)
    return await queries.of_order(uow, order_id)


@get(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/payments",
    opt={"permission": Permission.ORDERS_READ},
    tags=TAGS,
)
async def list_payments(order_id: FromPath[UUID], uow: InUow) -> list[Payment]:
    """Every attempt to pay an order: the one that counts first, then the newest."""
    await orders.find(uow, order_id)
    return await queries.attempts(uow, order_id)


@post(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/refunds",
    opt={"permission": Permission.ORDERS_REFUND},
    tags=TAGS,
)
async def refund(order_id: FromPath[UUID], data: JSONBody[NewRefund], uow: InUow) -> Refund:
    """Give units of an order back. The money leaves by the way it came, as soon as the gateway takes it."""
    await orders.find(uow, order_id)
    return await refunding.request_refund(
        uow,
        refunding.RequestRefund(
            id=data.id,
            order_id=order_id,
            lines=tuple((line.line_no, line.quantity) for line in data.lines),
            reason=data.reason,
            restock=data.restock,
            of=data.of,
            freight=data.freight,
            reductions=tuple((line.line_no, line.amount) for line in data.reductions),
        ),
    )


@get(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/refunds", opt={"permission": Permission.ORDERS_READ}, tags=TAGS
)
async def list_refunds(order_id: FromPath[UUID], uow: InUow) -> list[Refund]:
    """Refunds of an order, oldest first."""
    await orders.find(uow, order_id)
    return await queries.refunds_of_order(uow, order_id)


@post(
    "/api/v1/{slug:str}/refunds/{refund_id:uuid}/retry",
    opt={"permission": Permission.ORDERS_REFUND},
    tags=TAGS,
    status_code=204,
)
async def retry(refund_id: FromPath[UUID], uow: InUow) -> None:
    """Send a refund that its gateway could not do to it again, under the same number."""
    await returning.retry_refund(uow, refund_id)


@post(
    "/api/v1/{slug:str}/refunds/{refund_id:uuid}/by-hand",
    opt={"permission": Permission.ORDERS_REFUND},
    tags=TAGS,
    status_code=204,
)
async def by_hand(refund_id: FromPath[UUID], data: JSONBody[ByHand], uow: InUow) -> None:
    """The money of a refund was sent back outside its gateway; the transfer's reference is kept."""
    await returning.refund_by_hand(uow, refund_id, data.reference)


@post(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/price",
    opt={"permission": Permission.ORDERS_WRITE},
    tags=TAGS,
    status_code=200,
)
async def set_price(
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    data: JSONBody[NewPrice],
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
) -> orders.Order:
    """Change what an unpaid order costs. Open attempts to pay it end at their gateways first."""
    amounts = {line.line_no: line.amount for line in data.lines}
    lines = lines_of(request)
    async with database.begin(merchant, actor) as uow:
        await orders.find(uow, order_id)
    await reprice(database, merchant, lines, order_id, amounts, data.freight, data.reason, actor=actor)
    async with database.begin(merchant, actor) as uow:
        return orders.shown_to(await orders.find(uow, order_id), actor)


@post("/cb/{slug:str}/wxpay", opt={"public": True}, status_code=200, include_in_schema=False)
async def wxpay_notice(
    request: Request[Any, Any, Any], merchant: OfMerchant, database: OnDatabase
) -> Response[Any]:
    """WeChat Pay tells us something. Verified on the raw bytes; 204 ends the retries, 4xx does not."""
    gateway = lines_of(request).get("wxpay")
    if gateway is None:
        raise NotFound(what="微信支付 / WeChat Pay")
    outcome = await receive_notice(database, merchant, gateway, dict(request.headers), await request.body())
    if outcome.is_accepted:
        return Response(None, status_code=204)
    return Response({"code": "FAIL", "message": str(outcome)}, status_code=400)


@post("/cb/{slug:str}/alipay", opt={"public": True}, status_code=200, include_in_schema=False)
async def alipay_notice(
    request: Request[Any, Any, Any], merchant: OfMerchant, database: OnDatabase
) -> Response[bytes]:
    """Alipay tells us something. Verified on the raw bytes; nothing but `success` ends the repeats."""
    gateway = lines_of(request).get("alipay")
    if gateway is None:
        raise NotFound(what="支付宝 / Alipay")
    outcome = await receive_notice(database, merchant, gateway, dict(request.headers), await request.body())
    if outcome.is_accepted:
        return Response(alipay.ACCEPTED, media_type=MediaType.TEXT)
    return Response(b"fail", media_type=MediaType.TEXT, status_code=400)


routes = [
    pay,
    pay_by,
    cancel,
    read_payment,
    list_payments,
    refund,
    list_refunds,
    retry,
    by_hand,
    set_price,
    wxpay_notice,
    alipay_notice,
]
