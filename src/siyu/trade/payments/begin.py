"""Beginning to pay: the intent is written first, then the gateway is asked, then its answer is written."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.connect import wxpay
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError
from siyu.people import customers
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import orders
from siyu.trade.payments.model import trade_number

PREPAY_LASTS = timedelta(minutes=110)  # WeChat Pay keeps a prepay_id for two hours; we stop using it earlier
FIRST_QUERY = timedelta(seconds=30)


class CannotPayHere(DomainError):
    """JSAPI payment needs the buyer's WeChat identity, which this customer does not have yet."""

    code = "payments.needs_wechat"
    status = 409
    zh = "请先用微信登录，再用微信支付。"
    en = "Please sign in with WeChat to pay with WeChat Pay."


class _Begun(msgspec.Struct, frozen=True):
    id: UUID
    prepay_id: str | None
    prepaid_at: datetime | None


async def open_payments(uow: UnitOfWork, order_ids: Sequence[UUID]) -> list[str]:
    """Make sure each unpaid order has its one payment; return our numbers at the gateway, in the same order."""
    payment_ids = [ids.derived("payment", uow.merchant_id, order_id) for order_id in order_ids]
    await uow.run(
        """
        insert into payments (merchant_id, id, order_id, out_trade_no, method, amount, state, created_at, updated_at)
        select %(merchant_id)s, t.id, o.id, t.number, 'wxpay_jsapi', o.total, 'waiting', %(now)s, %(now)s
        from unnest(%(ids)s::uuid[], %(orders)s::uuid[], %(numbers)s::text[]) as t (id, order_id, number)
        join orders o on o.merchant_id = %(merchant_id)s and o.id = t.order_id
        where o.state = 'unpaid' and o.total > 0
        on conflict (merchant_id, order_id) do nothing
        """,
        ids=payment_ids,
        orders=list(order_ids),
        numbers=[trade_number(payment_id) for payment_id in payment_ids],
    )
    return [trade_number(payment_id) for payment_id in payment_ids]


async def begin(
    database: Database,
    merchant: Merchant,
    gateway: wxpay.Gateway,
    order_id: UUID,
    *,
    customer_id: UUID,
    notify_url: str,
) -> wxpay.ClientParameters:
    """Parameters with which the buyer's WeChat opens the cashier for this order.

    Asking twice is harmless: the gateway knows the order by one number. Raises NotFound, WrongState when the
    order is not waiting for money, CannotPayHere without a WeChat identity, and the gateway's refusals.
    """
    async with database.begin(merchant) as uow:
        order = await orders.find(uow, order_id, customer_id=customer_id)
        if order.state != "unpaid" or order.pay_by is None or order.pay_by <= uow.now:
            raise orders.WrongState(order.state if order.state != "unpaid" else "expired")
        openid = await customers.openid_of(uow, customer_id)
        if openid is None:
            raise CannotPayHere
        (number,) = await open_payments(uow, [order_id])
        begun = await uow.one(
            _Begun,
            """
            update payments set payer = %(openid)s, updated_at = %(now)s,
                                next_query_at = coalesce(next_query_at, %(next)s)
            where merchant_id = %(merchant_id)s and order_id = %(order)s
            returning id, prepay_id, prepaid_at
            """,
            openid=openid,
            order=order_id,
            next=uow.now + FIRST_QUERY,
        )
    if begun.prepay_id and begun.prepaid_at and clock.now() - begun.prepaid_at < PREPAY_LASTS:
        return gateway.client_parameters(begun.prepay_id)
    prepay_id = await gateway.prepay(
        out_trade_no=number,
        description=f"{merchant.name} {order.number}",
        total=order.total,
        openid=openid,
        notify_url=notify_url,
        # The gateway wants at least a minute; our own sweep closes the order at pay_by in any case.
        expires_at=max(order.pay_by, clock.now() + timedelta(minutes=2)),
    )
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            update payments set prepay_id = %(prepay)s, prepaid_at = %(now)s, updated_at = %(now)s
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            prepay=prepay_id,
            id=begun.id,
        )
    return gateway.client_parameters(prepay_id)
