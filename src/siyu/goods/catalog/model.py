"""Structs of the catalogue. Prices are minor units of the merchant's currency."""

from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class Category(msgspec.Struct, frozen=True):
    """A shelf of the shop. `level` is 1 for the outermost; `parent_id` is what it lies in."""

    id: UUID
    name: str
    icon: str
    parent_id: UUID | None = None
    level: int = 1


class Brand(msgspec.Struct, frozen=True):
    """Whose make goods are. `logo` is a key in the media store; `products` counts all of its goods."""

    id: UUID
    name: str
    logo: str
    products: int = 0


class Tag(msgspec.Struct, frozen=True):
    """A word the merchant sorts goods by; shoppers see it when `is_shown`. `products` counts its goods."""

    name: str
    is_shown: bool
    products: int = 0


class Option(msgspec.Struct, frozen=True):
    """What a buyer chooses among: a name such as 颜色 and its values in order."""

    name: str
    values: tuple[str, ...]


class Sku(msgspec.Struct, frozen=True):
    """One thing that can be bought. `available` counts all stores; `title` is empty when there is only one.

    `choices` has one value of each of the product's options, in their order; `weight_g` is grams of one unit, for
    weighed goods an estimate.
    """

    id: UUID
    code: str
    title: str
    price: int
    is_sellable: bool
    available: int
    weight_g: int = 0
    choices: tuple[str, ...] = ()


class Product(msgspec.Struct, frozen=True):
    """A product page: the product and its SKUs, in their order. `currency` is ISO 4217.

    `pictures` are keys, `picture` the first of them. `valid_days` is how long the code of a virtual product may be
    used, 0 for ever. `return_policy` is seven_days, confirmed or excluded, the latter two for `return_reason`.
    """

    id: UUID
    category_id: UUID
    title: str
    subtitle: str
    description: str
    picture: str
    unit: str
    is_on_shelf: bool
    currency: str
    skus: tuple[Sku, ...]
    kind: str = "physical"
    brand_id: UUID | None = None
    tags: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    return_policy: str = "seven_days"
    return_reason: str = ""
    valid_days: int = 0
    freight_template_id: UUID | None = None


class ProductCard(msgspec.Struct, frozen=True):
    """A product in a list. `sold` counts paid units of the shop's own orders, refunds taken off."""

    id: UUID
    category_id: UUID
    title: str
    subtitle: str
    picture: str
    unit: str
    price: int
    price_max: int
    sku_count: int
    sku_id: UUID
    available: int
    position: int
    is_on_shelf: bool
    kind: str = "physical"
    brand_id: UUID | None = None
    tags: tuple[str, ...] = ()


class Component(msgspec.Struct, frozen=True):
    """`quantity` pieces of a SKU within one unit of a bundle."""

    sku_id: UUID
    quantity: int


class SkuPrice(msgspec.Struct, frozen=True):
    """What a quote needs to know of a SKU. `price` is minor units, `weight_g` grams of one unit.

    `components` is empty for anything but a bundle. `supply_location_id` is set when a supplier ships the goods.
    """

    sku_id: UUID
    product_id: UUID
    category_id: UUID
    code: str
    title: str
    sku_title: str
    picture: str
    price: int
    is_sellable: bool
    kind: str = "physical"
    weight_g: int = 0
    freight_template_id: UUID | None = None
    return_policy: str = "seven_days"
    return_reason: str = ""
    supply_location_id: UUID | None = None
    components: tuple[Component, ...] = ()
    valid_days: int = 0


class BundlePart(msgspec.Struct, frozen=True):
    """A component of a bundle with its names; `available` counts all stores, `price` is what it costs alone."""

    sku_id: UUID
    quantity: int
    product_id: UUID
    title: str
    sku_title: str
    code: str
    picture: str
    price: int
    available: int


class StockedSku(msgspec.Struct, frozen=True):
    """One line of the stock page: a SKU at a store."""

    location_id: UUID
    store_name: str
    sku_id: UUID
    product_id: UUID
    title: str
    sku_title: str
    code: str
    price: int
    on_hand: int
    reserved: int


class PriceChanged(msgspec.Struct, frozen=True):
    """The price a SKU had and the price it has now, in minor units."""

    sku_id: UUID
    old_price: int
    new_price: int


class CodeTaken(DomainError):
    """Another SKU of the merchant already has this code."""

    code = "catalog.code_taken"
    status = 409
    zh = "商品编码 {sku_code} 已被使用。"
    en = "The SKU code {sku_code} is already in use."
