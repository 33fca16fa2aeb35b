"""Structs of draws. Odds are places of 1,000,000; values are minor units at the market price; times UTC."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError, Invalid

PLACES = 1_000_000
State = Literal["draft", "published", "ended"]


class Prize(msgspec.Struct, frozen=True):
    """One kind of prize. `odds` of 1,000,000 tickets win it, as long as some of its `number` are left.

    `value` is the market price of one. A prize of points has `points`, a coupon its `offer_id`. When all are given,
    the ticket gets the prize `instead`, which comes later in the list, or nothing.
    """

    no: int
    name: str
    kind: Literal["coupon", "points"]
    number: int
    value: int
    odds: int
    points: int = 0
    offer_id: UUID | None = None
    instead: int | None = None


class Rules(msgspec.Struct, frozen=True):
    """Everything that is published before a draw begins (规范促销行为暂行规定 art. 13).

    A ticket comes with a received order of at least `order_least` minor units of goods, or costs `ticket_points`;
    None where that is not offered. With `code_tickets` a code from inside an item brings one too. Nobody draws more
    often than `per_person`. There is no other way to a ticket.
    """

    name: str
    starts_at: datetime
    ends_at: datetime
    prizes: tuple[Prize, ...]
    conditions: str
    redemption: str
    per_person: int = 10
    order_least: int | None = None
    ticket_points: int | None = None
    code_tickets: bool = False


class Frozen(msgspec.Struct, frozen=True):
    """What is hashed and shown to everybody. `seed_hash` is the SHA-256 of the seed, which stays secret till the end."""

    draw_id: UUID
    version: int
    seed_hash: str
    rules: Rules


class Draw(msgspec.Struct, frozen=True):
    """A draw as it stands; `drawn` is the last serial given."""

    id: UUID
    name: str
    state: State
    rules: Rules
    version: int
    seed_hash: str | None
    drawn: int
    created_at: datetime
    published_at: datetime | None
    ended_at: datetime | None


class Version(msgspec.Struct, frozen=True):
    """The published words `text`, their SHA-256, and the first serial they hold for."""

    version: int
    text: str
    hash: str
    from_serial: int
    reason: str
    at: datetime

    @property
    def rules(self) -> Rules:
        return msgspec.json.decode(self.text, type=Frozen).rules


class Outcome(msgspec.Struct, frozen=True):
    """What a serial comes to: its place, the prize the place belongs to, and the prize given."""

    serial: int
    rolled: int
    hit_no: int | None
    prize_no: int | None


class Result(msgspec.Struct, frozen=True):
    """A ticket that was drawn."""

    serial: int
    ticket_id: UUID
    customer_id: UUID
    rolled: int
    hit_no: int | None
    prize_no: int | None
    gift_id: UUID | None
    at: datetime
    nickname: str = ""


class Chances(msgspec.Struct, frozen=True):
    """What a customer has: tickets not drawn yet, and how often they drew."""

    open: int
    drawn: int


def problem(field: str, zh: str, en: str) -> Invalid:
    """What stands against publishing, at its field."""
    return Invalid(field=field, zh=zh, en=en)


class WorseForBuyers(DomainError):
    """A change that takes something from those who take part. Nothing was changed (反不正当竞争法 art. 11)."""

    code = "draws.worse"
    status = 409
    zh = "已公示的抽奖只能向有利于顾客的方向修改：{what_zh}。"
    en = "A published draw may only change in favour of customers: {what_en}."


class NotRunning(DomainError):
    """The draw has not begun, or is over."""

    code = "draws.not_running"
    status = 409
    zh = "现在不在抽奖时间内。"
    en = "The draw is not running now."


class NoTicket(DomainError):
    """There is no chance left to draw with."""

    code = "draws.no_ticket"
    status = 409
    zh = "没有可用的抽奖机会。"
    en = "There is no chance to draw with."


class DrawnEnough(DomainError):
    """Nobody draws more often than the published rules say."""

    code = "draws.drawn_enough"
    status = 409
    zh = "已达到每人抽奖次数上限（{most} 次）。"
    en = "Nobody draws more than {most} times."


class Excluded(DomainError):
    """Staff, and promoters who work for the merchant, do not take part (反不正当竞争法 art. 11)."""

    code = "draws.excluded"
    status = 403
    zh = "员工和商家的推广人员不能参加抽奖。"
    en = "Staff and the merchant's promoters do not take part."
