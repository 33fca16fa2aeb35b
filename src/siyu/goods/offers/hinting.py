"""What a cart is short of: "满 ¥99 减 ¥10 · 还差 ¥12". Pure; every figure is one the engine counted with."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from siyu.goods.offers import coupons_words, engine_words
from siyu.goods.offers.model import AmountOff, Coupon, Offer, PercentOff, Reached, Scope, Shelf
from siyu.goods.pricing import Passed, Step


class Counted(msgspec.Struct, frozen=True):
    """A line as it was priced: so many units at the marked `unit_price` (minor units), and the steps taken since."""

    quantity: int
    unit_price: int
    steps: tuple[Step, ...]


class Hint(msgspec.Struct, frozen=True):
    """What more would bring. `terms` and `missing` are words "中文 / english"; `scope` says which goods count."""

    offer_id: UUID
    terms: str
    missing: str
    is_coupon: bool
    scope: Scope


def hints(
    shelf: Shelf, lines: Sequence[Counted], passed: Iterable[Passed], currency: str
) -> tuple[Hint, ...]:
    """Offers that lack only an amount or some units, then the next step of those that apply already."""
    known = {offer.id: offer for offer in shelf.offers}
    short = [
        Hint(
            offer.id,
            _terms(offer, currency),
            one.why,
            isinstance(offer.rule, Coupon),
            offer.scope,
        )
        for one in passed
        if engine_words.is_missing(one.why) and (offer := known.get(one.rule_id or UUID(int=0))) is not None
    ]
    used = dict.fromkeys(step.rule_id for line in lines for step in line.steps)
    further = [
        hint
        for rule_id in used
        if rule_id is not None
        and (offer := known.get(rule_id)) is not None
        and (hint := _next(offer, lines, currency)) is not None
    ]
    return (*short, *further)


def _terms(offer: Offer, currency: str) -> str:
    if isinstance(offer.rule, Coupon):
        return coupons_words.benefit(offer.rule, currency)
    return coupons_words.rule(offer, currency)


def _next(offer: Offer, lines: Sequence[Counted], currency: str) -> Hint | None:
    """The next step of a threshold that applies already; None when it is on its last."""
    if not isinstance(offer.rule, AmountOff | PercentOff):
        return None
    mine = [line for line in lines if any(step.rule_id == offer.id for step in line.steps)]
    by_units = isinstance(offer.rule, PercentOff) and offer.rule.units
    reached = sum(line.quantity if by_units else _before(offer.id, line) for line in mine)
    step = _step_after(offer.rule, reached)
    if step is None:
        return None
    missing = step.least - reached
    rule: AmountOff | PercentOff
    if isinstance(offer.rule, AmountOff):
        rule = AmountOff((step,))  # of one that repeats, what the next time would come to altogether
    else:
        rule = msgspec.structs.replace(offer.rule, steps=(step,))
    return Hint(
        offer.id,
        coupons_words.rule(msgspec.structs.replace(offer, rule=rule), currency),
        engine_words.units_missing(missing) if by_units else engine_words.amount_missing(missing, currency),
        is_coupon=False,
        scope=offer.scope,
    )


def _before(offer_id: UUID, line: Counted) -> int:
    """What the line came to, in minor units, when it was this offer's turn."""
    amount = line.unit_price * line.quantity
    for step in line.steps:
        if step.rule_id == offer_id:
            break
        amount += step.amount
    return amount


def _step_after(rule: AmountOff | PercentOff, reached: int) -> Reached | None:
    if isinstance(rule, AmountOff) and rule.every:
        each = rule.steps[0]
        times = reached // each.least + 1
        return Reached(each.least * times, each.off * times)
    return min((step for step in rule.steps if step.least > reached), key=lambda one: one.least, default=None)


def goods_href(root: str, offer_id: UUID, scope: Scope) -> str:
    """Where the goods are that an offer is good for, below the shop at `root`."""
    named = [*scope.product_ids, *scope.sku_ids, *scope.category_ids]
    if not named:
        return f"{root}/category"
    if len(named) == 1 and scope.product_ids:
        return f"{root}/product/{scope.product_ids[0]}"
    if len(named) == 1 and scope.category_ids:
        return f"{root}/category?{urlencode({'c': scope.category_ids[0]})}"
    return f"{root}/coupons/{offer_id}/goods"
