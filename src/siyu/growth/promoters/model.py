"""Structs of promoters and what they are refused."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError

Kind = Literal["koc", "leader", "guide", "anchor", "shopkeeper"]
KIND_CODES: tuple[str, ...] = get_args(Kind)
STATES = ("active", "paused", "dismissed")
STANDARD = "standard"  # the level everybody begins with


class Promoter(msgspec.Struct, frozen=True):
    """Somebody who brings friends. There is no field for who brought the promoter: nobody earns from that.

    `level` is a name that the levels of distribution give by the quality of the promoter's own sales.
    """

    id: UUID
    customer_id: UUID
    kind: str
    name: str
    state: str
    agreement_version: str
    joined_at: datetime
    level: str = STANDARD
    trained_at: datetime | None = None


class Rules(msgspec.Struct, frozen=True):
    """How one joins at this merchant: after a review or at once, and the merchant's own words about it."""

    needs_review: bool = False
    welcome: str = ""


class Application(msgspec.Struct, frozen=True):
    """Somebody asks to become a promoter. `state` is open, approved or refused; `answer` is told to them."""

    id: UUID
    customer_id: UUID
    kind: str
    name: str
    reason: str
    community_size: int | None
    agreement_version: str
    state: str
    answer: str
    decided_by: str
    decided_at: datetime | None
    applied_at: datetime


class Change(msgspec.Struct, frozen=True):
    """What changed about a promoter (`what` is state or level), why, and by whom."""

    what: str
    before: str
    after: str
    reason: str
    by_name: str
    at: datetime


class NotAPromoter(DomainError):
    """The customer has not joined as a promoter."""

    code = "distribution.not_a_promoter"
    status = 403
    zh = "你还不是推广员。"
    en = "You have not joined as a promoter."


class NotPromoting(DomainError):
    """The promoter is paused or was dismissed, and may not share until that changes."""

    code = "promoters.not_promoting"
    status = 403
    zh = "你的推广已暂停或终止，暂时不能分享；已经产生的佣金不受影响。"
    en = "Your promoting is paused or over, so you cannot share now; what you earned stays yours."


class WasDismissed(DomainError):
    """A dismissed promoter applies again."""

    code = "promoters.was_dismissed"
    status = 409
    zh = "合作已经终止，不能再次申请；如有异议请联系商家。"
    en = "The cooperation has ended and cannot be applied for again; please ask the shop if you disagree."


class Decided(DomainError):
    """The application was answered otherwise already. Nothing was changed."""

    code = "promoters.decided"
    status = 409
    zh = "这份申请已经处理过了，未做任何改动。"
    en = "This application has been answered already; nothing was changed."


class AgreementChanged(DomainError):
    """The merchant published a new agreement that the promoter has not accepted yet."""

    code = "promoters.agreement_changed"
    status = 409
    zh = "推广协议已更新，请先阅读并同意新版本。"
    en = "The promoter agreement has changed; please read and accept the new version first."


class Unsaid(DomainError):
    """A text holds words that promoting may not use (D-10)."""

    code = "promoters.words"
    status = 422
    zh = "这里有不能用的说法：{said_zh}"
    en = "This says what may not be said: {said_en}"
