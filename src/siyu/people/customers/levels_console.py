"""A fragment of the customer's page: the level, which decides the prices."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from siyu import web
from siyu.kernel.permissions import Permission
from siyu.people.customers import levels
from siyu.runtime.edge import InUow, OfMerchant


@get("/console/{slug:str}/customers/{customer_id:uuid}/level", opt={"permission": Permission.CUSTOMERS_READ})
async def level(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """The level and, for those who may, the way to change it."""
    return web.page(
        request,
        "customers/console_level.html",
        merchant=merchant,
        customer_id=customer_id,
        level=await levels.level_of(uow, customer_id),
        levels=await levels.levels_given(uow),
    )


@post(
    "/console/{slug:str}/customers/{customer_id:uuid}/level",
    opt={"permission": Permission.CUSTOMERS_WRITE},
    status_code=200,
)
async def set_level(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Give the customer another level; it counts from the next order on."""
    form = await request.form()
    await levels.set_level(uow, customer_id, str(form.get("level", "")))
    return web.done(
        request,
        f"/console/{merchant.slug}/customers/{customer_id}",
        web.mark("等级已更新，之后的订单按新等级计价"),
    )


routes = [level, set_level]
