"""The calculators, in their order. Each is a pure function over the whole basket.

Laws that hold for every basket: the order of the lines does not matter, no line is negative, the total is the sum of
the lines, equal buyers pay equal prices, one more unit never makes the unit dearer, and nobody pays more than the
marked price (明码标价和禁止价格欺诈规定 art. 7-8, 11).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from siyu.goods.pricing import words
from siyu.goods.pricing.model import BuildUp, Buyer, Line, Passed, PricedLine, PriceList, Rules, Step, Tier
from siyu.goods.pricing.parting import Parted, parted


class Judged(NamedTuple):
    """A list, and why it is not for this buyer now (empty when it is)."""

    list: PriceList
    why: str


class Basket(msgspec.Struct, frozen=True):
    """What a calculator may look at: the lines as priced so far, and the rules judged for this buyer, now.

    `lists` has each list with why it is not for this buyer (empty when it is), `tiers` the prices of each SKU.
    """

    lines: tuple[PricedLine, ...]
    lists: dict[UUID, Judged]
    tiers: dict[UUID, list[Tier]]


class Effect(msgspec.Struct, frozen=True):
    """What a calculator does: at most one step for a line, by line number, and the rules that did not apply."""

    steps: dict[int, Step] = {}
    passed: tuple[Passed, ...] = ()


Calculator = Callable[[Basket], Effect]


def build_up(lines: Sequence[Line], buyer: Buyer, rules: Rules | Parted, now: datetime) -> BuildUp:
    """Price these lines for this buyer at this instant (UTC). Pure: the order of the lines does not matter."""
    priced = tuple([PricedLine(line, line.unit_price * line.quantity) for line in lines])
    passed: list[Passed] = []
    # Judged once for all lines and calculators: this is on the way of every order.
    known = rules if isinstance(rules, Parted) else parted(rules)
    lists = {each.id: Judged(each, _why_not(each, buyer, now)) for each in known.lists}
    for calculator in CALCULATORS:
        effect = calculator(Basket(priced, lists, known.tiers))
        if effect.steps:
            priced = tuple([_with(line, effect.steps.get(line.line.line_no)) for line in priced])
        passed += effect.passed
    return BuildUp(priced, sum(line.amount for line in priced), tuple(dict.fromkeys(passed)))


def _with(line: PricedLine, step: Step | None) -> PricedLine:
    if step is None:
        return line
    return PricedLine(line.line, line.amount + step.amount, (*line.steps, step))


def price_list(basket: Basket) -> Effect:
    """The price of one unit in the matching list of highest priority; then the lower price, then the older list."""
    steps: dict[int, Step] = {}
    passed: list[Passed] = []
    for priced in _in_order(basket.lines):
        line = priced.line
        found, refused = _offers(
            basket, [tier for tier in basket.tiers.get(line.sku_id, ()) if tier.least == 1]
        )
        passed += refused
        for each, tier in found:
            if tier.price > line.unit_price:
                passed.append(_passed("price_list", each, words.ABOVE_MARKED))
        fitting = [(each, tier) for each, tier in found if tier.price <= line.unit_price]
        if not fitting:
            continue
        (chosen, tier), *others = fitting
        passed += [_passed("price_list", each, words.OTHER_LIST_FIRST) for each, _ in others]
        if tier.price == line.unit_price:
            passed.append(_passed("price_list", chosen, words.SAME_AS_MARKED))
            continue
        amount = (tier.price - line.unit_price) * line.quantity
        steps[line.line_no] = Step("price_list", amount, chosen.id, words.name_of(chosen))
    return Effect(steps, tuple(passed))


def quantity(basket: Basket) -> Effect:
    """The best price of those quantities that are reached: in the list that gave the line its price, or in a list
    for everybody. Without such a list, in any that is for this buyer. Lines of one SKU count together.
    """
    steps: dict[int, Step] = {}
    passed: list[Passed] = []
    wanted = _units(basket.lines)
    for priced in _in_order(basket.lines):
        line = priced.line
        found, _ = _offers(basket, [tier for tier in basket.tiers.get(line.sku_id, ()) if tier.least > 1])
        given = next((step.rule_id for step in priced.steps if step.code == "price_list"), None)
        reached: list[tuple[PriceList, Tier]] = []
        for each, tier in found:
            if tier.least > wanted[line.sku_id]:
                passed.append(_passed("quantity", each, words.from_units(tier.least)))
            elif given is None or each.id == given or not words.conditions(each):
                reached.append((each, tier))
            else:
                passed.append(_passed("quantity", each, words.OTHER_LIST_FIRST))
        if not reached:
            continue
        chosen, tier = min(reached, key=lambda one: (one[1].price, -one[0].priority, one[0].id))
        if tier.price * line.quantity >= priced.amount:
            passed.append(_passed("quantity", chosen, words.NOT_CHEAPER))
            continue
        steps[line.line_no] = Step(
            "quantity",
            tier.price * line.quantity - priced.amount,
            chosen.id,
            words.tier_name(chosen, tier.least),
        )
    return Effect(steps, tuple(passed))


def floor(basket: Basket) -> Effect:
    """No line is sold for less than nothing, whatever the calculators before it gave."""
    return Effect(
        {
            priced.line.line_no: Step("floor", -priced.amount, name=words.FLOOR)
            for priced in basket.lines
            if priced.amount < 0
        }
    )


# Offers (coupons, thresholds, gifts) take their place between `quantity`, after which every line has the price of
# its list, and `floor`, which is always the last. They read `Rules` too, so that a cart stays one statement.
CALCULATORS: tuple[Calculator, ...] = (price_list, quantity, floor)


def _offers(basket: Basket, tiers: Iterable[Tier]) -> tuple[list[tuple[PriceList, Tier]], list[Passed]]:
    """These tiers with their lists: those that are for this buyer now, the strongest first, and why others are not."""
    found: list[tuple[PriceList, Tier]] = []
    refused: list[Passed] = []
    for tier in tiers:
        judged = basket.lists.get(tier.list_id)
        if judged is None:  # another client's contract, left out by `Parted.of`
            continue
        each, why = judged
        if why:
            refused.append(_passed("price_list", each, why))
        else:
            found.append((each, tier))
    if len(found) > 1:
        found.sort(key=lambda one: (-one[0].priority, one[1].price, one[0].id, one[1].least))
    return found, refused


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


def _passed(code: str, each: PriceList, why: str) -> Passed:
    return Passed(code, words.name_of(each), why, each.id)


def _units(lines: Iterable[PricedLine]) -> dict[UUID, int]:
    units: dict[UUID, int] = {}
    for priced in lines:
        units[priced.line.sku_id] = units.get(priced.line.sku_id, 0) + priced.line.quantity
    return units


def _in_order(lines: Iterable[PricedLine]) -> list[PricedLine]:
    """By number, so that what is said of the rules does not depend on the order of the lines either."""
    return sorted(lines, key=lambda priced: priced.line.line_no)
