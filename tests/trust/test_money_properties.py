"""Money is exact for any amounts, not only for those somebody thought of."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.kernel import money
from siyu.kernel.money import Money

AMOUNTS = st.integers(-(10**15), 10**15)
CURRENCIES = st.sampled_from(["CNY", "GBP", "USD", "JPY", "KRW", "KWD"])


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_parts_of_an_amount_add_up_to_it(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)

    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert all(part * total >= 0 for part in parts), "nobody pays into somebody else's share"


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any))
def test_each_part_is_within_one_minor_unit_of_its_due(total: int, weights: list[int]) -> None:
    whole = sum(weights)

    for part, weight in zip(money.split(total, weights), weights, strict=True):
        assert abs(part * whole - total * weight) < whole
        assert weight or not part, "who weighs nothing gets nothing"


@st.composite
def units_in_groups(draw: st.DrawFn) -> tuple[int, int, list[int]]:
    """An amount, a number of units, and the sizes of the groups they are given back in."""
    groups = draw(st.lists(st.integers(1, 20), min_size=1, max_size=15))
    return draw(st.integers(0, 10**12)), sum(groups), groups


@given(units_in_groups())
def test_units_given_back_in_any_groups_return_exactly_what_was_paid(
    drawn: tuple[int, int, list[int]],
) -> None:
    total, units, groups = drawn

    back, first = [], 0
    for count in groups:
        back.append(money.share_of_units(total, units, first, count))
        first += count

    assert sum(back) == total
    assert min(back) >= 0
    assert all(abs(part * units - total * count) < units for part, count in zip(back, groups, strict=True))


@given(units_in_groups(), st.integers(0, 3_000))
def test_commission_taken_back_never_exceeds_what_was_earned(
    drawn: tuple[int, int, list[int]], rate_bps: int
) -> None:
    total, units, groups = drawn
    earned = money.share(total, rate_bps)

    left, first = earned, 0
    for count in groups:
        left -= money.share_of_units(earned, units, first, count)
        first += count
        assert 0 <= left <= earned

    assert left == 0
    assert earned * money.BASIS_POINTS <= total * rate_bps


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_is_what_is_read(minor: int, currency: str) -> None:
    assert money.parse(money.plain(minor, currency), currency) == minor
    assert str(Money(minor, currency)) == money.plain(minor, currency)


@given(st.text(alphabet="0123456789.,+-eE ¥１٣_", max_size=12), CURRENCIES)
def test_a_text_is_an_exact_amount_or_refused(text: str, currency: str) -> None:
    """Never a rounded one: `1.005` is not 1 yuan, and `1e3` is not a thousand."""
    try:
        minor = money.parse(text, currency)
    except ValueError:
        return

    assert re.fullmatch(r"[+-]?[0-9,]*\.?[0-9]*", text.strip())
    assert money.parse(money.plain(minor, currency), currency) == minor


@given(st.lists(AMOUNTS, min_size=1, max_size=10))
def test_adding_and_taking_away_is_exact(amounts: list[int]) -> None:
    total = Money(0)
    for minor in amounts:
        total += Money(minor)
    for minor in amounts:
        total -= Money(minor)

    assert total == Money(0)


@pytest.mark.parametrize(
    "text", ["12,30", "1,2,3", "+-5", "--5", "5-3", "1.005", "1e3", "", ".", "-", "¥5", "１", "1_000"]
)
def test_what_may_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        money.parse(text)
