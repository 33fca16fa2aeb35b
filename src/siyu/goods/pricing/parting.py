"""Rules read for many carts at once, parted by SKU once, so that each cart looks only at what touches its lines."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from siyu.goods.pricing.model import PriceList, Rules, Tier


class Parted(msgspec.Struct, frozen=True):
    """Rules with the prices of each SKU at hand."""

    lists: tuple[PriceList, ...]
    tiers: dict[UUID, list[Tier]]

    def of(self, customer_id: UUID | None) -> "Parted":
        """Without the contracts of other clients, so that no cart says a word about them."""
        if all(each.customer_id is None for each in self.lists):
            return self
        own = tuple(each for each in self.lists if each.customer_id in {None, customer_id})
        return Parted(own, self.tiers)


def parted(rules: Rules) -> Parted:
    return Parted(rules.lists, _by_sku(rules.tiers))


def _by_sku(tiers: Iterable[Tier]) -> dict[UUID, list[Tier]]:
    sorted_out: dict[UUID, list[Tier]] = {}
    for tier in tiers:
        sorted_out.setdefault(tier.sku_id, []).append(tier)
    return sorted_out
