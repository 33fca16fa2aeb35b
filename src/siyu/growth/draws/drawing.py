"""Tickets and drawing: who gets one, and what it comes to. Serials are given under the lock of the draw."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.events import OrderReceived, OrderRefunded
from siyu.goods import offers
from siyu.growth.draws import queries
from siyu.growth.draws.model import (
    Draw,
    DrawnEnough,
    Excluded,
    NoTicket,
    NotRunning,
    Outcome,
    Prize,
    Result,
)
from siyu.growth.draws.rolling import draw as rolled
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.people import notices, points
from siyu.runtime.db import UnitOfWork
from siyu.runtime.worker import Consumer, Event


def is_running(draw: Draw, now: datetime) -> bool:
    """Whether tickets are drawn at this instant."""
    return draw.state == "published" and draw.rules.starts_at <= now < draw.rules.ends_at


async def is_excluded(uow: UnitOfWork, customer_id: UUID) -> bool:
    """Whether the customer works for the merchant: a guide or anchor who promotes, or a phone that staff signs in with."""
    return await uow.one(
        bool,
        """
        select exists (select from promoters p
                       where p.merchant_id = %(merchant_id)s and p.customer_id = %(customer)s
                         and p.kind in ('guide', 'anchor') and p.state <> 'dismissed')
            or exists (select from identities i
                       join staff s on s.merchant_id = i.merchant_id and s.login = i.value and s.is_active
                       where i.merchant_id = %(merchant_id)s and i.customer_id = %(customer)s and i.kind = 'phone')
        """,
        customer=customer_id,
    )


async def take_part(uow: UnitOfWork, draw_id: UUID, customer_id: UUID, asked: UUID) -> Result:
    """Draw with the customer's oldest ticket, or with one bought for points now. `asked` is made by who asks.

    The same `asked` again gets the same answer. Raises NotFound, NotRunning, Excluded, DrawnEnough, NoTicket and
    points.NotEnough; then nothing was spent and no serial was given.
    """
    draw = await queries.find(uow, draw_id, lock=True)
    again = await _drawn_before(uow, draw_id, customer_id, asked)
    if again is not None:
        return again
    if not is_running(draw, uow.now):
        raise NotRunning
    if await is_excluded(uow, customer_id):
        raise Excluded
    chances = await queries.chances(uow, draw_id, customer_id)
    if chances.drawn >= draw.rules.per_person:
        raise DrawnEnough(most=draw.rules.per_person)
    ticket_id = await _ticket(uow, draw, customer_id, asked)
    return await _draw(uow, draw, customer_id, ticket_id, asked)


async def _drawn_before(uow: UnitOfWork, draw_id: UUID, customer_id: UUID, asked: UUID) -> Result | None:
    """What this very request drew before. Its ticket remembers it."""
    return await uow.maybe(
        Result,
        """
        select r.serial, r.ticket_id, r.customer_id, r.rolled, r.hit_no, r.prize_no, r.gift_id, r.at
        from draw_tickets t join draw_results r on r.merchant_id = t.merchant_id and r.ticket_id = t.id
        where t.merchant_id = %(merchant_id)s and t.draw_id = %(draw)s and t.customer_id = %(customer)s
          and t.asked_id = %(asked)s
        """,
        draw=draw_id,
        customer=customer_id,
        asked=asked,
    )


async def _ticket(uow: UnitOfWork, draw: Draw, customer_id: UUID, asked: UUID) -> UUID:
    """The oldest open ticket, or a fresh one for points."""
    held = await uow.maybe(
        UUID,
        """
        select id from draw_tickets
        where merchant_id = %(merchant_id)s and draw_id = %(draw)s and customer_id = %(customer)s and state = 'open'
        order by created_at, id limit 1 for update
        """,
        draw=draw.id,
        customer=customer_id,
    )
    if held is not None:
        return held
    if draw.rules.ticket_points is None:
        raise NoTicket
    ticket_id = ids.derived("draws.bought", draw.id, customer_id, asked)
    spending = points.Move(customer_id, "spent", ticket_id, -draw.rules.ticket_points, note=draw.name)
    (spent,) = await points.move(uow, [spending])
    if isinstance(spent, points.NotEnough):
        raise spent
    await uow.run(
        """
        insert into draw_tickets (merchant_id, id, draw_id, customer_id, origin, subject_id, created_at)
        values (%(merchant_id)s, %(id)s, %(draw)s, %(customer)s, 'points', %(id)s, %(now)s)
        """,
        id=ticket_id,
        draw=draw.id,
        customer=customer_id,
    )
    return ticket_id


async def _draw(uow: UnitOfWork, draw: Draw, customer_id: UUID, ticket_id: UUID, asked: UUID) -> Result:
    serial = draw.drawn + 1
    seed = await uow.one(
        bytes, "select seed from draws where merchant_id = %(merchant_id)s and id = %(id)s", id=draw.id
    )
    outcome = rolled(seed, draw.id, serial, draw.rules, await queries.given(uow, draw.id))
    prize = next((each for each in draw.rules.prizes if each.no == outcome.prize_no), None)
    gift_id = await _give(uow, draw, prize, customer_id, ticket_id) if prize is not None else None
    await _write(uow, draw, customer_id, ticket_id, outcome, gift_id, asked)
    if prize is not None:
        facts = {"name": draw.name, "prize": prize.name, "id": str(draw.id)}
        await notices.tell(uow, [notices.Notice(customer_id, "draw_won", ticket_id, facts)])
    return Result(
        serial, ticket_id, customer_id, outcome.rolled, outcome.hit_no, outcome.prize_no, gift_id, uow.now
    )


async def _write(
    uow: UnitOfWork,
    draw: Draw,
    customer_id: UUID,
    ticket_id: UUID,
    outcome: Outcome,
    gift_id: UUID | None,
    asked: UUID,
) -> None:
    await uow.run(
        """
        insert into draw_results (merchant_id, draw_id, serial, ticket_id, customer_id, rolled, hit_no, prize_no,
                                  gift_id, at)
        values (%(merchant_id)s, %(draw)s, %(serial)s, %(ticket)s, %(customer)s, %(rolled)s, %(hit)s, %(prize)s,
                %(gift)s, %(now)s)
        """,
        draw=draw.id,
        serial=outcome.serial,
        ticket=ticket_id,
        customer=customer_id,
        rolled=outcome.rolled,
        hit=outcome.hit_no,
        prize=outcome.prize_no,
        gift=gift_id,
    )
    await uow.run(
        "update draws set drawn = %(serial)s where merchant_id = %(merchant_id)s and id = %(draw)s",
        draw=draw.id,
        serial=outcome.serial,
    )
    await uow.run(
        """
        update draw_tickets set state = 'drawn', asked_id = %(asked)s
        where merchant_id = %(merchant_id)s and id = %(ticket)s
        """,
        ticket=ticket_id,
        asked=asked,
    )
    if outcome.prize_no is not None:
        await uow.run(
            """
            update draw_prizes set given = given + 1
            where merchant_id = %(merchant_id)s and draw_id = %(draw)s and no = %(no)s
            """,
            draw=draw.id,
            no=outcome.prize_no,
        )


async def _give(uow: UnitOfWork, draw: Draw, prize: Prize, customer_id: UUID, ticket_id: UUID) -> UUID:
    """Hand the prize over in the same unit of work; the id of the coupon or of the movement."""
    if prize.offer_id is not None:
        return await _give_coupon(uow, prize.offer_id, customer_id, ticket_id)
    ends = await points.expiry_now(uow)
    gift = points.Move(
        customer_id,
        "granted",
        ticket_id,
        prize.points,
        expires_at=ends,
        note=f"抽奖：{draw.name} / draw: {draw.name}",
    )
    await points.move(uow, [gift])
    return gift.id


async def _give_coupon(uow: UnitOfWork, offer_id: UUID, customer_id: UUID, ticket_id: UUID) -> UUID:
    """Through the front door; a prize that was published is given also when its coupon was paused or all are out."""
    try:
        async with uow.part():
            held = await offers.give_coupon(uow, offer_id, customer_id, of=ticket_id, source="prize")
            return held.id
    except DomainError:
        return await _issue_coupon(uow, offer_id, customer_id)


class _Coupon(msgspec.Struct, frozen=True):
    rule: offers.Coupon
    version: int


async def _issue_coupon(uow: UnitOfWork, offer_id: UUID, customer_id: UUID) -> UUID:
    template = await uow.one(
        _Coupon,
        "select rule, version from offers where merchant_id = %(merchant_id)s and id = %(id)s",
        id=offer_id,
    )
    coupon = template.rule
    valid_from = max(uow.now, coupon.since or uow.now)
    until = coupon.until or valid_from + timedelta(days=coupon.days or 1)
    coupon_id = ids.new()
    await uow.run(
        """
        insert into coupons (merchant_id, id, offer_id, customer_id, source, valid_from, valid_until, created_at,
                             updated_at, offer_version)
        values (%(merchant_id)s, %(id)s, %(offer)s, %(customer)s, 'prize', %(since)s, %(until)s, %(now)s, %(now)s,
                %(version)s)
        """,
        id=coupon_id,
        offer=offer_id,
        customer=customer_id,
        version=template.version,
        since=valid_from,
        until=until,
    )
    return coupon_id


async def bring(uow: UnitOfWork, draw_id: UUID, customer_id: UUID, ticket_id: UUID) -> None:
    """A code from inside an item brings a ticket under the code's own id; twice is once.

    Raises NotFound, and NotRunning unless the draw is running and says that codes take part.
    """
    draw = await queries.find(uow, draw_id, lock=True)
    if not is_running(draw, uow.now) or not draw.rules.code_tickets:
        raise NotRunning
    await uow.run(
        """
        insert into draw_tickets (merchant_id, id, draw_id, customer_id, origin, subject_id, created_at)
        values (%(merchant_id)s, %(id)s, %(draw)s, %(customer)s, 'code', %(id)s, %(now)s)
        on conflict do nothing
        """,
        id=ticket_id,
        draw=draw_id,
        customer=customer_id,
    )


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """A received order brings tickets; one refunded below the amount loses those that were not drawn yet."""
    running = [
        draw for draw in await queries.listing(uow, state="published") if draw.rules.order_least is not None
    ]
    for event in events:
        for draw in running:
            if isinstance(event.fact, OrderReceived):
                if draw.rules.starts_at <= event.at < draw.rules.ends_at:
                    await _bring(uow, draw, event.fact.order_id)
            else:
                await _void(uow, draw, event.fact.order_id)


async def _bring(uow: UnitOfWork, draw: Draw, order_id: UUID) -> None:
    await uow.run(
        """
        insert into draw_tickets (merchant_id, id, draw_id, customer_id, origin, subject_id, created_at)
        select o.merchant_id, %(id)s, %(draw)s, o.customer_id, 'order', o.id, %(now)s
        from orders o
        where o.merchant_id = %(merchant_id)s and o.id = %(order)s and o.customer_id is not null
          and o.total - o.freight - (o.refunded - o.freight_refunded) >= %(least)s
        on conflict do nothing
        """,
        id=ids.derived("draws.order", draw.id, order_id),
        draw=draw.id,
        order=order_id,
        least=draw.rules.order_least,
    )


async def _void(uow: UnitOfWork, draw: Draw, order_id: UUID) -> None:
    await uow.run(
        """
        update draw_tickets t set state = 'void'
        from orders o
        where t.merchant_id = %(merchant_id)s and t.draw_id = %(draw)s and t.origin = 'order'
          and t.subject_id = %(order)s and t.state = 'open'
          and o.merchant_id = t.merchant_id and o.id = t.subject_id
          and o.total - o.freight - (o.refunded - o.freight_refunded) < %(least)s
        """,
        draw=draw.id,
        order=order_id,
        least=draw.rules.order_least,
    )


CONSUMERS = [Consumer("draws", (OrderReceived, OrderRefunded), on_facts)]
