"""Writing points: accounts are locked in one order, everything is worked out, then written in sets."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.kernel.errors import Invalid
from siyu.people.points import rules
from siyu.people.points.model import Account, Batch, Move, NotEnough, Spending, Taken, Written
from siyu.people.points.ruling import expiry_now
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant, UnitOfWork, json_rows, uuid_array
from siyu.runtime.worker import Sweep

EXPIRE_MAX = 500
GRANT_MAX = 1_000_000  # one grant; a slip of the keyboard is smaller than this only by luck


async def move(uow: UnitOfWork, moves: Sequence[Move]) -> list[Written | NotEnough | None]:
    """Move points for many customers at once, in order; None says that it had happened before.

    A spending that is short is answered with NotEnough and changes nothing. What comes back of a spending (`of_id`)
    is at most what it took; nothing left to come back is None as well.
    """
    if not moves:
        return []
    known = await _known(uow, moves)
    done = rules.moved(moves, known, uow.now)
    await _write(uow, done)
    return done.answers


async def _known(uow: UnitOfWork, moves: Sequence[Move]) -> rules.Known:
    customer_ids = list({one.customer_id for one in moves})
    accounts = await _locked(uow, customer_ids, opens=any(one.points > 0 or one.owes for one in moves))
    spendings = await _spendings(uow, [one.of_id for one in moves if one.of_id is not None])
    used = [part.batch_id for spending in spendings.values() for part in spending.parts]
    batches = await uow.all(
        Batch,
        """
        select id, customer_id, points, remaining, expires_at from point_batches
        where merchant_id = %(merchant_id)s
          and (customer_id = any(%(customers)s::uuid[]) and remaining > 0 or id = any(%(used)s::uuid[]))
        """,
        customers=uuid_array(customer_ids),
        used=uuid_array(used),
    )
    written = await uow.all(
        UUID,
        "select id from point_movements where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[])",
        ids=uuid_array(one.id for one in moves),
    )
    return rules.Known({one.customer_id: one for one in accounts}, batches, spendings, frozenset(written))


async def _locked(uow: UnitOfWork, customer_ids: Sequence[UUID], *, opens: bool) -> list[Account]:
    """The accounts, locked in one order for everybody. `opens` makes those that are missing."""
    if opens:
        await uow.run(
            """
            insert into point_accounts (merchant_id, customer_id)
            select %(merchant_id)s, t.id from unnest(%(ids)s::uuid[]) as t (id) order by t.id
            on conflict do nothing
            """,
            ids=uuid_array(customer_ids),
        )
    return await uow.all(
        Account,
        """
        select customer_id, balance, debt, moves from point_accounts
        where merchant_id = %(merchant_id)s and customer_id = any(%(ids)s::uuid[])
        order by customer_id for no key update
        """,
        ids=uuid_array(customer_ids),
    )


class _SpentRow(msgspec.Struct, frozen=True):
    id: UUID
    customer_id: UUID
    points: int
    parts: tuple[Taken, ...]
    returned: int


async def _spendings(uow: UnitOfWork, of_ids: Sequence[UUID]) -> dict[UUID, Spending]:
    if not of_ids:
        return {}
    rows = await uow.all(
        _SpentRow,
        """
        select m.id, m.customer_id, -m.points as points, m.parts,
               coalesce((select sum(r.points) from point_movements r
                         where r.merchant_id = m.merchant_id and r.of_id = m.id), 0)::bigint as returned
        from point_movements m
        where m.merchant_id = %(merchant_id)s and m.id = any(%(ids)s::uuid[]) and m.reason = 'spent'
        """,
        ids=uuid_array(of_ids),
    )
    return {row.id: Spending(row.id, row.customer_id, row.points, row.parts, row.returned) for row in rows}


async def _write(uow: UnitOfWork, done: rules.Moved) -> None:
    """Everything that moving came to, without waiting for the answers."""
    if not done.movements:
        return
    await uow.send(
        """
        insert into point_movements (merchant_id, id, customer_id, no, reason, subject_id, part, points, parts, of_id,
                                     balance, debt, note, actor_name, at)
        select %(merchant_id)s, t.id, t.customer_id, t.no, t.reason, t.subject_id, t.part, t.points, t.parts, t.of_id,
               t.balance, t.debt, t.note, %(actor)s, %(now)s
        from json_to_recordset(%(rows)s::json) as t (id uuid, customer_id uuid, no bigint, reason text, subject_id uuid, part int,
             points bigint, parts jsonb, of_id uuid, balance bigint, debt bigint, note text)
        """,
        rows=json_rows(done.movements),
        actor=uow.actor.name if uow.actor.kind in {"staff", "key"} else "",
    )
    await _write_batches(uow, done)
    await uow.send(
        """
        update point_accounts a set balance = t.balance, debt = t.debt, moves = t.moves
        from json_to_recordset(%(rows)s::json) as t (customer_id uuid, balance bigint, debt bigint, moves bigint)
        where a.merchant_id = %(merchant_id)s and a.customer_id = t.customer_id
        """,
        rows=json_rows(done.accounts),
    )


async def _write_batches(uow: UnitOfWork, done: rules.Moved) -> None:
    if done.new_batches:
        await uow.send(
            """
            insert into point_batches (merchant_id, id, customer_id, points, remaining, expires_at, created_at)
            select %(merchant_id)s, t.id, t.customer_id, t.points, t.remaining, t.expires_at, %(now)s
            from json_to_recordset(%(rows)s::json)
                as t (id uuid, customer_id uuid, points bigint, remaining bigint, expires_at timestamptz)
            """,
            rows=json_rows(done.new_batches),
        )
    if done.emptied:
        await uow.send(
            """
            update point_batches b set remaining = t.remaining
            from json_to_recordset(%(rows)s::json) as t (id uuid, remaining bigint)
            where b.merchant_id = %(merchant_id)s and b.id = t.id
            """,
            rows=json_rows(done.emptied),
        )


async def grant(
    uow: UnitOfWork, grant_id: UUID, customer_id: UUID, points: int, reason: str
) -> Written | None:
    """Staff gives points, or takes some that are there; None when this grant was made before.

    Raises Invalid, NotFound through the database for a customer that is not there, and NotEnough.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > audit.REASON_LENGTH_MAX:
        raise Invalid(
            field="reason", zh="请写明原因（500 字以内）。", en="Give a reason of at most 500 characters."
        )
    if points == 0 or abs(points) > GRANT_MAX:
        raise Invalid(
            field="points",
            zh="一次调整需在 1 到 1,000,000 分之间，扣减写负数。",
            en="One change is between 1 and 1,000,000 points; write a minus to take some away.",
        )
    ends = await expiry_now(uow) if points > 0 else None
    (done,) = await move(
        uow, [Move(customer_id, "granted", grant_id, points, expires_at=ends, note=reason[:200])]
    )
    if isinstance(done, NotEnough):
        raise done
    if done is not None:
        await audit.note(
            uow,
            "points.grant",
            subject_kind="customer",
            subject=customer_id,
            before={"points": done.balance - done.debt - points},
            after={"points": done.balance - done.debt},
            reason=reason,
        )
    return done


async def end_due(uow: UnitOfWork) -> int:
    """End the points whose day has come; how many batches."""
    due = await uow.all(
        Batch,
        """
        select id, customer_id, points, remaining, expires_at from point_batches
        where merchant_id = %(merchant_id)s and remaining > 0 and expires_at <= %(now)s
        order by expires_at, id limit %(limit)s
        """,
        limit=EXPIRE_MAX,
    )
    if not due:
        return 0
    accounts = await _locked(uow, list({batch.customer_id for batch in due}), opens=False)
    # Read again under the lock: somebody may have spent them meanwhile.
    batches = await uow.all(
        Batch,
        """
        select id, customer_id, points, remaining, expires_at from point_batches
        where merchant_id = %(merchant_id)s and id = any(%(ids)s::uuid[])
        """,
        ids=uuid_array(batch.id for batch in due),
    )
    known = rules.Known({one.customer_id: one for one in accounts}, batches)
    await _write(uow, rules.ended(due, known, uow.now))
    return len(due)


async def _end_due(database: Database, merchant: Merchant) -> int:
    return await database.attempt(merchant, end_due)


SWEEPS = [Sweep("points.end_due", 60.0, _end_due)]
