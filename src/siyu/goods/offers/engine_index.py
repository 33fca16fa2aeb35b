"""A shelf sorted by what it touches, once, so that a cart looks only at offers that could be about its lines."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from siyu.goods.offers.model import Bundle, Coupon, HeldCoupon, LimitedPrice, Offer, Shelf, Used
from siyu.goods.pricing import Line

KEPT_MAX = (
    4  # shelves are read for a batch and used for all its carts; more than the last few are never asked again
)


class Reach(NamedTuple):
    """An offer and what it is good for, for quick asking. `named` is None where the rule itself names no SKUs."""

    offer: Offer
    named: frozenset[UUID] | None
    skus: frozenset[UUID]
    products: frozenset[UUID]
    categories: frozenset[UUID]
    excluded: frozenset[UUID]
    is_everything: bool

    def covers(self, line: Line) -> bool:
        if line.sku_id in self.excluded or (self.named is not None and line.sku_id not in self.named):
            return False
        if not (self.skus or self.products or self.categories):
            return True
        return (
            line.sku_id in self.skus
            or line.product_id in self.products
            or line.category_id in self.categories
        )

    def lines(self, lines: Sequence[Line]) -> tuple[int, ...]:
        """The places of the lines in scope."""
        if self.is_everything:
            return tuple(range(len(lines)))
        return tuple([i for i, line in enumerate(lines) if self.covers(line)])


def reach_of(offer: Offer) -> Reach:
    rule, scope = offer.rule, offer.scope
    named = None
    if isinstance(rule, LimitedPrice):
        named = frozenset(rule.prices)
    elif isinstance(rule, Bundle):
        named = frozenset(rule.parts)
    skus, products = frozenset(scope.sku_ids), frozenset(scope.product_ids)
    categories, excluded = frozenset(scope.category_ids), frozenset(scope.excluded)
    is_everything = named is None and not (skus or products or categories or excluded)
    return Reach(offer, named, skus, products, categories, excluded, is_everything)


class Indexed:
    """The automatic offers by SKU, product and category; coupons and uses by customer."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf  # kept, so that its identity stays its own
        self.everywhere: list[Reach] = []
        self.by_id: dict[UUID, list[Reach]] = {}  # a SKU's, product's or category's: ids are never shared
        self.coupon_offers: dict[tuple[UUID, int | None], Reach] = {}  # by version; None: whichever there is
        self.coupons: dict[UUID, list[HeldCoupon]] = {}
        self.used: dict[tuple[UUID, UUID], Used] = {
            (used.customer_id, used.offer_id): used for used in shelf.used
        }
        for offer in shelf.offers:
            self._put(reach_of(offer))
        for coupon in shelf.coupons:
            self.coupons.setdefault(coupon.customer_id, []).append(coupon)

    def _put(self, reach: Reach) -> None:
        if isinstance(reach.offer.rule, Coupon):
            self.coupon_offers[reach.offer.id, reach.offer.version] = reach
            self.coupon_offers[reach.offer.id, None] = reach
            return
        ids: Iterable[UUID] = reach.named or (*reach.skus, *reach.products, *reach.categories)
        for each in ids:
            self.by_id.setdefault(each, []).append(reach)
        if not ids:
            self.everywhere.append(reach)

    def touching(self, lines: Sequence[Line]) -> list[tuple[Reach, tuple[int, ...]]]:
        """Automatic offers with the places of the lines they are good for; the first in rank first."""
        found: dict[int, Reach] = {}
        if self.by_id:
            for line in lines:
                for each in (line.sku_id, line.product_id, line.category_id):
                    for reach in self.by_id.get(each, ()):
                        found[id(reach)] = reach
        touching = [
            (reach, at) for reach in (*self.everywhere, *found.values()) if (at := reach.lines(lines))
        ]
        touching.sort(key=lambda one: rank(one[0].offer))
        return touching

    def held_by(self, customer_id: UUID | None) -> list[tuple[HeldCoupon, Reach]]:
        """What somebody holds of offers that are on the shelf: what ends first, first."""
        held = self.coupons.get(customer_id, ()) if customer_id else ()
        known = [(one, reach) for one in held if (reach := self._terms_of(one)) is not None]
        return sorted(known, key=lambda one: (one[0].valid_until, one[0].id))

    def _terms_of(self, coupon: HeldCoupon) -> Reach | None:
        found = self.coupon_offers.get((coupon.offer_id, coupon.version))
        return found or self.coupon_offers.get((coupon.offer_id, None))


def rank(offer: Offer) -> tuple[int, UUID]:
    """Higher priority first; then the older offer."""
    return -offer.priority, offer.id


_kept: list[Indexed] = []


def indexed(shelf: Shelf) -> Indexed:
    """The shelf sorted out; sorted once for as long as it is among the last few that were asked for."""
    for one in _kept:
        if one.shelf is shelf:
            return one
    fresh = Indexed(shelf)
    _kept.append(fresh)
    del _kept[:-KEPT_MAX]
    return fresh
