"""Structs of distribution. Amounts are minor units, rates are basis points (100 = 1 %)."""

from datetime import datetime
from uuid import UUID

import msgspec


class Plan(msgspec.Struct, frozen=True):
    """What a sale earns its promoter. Without a category it holds for all; the more specific plan wins."""

    id: UUID
    name: str
    category_id: UUID | None
    category_name: str | None
    rate_bps: int
    starts_at: datetime
    ends_at: datetime | None


class Commission(msgspec.Struct, frozen=True):
    """What one line of one order earns, and why: `basis` paid × `rate_bps`, less what was refunded."""

    order_id: UUID
    order_number: str
    line_no: int
    promoter_id: UUID
    promoter_name: str
    title: str
    plan_name: str
    rate_bps: int
    basis: int
    units: int
    amount: int
    reversed_units: int
    reversed_amount: int
    state: str
    earned_at: datetime
    matures_at: datetime | None
    payable_at: datetime | None

    @property
    def remaining(self) -> int:
        """What is still earned, in minor units."""
        return self.amount - self.reversed_amount


class Reversal(msgspec.Struct, frozen=True):
    """Part of a commission taken back because units were refunded."""

    refund_id: UUID
    line_no: int
    units: int
    amount: int
    at: datetime


class Earnings(msgspec.Struct, frozen=True):
    """A promoter's sums: pending and payable are what is left after reversals."""

    pending: int
    payable: int
    reversed: int
    orders: int
    sales: int


class PromoterReport(msgspec.Struct, frozen=True):
    """A promoter in the console's list."""

    id: UUID
    customer_id: UUID
    kind: str
    name: str
    state: str
    joined_at: datetime
    orders: int
    sales: int
    pending: int
    payable: int
    reversed: int
