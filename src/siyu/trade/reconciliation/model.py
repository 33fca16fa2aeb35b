"""Structs and refusals of reconciliation. Amounts are minor units; a day is a day in China, as the gateways count."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError
from siyu.trade import payments

How = Literal["query", "book", "ignore"]

# Accounts that only reconciliation moves. Sides: what a positive balance means.
ACCOUNTS = {
    "gateway_fees": "debit",  # what the gateways kept
    "gateway_differences": "credit",  # what they hold more than we know why
}

# States of our payments and refunds in which no money has moved.
NOT_MOVED = ("waiting", "closed", "requested", "processing", "abnormal")


def methods_of(gateway: str) -> list[str]:
    """Ways of paying whose money this gateway's bill shows."""
    return [method for method, name in payments.GATEWAY_OF.items() if name == gateway]


class Day(msgspec.Struct, frozen=True):
    """A gateway's bill of one day. `state` is waiting, compared or failed; sums are of the bill's rows."""

    gateway: str
    day: date
    state: str
    rows: int
    paid: int
    refunded: int
    fees: int
    error: str
    compared_at: datetime | None
    differences: int
    open: int


class Difference(msgspec.Struct, frozen=True):
    """One thing that the bill and our books say differently. `ours` or `theirs` is None where it is missing."""

    id: UUID
    gateway: str
    day: date
    subject: str
    kind: str
    number: str
    trade_no: str
    ours: int | None
    theirs: int | None
    our_state: str
    their_state: str
    order_id: UUID | None
    order_number: str | None
    state: str
    resolution: str
    note: str
    owner_id: UUID | None
    owner_name: str
    found_at: datetime
    resolved_at: datetime | None
    resolved_by: str

    @property
    def delta(self) -> int:
        """What the gateway holds more than our books say, in minor units; money going out counts against it."""
        theirs, ours = self.theirs or 0, self.ours or 0
        if self.kind == "state":  # only one side says that the money moved
            is_ours = self.our_state not in NOT_MOVED
            theirs, ours = (0, ours) if is_ours else (theirs, 0)
        return theirs - ours if self.subject == "payment" else ours - theirs

    @property
    def suggestion(self) -> How:
        """The move that usually settles a difference of this kind."""
        return "query" if self.kind in {"state", "missing_there"} else "book"


class StillDiffers(DomainError):
    """The gateway was asked and what it says does not settle the difference. It stays open."""

    code = "reconciliation.still_differs"
    status = 409
    zh = "已向支付渠道查询，结果仍与我方不一致：{said_zh}。请记差额或写明原因后忽略。"
    en = "The gateway was asked, but it still differs: {said_en}. Book the difference, or ignore it with a reason."

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(said_zh=zh, said_en=en)
