"""What the demo merchant sells: eight shelves of groceries and beauty, with prices in fen.

Nothing here names a real brand. Descriptions say what a careful shopkeeper would say, also what speaks against it.
"""

from collections.abc import Iterator

import msgspec

from siyu.demo.catalogue import sorting
from siyu.demo.catalogue.fresh import PANTRY, PRODUCE
from siyu.demo.catalogue.house import BABY, HOUSEHOLD
from siyu.demo.catalogue.looks import MAKEUP, SKIN
from siyu.demo.catalogue.model import Category, Choice, Product
from siyu.demo.catalogue.pleasure import DRINKS, SNACKS

CATEGORIES: tuple[Category, ...] = (PRODUCE, PANTRY, SNACKS, DRINKS, HOUSEHOLD, SKIN, MAKEUP, BABY)


class Item(msgspec.Struct, frozen=True):
    """One SKU with its place on the shelves. `code` is the merchant's own: HS, shelf, product, choice."""

    code: str
    category: Category
    product: Product
    choice: Choice


def items() -> Iterator[Item]:
    """Every SKU, in the order of the shelves."""
    for shelf, category in enumerate(CATEGORIES, 1):
        for place, product in enumerate(category.products, 1):
            for number, choice in enumerate(product.choices, 1):
                yield Item(f"HS{shelf:02}{place:02}{number:02}", category, product, choice)


__all__ = ["CATEGORIES", "Category", "Choice", "Item", "Product", "items", "sorting"]
