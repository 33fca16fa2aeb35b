"""From a wish to an order that can be written: priced, delivered somewhere, its stock found. Nothing here writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods import catalog, inventory, offers, pricing
from siyu.goods.catalog import SkuPrice
from siyu.kernel import ids
from siyu.kernel.errors import DomainError, Invalid
from siyu.people import customers
from siyu.place import doors
from siyu.runtime.db import UnitOfWork
from siyu.trade import delivery
from siyu.trade.orders import claiming
from siyu.trade.orders.claims import ClaimTerms
from siyu.trade.orders.model import (
    NothingToPay,
    PlaceOrder,
    PriceRose,
    Quote,
    QuoteAsk,
    QuoteLine,
    WantedLine,
)
from siyu.trade.orders.rules import (
    at_lists,
    delivered,
    delivery_ask,
    delivery_of,
    quote_line,
    quote_of,
    sellable,
)

Levels = dict[tuple[UUID, UUID], inventory.Level]
GIFT_GONE = "赠品已下架 / the gift is off the shelf"


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
    shelf: offers.Shelf
    left: offers.Left  # of budgets and limits, within this batch
    room: offers.Room = offers.NO_ROOM  # the same of the activities whose claims are in it


class Draft(msgspec.Struct):
    """An order on its way into the database. `places` has the location of each line, `terms` what its claim gave."""

    id: UUID
    asked: Asked
    quote: Quote
    how: str
    ask: delivery.Ask | None
    terms: ClaimTerms | None = None
    applied: offers.Applied | None = None
    uses: tuple[offers.Use, ...] = ()
    places: tuple[UUID | None, ...] = ()


def buyer_of(
    wanted: PlaceOrder | QuoteAsk, level: str, lines: Sequence[WantedLine], prices: Mapping[UUID, SkuPrice]
) -> pricing.Buyer:
    """Who buys where. A store's own prices are for what it gives out: not for parcels, nor for codes alone."""
    has_goods = any(line.sku_id in prices and prices[line.sku_id].kind != "virtual" for line in lines)
    store_id = wanted.store_id if has_goods and wanted.delivery in {"pickup", "local"} else None
    return pricing.Buyer(wanted.customer_id, level, wanted.channel, store_id)


def draft(
    asked: Asked, order_id: UUID, known: Known, terms: ClaimTerms | None, currency: str, now: datetime
) -> Draft:
    """Price a wish and decide how it is delivered. Raises NotForSale, Invalid, NeedsAddress and NeedsStore."""
    customer_id = asked.order.customer_id
    buyer = buyer_of(asked.order, known.buyer_levels.get(customer_id, ""), asked.lines, known.prices)
    came = known.came.get(customer_id)
    shelf = Offered(known.shelf, asked.order.coupon_ids, came.door_id if came else None, known.left)
    quote, applied = priced(asked.lines, known.prices, buyer, known.rules, shelf, terms, currency, now)
    how = delivery_of(asked.order, quote, known.prices)
    if how == "pickup" and asked.order.store_id not in known.counters:
        raise Invalid(
            field="store_id",
            zh="这家门店暂不提供自提，请换一家。",
            en="Nothing can be picked up at this store; please choose another.",
        )
    ask = delivery_ask(asked.order, how, quote, known.prices)
    uses = applied.uses if applied else ()
    if terms is not None:
        uses = (claiming.use_of(terms, quote, known.room, buyer, came.door_id if came else None), *uses)
    return Draft(order_id, asked, quote, how, ask, terms, applied, uses)


class Offered(msgspec.Struct, frozen=True):
    """The offers an order may use, and which coupons the buyer wants used (None: the best)."""

    shelf: offers.Shelf
    coupon_ids: tuple[UUID, ...] | None
    door_id: UUID | None = None
    left: offers.Left | None = None


