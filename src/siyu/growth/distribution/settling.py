"""How commission goes into payouts: what is open, line by line, and exact bookkeeping of what was taken.

Payouts moves the money in the ledger in the same unit of work. The balance of a promoter's account (posted credits less
posted and promised debits) is then always the sum of what is open here.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.growth.distribution.model import NotOpen, OpenLine
from siyu.runtime.db import UnitOfWork, json_rows

Taken = Sequence[tuple[OpenLine, int]]


async def open_lines(uow: UnitOfWork, promoter_id: UUID, *, lock: bool = True) -> list[OpenLine]:
    """Payable lines and approved adjustments of which something has not gone into a payout, oldest first.

    Refunds after a payout leave lines with a negative amount. With `lock` they stay as they are until the unit ends.
    """
    if lock:
        await _lock(uow, promoter_id)
    return await uow.all(
        OpenLine,
        """
        select source, order_id, line_no, adjustment_id, open, title, order_number from (
            select 'commission' as source, c.order_id, c.line_no, null::uuid as adjustment_id,
                   c.amount - c.reversed_amount - c.settled_amount as open, coalesce(l.title, '') as title,
                   coalesce(o.number, '') as order_number, c.payable_at as since
            from commissions c
            left join orders o on o.merchant_id = c.merchant_id and o.id = c.order_id
            left join order_lines l
              on l.merchant_id = c.merchant_id and l.order_id = c.order_id and l.line_no = c.line_no
            where c.merchant_id = %(merchant_id)s and c.promoter_id = %(promoter)s and c.payable_at is not null
              and c.amount - c.reversed_amount - c.settled_amount <> 0
            union all
            select 'adjustment', a.order_id, null::smallint, a.id, a.amount - a.settled_amount, a.reason,
                   coalesce(o.number, ''), a.decided_at
            from commission_adjustments a
            left join orders o on o.merchant_id = a.merchant_id and o.id = a.order_id
            where a.merchant_id = %(merchant_id)s and a.promoter_id = %(promoter)s and a.state = 'approved'
              and a.amount <> a.settled_amount
        ) t
        order by since, order_id, line_no, adjustment_id
        """,
        promoter=promoter_id,
    )


async def _lock(uow: UnitOfWork, promoter_id: UUID) -> None:
    await uow.run(
        """
        select 1 from commissions
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s and payable_at is not null
          and amount - reversed_amount - settled_amount <> 0
        order by order_id, line_no for update
        """,
        promoter=promoter_id,
    )
    await uow.run(
        """
        select 1 from commission_adjustments
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s and state = 'approved'
          and amount <> settled_amount
        order by id for update
        """,
        promoter=promoter_id,
    )


async def settle(uow: UnitOfWork, promoter_id: UUID, lines: Taken) -> None:
    """These amounts (signed as what is open) go into a payout. Raises NotOpen when a line has not that much."""
    await _settle(uow, promoter_id, lines, 1)


async def unsettle(uow: UnitOfWork, promoter_id: UUID, lines: Taken) -> None:
    """The exact inverse: the payout failed or expired. Raises NotOpen for what is in no payout, or paid already."""
    await _settle(uow, promoter_id, lines, -1)


async def mark_paid(uow: UnitOfWork, promoter_id: UUID, lines: Taken) -> None:
    """Money really left for these amounts of a payout. Raises NotOpen for what is in no payout, or paid already."""
    of_orders, of_corrections = _rows(lines, 1)
    touched = await uow.run(
        """
        update commissions c set paid_amount = c.paid_amount + t.amount
        from json_to_recordset(%(rows)s::json) as t (order_id uuid, line_no smallint, amount bigint)
        where c.merchant_id = %(merchant_id)s and c.order_id = t.order_id and c.line_no = t.line_no
          and c.promoter_id = %(promoter)s and t.amount between least(c.settled_amount - c.paid_amount, 0)
                                                            and greatest(c.settled_amount - c.paid_amount, 0)
        """,
        rows=json_rows(of_orders),
        promoter=promoter_id,
    )
    touched += await uow.run(
        """
        update commission_adjustments a set paid_amount = a.paid_amount + t.amount
        from json_to_recordset(%(rows)s::json) as t (id uuid, amount bigint)
        where a.merchant_id = %(merchant_id)s and a.id = t.id and a.promoter_id = %(promoter)s
          and t.amount between least(a.settled_amount - a.paid_amount, 0)
                           and greatest(a.settled_amount - a.paid_amount, 0)
        """,
        rows=json_rows(of_corrections),
        promoter=promoter_id,
    )
    if touched != len(of_orders) + len(of_corrections):
        raise NotOpen


async def _settle(uow: UnitOfWork, promoter_id: UUID, lines: Taken, sign: int) -> None:
    of_orders, of_corrections = _rows(lines, sign)
    touched = await uow.run(
        """
        update commissions c set settled_amount = c.settled_amount + t.amount
        from json_to_recordset(%(rows)s::json) as t (order_id uuid, line_no smallint, amount bigint)
        where c.merchant_id = %(merchant_id)s and c.order_id = t.order_id and c.line_no = t.line_no
          and c.promoter_id = %(promoter)s and c.payable_at is not null
          and case %(sign)s::int when 1
              then t.amount between least(c.amount - c.reversed_amount - c.settled_amount, 0)
                                and greatest(c.amount - c.reversed_amount - c.settled_amount, 0)
              else -t.amount between least(c.settled_amount - c.paid_amount, 0)
                                 and greatest(c.settled_amount - c.paid_amount, 0) end
        """,
        rows=json_rows(of_orders),
        promoter=promoter_id,
        sign=sign,
    )
    touched += await uow.run(
        """
        update commission_adjustments a set settled_amount = a.settled_amount + t.amount
        from json_to_recordset(%(rows)s::json) as t (id uuid, amount bigint)
        where a.merchant_id = %(merchant_id)s and a.id = t.id and a.promoter_id = %(promoter)s
          and a.state = 'approved'
          and case %(sign)s::int when 1
              then t.amount between least(a.amount - a.settled_amount, 0) and greatest(a.amount - a.settled_amount, 0)
              else -t.amount between least(a.settled_amount - a.paid_amount, 0)
                                 and greatest(a.settled_amount - a.paid_amount, 0) end
        """,
        rows=json_rows(of_corrections),
        promoter=promoter_id,
        sign=sign,
    )
    if touched != len(of_orders) + len(of_corrections):
        raise NotOpen


class _OfOrder(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    amount: int


class _OfCorrection(msgspec.Struct, frozen=True):
    id: UUID
    amount: int


def _rows(lines: Taken, sign: int) -> tuple[list[_OfOrder], list[_OfCorrection]]:
    """A line named twice counts once with the sum, so that the guard sees all of it."""
    orders: dict[tuple[UUID, int], int] = {}
    corrections: dict[UUID, int] = {}
    for line, amount in lines:
        if line.adjustment_id is not None:
            corrections[line.adjustment_id] = corrections.get(line.adjustment_id, 0) + sign * amount
        else:
            assert line.order_id is not None, "a line is of an order or of a correction"
            assert line.line_no is not None, "a line of an order has a number"
            key = line.order_id, line.line_no
            orders[key] = orders.get(key, 0) + sign * amount
    return (
        [_OfOrder(order_id, line_no, amount) for (order_id, line_no), amount in orders.items()],
        [_OfCorrection(adjustment_id, amount) for adjustment_id, amount in corrections.items()],
    )
