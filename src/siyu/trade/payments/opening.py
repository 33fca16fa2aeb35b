"""Opening payments: the intent to pay an order in one way, under a number of its own at the gateway."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.runtime.db import UnitOfWork
from siyu.trade.payments.model import trade_number


class _Number(msgspec.Struct, frozen=True):
    order_id: UUID
    out_trade_no: str


async def open_payments(uow: UnitOfWork, order_ids: Sequence[UUID], method: str = "wxpay_jsapi") -> list[str]:
    """Make sure each unpaid order has one open payment by `method`; return our numbers, in the same order.

    An order that is not waiting for money gets none: its newest payment is named, or, when it never had one, a
    number that no gateway knows.
    """
    numbers = await _opened(uow, order_ids, method)
    if missing := [order_id for order_id in order_ids if order_id not in numbers]:
        # Paid, closed, or opened by somebody else in this very moment, whose row the statement above did not see.
        numbers |= await _newest(uow, missing, method)
    return [numbers.get(order_id) or trade_number(uow.merchant_id, ids.new()) for order_id in order_ids]


async def _opened(uow: UnitOfWork, order_ids: Sequence[UUID], method: str) -> dict[UUID, str]:
    payment_ids = [ids.new() for _ in order_ids]
    # The order is locked against a change of its price, so that an open attempt always asks for its total.
    found = await uow.all(
        _Number,
        """
        with opened as (
            insert into payments (merchant_id, id, order_id, out_trade_no, method, amount, state, next_query_at,
                                  created_at, updated_at)
            select %(merchant_id)s, t.id, o.id, t.number, %(method)s, o.due_amount, 'waiting', o.pay_by, %(now)s, %(now)s
            from unnest(%(ids)s::uuid[], %(orders)s::uuid[], %(numbers)s::text[]) as t (id, order_id, number)
            join orders o on o.merchant_id = %(merchant_id)s and o.id = t.order_id
            where o.state = 'unpaid' and o.due_amount > 0
              and (o.deposit_paid_at is null or o.balance_from <= %(now)s)
            for share of o
            on conflict (merchant_id, order_id, method, amount) where state = 'waiting' do nothing
            returning order_id, out_trade_no
        )
        select order_id, out_trade_no from opened
        union all
        select p.order_id, p.out_trade_no from payments p
        join orders d on d.merchant_id = p.merchant_id and d.id = p.order_id and d.due_amount = p.amount
        where p.merchant_id = %(merchant_id)s and p.order_id = any(%(orders)s) and p.method = %(method)s
          and p.state = 'waiting'
        """,
        ids=payment_ids,
        orders=list(order_ids),
        numbers=[trade_number(uow.merchant_id, payment_id) for payment_id in payment_ids],
        method=method,
    )
    return {row.order_id: row.out_trade_no for row in found}


async def _newest(uow: UnitOfWork, order_ids: Sequence[UUID], method: str) -> dict[UUID, str]:
    found = await uow.all(
        _Number,
        """
        select distinct on (order_id) order_id, out_trade_no from payments
        where merchant_id = %(merchant_id)s and order_id = any(%(orders)s)
        order by order_id, (method = %(method)s) desc, created_at desc, id desc
        """,
        orders=list(order_ids),
        method=method,
    )
    return {row.order_id: row.out_trade_no for row in found}
