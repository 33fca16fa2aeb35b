"""The counter: look a pickup code up, see what it is for, hand the goods over once, all of them or some."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from siyu import web
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, Invalid
from siyu.kernel.permissions import Permission
from siyu.people import customers
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.runtime.edge import ByActor, InUow, OfMerchant
from siyu.trade.orders import handovers
from siyu.trade.orders.model import Order
from siyu.trade.orders.pickup import (
    Unpicked,
    cleaned,
    is_cross_store,
    is_elsewhere,
    look_up,
    look_up_order,
    set_cross_store,
    unpicked,
    verify_order,
    verify_pickup,
    waiting_units,
)

VERIFY = {"permission": Permission.PICKUP_VERIFY}
MANAGE = {"permission": Permission.ORDERS_WRITE}
LINE = "line-"  # fields of the form are line-1, line-2 …
OTHER_CODE_LENGTH = 12  # codes of vouchers, which fulfilment redeems; a pickup code has 8

# How long an order has waited, in days on the merchant's calendar: reminded on the first, called on the second.
WAITED = {
    0: web.mark("全部待提"),
    1: web.mark("过夜未提"),
    2: web.mark("两天未提"),
    3: web.mark("超期"),
}


@get("/desk/{slug:str}/verify", opt=VERIFY)
async def ask_code(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    code: FromQuery[str] = "",
    order_id: FromQuery[UUID | None] = None,
) -> Response[Any]:
    """Ask for a pickup code; with a code, or an order from the list, show what waits under it."""
    if len(cleaned(code)) == OTHER_CODE_LENGTH:
        return Redirect(f"/desk/{merchant.slug}/redeem?code={cleaned(code)}", status_code=303)
    try:
        if order_id is not None:
            order = await look_up_order(uow, order_id)
        else:
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
        code="" if order_id else cleaned(code),
        waiting=dict(waiting_units(order)),
        line_field=LINE,
        is_elsewhere=is_elsewhere(uow, order),
        nickname=await _nickname(uow, order),
    )


@post("/desk/{slug:str}/verify", opt=VERIFY, status_code=200)
async def hand_over_code(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """Hand over what was chosen. A second tap, or a used code, is answered in words and changes nothing."""
    form = await request.form()
    code, handover_id = str(form.get("code", "")), _id(form.get("idempotency_key"))
    try:
        lines = _lines(form)
        if cleaned(code):
            order = await verify_pickup(uow, code, lines, handover_id=handover_id)
        else:
            order = await verify_order(uow, _order_id(form), lines, handover_id=handover_id)
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
        done=await handovers.find_handover(uow, handover_id),
        left=sum(quantity for _, quantity in waiting_units(order)) if order.state == "paid" else 0,
        can_undo=actor.may(Permission.ORDERS_WRITE),
        nickname=await _nickname(uow, order),
    )


def _id(text: object) -> UUID:
    """The id that was made with the form; a form without one is a command of its own."""
    try:
        return UUID(str(text))
    except ValueError:
        return ids.new()


def _order_id(form: FormMultiDict) -> UUID:
    try:
        return UUID(str(form.get("order_id", "")))
    except ValueError:
        raise Invalid(field="code", zh="请输入提货码。", en="Enter a pickup code.") from None


def _lines(form: FormMultiDict) -> list[tuple[int, int]]:
    """(line_no, quantity) of what was chosen; none when the form names no lines, which means all that wait."""
    named = [
        (name.removeprefix(LINE), str(value).strip())
        for name, value in form.multi_items()
        if name.startswith(LINE)
    ]
    chosen: list[tuple[int, int]] = []
    for number, text in named:
        if not (number.isascii() and number.isdigit() and len(number) < 5):
            continue
        if not (text.isascii() and text.isdigit() and len(text) < 5):
            raise Invalid(field=f"{LINE}{number}", zh="请填写件数。", en="Enter a number of units.")
        if int(text):
            chosen.append((int(number), int(text)))
    if named and not chosen:
        raise Invalid(field="lines", zh="请选择要交付的商品。", en="Choose what leaves.")
    return chosen


@get("/desk/{slug:str}/waiting", opt=VERIFY)
async def waiting_list(
    *,
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    actor: ByActor,
    days: FromQuery[int] = 0,
) -> Response[str]:
    """Who has not come yet: all, since yesterday, since the day before, and overdue."""
    least = days if days in WAITED else 0
    found = await unpicked(uow, actor.store_id, days=0)
    return web.page(
        request,
        "orders/desk_waiting.html",
        merchant=merchant,
        days=least,
        waited=[(day, word, len(_since(found, day))) for day, word in WAITED.items()],
        orders=_since(found, least),
    )


def _since(found: list[Unpicked], day: int) -> list[Unpicked]:
    """Those that wait exactly so many days; from three on all, and for 0 everybody."""
    if day == 0:
        return found
    return [one for one in found if (one.days == day if day < max(WAITED) else one.days >= day)]


@get("/desk/{slug:str}/handovers", opt=VERIFY)
async def handover_list(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, actor: ByActor
) -> Response[str]:
    """What went out today, and what can still be taken back."""
    return web.page(
        request,
        "orders/desk_handovers.html",
        merchant=merchant,
        handovers=await handovers.lately(uow, _day_start(uow.now, merchant), actor.store_id),
        can_undo=actor.may(Permission.ORDERS_WRITE),
        undo_since=uow.now - handovers.UNDO_WITHIN,
    )


def _day_start(now: datetime, merchant: Merchant) -> datetime:
    """Midnight of the merchant's present day."""
    return now.astimezone(ZoneInfo(merchant.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)


@post("/desk/{slug:str}/handovers/{handover_id:uuid}/undo", opt=MANAGE, status_code=200)
async def undo_handover(
    request: Request[Any, Any, Any], handover_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """A manager takes a mistake back; the goods wait again under the same code."""
    form = await request.form()
    await handovers.undo(uow, handover_id, reason=str(form.get("reason", "")))
    return web.done(request, f"/desk/{merchant.slug}/handovers", web.mark("已撤销交付，商品回到待提"))


@get("/console/{slug:str}/pickup-terms", opt={"permission": Permission.ORDERS_READ})
async def pickup_terms(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[str]:
    """A fragment for the page of delivery rules: whether any store may hand out any store's orders."""
    return web.page(
        request,
        "orders/console_pickup_terms.html",
        merchant=merchant,
        is_cross_store=await is_cross_store(uow),
    )


@post("/console/{slug:str}/pickup-terms", opt={"permission": Permission.DELIVERY_WRITE}, status_code=200)
async def change_pickup_terms(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Let any store hand out any store's orders, or no longer."""
    form = await request.form()
    await set_cross_store(uow, is_allowed=form.get("is_cross_store") == "1")
    return web.done(request, f"/console/{merchant.slug}/fulfilment/carriers", web.mark("已保存"))


async def _nickname(uow: UnitOfWork, order: Order) -> str:
    if order.customer_id is None:
        return ""
    return (await customers.find(uow, order.customer_id)).nickname


routes = [
    ask_code,
    hand_over_code,
    waiting_list,
    handover_list,
    undo_handover,
    pickup_terms,
    change_pickup_terms,
]
