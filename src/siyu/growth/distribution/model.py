"""Structs of distribution. Amounts are minor units (fen), rates are basis points (100 = 1 %), instants are UTC."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError

Scope = Literal["all", "categories", "products", "skus"]
PlanKind = Literal["open", "directed", "exclusive"]


class PlanRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan says. Either `rate_bps` of what the buyer paid or `fixed` fen per unit; one level, no other party.

    `targets` are categories, products or SKUs by `scope`. An open plan is for every promoter of `promoter_kinds` (all
    when empty); directed and exclusive plans are for `promoter_ids` alone, and on the goods of an exclusive plan nobody
    else earns. `level_rates` replaces rate or fixed amount for promoters of a level. Caps and `budget` are fen; None is
    no cap. `supplier_bps` of the commission is borne by the supplier. An order whose price comes from an activity (flash,
    group, bargain …) earns only when its kind is in `earns_on_activities`.
    """

    rate_bps: int | None = None
    fixed: int | None = None
    scope: Scope = "all"
    targets: tuple[UUID, ...] = ()
    kind: PlanKind = "open"
    promoter_ids: tuple[UUID, ...] = ()
    promoter_kinds: tuple[str, ...] = ()
    level_rates: dict[str, int] = {}
    order_cap: int | None = None
    day_cap: int | None = None
    month_cap: int | None = None
    budget: int | None = None
    supplier_bps: int = 0
    earns_on_activities: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def worth_of(self, level: str) -> int:
        """Basis points, or fen per unit for a plan with a fixed amount, that a promoter of this level gets."""
        common = self.fixed if self.rate_bps is None else self.rate_bps
        return self.level_rates.get(level, common or 0)


class Term(msgspec.Struct, frozen=True):
    """A version of a plan during the time in which it holds: from `starts_at` on, before `ends_at`."""

    plan_id: UUID
    name: str
    version: int
    rule: PlanRule
    starts_at: datetime
    ends_at: datetime | None


class Sold(msgspec.Struct, frozen=True):
    """What plans look at: the goods of a line, its categories from the innermost out, and who brought the sale."""

    product_id: UUID | None
    sku_id: UUID | None
    category_ids: tuple[UUID, ...]
    promoter_id: UUID | None
    promoter_kind: str
    claim_kind: str = ""


class Plan(msgspec.Struct, frozen=True):
    """A plan as it is now. `version` is the one that holds (0: none was published), `rule` is of it or of the draft.

    `category_id` is set for a plan about one category; `rate_bps` is 0 for a fixed amount. `starts_at` and `ends_at`
    are of its latest term. `draft` is the number of a version that waits to be published.
    """

    id: UUID
    name: str
    category_id: UUID | None
    category_name: str | None
    rate_bps: int
    starts_at: datetime
    ends_at: datetime | None
    state: str
    version: int
    draft: int | None
    budget: int | None
    spent: int
    rule: PlanRule

    @property
    def term(self) -> Term:
        return Term(self.id, self.name, self.version, self.rule, self.starts_at, self.ends_at)


class PlanVersion(msgspec.Struct, frozen=True):
    """One version of a plan, and who answered for it."""

    version: int
    rule: PlanRule
    created_by: str
    created_at: datetime
    published_by: str
    published_at: datetime | None
    approved_by: str
    approval_reason: str


class Commission(msgspec.Struct, frozen=True):
    """What one line of one order earns, and why: `basis` paid × `rate_bps` (or `fixed` × units) is `uncut`; `cut_by`
    says what made `amount` less; refunds took `reversed_amount` back. `supplier_amount` of it is the supplier's to bear.
    """

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
    plan_id: UUID
    plan_version: int
    fixed: int | None
    uncut: int
    cut_by: str
    supplier_amount: int
    hold_days: int
    is_held: bool
    settled_amount: int
    paid_amount: int

    @property
    def remaining(self) -> int:
        """What is still earned, in minor units."""
        return self.amount - self.reversed_amount


class Reversal(msgspec.Struct, frozen=True):
    """Part of a commission taken back because units were refunded, or because a person denied it."""

    refund_id: UUID
    line_no: int
    units: int
    amount: int
    at: datetime
    cause: str = "refund"


