"""What a page of paper knows of an order: what was bought, what was paid, what was given back."""

from dataclasses import dataclass, field
from uuid import UUID

from siyu.kernel import money

RATE_BPS = 791  # leaves a remainder on nearly every line


@dataclass
class Refund:
    id: UUID
    number: str
    amount: int
    is_done: bool = False


@dataclass
class Bought:
    """What the model knows of an order. Units by line: [apples, milk], of which some were given back."""

    id: UUID
    number: str
    prices: list[int]
    units: list[int]
    is_promoted: bool
    state: str = "unpaid"
    is_late: bool = False
    back: list[int] = field(default_factory=lambda: [0, 0])
    left: list[int] = field(default_factory=lambda: [0, 0])
    cancelled: list[int] = field(default_factory=lambda: [0, 0])
    reduced: list[int] = field(default_factory=lambda: [0, 0])
    refunds: list[Refund] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(n * price for n, price in zip(self.units, self.prices, strict=True))

    @property
    def refunded(self) -> int:
        return sum(refund.amount for refund in self.refunds)

    @property
    def waiting(self) -> list[int]:
        """Units that have still to leave the house, by line."""
        return [n - gone - off for n, gone, off in zip(self.units, self.left, self.cancelled, strict=True)]

    def leaves(self, line: int, units: int) -> None:
        self.left[line] += units
        if sum(self.waiting) == 0:
            self.state = "picked_up"

    def comes_back(self, line: int, units: int) -> int:
        """Units given back, those that wait first; how many of them had left."""
        cancelled = min(units, self.waiting[line])
        self.cancelled[line] += cancelled
        self.back[line] += units
        if self.back == self.units:
            self.state = "refunded"
        elif self.state == "paid" and sum(self.waiting) == 0:
            self.state = "picked_up"
        return units - cancelled

    def paid_for(self, line: int) -> int:
        return self.units[line] * self.prices[line]

    @property
    def is_paid(self) -> bool:
        return self.state not in {"unpaid", "closed"}

    @property
    def commission_left(self) -> int:
        """By the definition: what the units that were kept earn, each by its place in the line."""
        left = 0
        for units, price, back in zip(self.units, self.prices, self.back, strict=True):
            if units:
                earned = money.share(units * price, RATE_BPS)
                left += money.share_of_units(earned, units, back, units - back)
        return left if self.is_promoted and self.is_paid else 0
