"""An order's money on the console: payment, refunds, giving units back, cancelling what is unpaid."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from siyu import web
from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import ByActor, InUow, OfMerchant, OnDatabase
from siyu.trade import orders
from siyu.trade.payments import (
    asking,
    console_pages,
    console_price,
    offline,
    queries,
    refunding,
    repricing,
    words,
)
from siyu.trade.payments.api import lines_of

REFUNDABLE = frozenset({"paid", "shipped", "picked_up", "received"})
LINE = "line-"  # fields of the refund form are line-1, line-2 …
AMOUNT = "amount-"  # those of the money without units, and of new prices


@get("/console/{slug:str}/orders/{order_id:uuid}/money", opt={"permission": Permission.ORDERS_READ})
async def order_money(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """A fragment for the order's page: how it was paid and what went back."""
    order = await orders.find(uow, order_id)
    return web.page(
        request,
        "payments/console_money.html",
        merchant=merchant,
        order=order,
        attempts=await queries.attempts(uow, order_id),
        proofs=await offline.proofs(uow, order_id=order_id),
        refunds=await queries.refunds_of_order(uow, order_id),
        titles={line.line_no: line.title for line in order.lines},
        words=words,
        can_refund=order.state in REFUNDABLE and order.refunded < order.total,
        line_field=LINE,
        amount_field=AMOUNT,
    )


@post(
    "/console/{slug:str}/orders/{order_id:uuid}/refunds",
    opt={"permission": Permission.ORDERS_REFUND},
    status_code=200,
)
async def refund(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[Any]:
    """Give units back. The id was made with the form, so a second tap refunds once."""
    form = await request.form()
    asked = refunding.RequestRefund(
        id=_refund_id(form),
        order_id=order_id,
        lines=_lines(form),
        reason=str(form.get("reason", "")),
        restock=form.get("restock") == "1",
        freight=_money(form, "freight") or 0,
        reductions=tuple(_amounts(form).items()),
    )
    await orders.find(uow, order_id)  # only what is within the scope of whoever asks
    made = await refunding.request_refund(uow, asked)
    path = f"/console/{merchant.slug}/orders/{order_id}"
    amount = web.amount(made.amount, merchant.currency)
    return web.done(request, path, web.mark("退款 {amount} 已受理，将原路退回"), amount=amount)


def _refund_id(form: FormMultiDict) -> UUID:
    try:
        return UUID(str(form.get("refund_id", "")))
    except ValueError:
        raise Invalid(
            field="refund_id", zh="表单已失效，请刷新后重试。", en="Please reload the page and try again."
        ) from None


def _lines(form: FormMultiDict) -> tuple[tuple[int, int], ...]:
    """(line_no, quantity) of every line with something to give back. Raises Invalid at the field."""
    wanted: list[tuple[int, int]] = []
    for name, value in form.multi_items():
        number = name.removeprefix(LINE)
        if name == number or not number.isdecimal() or str(value).strip() in {"", "0"}:
            continue
        if not str(value).isdecimal():
            raise Invalid(field=name, zh="请填写件数。", en="Enter a number of units.")
        wanted.append((int(number), int(str(value))))
    return tuple(wanted)


def _money(form: FormMultiDict, field: str) -> int | None:
    """Minor units of a typed amount, None for an empty field. Raises Invalid at the field."""
    text = str(form.get(field, "")).strip()
    if not text:
        return None
    try:
        return money.parse(text)
    except ValueError:
        raise Invalid(
            field=field, zh="请填写金额，例如 12.50。", en="Enter an amount such as 12.50."
        ) from None


def _amounts(form: FormMultiDict) -> dict[int, int]:
    """Amounts by line, of the fields that were filled in and are not zero."""
    found: dict[int, int] = {}
    for name in form:
        number = name.removeprefix(AMOUNT)
        if name != number and number.isdecimal() and (amount := _money(form, name)):
            found[int(number)] = amount
    return found


@post(
    "/console/{slug:str}/orders/{order_id:uuid}/price",
    opt={"permission": Permission.ORDERS_WRITE},
    status_code=200,
)
async def reprice(
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
) -> Response[Any]:
    """Another price for an unpaid order; what was begun at the old price ends at its gateway first."""
    form = await request.form()
    lines = lines_of(request)
    amounts, freight = _amounts(form), _money(form, "freight")
    reason = str(form.get("reason", ""))
    async with database.begin(merchant, actor) as uow:
        await orders.find(uow, order_id)  # only what is within the scope of whoever asks
    await repricing.reprice(database, merchant, lines, order_id, amounts, freight, reason, actor=actor)
    return web.done(
        request,
        f"/console/{merchant.slug}/orders/{order_id}",
        web.mark("价格已修改，顾客会看到新的应付金额"),
    )


@post(
    "/console/{slug:str}/orders/{order_id:uuid}/cancel",
    opt={"permission": Permission.ORDERS_WRITE},
    status_code=200,
)
async def cancel(
    request: Request[Any, Any, Any],
    order_id: FromPath[UUID],
    merchant: OfMerchant,
    actor: ByActor,
    database: OnDatabase,
) -> Response[Any]:
    """Close an unpaid order after asking the gateway; its stock is free again."""
    async with database.begin(merchant, actor) as uow:
        await orders.find(uow, order_id)  # only what is within the scope of whoever asks
    await asking.cancel_unpaid(database, merchant, lines_of(request), order_id, customer_id=None)
    return web.done(
        request, f"/console/{merchant.slug}/orders/{order_id}", web.mark("订单已取消，库存已释放")
    )


routes = [order_money, refund, reprice, cancel, *console_price.routes, *console_pages.routes]
