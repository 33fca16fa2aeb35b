"""Identity numbers and cards: what is right by its own check character, who is of age, and how little is shown."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.growth.promoters import identity_rules as rules

WEIGHTS = [2 ** (17 - place) % 11 for place in range(17)]


def number(first: str) -> str:
    """Seventeen digits with the check character of ISO 7064 MOD 11-2, reckoned from its definition."""
    total = sum(int(digit) * weight for digit, weight in zip(first, WEIGHTS, strict=True)) % 11
    check = (12 - total) % 11
    return first + ("X" if check == 10 else str(check))


def card(first: str) -> str:
    """Digits with the check digit of ISO/IEC 7812-1."""
    doubled = [int(d) * 2 if place % 2 == 0 else int(d) for place, d in enumerate(reversed(first))]
    return first + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def test_the_example_of_the_standard_is_right():
    assert rules.is_id_number("11010519491231002X")  # GB 11643-1999, annex A
    assert rules.is_id_number("440524188001010014")  # the same annex, a person older than a hundred


@pytest.mark.parametrize(
    "wrong",
    [
        "110105194912310021",  # another check character
        "11010519491231002x",  # the X is a capital; the form makes it one
        "110105194902300025",  # the thirtieth of February
        "99010519491231002X",  # no such province
        "1101051949123100",
        "",
        "１１０１０５１９４９１２３１００２X",  # wide digits
        "11010519491231002X ",
    ],
)
def test_a_number_that_nobody_was_given_is_refused(wrong):
    assert not rules.is_id_number(wrong)


@given(
    st.sampled_from(["110105", "440524", "310115", "650101"]),
    st.dates(date(1930, 1, 1), date(2020, 12, 31)),
    st.integers(0, 999),
)
def test_every_single_wrong_digit_is_noticed(place, day, serial):
    right = number(f"{place}{day:%Y%m%d}{serial:03d}")

    assert rules.is_id_number(right)
    assert rules.born(right) == day
    for at in range(14, 18):
        for other in "0123456789":
            if other != right[at]:
                assert not rules.is_id_number(right[:at] + other + right[at + 1 :])


@pytest.mark.parametrize(
    ("born", "today", "is_of_age"),
    [
        ("20081123", date(2026, 11, 22), False),
        ("20081123", date(2026, 11, 23), True),
        ("20080229", date(2026, 2, 28), False),
        ("20080229", date(2026, 3, 1), True),
        ("20270101", date(2026, 11, 23), False),
        ("19491231", date(2026, 11, 23), True),
    ],
)
def test_one_is_of_age_on_the_eighteenth_birthday(born, today, is_of_age):
    assert rules.is_of_age(number(f"110105{born}002"), today) is is_of_age


@given(st.text("0123456789", min_size=11, max_size=18))
def test_a_card_is_right_with_its_own_last_digit_only(first):
    right = card(first)

    assert rules.is_card(right)
    assert not rules.is_card(right[:-1] + str((int(right[-1]) + 1) % 10))


def test_only_the_edges_are_shown():
    assert rules.name_masked("王小明") == "**明"
    assert rules.name_masked("买买提·艾力") == "*****力"
    assert rules.number_masked("11010519491231002X") == "1****************X"
    assert rules.card_masked("6222021234567890") == "**** 7890"
    assert rules.card_masked("") == ""


@pytest.mark.parametrize(
    ("name", "is_name"),
    [("王小明", True), ("买买提·艾力", True), ("Anna Lee", True), ("王", False), ("王<b>", False), ("王 小明", False), ("王1", False)],
)  # fmt: skip
def test_a_name_is_letters(name, is_name):
    assert rules.is_name(name) is is_name
