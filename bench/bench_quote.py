"""Carts a second through the pure engine of offers: with offers that touch the cart, and beside ones that do not.

No database: what is measured is the work every quote and every order does in memory. Each round sorts a fresh shelf
once, as a batch of orders does, and prices CARTS carts from it. The standard is a plain threshold, 满 100 减 10.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from figures import Figure, at_most, plain
from siyu.goods import offers
from siyu.goods.offers import (
    AmountOff,
    MemberPrice,
    NthItem,
    Offer,
    PercentOff,
    Reached,
    Rule,
    Scope,
    Shelf,
    Traits,
)
from siyu.goods.pricing import Line, PricedLine

CARTS = 300
ROUNDS = 7
LINES = 5
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
BUYER = Traits(UUID(int=1), "金卡")
CART = [
    PricedLine(Line(no, UUID(int=100 + no), UUID(int=200 + no), UUID(int=300 + no), 2, 2_990), 5_980)
    for no in range(1, LINES + 1)
]
# In turn, so that no figure is about one kind alone.
RULES: tuple[Callable[[int], Rule], ...] = (
    lambda n: AmountOff((Reached(10_000, 1_000 + n),)),
    lambda n: PercentOff((Reached(5_000, 300 + n),)),
    lambda n: MemberPrice(100 + n),
    lambda n: NthItem(2, 1_000 + n),
)


async def run() -> list[Figure]:
    """Quotes a second, and how the time grows from 100 to 1,000 offers that are about other goods."""
    seconds = {
        name: _seconds(shelf)
        for name, shelf in (
            ("quote.empty", Shelf()),
            ("quote.1", Shelf(_touching(1))),
            ("quote.10", Shelf(_touching(10))),
            ("quote.100", Shelf(_touching(100))),
            ("quote.1_beside_100", Shelf(_touching(1) + _beside(100))),
            ("quote.1_beside_1000", Shelf(_touching(1) + _beside(1_000))),
        )
    }
    found = [plain(name, CARTS / took, "carts/s") for name, took in seconds.items()]
    # Ten times the offers that do not touch the cart: less than ten times the time, or it grows like a list is read.
    return [
        *found,
        at_most(
            "quote.growth_of_strangers",
            seconds["quote.1_beside_1000"] / seconds["quote.1_beside_100"],
            "× for 10 ×",
            goal=5,
        ),
        at_most(
            "quote.growth_of_touching", seconds["quote.100"] / seconds["quote.10"], "× for 10 ×", goal=20
        ),
    ]


def _touching(count: int) -> tuple[Offer, ...]:
    """Offers on everything, of every automatic kind in turn."""
    return tuple(Offer(UUID(int=1_000 + n), f"大促 {n}", RULES[n % len(RULES)](n)) for n in range(count))


def _beside(count: int) -> tuple[Offer, ...]:
    """Offers on goods that are not in the cart."""
    return tuple(
        Offer(
            UUID(int=100_000 + n),
            f"别的 {n}",
            RULES[n % len(RULES)](n),
            Scope(sku_ids=tuple(UUID(int=1_000_000 + n * 10 + i) for i in range(5))),
        )
        for n in range(count)
    )


def _seconds(shelf: Shelf) -> float:
    """For CARTS carts, the middle one of several rounds; the shelf is sorted anew in each."""
    took = []
    for _ in range(ROUNDS):
        fresh = Shelf(shelf.offers)
        start = time.perf_counter()
        for _ in range(CARTS):
            offers.apply(CART, fresh, BUYER, NOW, coupon_ids=None)
        took.append(time.perf_counter() - start)
    return statistics.median(took)
