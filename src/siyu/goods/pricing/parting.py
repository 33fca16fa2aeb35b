"""Rules read for many carts at once, parted by SKU once, so that each cart looks only at what touches its lines."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from siyu.goods.pricing import words
from siyu.goods.pricing.model import Buyer, PriceList, Rules


class Rate(NamedTuple):
    """A list's price for one SKU from `least` units on, with the name such a price has on a line."""

    list: PriceList
    least: int
    price: int
    name: str
    is_for_all: bool


class Rates(NamedTuple):
    """The prices of one SKU, the strongest first: for one unit, and from more units on."""

    one: tuple[Rate, ...]
    more: tuple[Rate, ...]


class Parted(msgspec.Struct, frozen=True):
    """Rules with the rates of each SKU at hand. Only who explains prices to staff `tells_contracts` of other clients:
    no cart says a word about them.
    """

    lists: tuple[PriceList, ...]
    rates: Mapping[UUID, Rates]
    tells_contracts: bool
    _judged: dict[tuple[object, ...], dict[UUID, str]]  # by what the lists may ask of a buyer

    def judged(self, buyer: Buyer, now: datetime) -> dict[UUID, str]:
        """Each list with why it is not for this buyer now, empty when it is."""
        has_contracts = any(each.customer_id is not None for each in self.lists)
        key = (buyer.level, buyer.channel, buyer.store_id, buyer.customer_id if has_contracts else None, now)
        known = self._judged.get(key)
        if known is None:
            known = self._judged[key] = {
                each.id: _why_not(each, buyer, now)
                for each in self.lists
                if self.tells_contracts or each.customer_id in {None, buyer.customer_id}
            }
        return known


def parted(rules: Rules, *, tells_contracts: bool = False) -> Parted:
    """Part rules by SKU. Prices of lists that are not among the rules are left out."""
    lists = {each.id: each for each in rules.lists}
    for_all = {each.id: not words.conditions(each) for each in rules.lists}
    names: dict[tuple[UUID, int], str] = {}
    by_sku: dict[UUID, list[Rate]] = {}
    for tier in rules.tiers:
        each = lists.get(tier.list_id)
        if each is None:
            continue
        key = (tier.list_id, tier.least)
        name = names.get(key)
        if name is None:
            name = names[key] = words.name_of(each) if tier.least == 1 else words.tier_name(each, tier.least)
        rate = Rate(each, tier.least, tier.price, name, for_all[tier.list_id])
        by_sku.setdefault(tier.sku_id, []).append(rate)
    return Parted(
        rules.lists, {sku_id: _rates(found) for sku_id, found in by_sku.items()}, tells_contracts, {}
    )


def _rates(found: list[Rate]) -> Rates:
    if len(found) > 1:
        found.sort(key=lambda rate: (-rate.list.priority, rate.price, rate.list.id, rate.least))
    return Rates(
        tuple([rate for rate in found if rate.least == 1]), tuple([rate for rate in found if rate.least > 1])
    )


def _why_not(each: PriceList, buyer: Buyer, now: datetime) -> str:  # noqa: PLR0911 - one sentence for each condition
    """Why a list is not for this buyer at this instant; empty when it is."""
    if each.starts_at is not None and now < each.starts_at:
        return words.NOT_YET
    if each.ends_at is not None and now >= each.ends_at:
        return words.OVER
    if each.customer_id is not None and each.customer_id != buyer.customer_id:
        return words.OTHER_CUSTOMER
    if each.level and each.level != buyer.level:
        return words.other_level(each.level)
    if each.channel and each.channel != buyer.channel:
        return words.OTHER_CHANNEL
    if each.store_id is not None and each.store_id != buyer.store_id:
        return words.OTHER_STORE
    return ""
