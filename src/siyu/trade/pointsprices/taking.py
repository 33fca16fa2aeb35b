"""Points for orders on their way: looked at for a quote, spent for a batch, given back when an order is refused."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.kernel.errors import DomainError, Invalid
from siyu.people import customers, points
from siyu.runtime.db import UnitOfWork, json_rows, uuid_array
from siyu.trade import orders
from siyu.trade.pointsprices.model import KIND, Deal, LimitReached, NotOffered

Answer = orders.ClaimTerms | DomainError


class Used(msgspec.Struct, frozen=True):
    """How many orders of a customer used an offer: ever, and since midnight at the merchant's."""

    customer_id: UUID
    offer_id: UUID
    ever: int
    today: int


class _Purchase(msgspec.Struct, frozen=True):
    order_id: UUID
    line_no: int
    offer_id: UUID
    customer_id: UUID
    sku_id: UUID
    units: int
    points_each: int
    spending_id: UUID


class Scene:
    """What is known while the asks are judged one after the other."""

    def __init__(
        self, deals: Iterable[Deal], levels: dict[UUID, str], paid_before: set[UUID], used: Iterable[Used]
    ) -> None:
        self.deals = {deal.id: deal for deal in deals}
        self.levels = levels
        self.paid_before = paid_before
        self.uses = {deal.id: deal.uses for deal in self.deals.values()}
        self.ever = {(one.customer_id, one.offer_id): one.ever for one in used}
        self.today = {(one.customer_id, one.offer_id): one.today for one in used}

    def judge(self, ask: orders.ClaimAsk) -> orders.ClaimTerms | DomainError:
        """The terms of the offer for this ask, before the points are looked at."""
        deal = self.deals.get(ask.claim.id)
        if deal is None or not deal.is_live or not self._is_for(deal, ask):
            return NotOffered(field="claim")
        if self._is_used_up(deal, ask.customer_id):
            return LimitReached(field="claim")
        for i, line in enumerate(ask.lines):
            if line.sku_id not in deal.rule.prices:
                return Invalid(
                    field=f"lines[{i}].sku_id",
                    zh="有商品不在这个积分换购里。",
                    en="Something in the order is not part of this offer.",
                )
        needed = cost(deal, ask.lines)
        return orders.ClaimTerms(
            prices={sku: cash for sku, (_, cash) in deal.rule.prices.items()},
            code=KIND,
            rule_id=deal.id,
            name=f"积分换购（{deal.name}，共 {needed} 积分） / points and money ({deal.name}, {needed} points in all)",
            claim_id=deal.id,
            version=deal.version,
        )

    def _is_for(self, deal: Deal, ask: orders.ClaimAsk) -> bool:
        who = deal.audience
        if who.channels and ask.channel not in who.channels:
            return False
        if who.store_ids and ask.store_id not in who.store_ids:
            return False
        if ask.customer_id is None:
            return True
        if who.levels and self.levels.get(ask.customer_id, "") not in who.levels:
            return False
        return not (who.newcomers and ask.customer_id in self.paid_before)

    def _is_used_up(self, deal: Deal, customer_id: UUID | None) -> bool:
        if deal.uses_max is not None and self.uses[deal.id] >= deal.uses_max:
            return True
        if customer_id is None:
            return False
        mine = (customer_id, deal.id)
        if deal.per_person is not None and self.ever.get(mine, 0) >= deal.per_person:
            return True
        return deal.per_person_day is not None and self.today.get(mine, 0) >= deal.per_person_day

    def count(self, ask: orders.ClaimAsk, by: int) -> None:
        """The next ask finds one use less, or one more."""
        assert ask.customer_id is not None, "only who is known takes something"
        mine = (ask.customer_id, ask.claim.id)
        self.uses[ask.claim.id] += by
        self.ever[mine] = self.ever.get(mine, 0) + by
        self.today[mine] = self.today.get(mine, 0) + by


def cost(deal: Deal, lines: Sequence[orders.WantedLine]) -> int:
    """The points of these lines."""
    return sum(deal.rule.prices[line.sku_id][0] * line.quantity for line in lines)