def priced(
    lines: Sequence[WantedLine],
    prices: Mapping[UUID, SkuPrice],
    buyer: pricing.Buyer,
    rules: pricing.Rules | pricing.Parted,
    offered: Offered,
    terms: ClaimTerms | None,
    currency: str,
    now: datetime,
) -> tuple[Quote, offers.Applied | None]:
    """What these merged lines cost, without freight: by the claim or the price lists, then the offers.

    Raises NotForSale, and Invalid for a SKU the claim does not have or a coupon that cannot be used.
    """
    sold = sellable(lines, prices)
    if terms is not None:
        built, passed = claiming.at_terms(terms, sold), ()
    else:
        listed = at_lists(sold, buyer, rules, now)
        built, passed = listed.lines, listed.passed
    if (terms is not None and not terms.offers_too) or not offered.shelf.offers:
        _no_coupons(offered.coupon_ids, is_activity=terms is not None)
        quote = quote_of(sold, built, passed, currency)
        return (quote if terms is None else _with_deposit(quote, terms)), None
    traits = offers.Traits(
        buyer.customer_id,
        buyer.level,
        buyer.channel,
        buyer.store_id,
        offered.door_id,
        buyer.customer_id in offered.shelf.newcomers,
    )
    applied = offers.apply(
        built,
        offered.shelf,
        traits,
        now,
        coupon_ids=offered.coupon_ids,
        left=offered.left,
        currency=currency,
    )
    applied = _with_gifts_there_are(applied, prices)
    gifts = _gifts(applied, prices, len(sold))
    quote = quote_of(sold, applied.lines, passed + applied.passed, currency, gifts)
    coupons = tuple(use.coupon_id for use in applied.uses if use.coupon_id is not None)
    return msgspec.structs.replace(quote, coupon_ids=coupons), applied


def _with_deposit(quote: Quote, terms: ClaimTerms) -> Quote:
    return msgspec.structs.replace(
        quote, deposit=terms.deposit, balance_from=terms.balance_from, balance_until=terms.balance_until
    )


def _no_coupons(coupon_ids: tuple[UUID, ...] | None, *, is_activity: bool) -> None:
    """Raises Invalid when the buyer names a coupon where none can be used."""
    if not coupon_ids:
        return
    if is_activity:
        raise Invalid(
            field="coupon_ids[0]",
            zh="活动价不能再用优惠券。",
            en="No coupon can be used on top of this offer's price.",
        )
    raise Invalid(field="coupon_ids[0]", zh="这张优惠券不能使用。", en="This coupon cannot be used.")


def _with_gifts_there_are(applied: offers.Applied, prices: Mapping[UUID, SkuPrice]) -> offers.Applied:
    """Without the gifts whose goods are off the shelf: who got nothing has used nothing, and is told why."""
    gone = [
        gift for gift in applied.gifts if gift.sku_id not in prices or not prices[gift.sku_id].is_sellable
    ]
    if not gone:
        return applied
    offer_ids = {gift.offer_id for gift in gone}
    passed = tuple([pricing.Passed("gift", gift.name, GIFT_GONE, gift.offer_id) for gift in gone])
    return msgspec.structs.replace(
        applied,
        gifts=tuple([gift for gift in applied.gifts if gift.offer_id not in offer_ids]),
        uses=tuple([use for use in applied.uses if use.offer_id not in offer_ids]),
        passed=applied.passed + passed,
    )


def _gifts(applied: offers.Applied, prices: Mapping[UUID, SkuPrice], after: int) -> list[QuoteLine]:
    """What goes along for nothing, as lines of their own."""
    found: list[QuoteLine] = []
    for gift in applied.gifts:
        price = prices[gift.sku_id]
        worth = price.price * gift.quantity
        step = pricing.Step("gift", -worth, gift.offer_id, gift.name, version=gift.version)
        line = WantedLine(gift.sku_id, gift.quantity)
        no = after + len(found) + 1
        found.append(quote_line(no, line, price, 0, (step,) if worth else (), is_gift=True))
    return found


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
        one.quote, uses = with_delivery(one.quote, one.applied, delivery.terms(tariffs, one.ask, now))
        one.uses += uses
    if one.quote.total > one.asked.order.expected_total:
        raise PriceRose(one.quote)
    if one.quote.total == 0:
        raise NothingToPay(field="lines")


