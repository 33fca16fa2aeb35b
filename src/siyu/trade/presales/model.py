"""Structs and refusals of presales. Amounts are minor units, times UTC."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods.offers import Audience
from siyu.goods.offers import Presale as Rule
from siyu.kernel.errors import DomainError


class Offered(msgspec.Struct, frozen=True):
    """A presale as people meet it. `ordered` counts orders that are not closed."""

    id: UUID
    name: str
    rule: Rule
    audience: Audience
    version: int
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    uses_max: int | None
    per_person: int | None
    ordered: int

    def is_live(self, now: datetime) -> bool:
        """Whether a deposit may be paid now: before the time for the balances begins."""
        begun = self.starts_at is None or self.starts_at <= now
        going = self.ends_at is None or now < self.ends_at
        return self.state == "active" and begun and going and now < self.rule.balance_from

    @property
    def left(self) -> int | None:
        return None if self.uses_max is None else max(0, self.uses_max - self.ordered)


class Numbers(msgspec.Struct, frozen=True):
    """Where the orders of a presale stand: deposits being paid, balances awaited, paid in full, lost with deposit."""

    offer_id: UUID
    begun: int = 0
    waiting: int = 0
    deposits: int = 0
    paid: int = 0
    sales: int = 0
    lost: int = 0
    kept: int = 0


class Lost(msgspec.Struct, frozen=True):
    """A closed order whose deposit was paid. `returned` is the state of the deposit's refund, '' without one."""

    order_id: UUID
    number: str
    nickname: str
    deposit: int
    close_reason: str
    closed_at: datetime
    returned: str
    is_paid: bool = False  # what is owed beside the deposit has been transferred

    @property
    def owed(self) -> int:
        """What the merchant owes beside the deposit itself: as much again, when it was the merchant who cancelled."""
        return self.deposit if self.close_reason == "cancelled_by_merchant" else 0


class NotRunning(DomainError):
    """The presale does not exist, has not begun, is paused, or takes no deposits any more."""

    code = "presales.not_running"
    status = 409
    zh = "这个预售现在不能付定金。"
    en = "This presale takes no deposits now."


class NotInPresale(DomainError):
    """Goods that the presale does not name cannot be ordered with it."""

    code = "presales.not_included"
    status = 409
    zh = "有商品不在这个预售里，请分开下单。"
    en = "Something is not part of this presale; please order it separately."


class SoldOut(DomainError):
    """As many have been ordered as the presale allows, by everyone or by this person."""

    code = "presales.sold_out"
    status = 409
    zh = "这个预售的名额已经用完。"
    en = "This presale has been ordered as often as it may be."


class NotForYou(DomainError):
    """The presale is for other people: another level, or who has never bought here."""

    code = "presales.not_for_you"
    status = 409
    zh = "这个预售只对指定的顾客开放。"
    en = "This presale is for other customers."


class DepositTooHigh(DomainError):
    """民法典 art. 586: a deposit of more than a fifth of the price has no effect as a deposit beyond it."""

    code = "presales.deposit_too_high"
    status = 409
    zh = "定金不能超过成交价的 20%，请商家先修改预售。"
    en = "A deposit may be a fifth of the price at most; the shop has to change this presale first."


class DepositNotRead(DomainError):
    """The buyer has to say that they read what becomes of the deposit (电子商务法 art. 17)."""

    code = "presales.deposit_not_read"
    status = 422
    zh = "请先阅读并勾选定金规则。"
    en = "Please read the rules of the deposit and tick the box first."