async def look(uow: UnitOfWork, ask: orders.ClaimAsk) -> Answer:
    """What the goods would cost now, or how many points are missing. Nothing is taken."""
    scene = await _scene(uow, [ask], lock=False)
    answer = scene.judge(ask)
    if isinstance(answer, DomainError) or ask.customer_id is None:
        return answer
    has = await points.statement(uow, ask.customer_id)
    missing = cost(scene.deals[ask.claim.id], ask.lines) - has.balance
    return answer if missing <= 0 else points.NotEnough(field="claim", missing=missing + has.debt)


async def take(uow: UnitOfWork, asks: Sequence[orders.ClaimAsk]) -> list[Answer]:
    """Spend the points of each ask, in their order; who is short is told by how much and loses nothing."""
    scene = await _scene(uow, asks, lock=True)
    answers: dict[int, Answer] = {}
    bought: list[int] = []
    waiting = list(range(len(asks)))
    while waiting:
        wanted = [
            i for i in waiting if not isinstance(answers.setdefault(i, _judged(scene, asks[i])), DomainError)
        ]
        moves = [_spending(scene.deals[asks[i].claim.id], asks[i]) for i in wanted]
        short: list[int] = []
        for i, moved in zip(wanted, await points.move(uow, moves), strict=True):
            if isinstance(moved, points.NotEnough):
                answers[i] = points.NotEnough(field="claim", **moved.facts)
                scene.count(asks[i], -1)
                short.append(i)
            else:
                bought.append(i)
        # Whoever was short leaves a use to those who were told that none is left.
        waiting = [i for i in waiting if isinstance(answers[i], LimitReached)] if short else []
        for i in waiting:
            del answers[i]
    await _write(uow, scene, [asks[i] for i in bought])
    return [answers[i] for i in range(len(asks))]


def _judged(scene: Scene, ask: orders.ClaimAsk) -> Answer:
    """The terms, counted as one use."""
    answer = NotOffered(field="claim") if ask.customer_id is None else scene.judge(ask)
    if not isinstance(answer, DomainError):
        scene.count(ask, 1)
    return answer


def _spending(deal: Deal, ask: orders.ClaimAsk) -> points.Move:
    assert ask.customer_id is not None, "only who is known takes something"
    return points.Move(ask.customer_id, "spent", ask.order_id, -cost(deal, ask.lines), note=deal.name)


async def _write(uow: UnitOfWork, scene: Scene, asks: Sequence[orders.ClaimAsk]) -> None:
    if not asks:
        return
    rows = [
        _Purchase(
            ask.order_id, i + 1, ask.claim.id, ask.customer_id, line.sku_id, line.quantity,
            scene.deals[ask.claim.id].rule.prices[line.sku_id][0], points.movement_id("spent", ask.order_id),
        )
        for ask in asks
        for i, line in enumerate(ask.lines)
        if ask.customer_id is not None
    ]  # fmt: skip
    await uow.send(
        """
        insert into point_purchases (merchant_id, order_id, line_no, offer_id, customer_id, sku_id, units, points_each,
                                     spending_id, at)
        select %(merchant_id)s, t.order_id, t.line_no, t.offer_id, t.customer_id, t.sku_id, t.units, t.points_each,
               t.spending_id, %(now)s
        from json_to_recordset(%(rows)s::json) as t (order_id uuid, line_no smallint, offer_id uuid, customer_id uuid,
             sku_id uuid, units int, points_each bigint, spending_id uuid)
        """,
        rows=json_rows(rows),
    )


class _Undone(msgspec.Struct, frozen=True):
    order_id: UUID
    offer_id: UUID
    customer_id: UUID
    spending_id: UUID
    points: int


async def give_back(uow: UnitOfWork, order_ids: Sequence[UUID]) -> None:
    """All points of orders that were refused or closed come back. Once."""
    undone = await uow.all(
        _Undone,
        """
        with mine as (
            update point_purchases set state = 'returned'
            where merchant_id = %(merchant_id)s and order_id = any(%(ids)s::uuid[]) and state = 'held'
            returning order_id, offer_id, customer_id, spending_id, units * points_each as points
        )
        select order_id, offer_id, customer_id, spending_id, sum(points)::bigint as points from mine
        group by order_id, offer_id, customer_id, spending_id order by order_id
        """,
        ids=uuid_array(order_ids),
    )
    if not undone:
        return
    moves = [
        points.Move(
            one.customer_id,
            "returned",
            one.order_id,
            one.points,
            of_id=one.spending_id,
            note="订单未完成 / the order was not completed",
        )
        for one in undone
    ]
    await points.move(uow, moves)


