"""Carts, offers and coupons in memory, for tests of the engine."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from siyu.goods import offers
from siyu.goods.offers import Applied, HeldCoupon, Offer, Shelf, Traits
from siyu.goods.pricing import Line, PricedLine

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
APPLE, MILK, BREAD = UUID(int=1), UUID(int=2), UUID(int=3)
FRUIT, DAIRY, BAKERY = UUID(int=21), UUID(int=22), UUID(int=23)
PRODUCTS = {APPLE: UUID(int=11), MILK: UUID(int=12), BREAD: UUID(int=13)}
CATEGORIES = {APPLE: FRUIT, MILK: DAIRY, BREAD: BAKERY}
PRICES = {APPLE: 1_290, MILK: 680, BREAD: 1_000}
BUYER = UUID(int=201)
ANYBODY = Traits(BUYER)


def cart(apples: int = 0, milk: int = 0, bread: int = 0) -> list[PricedLine]:
    """Apples at 12.90, milk at 6.80, bread at 10.00."""
    wanted = [(APPLE, apples), (MILK, milk), (BREAD, bread)]
    return [
        PricedLine(
            Line(no, sku, PRODUCTS[sku], CATEGORIES[sku], quantity, PRICES[sku]), quantity * PRICES[sku]
        )
        for no, (sku, quantity) in enumerate(wanted, 1)
        if quantity
    ]


def offer(rule: offers.Rule, number: int = 100, name: str = "大促", **more) -> Offer:
    return Offer(UUID(int=number), name, rule, **more)


def held(number: int, of: Offer, *, days: int = 3) -> HeldCoupon:
    """A coupon of the buyer, good for so many days."""
    return HeldCoupon(UUID(int=number), of.id, BUYER, NOW - timedelta(days=1), NOW + timedelta(days=days))


def apply(lines: list[PricedLine], *live: Offer, traits: Traits = ANYBODY, **more) -> Applied:
    shelf = {name: more.pop(name) for name in ("coupons", "used", "costs") if name in more}
    return offers.apply(lines, Shelf(live, **shelf), traits, NOW, **more)


def amounts(applied: Applied) -> list[int]:
    return [line.amount for line in applied.lines]


def offs(applied: Applied) -> list[list[tuple[str, int]]]:
    """(code, amount) of the steps of each line."""
    return [[(step.code, step.amount) for step in line.steps] for line in applied.lines]


def whys(applied: Applied) -> dict[UUID | None, str]:
    return {passed.rule_id: passed.why for passed in applied.passed}
