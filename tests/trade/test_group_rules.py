"""The judgement of a group: whatever its members' orders do, it never has more members than places."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from siyu.goods.offers import GroupBuy, GroupTier
from siyu.kernel import ids
from siyu.trade.groupbuys import rules
from siyu.trade.groupbuys.model import Group, Seat

SKU, OFFER = ids.new(), ids.new()
BORN = datetime(2026, 11, 22, 8, tzinfo=UTC)
STATES = ("unpaid", "paid", "closed", "refunded")


def a_group(size: int, *, state: str = "open", **terms: object) -> Group:
    rule = msgspec.structs.replace(GroupBuy(prices={SKU: 990}, size=size), **terms)
    least = BORN + timedelta(hours=rule.least_hours) if rule.least_hours else None
    opener = ids.new()
    return Group(
        ids.new(), OFFER, 1, "拼团", rule, state, opener, opener, size, rules.capacity(rule), 0, 0, BORN, BORN, least,
        BORN + timedelta(hours=rule.hours), BORN + timedelta(hours=rule.hours), None,
    )  # fmt: skip


def a_seat(group: Group, n: int, state: str, order_state: str, customer_id: UUID | None = None) -> Seat:
    at = BORN + timedelta(minutes=n)
    paid_at = at if order_state in {"paid", "refunded"} else None
    return Seat(
        ids.new(), group.id, customer_id or (group.opener_id if n == 0 else None) or ids.new(), state, n == 0, 1,
        at + timedelta(minutes=10), at, paid_at, str(n), order_state,
    )  # fmt: skip


@st.composite
def crowds(draw: st.DrawFn) -> tuple[Group, list[Seat], datetime]:
    """A group whose seats are as placement lets them be: never more live ones than places."""
    size = draw(st.integers(2, 5))
    tiers = (GroupTier(5, {SKU: 900}),) if draw(st.booleans()) and size < 5 else ()
    least = draw(st.booleans()) and size > 2
    group = a_group(size, tiers=tiers, least_size=2 if least else None, least_hours=12 if least else None)
    live = draw(st.lists(st.sampled_from(("held", "paid")), max_size=group.capacity))
    gone = draw(st.lists(st.sampled_from(("lapsed", "withdrawn")), max_size=4))
    seats = [a_seat(group, n, state, draw(st.sampled_from(STATES))) for n, state in enumerate([*live, *gone])]
    now = BORN + timedelta(minutes=draw(st.integers(0, 26 * 60)))
    return group, seats, now


@given(crowds())
def test_a_group_never_has_more_members_than_places(crowd: tuple[Group, list[Seat], datetime]) -> None:
    group, seats, now = crowd
    after = rules.decide(group, seats, now)
    states = {seat.order_id: after.seats.get(seat.order_id, seat.state) for seat in seats}
    sitting = [state for state in states.values() if state in {"held", "paid"}]

    assert len(sitting) <= group.capacity
    assert after.group.held + after.group.paid == len(sitting)
    assert after.group.expires_at == group.expires_at
    if after.group.state == "succeeded":
        assert after.group.paid >= min(group.size, group.terms.least_size or group.size)
        assert set(after.released) == {order for order, state in states.items() if state == "paid"}
    if after.group.state in {"open", "full"}:
        assert now < group.expires_at + rules.GRACE
        assert (after.group.state == "full") == (len(sitting) >= group.capacity)
    if after.group.state in {"failed", "lapsed"}:
        assert after.group.paid == 0


@given(crowds())
def test_judging_twice_changes_nothing_the_second_time(crowd: tuple[Group, list[Seat], datetime]) -> None:
    group, seats, now = crowd
    once = rules.decide(group, seats, now)
    strays = {seat.order_id for seat in once.strays}
    moved = [
        msgspec.structs.replace(seat, state=once.seats.get(seat.order_id, seat.state))
        for seat in seats
        if seat.order_id not in strays  # they sit in another group now, or are refunded
    ]

    twice = rules.decide(once.group, moved, now)

    assert (dict(twice.seats), twice.strays, twice.released) == ({}, (), ())
    assert msgspec.structs.replace(twice.group, look_at=once.group.look_at) == once.group


@given(crowds())
def test_money_never_sits_on_no_seat(crowd: tuple[Group, list[Seat], datetime]) -> None:
    group, seats, now = crowd
    after = rules.decide(group, seats, now)
    strays = {seat.order_id for seat in after.strays}
    for seat in seats:
        state = after.seats.get(seat.order_id, seat.state)
        if seat.order_state == "paid" and seat.state in {"held", "lapsed"}:
            assert (state == "paid") != (seat.order_id in strays)


def test_somebody_with_a_seat_gets_no_second_one_for_late_money() -> None:
    group = a_group(3)
    person = ids.new()
    seats = [
        a_seat(group, 0, "paid", "paid"),
        a_seat(group, 1, "lapsed", "paid", person),
        a_seat(group, 2, "held", "unpaid", person),
    ]

    after = rules.decide(group, seats, BORN + timedelta(hours=1))

    assert [seat.order_id for seat in after.strays] == [seats[1].order_id]
    assert (after.group.paid, after.group.held) == (1, 1)


def test_the_tier_that_is_reached_sets_the_price() -> None:
    terms = GroupBuy(prices={SKU: 990}, size=2, tiers=(GroupTier(3, {SKU: 900}), GroupTier(5, {SKU: 800})))

    assert [rules.tier_price(terms, members, SKU) for members in (2, 3, 4, 5)] == [990, 900, 900, 800]
    assert rules.capacity(terms) == 5


def test_a_hold_is_never_longer_than_what_is_left_of_the_group() -> None:
    terms = GroupBuy(prices={SKU: 990}, size=2)
    end = BORN + timedelta(hours=24)
    left = [
        rules.hold_minutes(end, terms, end - timedelta(seconds=seconds))
        for seconds in (86_400, 600, 599, 60, 59, 0, -60)
    ]

    assert left == [10, 10, 9, 1, 0, 0, 0]
