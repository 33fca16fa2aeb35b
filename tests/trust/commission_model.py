"""What a page of paper knows of commission: what was sold, what went back, what was paid out to whom."""

from dataclasses import dataclass, field
from uuid import UUID

from siyu.events import OrderPaid, OrderRefunded
from siyu.growth import distribution


@dataclass
class Sale:
    """An order of one line. `refunds` are facts, in the order in which they happened; told in any."""

    id: UUID
    fact: OrderPaid
    units: int
    amount: int
    promoter_id: UUID
    refunds: list[OrderRefunded] = field(default_factory=list)
    back: int = 0
    is_told: bool = False
    is_denied: bool = False
    told: set[UUID] = field(default_factory=set)

    @property
    def is_all_back(self) -> bool:
        """Every unit went back and somebody has been told of each."""
        return self.back == self.units and self.told == {refund.refund_id for refund in self.refunds}


@dataclass
class Payout:
    """A payout under way: its lines, what it takes from the promoter's account, and the transfer that holds it."""

    id: UUID
    promoter_id: UUID
    lines: list[tuple[distribution.OpenLine, int]]
    amount: int
