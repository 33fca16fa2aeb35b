"""Refunds that another system gave before us: cancelled units, taken from the orders they were bought with.

Lines, orders and the books stay in step: one refund, one transfer from `sales` back to `gateway:imported`.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork
from siyu.trade.orders.history import ACCOUNTS, HistoryChanged


class PastRefundLine(msgspec.Struct, frozen=True):
    """`quantity` units of a line, after `first` units of it that had been refunded before."""

    line_no: int
    first: int
    quantity: int
    amount: int


class PastRefund(msgspec.Struct, frozen=True):
    """Money given back for units of one order. `source_number` is what the other system called it."""

    order_id: UUID
    number: str
    source_number: str
    at: datetime
    lines: tuple[PastRefundLine, ...]


class Purchase(msgspec.Struct, frozen=True):
    """A line that units can be given back of; `taken` units have been refunded already."""

    reference: str
    code: str
    number: str
    line_no: int
    placed_at: datetime
    quantity: int
    unit_price: int
    amount: int
    taken: int


class KnownCancellation(msgspec.Struct, frozen=True):
    """Units of a SKU that an earlier import refunded under this number of the other system."""

    source_number: str
    code: str
    quantity: int


async def record_refunds(uow: UnitOfWork, refunds: Sequence[PastRefund], run_id: UUID) -> None:
    """Write refunds as done, keep lines and orders in step and give the money back in the books.

    `run_id` is kept as the actor, so that a run can tell its own refunds from others. Raises HistoryChanged when
    units were refunded by somebody else since they were planned.
    """
    if not refunds:
        return
    refund_ids = [ids.at(refund.at) for refund in refunds]
    await _take_units(uow, refunds)
    await _write_refunds(uow, refund_ids, refunds, run_id)
    accounts = await ledger.open_accounts(uow, ACCOUNTS)
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("imported refund", refund_id),
                debit=accounts["sales"],
                credit=accounts["gateway:imported"],
                amount=_amount(refund),
                reason="refund",
                subject_id=refund_id,
                note=refund.number,
            )
            for refund_id, refund in zip(refund_ids, refunds, strict=True)
        ],
    )


def _amount(refund: PastRefund) -> int:
    return sum(line.amount for line in refund.lines)


async def _take_units(uow: UnitOfWork, refunds: Sequence[PastRefund]) -> None:
    """Count the units as refunded, where the line stands exactly where the plan found it."""
    firsts: dict[tuple[UUID, int], int] = {}
    sums: dict[tuple[UUID, int], tuple[int, int]] = {}
    for refund in refunds:
        for line in refund.lines:
            key = (refund.order_id, line.line_no)
            firsts.setdefault(key, line.first)
            units, amount = sums.get(key, (0, 0))
            sums[key] = (units + line.quantity, amount + line.amount)
    keys = sorted(sums)
    touched = await uow.run(
        """
        update order_lines l set refunded_quantity = l.refunded_quantity + t.quantity,
                                 refunded_amount = l.refunded_amount + t.amount
        from unnest(%(orders)s::uuid[], %(line_nos)s::smallint[], %(firsts)s::int[], %(quantities)s::int[],
                    %(amounts)s::bigint[]) as t (order_id, line_no, first, quantity, amount)
        where l.merchant_id = %(merchant_id)s and l.order_id = t.order_id and l.line_no = t.line_no
          and l.refunded_quantity = t.first
        """,
        orders=[order_id for order_id, _ in keys],
        line_nos=[line_no for _, line_no in keys],
        firsts=[firsts[key] for key in keys],
        quantities=[sums[key][0] for key in keys],
        amounts=[sums[key][1] for key in keys],
    )
    if touched != len(keys):
        raise HistoryChanged
    given: dict[UUID, int] = {}
    for (order_id, _), (_, amount) in sums.items():
        given[order_id] = given.get(order_id, 0) + amount
    order_ids = sorted(given)
    await uow.run(
        """
        update orders o set refunded = o.refunded + t.amount, updated_at = %(now)s,
                            state = case when o.refunded + t.amount = o.total then 'refunded' else o.state end
        from unnest(%(ids)s::uuid[], %(amounts)s::bigint[]) as t (id, amount)
        where o.merchant_id = %(merchant_id)s and o.id = t.id
        """,
        ids=order_ids,
        amounts=[given[order_id] for order_id in order_ids],
    )


async def _write_refunds(
    uow: UnitOfWork, refund_ids: Sequence[UUID], refunds: Sequence[PastRefund], run_id: UUID
) -> None:
    await uow.run(
        """
        insert into refunds (merchant_id, id, order_id, payment_id, out_refund_no, amount, reason, kind, state,
                             gateway_id, actor_id, requested_at, done_at, updated_at)
        select %(merchant_id)s, t.id, t.order_id, p.id, t.number, t.amount, '导入的取消单 ' || t.source, 'imported',
               'done', t.source, %(run_id)s, t.at, t.at, %(now)s
        from unnest(%(ids)s::uuid[], %(orders)s::uuid[], %(numbers)s::text[], %(amounts)s::bigint[],
                    %(sources)s::text[], %(ats)s::timestamptz[]) as t (id, order_id, number, amount, source, at)
        left join payments p on p.merchant_id = %(merchant_id)s and p.order_id = t.order_id and p.state = 'paid'
        """,
        ids=list(refund_ids),
        orders=[refund.order_id for refund in refunds],
        numbers=[refund.number for refund in refunds],
        amounts=[_amount(refund) for refund in refunds],
        sources=[refund.source_number for refund in refunds],
        ats=[refund.at for refund in refunds],
        run_id=run_id,
    )
    rows = [
        (refund_id, refund.order_id, line)
        for refund_id, refund in zip(refund_ids, refunds, strict=True)
        for line in refund.lines
    ]
    await uow.run(
        """
        insert into refund_lines (merchant_id, refund_id, order_id, line_no, first, quantity, amount)
        select %(merchant_id)s, t.*
        from unnest(%(refunds)s::uuid[], %(orders)s::uuid[], %(line_nos)s::smallint[], %(firsts)s::int[],
                    %(quantities)s::int[], %(amounts)s::bigint[]) as t
        """,
        refunds=[refund_id for refund_id, _, _ in rows],
        orders=[order_id for _, order_id, _ in rows],
        line_nos=[line.line_no for _, _, line in rows],
        firsts=[line.first for _, _, line in rows],
        quantities=[line.quantity for _, _, line in rows],
        amounts=[line.amount for _, _, line in rows],
    )


async def purchases(uow: UnitOfWork, wanted: Sequence[tuple[str, str]], run_id: UUID) -> list[Purchase]:
    """Imported lines of these (customer reference, SKU code) pairs.

    `taken` leaves out what run `run_id` refunded itself, so that a run that starts again plans the same refunds.
    """
    return await uow.all(
        Purchase,
        """
        select c.reference, k.code, o.number, l.line_no, o.placed_at, l.quantity, l.unit_price, l.amount,
               (l.refunded_quantity - coalesce(own.quantity, 0))::int as taken
        from unnest(%(references)s::text[], %(codes)s::text[]) as t (reference, code)
        join customers c on c.merchant_id = %(merchant_id)s and c.reference = t.reference
        join skus k on k.merchant_id = %(merchant_id)s and k.code = t.code
        join orders o on o.merchant_id = %(merchant_id)s and o.customer_id = c.id and o.channel = 'import'
        join order_lines l on l.merchant_id = %(merchant_id)s and l.order_id = o.id and l.sku_id = k.id
        left join lateral (
            select sum(rl.quantity) as quantity
            from refund_lines rl
            join refunds r on r.merchant_id = rl.merchant_id and r.id = rl.refund_id and r.actor_id = %(run_id)s
            where rl.merchant_id = %(merchant_id)s and rl.order_id = l.order_id and rl.line_no = l.line_no
        ) own on true
        """,
        references=[reference for reference, _ in wanted],
        codes=[code for _, code in wanted],
        run_id=run_id,
    )


async def known_cancellations(
    uow: UnitOfWork, source_numbers: Sequence[str], run_id: UUID
) -> list[KnownCancellation]:
    """What runs other than `run_id` refunded under these numbers of the other system, per SKU."""
    return await uow.all(
        KnownCancellation,
        """
        select r.gateway_id as source_number, k.code, sum(rl.quantity)::bigint as quantity
        from refunds r
        join refund_lines rl on rl.merchant_id = r.merchant_id and rl.refund_id = r.id
        join order_lines l
          on l.merchant_id = r.merchant_id and l.order_id = rl.order_id and l.line_no = rl.line_no
        join skus k on k.merchant_id = r.merchant_id and k.id = l.sku_id
        where r.merchant_id = %(merchant_id)s and r.kind = 'imported' and r.gateway_id = any(%(numbers)s)
          and r.actor_id is distinct from %(run_id)s
        group by r.gateway_id, k.code
        """,
        numbers=list(source_numbers),
        run_id=run_id,
    )


async def refund_numbers_of(uow: UnitOfWork, run_id: UUID, numbers: Sequence[str]) -> set[str]:
    """Which of these refunds run `run_id` has written already."""
    return set(
        await uow.all(
            str,
            """
            select out_refund_no from refunds
            where merchant_id = %(merchant_id)s and out_refund_no = any(%(numbers)s) and actor_id = %(run_id)s
            """,
            numbers=list(numbers),
            run_id=run_id,
        )
    )
