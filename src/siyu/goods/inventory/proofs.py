"""Proof, all the time, that stock is right: on_hand is the sum of its moves, and so is each lot.

A round looks at every stock row of the merchant, some rows at a time, so that it costs little however much there is.
Each statement sees one moment, in which a row and its moves belong together.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant, UnitOfWork, json_rows

ROWS_PER_STEP = 500
ROUNDS_KEPT = 50  # enough to see since when; each is one row
DIFFERENCES_MAX = 200  # of one round; more are not read one by one


class Wrong(msgspec.Struct, frozen=True):
    """A stock row (or one of its lots) that is not the sum of its moves.

    `in_lots` is the sum of the lots' pieces, `lots_wrong` how many lots do not equal their own moves.
    """

    location_id: UUID
    sku_id: UUID
    on_hand: int
    moved: int
    in_lots: int
    lots_wrong: int


class Round(msgspec.Struct, frozen=True):
    """One look at all stock rows. `finished_at` None: under way."""

    id: UUID
    started_at: datetime
    stepped_at: datetime
    finished_at: datetime | None
    location_id: UUID | None
    sku_id: UUID | None
    rows_checked: int
    differences: tuple[Wrong, ...]


class _Checked(msgspec.Struct, frozen=True):
    location_id: UUID
    sku_id: UUID
    on_hand: int
    moved: int
    in_lots: int
    lots_wrong: int
    has_lots: bool

    @property
    def is_wrong(self) -> bool:
        in_lots = self.in_lots > self.on_hand or (self.in_lots > 0 and not self.has_lots)
        return self.on_hand != self.moved or in_lots or self.lots_wrong > 0


async def prove(uow: UnitOfWork, *, rows: int = ROWS_PER_STEP) -> Round:
    """Look at the next rows of the open round; begin one when none is open. Return it as it then stands.

    Two workers do not step in one round at the same time: the second finds it locked and leaves it as it is.
    """
    now = await _open_round(uow)
    if now is None:
        return (await rounds(uow, limit=1))[0]
    checked = await _check(uow, now, rows)
    wrong = [
        Wrong(one.location_id, one.sku_id, one.on_hand, one.moved, one.in_lots, one.lots_wrong)
        for one in checked
        if one.is_wrong
    ]
    differences = (*now.differences, *wrong)[:DIFFERENCES_MAX]
    last = checked[-1] if checked else None
    is_over = len(checked) < rows
    await uow.run(
        """
        update stock_proofs
        set location_id = coalesce(%(location)s, location_id), sku_id = coalesce(%(sku)s, sku_id),
            rows_checked = rows_checked + %(rows)s, differences = %(differences)s::jsonb, stepped_at = %(now)s,
            finished_at = case when %(over)s then %(now)s::timestamptz end
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=now.id,
        location=last.location_id if last else None,
        sku=last.sku_id if last else None,
        rows=len(checked),
        differences=json_rows(differences),
        over=is_over,
    )
    if is_over:
        await _forget_old(uow)
    return (await rounds(uow, limit=1))[0]


async def _open_round(uow: UnitOfWork) -> Round | None:
    """The open round, locked; a new one when there is none; None when another worker is stepping in it."""
    found = await uow.all(
        Round,
        """
        select id, started_at, stepped_at, finished_at, location_id, sku_id, rows_checked, differences
        from stock_proofs where merchant_id = %(merchant_id)s and finished_at is null
        for update skip locked
        """,
    )
    if found:
        return found[0]
    # The partial unique index lets one round be open; who comes second waits for nobody and leaves.
    started = await uow.run(
        """
        insert into stock_proofs (merchant_id, id, started_at, stepped_at)
        values (%(merchant_id)s, %(id)s, %(now)s, %(now)s)
        on conflict (merchant_id) where finished_at is null do nothing
        """,
        id=(new := ids.new()),
    )
    return Round(new, uow.now, uow.now, None, None, None, 0, ()) if started else None


async def _check(uow: UnitOfWork, now: Round, rows: int) -> Sequence[_Checked]:
    return await uow.all(
        _Checked,
        """
        select s.location_id, s.sku_id, s.on_hand,
               coalesce((select sum(m.quantity) from stock_moves m
                         where m.merchant_id = s.merchant_id and m.location_id = s.location_id
                           and m.sku_id = s.sku_id), 0)::int as moved,
               coalesce(b.pieces, 0)::int as in_lots, coalesce(b.wrong, 0)::int as lots_wrong, s.has_lots
        from (select * from stock
              where merchant_id = %(merchant_id)s
                and (%(location)s::uuid is null or (location_id, sku_id) > (%(location)s, %(sku)s::uuid))
              order by location_id, sku_id limit %(rows)s) s
        left join lateral (
            select sum(o.on_hand) as pieces,
                   count(*) filter (where o.on_hand <> coalesce(
                       (select sum(m.quantity) from stock_moves m
                        where m.merchant_id = s.merchant_id and m.location_id = s.location_id
                          and m.sku_id = s.sku_id and m.lot_id = o.id), 0)) as wrong
            from stock_lots o
            where o.merchant_id = s.merchant_id and o.location_id = s.location_id and o.sku_id = s.sku_id) b on true
        order by s.location_id, s.sku_id
        """,
        location=now.location_id,
        sku=now.sku_id,
        rows=rows,
    )


async def _forget_old(uow: UnitOfWork) -> None:
    """Old rounds without a difference say nothing any more."""
    await uow.run(
        """
        delete from stock_proofs
        where merchant_id = %(merchant_id)s and differences = '[]'::jsonb and id not in (
            select id from stock_proofs where merchant_id = %(merchant_id)s order by started_at desc, id desc
            limit %(kept)s)
        """,
        kept=ROUNDS_KEPT,
    )


async def rounds(uow: UnitOfWork, limit: int = ROUNDS_KEPT) -> list[Round]:
    """The latest rounds, newest first."""
    return await uow.all(
        Round,
        """
        select id, started_at, stepped_at, finished_at, location_id, sku_id, rows_checked, differences
        from stock_proofs where merchant_id = %(merchant_id)s
        order by started_at desc, id desc limit %(limit)s
        """,
        limit=limit,
    )


async def sweep_proof(database: Database, merchant: Merchant) -> int:
    """For the worker: one step, in a unit of work of its own. Nothing follows from it, so it did nothing (0)."""
    await database.attempt(merchant, prove)
    return 0
