"""Structs and refusals of carts. Amounts are minor units of the merchant's currency."""

from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class CartLine(msgspec.Struct, frozen=True):
    """One SKU in a cart as it stands now.

    `price_before` is what it cost when the line was last touched, None when that is still the price.
    `available` counts the pieces free at the store the shopper picks up from; None when no store is chosen yet.
    """

    sku_id: UUID
    product_id: UUID
    title: str
    sku_title: str
    picture: str
    quantity: int
    is_chosen: bool
    price: int
    price_before: int | None
    is_sellable: bool
    available: int | None

    @property
    def amount(self) -> int:
        return self.price * self.quantity

    @property
    def is_short(self) -> bool:
        """Whether the chosen store has fewer pieces than wanted."""
        return self.available is not None and self.available < self.quantity

    @property
    def counts(self) -> bool:
        """Whether the line is part of the next order."""
        return self.is_chosen and self.is_sellable


class Cart(msgspec.Struct, frozen=True):
    """A cart, last touched first."""

    lines: tuple[CartLine, ...] = ()

    @property
    def chosen(self) -> tuple[CartLine, ...]:
        return tuple(line for line in self.lines if line.counts)

    @property
    def total(self) -> int:
        """What the chosen lines cost now."""
        return sum(line.amount for line in self.chosen)

    @property
    def pieces(self) -> int:
        """Pieces in the cart, chosen or not."""
        return sum(line.quantity for line in self.lines)

    @property
    def pieces_chosen(self) -> int:
        return sum(line.quantity for line in self.chosen)

    @property
    def is_all_chosen(self) -> bool:
        sellable = [line for line in self.lines if line.is_sellable]
        return bool(sellable) and all(line.is_chosen for line in sellable)


class NotSold(DomainError):
    """The SKU does not exist or is off the shelf; the cart is as it was."""

    code = "carts.not_sold"
    status = 409
    zh = "这件商品已下架，没有加入购物车。"
    en = "This product is no longer for sale; it was not added."


class NotInCart(DomainError):
    """The cart has no such line any more, perhaps removed on another screen."""

    code = "carts.not_in_cart"
    status = 404
    zh = "购物车里已经没有这件商品。"
    en = "This is not in the cart any more."


class CartFull(DomainError):
    """A cart holds as many different things as one order can."""

    code = "carts.full"
    status = 409
    zh = "购物车最多放 {most} 种商品，请先结算或移除一些。"
    en = "A cart holds at most {most} different products; please check out or remove some first."
