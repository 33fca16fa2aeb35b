"""Another price for an order that is not paid yet: what was asked for at the old price ends at its gateway first."""

from collections.abc import Mapping
from uuid import UUID

from siyu.kernel.errors import DomainError
from siyu.runtime.actors import SYSTEM, Actor
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.asking import end_attempts
from siyu.trade.payments.model import Lines
from siyu.trade.payments.settling import Outcome


class PaymentBegun(DomainError):
    """The buyer began to pay at the old price in this very moment. Nothing was changed."""

    code = "payments.begun"
    status = 409
    zh = "顾客刚刚发起了付款，请稍后再改价。"
    en = "The buyer has just begun to pay; please try again in a moment."


async def reprice(
    database: Database,
    merchant: Merchant,
    lines: Lines,
    order_id: UUID,
    amounts: Mapping[int, int],
    freight: int | None,
    reason: str,
    *,
    actor: Actor = SYSTEM,
) -> None:
    """Set new amounts for lines (line_no → minor units) and freight of an unpaid order.

    Open attempts are ended at their gateways first; the buyer's next one has a new number and the new total.
    Raises WrongState when the order is not unpaid, also when it turns out to be paid just now; NotFound, Invalid,
    UnderReview, and what the gateways refuse. Then the order is as it was; the buyer may have to begin again.
    """
    async with database.begin(merchant) as uow:
        order = await orders.find(uow, order_id)
        if order.state != "unpaid":
            raise orders.WrongState(order.state)
    if await end_attempts(database, merchant, lines, order_id) is Outcome.PAID:
        raise orders.WrongState("paid")

    async def edit(uow: UnitOfWork) -> None:
        # Attempts begun in this moment wait for the order's lock and then ask for the new total; one that was
        # begun before it, after we had ended the others, must be ended too before the price may change.
        await uow.run(
            "select from orders where merchant_id = %(merchant_id)s and id = %(id)s for update", id=order_id
        )
        is_begun = await uow.one(
            bool,
            """
            select exists (select from payments where merchant_id = %(merchant_id)s and order_id = %(order)s
                           and state = 'waiting')
            """,
            order=order_id,
        )
        if is_begun:
            raise PaymentBegun
        await orders.edit_price(uow, order_id, amounts, freight=freight, reason=reason)

    await database.attempt(merchant, edit, actor)
