"""Tax on commission: the figures of the law, and what must hold for every income."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.growth.payouts import tax
from siyu.growth.payouts.tax import History

YUAN = 100
incomes = st.integers(min_value=0, max_value=1_000_000 * YUAN)


@pytest.mark.parametrize(
    ("gross", "withheld"),
    [
        (800, 0), (3_000, 440), (4_000, 640), (10_000, 1_600), (25_000, 4_000), (30_000, 5_200), (62_500, 13_000),
        (100_000, 25_000),
    ],
)  # fmt: skip
def test_a_month_of_labour_income_is_taxed_as_the_table_says(gross: int, withheld: int) -> None:
    assert tax.labour(gross * YUAN) == withheld * YUAN


@pytest.mark.parametrize(
    ("monthly", "withheld"),
    [
        (5_000, [0] * 12),
        (10_000, [90] * 12),
        (30_000, [570, 710, 1_900]),
    ],
)
def test_platform_workers_pay_by_the_year_so_far(monthly: int, withheld: list[int]) -> None:
    paid, taken = 0, []
    for months in range(1, len(withheld) + 1):
        history = History(year_gross=paid, year_tax=sum(taken), months=months)
        taken.append(tax.due("platform", monthly * YUAN, history))
        paid += monthly * YUAN
    assert taken == [amount * YUAN for amount in withheld]


def test_thirty_thousand_a_month_is_28_680_in_a_year() -> None:
    assert tax.platform(360_000 * YUAN, 12) == 28_680 * YUAN


def test_half_a_fen_is_withheld_as_a_whole_one() -> None:
    assert tax.labour(80_002) == 0  # 20 % of two fen are 0.4
    assert tax.labour(80_003) == 1  # 0.6
    assert tax.labour(400_001) == 64_000  # 16 % of 4,000.01


def test_who_hands_in_an_invoice_is_not_withheld_from() -> None:
    assert tax.due("invoice", 5_000_000, History(month_gross=9_000_000)) == 0


@given(incomes)
def test_a_fen_more_never_leaves_less(gross: int) -> None:
    assert gross + 1 - tax.labour(gross + 1) >= gross - tax.labour(gross)
    assert gross + 1 - tax.platform(gross + 1, 3) >= gross - tax.platform(gross, 3)


@given(
    st.lists(st.integers(1, 200_000 * YUAN), min_size=1, max_size=8), st.sampled_from(["labour", "platform"])
)
def test_splitting_a_month_changes_nothing(parts: list[int], method: str) -> None:
    gross = withheld = 0
    for part in parts:
        history = History(gross, withheld, gross, withheld, months=1)
        taken = tax.due(method, part, history)
        assert 0 <= taken <= part
        gross, withheld = gross + part, withheld + taken
    assert withheld == tax.due(method, gross, History())


@given(st.lists(st.integers(0, 300_000 * YUAN), min_size=1, max_size=12))
def test_a_year_of_months_ends_at_no_less_than_the_tax_of_the_year(months: list[int]) -> None:
    gross = withheld = 0
    for count, income in enumerate(months, start=1):
        history = History(year_gross=gross, year_tax=withheld, months=count)
        withheld += tax.due("platform", income, history)
        gross += income
    assert withheld >= tax.platform(gross, len(months))
    assert withheld <= gross


@given(incomes, incomes)
def test_thresholds_are_warned_of_from_themselves_on(month: int, year: int) -> None:
    said = tax.warnings(month, year)
    assert ("month" in said) == (month >= 80_000 * YUAN)
    assert ("year" in said) == (year >= 4_000_000 * YUAN)
