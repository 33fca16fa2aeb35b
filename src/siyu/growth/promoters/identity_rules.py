"""What makes an identity-card number and a bank card number valid, whom they say, and how much of them is shown."""

import re
from datetime import date

ADULT_YEARS = 18
# 中华人民共和国行政区划代码 GB/T 2260: the first two digits, with those of Hong Kong, Macau and Taiwan residents' cards.
_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)
# GB 11643-1999, 5.3: weights and check characters of ISO 7064:1983 MOD 11-2.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_NUMBER = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_NAME = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff·]{2,30}|[A-Za-z][A-Za-z .'-]{1,58}")
_CARD = re.compile(r"[0-9]{12,19}", re.ASCII)


def cleaned_number(said: str) -> str:
    """Without spaces, an `x` as `X`."""
    return re.sub(r"\s", "", said).upper()


def is_id_number(number: str) -> bool:
    """Whether 18 characters are a number that can have been given out: place, date of birth and check character."""
    if not _NUMBER.fullmatch(number) or number[:2] not in _PROVINCES or born(number) is None:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return _CHECKS[total % 11] == number[17]


def born(number: str) -> date | None:
    """The day of birth that the number says; None when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def is_of_age(number: str, today: date) -> bool:
    """Whether the person is 18 or older today (民法典 art. 17). Born on 29 February: of age on 1 March."""
    day = born(number)
    if day is None or day > today:
        return False
    return (today.year - day.year - ((today.month, today.day) < (day.month, day.day))) >= ADULT_YEARS


def is_name(name: str) -> bool:
    """2 to 30 Chinese characters (with the middle dot of minorities' names), or a name in Latin letters."""
    return bool(_NAME.fullmatch(name))


def cleaned_card(said: str) -> str:
    """Digits only: people write the number in groups."""
    return re.sub(r"[\s-]", "", said)


def is_card(number: str) -> bool:
    """12 to 19 digits whose last is right by ISO/IEC 7812-1 annex B (Luhn)."""
    if not _CARD.fullmatch(number):
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def name_masked(name: str) -> str:
    """`王小明` → `**明`: the last character stays."""
    return "*" * (len(name) - 1) + name[-1:]


def number_masked(number: str) -> str:
    """First and last character stay."""
    return f"{number[0]}{'*' * (len(number) - 2)}{number[-1]}"


def card_masked(number: str) -> str:
    """The last four digits stay; nothing of nothing."""
    return f"**** {number[-4:]}" if number else ""
