"""The counter: look a pickup code up, see what it is for, hand the goods over once."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromQuery

from siyu import web
from siyu.kernel.errors import DomainError
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade.orders.model import Order
from siyu.trade.orders.pickup import cleaned, look_up, verify_pickup

VERIFY = {"permission": Permission.PICKUP_VERIFY}


@get("/desk/{slug:str}/verify", opt=VERIFY)
async def ask_code(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, code: FromQuery[str] = ""
) -> Response[str]:
    """Ask for a pickup code; with a code, show the order that waits under it."""
    try:
        order = await look_up(uow, code) if cleaned(code) else None
    except DomainError as refusal:
        # Asking is not failing: the page says in words what is wrong with the code, and answers 200.
        problem = web.problem_of(request, refusal)
        return web.page(request, "orders/desk_verify.html", merchant=merchant, code=code, problem=problem)
    if order is None:
        return web.page(request, "orders/desk_verify.html", merchant=merchant, code="", problem=None)
    return web.page(
        request,
        "orders/desk_order.html",
        merchant=merchant,
        order=order,
        code=cleaned(code),
        nickname=await _nickname(uow, order),
    )


@post("/desk/{slug:str}/verify", opt=VERIFY, status_code=200)
async def hand_over_code(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """Hand over what the code is for. A second time is refused in words and changes nothing."""
    code = str((await request.form()).get("code", ""))
    try:
        order = await verify_pickup(uow, code)
    except DomainError as refusal:
        problem = web.problem_of(request, refusal)
        return web.page(
            request,
            "orders/desk_verify.html",
            merchant=merchant,
            code="",
            problem=problem,
            status_code=problem.status,
        )
    return web.page(
        request,
        "orders/desk_handed.html",
        merchant=merchant,
        order=order,
        nickname=await _nickname(uow, order),
    )


async def _nickname(uow: UnitOfWork, order: Order) -> str:
    if order.customer_id is None:
        return ""
    return (await customers.find(uow, order.customer_id)).nickname


routes = [ask_code, hand_over_code]
