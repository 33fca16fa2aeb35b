"""Asking the activities on behalf of a batch of orders, and pricing by what they answered."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from siyu.goods import offers, pricing
from siyu.goods.catalog import SkuPrice
from siyu.kernel.errors import DomainError, Invalid
from siyu.people import customers
from siyu.place import doors
from siyu.runtime.db import Merchant, UnitOfWork
from siyu.trade.orders.claims import (
    ACTIVITIES,
    Activity,
    Answer,
    ClaimAsk,
    ClaimNeedsSignIn,
    ClaimTerms,
    NoSuchClaim,
)
from siyu.trade.orders.model import Claim, PlaceOrder, Quote, QuoteAsk, WantedLine

Asks = Mapping[
    int, tuple[PlaceOrder, Sequence[WantedLine], UUID]
]  # by place in the batch: wish, merged lines, id


def activity_of(claim: Claim) -> Activity:
    """Raises NoSuchClaim."""
    activity = ACTIVITIES.get(claim.kind)
    if activity is None:
        raise NoSuchClaim(field="claim.kind")
    return activity


def gate(merchant: Merchant, order: PlaceOrder) -> None:
    """Refuse from memory what was just known to be gone. Raises what the activity answers, and NoSuchClaim."""
    if order.claim is None:
        return
    activity = activity_of(order.claim)
    refusal = activity.gate(merchant, order) if activity.gate is not None else None
    if refusal is not None:
        raise refusal


def require_read(claim: Claim) -> None:
    """Raises NoSuchClaim, and what the activity says to a buyer who has not read its terms, where it insists."""
    unread = activity_of(claim).unread
    if unread is not None:
        raise unread()


async def take(uow: UnitOfWork, asks: Asks) -> dict[int, Answer]:
    """The terms of every order that has a claim, or its refusal: one question to each kind of activity."""
    claiming = {i: order for i, (order, _, _) in asks.items() if order.claim is not None}
    guests = await customers.guests_among(uow, {order.customer_id for order in claiming.values()})
    by_kind: dict[str, list[int]] = {}
    answers: dict[int, Answer] = {}
    for i, order in claiming.items():
        if order.customer_id in guests:
            answers[i] = ClaimNeedsSignIn(field="claim")
        elif order.claim is not None:
            by_kind.setdefault(order.claim.kind, []).append(i)
    for kind in sorted(by_kind):
        places = by_kind[kind]
        told = await ACTIVITIES[kind].take(uow, [_ask(*asks[i]) for i in places])
        answers |= dict(zip(places, told, strict=True))
    return answers


async def give_back(uow: UnitOfWork, orders: Iterable[tuple[PlaceOrder, UUID]]) -> None:
    """Undo what was taken for orders that were refused after it."""
    by_kind: dict[str, list[UUID]] = {}
    for order, order_id in orders:
        if order.claim is not None:
            by_kind.setdefault(order.claim.kind, []).append(order_id)
    for kind, order_ids in sorted(by_kind.items()):
        await ACTIVITIES[kind].give_back(uow, order_ids)


async def look(
    uow: UnitOfWork, ask: QuoteAsk, lines: Sequence[WantedLine], order_id: UUID
) -> ClaimTerms | None:
    """What the claim would give now; nothing is taken.

    Raises what the activity answers, NoSuchClaim, and ClaimNeedsSignIn for a guest.
    """
    if ask.claim is None:
        return None
    if ask.customer_id is not None and await customers.guests_among(uow, [ask.customer_id]):
        raise ClaimNeedsSignIn(field="claim")
    wish = ClaimAsk(order_id, ask.customer_id, ask.channel, ask.claim, tuple(lines), ask.store_id)
    answer = await activity_of(ask.claim).look(uow, wish)
    if isinstance(answer, DomainError):
        raise answer
    return answer


def _ask(order: PlaceOrder, lines: Sequence[WantedLine], order_id: UUID) -> ClaimAsk:
    assert order.claim is not None, "only orders with a claim are asked for"
    return ClaimAsk(order_id, order.customer_id, order.channel, order.claim, tuple(lines), order.store_id)


def use_of(
    terms: ClaimTerms,
    quote: Quote,
    room: offers.Room,
    buyer: pricing.Buyer,
    door_id: UUID | None,
    *,
    is_look: bool = False,
) -> offers.Use:
    """What an order uses of its activity's offer: what the claim's price takes from the marked one, in minor units.

    Raises offers.NotForBuyer, offers.UsedUp and offers.UsedEnough.
    """
    given = -sum(
        [
            step.amount
            for line in quote.lines
            for step in line.build_up
            if step.rule_id == terms.rule_id and step.code == terms.code
        ]
    )
    traits = offers.Traits(buyer.customer_id, buyer.level, buyer.channel, buyer.store_id, door_id)
    return room.use(terms.rule_id, given, traits, is_welcome=terms.is_welcome, is_look=is_look)


async def not_for(
    uow: UnitOfWork, offer_ids: Sequence[UUID], customer_id: UUID | None, *, channel: str = "shop"
) -> dict[UUID, str]:
    """Why these activities are not for this person, in words "中文 / english", so that their pages can say so before
    anybody tries. Those that are for them are missing; of somebody unknown nothing is said.
    """
    if customer_id is None or not offer_ids:
        return {}
    came = (await doors.attributions(uow, [customer_id])).get(customer_id)
    traits = offers.Traits(customer_id, channel=channel, door_id=came.door_id if came else None)
    return await offers.reasons(uow, offer_ids, traits)


def at_terms(
    terms: ClaimTerms, lines: Sequence[tuple[int, WantedLine, SkuPrice]]
) -> list[pricing.PricedLine]:
    """Lines (line number, wish, price) at the claim's prices: one step from the marked price. Raises Invalid."""
    priced: list[pricing.PricedLine] = []
    for no, line, price in lines:
        unit = terms.prices.get(line.sku_id)
        if unit is None:
            raise Invalid(
                field=f"lines[{no - 1}].sku_id",
                zh=f"“{price.title}”不在这个活动里。",
                en=f"{price.title} is not part of this offer.",
            )
        marked = price.price * line.quantity
        # Nobody pays more than the marked price, even where it fell after the activity was written down.
        off = min(unit, price.price) * line.quantity - marked
        step = pricing.Step(terms.code, off, terms.rule_id, terms.name, version=terms.version)
        asked = pricing.Line(no, line.sku_id, price.product_id, price.category_id, line.quantity, price.price)
        priced.append(pricing.PricedLine(asked, marked + off, (step,) if off else ()))
    return priced
