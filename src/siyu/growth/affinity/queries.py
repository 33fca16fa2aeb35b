"""Reading what was computed, with what was assigned since weighed in."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from siyu.growth.affinity import rules
from siyu.growth.affinity.model import (
    Assignment,
    Carried,
    Confidence,
    Koc,
    Match,
    Overlap,
    Profile,
    Reason,
    Run,
    Sample,
    State,
)
from siyu.kernel.errors import NotFound
from siyu.kernel.paging import bounded
from siyu.runtime.db import UnitOfWork

LOOKED_AT = 30  # what a calculation keeps of a product or a promoter


async def last_run(uow: UnitOfWork) -> Run | None:
    """The run that is asked for or under way, else the last one."""
    found = await uow.all(
        Run,
        """
        select id, state, asked_by, promoters, products, people, purchases, milliseconds, problem, asked_at, finished_at
        from affinity_runs where merchant_id = %(merchant_id)s
        order by state in ('asked', 'running') desc, asked_at desc, id desc limit 1
        """,
    )
    return found[0] if found else None


async def last_done(uow: UnitOfWork) -> Run | None:
    """The run whose results are shown."""
    found = await uow.all(
        Run,
        """
        select id, state, asked_by, promoters, products, people, purchases, milliseconds, problem, asked_at, finished_at
        from affinity_runs where merchant_id = %(merchant_id)s and state = 'done'
        order by finished_at desc, id desc limit 1
        """,
    )
    return found[0] if found else None


class _Row(msgspec.Struct, frozen=True):
    product_id: UUID
    product_title: str
    promoter_id: UUID
    customer_id: UUID
    promoter_name: str
    kind: str
    state: str
    score: int
    confidence: Confidence
    reasons: tuple[Reason, ...]
    assignment_id: UUID | None
    tasks: int
    weekly: int
    recent: int
    audience: int
    shared: int
    shared_with: str


async def _rows(uow: UnitOfWork, product_id: UUID | None, promoter_id: UUID | None) -> list[_Row]:
    """Matches with what weighs against them now: open tasks, this week's load, people whom others assigned to the same
    product reach already.
    """
    return await uow.all(
        _Row,
        """
        select m.product_id, g.title as product_title, m.promoter_id, p.customer_id, p.name as promoter_name, p.kind,
               coalesce(k.state, 'invited') as state, m.score, m.confidence, m.reasons, a.id as assignment_id,
               (select count(*)::int from koc_assignments t
                where t.merchant_id = m.merchant_id and t.promoter_id = m.promoter_id and t.state = 'open') as tasks,
               coalesce(f.weekly, 0) as weekly, coalesce(f.recent, 0) as recent, coalesce(f.audience, 0) as audience,
               coalesce(o.n, 0) as shared, coalesce(o.names, '') as shared_with
        from affinity_matches m
        join promoters p on p.merchant_id = m.merchant_id and p.id = m.promoter_id and p.state = 'active'
        join products g on g.merchant_id = m.merchant_id and g.id = m.product_id and g.is_on_shelf
        left join koc_states k on k.merchant_id = m.merchant_id and k.customer_id = p.customer_id
        left join affinity_profiles f on f.merchant_id = m.merchant_id and f.promoter_id = m.promoter_id
        left join koc_assignments a on a.merchant_id = m.merchant_id and a.product_id = m.product_id
            and a.promoter_id = m.promoter_id and a.state = 'open'
        left join lateral (
            select count(distinct mine.customer_id)::int as n, string_agg(distinct q.name, '、') as names
            from koc_assignments t
            join promoters q on q.merchant_id = t.merchant_id and q.id = t.promoter_id
            join affinity_audiences theirs on theirs.merchant_id = t.merchant_id and theirs.promoter_id = t.promoter_id
            join affinity_audiences mine on mine.merchant_id = t.merchant_id and mine.promoter_id = m.promoter_id
                and mine.customer_id = theirs.customer_id
            where t.merchant_id = m.merchant_id and t.product_id = m.product_id and t.state = 'open'
              and t.promoter_id <> m.promoter_id
        ) o on true
        where m.merchant_id = %(merchant_id)s
          and (%(product)s::uuid is null or m.product_id = %(product)s)
          and (%(promoter)s::uuid is null or m.promoter_id = %(promoter)s)
        order by m.score desc, m.promoter_id, m.product_id limit %(limit)s
        """,
        product=product_id,
        promoter=promoter_id,
        limit=2 * LOOKED_AT,
    )


def _match(row: _Row) -> Match:
    overlap = rules.permille(row.shared, row.audience)
    against = []
    if row.tasks:
        against.append(Reason("tasks", row.tasks))
    if row.shared:
        against.append(Reason("overlap", row.shared, row.audience, row.shared_with))
    if row.weekly and row.recent > row.weekly:
        against.append(Reason("loaded", row.recent, row.weekly))
    return Match(
        row.product_id,
        row.product_title,
        row.promoter_id,
        row.customer_id,
        row.promoter_name,
        row.kind,
        row.state,
        row.score,
        rules.taken_off(row.score, row.tasks, overlap, row.recent, row.weekly),
        row.confidence,
        (*row.reasons, *against),
        row.assignment_id,
    )


def _ranked(rows: Sequence[_Row], limit: int) -> list[Match]:
    matches = [_match(row) for row in rows if row.state not in {"resting", "exited"}]
    return sorted(matches, key=lambda one: (-one.score, one.promoter_name, one.product_title))[
        : bounded(limit)
    ]


async def for_product(uow: UnitOfWork, product_id: UUID, limit: int = 20) -> list[Match]:
    """Who fits a product, best first, each with reasons; at most thirty. Empty before the first calculation."""
    return _ranked(await _rows(uow, product_id, None), limit)


async def for_promoter(uow: UnitOfWork, promoter_id: UUID, limit: int = 20) -> list[Match]:
    """Which products fit a promoter, best first, each with reasons."""
    rows = await _rows(uow, None, promoter_id)
    return _ranked(rows, limit)


class Top(msgspec.Struct, frozen=True):
    """A product's best promoter by the last calculation, and how many were kept."""

    product_id: UUID
    promoter_name: str
    score: int
    matches: int


