"""What another price would come to: the console shows it beside the form before anything is changed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from siyu import web
from siyu.kernel import money
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.db import Merchant
from siyu.runtime.edge import InUow, OfMerchant
from siyu.trade import orders

WRITE = {"permission": Permission.ORDERS_WRITE}
LINE = "amount-"  # fields are amount-1, amount-2 …


class Wanted(msgspec.Struct, frozen=True):
    """New amounts by line (minor units), and the freight."""

    amounts: dict[int, int]
    freight: int


def _wanted(form: Mapping[str, Any], order: orders.Order, merchant: Merchant) -> Wanted:
    """What the form says; a field that is missing keeps its amount. Raises Invalid at the field."""

    def minor(name: str, now: int) -> int:
        text = str(form.get(name, "")).strip()
        try:
            return money.parse(text, merchant.currency) if text else now
        except ValueError:
            raise Invalid(field=name, zh="请填写正确的金额。", en="Enter an amount of money.") from None

    return Wanted(
        {line.line_no: minor(f"{LINE}{line.line_no}", line.amount) for line in order.lines},
        minor("freight", order.freight),
    )


@post("/console/{slug:str}/orders/{order_id:uuid}/price/preview", opt=WRITE, status_code=200)
async def preview(
    request: Request[Any, Any, Any], order_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """What the buyer would pay; nothing is changed."""
    order = await orders.find(uow, order_id)
    wanted = _wanted(await request.form(), order, merchant)
    return web.page(
        request,
        "payments/console_price_preview.html",
        merchant=merchant,
        order=order,
        total=sum(wanted.amounts.values()) + wanted.freight,
        changed=[
            (line.title, line.amount, wanted.amounts[line.line_no])
            for line in order.lines
            if wanted.amounts[line.line_no] != line.amount
        ],
        freight=wanted.freight,
    )


routes = [preview]
