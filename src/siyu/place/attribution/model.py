"""Structs of attribution: the policy, what it is decided on, and how a decision is told."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError

Cause = Literal["touch", "purchase", "chosen", "cleared", "assigned"]
# How a candidate fared. One has won, or none.
Outcome = Literal[
    "won_live",
    "won_guide",
    "won_touch",
    "won_relation",
    "not_known",
    "too_old",
    "inactive",
    "live_first",
    "guide_first",
    "later_link",
    "link_first",
    "over",
]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A merchant's rules. Days a link counts, hours a live session goes first, days a relation holds and is protected,
    and whether a guide's relation goes before somebody else's link.
    """

    touch_days: int = 7
    live_hours: int = 24
    relation_days: int = 30
    protection_days: int = 15
    guide_first: bool = False


class PolicyVersion(msgspec.Struct, frozen=True):
    """A policy, who set it and from when on it holds."""

    version: int
    policy: Policy
    set_by: str
    since: datetime


class PromoterTouch(msgspec.Struct, frozen=True):
    """Somebody came through a promoter's door. `known_at` is when we learnt that it was this customer."""

    id: UUID
    at: datetime
    promoter_id: UUID
    door_kind: str
    is_own: bool = False
    is_active: bool = True
    known_at: datetime | None = None
    door_name: str = ""


class Said(msgspec.Struct, frozen=True):
    """A purchase, a customer's choice, or what staff decided: the half of history that is no touch."""

    id: UUID
    at: datetime
    kind: Literal["purchase", "chosen", "cleared", "assigned"]
    promoter_id: UUID | None


class Relation(msgspec.Struct, frozen=True):
    """Who may claim a customer: within protection no other link takes it, after `valid_until` it counts no more."""

    promoter_id: UUID
    since: datetime
    renewed_at: datetime
    protected_until: datetime
    valid_until: datetime


class Standing(msgspec.Struct, frozen=True):
    """A relation after something happened; None: nobody. `cause_id` is the touch or the fact."""

    relation: Relation | None
    cause: Cause
    cause_id: UUID
    at: datetime


class Holder(msgspec.Struct, frozen=True):
    """A relation as a decision looks at it."""

    relation: Relation
    is_guide: bool
    is_active: bool


class Candidate(msgspec.Struct, frozen=True):
    """Somebody an order could have gone to, and why it did or did not."""

    promoter_id: UUID
    kind: Literal["touch", "live", "relation"]
    at: datetime
    outcome: Outcome
    door_name: str = ""
    until: datetime | None = None
    promoter_name: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """Who an order belongs to, and everybody who was looked at, the newest first."""

    promoter_id: UUID | None
    candidates: tuple[Candidate, ...]


class Placed(msgspec.Struct, frozen=True):
    """What an explanation is told of an order. `promoter_id` is who it was bound to when it was placed."""

    order_id: UUID
    customer_id: UUID
    placed_at: datetime
    promoter_id: UUID | None


class Explanation(msgspec.Struct, frozen=True):
    """Why an order went to whom it went, worked out again from what was known when it was placed."""

    policy: Policy
    promoter_id: UUID | None
    stored_promoter_id: UUID | None
    candidates: tuple[Candidate, ...]

    @property
    def agrees(self) -> bool:
        """Whether working it out again gives what is stored."""
        return self.promoter_id == self.stored_promoter_id


class Mine(msgspec.Struct, frozen=True):
    """A customer's own relation with the name of the other side."""

    promoter_id: UUID
    name: str
    kind: str
    since: datetime
    protected_until: datetime
    valid_until: datetime
    is_active: bool


class RelationChange(msgspec.Struct, frozen=True):
    """A line of a relation's history."""

    promoter_id: UUID | None
    promoter_name: str | None
    cause: str
    by_name: str | None
    reason: str | None
    door_name: str | None
    order_id: UUID | None
    valid_until: datetime | None
    at: datetime
    known_at: datetime


class ChangedLately(DomainError):
    """A customer may choose another promoter once in 30 days. Nothing was changed."""

    code = "attribution.changed_lately"
    status = 409
    zh = "30 天内只能更换一次，{day} 之后可以再换。"
    en = "You may change once in 30 days; again after {day}."


class NotChoosable(DomainError):
    """The code leads to nobody one could choose: unknown, oneself, or not active."""

    code = "attribution.not_choosable"
    status = 422
    zh = "这个专属码对应的推广员现在不能选择。"
    en = "The promoter of this code cannot be chosen now."
