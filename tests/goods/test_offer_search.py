"""The search among offers that get in each other's way finds what trying every combination would find."""

import random
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goods.offer_cart import APPLE, BREAD, MILK, apply, cart
from siyu.goods import offers
from siyu.goods.offers import engine, engine_search
from siyu.goods.offers.engine_plan import Ground, Option, Pass, passed_through
from siyu.goods.offers.engine_search import Search
from siyu.goods.offers.model import Stacking

CLASSES: tuple[Stacking, ...] = ("best", "best", "stack", "exclusive")


def a_shelf(chance: random.Random, count: int) -> list[offers.Offer]:
    """Offers that all touch the cart: thresholds that a member price may miss, rivals, exclusive ones."""
    found = []
    for number in range(count):
        at = chance.choice([(), (APPLE,), (MILK,), (BREAD,), (APPLE, MILK)])
        least, off = chance.randrange(500, 5_000), chance.randrange(50, 1_500)
        rule = chance.choice(
            [
                offers.AmountOff((offers.Reached(least, off),)),
                offers.PercentOff((offers.Reached(least, chance.randrange(100, 4_000)),)),
                offers.NthItem(chance.choice([2, 3]), chance.randrange(1_000, 9_000)),
                offers.AnyN(2, chance.randrange(500, 2_000)),
                offers.LimitedPrice({chance.choice([APPLE, MILK, BREAD]): chance.randrange(300, 900)}),
                offers.MemberPrice(chance.randrange(100, 2_000)),
            ]
        )
        stacking = chance.choice(CLASSES)
        found.append(
            offers.Offer(
                UUID(int=500 + number), f"活动{number}", rule, offers.Scope(sku_ids=at), stacking=stacking,
                priority=chance.randrange(3),
            )
        )  # fmt: skip
    return found


def asked(lines, live: list[offers.Offer]) -> tuple[Ground, list[Option]]:
    """What the engine asks its search for this cart."""
    seen: list[tuple[Ground, list[Option]]] = []

    def listening(ground: Ground, options: list[Option], wanted: frozenset[UUID]) -> Pass:
        seen.append((ground, options))
        return engine_search.cheapest(ground, options, wanted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "cheapest", listening)
        apply(lines, *live, traits=offers.Traits(UUID(int=201), level="金卡"))
    return seen[0] if seen else (Ground((), (), {}, ""), [])


def by_every_combination(ground: Ground, options: list[Option]) -> int:
    return min(
        passed_through(ground, some).total
        for size in range(len(options) + 1)
        for some in combinations(options, size)
    )


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 10**9), st.integers(2, 9))
def test_nothing_is_cheaper_than_what_is_found(seed: int, count: int) -> None:
    chance = random.Random(seed)
    lines = cart(chance.randrange(5), chance.randrange(5), 1 + chance.randrange(4))

    ground, options = asked(lines, a_shelf(chance, count))

    if options:
        found = engine_search.cheapest(ground, options)
        assert found.total == by_every_combination(ground, options)


def test_sixteen_offers_at_once_are_searched_through_exactly_but_for_riddles() -> None:
    passes, exact = [], 0
    for seed in range(40):
        chance = random.Random(seed)
        ground, options = asked(cart(4, 4, 4), a_shelf(chance, 16))
        search = Search(ground, options, passed_through(ground, options), frozenset())
        search.below(search.best, options, frozenset())
        passes.append(search.passes)
        exact += search.is_exact

    assert exact >= 39  # one riddle in forty is given up after PASSES_MAX passes, with the best found by then
    assert max(passes) <= engine_search.PASSES_MAX


def test_a_cart_that_nobody_could_search_through_never_costs_more_than_with_everything() -> None:
    chance = random.Random(5)
    ground, options = asked(cart(5, 5, 5), a_shelf(chance, 60))
    everything = passed_through(ground, options)

    assert engine_search.cheapest(ground, options).total <= everything.total
