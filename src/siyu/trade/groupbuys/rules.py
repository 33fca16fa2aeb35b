"""What time, money and members make of a group. Pure: rows in, decision out; the same rows give the same answer.

A group is judged from how its orders stand, never from what was told last, so facts that come twice, late or in
another order change nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from siyu.goods.offers import GroupBuy
from siyu.trade.groupbuys.model import PAID_ORDER, TAKEN, Group, Seat

PEOPLE_MAX = (
    5  # 微信小程序平台运营规范 5.1.8: a group activity has at most five people, whoever shares it included
)
HOURS_MAX = 72
GRACE = timedelta(minutes=2)  # for a payment begun in time, until its gateway has said what became of it
ASK_AGAIN = timedelta(seconds=5)


class Decision(msgspec.Struct, frozen=True):
    """What a group becomes: the seats whose state changes, and members whose money came when no place was left."""

    group: Group
    seats: Mapping[UUID, str]
    strays: tuple[Seat, ...] = ()
    released: tuple[UUID, ...] = ()  # orders whose group has succeeded: they may leave the house now


def capacity(terms: GroupBuy) -> int:
    """How many people there is room for: the size, or that of the largest tier."""
    return max(terms.size, *(tier.size for tier in terms.tiers), 0)


def prices(terms: GroupBuy, *, is_opener: bool) -> dict[UUID, int]:
    """The unit price of every SKU, in minor units; the opener's has `leader_off` taken from each unit."""
    off = terms.leader_off if is_opener else 0
    return {sku: max(price - off, 0) for sku, price in terms.prices.items()}


def tier_price(terms: GroupBuy, members: int, sku_id: UUID) -> int:
    """What one unit costs when so many have paid."""
    reached = [tier for tier in terms.tiers if tier.size <= members and sku_id in tier.prices]
    lowest = [tier.prices[sku_id] for tier in reached]
    return min([terms.prices[sku_id], *lowest])


def hold_minutes(group_expires_at: datetime, terms: GroupBuy, now: datetime) -> int:
    """How many whole minutes an unpaid place is held: never beyond the group's end. 0: too late to join."""
    left = int((group_expires_at - now).total_seconds()) // 60
    return max(0, min(terms.seat_minutes, left))


def needed(group: Group, now: datetime) -> int:
    """How many paid members are enough at this moment."""
    least = group.terms.least_size
    if least is not None and group.least_at is not None and now >= group.least_at:
        return min(least, group.size)
    return group.size


def decide(group: Group, seats: Sequence[Seat], now: datetime) -> Decision:
    """Judge a group by how its members' orders stand."""
    states = {seat.order_id: _aligned(group, seat) for seat in seats}
    strays: list[Seat] = []
    for seat in seats:
        if seat.state == "lapsed" and seat.order_state in PAID_ORDER:
            if _has_room(group, seats, states, seat, now):
                states[seat.order_id] = "paid"
            else:
                strays.append(seat)
        elif states[seat.order_id] == "stray":
            states[seat.order_id] = "lapsed"
            strays.append(seat)
    changed = {seat.order_id: state for seat in seats if (state := states[seat.order_id]) != seat.state}
    if group.state == "succeeded":
        late = tuple(order_id for order_id, state in changed.items() if state == "paid")
        held = sum(state == "held" for state in states.values())
        group = msgspec.structs.replace(group, held=held, paid=group.paid + len(late))
        return Decision(group, changed, tuple(strays), late)
    if not group.is_alive:
        return Decision(group, changed, tuple(strays))
    after = _moved_on(group, [s for s in seats if states[s.order_id] in TAKEN], states, now)
    released = _paid(seats, states) if after.state == "succeeded" else ()
    return Decision(after, changed, tuple(strays), released)


def _aligned(group: Group, seat: Seat) -> str:
    """The state a seat has by its order; `stray` when it was paid for in a group that is over."""
    state = seat.order_state
    if seat.state == "held":
        if state in PAID_ORDER:
            return "paid" if group.is_alive or group.state == "succeeded" else "stray"
        if state == "closed":
            return "lapsed"
        return "withdrawn" if state == "refunded" else "held"
    if seat.state == "paid" and state == "refunded":
        return "withdrawn"
    return seat.state


def _has_room(
    group: Group, seats: Sequence[Seat], states: Mapping[UUID, str], seat: Seat, now: datetime
) -> bool:
    """Whether somebody whose hold lapsed may sit down again."""
    sitting = [other for other in seats if states[other.order_id] in TAKEN]
    is_there = any(other.customer_id == seat.customer_id for other in sitting)
    return group.is_alive and now < group.expires_at and len(sitting) < group.capacity and not is_there


def _paid(seats: Sequence[Seat], states: Mapping[UUID, str]) -> tuple[UUID, ...]:
    return tuple(seat.order_id for seat in seats if states[seat.order_id] == "paid")


def _moved_on(group: Group, sitting: Sequence[Seat], states: Mapping[UUID, str], now: datetime) -> Group:
    """The group with its counts, its leader and the state that follows. The deadline never moves."""
    paid = [seat for seat in sitting if states[seat.order_id] == "paid"]
    group = msgspec.structs.replace(
        group,
        held=len(sitting) - len(paid),
        paid=len(paid),
        opened_at=group.opened_at or (now if paid else None),
        opener_id=group.opener_id if any(seat.is_opener for seat in sitting) else None,
        leader_id=_leader(group, sitting, paid, now),
    )
    state = _state(group, now)
    if state in {"open", "full"}:
        return msgspec.structs.replace(group, state=state, look_at=_next_look(group, now))
    return msgspec.structs.replace(group, state=state, ended_at=now, look_at=now)


def _leader(group: Group, sitting: Sequence[Seat], paid: Sequence[Seat], now: datetime) -> UUID | None:
    """Who opened the group, while they are in it; after them the earliest paid member."""
    if any(seat.customer_id == group.leader_id for seat in (paid or sitting)):
        return group.leader_id
    if not paid:
        return group.leader_id
    return min(paid, key=lambda seat: (seat.paid_at or now, seat.order_id)).customer_id


def _state(group: Group, now: datetime) -> str:
    is_over = now >= group.expires_at
    # With tiers it pays to wait for more people, so such a group ends when it is full or its time is up.
    waits = bool(group.terms.tiers) and (not is_over or (group.held > 0 and now < group.expires_at + GRACE))
    if group.paid >= (group.capacity if waits else needed(group, now)):
        return "succeeded"
    if group.held + group.paid == 0:
        return "failed" if group.opened_at is not None else "lapsed"
    if not is_over or _may_still_be_paid(group, now):
        return "full" if group.held + group.paid >= group.capacity else "open"
    if group.paid:
        return "expired"
    return "failed" if group.opened_at is not None else "lapsed"


def _may_still_be_paid(group: Group, now: datetime) -> bool:
    """Whether payments begun in time could still complete the group: their gateways are being asked."""
    in_time = now < group.expires_at + GRACE
    return in_time and group.held > 0 and group.held + group.paid >= needed(group, now)


def _next_look(group: Group, now: datetime) -> datetime:
    if now >= group.expires_at:
        return now + ASK_AGAIN
    if group.least_at is not None and group.least_at > now:
        return group.least_at
    return group.expires_at
