"""From a wish to an order that can be written: priced, delivered somewhere, its stock found. Nothing here writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods import catalog, inventory, pricing
from siyu.goods.catalog import SkuPrice
from siyu.kernel.errors import DomainError, Invalid
from siyu.people import customers
from siyu.place import doors
from siyu.runtime.db import UnitOfWork
from siyu.trade import delivery
from siyu.trade.orders.model import (
    NothingToPay,
    PlaceOrder,
    PriceRose,
    Quote,
    QuoteAsk,
    QuoteLine,
    WantedLine,
)
from siyu.trade.orders.rules import delivered, delivery_ask, delivery_of, priced

Levels = dict[tuple[UUID, UUID], inventory.Level]


class Asked(msgspec.Struct, frozen=True):
    """A wish with one line per SKU, its number, how long it keeps its stock, and the fingerprint of what was asked."""

    order: PlaceOrder
    lines: list[WantedLine]
    number: str
    pay_minutes: int
    input_hash: bytes


class Known(msgspec.Struct, frozen=True):
    """What the first round trip of placing learns."""

    fresh: list[int]
    prices: dict[UUID, SkuPrice]
    levels: Levels
    came: dict[UUID, doors.Attribution]
    buyer_levels: dict[UUID, str]
    rules: pricing.Parted
    sources: inventory.Sources
    counters: frozenset[UUID]  # stores that goods can be fetched from now
    tariffs: delivery.Tariffs


class Draft(msgspec.Struct):
    """An order on its way into the database. `places` has the location of each line."""

    id: UUID
    asked: Asked
    quote: Quote
    how: str
    ask: delivery.Ask | None
    places: tuple[UUID | None, ...] = ()

    def pieces(self) -> list[inventory.Pieces]:
        """What is promised of this order, bundle components and all."""
        return [
            inventory.Pieces(place, need.sku_id, need.quantity)
            for line, place in zip(self.quote.lines, self.places, strict=True)
            if place is not None
            for need in needs_of(line)
        ]


def buyer_of(
    wanted: PlaceOrder | QuoteAsk, level: str, lines: Sequence[WantedLine], prices: Mapping[UUID, SkuPrice]
) -> pricing.Buyer:
    """Who buys where. A store's own prices are for what it gives out: not for parcels, nor for codes alone."""
    has_goods = any(line.sku_id in prices and prices[line.sku_id].kind != "virtual" for line in lines)
    store_id = wanted.store_id if has_goods and wanted.delivery in {"pickup", "local"} else None
    return pricing.Buyer(wanted.customer_id, level, wanted.channel, store_id)


def draft(asked: Asked, order_id: UUID, known: Known, currency: str, now: datetime) -> Draft:
    """Price a wish and decide how it is delivered. Raises NotForSale, Invalid, NeedsAddress and NeedsStore."""
    level = known.buyer_levels.get(asked.order.customer_id, "")
    buyer = buyer_of(asked.order, level, asked.lines, known.prices)
    quote = priced(asked.lines, known.prices, buyer, known.rules.of(asked.order.customer_id), currency, now)
    how = delivery_of(asked.order, quote, known.prices)
    if how == "pickup" and asked.order.store_id not in known.counters:
        raise Invalid(
            field="store_id",
            zh="这家门店暂不提供自提，请换一家。",
            en="Nothing can be picked up at this store; please choose another.",
        )
    return Draft(order_id, asked, quote, how, delivery_ask(asked.order, how, quote, known.prices))


def early_asks(asked: Sequence[Asked]) -> list[delivery.Ask]:
    """What can be asked of delivery before the prices are known: where to and when, not yet what."""
    return [
        delivery.Ask(
            one.order.delivery,
            one.order.address,
            (),
            one.order.store_id if one.order.delivery == "local" else None,
            one.order.slot if one.order.delivery == "local" else None,
        )
        for one in asked
        if one.order.delivery in {"express", "local"} and one.order.address is not None
    ]


def with_terms(one: Draft, tariffs: delivery.Tariffs, now: datetime) -> None:
    """Add what delivery costs; hold the total against what the buyer was shown.

    A price that fell is simply charged; one that rose needs the buyer's word. Raises PriceRose, NothingToPay and
    what `delivery.terms` refuses.
    """
    if one.ask is not None:
        one.quote = delivered(one.quote, delivery.terms(tariffs, one.ask, now))
    if one.quote.total > one.asked.order.expected_total:
        raise PriceRose(one.quote)
    if one.quote.total == 0:
        raise NothingToPay(field="lines")


def needs_of(line: QuoteLine) -> tuple[inventory.Need, ...]:
    """The pieces a line needs: its SKU, or the components of a bundle; a code needs none."""
    if line.kind == "virtual":
        return ()
    if line.components:
        return tuple(inventory.Need(part.sku_id, part.quantity * line.quantity) for part in line.components)
    return (inventory.Need(line.sku_id, line.quantity),)


def group_of(one: Draft, known: Known) -> inventory.Group:
    """Which locations may serve which lines of the order."""
    order = one.asked.order
    if one.how == "express" and order.address is not None:
        address = order.address
        locations = inventory.order_of(
            known.sources, address.region_code, address.latitude, address.longitude
        )
        split = known.sources.split
    else:
        locations = (order.store_id,) if order.store_id is not None else ()
        split = False
    return inventory.Group(
        lines=tuple(needs_of(line) for line in one.quote.lines),
        locations=locations,
        split=split,
        fixed=tuple(known.prices[line.sku_id].supply_location_id for line in one.quote.lines),
    )


def not_locked_yet(one: Draft, group: inventory.Group) -> list[inventory.Pieces]:
    """Stock that could not be locked before the prices were known: what a supplier sends, and a bundle's components.

    Of what is sent by ourselves everything was locked wherever it ships from, components too.
    """
    fixed = {place for place in group.fixed if place is not None}
    if not fixed and (one.how == "express" or not any(line.components for line in one.quote.lines)):
        return []
    ordered = {line.sku_id for line in one.quote.lines}
    return [
        piece
        for piece in inventory.wanted([group])
        if piece.location_id in fixed or (one.how != "express" and piece.sku_id not in ordered)
    ]


async def quote(uow: UnitOfWork, ask: QuoteAsk, lines: Sequence[WantedLine]) -> Quote:
    """What merged lines cost this buyer now, delivery included when it is known where to."""
    sku_ids = [line.sku_id for line in lines]
    prices = await catalog.prices(uow, sku_ids)
    levels = await customers.levels_of(uow, [ask.customer_id]) if ask.customer_id else {}
    rules = await pricing.load(uow, sku_ids, [ask.customer_id] if ask.customer_id else [])
    level = levels.get(ask.customer_id, "") if ask.customer_id else ""
    buyer = buyer_of(ask, level, lines, prices)
    asked = priced(lines, prices, buyer, rules, uow.merchant.currency, uow.now)
    try:
        how = delivery_of(ask, asked, prices)
    except DomainError:
        return asked  # not decided yet how it is delivered; placing insists
    sent = delivery_ask(ask, how, asked, prices)
    if sent is None:
        return asked
    return delivered(asked, delivery.terms(await delivery.load(uow, [sent], is_booking=False), sent, uow.now))
