"""Structs of disputes, and why one is refused before anybody looks at it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError

State = Literal["open", "upheld", "refused"]


class RaiseDispute(msgspec.Struct, frozen=True):
    """An order is not whose it says. `promoter_id` is who should have it; None: nobody. `pictures` are media keys."""

    id: UUID
    order_id: UUID
    promoter_id: UUID | None
    words: str
    pictures: tuple[str, ...] = ()


class Dispute(msgspec.Struct, frozen=True):
    """A dispute and what became of it."""

    id: UUID
    order_id: UUID
    order_number: str
    order_total: int
    placed_at: datetime
    was_promoter_id: UUID | None
    was_name: str | None
    promoter_id: UUID | None
    promoter_name: str | None
    words: str
    pictures: tuple[str, ...]
    state: str
    raised_kind: str
    raised_id: UUID
    raised_by: str
    raised_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision: str


class AlreadyOpen(DomainError):
    """One dispute of an order at a time. Nothing was changed."""

    code = "disputes.already_open"
    status = 409
    zh = "这笔订单已有处理中的争议，请等待结果。"
    en = "A dispute of this order is open already; please wait for its result."


class AlreadyMoved(DomainError):
    """An order moves once; after that, corrections by hand. Nothing was changed."""

    code = "disputes.already_moved"
    status = 409
    zh = "这笔订单的归属已经改过一次，不能再改；如有差错请做佣金调整。"
    en = "This order has moved once already and cannot move again; correct the commission by hand."


class NothingDisputed(DomainError):
    """The order is that promoter's already."""

    code = "disputes.nothing"
    status = 409
    zh = "这笔订单已经归这位推广员。"
    en = "The order is this promoter's already."


class NotPaid(DomainError):
    """Whose an unpaid order is changes nothing yet."""

    code = "disputes.not_paid"
    status = 409
    zh = "订单付款后才能提出归因争议。"
    en = "An order can be disputed once it is paid."


class TooLate(DomainError):
    """Disputes are raised while memory and evidence are fresh."""

    code = "disputes.too_late"
    status = 409
    zh = "订单付款超过 {days} 天，不能再提出归因争议。"
    en = "The order was paid more than {days} days ago; it can no longer be disputed."


class SamePerson(DomainError):
    """Who raised a dispute does not decide it."""

    code = "disputes.same_person"
    status = 403
    zh = "不能处理自己提出的争议，请由同事处理。"
    en = "One cannot decide one's own dispute; a colleague has to."


class NeedsPerson(DomainError):
    """A key says nothing about who holds it."""

    code = "disputes.needs_person"
    status = 403
    zh = "归因争议需由登录的员工或推广员本人处理。"
    en = "Disputes are for staff and promoters who signed in themselves."


class Decided(DomainError):
    code = "disputes.decided"
    status = 409
    zh = "这个争议已经处理过了。"
    en = "This dispute has been decided already."


class NotYours(DomainError):
    """The buyer's own link, or somebody else's claim: a promoter asks for themselves only."""

    code = "disputes.not_yours"
    status = 403
    zh = "只能为自己提出争议，也不能对自己购买的订单提出。"
    en = "One can only ask for oneself, and not about an order one bought."
