"""Structs of doors and touches."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError

Kind = Literal[
    "store_shelf",
    "guide",
    "koc",
    "leader",
    "parcel_card",
    "poster",
    "platform",
    "ad",
    "group",
    "live",
    "other",
]
Space = Literal["point", "platform", "social"]
Ownership = Literal["owned", "rented", "purchased"]

KINDS: tuple[str, ...] = get_args(Kind)
SPACES: tuple[str, ...] = get_args(Space)
OWNERSHIPS: tuple[str, ...] = get_args(Ownership)


class Door(msgspec.Struct, frozen=True):
    """A way in. `target` is the path below the shop a scan lands on; '' is the shop's home."""

    id: UUID
    code: str
    name: str
    kind: str
    space: str
    ownership: str
    target: str
    is_open: bool
    store_id: UUID | None
    staff_id: UUID | None
    promoter_id: UUID | None


class Touch(msgspec.Struct, frozen=True):
    """Somebody came through a door."""

    id: UUID
    door_id: UUID
    door_name: str
    door_kind: str
    at: datetime


class Attribution(msgspec.Struct, frozen=True):
    """Which door an order came through, and which promoter (if any) it is bound to.

    `promoter_id` is who the merchant's policy gives now: a live session, the last promoter's link, the relation.
    """

    customer_id: UUID
    door_id: UUID | None
    promoter_id: UUID | None


class DoorReport(msgspec.Struct, frozen=True):
    """A door with its all-time counts and cost (minor units)."""

    id: UUID
    code: str
    name: str
    kind: str
    space: str
    ownership: str
    is_open: bool
    store_name: str | None
    scans: int
    people: int
    cost: int


class DoorClosed(DomainError):
    """The code exists but leads nowhere any more; the visitor is sent to the shop's home."""

    code = "doors.closed"
    status = 410
    zh = "这个入口已关闭，欢迎直接逛逛店铺。"
    en = "This entry has been closed; you are welcome to look around the shop."
