"""Structs of item codes. Serials run from 0; coordinates are millionths of a degree, times UTC, points whole."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.growth.itemcodes.codes import Kind
from siyu.kernel.errors import DomainError

RewardKind = Literal["none", "points", "draw"]


class Reward(msgspec.Struct, frozen=True):
    """What a redeemed inner code brings: the same points for everybody, or a chance in a draw with published odds."""

    kind: RewardKind
    points: int = 0
    draw_id: UUID | None = None


class NewBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`quantity` items with an outer and an inner code each; `per_box` of them in a box with a code of its own."""

    name: str
    quantity: int
    product_id: UUID | None = None
    per_box: int = 0
    reward: Reward = Reward("none")
    per_day: int = 10


class Batch(msgspec.Struct, frozen=True):
    """A batch of codes. The key never leaves the room: whoever has it can make every code."""

    id: UUID
    number: int
    name: str
    product_id: UUID | None
    quantity: int
    per_box: int
    reward: Reward
    per_day: int
    door_id: UUID
    state: Literal["open", "void"]
    created_at: datetime

    @property
    def boxes(self) -> int:
        """How many boxes the batch fills; the last one may not be full."""
        return -(-self.quantity // self.per_box) if self.per_box else 0


class Range(msgspec.Struct, frozen=True):
    """Serials `first` to `last` inclusive that count, and the dealer they were sent to."""

    id: UUID
    first: int
    last: int
    dealer_id: UUID | None
    dealer_name: str | None
    activated_at: datetime


class NewDealer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dealer and their territory: a circle of `radius_km` kilometres, 0 where none was agreed."""

    name: str
    latitude: int = 0
    longitude: int = 0
    radius_km: int = 0


class Dealer(msgspec.Struct, frozen=True):
    """A dealer; `door_id` is the door through which the customers of their items come."""

    id: UUID
    name: str
    door_id: UUID
    latitude: int
    longitude: int
    radius_km: int


class Seen(msgspec.Struct, frozen=True):
    """What whoever scans a code is told. `scans` counts this one; `is_first` says nobody scanned it before."""

    kind: Kind
    code: str
    batch_name: str
    product_id: UUID | None
    state: Literal["active", "inactive", "void"]
    reward: Reward
    first_at: datetime
    scans: int
    is_first: bool
    redeemed_at: datetime | None
    is_mine: bool
    items: int = 1


class Redeemed(msgspec.Struct, frozen=True):
    """What a code brought its customer. `gift_id` is the movement of points or the ticket of the draw."""

    reward: Reward
    gift_id: UUID | None
    at: datetime


class Delivery(msgspec.Struct, frozen=True):
    """A file of codes that somebody took."""

    kind: str
    format: str
    first: int
    last: int
    sha256: str
    taken_by: str
    at: datetime


class Alert(msgspec.Struct, frozen=True):
    """Something a person should look at; nobody is ever punished by it."""

    id: UUID
    batch_id: UUID
    batch_name: str
    kind: Literal["diversion", "relay"]
    subject: int
    dealer_name: str | None
    facts: dict[str, int]
    opened_at: datetime


class UnknownCode(DomainError):
    """The characters are no code of this merchant's. It costs the asker one of a few tries an hour."""

    code = "itemcodes.unknown"
    status = 404
    zh = "这个码不是本商家的码，请核对后再输。"
    en = "This is not one of this merchant's codes; please check what you typed."


class NotActive(DomainError):
    """The item was never sent out by the merchant, or was called back."""

    code = "itemcodes.not_active"
    status = 409
    zh = "这个码还没有启用，请向购买的商店核实。"
    en = "This code is not active; please ask where you bought the item."


class NotAReward(DomainError):
    """Only the code inside the item brings something, and only where the batch has a reward."""

    code = "itemcodes.no_reward"
    status = 409
    zh = "这个码没有奖励可领。"
    en = "There is nothing to be had for this code."


class AlreadyRedeemed(DomainError):
    """Somebody else had it before."""

    code = "itemcodes.redeemed"
    status = 409
    zh = "这个码已在 {at} 被领取。"
    en = "This code was redeemed at {at}."


class EnoughToday(DomainError):
    """The customer had as many rewards today as the batch gives one person."""

    code = "itemcodes.enough_today"
    status = 409
    zh = "今天最多领取 {most} 次，请明天再来。"
    en = "There are at most {most} a day; please come again tomorrow."


class Overlaps(DomainError):
    """A serial may be active once."""

    code = "itemcodes.overlap"
    status = 409
    zh = "序号 {first} 到 {last} 已经启用。"
    en = "Serials {first} to {last} are active already."


class AlreadyScanned(DomainError):
    """Codes that somebody has scanned are out in the world and stay active."""

    code = "itemcodes.scanned"
    status = 409
    zh = "这个范围里已有 {n} 个码被扫过，不能撤销。"
    en = "{n} codes of this range were scanned; it cannot be undone."
