"""Money: whole minor units and a currency. Nothing here ever sees a float."""

import re
from collections.abc import Sequence

import msgspec

AMOUNT = re.compile(
    r"(?P<sign>[+-]?)(?P<major>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.(?P<rest>[0-9]*))?",
)
BASIS_POINTS = 10_000  # 100 %

# Minor digits of the currencies that do not have two (ISO 4217).
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "TND": 3}
SYMBOLS = {"CNY": "¥", "GBP": "£", "USD": "$", "EUR": "€", "JPY": "¥", "HKD": "HK$"}


class Money(msgspec.Struct, frozen=True, order=True):
    """An amount in minor units (fen, pence) of one ISO 4217 currency."""

    minor: int
    currency: str = "CNY"

    def __add__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, "money of two currencies never mixes"
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, "money of two currencies never mixes"
        return Money(self.minor - other.minor, self.currency)

    def __str__(self) -> str:
        return plain(self.minor, self.currency)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` minor units by `weights` so that the parts add up exactly (largest remainder).

    Ties go to the earlier weight. This is the only division of money in the house.
    """
    assert weights, "there is someone to give a part to"
    assert all(weight >= 0 for weight in weights), "a weight is never negative"
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    sign, rest = (-1, -total) if total < 0 else (1, total)
    parts = [rest * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(rest * weights[i] % whole), i))
    for i in by_remainder[: rest - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def share(amount: int, basis_points: int) -> int:
    """`basis_points` of `amount`, rounded down, so that a promise never exceeds what was agreed."""
    return amount * basis_points // BASIS_POINTS


def share_of_units(total: int, units: int, first: int, count: int) -> int:
    """What `count` of `units` equal pieces are worth, starting after the `first` pieces already taken.

    Taking the pieces in any grouping returns exactly `total`: each piece's value is fixed by its place.
    """
    assert 0 <= first <= first + count <= units, "only pieces that exist can be taken"
    return total * (first + count) // units - total * first // units


def digits(currency: str) -> int:
    """How many minor digits the currency has (ISO 4217)."""
    return MINOR_DIGITS.get(currency, 2)


def plain(minor: int, currency: str = "CNY") -> str:
    """`1234567` → `12,345.67`: grouped, with all minor digits, without a symbol."""
    places = digits(currency)
    sign, value = ("-", -minor) if minor < 0 else ("", minor)
    if places == 0:
        return f"{sign}{value:,}"
    major, rest = divmod(value, 10**places)
    return f"{sign}{major:,}.{rest:0{places}d}"


def symbol(currency: str) -> str:
    """The sign shown before an amount, or the code where no sign is common."""
    return SYMBOLS.get(currency, currency + " ")


def parse(text: str, currency: str = "CNY") -> int:
    """`"1,212.30"` → 121230 minor units. Raises ValueError for anything that is not an exact amount.

    Commas group thousands and nothing else: `12,30` is refused, because it may mean 12.30.
    """
    places = digits(currency)
    found = AMOUNT.fullmatch(text.strip())
    major, rest = (found["major"] or "", (found["rest"] or "").rstrip("0")) if found else ("", "")
    if found is None or not (major or rest) or len(rest) > places:
        raise ValueError(f"not an amount in {currency}: {text!r}")
    sign = -1 if found["sign"] == "-" else 1
    return sign * int((major.replace(",", "") or "0") + rest.ljust(places, "0"))
