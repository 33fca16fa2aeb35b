"""What can happen in the demo's story. Times are UTC; money is fen; doors, stores and SKUs are named by their keys."""

from datetime import date, datetime

import msgspec


class Person(msgspec.Struct, frozen=True):
    """A customer to be. `number` counts from 1 and is also the number of the visitor they were before."""

    number: int
    nickname: str
    phone: str
    openid: str
    door: str
    store: str
    joined_at: datetime


class OrderLine(msgspec.Struct, frozen=True):
    """Units of one SKU."""

    code: str
    quantity: int


class PlannedOrder(msgspec.Struct, frozen=True):
    """What somebody wants to buy. Prices are the shop's business, not the plan's."""

    number: int
    person: int
    store: str
    lines: tuple[OrderLine, ...]


class Delivered(msgspec.Struct, frozen=True):
    """Goods arrive at a store."""

    at: datetime
    store: str
    lines: tuple[OrderLine, ...]


class Scanned(msgspec.Struct, frozen=True):
    """A visitor comes in by a door. Visitors numbered above every person never join."""

    at: datetime
    visitor: int
    door: str


class Joined(msgspec.Struct, frozen=True):
    """A visitor signs in for the first time."""

    at: datetime
    person: int


class Promoted(msgspec.Struct, frozen=True):
    """A customer signs the promoter agreement; their own door opens."""

    at: datetime
    person: int


class Ordered(msgspec.Struct, frozen=True):
    at: datetime
    order: int


class Paid(msgspec.Struct, frozen=True):
    at: datetime
    order: int


class PickedUp(msgspec.Struct, frozen=True):
    at: datetime
    order: int


class Received(msgspec.Struct, frozen=True):
    """The buyer says that all is well; where nobody says so, the shop's own deadline does."""

    at: datetime
    order: int


class Refunded(msgspec.Struct, frozen=True):
    """Units given back: pairs of line number (from 1) and quantity. `restock`: they can be sold again."""

    at: datetime
    order: int
    units: tuple[tuple[int, int], ...]
    reason: str
    restock: bool = False


class Spent(msgspec.Struct, frozen=True):
    """A door cost money on a day of the merchant's calendar."""

    at: datetime
    day: date
    door: str
    amount: int
    note: str


Happening = Delivered | Scanned | Joined | Promoted | Ordered | Paid | PickedUp | Received | Refunded | Spent

# Within one instant, or one day written at once, causes come before what they cause.
CAUSAL = (Delivered, Promoted, Scanned, Joined, Ordered, Paid, PickedUp, Received, Refunded, Spent)


class Plan(msgspec.Struct, frozen=True):
    """The whole story, in the order of time. `first_day` and `last_day` are the merchant's calendar."""

    seed: int
    first_day: date
    last_day: date
    people: tuple[Person, ...]
    orders: tuple[PlannedOrder, ...]
    happenings: tuple[Happening, ...]

    def person(self, number: int) -> Person:
        return self.people[number - 1]

    def order(self, number: int) -> PlannedOrder:
        return self.orders[number - 1]
