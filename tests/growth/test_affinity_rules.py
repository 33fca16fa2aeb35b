"""The arithmetic of affinity, by hand: scores, capacity, what weighs against a match, the way of a KOC."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, strategies

from siyu.growth.affinity import rules, scoring, standing
from siyu.kernel import clock, ids


def test_the_gram_matrix_counts_each_person_by_how_much_they_bought() -> None:
    together = scoring.gram([0, 0, 1, 1, 1, 2], [0, 1, 0, 1, 2, 2], 3)

    third = 1 / 3
    assert together[0] == pytest.approx([0.5 + third, 0.5 + third, third])
    assert together[1] == pytest.approx([0.5 + third, 0.5 + third, third])
    assert together[2] == pytest.approx([third, third, 1 + third])


def test_what_is_learnt_is_the_closed_form_of_ridge_regression_without_oneself() -> None:
    """Each column of the weights solves its own regression: every product told from all the others, by least squares."""
    people, products = [0, 0, 1, 1, 2, 2, 3], [0, 1, 0, 1, 1, 2, 0]
    weights = scoring.fit(people, products, 3, penalty=2.0)

    baskets = np.zeros((4, 3))
    baskets[people, products] = 1
    baskets /= np.sqrt(baskets.sum(axis=1, keepdims=True))
    for product in range(3):
        others = [each for each in range(3) if each != product]
        x, y = baskets[:, others], baskets[:, product]
        expected = np.linalg.solve(x.T @ x + 2.0 * np.eye(2), x.T @ y)
        assert weights[others, product] == pytest.approx(expected, abs=1e-5)
        assert weights[product, product] == 0


def test_a_shop_without_purchases_is_scored_by_nothing() -> None:
    assert scoring.fit([], [], 0).shape == (0, 0)
    assert scoring.fit([], [], 2).tolist() == [[0, 0], [0, 0]]
    assert scoring.best(np.zeros((2, 3), dtype=np.int16), 5) == []


counts = strategies.integers(min_value=0, max_value=50)


@given(strategies.data())
def test_scores_are_permilles_and_nothing_scores_nothing(data: strategies.DataObject) -> None:
    promoters, products = data.draw(strategies.integers(1, 5)), data.draw(strategies.integers(1, 6))

    def table() -> np.ndarray:
        return np.asarray([[data.draw(counts) for _ in range(products)] for _ in range(promoters)])

    size = np.asarray([data.draw(counts) for _ in range(promoters)])
    audience, in_category = (np.minimum(table(), size[:, None]) for _ in range(2))
    sold = table()
    facts = scoring.Facts(
        own=table(),
        audience=audience,
        audience_in_category=np.maximum(audience, in_category),
        sold=sold,
        back=np.minimum(table(), sold),
        category_of=np.asarray([data.draw(strategies.integers(0, 2)) for _ in range(products)]),
        size=size,
        visitors=np.asarray([data.draw(counts) for _ in range(promoters)]),
    )
    people = [row for row in range(promoters) for _ in range(products) if facts.own[row].any()]
    scored = scoring.score(facts, scoring.fit(people, [n % products for n in range(len(people))], products))

    assert scored.score.min() >= 0
    assert scored.score.max() <= 1000
    silent = (scored.own_in_category + facts.audience + facts.audience_in_category + sold) == 0
    assert ((scored.score > 0) & silent & (scored.closer_than == 0)).sum() == 0


def test_more_of_the_same_never_scores_less() -> None:
    def of(own: int, back: int = 0) -> int:
        one = np.asarray([[10]])
        facts = scoring.Facts(
            own=np.asarray([[own]]), audience=np.asarray([[2]]), audience_in_category=np.asarray([[2]]), sold=one,
            back=np.asarray([[back]]), category_of=np.asarray([0]), size=np.asarray([4]), visitors=np.asarray([0]),
        )  # fmt: skip
        return int(scoring.score(facts, np.zeros((1, 1), dtype=np.float32)).score[0, 0])

    assert of(0) < of(1) < of(2) < of(5)
    assert of(2, back=0) > of(2, back=1) > of(2, back=5)


WEEKS = [(0, 0, 0)] * 4


@pytest.mark.parametrize(
    ("weeks", "orders"),
    [
        (WEEKS, 0),
        ([*WEEKS, (4, 4, 0)], 1),  # four weeks from one: a quarter each
        ([(8, 8, 0), (8, 8, 0), (8, 8, 0), (8, 8, 0), (20, 20, 19)], 8),  # the great week did not stay sold
        (
            [(3, 3, 3), (5, 5, 5), (0, 0, 0), (0, 0, 0)],
            4,
        ),  # never four good weeks: the mean of those with sales
    ],
)
def test_capacity_is_what_was_carried_for_four_weeks_without_returns(
    weeks: list[tuple[int, int, int]], orders: int
) -> None:
    assert rules.weekly_orders(weeks) == orders


def test_who_is_tried_takes_one_task_and_who_rests_none() -> None:
    assert [rules.tasks_carried(state, 12) for state in rules.MOVES] == [0, 0, 1, 1, 4, 0, 0]
    assert rules.tasks_carried("active", 500) == rules.TASKS_MAX


@given(raw=strategies.integers(0, 1000), tasks=strategies.integers(0, 9), shared=strategies.integers(0, 1000))
def test_what_weighs_against_a_match_never_puts_it_out_of_the_list(raw: int, tasks: int, shared: int) -> None:
    left = rules.taken_off(raw, tasks, shared, recent=30, weekly=10)

    assert raw // 5 <= left <= raw
    assert left >= rules.taken_off(raw, tasks + 1, shared, recent=30, weekly=10)


def test_a_candidate_is_one_for_coming_back_and_bringing_friends_and_not_for_returning() -> None:
    assert rules.candidate_score(again=0, products=1, friends=0, back=0, units=9) == 30
    assert rules.candidate_score(again=3, products=2, friends=2, back=0, units=9) == 480
    assert rules.candidate_score(again=3, products=2, friends=2, back=5, units=9) == 0


def signs(state: str, **facts: object) -> standing.Signs:
    known = {
        "promoter_state": "active",
        "is_trained": False,
        "has_task": False,
        "units": 0,
        "back": 0,
        "last_at": None,
    }
    return standing.Signs(customer_id=ids.new(), state=state, **{**known, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("present", "after"),
    [
        (signs("candidate", promoter_state=None), None),
        (signs("candidate"), "invited"),
        (signs("invited"), None),
        (signs("invited", is_trained=True), "trained"),
        (signs("trained", has_task=True), "trial"),
        (signs("trial", units=6, back=2), None),  # four pieces stayed
        (signs("trial", units=5), "active"),
        (signs("active", last_at=clock.now() - timedelta(days=29)), None),
        (signs("active", last_at=clock.now() - timedelta(days=31)), "resting"),
        (signs("active", promoter_state="dismissed", last_at=clock.now()), "exited"),
        (signs("exited", promoter_state="dismissed"), None),
    ],
)
def test_the_rules_take_one_step_at_a_time_and_only_ways_that_hands_may_take(
    present: standing.Signs, after: str | None
) -> None:
    assert standing.next_state(present, clock.now()) == after
    assert after is None or rules.may_move(present.state, after)  # type: ignore[arg-type]
