"""What one can do to the ledger. Each action takes many moves and writes them in a few statements."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.money.ledger.model import HoldMove, NotEnough, Transfer, Unbalanced
from siyu.runtime.db import UnitOfWork


class _Written(msgspec.Struct, frozen=True):
    id: UUID
    hold_id: UUID
    debit_id: UUID
    credit_id: UUID
    amount: int


async def open_accounts(
    uow: UnitOfWork, sides: Mapping[str, str], *, never_negative: Collection[str] = ()
) -> dict[str, UUID]:
    """Ids of the accounts with these codes; what is missing is opened. `sides` maps code → debit | credit.

    An account opened as `never_negative` can never be drawn below zero on its own side, promised moves included.
    """
    codes = sorted(sides)
    # The id follows from the code, so two who open an account at once meet at either key: no key is named below.
    account_ids = [ids.derived("account", uow.merchant_id, code) for code in codes]
    await uow.run(
        """
        insert into accounts (merchant_id, id, code, side, currency, created_at, never_negative)
        select %(merchant_id)s, t.id, t.code, t.side, %(currency)s, %(now)s, t.code = any(%(floored)s::text[])
        from unnest(%(ids)s::uuid[], %(codes)s::text[], %(sides)s::text[]) as t (id, code, side)
        on conflict do nothing
        """,
        ids=account_ids,
        codes=codes,
        sides=[sides[code] for code in codes],
        currency=uow.merchant.currency,
        floored=list(never_negative),
    )
    return dict(zip(codes, account_ids, strict=True))


async def transfer(uow: UnitOfWork, transfers: Sequence[Transfer]) -> int:
    """Post transfers; return how many were new. One that was posted before changes nothing."""
    return await _write(uow, transfers, "posted")


async def hold(uow: UnitOfWork, transfers: Sequence[Transfer]) -> int:
    """Promise transfers: they count as pending until posted or voided. Returns how many were new."""
    written = await _write(uow, transfers, "hold")
    await uow.run(
        """
        insert into holds (merchant_id, transfer_id, amount)
        select %(merchant_id)s, t.id, t.amount from unnest(%(ids)s::uuid[], %(amounts)s::bigint[]) as t (id, amount)
        on conflict do nothing
        """,
        ids=[t.id for t in transfers],
        amounts=[t.amount for t in transfers],
    )
    return written


async def post(uow: UnitOfWork, moves: Sequence[HoldMove]) -> int:
    """Make (a part of) each hold final. Raises Unbalanced when more is asked than is left of a hold."""
    return await _resolve(uow, moves, "post")


async def void(uow: UnitOfWork, moves: Sequence[HoldMove]) -> int:
    """Take back (a part of) each hold. Raises Unbalanced when more is asked than is left of a hold."""
    return await _resolve(uow, moves, "void")


async def _write(uow: UnitOfWork, transfers: Sequence[Transfer], kind: str) -> int:
    if not transfers:
        return 0
    written = await uow.all(
        UUID,
        """
        insert into transfers (merchant_id, id, kind, debit_id, credit_id, amount, reason, subject_id, note, at)
        select %(merchant_id)s, t.id, %(kind)s, t.debit, t.credit, t.amount, t.reason, t.subject, t.note, %(now)s
        from unnest(%(ids)s::uuid[], %(debits)s::uuid[], %(credits)s::uuid[], %(amounts)s::bigint[],
                    %(reasons)s::text[], %(subjects)s::uuid[], %(notes)s::text[])
            as t (id, debit, credit, amount, reason, subject, note)
        on conflict do nothing
        returning id
        """,
        kind=kind,
        ids=[t.id for t in transfers],
        debits=[t.debit for t in transfers],
        credits=[t.credit for t in transfers],
        amounts=[t.amount for t in transfers],
        reasons=[t.reason for t in transfers],
        subjects=[t.subject_id for t in transfers],
        notes=[t.note for t in transfers],
    )
    new = set(written)
    moves = _Balances()
    for t in transfers:
        if t.id in new:
            new.discard(t.id)  # the same id twice in one call moves once
            posted, pending = (t.amount, 0) if kind == "posted" else (0, t.amount)
            moves.add(t.debit, t.credit, posted=posted, pending=pending)
    await moves.write(uow)
    return len(written)


async def _resolve(uow: UnitOfWork, moves: Sequence[HoldMove], kind: str) -> int:
    if not moves:
        return 0
    written = await uow.all(
        _Written,
        """
        insert into transfers
            (merchant_id, id, kind, hold_id, debit_id, credit_id, amount, reason, subject_id, note, at)
        select %(merchant_id)s, t.id, %(kind)s, h.id, h.debit_id, h.credit_id, t.amount, t.reason, t.subject, t.note,
               %(now)s
        from unnest(%(ids)s::uuid[], %(holds)s::uuid[], %(amounts)s::bigint[], %(reasons)s::text[],
                    %(subjects)s::uuid[], %(notes)s::text[]) as t (id, hold, amount, reason, subject, note)
        join transfers h on h.merchant_id = %(merchant_id)s and h.id = t.hold and h.kind = 'hold'
        on conflict do nothing
        returning id, hold_id, debit_id, credit_id, amount
        """,
        kind=kind,
        ids=[m.id for m in moves],
        holds=[m.hold_id for m in moves],
        amounts=[m.amount for m in moves],
        reasons=[m.reason for m in moves],
        subjects=[m.subject_id for m in moves],
        notes=[m.note for m in moves],
    )
    sums: dict[UUID, int] = {}
    balances = _Balances()
    for row in written:
        sums[row.hold_id] = sums.get(row.hold_id, 0) + row.amount
        balances.add(
            row.debit_id, row.credit_id, posted=row.amount if kind == "post" else 0, pending=-row.amount
        )
    touched = await uow.run(
        """
        update holds h set resolved = resolved + t.amount
        from unnest(%(ids)s::uuid[], %(amounts)s::bigint[]) as t (id, amount)
        where h.merchant_id = %(merchant_id)s and h.transfer_id = t.id and h.amount - h.resolved >= t.amount
        """,
        ids=sorted(sums),
        amounts=[sums[hold_id] for hold_id in sorted(sums)],
    )
    if touched != len(sums):
        raise Unbalanced("a hold cannot resolve more than it holds")
    await balances.write(uow)
    return len(written)


class _Room(msgspec.Struct, frozen=True):
    """What may still be taken from an account, in minor units on its own side."""

    id: UUID
    side: str
    never_negative: bool
    room: int

    def take(self, gains: Sequence[int]) -> None:
        """Raises NotEnough when these gains (debits, credits; pending debits, credits) would draw it below zero."""
        if not self.never_negative:
            return
        debited, credited, debit_promised, credit_promised = gains
        taken, given = (debited + debit_promised, credited), (credited + credit_promised, debited)
        lost, won = taken if self.side == "credit" else given
        grown = won - lost
        if self.room + grown < 0:
            raise NotEnough(left=self.room)


class _Balances:
    """Sums of what each account gains, written in key order so that two units of work never deadlock."""

    def __init__(self) -> None:
        self.sums: dict[UUID, list[int]] = {}

    def add(self, debit: UUID, credit: UUID, *, posted: int, pending: int) -> None:
        row = self.sums.setdefault(debit, [0, 0, 0, 0])
        row[0] += posted
        row[2] += pending
        row = self.sums.setdefault(credit, [0, 0, 0, 0])
        row[1] += posted
        row[3] += pending

    async def write(self, uow: UnitOfWork) -> None:
        if not self.sums:
            return
        account_ids = sorted(self.sums)
        columns = list(zip(*(self.sums[account_id] for account_id in account_ids), strict=True))
        # Not FOR UPDATE: the transfers just written hold their accounts by key, as do those of everybody else.
        rooms = await uow.all(
            _Room,
            """
            select id, side, never_negative,
                   case side when 'credit' then credits_posted - debits_posted - debits_pending
                             else debits_posted - credits_posted - credits_pending end as room
            from accounts where merchant_id = %(merchant_id)s and id = any(%(ids)s) order by id for no key update
            """,
            ids=account_ids,
        )
        for room in rooms:
            room.take(self.sums[room.id])
        touched = await uow.run(
            """
            update accounts a set debits_posted = debits_posted + t.dp, credits_posted = credits_posted + t.cp,
                                  debits_pending = debits_pending + t.dw, credits_pending = credits_pending + t.cw
            from unnest(%(ids)s::uuid[], %(dp)s::bigint[], %(cp)s::bigint[], %(dw)s::bigint[], %(cw)s::bigint[])
                as t (id, dp, cp, dw, cw)
            where a.merchant_id = %(merchant_id)s and a.id = t.id
            """,
            ids=account_ids,
            dp=list(columns[0]),
            cp=list(columns[1]),
            dw=list(columns[2]),
            cw=list(columns[3]),
        )
        assert touched == len(account_ids), "a transfer names accounts that exist"
