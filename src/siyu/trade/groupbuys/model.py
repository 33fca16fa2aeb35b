"""Structs and refusals of group buying. Amounts are minor units, times UTC."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from siyu.goods.offers import GroupBuy
from siyu.kernel.errors import DomainError

State = Literal["open", "full", "succeeded", "expired", "refunding", "failed", "lapsed"]
SeatState = Literal["held", "paid", "lapsed", "withdrawn", "refunding", "refunded"]
ALIVE = frozenset({"open", "full"})
TAKEN = frozenset({"held", "paid"})
PAID_ORDER = frozenset({"paid", "shipped", "picked_up", "received"})


class Seat(msgspec.Struct, frozen=True):
    """A place in a group, by the order that holds it. `order_state` is None while the order is being placed."""

    order_id: UUID
    group_id: UUID
    customer_id: UUID
    state: str
    is_opener: bool
    units: int
    held_until: datetime
    created_at: datetime
    paid_at: datetime | None = None
    number: str | None = None
    order_state: str | None = None


class Group(msgspec.Struct, frozen=True):
    """A group without its seats. `terms` is the rule as it was when the group opened."""

    id: UUID
    offer_id: UUID
    offer_version: int
    name: str
    terms: GroupBuy
    state: str
    opener_id: UUID | None
    leader_id: UUID | None
    size: int
    capacity: int
    held: int
    paid: int
    created_at: datetime
    opened_at: datetime | None
    least_at: datetime | None
    expires_at: datetime
    look_at: datetime
    ended_at: datetime | None

    @property
    def is_alive(self) -> bool:
        return self.state in ALIVE

    @property
    def missing(self) -> int:
        """How many more have to pay for the group to succeed at its ordinary size."""
        return max(0, self.size - self.paid)


class Choice(msgspec.Struct, frozen=True):
    """An open group that somebody may join instead."""

    group_id: UUID
    missing: int
    expires_at: datetime


class GroupFull(DomainError):
    """Every place is taken; the facts say what there is instead. Nothing was placed, nothing is to be paid."""

    code = "groups.full"
    status = 409
    zh = "这个团刚刚满员，没有占用名额、也没有扣款。可以参加其他团、自己开团，或单独购买。"
    en = (
        "This group has just filled up; nothing was charged. "
        "You can join another group, open one, or buy alone."
    )

    def __init__(self, offer_id: UUID, choices: tuple[Choice, ...] = ()) -> None:
        groups: list[Any] = [msgspec.to_builtins(choice) for choice in choices]
        super().__init__(field="claim", offer_id=str(offer_id), groups=groups)


class GroupEnded(DomainError):
    """The group takes nobody any more: it is over, or has less than a minute left."""

    code = "groups.ended"
    status = 409
    zh = "这个团已经结束，不能再参加。可以参加其他团或自己开团。"
    en = "This group is over; you can join another one or open your own."


class NotOpenYet(DomainError):
    """The opener has not paid: nobody else may join."""

    code = "groups.not_open_yet"
    status = 409
    zh = "开团人还没有付款，团还没有开始。"
    en = "The opener has not paid yet; the group has not begun."


class NotRunning(DomainError):
    """The offer does not exist, has not begun, is paused or is over."""

    code = "groups.not_running"
    status = 409
    zh = "这个拼团活动现在不能开团。"
    en = "No group can be opened in this offer now."


class HoldsSeat(DomainError):
    """The person holds an unpaid place in this group; the order to pay is named."""

    code = "groups.holds_seat"
    status = 409
    zh = "你已经占了一个名额，请先支付订单 {number}。"
    en = "You already hold a place; please pay order {number} first."

    def __init__(self, seat: Seat) -> None:
        super().__init__(
            field="claim",
            number=seat.number or "刚提交的订单 / just placed",
            order_id=str(seat.order_id),
            group_id=str(seat.group_id),
        )


class AlreadyMember(DomainError):
    """The person has paid for a place in this group, or leads an open group of this offer."""

    code = "groups.already_member"
    status = 409
    zh = "你已经在这个活动的团里了，邀请朋友来参团吧。"
    en = "You are in a group of this offer already; invite friends to join it."

    def __init__(self, group_id: UUID) -> None:
        super().__init__(field="claim", group_id=str(group_id))


class OnlyNewJoiners(DomainError):
    """老带新: who joins must never have paid for an order here."""

    code = "groups.only_new"
    status = 409
    zh = "这个团只接受没有在本店付过款的新顾客参团，你可以自己开团。"
    en = "Only people who have never bought here may join this group; you may open one."


class LimitReached(DomainError):
    """So many times this person may take part, and no more."""

    code = "groups.limit_reached"
    status = 409
    zh = "这个活动每人限参加 {most} 次，你已经参加过了。"
    en = "Each person may take part {most} times; you have done so already."


class UsedUp(DomainError):
    """As many places were given out as the offer has."""

    code = "groups.used_up"
    status = 409
    zh = "这个活动的名额已经用完。"
    en = "Every place of this offer has been taken."


class TooManyUnits(DomainError):
    """More units than one order of a group may have."""

    code = "groups.too_many_units"
    status = 422
    zh = "拼团每单最多买 {most} 件。"
    en = "An order in a group has at most {most} units."


class NotInGroup(DomainError):
    """The goods have no price in this group."""

    code = "groups.not_in_offer"
    status = 422
    zh = "有商品不在这个拼团里。"
    en = "Something in the order is not part of this group buy."


class OverBySuccess(DomainError):
    """The group has succeeded or ended: leaving it is an ordinary after-sale now."""

    code = "groups.over"
    status = 409
    zh = "这个团已经结束，退款请在订单里申请售后。"
    en = "This group is over; please ask for a refund on the order's page."
