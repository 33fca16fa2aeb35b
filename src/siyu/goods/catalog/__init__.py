"""What is sold: categories, products, their SKUs and prices. Owns tables categories, products, skus and
price_changes.
"""

from siyu.goods.catalog.actions import NewProduct, NewSku, add_categories, add_products, set_price, set_shelf
from siyu.goods.catalog.editing import PriceChange, ProductWords, edit_product, price_changes, set_sellable
from siyu.goods.catalog.history import IMPORTED_CATEGORY, PastProduct, SoldSku, record_products, skus_by_code
from siyu.goods.catalog.model import (
    Category,
    CodeTaken,
    PriceChanged,
    Product,
    ProductCard,
    Sku,
    SkuPrice,
    StockedSku,
)
from siyu.goods.catalog.queries import (
    cards,
    cards_of,
    categories,
    category_of_products,
    prices,
    prices_before,
    product,
    read_product,
    stocked_skus,
)

__all__ = [
    "IMPORTED_CATEGORY",
    "Category",
    "CodeTaken",
    "NewProduct",
    "NewSku",
    "PastProduct",
    "PriceChange",
    "PriceChanged",
    "Product",
    "ProductCard",
    "ProductWords",
    "Sku",
    "SkuPrice",
    "SoldSku",
    "StockedSku",
    "add_categories",
    "add_products",
    "cards",
    "cards_of",
    "categories",
    "category_of_products",
    "edit_product",
    "price_changes",
    "prices",
    "prices_before",
    "product",
    "read_product",
    "record_products",
    "set_price",
    "set_sellable",
    "set_shelf",
    "skus_by_code",
    "stocked_skus",
]
