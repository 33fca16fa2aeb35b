"""Structs of pricing. Amounts are minor units; a step's amount is what it adds to a line, so a discount is negative."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One calculator's effect on one line, kept with the order for ever.

    `code` names the calculator, `rule_id`, `version` and `name` the rule it applied, `funder` who bears a discount.
    """

    code: str
    amount: int
    rule_id: UUID | None = None
    name: str = ""
    funder: str = "merchant"
    version: int = 0


class Buyer(msgspec.Struct, frozen=True):
    """What pricing may know of the buyer. Never who they are in person: equal buyers pay equal prices
    (发改价格规〔2025〕1607号; 个人信息保护法 art. 24).
    """

    customer_id: UUID | None
    level: str = ""
    channel: str = "shop"
    store_id: UUID | None = None


class Line(msgspec.Struct, frozen=True):
    """A line to be priced: `unit_price` is the catalogue's, before any step."""

    line_no: int
    sku_id: UUID
    product_id: UUID
    category_id: UUID
    quantity: int
    unit_price: int


class PricedLine(msgspec.Struct, frozen=True):
    """`amount` = `unit_price` × `quantity` + the sum of `steps`; never negative."""

    line: Line
    amount: int
    steps: tuple[Step, ...] = ()


class Passed(msgspec.Struct, frozen=True):
    """A rule that was looked at and did not apply, and why: words "中文 / english"."""

    code: str
    name: str
    why: str
    rule_id: UUID | None = None


class BuildUp(msgspec.Struct, frozen=True):
    """The price of a cart with the reasons for it."""

    lines: tuple[PricedLine, ...]
    total: int
    passed: tuple[Passed, ...] = ()


class Tier(msgspec.Struct, frozen=True):
    """A price of a list for one SKU from `least` units on."""

    list_id: UUID
    sku_id: UUID
    least: int
    price: int


class PriceList(msgspec.Struct, frozen=True):
    """A list of prices and whom it is for; an empty field asks for nothing. Higher `priority` wins."""

    id: UUID
    name: str
    priority: int
    level: str
    channel: str
    store_id: UUID | None
    customer_id: UUID | None
    starts_at: datetime | None
    ends_at: datetime | None


class Rules(msgspec.Struct, frozen=True):
    """Everything the calculators need, read in one statement."""

    lists: tuple[PriceList, ...] = ()
    tiers: tuple[Tier, ...] = ()


class ListForm(msgspec.Struct, frozen=True):
    """What a person says of a list; times are UTC."""

    name: str
    priority: int = 0
    level: str = ""
    channel: str = ""
    store_id: UUID | None = None
    customer_id: UUID | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class ListRow(msgspec.Struct, frozen=True):
    """A list as the console shows it. `items` counts its prices."""

    id: UUID
    name: str
    priority: int
    level: str
    channel: str
    store_id: UUID | None
    customer_id: UUID | None
    starts_at: datetime | None
    ends_at: datetime | None
    is_active: bool
    store_name: str | None
    customer_name: str | None
    items: int


class NewItem(msgspec.Struct, frozen=True):
    """A price for a list: minor units for one unit when `least` or more are bought."""

    sku_id: UUID
    least: int
    price: int


class Item(msgspec.Struct, frozen=True):
    """A price of a list with its SKU; `marked` is what the catalogue asks today."""

    sku_id: UUID
    least: int
    price: int
    code: str
    product_id: UUID
    title: str
    sku_title: str
    marked: int


class ListNameTaken(DomainError):
    """Another list of the merchant has this name."""

    code = "pricing.name_taken"
    status = 409
    zh = "已经有名为“{name}”的价目表。"
    en = "There is already a price list called “{name}”."


class SkuUnknown(DomainError):
    """A price was given for a SKU that this merchant does not have. Nothing was written."""

    code = "pricing.sku_unknown"
    status = 422
    zh = "没有这个商品规格。"
    en = "There is no such SKU."