def with_delivery(
    quote: Quote, applied: offers.Applied | None, terms: delivery.Terms
) -> tuple[Quote, tuple[offers.Use, ...]]:
    """The quote with freight, less what a freight coupon takes from it."""
    if applied is None or applied.freight_coupon is None:
        return delivered(quote, terms), ()
    off = offers.freight_off(applied, terms.freight)
    coupons = quote.coupon_ids + tuple(use.coupon_id for use in off.uses if use.coupon_id is not None)
    return delivered(msgspec.structs.replace(quote, coupon_ids=coupons), terms, off.steps), off.uses


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
        fixed=tuple([_fixed(one, line, known) for line in one.quote.lines]),
    )


def _fixed(one: Draft, line: QuoteLine, known: Known) -> UUID | None:
    """Where the line must come from: the activity's own pieces, or the supplier who sends it."""
    if one.terms is not None and line.sku_id in one.terms.locations:
        return one.terms.locations[line.sku_id]
    return known.prices[line.sku_id].supply_location_id


def not_locked_yet(one: Draft, group: inventory.Group) -> list[inventory.Pieces]:
    """Stock that could not be locked before the prices were known: what a supplier sends, and a bundle's components.

    Of what is sent by ourselves everything was locked wherever it ships from, components too.
    """
    fixed = {place for place in group.fixed if place is not None}
    has_gifts = one.quote.lines[-1].is_gift
    if not (
        fixed or has_gifts or (one.how != "express" and any(line.components for line in one.quote.lines))
    ):
        return []
    ordered = {line.sku_id for line in one.quote.lines if not line.is_gift}
    return [
        piece
        for piece in inventory.wanted([group])
        if piece.location_id in fixed or ((has_gifts or one.how != "express") and piece.sku_id not in ordered)
    ]


async def quote(uow: UnitOfWork, ask: QuoteAsk, lines: Sequence[WantedLine]) -> Quote:
    """What merged lines cost this buyer now, delivery included when it is known where to.

    Raises NotForSale, NoSuchClaim, what the claim's activity refuses, and Invalid for a coupon that cannot be used.
    """
    sku_ids = [line.sku_id for line in lines]
    buyers = [ask.customer_id] if ask.customer_id else []
    prices = await catalog.prices(uow, sku_ids)
    levels = await customers.levels_of(uow, buyers) if buyers else {}
    rules = await pricing.load(uow, sku_ids, buyers)
    terms = await claiming.look(uow, ask, lines, ids.new())
    shelf = await offers.load(uow, buyers, sku_ids)
    prices = {**prices, **await gift_prices(uow, shelf, prices)}
    came = await doors.attributions(uow, buyers) if buyers and (shelf.offers or terms) else {}
    level = levels.get(ask.customer_id, "") if ask.customer_id else ""
    door_id = came[ask.customer_id].door_id if ask.customer_id and ask.customer_id in came else None
    buyer = buyer_of(ask, level, lines, prices)
    offered = Offered(shelf, ask.coupon_ids, door_id)
    asked, applied = priced(lines, prices, buyer, rules, offered, terms, uow.merchant.currency, uow.now)
    if terms is not None:
        room = await offers.room(uow, [terms.rule_id], buyers)
        claiming.use_of(terms, asked, room, buyer, door_id, is_look=True)
    try:
        how = delivery_of(ask, asked, prices)
    except DomainError:
        return asked  # not decided yet how it is delivered; placing insists
    sent = delivery_ask(ask, how, asked, prices)
    if sent is None:
        return asked
    tariffs = await delivery.load(uow, [sent], is_booking=False)
    return with_delivery(asked, applied, delivery.terms(tariffs, sent, uow.now))[0]


async def gift_prices(
    uow: UnitOfWork, shelf: offers.Shelf, known: Mapping[UUID, SkuPrice]
) -> Mapping[UUID, SkuPrice]:
    """What is known of SKUs that offers may give along. One more question, and only where there are gifts."""
    missing = {
        rule.sku_id for offer in shelf.offers if isinstance(rule := offer.rule, offers.Gift)
    } - known.keys()
    return await catalog.prices(uow, list(missing)) if missing else {}