async def _scene(uow: UnitOfWork, asks: Sequence[orders.ClaimAsk], *, lock: bool) -> Scene:
    buyers = sorted({ask.customer_id for ask in asks if ask.customer_id is not None})
    offer_ids = {ask.claim.id for ask in asks}
    if lock:
        await _one_by_one(uow, offer_ids, buyers)
    found = await deals(uow, offer_ids)
    limited = any(one.per_person or one.per_person_day for one in found)
    levels = await customers.levels_of(uow, buyers) if any(one.audience.levels for one in found) else {}
    paid = await _paid_before(uow, buyers) if any(one.audience.newcomers for one in found) else []
    used = await _used(uow, buyers, offer_ids) if limited else []
    return Scene(found, levels, set(paid), used)


async def deals(uow: UnitOfWork, offer_ids: Iterable[UUID] | None = None) -> list[Deal]:
    """Offers of goods for points: these, or all that are live."""
    return await uow.all(
        Deal,
        """
        select * from (
            select o.id, o.name, o.version, o.rule, o.audience,
                   o.state = 'active' and coalesce(o.starts_at <= %(now)s, true) and coalesce(o.ends_at > %(now)s, true)
                       as is_live,
                   o.starts_at, o.ends_at, o.per_person, o.per_person_day, o.uses_max, coalesce(c.uses, 0) as uses
            from offers o
            left join offer_counters c on c.merchant_id = o.merchant_id and c.offer_id = o.id
            where o.merchant_id = %(merchant_id)s and o.kind = 'points'
              and (%(ids)s::uuid[] is null or o.id = any(%(ids)s::uuid[]))
        ) found
        where is_live or %(ids)s::uuid[] is not null
        order by ends_at nulls last, id limit 200
        """,
        ids=None if offer_ids is None else uuid_array(offer_ids),
    )


async def _one_by_one(uow: UnitOfWork, offer_ids: Iterable[UUID], buyers: Sequence[UUID]) -> None:
    """Orders of one limited offer wait for each other, and so do those of one person where persons are counted."""
    await uow.run(
        """
        select from offer_counters c join offers o on o.merchant_id = c.merchant_id and o.id = c.offer_id
        where c.merchant_id = %(merchant_id)s and c.offer_id = any(%(ids)s::uuid[]) and o.uses_max is not null
        order by c.offer_id for no key update of c
        """,
        ids=uuid_array(offer_ids),
    )
    await uow.run(
        """
        select from customers
        where merchant_id = %(merchant_id)s and id = any(%(buyers)s::uuid[])
          and exists (select from offers o where o.merchant_id = %(merchant_id)s and o.id = any(%(ids)s::uuid[])
                      and (o.per_person is not null or o.per_person_day is not null))
        order by id for no key update
        """,
        ids=uuid_array(offer_ids),
        buyers=uuid_array(buyers),
    )


async def _paid_before(uow: UnitOfWork, buyers: Sequence[UUID]) -> list[UUID]:
    return await uow.all(
        UUID,
        """
        select distinct customer_id from orders
        where merchant_id = %(merchant_id)s and customer_id = any(%(ids)s::uuid[]) and paid_at is not null
        """,
        ids=uuid_array(buyers),
    )


async def _used(uow: UnitOfWork, buyers: Sequence[UUID], offer_ids: Iterable[UUID]) -> list[Used]:
    zone = ZoneInfo(uow.merchant.timezone)
    midnight = datetime.combine(uow.now.astimezone(zone).date(), time(), zone)
    return await uow.all(
        Used,
        """
        select customer_id, offer_id, count(distinct order_id) as ever,
               count(distinct order_id) filter (where at >= %(midnight)s) as today
        from point_purchases
        where merchant_id = %(merchant_id)s and offer_id = any(%(offers)s::uuid[])
          and customer_id = any(%(buyers)s::uuid[]) and state = 'held'
        group by customer_id, offer_id
        """,
        offers=uuid_array(offer_ids),
        buyers=uuid_array(buyers),
        midnight=midnight,
    )
