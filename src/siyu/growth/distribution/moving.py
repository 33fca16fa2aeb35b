"""A dispute moved a sale: what it earned goes back from the one promoter, and the other earns it by the plans of its day.

A line that is still waiting is earned anew, under its next round, and waits as before. One whose time had passed stays
with the first promoter, taken back (against their next earnings when it had been paid), and the other gets a correction
that is payable at once. Units that were refunded before earn nothing here either.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from siyu.events import LineFact, LineState, OrderPaid, OrderReattributed
from siyu.growth import promoters
from siyu.growth.distribution import accrual, books, reversal, rules
from siyu.kernel import ids
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork, json_rows
from siyu.runtime.worker import Event


class _Row(accrual.Row, frozen=True):
    """A line earned anew, less what was refunded of it before."""

    reversed_units: int
    reversed_amount: int
    state: str

    @property
    def remaining(self) -> int:
        return self.amount - self.reversed_amount


async def move(uow: UnitOfWork, event: Event) -> None:
    """Take back at the old promoter and earn at the new one, in one unit of work."""
    fact: OrderReattributed = event.fact
    old = await reversal.lines_of(uow, {fact.order_id})
    await reversal.deny(uow, fact.decision_id, fact.order_id)
    rows = await _earned_anew(uow, fact)
    ripe = {line_no for (_, line_no), line in old.items() if line.payable_at is not None}
    await _earn(uow, fact, [row for row in rows if row.line_no not in ripe], old)
    await _correct(uow, fact, [row for row in rows if row.line_no in ripe and row.remaining])


async def _earned_anew(uow: UnitOfWork, fact: OrderReattributed) -> list[_Row]:
    """What the new promoter earns; nothing where there is none, they do not act any more, or they bought it."""
    if fact.promoter_id is None:
        return []
    found = (await promoters.active(uow, [fact.promoter_id])).get(fact.promoter_id)
    if found is None or found.customer_id == fact.customer_id:
        return []
    sale = Event(
        fact.decision_id,
        fact.paid_at,
        OrderPaid(
            order_id=fact.order_id,
            number=fact.number,
            customer_id=fact.customer_id,
            total=fact.total,
            lines=tuple(
                LineFact(line.line_no, line.product_id, line.sku_id, line.quantity, line.amount)
                for line in fact.lines
            ),
            promoter_id=fact.promoter_id,
            claim_kind=fact.claim_kind,
        ),
    )
    known = await accrual.learn(uow, [(sale, found)])
    states = {line.line_no: line for line in fact.lines}
    rows = [_less(row, states[row.line_no]) for row in accrual.earned(known, sale, found)]
    for row in rows:
        if row.reversed_amount:
            known.room.spent[row.plan_id] -= row.reversed_amount
    await accrual.use_budgets(uow, known.room)
    return rows


def _less(row: accrual.Row, line: LineState) -> _Row:
    back = rules.taken_back(row.amount, row.units, 0, line.refunded_quantity)
    back += rules.taken_back_for(row.amount, back, row.basis, line.reduced_amount)
    return _Row(
        **msgspec.structs.asdict(row),
        reversed_units=line.refunded_quantity,
        reversed_amount=back,
        state="reversed" if line.refunded_quantity == row.units else "pending",
    )


class _Written(msgspec.Struct, frozen=True):
    line_no: int
    round: int


async def _earn(
    uow: UnitOfWork, fact: OrderReattributed, rows: Sequence[_Row], old: Mapping[reversal.Key, reversal.Line]
) -> None:
    """Lines that wait: the one of before is kept in commission_rounds, its place is the new promoter's."""
    await _keep_old(uow, fact, [no for order_id, no in old if any(row.line_no == no for row in rows)])
    written = await uow.all(
        _Written,
        """
        insert into commissions as c (merchant_id, order_id, line_no, promoter_id, plan_id, plan_version, rate_bps,
                                      fixed, basis, units, uncut, amount, cut_by, supplier_amount, hold_days, is_held,
                                      origin, state, earned_at, matures_at, reversed_units, reversed_amount)
        select %(merchant_id)s, t.order_id, t.line_no, t.promoter_id, t.plan_id, t.plan_version, t.rate_bps, t.fixed,
               t.basis, t.units, t.uncut, t.amount, t.cut_by, t.supplier_amount, t.hold_days, t.is_held, t.origin,
               t.state, t.earned_at, t.matures_at, t.reversed_units, t.reversed_amount
        from json_to_recordset(%(rows)s::json)
            as t (order_id uuid, line_no smallint, promoter_id uuid, plan_id uuid, plan_version int, rate_bps int,
                  fixed bigint, basis bigint, units int, uncut bigint, amount bigint, cut_by text,
                  supplier_amount bigint, hold_days smallint, is_held boolean, origin text, state text,
                  earned_at timestamptz, matures_at timestamptz, reversed_units int, reversed_amount bigint)
        on conflict (merchant_id, order_id, line_no) do update
        set promoter_id = excluded.promoter_id, plan_id = excluded.plan_id, plan_version = excluded.plan_version,
            rate_bps = excluded.rate_bps, fixed = excluded.fixed, uncut = excluded.uncut, amount = excluded.amount,
            cut_by = excluded.cut_by, supplier_amount = excluded.supplier_amount, hold_days = excluded.hold_days,
            is_held = excluded.is_held or c.is_held, origin = excluded.origin, state = excluded.state,
            matures_at = excluded.matures_at, reversed_units = excluded.reversed_units,
            reversed_amount = excluded.reversed_amount, round = c.round + 1
        returning line_no, round
        """,
        rows=json_rows(rows),
    )
    rounds = {row.line_no: row.round for row in written}
    accounts = await books.accounts(uow, {row.promoter_id for row in rows})
    await ledger.hold(
        uow,
        [
            ledger.Transfer(
                id=books.hold_id(row.order_id, row.line_no, rounds[row.line_no]),
                debit=accounts[books.EXPENSE],
                credit=accounts[books.account_code(row.promoter_id)],
                amount=row.remaining,
                reason="commission",
                subject_id=row.order_id,
                note=f"line {row.line_no}",
            )
            for row in rows
            if row.remaining
        ],
    )
    # Whoever has to look at the sale looks at it all the same.
    await uow.run(
        """
        update commission_holds set promoter_id = %(promoter)s
        where merchant_id = %(merchant_id)s and order_id = %(order)s and state = 'open'
          and %(promoter)s::uuid is not null
        """,
        order=fact.order_id,
        promoter=fact.promoter_id if rows else None,
    )


