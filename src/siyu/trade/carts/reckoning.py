"""What the offers make of the chosen lines: what is taken off, what a little more would bring, what did not apply."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from siyu.goods import catalog, offers, pricing
from siyu.kernel.errors import DomainError
from siyu.place import doors
from siyu.runtime.db import UnitOfWork
from siyu.trade.carts.model import Cart
from siyu.web import mark

# What the calculators before the offers are called; offers bring their own names.
STEP_WORDS = {"price_list": mark("会员价"), "quantity": mark("阶梯价"), "floor": mark("价格保底")}


class Saving(msgspec.Struct, frozen=True):
    """What one rule takes off the whole cart, in minor units. `name` is words "中文 / english", empty where `code`
    says it all.
    """

    code: str
    name: str
    amount: int


class Gift(msgspec.Struct, frozen=True):
    """What goes along for nothing."""

    title: str
    sku_title: str
    quantity: int


class Reckoned(msgspec.Struct, frozen=True):
    """The chosen lines with the offers: `total` in minor units without freight, `amounts` by SKU. Nothing is taken."""

    total: int
    amounts: dict[UUID, int] = {}
    savings: tuple[Saving, ...] = ()
    gifts: tuple[Gift, ...] = ()
    hints: tuple[offers.Hint, ...] = ()
    passed: tuple[pricing.Passed, ...] = ()


async def reckon(
    uow: UnitOfWork, cart: Cart, customer_id: UUID | None, store_id: UUID | None = None
) -> Reckoned:
    """Work the chosen lines out as the checkout will, with the best coupons, before it is known where they go."""
    if not cart.chosen:
        return Reckoned(0)
    wishes = tuple(offers.Wish(line.sku_id, line.quantity) for line in cart.chosen)
    known = [customer_id] if customer_id is not None else []
    came = (await doors.attributions(uow, known)).get(known[0]) if known else None
    asked = offers.Cart(wishes, customer_id, store_id=store_id, door_id=came.door_id if came else None)
    try:
        done = await offers.simulate(uow, asked)
    except DomainError:
        # Something left the shelf between the two questions; the next look at the cart says what.
        return Reckoned(cart.total)
    shelf = await offers.load(uow, known, [wish.sku_id for wish in wishes])
    counted = [offers.Counted(line.quantity, line.unit_price, line.steps) for line in done.lines]
    hints = offers.hints(shelf, counted, done.passed, uow.merchant.currency)
    hinted = {hint.offer_id for hint in hints}
    return Reckoned(
        done.total,
        {wish.sku_id: line.amount for wish, line in zip(wishes, done.lines, strict=True)},
        _savings(step for line in done.lines for step in line.steps),
        await _gifts(uow, done.gifts),
        hints,
        tuple(one for one in done.passed if one.rule_id not in hinted),
    )


def _savings(steps: Iterable[pricing.Step]) -> tuple[Saving, ...]:
    """What each rule takes off over all lines, in the order in which they were worked out."""
    found: dict[object, Saving] = {}
    for step in steps:
        key = step.rule_id or step.code
        known = found.get(key, Saving(step.code, step.name, 0))
        found[key] = msgspec.structs.replace(known, amount=known.amount - step.amount)
    return tuple(one for one in found.values() if one.amount)


async def _gifts(uow: UnitOfWork, gifts: Iterable[offers.GiftLine]) -> tuple[Gift, ...]:
    told = list(gifts)
    prices = await catalog.prices(uow, [gift.sku_id for gift in told]) if told else {}
    return tuple(
        Gift(prices[gift.sku_id].title, prices[gift.sku_id].sku_title, gift.quantity)
        for gift in told
        if gift.sku_id in prices
    )
