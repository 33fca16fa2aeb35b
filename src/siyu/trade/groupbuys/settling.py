"""Bringing groups to what the orders of their members make of them: paid, complete, left, over."""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.events import OrderClosed, OrderPaid, OrderRefunded
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, NotFound
from siyu.runtime.db import UnitOfWork, json_rows, uuid_array
from siyu.runtime.worker import Consumer, Event
from siyu.trade import orders, payments
from siyu.trade.groupbuys import reading, rules, taking
from siyu.trade.groupbuys.model import Group, OverBySuccess, Seat
from siyu.web import mark

log = logging.getLogger(__name__)

# What the buyer reads beside the refund; WeChat Pay shows it too.
NOT_COMPLETE = mark("拼团未成功，自动退款")
NO_PLACE = mark("付款时团已满，自动退款")
LEFT = mark("成团前退出拼团")
TIER = mark("拼团人数达到下一档，退还差价")


async def on_facts(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Something happened to an order that may hold a seat: its group is judged again by how its orders stand."""
    order_ids = {event.fact.order_id for event in events}
    group_ids = await uow.all(
        UUID,
        """
        select distinct group_id from group_seats
        where merchant_id = %(merchant_id)s and order_id = any(%(orders)s::uuid[])
        """,
        orders=uuid_array(order_ids),
    )
    await settle(uow, group_ids)


CONSUMERS = [Consumer("groupbuys", (OrderPaid, OrderClosed, OrderRefunded), on_facts)]


async def settle(uow: UnitOfWork, group_ids: Iterable[UUID]) -> int:
    """Judge these groups and do what follows. Doing it twice does nothing the second time.

    Returns how many groups or seats changed.
    """
    wanted = sorted(set(group_ids))
    if not wanted:
        return 0
    groups = await reading.groups(uow, wanted, lock=True)
    seats: dict[UUID, list[Seat]] = {group.id: [] for group in groups}
    for seat in await reading.seats(uow, wanted):
        seats[seat.group_id].append(seat)
    judged = [(group, rules.decide(group, seats[group.id], uow.now)) for group in groups]
    # A stray is written where it ends up, not as the lapsed hold it was a moment ago.
    changed = [(order_id, state) for _, one in judged for order_id, state in one.seats.items()]
    await _write_seats(uow, changed)
    await _write_groups(uow, [one.group for group, one in judged if one.group != group])
    await orders.release_hold(uow, [order_id for _, one in judged for order_id in one.released])
    for group, one in judged:
        if group.terms.tiers and one.released:
            openers = {seat.order_id for seat in seats[group.id] if seat.is_opener}
            await _give_difference(uow, one.group, one.released, openers)
        for seat in one.strays:
            await _find_place(uow, group, seat)
    return len(changed) + sum(one.group != group for group, one in judged)


class _SeatState(msgspec.Struct, frozen=True):
    order_id: UUID
    state: str


async def _write_seats(uow: UnitOfWork, changed: Sequence[tuple[UUID, str]]) -> None:
    if changed:
        await uow.run(
            """
            update group_seats s set state = t.state, updated_at = %(now)s,
                   paid_at = case when t.state = 'paid' then coalesce(s.paid_at, o.paid_at, %(now)s) else s.paid_at end
            from json_to_recordset(%(rows)s::json) as t (order_id uuid, state text)
            join orders o on o.merchant_id = %(merchant_id)s and o.id = t.order_id
            where s.merchant_id = %(merchant_id)s and s.order_id = t.order_id
            """,
            rows=json_rows(_SeatState(order_id, state) for order_id, state in changed),
        )


class _GroupState(msgspec.Struct, frozen=True):
    id: UUID
    state: str
    opener: UUID | None
    leader: UUID | None
    held: int
    paid: int
    opened_at: datetime | None
    look_at: datetime
    ended_at: datetime | None


async def _write_groups(uow: UnitOfWork, changed: Sequence[Group]) -> None:
    if changed:
        await uow.run(
            """
            update group_buys g
            set state = t.state, opener_id = t.opener, leader_id = t.leader, held = t.held, paid = t.paid,
                opened_at = t.opened_at, look_at = t.look_at, ended_at = t.ended_at, updated_at = %(now)s
            from json_to_recordset(%(rows)s::json)
                as t (id uuid, state text, opener uuid, leader uuid, held smallint, paid smallint,
                      opened_at timestamptz, look_at timestamptz, ended_at timestamptz)
            where g.merchant_id = %(merchant_id)s and g.id = t.id
            """,
            rows=json_rows(
                _GroupState(g.id, g.state, g.opener_id, g.leader_id, g.held, g.paid, g.opened_at, g.look_at, g.ended_at)
                for g in changed
            ),
        )  # fmt: skip


async def leave(uow: UnitOfWork, group_id: UUID, customer_id: UUID) -> UUID:
    """A member leaves before the group has succeeded: everything they paid goes back, their place is free again.

    Raises NotFound unless they are in the group, and OverBySuccess once it has ended. Returns their order.
    """
    found = await reading.groups(uow, [group_id], lock=True)
    mine = [seat for seat in await reading.seats(uow, [group_id]) if seat.customer_id == customer_id]
    if not found or not mine:
        raise NotFound(what="拼团 / group")
    if not found[0].is_alive:
        raise OverBySuccess
    seat = next((seat for seat in mine if seat.order_state == "paid"), None)
    if seat is None:
        gone = next((seat for seat in mine if seat.state == "withdrawn"), None)
        if gone is not None:
            return gone.order_id  # the second click
        raise NotFound(what="已付款的名额 / paid place")
    await give_money_back(uow, seat.order_id, LEFT, purpose="group.left")
    await settle(uow, [group_id])
    return seat.order_id


async def give_money_back(uow: UnitOfWork, order_id: UUID, reason: str, *, purpose: str) -> UUID:
    """Refund everything of an order whose goods have not left; returns the refund. Asking twice refunds once."""
    order = await orders.find(uow, order_id, anywhere=True)
    refund = await payments.request_refund(
        uow,
        payments.RequestRefund(
            id=ids.derived(purpose, order_id),
            order_id=order_id,
            lines=tuple((line.line_no, line.waiting) for line in order.lines if line.waiting),
            reason=reason,
            of="waiting",
            freight=order.freight - order.freight_refunded,
        ),
    )
    return refund.id


async def refund_seat(uow: UnitOfWork, seat: Seat, reason: str) -> None:
    """The seat's money is on its way back; it is `refunded` when that is confirmed."""
    refund_id = await give_money_back(uow, seat.order_id, reason, purpose="group.refund")
    await uow.run(
        """
        update group_seats set state = 'refunding', refund_id = %(refund)s, updated_at = %(now)s,
                               paid_at = coalesce(paid_at, %(paid_at)s)
        where merchant_id = %(merchant_id)s and order_id = %(order)s
        """,
        refund=refund_id,
        order=seat.order_id,
        paid_at=seat.paid_at,
    )


async def _find_place(uow: UnitOfWork, group: Group, seat: Seat) -> None:
    """Somebody's money came when their place was gone: a group of their own at the same price, or all of it back.

    The page says so before the order is placed. A group never gets one member more than it has places.
    """
    offer = await taking.running(uow, [group.offer_id])
    if offer and offer[0].is_live and offer[0].version == group.offer_version:
        fresh = _group_of_their_own(group, seat, uow.now)
        if await taking.insert_groups(uow, [fresh]):
            await uow.run(
                """
                update group_seats set group_id = %(group)s, moved_from = %(from)s, state = 'paid', is_opener = true,
                                       paid_at = %(paid_at)s, updated_at = %(now)s
                where merchant_id = %(merchant_id)s and order_id = %(order)s
                """,
                **{"group": fresh.id, "from": group.id, "order": seat.order_id, "paid_at": seat.paid_at or uow.now},
            )  # fmt: skip
            await settle(uow, [fresh.id])
            return
    await refund_seat(uow, seat, NO_PLACE if group.is_alive or group.state == "succeeded" else NOT_COMPLETE)


def _group_of_their_own(group: Group, seat: Seat, now: datetime) -> Group:
    hours, least = group.terms.hours, group.terms.least_hours
    return msgspec.structs.replace(
        group,
        id=ids.derived("group.of_their_own", seat.order_id),
        opener_id=seat.customer_id,
        leader_id=seat.customer_id,
        created_at=now,
        least_at=now + timedelta(hours=least) if least else None,
        expires_at=now + timedelta(hours=hours),
    )


async def _give_difference(
    uow: UnitOfWork, group: Group, order_ids: Sequence[UUID], openers: Collection[UUID]
) -> None:
    """More people than the size have come: what each member paid above the tier's price goes back."""
    for order_id in order_ids:
        order = await orders.find(uow, order_id, anywhere=True)
        reductions = [
            (line.line_no, amount)
            for line in order.lines
            if line.sku_id in group.terms.prices
            and (amount := _difference(group, line, is_opener=order_id in openers)) > 0
        ]
        if not reductions:
            continue
        request = payments.RequestRefund(
            id=ids.derived("group.tier", order_id),
            order_id=order_id,
            lines=(),
            reason=TIER,
            reductions=tuple(reductions),
        )
        try:
            async with uow.part():
                await payments.request_refund(uow, request)
        except DomainError as refusal:
            # The group has succeeded whatever becomes of one member's difference; a person can still give it back.
            log.warning("no difference for order %s: %s", order.number, refusal.code)


def _difference(group: Group, line: orders.OrderLine, *, is_opener: bool) -> int:
    """What a line's units cost above the tier's price, in minor units; never more than was paid.

    Who bought when the marked price was below the group's has paid that, and gets back what is above the tier's.
    """
    off = group.terms.leader_off if is_opener else 0
    before = min(group.terms.prices[line.sku_id] - off, line.unit_price)
    after = min(rules.tier_price(group.terms, group.paid, line.sku_id) - off, line.unit_price)
    return min((before - max(after, 0)) * line.waiting, line.amount - line.refunded_amount)
