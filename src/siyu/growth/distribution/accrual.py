"""An order was paid: each line that a promoter brought earns commission, within caps and budget, once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu import settings as of_house
from siyu.events import OrderPaid
from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.distribution import books, plan_queries, reversal, rules, suspicion
from siyu.growth.distribution.model import Settings, Sold, Term
from siyu.kernel import money
from siyu.money import ledger
from siyu.runtime.db import UnitOfWork, json_rows
from siyu.runtime.worker import Event


class Row(msgspec.Struct, frozen=True):
    """A line of commission as it is written."""

    order_id: UUID
    line_no: int
    promoter_id: UUID
    plan_id: UUID
    plan_version: int
    rate_bps: int
    fixed: int | None
    basis: int
    units: int
    uncut: int
    amount: int
    cut_by: str
    supplier_amount: int
    hold_days: int
    is_held: bool
    origin: str
    earned_at: datetime
    matures_at: datetime | None


async def earn(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Each line of a sale that a promoter brought earns commission, held until the goods can no longer come back."""
    bound = await _bound(uow, events)
    if not bound:
        return
    known = await learn(uow, bound)
    rows: list[Row] = []
    for event, promoter in bound:
        rows += earned(known, event, promoter)
    if not rows:
        return
    await write(uow, rows)
    await use_budgets(uow, known.room)
    crowds = {(row.promoter_id, row.origin) for row in rows if row.origin}
    await suspicion.hold_crowds(uow, crowds, [row.earned_at for row in rows], known.terms_of_house)
    await reversal.apply_early(uow, {row.order_id for row in rows})


Bound = tuple[Event, promoters.Promoter]


async def _bound(uow: UnitOfWork, events: Sequence[Event]) -> list[Bound]:
    """Sales that somebody else than the buyer brought and that have not earned before."""
    named = {event.fact.order_id: event for event in events if event.fact.promoter_id is not None}
    if not named:
        return []
    done = set(
        await uow.all(
            UUID,
            "select distinct order_id from commissions where merchant_id = %(merchant_id)s and order_id = any(%(ids)s)",
            ids=list(named),
        )
    )
    new = [event for order_id, event in named.items() if order_id not in done]
    active = await promoters.active(uow, {event.fact.promoter_id for event in new})
    # 合规 D-07: buying through one's own link earns nothing.
    return [
        (event, active[event.fact.promoter_id])
        for event in new
        if event.fact.promoter_id in active
        and active[event.fact.promoter_id].customer_id != event.fact.customer_id
    ]


class Known:
    """All that the lines of one batch are judged by, and the room that caps and budgets leave while they are."""

    def __init__(
        self,
        *,
        terms: list[Term],
        terms_of_house: Settings,
        categories: Mapping[UUID, tuple[UUID, ...]],
        looked: Mapping[UUID, suspicion.Looked],
        held: Collection[UUID],
        room: "_Room",
    ) -> None:
        self.terms = terms
        self.terms_of_house = terms_of_house
        self.categories = categories
        self.looked = looked
        self.held = held
        self.room = room


async def learn(uow: UnitOfWork, bound: Sequence[Bound]) -> Known:
    terms = await plan_queries.terms(uow, min(event.at for event, _ in bound))
    product_ids = {line.product_id for event, _ in bound for line in event.fact.lines}
    innermost = await catalog.category_of_products(uow, list(product_ids))
    outside = {category.id: category.parent_id for category in await catalog.categories(uow)}
    return Known(
        terms=terms,
        terms_of_house=await plan_queries.settings(uow),
        categories={product: rules.outwards(inner, outside) for product, inner in innermost.items()},
        looked=await suspicion.look(
            uow, {event.fact.order_id: promoter.customer_id for event, promoter in bound}
        ),
        held=await suspicion.held_promoters(uow, {promoter.id for _, promoter in bound}),
        room=await _room(uow, terms, bound),
    )


