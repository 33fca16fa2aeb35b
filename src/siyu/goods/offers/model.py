"""Structs of offers. Amounts are minor units, shares basis points (10000 = all), times UTC.

An offer says what (`rule`), on what (`scope`), for whom (`audience`) and how often. Price kinds are worked out by the
engine in every cart; activity kinds (flash, group, bargain, presale, points) give a price to whoever holds a claim.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from siyu.goods.pricing import Passed, PricedLine, Step

Stacking = Literal["exclusive", "stack", "best"]
State = Literal["draft", "active", "paused", "ended"]


# Price kinds, in the order in which the engine works.
class LimitedPrice(msgspec.Struct, frozen=True, tag="limited_price", tag_field="kind"):
    """限时价: a unit price for each of these SKUs while the offer lasts."""

    prices: dict[UUID, int]


class MemberPrice(msgspec.Struct, frozen=True, tag="member_price", tag_field="kind"):
    """会员价: so many basis points off for members of the audience's level."""

    off: int


class FirstOrder(msgspec.Struct, frozen=True, tag="first_order", tag_field="kind"):
    """首单价: `amount` off once for who has never paid before, from `least` on."""

    amount: int
    least: int = 0


class NthItem(msgspec.Struct, frozen=True, tag="nth_item", tag_field="kind"):
    """第 N 件 X 折: of every `n` units in scope the cheapest is `off` basis points cheaper."""

    n: int
    off: int


class AnyN(msgspec.Struct, frozen=True, tag="any_n", tag_field="kind"):
    """N 件 X 元: any `n` units in scope for `price` together."""

    n: int
    price: int


class Bundle(msgspec.Struct, frozen=True, tag="bundle", tag_field="kind"):
    """搭配价: these SKUs, one of each (or so many), for `price` together."""

    parts: dict[UUID, int]
    price: int


class Reached(msgspec.Struct, frozen=True):
    """A step of a threshold: from `least` (minor units, or units when the rule counts units) on."""

    least: int
    off: int


class AmountOff(msgspec.Struct, frozen=True, tag="amount_off", tag_field="kind"):
    """满减: the highest step reached takes `off` from the goods in scope; `every` repeats the only step."""

    steps: tuple[Reached, ...]
    every: bool = False


class PercentOff(msgspec.Struct, frozen=True, tag="percent_off", tag_field="kind"):
    """满折: the highest step reached takes `off` basis points; by amount, or by units when `units`; at most `cap`."""

    steps: tuple[Reached, ...]
    units: bool = False
    cap: int | None = None


class Gift(msgspec.Struct, frozen=True, tag="gift", tag_field="kind"):
    """满赠: from `least` on, `quantity` of a SKU go along for nothing. A gift is a SKU with stock (价格规定 art. 18)."""

    least: int
    sku_id: UUID
    quantity: int = 1


# A coupon is an offer that only its holder has. Its benefit is one of these.
class CouponAmount(msgspec.Struct, frozen=True, tag="amount", tag_field="kind"):
    """代金券: `off` from `least` on."""

    off: int
    least: int = 0


class CouponPercent(msgspec.Struct, frozen=True, tag="percent", tag_field="kind"):
    """折扣券: `off` basis points from `least` on, at most `cap`: a percentage without a cap is refused."""

    off: int
    cap: int
    least: int = 0


class CouponExchange(msgspec.Struct, frozen=True, tag="exchange", tag_field="kind"):
    """兑换券: one unit of any SKU in scope for `price`."""

    price: int = 0


class CouponFreight(msgspec.Struct, frozen=True, tag="freight", tag_field="kind"):
    """运费券: up to `off` of the freight from `least` on."""

    off: int
    least: int = 0


Benefit = CouponAmount | CouponPercent | CouponExchange | CouponFreight


class Coupon(msgspec.Struct, frozen=True, tag="coupon", tag_field="kind"):
    """优惠券. Valid for `days` from the claim, or until the fixed `until`; whichever is given.

    `total` limits how many are ever issued, `claims_max` how many one person may claim; `is_public` shows it in the
    shop's coupon centre; `after_payment` issues one with each paid order of at least that much.
    `on_refund`: whether it comes back when all it was used for is refunded.
    """

    benefit: Benefit
    days: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    total: int | None = None
    claims_max: int = 1
    is_public: bool = False
    after_payment: int | None = None
    on_refund: bool = True


# Activity kinds: whoever holds a claim buys at the activity's price. Their rooms are on the trade floor.
class FlashItem(msgspec.Struct, frozen=True):
    """A SKU of a flash sale: its price, the pieces carved out of the stock of `location_id`, and how many a person
    may buy.
    """

    sku_id: UUID
    price: int
    quota: int
    location_id: UUID
    per_person: int = 1


class Flash(msgspec.Struct, frozen=True, tag="flash", tag_field="kind"):
    """秒杀: one session, from starts_at to ends_at; unpaid orders free their pieces after `pay_minutes`."""

    items: tuple[FlashItem, ...]
    pay_minutes: int = 5


class GroupTier(msgspec.Struct, frozen=True):
    """From `size` members on everybody's price is this."""

    size: int
    prices: dict[UUID, int]


class GroupBuy(msgspec.Struct, frozen=True, tag="group", tag_field="kind"):
    """拼团: `size` people buy together within `hours`. `least_size` after `least_hours` is the openly shown smaller
    success; there are no virtual members (反不正当竞争法 art. 9). `new_joiners_only`: 老带新.
    """

    prices: dict[UUID, int]
    size: int
    hours: int = 24
    least_size: int | None = None
    least_hours: int | None = None
    tiers: tuple[GroupTier, ...] = ()
    leader_off: int = 0
    new_joiners_only: bool = False
    units_max: int = 2
    seat_minutes: int = 10


