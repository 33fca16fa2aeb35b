"""Money went back to a buyer, or a person denied an order's commission: take back exactly what it earned, in any state."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from siyu.events import OrderRefunded, RefundedUnits
from siyu.growth.distribution import books
from siyu.growth.distribution.rules import taken_back, taken_back_for
from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork, json_rows

Key = tuple[UUID, int]


class Line(msgspec.Struct):
    """A line while refunds take from it, one after the other."""

    order_id: UUID
    line_no: int
    promoter_id: UUID
    plan_id: UUID
    basis: int
    units: int
    amount: int
    reversed_units: int
    reversed_amount: int
    state: str
    payable_at: object
    round: int = 0

    def back_for(self, part: RefundedUnits) -> int:
        if part.quantity:
            return taken_back(self.amount, self.units, part.first, part.quantity, self.reversed_amount)
        return taken_back_for(self.amount, self.reversed_amount, self.basis, part.amount)


class _Back(msgspec.Struct, frozen=True):
    refund_id: UUID
    order_id: UUID
    line_no: int
    units: int
    amount: int
    cause: str = "refund"


async def reverse(uow: UnitOfWork, refunds: Sequence[OrderRefunded]) -> None:
    """Units were refunded: take back exactly their commission, whatever state it is in. The same refund takes once."""
    lines = await lines_of(uow, {refund.order_id for refund in refunds})
    known = {order_id for order_id, _ in lines}
    early = [refund for refund in refunds if refund.order_id not in known]
    if early:
        await _keep(uow, early)
    await _take(uow, lines, [refund for refund in refunds if refund.order_id in known])


async def _take(uow: UnitOfWork, lines: Mapping[Key, Line], refunds: Sequence[OrderRefunded]) -> None:
    if not refunds:
        return
    done = await _done(uow, {refund.refund_id for refund in refunds})
    backs: list[_Back] = []
    for refund in refunds:
        for part in refund.lines:
            line = lines.get((refund.order_id, part.line_no))
            if line is None or (refund.refund_id, part.line_no) in done:
                continue
            done.add((refund.refund_id, part.line_no))
            back = line.back_for(part)
            line.reversed_units += part.quantity
            line.reversed_amount += back
            backs.append(_Back(refund.refund_id, refund.order_id, part.line_no, part.quantity, back))
    await _write(uow, lines, backs)


async def deny(uow: UnitOfWork, cause_id: UUID, order_id: UUID) -> int:
    """Take back all that an order's commission still is; returns it in minor units. Once per `cause_id`."""
    lines = await lines_of(uow, {order_id})
    done = await _done(uow, {cause_id})
    backs: list[_Back] = []
    for line in lines.values():
        rest = line.amount - line.reversed_amount
        if rest and (cause_id, line.line_no) not in done:
            line.reversed_amount = line.amount
            backs.append(_Back(cause_id, order_id, line.line_no, 0, rest, "review"))
    await _write(uow, lines, backs)
    return sum(back.amount for back in backs)


async def apply_early(uow: UnitOfWork, order_ids: Collection[UUID]) -> None:
    """Refunds of these orders that were told before the payment was."""
    early = await uow.all(
        _Early,
        """
        delete from commission_early_refunds where merchant_id = %(merchant_id)s and order_id = any(%(ids)s)
        returning order_id, refund_id, lines
        """,
        ids=list(order_ids),
    )
    if early:
        lines = await lines_of(uow, {row.order_id for row in early})
        in_order = sorted(early, key=lambda row: (str(row.order_id), [part.first for part in row.lines]))
        await _take(
            uow, lines, [OrderRefunded(row.order_id, row.refund_id, 0, row.lines) for row in in_order]
        )


class _Early(msgspec.Struct, frozen=True):
    order_id: UUID
    refund_id: UUID
    lines: tuple[RefundedUnits, ...]


async def _keep(uow: UnitOfWork, refunds: Iterable[OrderRefunded]) -> None:
    """Only of orders that a promoter brought: the others will never earn."""
    await uow.run(
        """
        insert into commission_early_refunds (merchant_id, refund_id, order_id, lines)
        select %(merchant_id)s, t.refund_id, t.order_id, t.lines
        from json_to_recordset(%(rows)s::json) as t (refund_id uuid, order_id uuid, lines jsonb)
        join orders o on o.merchant_id = %(merchant_id)s and o.id = t.order_id and o.promoter_id is not null
        on conflict do nothing
        """,
        rows=json_rows(_Early(refund.order_id, refund.refund_id, refund.lines) for refund in refunds),
    )


