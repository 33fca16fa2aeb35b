"""JSON: paying and refunding; and the addresses that gateways call back."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from siyu.connect import wxpay
from siyu.kernel import ids
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Merchant
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase, WithSettings
from siyu.settings import Settings
from siyu.trade import orders
from siyu.trade.payments import asking, queries, refunding
from siyu.trade.payments.begin import begin
from siyu.trade.payments.model import Payment, Refund
from siyu.trade.payments.notices import receive_notice

TAGS = ["Payments 支付"]


class RefundedUnits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    line_no: int
    quantity: int


class NewRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units to give back. `id` is a UUID made by the caller: sending it twice refunds once."""

    lines: tuple[RefundedUnits, ...]
    reason: str
    restock: bool = False
    id: UUID = msgspec.field(default_factory=ids.new)


def notify_url(settings: Settings, merchant: Merchant) -> str:
    """Where WeChat Pay tells us. It may carry no query string, so the merchant is in the path."""
    return f"{settings.base_url}/cb/{merchant.slug}/wxpay"


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
    return await begin(
        database,
        merchant,
        request.app.state.gateway,
        order_id,
        customer_id=actor.customer_id,
        notify_url=notify_url(settings, merchant),
    )


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
    await asking.cancel_unpaid(database, merchant, request.app.state.gateway, order_id, customer_id=own)
    async with database.begin(merchant, actor) as uow:
        return await orders.find(uow, order_id, customer_id=own)


@get(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/payment", opt={"permission": Permission.ORDERS_READ}, tags=TAGS
)
async def read_payment(order_id: FromPath[UUID], uow: InUow) -> Payment | None:
    """The order's payment, once one was begun."""
    return await queries.of_order(uow, order_id)


@post(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/refunds",
    opt={"permission": Permission.ORDERS_REFUND},
    tags=TAGS,
)
async def refund(order_id: FromPath[UUID], data: JSONBody[NewRefund], uow: InUow) -> Refund:
    """Give units of an order back. The money leaves by the way it came, as soon as the gateway takes it."""
    return await refunding.request_refund(
        uow,
        refunding.RequestRefund(
            id=data.id,
            order_id=order_id,
            lines=tuple((line.line_no, line.quantity) for line in data.lines),
            reason=data.reason,
            restock=data.restock,
        ),
    )


@get(
    "/api/v1/{slug:str}/orders/{order_id:uuid}/refunds", opt={"permission": Permission.ORDERS_READ}, tags=TAGS
)
async def list_refunds(order_id: FromPath[UUID], uow: InUow) -> list[Refund]:
    """Refunds of an order, oldest first."""
    return await queries.refunds_of_order(uow, order_id)


@post("/cb/{slug:str}/wxpay", opt={"public": True}, status_code=200, include_in_schema=False)
async def wxpay_notice(request: Request, merchant: OfMerchant, database: OnDatabase) -> Response[Any]:
    """WeChat Pay tells us something. Verified on the raw bytes; 204 ends the retries, 4xx does not."""
    outcome = await receive_notice(
        database, merchant, request.app.state.gateway, dict(request.headers), await request.body()
    )
    if outcome.is_accepted:
        return Response(None, status_code=204)
    return Response({"code": "FAIL", "message": str(outcome)}, status_code=400)


routes = [pay, cancel, read_payment, refund, list_refunds, wxpay_notice]
