"""Structs and refusals of after-sales. Amounts are minor units, times UTC."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class OpenCase(msgspec.Struct, frozen=True):
    """A wish to give units back or exchange them. `id` is made by the asker, so that asking twice opens one case.

    `lines` are (line_no, quantity). `pictures` are keys in the media store.
    """

    id: UUID
    order_id: UUID
    kind: str
    reason: str
    lines: tuple[tuple[int, int], ...]
    words: str = ""
    pictures: tuple[str, ...] = ()


class CaseLine(msgspec.Struct, frozen=True):
    line_no: int
    quantity: int
    title: str
    sku_title: str
    picture: str
    product_id: UUID


class Step(msgspec.Struct, frozen=True):
    """Something somebody did or said in a case."""

    action: str
    actor_kind: str
    actor_name: str
    words: str
    at: datetime


class Case(msgspec.Struct, frozen=True):
    """An after-sale. `answer_by` is when the clock runs out for the side that has to act now."""

    id: UUID
    order_id: UUID
    order_number: str
    customer_id: UUID | None
    customer_name: str | None
    currency: str
    kind: str
    units: str
    state: str
    reason: str
    words: str
    pictures: list[str]
    opened_by: str
    location_id: UUID | None
    location_name: str | None
    location_address: str | None
    location_phone: str | None
    amount: int | None
    carrier: str
    tracking: str
    new_carrier: str
    new_tracking: str
    is_restocked: bool
    refund_id: UUID | None
    refunded: int | None
    refund_state: str | None
    is_disputed: bool
    answer_by: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    lines: tuple[CaseLine, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class CaseCard(msgspec.Struct, frozen=True):
    """A case in a list."""

    id: UUID
    order_id: UUID
    order_number: str
    customer_name: str | None
    currency: str
    kind: str
    state: str
    reason: str
    is_disputed: bool
    first_title: str
    pieces: int
    refunded: int | None
    answer_by: datetime | None
    opened_at: datetime


class WrongCaseState(DomainError):
    """The case is not where this can be done. Nothing was changed."""

    code = "aftersales.wrong_state"
    status = 409
    zh = "售后已是“{word}”，不能做这个操作。"
    en = "The after-sale is {word}; this cannot be done now."


class WindowOver(DomainError):
    """The time to return without a reason has passed (消费者权益保护法 art. 25)."""

    code = "aftersales.window_over"
    status = 409
    zh = "已过售后期（{until} 截止），如有质量问题请联系店家。"
    en = "The time for this ended at {until}; for a fault in quality please talk to the shop."


class NotReturnable(DomainError):
    """Goods the law or the buyer's own confirmation takes out of the seven days; a fault in quality still counts."""

    code = "aftersales.not_returnable"
    status = 409
    zh = "“{title}”不支持七天无理由退货；有质量问题请选择质量原因。"
    en = "{title} cannot be returned without a reason; for a fault in quality choose that reason."


class NotThere(DomainError):
    """Fewer units are left for an after-sale than were named: refunded before, or in another open case."""

    code = "aftersales.not_there"
    status = 409
    zh = "第 {line_no} 行最多还能申请 {left} 件。"
    en = "At most {left} more units of line {line_no} can be claimed."
