"""The days a page speaks of, and the days before them that it compares with."""

from datetime import date, timedelta

import msgspec

from siyu.kernel.errors import Invalid

DAYS_USUAL = 30
DAYS_MAX = 1_100  # three years on one chart; longer questions belong to SQL over the lake
PRESETS = (7, 30, 90)


class Window(msgspec.Struct, frozen=True):
    """Days in the merchant's zone, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Window":
        """The same number of days, directly before."""
        return Window(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    @property
    def query(self) -> str:
        return f"first={self.first}&last={self.last}"

    @property
    def key(self) -> str:
        """As the end of a key of `metrics.drill`."""
        return f"{self.first},{self.last}"


def chosen(today: date, first: date | None, last: date | None, days: int | None = None) -> Window:
    """The window asked for; the last 30 days up to today by default. Raises Invalid for one that makes no sense."""
    last = last or today
    length = DAYS_USUAL if days is None else days
    if not 1 <= length <= DAYS_MAX:
        raise Invalid(
            field="days", zh=f"天数应在 1 到 {DAYS_MAX} 之间。", en=f"Days must be 1 to {DAYS_MAX}."
        )
    first = first or last - timedelta(days=length - 1)
    if first > last:
        raise Invalid(
            field="first", zh="开始日期不能晚于结束日期。", en="The first day must not be after the last."
        )
    if (last - first).days >= DAYS_MAX:
        raise Invalid(field="first", zh=f"最多查看 {DAYS_MAX} 天。", en=f"At most {DAYS_MAX} days at a time.")
    return Window(first, last)
