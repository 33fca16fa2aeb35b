"""Which purchases a cancellation gives back. Pure rules, no I/O.

The newest earlier purchase of the same SKU by the same customer is given back first, one bought at the same price
before others; units that were refunded already are never given back again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from siyu.kernel.money import share_of_units
from siyu.trade.imports.model import Reason
from siyu.trade.orders import Purchase


class Cancellation(msgspec.Struct, frozen=True):
    """A row that cancels `quantity` units of a SKU. `number` is the cancellation's, `unit_price` in minor units."""

    row_no: int
    number: str
    customer: str
    sku: str
    quantity: int
    unit_price: int
    moment: datetime


class Given(msgspec.Struct, frozen=True):
    """Units of one order line given back: `amount` is what exactly these units were bought for."""

    row_no: int
    number: str
    moment: datetime
    order_number: str
    line_no: int
    first: int
    quantity: int
    amount: int


class Refusal(msgspec.Struct, frozen=True):
    row_no: int
    reason: Reason


class _Line:
    """A purchase and how many of its units are gone."""

    __slots__ = ("purchase", "taken")

    def __init__(self, purchase: Purchase) -> None:
        self.purchase = purchase
        self.taken = purchase.taken

    @property
    def left(self) -> int:
        return self.purchase.quantity - self.taken

    def give(self, cancellation: Cancellation, quantity: int) -> Given:
        line = self.purchase
        first, self.taken = self.taken, self.taken + quantity
        amount = share_of_units(line.amount, line.quantity, first, quantity)
        return Given(
            cancellation.row_no,
            cancellation.number,
            cancellation.moment,
            line.number,
            line.line_no,
            first,
            quantity,
            amount,
        )


def match(
    cancellations: Iterable[Cancellation], purchases: Iterable[Purchase]
) -> tuple[list[Given], list[Refusal]]:
    """Give back what can be given, oldest cancellation first. What finds too little is told in the refusals.

    A line that cost less than one minor unit per piece is left alone: some of its pieces are worth nothing, and a
    refund of nothing is none.
    """
    lines: dict[tuple[str, str], list[_Line]] = {}
    for purchase in purchases:
        if purchase.amount >= purchase.quantity:
            lines.setdefault((purchase.reference, purchase.code), []).append(_Line(purchase))
    given: list[Given] = []
    refused: list[Refusal] = []
    for cancellation in sorted(cancellations, key=lambda c: (c.moment, c.number, c.row_no)):
        found = _give_back(cancellation, lines.get((cancellation.customer, cancellation.sku), ()))
        given.extend(found)
        units = sum(part.quantity for part in found)
        if units == 0:
            refused.append(Refusal(cancellation.row_no, Reason.CANCELLATION_UNMATCHED))
        elif units < cancellation.quantity:
            refused.append(Refusal(cancellation.row_no, Reason.CANCELLATION_PARTLY_MATCHED))
    return given, refused


def _give_back(cancellation: Cancellation, lines: Sequence[_Line]) -> list[Given]:
    earlier = [line for line in lines if line.left and line.purchase.placed_at <= cancellation.moment]
    earlier.sort(
        key=lambda line: (
            line.purchase.unit_price == cancellation.unit_price,
            line.purchase.placed_at,
            line.purchase.number,
            line.purchase.line_no,
        ),
        reverse=True,
    )
    found: list[Given] = []
    wanted = cancellation.quantity
    for line in earlier:
        if wanted == 0:
            break
        count = min(wanted, line.left)
        found.append(line.give(cancellation, count))
        wanted -= count
    return found
