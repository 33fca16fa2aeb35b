"""The calculators, in their order. Each is a pure function over the whole basket.

Laws that hold for every basket: the order of the lines does not matter, no line is negative, the total is the sum of
the lines, equal buyers pay equal prices, one more unit never makes the unit dearer, and nobody pays more than the
marked price (明码标价和禁止价格欺诈规定 art. 7-8, 11).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods.pricing import words
from siyu.goods.pricing.model import BuildUp, Buyer, Line, Passed, PricedLine, PriceList, Rules, Step
from siyu.goods.pricing.parting import Parted, Rate, Rates, parted


class Basket(msgspec.Struct, frozen=True):
    """What a calculator may look at: the lines as priced so far, by number, and the rules judged for this buyer, now.

    `why` has each list with why it is not for this buyer (empty when it is), `rates` the prices of each SKU.
    """

    lines: Sequence[PricedLine]
    why: Mapping[UUID, str]
    rates: Mapping[UUID, Rates]


class Effect(msgspec.Struct, frozen=True):
    """What a calculator does: at most one step for a line, by line number, and the rules that did not apply."""

    steps: dict[int, Step] = {}
    passed: Sequence[Passed] = ()


Calculator = Callable[[Basket], Effect]


def build_up(lines: Sequence[Line], buyer: Buyer, rules: Rules | Parted, now: datetime) -> BuildUp:
    """Price these lines for this buyer at this instant (UTC); the answer has them by number.

    Pure: the order of the lines does not matter.
    """
    ordered = sorted(lines, key=_number)
    priced = [PricedLine(line, line.unit_price * line.quantity) for line in ordered]
    passed: list[Passed] = []
    # Judged once for all lines and calculators: this is on the way of every order.
    known = rules if isinstance(rules, Parted) else parted(rules, tells_contracts=True)
    why = known.judged(buyer, now)
    for calculator in CALCULATORS:
        effect = calculator(Basket(priced, why, known.rates))
        if effect.steps:
            priced = [_with(line, effect.steps.get(line.line.line_no)) for line in priced]
        passed += effect.passed
    total = sum([line.amount for line in priced])
    return BuildUp(tuple(priced), total, tuple(dict.fromkeys(passed)) if passed else ())


def _number(line: Line) -> int:
    return line.line_no


def _with(line: PricedLine, step: Step | None) -> PricedLine:
    if step is None:
        return line
    return PricedLine(line.line, line.amount + step.amount, (*line.steps, step))


def price_list(basket: Basket) -> Effect:
    """The price of one unit in the matching list of highest priority; then the lower price, then the older list."""
    steps: dict[int, Step] = {}
    passed: list[Passed] = []
    for priced in basket.lines:
        line = priced.line
        rates = basket.rates.get(line.sku_id)
        chosen: Rate | None = None
        for rate in _for_buyer(basket, rates.one, passed) if rates else ():
            if rate.price > line.unit_price:
                passed.append(_passed("price_list", rate.list, words.ABOVE_MARKED))
            elif chosen is None:
                chosen = rate
            else:
                passed.append(_passed("price_list", rate.list, words.OTHER_LIST_FIRST))
        if chosen is None:
            continue
        if chosen.price == line.unit_price:
            passed.append(_passed("price_list", chosen.list, words.SAME_AS_MARKED))
            continue
        amount = (chosen.price - line.unit_price) * line.quantity
        steps[line.line_no] = Step("price_list", amount, chosen.list.id, chosen.name)
    return Effect(steps, passed)


def quantity(basket: Basket) -> Effect:
    """The best price of those quantities that are reached: in the list that gave the line its price, or in a list
    for everybody. Without such a list, in any that is for this buyer. Lines of one SKU count together.
    """
    steps: dict[int, Step] = {}
    passed: list[Passed] = []
    wanted = _units(basket.lines)
    for priced in basket.lines:
        line = priced.line
        rates = basket.rates.get(line.sku_id)
        given = priced.steps[0].rule_id if priced.steps else None
        reached: list[Rate] = []
        for rate in _for_buyer(basket, rates.more, passed) if rates else ():
            if rate.least > wanted[line.sku_id]:
                passed.append(_passed("quantity", rate.list, words.from_units(rate.least)))
            elif given is None or rate.is_for_all or rate.list.id == given:
                reached.append(rate)
            else:
                passed.append(_passed("quantity", rate.list, words.OTHER_LIST_FIRST))
        if not reached:
            continue
        chosen = min(reached, key=_cheapest)
        if chosen.price * line.quantity >= priced.amount:
            passed.append(_passed("quantity", chosen.list, words.NOT_CHEAPER))
            continue
        amount = chosen.price * line.quantity - priced.amount
        steps[line.line_no] = Step("quantity", amount, chosen.list.id, chosen.name)
    return Effect(steps, passed)


def _cheapest(rate: Rate) -> tuple[int, int, UUID]:
    return rate.price, -rate.list.priority, rate.list.id


def floor(basket: Basket) -> Effect:
    """No line is sold for less than nothing, whatever the calculators before it gave."""
    return Effect(
        {
            priced.line.line_no: Step("floor", -priced.amount, name=words.FLOOR)
            for priced in basket.lines
            if priced.amount < 0
        }
    )


# `floor` is always the last. What offers (goods/offers) take off comes after all of these.
CALCULATORS: tuple[Calculator, ...] = (price_list, quantity, floor)


def _for_buyer(basket: Basket, rates: Sequence[Rate], passed: list[Passed]) -> list[Rate]:
    """Those that are for this buyer now, the strongest first; why the others are not goes to `passed`."""
    found: list[Rate] = []
    for rate in rates:
        why = basket.why.get(rate.list.id)
        if why is None:  # another client's contract
            continue
        if why:
            passed.append(_passed("price_list", rate.list, why))
        else:
            found.append(rate)
    return found


def _passed(code: str, each: PriceList, why: str) -> Passed:
    return Passed(code, words.name_of(each), why, each.id)


def _units(lines: Sequence[PricedLine]) -> dict[UUID, int]:
    units: dict[UUID, int] = {}
    for priced in lines:
        units[priced.line.sku_id] = units.get(priced.line.sku_id, 0) + priced.line.quantity
    return units
