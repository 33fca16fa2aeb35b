"""What is left of budgets and limits while a batch of orders is priced one after the other."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from siyu.goods.offers.model import Offer, Shelf, Use, Used


class Left:
    """Starts from the shelf's remains; each order priced takes its part, so that the next one finds less."""

    __slots__ = ("_by_person", "_coupons", "_spent", "_uses", "shelf")

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._spent: dict[UUID, int] = defaultdict(int)
        self._uses: dict[UUID, int] = defaultdict(int)
        self._by_person: dict[tuple[UUID | None, UUID], int] = defaultdict(int)
        self._coupons: set[UUID] = set()

    def take(self, customer_id: UUID | None, uses: Iterable[Use]) -> None:
        """Count what an order uses."""
        for use in uses:
            self._count(customer_id, use, 1)
            if use.coupon_id is not None:
                self._coupons.add(use.coupon_id)

    def give_back(self, customer_id: UUID | None, uses: Iterable[Use]) -> None:
        """Uncount what an order used that was refused after all."""
        for use in uses:
            self._count(customer_id, use, -1)
            if use.coupon_id is not None:
                self._coupons.discard(use.coupon_id)

    def _count(self, customer_id: UUID | None, use: Use, sign: int) -> None:
        self._spent[use.offer_id] += sign * use.amount
        self._uses[use.offer_id] += sign * use.times
        self._by_person[customer_id, use.offer_id] += sign * use.times

    def budget(self, offer: Offer) -> int | None:
        """Minor units that may still be given away; None without a limit."""
        if offer.spent_left is None:
            return None
        return max(0, offer.spent_left - self._spent.get(offer.id, 0))

    def uses(self, offer: Offer) -> int | None:
        """How often the offer may still be used by anybody; None without a limit."""
        if offer.uses_left is None:
            return None
        return max(0, offer.uses_left - self._uses.get(offer.id, 0))

    def used_by(self, customer_id: UUID | None, offer: Offer, known: Used | None) -> tuple[int, int]:
        """(ever, today) a person has used the offer, this batch included."""
        here = self._by_person.get((customer_id, offer.id), 0)
        return (known.ever if known else 0) + here, (known.today if known else 0) + here

    def is_taken(self, coupon_id: UUID) -> bool:
        """Whether another order of the batch has this coupon."""
        return coupon_id in self._coupons
