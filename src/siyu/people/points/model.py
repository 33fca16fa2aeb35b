"""Structs of points. Points are counts; `basis` and rates speak of minor units; times UTC."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel import ids
from siyu.kernel.errors import DomainError

Reason = Literal["earned", "spent", "returned", "reversed", "granted", "expired"]


class Rule(msgspec.Struct, frozen=True):
    """What a merchant gives: `per_yuan` points for each whole unit of the currency paid for goods.

    `keep_years`: points end with that many whole years after the year in which they came (1: end of next year); None
    keeps them for ever.
    """

    is_on: bool = False
    per_yuan: int = 1
    keep_years: int | None = 1


class Taken(msgspec.Struct, frozen=True):
    """Points of one batch."""

    batch_id: UUID
    points: int


class Batch(msgspec.Struct, frozen=True):
    """What is left of one credit."""

    id: UUID
    customer_id: UUID
    points: int
    remaining: int
    expires_at: datetime | None


class Account(msgspec.Struct, frozen=True):
    """`debt`: points taken back that were spent already; the next ones to come pay it. Never both."""

    customer_id: UUID
    balance: int = 0
    debt: int = 0
    moves: int = 0


class Move(msgspec.Struct, frozen=True):
    """A wish to move points. (reason, subject_id, part) happens once.

    `points` above zero come, below zero go. `expires_at` is for those that come, `first` the batch that is emptied
    before others, `of_id` the spending that comes back. With `owes` what is not there is owed.
    """

    customer_id: UUID
    reason: Reason
    subject_id: UUID
    points: int
    part: int = 0
    expires_at: datetime | None = None
    note: str = ""
    first: UUID | None = None
    of_id: UUID | None = None
    owes: bool = False

    @property
    def id(self) -> UUID:
        return movement_id(self.reason, self.subject_id, self.part)


def movement_id(reason: Reason, subject_id: UUID, part: int = 0) -> UUID:
    """The movement that this thing made, and the batch if it brought points."""
    return ids.derived("points.moved", reason, subject_id, part)


class Spending(msgspec.Struct, frozen=True):
    """A spending that may come back: from which batches it was taken, and how many points came back already."""

    id: UUID
    customer_id: UUID
    points: int
    parts: tuple[Taken, ...]
    returned: int


class Written(msgspec.Struct, frozen=True):
    """A movement as it is kept, the customer's no. `no`. `balance` and `debt` are those after it."""

    id: UUID
    customer_id: UUID
    no: int
    reason: Reason
    subject_id: UUID
    part: int
    points: int
    parts: tuple[Taken, ...]
    of_id: UUID | None
    balance: int
    debt: int
    note: str


class Movement(msgspec.Struct, frozen=True):
    """A line of a customer's points."""

    id: UUID
    customer_id: UUID
    reason: Reason
    points: int
    balance: int
    debt: int
    note: str
    actor_name: str
    at: datetime
    nickname: str = ""


class Statement(msgspec.Struct, frozen=True):
    """What a customer has: `pending` comes when orders are received."""

    balance: int
    debt: int
    pending: int


class Ending(msgspec.Struct, frozen=True):
    """Points that end at `expires_at` (None: never)."""

    expires_at: datetime | None
    points: int


class Liability(msgspec.Struct, frozen=True):
    """What customers hold altogether, what they owe, what orders on their way will bring, and how many hold some."""

    balance: int
    debt: int
    pending: int
    holders: int


class NotEnough(DomainError):
    """The customer has fewer points than this takes. Nothing was changed."""

    code = "points.not_enough"
    status = 409
    zh = "积分不够，还差 {missing} 分。"
    en = "Not enough points: {missing} more are needed."
