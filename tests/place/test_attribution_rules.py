"""The rules of attribution, and that the statement which places orders says the same as they do."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import a_customer
from siyu.growth import promoters
from siyu.kernel import clock, ids
from siyu.place import attribution, doors
from siyu.place.attribution import Holder, Policy, PromoterTouch, Relation, Said
from siyu.runtime.db import Database, Merchant

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, C = (UUID(int=n) for n in (1, 2, 3))


def on(days: float, promoter: UUID, kind: str = "koc", **changes) -> PromoterTouch:
    return PromoterTouch(ids.new(), START + DAY * days, promoter, kind, **changes)


def said(days: float, kind, promoter: UUID | None = None) -> Said:
    return Said(ids.new(), START + DAY * days, kind, promoter)


def held(promoter: UUID, days: float = 0, *, is_guide: bool = False, is_active: bool = True) -> Holder:
    since = START + DAY * days
    relation = Relation(promoter, since, since, since + DAY * 15, since + DAY * 30)
    return Holder(relation, is_guide, is_active)


def always(policy: Policy = Policy()):  # noqa: B008 a frozen struct
    return attribution.policy_of([(START - DAY * 999, policy)])


def after(*events, policy: Policy = Policy()):  # noqa: B008
    standings = attribution.fold(events, always(policy))
    return standings[-1].relation if standings else None


def test_a_first_link_binds_for_thirty_days_of_which_fifteen_are_protected() -> None:
    assert after(on(0, A)) == Relation(A, START, START, START + DAY * 15, START + DAY * 30)


def test_another_link_takes_the_relation_after_the_protection_and_not_before() -> None:
    assert after(on(0, A), on(14.9, B)).promoter_id == A
    assert after(on(0, A), on(15, B)) == Relation(
        B, START + DAY * 15, START + DAY * 15, START + DAY * 30, START + DAY * 45
    )


def test_an_own_link_and_a_purchase_renew() -> None:
    renewed = after(on(0, A), on(10, A), said(20, "purchase", A))

    assert renewed == Relation(A, START, START + DAY * 20, START + DAY * 35, START + DAY * 50)
    assert after(on(0, A), said(20, "purchase", A), on(30, B)).promoter_id == A


def test_a_purchase_through_somebody_else_renews_nothing() -> None:
    assert after(on(0, A), said(20, "purchase", B)) == after(on(0, A))


def test_coming_by_ones_own_link_binds_nobody() -> None:
    assert after(on(0, A, is_own=True)) is None
    assert after(on(0, B), on(20, A, is_own=True)).promoter_id == B


def test_a_customer_clears_at_any_time_and_a_later_link_binds_anew() -> None:
    assert after(on(0, A), said(1, "cleared")) is None
    assert after(on(0, A), said(1, "cleared"), on(2, B)).promoter_id == B


def test_a_choice_and_an_assignment_hold_within_protection_too() -> None:
    assert after(on(0, A), said(1, "chosen", B)).promoter_id == B
    assert after(on(0, A), said(1, "assigned", C), on(2, B)).promoter_id == C


def test_a_shorter_policy_takes_back_nothing_that_was_promised() -> None:
    short = Policy(relation_days=3, protection_days=1)
    policies = attribution.policy_of([(START + DAY * 5, short)])

    standings = attribution.fold([on(0, A), on(10, A)], policies)

    assert standings[-1].relation.valid_until == START + DAY * 30


def test_without_relations_nothing_binds() -> None:
    assert after(on(0, A), policy=Policy(relation_days=0, protection_days=0)) is None


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_order_in_which_history_is_learnt_means_nothing(chance: random.Random) -> None:
    events = [
        said(chance.randrange(90), chance.choice(("purchase", "chosen", "assigned")), chance.choice((A, B)))
        if chance.random() < 0.3
        else on(chance.randrange(90), chance.choice((A, B, C)), is_own=chance.random() < 0.1)
        for _ in range(chance.randrange(12))
    ]
    mixed = chance.sample(events, len(events))

    assert attribution.fold(events, always()) == attribution.fold(mixed, always())
    assert attribution.fold([*events, *events], always())[-1:] == attribution.fold(events, always())[-1:]


@pytest.mark.parametrize(
    ("touches", "holder", "policy", "winner"),
    [
        ([], None, Policy(), None),
        ([on(-1, A)], None, Policy(), A),
        ([on(-1, A), on(-2, B)], None, Policy(), A),
        ([on(-7, A)], None, Policy(), None),
        ([on(-8, A)], held(B, -10), Policy(), B),
        ([on(-1, A)], held(B, -10), Policy(), A),
        ([], held(B, -30), Policy(), None),
        ([on(-1, A, is_active=False), on(-2, B)], None, Policy(), B),
        ([], held(B, -10, is_active=False), Policy(), None),
        ([on(-0.9, B, "live"), on(-0.1, A)], None, Policy(), B),
        ([on(-1.1, B, "live"), on(-0.1, A)], None, Policy(), A),
        ([on(-0.9, B, "live"), on(-0.1, A)], None, Policy(live_hours=0), A),
        ([on(-1, A)], held(B, -10, is_guide=True), Policy(guide_first=True), B),
        ([on(-1, A)], held(B, -10), Policy(guide_first=True), A),
        ([on(-1, A)], held(B, -10, is_guide=True), Policy(), A),
        ([on(-0.5, A, "live")], held(B, -10, is_guide=True), Policy(guide_first=True), A),
        ([on(-1, A, known_at=START + DAY)], None, Policy(), None),
    ],
)
def test_who_an_order_belongs_to(touches, holder, policy, winner) -> None:
    verdict = attribution.weigh(touches, holder, policy, START)

    assert verdict.promoter_id == winner
    assert sum(one.outcome.startswith("won_") for one in verdict.candidates) == (winner is not None)


def test_everybody_is_told_why() -> None:
    verdict = attribution.weigh(
        [on(-0.5, C, "live"), on(-0.2, A), on(-3, B), on(-9, A)], held(B, -10), Policy(), START
    )

    assert [(one.promoter_id, one.outcome) for one in verdict.candidates] == [
        (A, "live_first"),
        (C, "won_live"),
        (B, "live_first"),
        (A, "too_old"),
        (B, "live_first"),
    ]


_PEOPLE = 5


@given(chance=st.randoms(use_true_random=False))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_the_statement_says_what_the_rules_say(
    database: Database, merchant: Merchant, chance: random.Random
) -> None:
    """Random histories of several customers, one statement for all of them."""
    async with database.begin(merchant) as uow:
        people = await _people(database, merchant, chance)
        policy = await attribution.set_policy(
            uow,
            Policy(
                chance.randrange(1, 15), chance.choice((0, 24, 48)), 30, 15, guide_first=chance.random() < 0.5
            ),
        )
    buyers = [await a_customer(database, merchant) for _ in range(3)]
    now = clock.now()
    touches: list[doors.NewTouch] = []
    for buyer in buyers:
        for hours in chance.sample(range(1, 24 * 20), chance.randrange(7)):
            at = now - timedelta(hours=hours)
            touches.append(doors.NewTouch(chance.choice(people)[1].id, ids.new(), at, buyer))
    async with database.begin(merchant) as uow:
        await doors.add_touches(uow, touches)
        await attribution.relate(uow, buyers)
        stored = await doors.attributions(uow, buyers)
        policies = attribution.policy_of([(row.since, row.policy) for row in await attribution.history(uow)])
        then = uow.now

    by_door = {door.id: (person, door) for person, door in people}
    for buyer in buyers:
        own = [
            PromoterTouch(
                ids.new(), touch.at, by_door[touch.door_id][0].id, by_door[touch.door_id][1].kind,
                is_active=by_door[touch.door_id][0].state == "active",
            )
            for touch in touches
            if touch.customer_id == buyer
        ]  # fmt: skip
        standings = attribution.fold(own, policies)
        relation = standings[-1].relation if standings else None
        holder = None
        if relation:
            (who,) = [person for person, _ in people if person.id == relation.promoter_id]
            holder = Holder(relation, who.kind == "guide", who.state == "active")
        assert stored[buyer].promoter_id == attribution.weigh(own, holder, policy, then).promoter_id


async def _people(
    database: Database, merchant: Merchant, chance: random.Random
) -> list[tuple[promoters.Promoter, doors.Door]]:
    """Promoters of each kind, some of them paused."""
    made = []
    for kind in ("koc", "koc", "guide", "anchor", "leader")[:_PEOPLE]:
        customer = await a_customer(database, merchant)
        async with database.begin(merchant) as uow:
            one = await promoters.enrol(uow, customer, kind=kind, name=f"推广员{kind}")
            (door,) = await doors.of_promoter(uow, one.id)
            if chance.random() < 0.2:
                await promoters.pause(uow, one.id, "休息")
            made.append((await promoters.find(uow, one.id), door))
    return made
