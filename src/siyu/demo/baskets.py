"""What goes into a basket, and what is left on the shelf of each store."""

from collections.abc import Sequence
from datetime import date
from random import Random

import msgspec

from siyu.demo import catalogue
from siyu.demo.happenings import OrderLine
from siyu.demo.places import SHOPS
from siyu.demo.rhythm import happens

DELIVERY_WEEKDAYS = (
    0,
    2,
    4,
    5,
)  # Monday, Wednesday, Friday, Saturday: before the weekend the van comes twice
LINES_MAX = 7
CHEAP_FEN = 1500  # below it people take two or three
# Two suppliers stop near the end, so that the shop has something to worry about.
DRIED_UP = ("lemon", "bibs")
DRIED_UP_DAYS = 18


class Taste(msgspec.Struct, frozen=True):
    """A kind of household: how common it is, and how it changes the pull of each shelf."""

    share: int
    pull: dict[str, float]


TASTES = (
    Taste(34, {"produce": 1.5, "pantry": 1.5, "household": 1.2, "makeup": 0.2, "skin": 0.4, "baby": 0.15}),
    Taste(26, {"skin": 2.2, "makeup": 2.6, "snacks": 1.2, "drinks": 1.2, "baby": 0.05}),
    Taste(18, {"baby": 5.5, "household": 1.4, "pantry": 1.2, "makeup": 0.4}),
    Taste(22, {"snacks": 1.9, "drinks": 2.0, "produce": 0.8, "baby": 0.02, "household": 0.8}),
)

ITEMS = tuple(catalogue.items())
BY_CATEGORY = {
    category.key: tuple(item for item in ITEMS if item.category.key == category.key)
    for category in catalogue.CATEGORIES
}


def _weight(item: catalogue.Item) -> float:
    """The demand of a product, most of it for its first choice."""
    place = item.product.choices.index(item.choice)
    return item.product.demand * (1.0, 0.6, 0.45, 0.4)[place]


WEIGHTS = {item.code: _weight(item) for item in ITEMS}


def taste_of(rng: Random) -> Taste:
    return rng.choices(TASTES, weights=[taste.share for taste in TASTES])[0]


class Shelves:
    """Units that may still be promised, per store and SKU; never more than the shop really has free."""

    def __init__(self, scale: float) -> None:
        self.full = {
            (shop.code, item.code): round(
                8 + scale * shop.size * WEIGHTS[item.code] / 26 * item.category.basket / 20
            )
            for shop in SHOPS
            for item in ITEMS
        }
        self.free = dict.fromkeys(self.full, 0)

    def deliver(self, store: str, day: date, last_day: date) -> tuple[OrderLine, ...]:
        """Fill up whatever fell below two thirds."""
        is_late = (last_day - day).days < DRIED_UP_DAYS
        arrived = []
        for item in ITEMS:
            if is_late and item.product.key in DRIED_UP:
                continue
            place = (store, item.code)
            if self.free[place] * 3 < self.full[place] * 2:
                arrived.append(OrderLine(item.code, self.full[place] - self.free[place]))
                self.free[place] = self.full[place]
        return tuple(arrived)

    def take(self, store: str, code: str, wanted: int) -> int:
        """As many of the wanted units as there are."""
        taken = min(self.free[store, code], wanted)
        self.free[store, code] -= taken
        return taken

    def put_back(self, store: str, lines: Sequence[OrderLine]) -> None:
        """Units of an order that was never paid."""
        for line in lines:
            self.free[store, line.code] += line.quantity


def basket(rng: Random, taste: Taste, store: str, shelves: Shelves) -> tuple[OrderLine, ...]:
    """One to seven different SKUs that the store has; empty only when it is sold out of all that was wanted."""
    categories = catalogue.CATEGORIES
    pulls = [category.basket * taste.pull.get(category.key, 1.0) for category in categories]
    size = 1
    while size < LINES_MAX and happens(rng, 58):
        size += 1
    lines: list[OrderLine] = []
    for category in rng.choices(categories, weights=pulls, k=size):
        offered = BY_CATEGORY[category.key]
        item = rng.choices(offered, weights=[WEIGHTS[one.code] for one in offered])[0]
        if any(line.code == item.code for line in lines):
            continue
        wanted = _quantity(rng, item)
        taken = shelves.take(store, item.code, wanted)
        if taken:
            lines.append(OrderLine(item.code, taken))
    return tuple(lines)


def _quantity(rng: Random, item: catalogue.Item) -> int:
    if item.choice.price < CHEAP_FEN:
        return rng.choices((1, 2, 3, 4), weights=(58, 28, 10, 4))[0]
    return rng.choices((1, 2), weights=(90, 10))[0]