class Earnings(msgspec.Struct, frozen=True):
    """A promoter's sums. `pending` and `payable` are what is left after reversals; `payable` includes what is in payouts
    or paid. `open` is what may be paid out next, negative when refunds came after the payout.
    """

    pending: int
    payable: int
    reversed: int
    orders: int
    sales: int
    open: int = 0
    in_payout: int = 0
    paid: int = 0
    held: int = 0

    @property
    def negative(self) -> int:
        """What refunds of paid commission leave to be set against the next earnings, as a positive amount."""
        return max(-self.open, 0)


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


class OpenLine(msgspec.Struct, frozen=True):
    """A payable line or approved adjustment of which `open` has not gone into a payout (negative: owed back)."""

    source: Literal["commission", "adjustment"]
    order_id: UUID | None
    line_no: int | None
    adjustment_id: UUID | None
    open: int
    title: str
    order_number: str


class LevelStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A level and what a promoter's own sales of the last 90 days must show: received orders, and at most this share of
    them refunded. Nothing about money paid, purchases of their own or other promoters (禁止传销条例 art. 7).
    """

    name: str
    orders: int
    refund_bps: int


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The merchant's terms of commission. Days count from receipt; `new_hold_days` is for promoters younger than
    `new_days`. `share_bps` of what a buyer paid is the most one line may cost. `velocity_orders` from one address or
    payer through one promoter within `velocity_hours` are looked at by a person. `levels` are tried in order.
    """

    hold_days: int = 7
    new_hold_days: int = 15
    new_days: int = 30
    share_bps: int = 3_000
    velocity_orders: int = 5
    velocity_hours: int = 24
    levels: tuple[LevelStep, ...] = (
        LevelStep("gold", 60, 500),
        LevelStep("silver", 20, 800),
        LevelStep("bronze", 5, 1_200),
    )


class Hold(msgspec.Struct, frozen=True):
    """Commission that waits for a person: of one order, or of everything a promoter has pending."""

    id: UUID
    promoter_id: UUID
    promoter_name: str
    order_id: UUID | None
    order_number: str
    cause: str
    reason: str
    state: str
    amount: int
    raised_by: str
    raised_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision: str


class Adjustment(msgspec.Struct, frozen=True):
    """A correction by hand: signed fen, proposed by one person and decided by another."""

    id: UUID
    promoter_id: UUID
    promoter_name: str
    order_id: UUID | None
    kind: str
    amount: int
    reason: str
    state: str
    proposed_id: UUID
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision: str


class WrongPlanState(DomainError):
    """The plan is not in a state in which that can be done. Nothing was changed."""

    code = "distribution.wrong_plan_state"
    status = 409
    zh = "方案现在的状态不能这样操作。"
    en = "The plan is in a state in which that cannot be done."


class PlanRefused(DomainError):
    """The check found what the law or the merchant's caps forbid. Nothing was published; `findings` says what."""

    code = "distribution.plan_refused"
    status = 409
    zh = "方案未通过检查，未发布：{findings_zh}"
    en = "The plan did not pass the check and was not published: {findings_en}"


class NeedsApprover(DomainError):
    """The plan has warnings that another person with the right to approve must answer for, with a reason."""

    code = "distribution.needs_approver"
    status = 409
    zh = "方案有需要负责人确认的风险，请由有审批权限的员工填写理由后发布。"
    en = "The plan has warnings: a member of staff who may approve must publish it with a reason."


class SamePerson(DomainError):
    """Who proposed may not approve. Nothing was changed."""

    code = "distribution.same_person"
    status = 403
    zh = "提出人不能自己审批，请换一位同事。"
    en = "Who proposed this may not approve it; ask a colleague."


class NeedsPerson(DomainError):
    """A key or the system asked for what two persons must do. Nothing was changed."""

    code = "distribution.needs_person"
    status = 403
    zh = "这件事需要由员工本人登录后办理。"
    en = "A member of staff has to do this, signed in as themselves."


class Decided(DomainError):
    """It was decided before, in another way. Nothing was changed."""

    code = "distribution.decided"
    status = 409
    zh = "这一项已经处理过了。"
    en = "This has been decided before."


class NotOpen(DomainError):
    """More was to go into or out of a payout than the line has. Nothing was changed."""

    code = "distribution.not_open"
    status = 409
    zh = "这笔佣金的可结算金额已变化，未做任何改动。"
    en = "What the commission line has open is not that much; nothing was changed."
