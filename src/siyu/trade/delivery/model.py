"""Structs and refusals of delivery. Freight is minor units, weights are grams, distances metres, times UTC."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError
from siyu.people.addresses import Address

WAYS = ("pickup", "express", "local")
Pricing = Literal["piece", "weight", "flat"]


class Goods(msgspec.Struct, frozen=True):
    """What one line adds to a delivery."""

    template_id: UUID | None
    quantity: int
    weight_g: int  # of the whole line
    amount: int


class Ask(msgspec.Struct, frozen=True):
    """Goods that should go to an address: by parcel ('express'), or by courier from a store ('local') in a slot."""

    delivery: str
    address: Address
    goods: tuple[Goods, ...]
    store_id: UUID | None = None
    slot: datetime | None = None


class Terms(msgspec.Struct, frozen=True):
    """What delivery costs and promises. `notes` explain the freight: (words "中文 / english", minor units)."""

    freight: int
    ship_by: datetime | None = None
    deliver_from: datetime | None = None
    deliver_until: datetime | None = None
    notes: tuple[tuple[str, int], ...] = ()


class Booking(msgspec.Struct, frozen=True, order=True):
    """A place in a slot of local delivery."""

    store_id: UUID
    slot: datetime


class RegionGroup(msgspec.Struct, frozen=True):
    """What goods cost to some regions. No regions: everywhere that no other group names.

    `regions` are codes of provinces (2 digits), cities (4) and districts (6); the longest that fits an address
    counts. Units are pieces or grams. Freight is free from `free_amount` minor units or `free_pieces` pieces of the
    template's goods on; 0 means never.
    """

    regions: tuple[str, ...] = ()
    is_delivered: bool = True
    first_units: int = 1
    first_fee: int = 0
    more_units: int = 1
    more_fee: int = 0
    free_amount: int = 0
    free_pieces: int = 0


class FreightTemplate(msgspec.Struct, frozen=True):
    """How the freight of some goods is worked out: by piece, by weight, or one fee whatever the number."""

    id: UUID
    name: str
    pricing: Pricing
    groups: tuple[RegionGroup, ...]
    is_default: bool = False


class Tier(msgspec.Struct, frozen=True, order=True):
    """The fee up to so many metres."""

    up_to: int
    fee: int


class Opening(msgspec.Struct, frozen=True, order=True):
    """When couriers leave: ISO weekday (1 Monday … 7 Sunday), from and until in minutes of the day there."""

    weekday: int
    opens: int
    closes: int


class LocalRules(msgspec.Struct, frozen=True):
    """A store's own delivery. `districts` (codes) are served at the farthest fee when a buyer gives no location.

    A slot can be taken until `cutoff_minutes` before it starts and from `days_ahead` days before its day on.
    """

    radius: int
    tiers: tuple[Tier, ...]
    minimum: int
    openings: tuple[Opening, ...]
    slot_minutes: int
    capacity: int
    cutoff_minutes: int
    days_ahead: int
    closed_days: tuple[date, ...] = ()
    districts: tuple[str, ...] = ()


class Local(msgspec.Struct, frozen=True):
    """Local delivery of one store, with where the store is in millionths of a degree."""

    store_id: UUID
    store_name: str
    latitude: int
    longitude: int
    is_on: bool
    rules: LocalRules


class Settings(msgspec.Struct, frozen=True):
    """Which ways a merchant offers, and within how many hours of paying a parcel leaves (电子商务法 art. 20)."""

    ways: tuple[str, ...] = ("pickup",)
    ship_hours: int = 48


class Slot(msgspec.Struct, frozen=True):
    """Some time in which a courier can come, with the places left."""

    starts_at: datetime
    ends_at: datetime
    left: int


class NotOffered(DomainError):
    """The merchant does not deliver this way, or this store does not."""

    code = "delivery.not_offered"
    status = 422
    zh = "这家店目前不支持{way}。"
    en = "This shop does not offer {way} at the moment."


class NotThere(DomainError):
    """Some of the goods cannot be sent to the region of the address."""

    code = "delivery.not_there"
    status = 422
    zh = "有商品不能送到{region}，请换一个地址。"
    en = "Something in the order cannot be sent to {region}; please choose another address."


class TooFar(DomainError):
    """The address lies outside the store's radius."""

    code = "delivery.too_far"
    status = 422
    zh = "地址离{store}约 {metres} 米，超出 {radius} 米的配送范围。"
    en = "The address is about {metres} m from {store}; it delivers within {radius} m."


class NeedsPlace(DomainError):
    """Without its coordinates nobody knows how far the address is."""

    code = "delivery.needs_place"
    status = 422
    zh = "请在地址里点“定位”，才能算出离{store}的距离。"
    en = "Please add its location to the address, so that the distance from {store} is known."


class BelowMinimum(DomainError):
    """Local delivery starts at a minimum amount of goods."""

    code = "delivery.below_minimum"
    status = 422
    zh = "同城配送满 {minimum} 起送，还差 {missing}。"
    en = "Local delivery starts at {minimum}; {missing} is missing."


class NeedsSlot(DomainError):
    code = "delivery.needs_slot"
    status = 422
    zh = "请选择送达时段。"
    en = "Please choose when it should be delivered."


class SlotGone(DomainError):
    """The slot does not exist, is too near or too far ahead."""

    code = "delivery.slot_gone"
    status = 409
    zh = "这个时段已经不能选了，请换一个时段。"
    en = "This time can no longer be chosen; please choose another."


class SlotFull(DomainError):
    """All places of the slot are taken. Nothing was booked."""

    code = "delivery.slot_full"
    status = 409
    zh = "这个时段刚刚约满，请换一个时段。"
    en = "This time has just been fully booked; please choose another."
