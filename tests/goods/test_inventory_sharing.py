"""Sharing stock out: first come first served, whole or not at all, never oversold, never split against the rule."""

from itertools import combinations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.goods.inventory import Group, Level, Need, NotEnoughStock, share_out, wanted

HERE, THERE, YONDER, ELSEWHERE = (UUID(int=n) for n in range(1, 5))
APPLE, MILK, RICE, TEA = (UUID(int=n) for n in range(11, 15))
PLACES, SKUS = (HERE, THERE, YONDER, ELSEWHERE), (APPLE, MILK, RICE, TEA)


def stock(**rows: dict[UUID, int]) -> dict[tuple[UUID, UUID], Level]:
    places = {"here": HERE, "there": THERE, "yonder": YONDER}
    return {
        (places[name], sku): Level(places[name], sku, pieces, 0)
        for name, of in rows.items()
        for sku, pieces in of.items()
    }


def group(
    *lines: tuple[UUID, int], at: tuple[UUID, ...] = (HERE, THERE, YONDER), split: bool = False
) -> Group:
    return Group(tuple((Need(sku, n),) for sku, n in lines), at, split)


def test_the_first_location_that_has_everything_serves_the_whole_order() -> None:
    levels = stock(here={APPLE: 5}, there={APPLE: 5, MILK: 5}, yonder={APPLE: 5, MILK: 5})

    answers, taken = share_out(levels, [group((APPLE, 2), (MILK, 1), split=True)])

    assert answers == [(THERE, THERE)]
    assert {(p.location_id, p.sku_id, p.quantity) for p in taken} == {(THERE, APPLE, 2), (THERE, MILK, 1)}


def test_an_order_that_no_location_has_whole_is_split_only_where_that_is_allowed() -> None:
    levels = stock(here={APPLE: 5}, there={MILK: 5})

    together, _ = share_out(levels, [group((APPLE, 2), (MILK, 1))])
    apart, taken = share_out(levels, [group((APPLE, 2), (MILK, 1), split=True)])

    assert isinstance(together[0], NotEnoughStock)
    assert (together[0].field, together[0].facts["available"]) == ("lines[1].sku_id", 0)
    assert apart == [(HERE, THERE)]
    assert len(taken) == 2


def test_the_fewest_locations_are_taken_and_among_as_few_the_preferred_ones() -> None:
    levels = stock(here={APPLE: 5}, there={APPLE: 5, MILK: 5}, yonder={RICE: 5, MILK: 5})

    answers, _ = share_out(levels, [group((APPLE, 1), (MILK, 1), (RICE, 1), split=True)])

    assert answers == [(HERE, YONDER, YONDER)]


def test_a_line_is_never_divided_and_the_refusal_names_it_with_the_most_one_place_has() -> None:
    levels = stock(here={APPLE: 9, MILK: 3}, there={MILK: 4})

    answers, taken = share_out(levels, [group((APPLE, 1), (MILK, 5), split=True)])

    assert isinstance(answers[0], NotEnoughStock)
    assert (answers[0].field, answers[0].facts["available"], taken) == ("lines[1].sku_id", 4, [])


def test_a_bundle_lies_whole_at_one_location() -> None:
    levels = stock(here={APPLE: 2}, there={APPLE: 2, MILK: 2})
    bundle = Group(((Need(APPLE, 2), Need(MILK, 1)),), (HERE, THERE), split=True)

    assert share_out(levels, [bundle])[0] == [(THERE,)]


def test_a_virtual_line_lies_at_the_first_location_or_nowhere() -> None:
    assert share_out({}, [Group(((),), (HERE, THERE)), Group(((),), ())])[0] == [(HERE,), (None,)]


def test_what_a_supplier_sends_lies_at_the_supplier_and_is_no_split() -> None:
    levels = stock(here={APPLE: 5}, yonder={TEA: 2})
    one = Group(((Need(APPLE, 1),), (Need(TEA, 2),)), (HERE,), fixed=(None, YONDER))

    answers, _ = share_out(levels, [one, one])

    assert answers[0] == (HERE, YONDER)
    assert isinstance(answers[1], NotEnoughStock)
    assert (answers[1].field, answers[1].facts["available"]) == ("lines[1].sku_id", 0)