async def lines_of(uow: UnitOfWork, order_ids: Collection[UUID]) -> dict[Key, Line]:
    rows = await uow.all(
        Line,
        """
        select order_id, line_no, promoter_id, plan_id, basis, units, amount, reversed_units, reversed_amount, state,
               payable_at, round
        from commissions where merchant_id = %(merchant_id)s and order_id = any(%(ids)s)
        order by order_id, line_no for update
        """,
        ids=list(order_ids),
    )
    return {(row.order_id, row.line_no): row for row in rows}


class _Done(msgspec.Struct, frozen=True):
    refund_id: UUID
    line_no: int


async def _done(uow: UnitOfWork, refund_ids: Collection[UUID]) -> set[Key]:
    rows = await uow.all(
        _Done,
        """
        select refund_id, line_no from commission_reversals
        where merchant_id = %(merchant_id)s and refund_id = any(%(ids)s)
        """,
        ids=list(refund_ids),
    )
    return {(row.refund_id, row.line_no) for row in rows}


async def _write(uow: UnitOfWork, lines: Mapping[Key, Line], backs: Sequence[_Back]) -> None:
    if not backs:
        return
    touched = [lines[key] for key in {(back.order_id, back.line_no): None for back in backs}]
    await uow.run(
        """
        with taken as (
            insert into commission_reversals (merchant_id, refund_id, order_id, line_no, units, amount, cause, at)
            select %(merchant_id)s, t.refund_id, t.order_id, t.line_no, t.units, t.amount, t.cause, %(now)s
            from json_to_recordset(%(backs)s::json)
                as t (refund_id uuid, order_id uuid, line_no smallint, units int, amount bigint, cause text)
        )
        update commissions c
        set reversed_units = t.units, reversed_amount = t.amount,
            state = case when t.units = c.units or (t.amount = c.amount and t.denied) then 'reversed' else c.state end
        from unnest(%(orders)s::uuid[], %(lines)s::smallint[], %(units)s::int[], %(amounts)s::bigint[],
                    %(denied)s::boolean[]) as t (order_id, line_no, units, amount, denied)
        where c.merchant_id = %(merchant_id)s and c.order_id = t.order_id and c.line_no = t.line_no
        """,
        backs=json_rows(backs),
        orders=[line.order_id for line in touched],
        lines=[line.line_no for line in touched],
        units=[line.reversed_units for line in touched],
        amounts=[line.reversed_amount for line in touched],
        denied=[_kind(backs) == "review"] * len(touched),
    )
    await _free_budgets(uow, lines, backs)
    await _move_back(uow, lines, [back for back in backs if back.amount])


def _kind(backs: Sequence[_Back]) -> Literal["review", "refund"]:
    return "review" if backs[0].cause == "review" else "refund"


async def _move_back(uow: UnitOfWork, lines: Mapping[Key, Line], backs: Sequence[_Back]) -> None:
    """What was only promised is voided; what was payable the promoter owes back, set against the next earnings."""
    held = [back for back in backs if lines[back.order_id, back.line_no].payable_at is None]
    owed = [back for back in backs if lines[back.order_id, back.line_no].payable_at is not None]
    await ledger.void(
        uow,
        [
            ledger.HoldMove(
                _move_id(back), books.hold_id(back.order_id, back.line_no, lines[back.order_id, back.line_no].round),
                back.amount, "commission_reversed",
                back.order_id, f"line {back.line_no}",
            )
            for back in held
        ],
    )  # fmt: skip
    if owed:
        whose = {
            (back.order_id, back.line_no): lines[back.order_id, back.line_no].promoter_id for back in owed
        }
        accounts = await books.accounts(uow, set(whose.values()))
        await ledger.transfer(
            uow,
            [
                ledger.Transfer(
                    id=_move_id(back),
                    debit=accounts[books.account_code(whose[back.order_id, back.line_no])],
                    credit=accounts[books.EXPENSE],
                    amount=back.amount,
                    reason="commission_reversed",
                    subject_id=back.order_id,
                    note=f"line {back.line_no}",
                )
                for back in owed
            ],
        )


def _move_id(back: _Back) -> UUID:
    return ids.derived("commission.back", back.refund_id, back.line_no)


async def _free_budgets(uow: UnitOfWork, lines: Mapping[Key, Line], backs: Sequence[_Back]) -> None:
    """A budget counts what is promised and not taken back; caps are counted from the lines themselves."""
    sums: dict[UUID, int] = {}
    for back in backs:
        plan_id = lines[back.order_id, back.line_no].plan_id
        sums[plan_id] = sums.get(plan_id, 0) + back.amount
    plan_ids = sorted(sums)
    await uow.run(
        """
        update commission_plans p set spent = p.spent - t.amount
        from (select id, amount from unnest(%(ids)s::uuid[], %(amounts)s::bigint[]) as t (id, amount) order by id) t
        where p.merchant_id = %(merchant_id)s and p.id = t.id
        """,
        ids=plan_ids,
        amounts=[sums[plan_id] for plan_id in plan_ids],
    )
