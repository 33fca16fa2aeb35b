"""Where people stand on the way to being a KOC: found, invited, trained, tried, active, resting, gone.

An invitation promises nothing and pays nothing (禁止传销条例 art. 7); it is the link to the recruit page, and a row here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.growth.affinity import rules
from siyu.growth.affinity.model import Koc, Move, Reason, State, WrongMove
from siyu.growth.affinity.queries import koc
from siyu.growth.affinity.reading import Lover
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork, json_rows

SCORE_LEAST = 150  # permille: below it nobody is proposed
STEPS_MAX = 4  # from found to active
REASON_LENGTH_MAX = 200


class _Found(msgspec.Struct, frozen=True):
    customer_id: UUID
    score: int
    reasons: tuple[Reason, ...]


def _told(lover: Lover) -> tuple[Reason, ...]:
    told = []
    if lover.again:
        told.append(Reason("again", lover.again))
    told.append(Reason("products", lover.products))
    if lover.joined:
        told.append(Reason("joined", lover.joined))
    if lover.helped:
        told.append(Reason("helped", lover.helped))
    told.append(Reason("sent_back", lover.back, lover.units))
    return tuple(told)


async def found(uow: UnitOfWork, lovers: Sequence[Lover]) -> int:
    """Write down who was found; who is found no more stays a candidate without a score. Returns how many are new."""
    rows = [
        _Found(lover.customer_id, score, _told(lover))
        for lover in lovers
        if (
            score := rules.candidate_score(
                lover.again, lover.products, lover.joined + lover.helped, lover.back, lover.units
            )
        )
        >= SCORE_LEAST
    ]
    await uow.run(
        """
        update koc_states set score = 0, reasons = '[]'
        where merchant_id = %(merchant_id)s and state = 'candidate' and customer_id <> all(%(kept)s::uuid[])
        """,
        kept=[row.customer_id for row in rows],
    )
    new = await uow.all(
        UUID,
        """
        insert into koc_states as k (merchant_id, customer_id, state, reasons, score, changed_at, created_at)
        select %(merchant_id)s, t.customer_id, 'candidate', t.reasons, t.score, %(now)s, %(now)s
        from json_to_recordset(%(rows)s::json) as t (customer_id uuid, score smallint, reasons jsonb)
        on conflict (merchant_id, customer_id) do update set score = excluded.score, reasons = excluded.reasons
            where k.state = 'candidate'
        returning case when k.created_at = %(now)s and k.changed_at = %(now)s then k.customer_id end
        """,
        rows=json_rows(rows),
    )
    fresh = [who for who in new if who is not None]
    await _write_moves(uow, [_Step(who, "", "candidate", "") for who in fresh])
    return len(fresh)


class _Step(msgspec.Struct, frozen=True):
    customer_id: UUID
    before: str
    after: str
    reason: str
    id: UUID = msgspec.field(default_factory=ids.new)


async def _write_moves(uow: UnitOfWork, steps: Sequence[_Step], by_name: str = "") -> None:
    if steps:
        await uow.run(
            """
            insert into koc_moves (merchant_id, id, customer_id, before, after, reason, by_name, at)
            select %(merchant_id)s, t.id, t.customer_id, t.before, t.after, t.reason, %(by)s, %(now)s
            from json_to_recordset(%(rows)s::json) as t (id uuid, customer_id uuid, before text, after text, reason text)
            """,
            rows=json_rows(steps),
            by=by_name,
        )


class Signs(msgspec.Struct, frozen=True):
    """What decides where somebody stands. `last_at`: the last sale or task."""

    customer_id: UUID
    state: State
    promoter_state: str | None
    is_trained: bool
    has_task: bool
    units: int
    back: int
    last_at: datetime | None


def next_state(signs: Signs, now: datetime) -> State | None:
    """The step that the rules take from here, if any."""
    if signs.promoter_state == "dismissed":
        return None if signs.state == "exited" else "exited"
    is_idle = signs.last_at is None or now - signs.last_at > timedelta(days=rules.RESTING_DAYS)
    is_promoter = signs.promoter_state is not None
    match signs.state:
        case "candidate" if is_promoter:
            after = "invited"
        case "invited" if is_promoter and (signs.is_trained or signs.units):
            after = "trained"
        case "trained" if signs.has_task or signs.units:
            after = "trial"
        case "trial" if rules.trial_passed(signs.units, signs.back):
            after = "active"
        case "active" if is_idle:
            after = "resting"
        case _:
            after = None
    return after


async def advance(uow: UnitOfWork) -> int:
    """Bring everybody to where the rules put them: promoters who are not on the way yet are put on it first."""
    await uow.run(
        """
        insert into koc_states (merchant_id, customer_id, state, changed_at, created_at)
        select %(merchant_id)s, customer_id, 'invited', joined_at, %(now)s from promoters
        where merchant_id = %(merchant_id)s and state = 'active' on conflict do nothing
        """
    )
    steps: list[_Step] = []
    for signs in await _signs(uow):
        present = signs
        for _ in range(STEPS_MAX):
            after = next_state(present, uow.now)
            if after is None:
                break
            steps.append(_Step(signs.customer_id, present.state, after, ""))
            present = msgspec.structs.replace(present, state=after)
    await _write_moves(uow, steps)
    await uow.run(
        """
        update koc_states k set state = t.after, changed_at = %(now)s
        from (select distinct on (customer_id) customer_id, after
              from json_to_recordset(%(rows)s::json) as r (id uuid, customer_id uuid, after text)
              order by customer_id, id desc) t
        where k.merchant_id = %(merchant_id)s and k.customer_id = t.customer_id
        """,
        rows=json_rows(steps),
    )
    return len(steps)


async def _signs(uow: UnitOfWork) -> list[Signs]:
    return await uow.all(
        Signs,
        """
        select k.customer_id, k.state, p.state as promoter_state, p.trained_at is not null as is_trained,
               coalesce(a.n, 0) > 0 as has_task, coalesce(f.units, 0) as units, coalesce(f.units_back, 0) as back,
               greatest(a.last_at, s.last_at) as last_at
        from koc_states k
        left join promoters p on p.merchant_id = k.merchant_id and p.customer_id = k.customer_id
        left join affinity_profiles f on f.merchant_id = k.merchant_id and f.promoter_id = p.id
        left join (select promoter_id, count(*) as n, max(created_at) as last_at from koc_assignments
                   where merchant_id = %(merchant_id)s and state <> 'cancelled' group by promoter_id) a
            on a.promoter_id = p.id
        left join (select promoter_id, max(paid_at) as last_at from orders
                   where merchant_id = %(merchant_id)s and promoter_id is not null group by promoter_id) s
            on s.promoter_id = p.id
        where k.merchant_id = %(merchant_id)s
        order by k.customer_id
        for update of k
        """,
    )


async def move(uow: UnitOfWork, customer_id: UUID, after: State, reason: str = "") -> Koc:
    """One step by hand. The second tap finds it done. Raises NotFound, WrongMove, Invalid."""
    if len(reason) > REASON_LENGTH_MAX:
        raise Invalid(field="reason", zh="原因最多 200 字。", en="A reason has at most 200 characters.")
    present = await koc(uow, customer_id, lock=True)
    if present.state == after:
        return present
    if not rules.may_move(present.state, after):
        raise WrongMove(state=present.state)
    await uow.run(
        """
        update koc_states set state = %(after)s, note = %(note)s, changed_at = %(now)s
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s
        """,
        after=after,
        note=reason.strip() or present.note,
        customer=customer_id,
    )
    await _write_moves(uow, [_Step(customer_id, present.state, after, reason.strip())], uow.actor.name)
    return msgspec.structs.replace(present, state=after, changed_at=uow.now)


async def moves(uow: UnitOfWork, customer_id: UUID) -> list[Move]:
    """The way somebody came, the last step first."""
    return await uow.all(
        Move,
        """
        select before, after, reason, by_name, at from koc_moves
        where merchant_id = %(merchant_id)s and customer_id = %(customer)s order by at desc, id desc limit 50
        """,
        customer=customer_id,
    )
