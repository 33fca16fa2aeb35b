"""Structs of oversight. Shares are basis points (100 = 1 %), instants are UTC, days are the merchant's."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class Settings(msgspec.Struct, frozen=True):
    """From where on a figure is a risk. Shares are basis points; the `…_least` say below how many a share means nothing.

    `idle` are active promoters without a sale, `own` lines bought by the promoter, `refund` the units one promoter's
    buyers sent back, `concentration` one promoter's share of promoted sales, `velocity` one promoter's orders of a day.
    """

    idle_bps: int = 5_000
    idle_least: int = 20
    own_bps: int = 1_000
    refund_bps: int = 3_000
    refund_least: int = 10
    concentration_bps: int = 5_000
    concentration_least: int = 50
    velocity: int = 50
    window_days: int = 30


class Found(msgspec.Struct, frozen=True):
    """A finding about a subject, before it is kept. `mark` tells findings of one rule and field apart."""

    subject_kind: str
    subject_id: UUID
    subject: str
    rule: str
    severity: str
    field: str
    mark: str
    zh: str
    en: str
    fix_zh: str
    fix_en: str


class Risk(msgspec.Struct, frozen=True):
    """An open risk, and who answers for it until when (empty and None: nobody)."""

    id: UUID
    rule: str
    severity: str
    subject_kind: str
    subject_id: UUID
    subject: str
    field: str
    zh: str
    en: str
    fix_zh: str
    fix_en: str
    found_at: datetime
    seen_at: datetime
    override_by: str
    override_reason: str
    override_until: datetime | None


class Figures(msgspec.Struct, frozen=True):
    """The figures of one day."""

    day: date
    promoters: int
    idle: int
    lines: int
    own: int
    refunded: int
    top_bps: int


class NotOverridable(DomainError):
    """What the law forbids has no approver. Nothing was changed."""

    code = "oversight.forbidden"
    status = 409
    zh = "法律禁止的事项不能放行，只能改正（{rule}）。"
    en = "What the law forbids cannot be overridden, only mended ({rule})."


class NeedsPerson(DomainError):
    """Only a member of staff with a name answers for a risk. Nothing was changed."""

    code = "oversight.needs_person"
    status = 403
    zh = "需要由员工本人登录后放行。"
    en = "A member of staff has to do this, signed in as themselves."
