"""Structs of the catalogue. Prices are minor units of the merchant's currency."""

from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class Category(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    icon: str


class Sku(msgspec.Struct, frozen=True):
    """One thing that can be bought. `available` counts all stores; `title` is empty when there is only one."""

    id: UUID
    code: str
    title: str
    price: int
    is_sellable: bool
    available: int


class Product(msgspec.Struct, frozen=True):
    """A product page: the product and its SKUs, cheapest position first. `currency` is ISO 4217."""

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


class SkuPrice(msgspec.Struct, frozen=True):
    """What a quote needs to know of a SKU."""

    sku_id: UUID
    product_id: UUID
    code: str
    title: str
    sku_title: str
    picture: str
    price: int
    is_sellable: bool


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
