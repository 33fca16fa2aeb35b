"""The address that 商家转账 calls back."""

from typing import Any

from litestar import Request, Response, post

from siyu.growth.payouts import sending
from siyu.runtime.db import Merchant
from siyu.runtime.edge import OfMerchant, OnDatabase
from siyu.settings import Settings


def notify_url(settings: Settings, merchant: Merchant) -> str:
    """Where the gateway tells us of transfers."""
    return f"{settings.base_url}/cb/{merchant.slug}/wxpay/transfers"


@post(
    "/cb/{slug:str}/wxpay/transfers",
    opt={"public": True},
    status_code=204,
    include_in_schema=False,
)
async def transfer_notice(
    request: Request[Any, Any, Any], merchant: OfMerchant, database: OnDatabase
) -> Response[None]:
    """Take in what the gateway says of a transfer; anything that does not verify is refused and changes nothing."""
    gateway = request.app.state.gateway
    await sending.receive_notice(database, merchant, gateway, dict(request.headers), await request.body())
    return Response(None, status_code=204)


routes = [transfer_notice]