class _Room:
    """What caps and budgets leave, counted down line by line."""

    def __init__(
        self, zone: ZoneInfo, budgets: dict[UUID, int], used: dict[tuple[UUID, UUID, date], int]
    ) -> None:
        self.zone = zone
        self.budgets = budgets  # fen left, of plans that have a budget
        self.used = used  # fen by plan, promoter and local day
        self.used_in_month: dict[tuple[UUID, UUID, date], int] = {}
        for (plan, promoter, day), amount in used.items():
            month = plan, promoter, day.replace(day=1)
            self.used_in_month[month] = self.used_in_month.get(month, 0) + amount
        self.spent: dict[UUID, int] = {}
        self.over: dict[UUID, datetime] = {}  # plans whose last fen went, and when

    def cut(self, term: Term, promoter_id: UUID, at: datetime, wanted: int, in_order: int) -> tuple[int, str]:
        rule, day = term.rule, at.astimezone(self.zone).date()
        used = self.used.get((term.plan_id, promoter_id, day), 0)
        used_in_month = self.used_in_month.get((term.plan_id, promoter_id, day.replace(day=1)), 0)
        return rules.cut(
            wanted,
            (
                ("order", None if rule.order_cap is None else rule.order_cap - in_order),
                ("day", None if rule.day_cap is None else rule.day_cap - used),
                ("month", None if rule.month_cap is None else rule.month_cap - used_in_month),
                ("budget", self.budgets.get(term.plan_id) if rule.budget is not None else None),
            ),
        )

    def take(self, term: Term, promoter_id: UUID, at: datetime, amount: int) -> None:
        day = at.astimezone(self.zone).date()
        key, month = (term.plan_id, promoter_id, day), (term.plan_id, promoter_id, day.replace(day=1))
        self.used[key] = self.used.get(key, 0) + amount
        self.used_in_month[month] = self.used_in_month.get(month, 0) + amount
        self.spent[term.plan_id] = self.spent.get(term.plan_id, 0) + amount
        if term.plan_id in self.budgets:
            self.budgets[term.plan_id] -= amount
            if amount and self.budgets[term.plan_id] <= 0:
                self.over.setdefault(term.plan_id, at)


class _Budget(msgspec.Struct, frozen=True):
    id: UUID
    budget: int | None
    spent: int


class _Used(msgspec.Struct, frozen=True):
    plan_id: UUID
    promoter_id: UUID
    day: date
    amount: int


async def _room(uow: UnitOfWork, terms: Sequence[Term], bound: Sequence[Bound]) -> _Room:
    """Locks the plans, in order of their ids: a budget is counted by one at a time."""
    zone = ZoneInfo(uow.merchant.timezone)
    budgets = await uow.all(
        _Budget,
        """
        select id, budget, spent from commission_plans
        where merchant_id = %(merchant_id)s and id = any(%(ids)s) order by id for no key update
        """,
        ids=sorted({term.plan_id for term in terms}),
    )
    capped = sorted({t.plan_id for t in terms if t.rule.day_cap is not None or t.rule.month_cap is not None})
    used: list[_Used] = []
    if capped:
        days = [event.at.astimezone(zone) for event, _ in bound]
        since = min(days).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        used = await uow.all(
            _Used,
            """
            select plan_id, promoter_id, (earned_at at time zone %(zone)s)::date as day,
                   sum(amount - reversed_amount)::bigint as amount
            from commissions
            where merchant_id = %(merchant_id)s and promoter_id = any(%(promoters)s) and earned_at >= %(since)s
              and plan_id = any(%(plans)s)
            group by plan_id, promoter_id, day
            """,
            zone=uow.merchant.timezone,
            promoters=sorted({promoter.id for _, promoter in bound}),
            since=since,
            plans=capped,
        )
    return _Room(
        zone,
        {row.id: row.budget - row.spent for row in budgets if row.budget is not None},
        {(row.plan_id, row.promoter_id, row.day): row.amount for row in used},
    )


def earned(known: Known, event: Event, promoter: promoters.Promoter) -> list[Row]:
    """Lines of one order, in the order of their numbers."""
    fact: OrderPaid = event.fact
    looked = known.looked.get(fact.order_id)
    if looked is None:
        return []  # the order is not this merchant's any more (a trial that was cleared away)
    days = hold_days(known.terms_of_house, promoter, event.at)
    in_order: dict[UUID, int] = {}
    rows: list[Row] = []
    for line in fact.lines:
        sold = Sold(
            line.product_id, line.sku_id, known.categories.get(line.product_id, ()), promoter.id, promoter.kind,
            fact.claim_kind,
        )  # fmt: skip
        term = _term_now(known, sold, event.at)
        if term is None:
            continue
        uncut = rules.earned_by(term, promoter.level, line.amount, line.quantity)
        amount, cut_by = 0, looked.is_self
        if not cut_by:
            within, cause = rules.cut(
                uncut, [("share", money.share(line.amount, known.terms_of_house.share_bps))]
            )
            spent = in_order.get(term.plan_id, 0)
            amount, cut_by = known.room.cut(term, promoter.id, event.at, within, spent)
            cut_by = cut_by or cause
        in_order[term.plan_id] = in_order.get(term.plan_id, 0) + amount
        known.room.take(term, promoter.id, event.at, amount)
        rows.append(
            Row(
                order_id=fact.order_id, line_no=line.line_no, promoter_id=promoter.id, plan_id=term.plan_id,
                plan_version=term.version, rate_bps=_rate(term, promoter.level), fixed=_fixed(term, promoter.level),
                basis=line.amount, units=line.quantity, uncut=uncut, amount=amount, cut_by=cut_by,
                supplier_amount=money.share(amount, term.rule.supplier_bps), hold_days=days,
                is_held=promoter.id in known.held, origin=looked.origin, earned_at=event.at,
                matures_at=looked.received_at and looked.received_at + timedelta(days=days),
            )
        )  # fmt: skip
    return rows