async def tops(uow: UnitOfWork, product_ids: Sequence[UUID]) -> dict[UUID, Top]:
    """The best of each of these products; one without a match is missing."""
    rows = await uow.all(
        Top,
        """
        select distinct on (m.product_id) m.product_id, p.name as promoter_name, m.score,
               (count(*) over (partition by m.product_id))::int as matches
        from affinity_matches m
        join promoters p on p.merchant_id = m.merchant_id and p.id = m.promoter_id and p.state = 'active'
        where m.merchant_id = %(merchant_id)s and m.product_id = any(%(products)s)
        order by m.product_id, m.score desc, m.promoter_id
        """,
        products=list(product_ids),
    )
    return {row.product_id: row for row in rows}


async def profile(uow: UnitOfWork, promoter_id: UUID) -> Profile | None:
    """What a promoter carries, by the last calculation."""
    return await uow.maybe(
        Profile,
        """
        select promoter_id, weekly, recent, units, units_back, audience, visitors, categories from affinity_profiles
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s
        """,
        promoter=promoter_id,
    )


async def overlaps(uow: UnitOfWork, promoter_id: UUID, limit: int = 10) -> list[Overlap]:
    """Who reaches the same people, most first; `products`: open tasks for a product that this one has too."""
    return await uow.all(
        Overlap,
        """
        select o.promoter_id, p.name, count(*)::int as shared,
               (select count(*)::int from koc_assignments a
                join koc_assignments b on b.merchant_id = a.merchant_id and b.product_id = a.product_id
                    and b.state = 'open' and b.promoter_id = o.promoter_id
                where a.merchant_id = %(merchant_id)s and a.promoter_id = %(promoter)s and a.state = 'open') as products
        from affinity_audiences m
        join affinity_audiences o on o.merchant_id = m.merchant_id and o.customer_id = m.customer_id
            and o.promoter_id <> m.promoter_id
        join promoters p on p.merchant_id = o.merchant_id and p.id = o.promoter_id
        where m.merchant_id = %(merchant_id)s and m.promoter_id = %(promoter)s
        group by o.promoter_id, p.name order by count(*) desc, p.name limit %(limit)s
        """,
        promoter=promoter_id,
        limit=bounded(limit),
    )


async def carried(uow: UnitOfWork, promoter_id: UUID) -> Carried:
    """What a promoter's sales left after returns; for people to see, no ranking reads it."""
    return await uow.one(
        Carried,
        """
        with sold as (
            select o.id, l.amount, l.refunded_amount
            from affinity_audiences a
            join orders o on o.merchant_id = a.merchant_id and o.customer_id = a.customer_id
                and o.promoter_id = a.promoter_id and o.state not in ('unpaid', 'closed')
            join order_lines l on l.merchant_id = o.merchant_id and l.order_id = o.id
            where a.merchant_id = %(merchant_id)s and a.promoter_id = %(promoter)s
        ), earned as (
            select coalesce(sum(amount - reversed_amount), 0)::bigint as n from commissions
            where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s
        )
        select count(distinct s.id) as orders, coalesce(sum(s.amount), 0)::bigint as sales,
               coalesce(sum(s.refunded_amount), 0)::bigint as refunded, (select n from earned) as commission
        from sold s
        """,
        promoter=promoter_id,
    )