async def _keep_old(uow: UnitOfWork, fact: OrderReattributed, line_nos: Sequence[int]) -> None:
    await uow.run(
        """
        insert into commission_rounds (merchant_id, order_id, line_no, round, dispute_id, promoter_id, plan_id,
                                       plan_version, rate_bps, fixed, amount, earned_at, at)
        select merchant_id, order_id, line_no, round, %(dispute)s, promoter_id, plan_id, plan_version, rate_bps, fixed,
               amount, earned_at, %(now)s
        from commissions
        where merchant_id = %(merchant_id)s and order_id = %(order)s and line_no = any(%(lines)s)
        """,
        dispute=fact.decision_id,
        order=fact.order_id,
        lines=list(line_nos),
    )


class _Correction(msgspec.Struct, frozen=True):
    id: UUID
    promoter_id: UUID
    amount: int


async def _correct(uow: UnitOfWork, fact: OrderReattributed, rows: Sequence[_Row]) -> None:
    """Lines whose time had passed: an approved correction for each, from the two who raised and decided the dispute."""
    made = [
        _Correction(
            ids.derived("commission.moved", fact.decision_id, row.line_no), row.promoter_id, row.remaining
        )
        for row in rows
    ]
    if not made:
        return
    await uow.run(
        """
        insert into commission_adjustments (merchant_id, id, promoter_id, order_id, kind, amount, reason, state,
                                            proposed_id, proposed_by, proposed_at, decided_by, decided_at, decision)
        select %(merchant_id)s, t.id, t.promoter_id, %(order)s, 'adjustment', t.amount, %(reason)s, 'approved',
               %(dispute)s, %(by)s, %(now)s, %(by)s, %(now)s, %(reason)s
        from json_to_recordset(%(rows)s::json) as t (id uuid, promoter_id uuid, amount bigint)
        """,
        rows=json_rows(made),
        order=fact.order_id,
        dispute=fact.decision_id,
        by=fact.by,
        reason=fact.reason,
    )
    accounts = await books.accounts(uow, {row.promoter_id for row in made})
    await ledger.transfer(
        uow,
        [
            ledger.Transfer(
                id=ids.derived("commission.adjusted", row.id),
                debit=accounts[books.EXPENSE],
                credit=accounts[books.account_code(row.promoter_id)],
                amount=row.amount,
                reason="commission_adjusted",
                subject_id=row.id,
                note=fact.reason[:200],
            )
            for row in made
        ],
    )
