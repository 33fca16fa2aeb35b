"""Structs of prices in points and money. Money is minor units of one unit of goods, points are counts."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods import offers
from siyu.kernel.errors import DomainError

KIND = "points"


class Deal(msgspec.Struct, frozen=True):
    """An offer of goods for points and money, as it stands."""

    id: UUID
    name: str
    version: int
    rule: offers.PointsPrice
    audience: offers.Audience
    is_live: bool
    starts_at: datetime | None
    ends_at: datetime | None
    per_person: int | None
    per_person_day: int | None
    uses_max: int | None
    uses: int


class Goods(msgspec.Struct, frozen=True):
    """A SKU that is to be had for points and money."""

    offer_id: UUID
    offer_name: str
    product_id: UUID
    sku_id: UUID
    title: str
    sku_title: str
    picture: str
    points: int
    price: int
    marked: int
    ends_at: datetime | None


class NotOffered(DomainError):
    """The offer is over, has not begun, or is not for this buyer."""

    code = "points_prices.not_offered"
    status = 409
    zh = "这个积分换购现在不可用。"
    en = "This offer for points is not available now."


class LimitReached(DomainError):
    """The buyer, or everybody together, has used the offer as often as it may be."""

    code = "points_prices.limit_reached"
    status = 409
    zh = "这个积分换购的次数已经用完。"
    en = "This offer for points has been used as often as it may be."
