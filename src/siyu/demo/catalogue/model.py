"""What the demo's shelves are described with."""

import msgspec

from siyu.demo.pictures import Drawing


class Choice(msgspec.Struct, frozen=True):
    """One thing to buy: its size, taste or shade (empty when there is only one) and its price in fen."""

    title: str
    price: int


class Product(msgspec.Struct, frozen=True):
    """One product. `key` names its picture; `demand` says how often it is taken compared with its shelf."""

    key: str
    title: str
    subtitle: str
    description: str
    unit: str
    drawing: Drawing
    choices: tuple[Choice, ...]
    demand: int = 10


class Category(msgspec.Struct, frozen=True):
    """A shelf. `face` is the key of the product whose picture stands for it; `basket` says how often it is visited."""

    key: str
    name: str
    face: str
    basket: int
    products: tuple[Product, ...]


def one(price: int) -> tuple[Choice, ...]:
    """The only choice of a product."""
    return (Choice("", price),)


def several(*pairs: tuple[str, int]) -> tuple[Choice, ...]:
    """Choices from (title, price in fen)."""
    return tuple(Choice(title, price) for title, price in pairs)
