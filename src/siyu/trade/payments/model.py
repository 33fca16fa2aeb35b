"""Structs of payments. Amounts are minor units."""

from datetime import datetime
from uuid import UUID

import msgspec

# Accounts of the ledger that payments move. Sides: what a positive balance means.
ACCOUNTS = {
    "gateway:wxpay": "debit",  # money that WeChat Pay holds for the merchant
    "sales": "credit",  # what was sold, refunds taken off
    "refunds_due": "credit",  # promised back to buyers, not yet confirmed by the gateway
    "unclaimed": "credit",  # money that came too late for its order
}


class Payment(msgspec.Struct, frozen=True):
    """One payment of one order. `out_trade_no` is our number at the gateway."""

    id: UUID
    order_id: UUID
    out_trade_no: str
    method: str
    amount: int
    state: str
    prepay_id: str | None
    transaction_id: str | None
    paid_at: datetime | None
    created_at: datetime


class RefundLine(msgspec.Struct, frozen=True):
    line_no: int
    quantity: int
    amount: int


class Refund(msgspec.Struct, frozen=True):
    id: UUID
    order_id: UUID
    out_refund_no: str
    amount: int
    reason: str
    kind: str
    state: str
    last_error: str | None
    requested_at: datetime
    done_at: datetime | None
    lines: tuple[RefundLine, ...] = ()


def trade_number(payment_id: UUID) -> str:
    """Our number at the gateway: 32 hex digits, within what every gateway accepts (6–32 of [0-9a-zA-Z_-])."""
    return payment_id.hex
