"""What happens to commission when an order is paid, received or refunded, and when its time has come."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from siyu import settings
from siyu.events import OrderPaid, OrderReceived, OrderRefunded
from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.distribution.queries import plans
from siyu.growth.distribution.rules import earned, plan_for, taken_back, taken_back_for
from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.runtime.worker import Consumer, Event, Sweep

MATURE_MAX = 500
EXPENSE = "commission_expense"


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Digest facts in order; neighbours of one kind are dealt with together."""
    start = 0
    for i in range(1, len(events) + 1):
        if i == len(events) or type(events[i].fact) is not type(events[start].fact):
            run = events[start:i]
            start = i
            match run[0].fact:
                case OrderPaid():
                    await _earn(uow, run)
                case OrderReceived():
                    await _start_window(uow, run)
                case OrderRefunded():
                    for event in run:
                        await _reverse(uow, event.fact)


class _Earned(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    promoter_id: UUID
    plan_id: UUID
    rate_bps: int
    basis: int
    units: int
    amount: int
    event: Event


async def _earn(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Each line of a sale that a promoter brought earns commission, held until the goods can no longer come back."""
    bound = [event for event in events if event.fact.promoter_id is not None]
    if not bound:
        return
    active = await promoters.active(uow, {event.fact.promoter_id for event in bound})
    every_plan = await plans(uow)
    product_ids = [line.product_id for event in bound for line in event.fact.lines]
    category_of = await catalog.category_of_products(uow, product_ids)
    rows: list[_Earned] = []
    for event in bound:
        promoter = active.get(event.fact.promoter_id)
        # 合规 D-07: buying through one's own link earns nothing.
        if promoter is None or promoter.customer_id == event.fact.customer_id:
            continue
        for line in event.fact.lines:
            plan = plan_for(every_plan, category_of.get(line.product_id), event.at)
            if plan is not None:
                amount = earned(line.amount, plan.rate_bps)
                rows.append(
                    _Earned(
                        event.fact.order_id, line.line_no, promoter.id, plan.id, plan.rate_bps, line.amount,
                        line.quantity, amount, event,
                    )
                )  # fmt: skip
    await _write_earned(uow, rows)


async def _write_earned(uow: UnitOfWork, rows: Sequence[_Earned]) -> None:
    if not rows:
        return
    await uow.run(
        """
        insert into commissions (merchant_id, order_id, line_no, promoter_id, plan_id, rate_bps, basis, units, amount,
                                 state, earned_at)
        select %(merchant_id)s, t.order_id, t.line_no, t.promoter, t.plan, t.rate, t.basis, t.units, t.amount,
               'pending', t.at
        from unnest(%(orders)s::uuid[], %(lines)s::smallint[], %(promoters)s::uuid[], %(plans)s::uuid[],
                    %(rates)s::int[], %(bases)s::bigint[], %(units)s::int[], %(amounts)s::bigint[],
                    %(ats)s::timestamptz[])
            as t (order_id, line_no, promoter, plan, rate, basis, units, amount, at)
        on conflict do nothing
        """,
        orders=[row.order_id for row in rows],
        lines=[row.line_no for row in rows],
        promoters=[row.promoter_id for row in rows],
        plans=[row.plan_id for row in rows],
        rates=[row.rate_bps for row in rows],
        bases=[row.basis for row in rows],
        units=[row.units for row in rows],
        amounts=[row.amount for row in rows],
        ats=[row.event.at for row in rows],
    )
    accounts = await _accounts(uow, [row.promoter_id for row in rows])
    await ledger.hold(
        uow,
        [
            ledger.Transfer(
                id=hold_id(row.order_id, row.line_no),
                debit=accounts[EXPENSE],
                credit=accounts[account_code(row.promoter_id)],
                amount=row.amount,
                reason="commission",
                subject_id=row.order_id,
                note=f"line {row.line_no}",
            )
            for row in rows
            if row.amount
        ],
    )


def hold_id(order_id: UUID, line_no: int) -> UUID:
    """The transfer that holds the commission of a line."""
    return ids.derived("commission.hold", order_id, line_no)


def account_code(promoter_id: UUID) -> str:
    """The ledger account of what is owed to a promoter."""
    return f"promoter:{promoter_id}"


async def _accounts(uow: UnitOfWork, promoter_ids: Sequence[UUID]) -> dict[str, UUID]:
    sides = {account_code(promoter_id): "credit" for promoter_id in promoter_ids}
    return await ledger.open_accounts(uow, {EXPENSE: "debit", **sides})


async def _start_window(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """The buyer has the goods: commission matures when they can no longer be returned (合规 D-08)."""
    window = timedelta(days=settings.current().after_sale_days)
    await uow.run(
        """
        update commissions c set matures_at = t.at
        from unnest(%(orders)s::uuid[], %(ats)s::timestamptz[]) as t (order_id, at)
        where c.merchant_id = %(merchant_id)s and c.order_id = t.order_id and c.state = 'pending'
        """,
        orders=[event.fact.order_id for event in events],
        ats=[event.at + window for event in events],
    )


class _Line(msgspec.Struct, frozen=True):
    line_no: int
    promoter_id: UUID
    basis: int
    units: int
    amount: int
    reversed_amount: int
    state: str


async def _reverse(uow: UnitOfWork, refund: OrderRefunded) -> None:
    """Units were refunded: take back exactly their commission, whatever state it is in."""
    lines = await uow.all(
        _Line,
        """
        select line_no, promoter_id, basis, units, amount, reversed_amount, state from commissions
        where merchant_id = %(merchant_id)s and order_id = %(order)s order by line_no for update
        """,
        order=refund.order_id,
    )
    known = {line.line_no: line for line in lines}
    for units in refund.lines:
        line = known.get(units.line_no)
        if line is not None:
            back = (
                taken_back(line.amount, line.units, units.first, units.quantity, line.reversed_amount)
                if units.quantity
                else taken_back_for(line.amount, line.reversed_amount, line.basis, units.amount)
            )
            if await _write_reversal(uow, refund, line, units.quantity, back) and back:
                await _move_back(uow, refund, line, back)


async def _write_reversal(uow: UnitOfWork, refund: OrderRefunded, line: _Line, units: int, back: int) -> bool:
    written = await uow.run(
        """
        insert into commission_reversals (merchant_id, refund_id, order_id, line_no, units, amount, at)
        values (%(merchant_id)s, %(refund)s, %(order)s, %(line)s, %(units)s, %(amount)s, %(now)s)
        on conflict do nothing
        """,
        refund=refund.refund_id,
        order=refund.order_id,
        line=line.line_no,
        units=units,
        amount=back,
    )
    if written:
        await uow.run(
            """
            update commissions
            set reversed_units = reversed_units + %(units)s, reversed_amount = reversed_amount + %(amount)s,
                state = case when reversed_units + %(units)s = units then 'reversed' else state end
            where merchant_id = %(merchant_id)s and order_id = %(order)s and line_no = %(line)s
            """,
            order=refund.order_id,
            line=line.line_no,
            units=units,
            amount=back,
        )
    return written == 1


async def _move_back(uow: UnitOfWork, refund: OrderRefunded, line: _Line, back: int) -> None:
    move_id = ids.derived("commission.back", refund.refund_id, line.line_no)
    note = f"line {line.line_no}"
    if line.state == "pending":
        held = ledger.HoldMove(
            move_id,
            hold_id(refund.order_id, line.line_no),
            back,
            "commission_reversed",
            refund.order_id,
            note,
        )
        await ledger.void(uow, [held])
        return
    # Already payable: the promoter owes it back, and the next earnings are set against it.
    accounts = await _accounts(uow, [line.promoter_id])
    claw = ledger.Transfer(
        id=move_id,
        debit=accounts[account_code(line.promoter_id)],
        credit=accounts[EXPENSE],
        amount=back,
        reason="commission_reversed",
        subject_id=refund.order_id,
        note=note,
    )
    await ledger.transfer(uow, [claw])


class _Ripe(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    remaining: int


async def mature(uow: UnitOfWork) -> int:
    """Make commission payable whose after-sale window has passed; what was reversed meanwhile is left out."""
    ripe = await uow.all(
        _Ripe,
        """
        update commissions c set state = 'payable', payable_at = %(now)s
        from (select order_id, line_no from commissions
              where merchant_id = %(merchant_id)s and state = 'pending' and matures_at <= %(now)s
              order by matures_at limit %(limit)s for update skip locked) due
        where c.merchant_id = %(merchant_id)s and c.order_id = due.order_id and c.line_no = due.line_no
        returning c.order_id, c.line_no, c.amount - c.reversed_amount as remaining
        """,
        limit=MATURE_MAX,
    )
    await ledger.post(
        uow,
        [
            ledger.HoldMove(
                id=ids.derived("commission.payable", row.order_id, row.line_no),
                hold_id=hold_id(row.order_id, row.line_no),
                amount=row.remaining,
                reason="commission",
                subject_id=row.order_id,
                note=f"line {row.line_no}",
            )
            for row in ripe
            if row.remaining
        ],
    )
    return len(ripe)


async def _mature(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, mature)


CONSUMERS = [Consumer("distribution", (OrderPaid, OrderReceived, OrderRefunded), on_facts)]
SWEEPS = [Sweep("distribution.mature", 2.0, _mature)]