class Bargain(msgspec.Struct, frozen=True, tag="bargain", tag_field="kind"):
    """砍价: friends lower the price of one unit from `start` to `floor` in `helps` helps within `hours`."""

    sku_id: UUID
    start: int
    floor: int
    helps: int
    hours: int = 24


class Presale(msgspec.Struct, frozen=True, tag="presale", tag_field="kind"):
    """定金预售: a deposit now (worth `worth`), the balance in its window, sent from `ships_from` on."""

    prices: dict[UUID, int]
    deposit: int
    worth: int
    balance_from: datetime
    balance_until: datetime
    ships_from: datetime


class PointsPrice(msgspec.Struct, frozen=True, tag="points", tag_field="kind"):
    """积分换购: SKU → (points, minor units) for one unit."""

    prices: dict[UUID, tuple[int, int]]


Rule = (
    LimitedPrice | MemberPrice | FirstOrder | NthItem | AnyN | Bundle | AmountOff | PercentOff | Gift | Coupon
    | Flash | GroupBuy | Bargain | Presale | PointsPrice
)  # fmt: skip
PRICE_KINDS = (
    "limited_price", "member_price", "first_order", "nth_item", "any_n", "bundle", "amount_off", "percent_off", "gift",
    "coupon",
)  # fmt: skip
ACTIVITY_KINDS = ("flash", "group", "bargain", "presale", "points")


class Scope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an offer is good for: everything, or what any of these names; `excluded` SKUs never."""

    product_ids: tuple[UUID, ...] = ()
    category_ids: tuple[UUID, ...] = ()
    sku_ids: tuple[UUID, ...] = ()
    excluded: tuple[UUID, ...] = ()


class Audience(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom an offer is for; an empty field asks for nothing. Traits only, never a person (发改价格规〔2025〕1607号).

    `newcomers`: who has never paid. `door_ids`: whose order came through one of these doors.
    """

    levels: tuple[str, ...] = ()
    newcomers: bool = False
    channels: tuple[str, ...] = ()
    store_ids: tuple[UUID, ...] = ()
    door_ids: tuple[UUID, ...] = ()


class Funder(msgspec.Struct, frozen=True):
    """Who bears which share of what is given away; shares sum to 10000."""

    who: Literal["merchant", "supplier", "alliance"]
    share: int


class OfferForm(msgspec.Struct, frozen=True):
    """What a person says of an offer. Amounts are minor units, shares basis points, times UTC."""

    name: str
    rule: Rule
    scope: Scope = Scope()
    audience: Audience = Audience()
    stacking: Stacking = "best"
    priority: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    budget: int | None = None
    uses_max: int | None = None
    per_person: int | None = None
    per_person_day: int | None = None
    funders: tuple[Funder, ...] = ()
    floor_margin: int | None = None


class Offer(msgspec.Struct, frozen=True):
    """An offer as the engine sees it. `spent_left` and `uses_left` are None where there is no limit."""

    id: UUID
    name: str
    rule: Rule
    scope: Scope = Scope()
    audience: Audience = Audience()
    stacking: Stacking = "best"
    priority: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    per_person: int | None = None
    per_person_day: int | None = None
    funders: tuple[Funder, ...] = ()
    floor_margin: int | None = None
    version: int = 1
    spent_left: int | None = None
    uses_left: int | None = None


class HeldCoupon(msgspec.Struct, frozen=True):
    """A coupon somebody holds, of the offer `offer_id`, under the terms of that version (None: as the offer is)."""

    id: UUID
    offer_id: UUID
    customer_id: UUID
    valid_from: datetime
    valid_until: datetime
    version: int | None = None


class Used(msgspec.Struct, frozen=True):
    """How often a customer has used an offer: ever, and since midnight at the merchant's."""

    customer_id: UUID
    offer_id: UUID
    ever: int
    today: int


class Traits(msgspec.Struct, frozen=True):
    """What an offer may know of the buyer. `is_new`: has never paid for an order here."""

    customer_id: UUID | None
    level: str = ""
    channel: str = "shop"
    store_id: UUID | None = None
    door_id: UUID | None = None
    is_new: bool = False


class Shelf(msgspec.Struct, frozen=True):
    """Every live price offer, and what the buyers at hand hold and have used. Read in one statement.

    `costs` has the unit cost of SKUs that a margin floor has to know.
    """

    offers: tuple[Offer, ...] = ()
    coupons: tuple[HeldCoupon, ...] = ()
    used: tuple[Used, ...] = ()
    newcomers: frozenset[UUID] = frozenset()
    costs: dict[UUID, int] = {}


class GiftLine(msgspec.Struct, frozen=True):
    """What goes along for nothing."""

    offer_id: UUID
    sku_id: UUID
    quantity: int
    name: str
    version: int = 1


class Use(msgspec.Struct, frozen=True):
    """One offer's part in an order: what it gave away, counted `times` against its limits."""

    offer_id: UUID
    amount: int
    coupon_id: UUID | None = None
    times: int = 1


class Applied(msgspec.Struct, frozen=True):
    """The lines with the offers' steps. `freight_coupon` still waits for the freight to be known; it may take at most
    `freight_budget` (None: no limit).
    """

    lines: tuple[PricedLine, ...]
    total: int
    gifts: tuple[GiftLine, ...] = ()
    uses: tuple[Use, ...] = ()
    passed: tuple[Passed, ...] = ()
    freight_coupon: tuple[HeldCoupon, Offer] | None = None
    freight_budget: int | None = None


class FreightOff(msgspec.Struct, frozen=True):
    """What a freight coupon takes from the freight."""

    steps: tuple[Step, ...] = ()
    uses: tuple[Use, ...] = ()