def test_what_is_kept_back_is_not_shared_out() -> None:
    levels = {(HERE, APPLE): Level(HERE, APPLE, 10, 3, 5)}

    answers, _ = share_out(levels, [group((APPLE, 3)), group((APPLE, 2))])

    assert isinstance(answers[0], NotEnoughStock)
    assert (answers[0].facts["available"], answers[1]) == (2, (HERE,))


lines = st.lists(
    st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 4)), max_size=3, unique_by=lambda need: need[0]),
    min_size=1,
    max_size=4,
).map(lambda told: tuple(tuple(Need(*need) for need in line) for line in told))
groups = st.builds(
    Group,
    lines=lines,
    locations=st.lists(st.sampled_from(PLACES), unique=True, max_size=4).map(tuple),
    split=st.booleans(),
)
shelves = st.dictionaries(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(SKUS)),
    st.tuples(st.integers(0, 8), st.integers(0, 3), st.integers(0, 3)),
).map(
    lambda rows: {
        key: Level(*key, on_hand, min(on_hand, res), keep) for key, (on_hand, res, keep) in rows.items()
    }
)


def fits(line: tuple[Need, ...], place: UUID, left: dict[tuple[UUID, UUID], int]) -> bool:
    return all(left.get((place, need.sku_id), 0) >= need.quantity for need in line)


@settings(max_examples=400, deadline=None)
@given(shelves, st.lists(groups, max_size=5))
def test_nothing_is_oversold_and_every_group_is_whole_or_refused(
    levels: dict[tuple[UUID, UUID], Level], wishes: list[Group]
) -> None:
    answers, taken = share_out(levels, wishes)

    left = {key: level.available for key, level in levels.items()}
    sums: dict[tuple[UUID, UUID], int] = {}
    for wish, answer in zip(wishes, answers, strict=True):
        if isinstance(answer, NotEnoughStock):
            # Nobody is refused who could have had everything at one place; what came before has been taken off.
            for place in wish.locations:
                need: dict[UUID, int] = {}
                for one in (one for line in wish.lines for one in line):
                    need[one.sku_id] = need.get(one.sku_id, 0) + one.quantity
                assert any(left.get((place, sku), 0) < n for sku, n in need.items())
            continue
        assert len(answer) == len(wish.lines)
        used = {place for place, line in zip(answer, wish.lines, strict=True) if line}
        assert used <= set(wish.locations)
        assert wish.split or len(used) <= 1
        for place, line in zip(answer, wish.lines, strict=True):
            for one in line:
                left[place, one.sku_id] -= one.quantity
                sums[place, one.sku_id] = sums.get((place, one.sku_id), 0) + one.quantity
    assert all(pieces >= 0 for pieces in left.values())
    assert {(p.location_id, p.sku_id): p.quantity for p in taken} == sums
    assert {(p.location_id, p.sku_id) for p in taken} <= {(p.location_id, p.sku_id) for p in wanted(wishes)}


single = st.lists(st.sampled_from(SKUS), min_size=1, max_size=4, unique=True).map(
    lambda skus: tuple((Need(sku, 2),) for sku in skus)
)


@settings(max_examples=300, deadline=None)
@given(shelves, single, st.permutations(PLACES))
def test_lines_of_different_goods_are_split_over_as_few_locations_as_can_be(
    levels: dict[tuple[UUID, UUID], Level], wish: tuple[tuple[Need, ...], ...], order: list[UUID]
) -> None:
    left = {key: level.available for key, level in levels.items()}
    answer = share_out(levels, [Group(wish, tuple(order), split=True)])[0][0]

    fewest = next(
        (
            places
            for size in range(1, len(order) + 1)
            for places in combinations(order, size)
            if all(any(fits(line, place, left) for place in places) for line in wish)
        ),
        None,
    )
    if fewest is None:
        assert isinstance(answer, NotEnoughStock)
    else:
        assert not isinstance(answer, NotEnoughStock)
        assert set(answer) == set(fewest)


def test_many_lines_and_many_locations_are_answered_at_once() -> None:
    places = tuple(UUID(int=100 + n) for n in range(60))
    skus = tuple(UUID(int=1_000 + n) for n in range(60))
    levels = {(place, sku): Level(place, sku, 1, 0) for place, sku in zip(places, skus, strict=True)}

    (answer,), taken = share_out(levels, [Group(tuple((Need(sku, 1),) for sku in skus), places, split=True)])

    assert (answer, len(taken)) == (places, 60)
