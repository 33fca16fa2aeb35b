"""Structs of affinity. Scores and shares are permilles; there is no money in this room's ranking."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError

Confidence = Literal["low", "medium", "high"]
State = Literal["candidate", "invited", "trained", "trial", "active", "resting", "exited"]
SampleState = Literal["requested", "shipped", "published", "closed", "refused"]


class Reason(msgspec.Struct, frozen=True):
    """One thing that speaks for (or, with a score taken off, against) a match. `words.told` says it in words.

    `number` counts, `of` is out of how many (0: of nothing in particular), `name` is whom or what it is about.
    """

    code: str
    number: int = 0
    of: int = 0
    name: str = ""


class Match(msgspec.Struct, frozen=True):
    """A promoter and a product. `score` is after what was taken off for tasks and overlap, `raw` before."""

    product_id: UUID
    product_title: str
    promoter_id: UUID
    customer_id: UUID
    promoter_name: str
    kind: str
    state: str
    raw: int
    score: int
    confidence: Confidence
    reasons: tuple[Reason, ...]
    assignment_id: UUID | None


class CategoryResult(msgspec.Struct, frozen=True):
    """Pieces that a promoter sold in a category, and those that came back."""

    category_id: UUID
    name: str
    units: int
    back: int


class Profile(msgspec.Struct, frozen=True):
    """What a promoter carries. `weekly`: orders a week carried without more returns, 0 before the first sale."""

    promoter_id: UUID
    weekly: int
    recent: int
    units: int
    units_back: int
    audience: int
    visitors: int
    categories: tuple[CategoryResult, ...]


class Run(msgspec.Struct, frozen=True):
    """One calculation, or one that was asked for."""

    id: UUID
    state: str
    asked_by: str
    promoters: int
    products: int
    people: int
    purchases: int
    milliseconds: int
    problem: str
    asked_at: datetime
    finished_at: datetime | None


class Koc(msgspec.Struct, frozen=True):
    """A person on the way to being a KOC, or there."""

    customer_id: UUID
    name: str
    promoter_id: UUID | None
    state: State
    score: int
    reasons: tuple[Reason, ...]
    note: str
    changed_at: datetime
    open_assignments: int
    weekly: int
    recent: int


class Move(msgspec.Struct, frozen=True):
    """A step on the way. `by_name` is empty where a rule took it."""

    before: str
    after: str
    reason: str
    by_name: str
    at: datetime


class Assignment(msgspec.Struct, frozen=True):
    """A product that a promoter was asked to speak about until `due_at`. There is no reward in it."""

    id: UUID
    promoter_id: UUID
    promoter_name: str
    product_id: UUID
    product_title: str
    words: str
    score: int
    state: str
    due_at: datetime
    link: str
    created_at: datetime
    ended_at: datetime | None


class Sample(msgspec.Struct, frozen=True):
    """A sample on its way from being asked for to what came of it."""

    id: UUID
    customer_id: UUID
    product_id: UUID
    product_title: str
    state: SampleState
    tracking: str
    due_at: datetime | None
    link: str
    result: str
    created_at: datetime
    changed_at: datetime


class Overlap(msgspec.Struct, frozen=True):
    """Another promoter who buys with the same people: `shared` of this one's audience."""

    promoter_id: UUID
    name: str
    shared: int
    products: int


class Carried(msgspec.Struct, frozen=True):
    """What a promoter's sales left after returns, in minor units; shown, never ranked by."""

    orders: int
    sales: int
    refunded: int
    commission: int

    @property
    def left(self) -> int:
        """Net sales less commission, before the cost of goods."""
        return self.sales - self.refunded - self.commission


class WrongMove(DomainError):
    """The person does not stand where this step begins. Nothing was changed."""

    code = "affinity.wrong_move"
    status = 409
    zh = "当前状态不能这样操作，请刷新后再看。"
    en = "This cannot be done from the present state; please reload."


class AtCapacity(DomainError):
    """The promoter has as many open tasks as they carry. Nothing was assigned."""

    code = "affinity.at_capacity"
    status = 409
    zh = "{name} 已有 {open} 个任务，达到当前产能上限，请先完成或撤回。"
    en = "{name} has {open} open tasks, which is what they carry now; finish or withdraw one first."


class NotAssignable(DomainError):
    """The promoter is not active, or rests. Nothing was assigned."""

    code = "affinity.not_assignable"
    status = 409
    zh = "这位推广员当前不能接任务。"
    en = "This promoter takes no tasks now."