async def koc(uow: UnitOfWork, customer_id: UUID, *, lock: bool = False) -> Koc:
    """One person on the way. Raises NotFound."""
    if lock:
        await uow.run(
            "select from koc_states where merchant_id = %(merchant_id)s and customer_id = %(customer)s for update",
            customer=customer_id,
        )
    found = await _kocs(uow, state=None, customer_id=customer_id, limit=1)
    if not found:
        raise NotFound(what="KOC")
    return found[0]


async def kocs(uow: UnitOfWork, *, state: State | None = None, limit: int = 100) -> list[Koc]:
    """People on the way, best first; of one state when given."""
    return await _kocs(uow, state=state, customer_id=None, limit=bounded(limit))


async def _kocs(uow: UnitOfWork, *, state: State | None, customer_id: UUID | None, limit: int) -> list[Koc]:
    return await uow.all(
        Koc,
        """
        select k.customer_id, coalesce(p.name, c.nickname) as name, p.id as promoter_id, k.state, k.score, k.reasons,
               k.note, k.changed_at,
               (select count(*)::int from koc_assignments a
                where a.merchant_id = k.merchant_id and a.promoter_id = p.id and a.state = 'open') as open_assignments,
               coalesce(f.weekly, 0) as weekly, coalesce(f.recent, 0) as recent
        from koc_states k
        join customers c on c.merchant_id = k.merchant_id and c.id = k.customer_id and c.state = 'active'
        left join promoters p on p.merchant_id = k.merchant_id and p.customer_id = k.customer_id
        left join affinity_profiles f on f.merchant_id = k.merchant_id and f.promoter_id = p.id
        where k.merchant_id = %(merchant_id)s and (%(state)s::text is null or k.state = %(state)s)
          and (%(customer)s::uuid is null or k.customer_id = %(customer)s)
          and (k.state <> 'candidate' or k.score > 0 or %(customer)s::uuid is not null)
        order by k.score desc, coalesce(f.units - f.units_back, 0) desc, k.customer_id limit %(limit)s
        """,
        state=state,
        customer=customer_id,
        limit=limit,
    )


class _Counted(msgspec.Struct, frozen=True):
    state: State
    number: int


async def counts(uow: UnitOfWork) -> dict[State, int]:
    """How many people stand where."""
    rows = await uow.all(
        _Counted,
        """
        select k.state, count(*) as number from koc_states k
        join customers c on c.merchant_id = k.merchant_id and c.id = k.customer_id and c.state = 'active'
        where k.merchant_id = %(merchant_id)s and (k.state <> 'candidate' or k.score > 0) group by k.state
        """,
    )
    return {row.state: row.number for row in rows}


async def assignments(
    uow: UnitOfWork,
    *,
    promoter_id: UUID | None = None,
    product_id: UUID | None = None,
    open_only: bool = False,
    limit: int = 50,
) -> list[Assignment]:
    """Tasks, open ones first, then the newest."""
    return await uow.all(
        Assignment,
        """
        select a.id, a.promoter_id, p.name as promoter_name, a.product_id, g.title as product_title, a.words, a.score,
               a.state, a.due_at, a.link, a.created_at, a.ended_at
        from koc_assignments a
        join promoters p on p.merchant_id = a.merchant_id and p.id = a.promoter_id
        join products g on g.merchant_id = a.merchant_id and g.id = a.product_id
        where a.merchant_id = %(merchant_id)s and (%(promoter)s::uuid is null or a.promoter_id = %(promoter)s)
          and (%(product)s::uuid is null or a.product_id = %(product)s) and (not %(open)s or a.state = 'open')
        order by a.state = 'open' desc, a.created_at desc, a.id desc limit %(limit)s
        """,
        promoter=promoter_id,
        product=product_id,
        open=open_only,
        limit=bounded(limit),
    )


async def samples(uow: UnitOfWork, customer_id: UUID) -> list[Sample]:
    """Samples of one person, the newest first."""
    return await uow.all(
        Sample,
        """
        select s.id, s.customer_id, s.product_id, g.title as product_title, s.state, s.tracking, s.due_at, s.link,
               s.result, s.created_at, s.changed_at
        from koc_samples s join products g on g.merchant_id = s.merchant_id and g.id = s.product_id
        where s.merchant_id = %(merchant_id)s and s.customer_id = %(customer)s
        order by s.created_at desc, s.id desc limit 50
        """,
        customer=customer_id,
    )
