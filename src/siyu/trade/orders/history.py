"""Orders that another system closed before us. They are written as they ended, in sets.

No facts are published: nobody earns a commission and no coupon is given for what happened elsewhere. The books
do get one transfer per order, against the account `gateway:imported`.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork

ACCOUNTS = {"gateway:imported": "debit", "sales": "credit"}


class PastLine(msgspec.Struct, frozen=True):
    """One line as sold; `unit_price` and `amount` in minor units."""

    line_no: int
    product_id: UUID
    sku_id: UUID
    title: str
    quantity: int
    unit_price: int
    amount: int


class PastOrder(msgspec.Struct, frozen=True):
    """A paid and received order. Its total is the sum of its lines, in the merchant's currency."""

    number: str
    customer_id: UUID
    placed_at: datetime
    lines: tuple[PastLine, ...]

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)


class KnownLine(msgspec.Struct, frozen=True):
    """A line of an order that is already here. `reference` is None for a customer who came by the shop."""

    number: str
    reference: str | None
    placed_at: datetime
    code: str
    quantity: int
    unit_price: int
    amount: int


class HistoryChanged(DomainError):
    """Orders moved between planning and writing. The unit of work is rolled back; planning again sees the change."""

    code = "orders.history_changed"
    status = 409
    zh = "导入期间有订单被改动；重新运行会从断点继续。"
    en = "Orders changed while they were being imported; run it again to go on from where it stopped."


async def record_orders(uow: UnitOfWork, orders: Sequence[PastOrder]) -> None:
    """Write orders as received, with their payment and its transfer. Raises HistoryChanged on a taken number."""
    order_ids = [ids.at(order.placed_at) for order in orders]
    totals = [order.total for order in orders]
    written = await uow.run(
        """
        insert into orders (merchant_id, id, number, customer_id, channel, state, currency, total, placed_at,
                            paid_at, received_at, updated_at)
        select %(merchant_id)s, t.id, t.number, t.customer_id, 'import', 'received', %(currency)s, t.total,
               t.placed_at, t.placed_at, t.placed_at, %(now)s
        from unnest(%(ids)s::uuid[], %(numbers)s::text[], %(customers)s::uuid[], %(totals)s::bigint[],
                    %(placed)s::timestamptz[]) as t (id, number, customer_id, total, placed_at)
        on conflict (merchant_id, number) do nothing
        """,
        ids=order_ids,
        numbers=[order.number for order in orders],
        customers=[order.customer_id for order in orders],
        totals=totals,
        placed=[order.placed_at for order in orders],
        currency=uow.merchant.currency,
    )
    if written != len(orders):
        raise HistoryChanged
    await _record_lines(uow, order_ids, orders)
    await _record_payments(
        uow, [(i, o, t) for i, o, t in zip(order_ids, orders, totals, strict=True) if t > 0]
    )


async def _record_lines(uow: UnitOfWork, order_ids: Sequence[UUID], orders: Sequence[PastOrder]) -> None:
    rows = [
        (order_id, *msgspec.structs.astuple(line))
        for order_id, order in zip(order_ids, orders, strict=True)
        for line in order.lines
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await uow.run(
        """
        insert into order_lines (merchant_id, order_id, line_no, product_id, sku_id, title, quantity, unit_price,
                                 amount)
        select %(merchant_id)s, t.*
        from unnest(%(orders)s::uuid[], %(line_nos)s::smallint[], %(products)s::uuid[], %(skus)s::uuid[],
                    %(titles)s::text[], %(quantities)s::int[], %(prices)s::bigint[], %(amounts)s::bigint[]) as t
        """,
        **dict(
            zip(
                ("orders", "line_nos", "products", "skus", "titles", "quantities", "prices", "amounts"),
                columns,
                strict=True,
            )
        ),
    )


async def _record_payments(uow: UnitOfWork, paid: Sequence[tuple[UUID, PastOrder, int]]) -> None:
    """A payment and a transfer for each order that cost something."""
    payment_ids = [ids.at(order.placed_at) for _, order, _ in paid]
    await uow.run(
        """
        insert into payments (merchant_id, id, order_id, out_trade_no, method, amount, state, paid_at, created_at,
                              updated_at)
        select %(merchant_id)s, t.id, t.order_id, t.out_trade_no, 'imported', t.amount, 'paid', t.paid_at, %(now)s,
               %(now)s
        from unnest(%(ids)s::uuid[], %(orders)s::uuid[], %(numbers)s::text[], %(amounts)s::bigint[],
                    %(paid)s::timestamptz[]) as t (id, order_id, out_trade_no, amount, paid_at)
        """,
        ids=payment_ids,
        orders=[order_id for order_id, _, _ in paid],
        numbers=[order_id.hex for order_id, _, _ in paid],
        amounts=[total for _, _, total in paid],
        paid=[order.placed_at for _, order, _ in paid],
    )
    accounts = await ledger.open_accounts(uow, ACCOUNTS)
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("imported payment", payment_id),
                debit=accounts["gateway:imported"],
                credit=accounts["sales"],
                amount=total,
                reason="payment",
                subject_id=order_id,
                note=order.number,
            )
            for payment_id, (order_id, order, total) in zip(payment_ids, paid, strict=True)
        ],
    )


async def order_ids_by_number(uow: UnitOfWork, numbers: Sequence[str]) -> dict[str, UUID]:
    """Order id by order number; a number nobody has is missing from the answer."""
    rows = await uow.all(
        _Numbered,
        "select number, id from orders where merchant_id = %(merchant_id)s and number = any(%(numbers)s)",
        numbers=list(numbers),
    )
    return {row.number: row.id for row in rows}


class _Numbered(msgspec.Struct, frozen=True):
    number: str
    id: UUID


async def known_lines(uow: UnitOfWork, numbers: Sequence[str]) -> list[KnownLine]:
    """The lines of orders that are already here, whatever channel they came by."""
    return await uow.all(
        KnownLine,
        """
        select o.number, c.reference, o.placed_at, k.code, l.quantity, l.unit_price, l.amount
        from orders o
        left join customers c on c.merchant_id = o.merchant_id and c.id = o.customer_id
        join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
        join skus k on k.merchant_id = l.merchant_id and k.id = l.sku_id
        where o.merchant_id = %(merchant_id)s and o.number = any(%(numbers)s)
        order by o.number, l.line_no
        """,
        numbers=list(numbers),
    )
