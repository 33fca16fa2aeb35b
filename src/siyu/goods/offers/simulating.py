"""Why a customer pays what they pay: a cart worked out step by step, with what did not apply and why."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods import catalog, pricing
from siyu.goods.offers.engine import apply
from siyu.goods.offers.model import GiftLine, Traits
from siyu.goods.offers.shelf import load
from siyu.kernel.errors import Invalid
from siyu.runtime.db import UnitOfWork


class Wish(msgspec.Struct, frozen=True):
    """So many units of a SKU, by its id."""

    sku_id: UUID
    quantity: int


class Cart(msgspec.Struct, frozen=True):
    """Who buys what, and when. Without a customer the traits are as said; `coupon_ids` None takes the best held.

    `door_id` is the door the order would come through, where that is known.
    """

    wishes: tuple[Wish, ...]
    customer_id: UUID | None = None
    level: str = ""
    channel: str = "shop"
    store_id: UUID | None = None
    is_new: bool = False
    at: datetime | None = None
    coupon_ids: tuple[UUID, ...] | None = None
    door_id: UUID | None = None


class SimulatedLine(msgspec.Struct, frozen=True):
    """A line from the marked price (`unit_price` × `quantity`) by its steps to `amount`."""

    title: str
    quantity: int
    unit_price: int
    amount: int
    steps: tuple[pricing.Step, ...]


class Simulated(msgspec.Struct, frozen=True):
    """What the cart costs, in minor units, without freight; `passed` says what did not apply and why."""

    lines: tuple[SimulatedLine, ...]
    total: int
    gifts: tuple[GiftLine, ...]
    passed: tuple[pricing.Passed, ...]


async def simulate(uow: UnitOfWork, cart: Cart) -> Simulated:
    """Work the cart out as placing would, with nothing taken. Raises Invalid naming the line or the coupon."""
    prices = await catalog.prices(uow, [wish.sku_id for wish in cart.wishes])
    lines: list[pricing.Line] = []
    for i, wish in enumerate(cart.wishes):
        price = prices.get(wish.sku_id)
        if price is None or not 1 <= wish.quantity <= 999:
            raise Invalid(
                field=f"wishes[{i}]",
                zh="没有这个商品规格，或数量不对。",
                en="No such SKU, or not a quantity.",
            )
        lines.append(
            pricing.Line(i + 1, wish.sku_id, price.product_id, price.category_id, wish.quantity, price.price)
        )
    if not lines:
        raise Invalid(field="wishes", zh="请先放入商品。", en="Put something into the cart first.")
    known = [cart.customer_id] if cart.customer_id else []
    level = await _level(uow, known[0]) if known else cart.level
    skus: Sequence[UUID] = [line.sku_id for line in lines]
    shelf = await load(uow, known, skus)
    moment = cart.at or uow.now
    buyer = pricing.Buyer(cart.customer_id, level, cart.channel, cart.store_id)
    listed = pricing.build_up(lines, buyer, await pricing.load(uow, skus, known), moment)
    is_new = cart.customer_id in shelf.newcomers if cart.customer_id else cart.is_new
    traits = Traits(cart.customer_id, level, cart.channel, cart.store_id, cart.door_id, is_new)
    done = apply(
        listed.lines, shelf, traits, moment, coupon_ids=cart.coupon_ids, currency=uow.merchant.currency
    )
    told = [
        SimulatedLine(
            _title(prices[one.line.sku_id]), one.line.quantity, one.line.unit_price, one.amount, one.steps
        )
        for one in done.lines
    ]
    return Simulated(tuple(told), done.total, done.gifts, listed.passed + done.passed)


async def _level(uow: UnitOfWork, customer_id: UUID) -> str:
    found = await uow.maybe(
        str, "select level from customers where merchant_id = %(merchant_id)s and id = %(id)s", id=customer_id
    )
    return found or ""


def _title(price: catalog.SkuPrice) -> str:
    return " ".join(part for part in (price.title, price.sku_title) if part)