def _term_now(known: Known, sold: Sold, at: datetime) -> Term | None:
    """A plan whose last fen has gone stops; what was sold before that may still find it, with nothing left."""
    return rules.term_for(
        (
            term
            for term in known.terms
            if term.plan_id not in known.room.over or at < known.room.over[term.plan_id]
        ),
        sold,
        at,
    )


def hold_days(terms: Settings, promoter: promoters.Promoter, at: datetime) -> int:
    """Days from receipt until commission may be payable; never less than the buyer may return (合规 D-08)."""
    is_new = promoter.joined_at > at - timedelta(days=terms.new_days)
    return max(terms.new_hold_days if is_new else terms.hold_days, of_house.current().after_sale_days)


def _rate(term: Term, level: str) -> int:
    return 0 if term.rule.rate_bps is None else term.rule.worth_of(level)


def _fixed(term: Term, level: str) -> int | None:
    return term.rule.worth_of(level) if term.rule.rate_bps is None else None


async def write(uow: UnitOfWork, rows: Sequence[Row]) -> None:
    await uow.run(
        """
        insert into commissions (merchant_id, order_id, line_no, promoter_id, plan_id, plan_version, rate_bps, fixed,
                                 basis, units, uncut, amount, cut_by, supplier_amount, hold_days, is_held, origin,
                                 state, earned_at, matures_at)
        select %(merchant_id)s, t.order_id, t.line_no, t.promoter_id, t.plan_id, t.plan_version, t.rate_bps, t.fixed,
               t.basis, t.units, t.uncut, t.amount, t.cut_by, t.supplier_amount, t.hold_days, t.is_held, t.origin,
               'pending', t.earned_at, t.matures_at
        from json_to_recordset(%(rows)s::json)
            as t (order_id uuid, line_no smallint, promoter_id uuid, plan_id uuid, plan_version int, rate_bps int,
                  fixed bigint, basis bigint, units int, uncut bigint, amount bigint, cut_by text,
                  supplier_amount bigint, hold_days smallint, is_held boolean, origin text, earned_at timestamptz,
                  matures_at timestamptz)
        """,
        rows=json_rows(rows),
    )
    accounts = await books.accounts(uow, {row.promoter_id for row in rows})
    await ledger.hold(
        uow,
        [
            ledger.Transfer(
                id=books.hold_id(row.order_id, row.line_no),
                debit=accounts[books.EXPENSE],
                credit=accounts[books.account_code(row.promoter_id)],
                amount=row.amount,
                reason="commission",
                subject_id=row.order_id,
                note=f"line {row.line_no}",
            )
            for row in rows
            if row.amount
        ],
    )


async def use_budgets(uow: UnitOfWork, room: _Room) -> None:
    """Count what was promised; a plan whose last fen went stops at that sale."""
    plan_ids = sorted(room.spent)
    await uow.run(
        """
        update commission_plans p
        set spent = p.spent + t.amount,
            state = case when p.state = 'published' and p.spent + t.amount >= p.budget then 'spent' else p.state end
        from unnest(%(ids)s::uuid[], %(amounts)s::bigint[]) as t (id, amount)
        where p.merchant_id = %(merchant_id)s and p.id = t.id
        """,
        ids=plan_ids,
        amounts=[room.spent[plan_id] for plan_id in plan_ids],
    )
    if room.over:
        await uow.run(
            """
            update commission_plan_terms m set ends_at = greatest(m.starts_at, t.at)
            from unnest(%(ids)s::uuid[], %(ats)s::timestamptz[]) as t (id, at)
            where m.merchant_id = %(merchant_id)s and m.plan_id = t.id and (m.ends_at is null or m.ends_at > t.at)
            """,
            ids=list(room.over),
            ats=list(room.over.values()),
        )
