"""Rules of many carts, parted by SKU and put together again for one: a batch of orders is read at once."""

from collections.abc import Iterable
from uuid import UUID

from siyu.goods.pricing.model import PriceList, Rules, Tier


def by_sku(rules: Rules) -> dict[UUID, Rules]:
    """The rules that touch each SKU. One that none touches is missing."""
    lists = {each.id: each for each in rules.lists}
    tiers: dict[UUID, list[Tier]] = {}
    for tier in rules.tiers:
        tiers.setdefault(tier.sku_id, []).append(tier)
    return {
        sku_id: Rules(tuple(lists[i] for i in dict.fromkeys(t.list_id for t in found)), tuple(found))
        for sku_id, found in tiers.items()
    }


def together(parts: Iterable[Rules | None], customer_id: UUID) -> Rules:
    """The rules of these SKUs as one, without contracts of others: nobody learns who else has one."""
    found = [part for part in parts if part is not None]
    lists: dict[UUID, PriceList] = {
        each.id: each for part in found for each in part.lists if each.customer_id in {None, customer_id}
    }
    return Rules(
        tuple(lists.values()), tuple(tier for part in found for tier in part.tiers if tier.list_id in lists)
    )
