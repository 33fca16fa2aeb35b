"""What is withheld from commission, in whole fen; pure. Half a fen is rounded up, once, on the total of the period.

Everything one payer pays one person in a month is one income (个人所得税法实施条例 art. 14(1)): the tax of a payout is the
tax of the month so far less what was withheld, so splitting a month into payouts changes nothing.
"""

from collections.abc import Sequence

import msgspec

YUAN = 100
PERCENT = 100
LABOUR_FREE = 800 * YUAN
LABOUR_FLAT_TO = 4_000 * YUAN
# 税务总局公告 2018 年第 61 号 art. 8: taxable income up to, rate in percent, quick deduction; fen.
LABOUR_BANDS = ((20_000 * YUAN, 20, 0), (50_000 * YUAN, 30, 2_000 * YUAN), (None, 40, 7_000 * YUAN))
# 个人所得税预扣率表一, used by 税务总局公告 2025 年第 16 号 for those who work through internet platforms.
PLATFORM_BANDS = (
    (36_000 * YUAN, 3, 0),
    (144_000 * YUAN, 10, 2_520 * YUAN),
    (300_000 * YUAN, 20, 16_920 * YUAN),
    (420_000 * YUAN, 25, 31_920 * YUAN),
    (660_000 * YUAN, 30, 52_920 * YUAN),
    (960_000 * YUAN, 35, 85_920 * YUAN),
    (None, 45, 181_920 * YUAN),
)
PLATFORM_ALLOWANCE = 5_000 * YUAN  # each month
MONTH_WARNING = 80_000 * YUAN  # 增值税: individuals are exempt up to 100,000 a month
YEAR_WARNING = 4_000_000 * YUAN  # small-scale taxpayers end at 5,000,000 in twelve months

Bands = Sequence[tuple[int | None, int, int]]


class History(msgspec.Struct, frozen=True):
    """What this payer has paid one person: in the month so far, and in the year so far with that month; fen.

    `months` counts from the first month with income in the year to this one, both included.
    """

    month_gross: int = 0
    month_tax: int = 0
    year_gross: int = 0
    year_tax: int = 0
    months: int = 1


def _by_bands(fifths: int, bands: Bands) -> int:
    """Rate times base less the quick deduction of its band. The base comes as five times itself, so that a fifth of an
    income that is free costs no rounding: only the tax itself is rounded.
    """
    for most, rate, quick in bands:
        if most is None or fifths <= most * 5:
            return (fifths * rate + 5 * PERCENT // 2) // (5 * PERCENT) - quick
    raise AssertionError("the last band has no end")


def labour(gross: int) -> int:
    """劳务报酬 (T-03): the tax of a month's whole income. `gross` is fen, as is the answer."""
    assert gross >= 0, "income is not negative"
    if gross <= LABOUR_FREE:
        return 0
    fifths = 5 * (gross - LABOUR_FREE) if gross <= LABOUR_FLAT_TO else 4 * gross
    return _by_bands(fifths, LABOUR_BANDS)


def platform(year_gross: int, months: int) -> int:
    """The cumulative method (T-04): the tax of the year so far, after `months` months."""
    assert year_gross >= 0, "income is not negative"
    assert months >= 1, "a year with income has a month"
    fifths = 4 * year_gross - 5 * PLATFORM_ALLOWANCE * months
    return _by_bands(fifths, PLATFORM_BANDS) if fifths > 0 else 0


def due(method: str, gross: int, history: History) -> int:
    """Tax to withhold from a payout of `gross` fen by this method; never negative, never more than the payout.

    An enterprise or 个体户 (`invoice`) pays its own tax and hands in an invoice instead (T-08).
    """
    assert gross >= 0, "a payout is not negative"
    if method == "invoice":
        return 0
    if method == "platform":
        owed = platform(history.year_gross + gross, history.months) - history.year_tax
    else:
        assert method == "labour", f"there is no method {method}"
        owed = labour(history.month_gross + gross) - history.month_tax
    return min(max(owed, 0), gross)


def warnings(month_gross: int, twelve_months_gross: int) -> list[str]:
    """Which turnover thresholds are near (T-05): `month`, `year` or both. An invoice or 代开 is due beyond them."""
    near = []
    if month_gross >= MONTH_WARNING:
        near.append("month")
    if twelve_months_gross >= YEAR_WARNING:
        near.append("year")
    return near
