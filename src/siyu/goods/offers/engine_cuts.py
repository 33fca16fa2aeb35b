"""What each kind of rule would take off, given the amounts as they stand. Pure; no rule knows of any other.

For every kind the discount shrinks by no more than what the amounts shrank by, as long as its step stays reached:
that is what makes the engine's choice of combinations sound (see engine_plan).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from siyu.goods.offers import engine_words as words
from siyu.goods.offers.model import (
    AmountOff,
    AnyN,
    Bundle,
    CouponAmount,
    CouponPercent,
    FirstOrder,
    LimitedPrice,
    MemberPrice,
    NthItem,
    PercentOff,
    Reached,
)
from siyu.goods.pricing import Line
from siyu.kernel import money


class Sight(NamedTuple):
    """What a rule may see: the lines in scope (their places in `at`) and what each costs by now."""

    lines: Sequence[Line]
    amounts: Sequence[int]
    at: Sequence[int]
    currency: str

    def base(self) -> int:
        return sum([self.amounts[i] for i in self.at])

    def units(self) -> int:
        return sum([self.lines[i].quantity for i in self.at])


class Cut(NamedTuple):
    """`off` minor units, to be spread over lines by weight; nothing, and then `why`, in words.

    `by_line`: the weights are what each line gets, and what one line cannot take no other line gets.
    """

    off: int
    weights: dict[int, int]
    why: str = ""
    by_line: bool = False


def nothing(why: str) -> Cut:
    return Cut(0, {}, why)


def _all_of(sight: Sight, off: int) -> Cut:
    """`off` from everything in scope, by amount; never more than there is."""
    weights = {i: sight.amounts[i] for i in sight.at}
    off = min(off, sum(weights.values()))
    return Cut(off, weights, "" if off else words.NOT_CHEAPER)


def _short(sight: Sight, least: int) -> Cut | None:
    """The refusal of a threshold that is not reached."""
    base = sight.base()
    return nothing(words.amount_missing(least - base, sight.currency)) if base < least else None


def limited_price(rule: LimitedPrice, sight: Sight) -> Cut:
    return _unit_prices(sight, {i: rule.prices[sight.lines[i].sku_id] for i in sight.at})


def member_price(rule: MemberPrice, sight: Sight) -> Cut:
    """Off the marked price, not off a price list: the lower of the two holds."""
    marked = {i: sight.lines[i].unit_price for i in sight.at}
    return _unit_prices(sight, {i: price - money.share(price, rule.off) for i, price in marked.items()})


def _unit_prices(sight: Sight, prices: Mapping[int, int]) -> Cut:
    parts = {i: sight.amounts[i] - price * sight.lines[i].quantity for i, price in prices.items()}
    parts = {i: part for i, part in parts.items() if part > 0}
    if not parts:
        return nothing(words.NOT_CHEAPER)
    return Cut(sum(parts.values()), parts, by_line=True)


def first_order(rule: FirstOrder, sight: Sight) -> Cut:
    return _short(sight, rule.least) or _all_of(sight, rule.amount)


def step_reached(steps: Sequence[Reached], measure: int) -> Reached | None:
    """The highest step reached."""
    reached = [step for step in steps if step.least <= measure]
    return max(reached, key=lambda step: (step.least, step.off)) if reached else None


def _missing(steps: Sequence[Reached], measure: int) -> int:
    return min([step.least for step in steps]) - measure


def amount_off(rule: AmountOff, sight: Sight) -> Cut:
    base = sight.base()
    step = step_reached(rule.steps, base)
    if step is None:
        return nothing(words.amount_missing(_missing(rule.steps, base), sight.currency))
    times = base // step.least if rule.every and step.least > 0 else 1
    return _all_of(sight, step.off * times)


def percent_off(rule: PercentOff, sight: Sight) -> Cut:
    base = sight.base()
    measure = sight.units() if rule.units else base
    step = step_reached(rule.steps, measure)
    if step is None:
        missing = _missing(rule.steps, measure)
        return nothing(
            words.units_missing(missing) if rule.units else words.amount_missing(missing, sight.currency)
        )
    off = money.share(base, step.off)
    return _all_of(sight, off if rule.cap is None else min(off, rule.cap))


def coupon_amount(rule: CouponAmount, sight: Sight) -> Cut:
    return _short(sight, rule.least) or _all_of(sight, rule.off)


def coupon_percent(rule: CouponPercent, sight: Sight) -> Cut:
    return _short(sight, rule.least) or _all_of(sight, min(money.share(sight.base(), rule.off), rule.cap))


class Run(NamedTuple):
    """So many units of one line that cost the same."""

    value: int
    units: int
    at: int


def _runs(sight: Sight, at: Sequence[int] | None = None) -> list[Run]:
    """All units in scope with what each costs by now, the dearest first. A line's odd fens are on its first units."""
    runs: list[Run] = []
    for i in sight.at if at is None else at:
        quantity, amount = sight.lines[i].quantity, sight.amounts[i]
        if not quantity:
            continue
        low = money.share_of_units(amount, quantity, 0, 1)
        odd = amount - low * quantity
        if odd:
            runs.append(Run(low + 1, odd, i))
        runs.append(Run(low, quantity - odd, i))
    return sorted(runs, key=lambda run: (-run.value, run.at))


def _dearest(runs: Sequence[Run], count: int) -> dict[int, int]:
    """What the `count` dearest units cost, by line."""
    parts: dict[int, int] = {}
    for run in runs:
        taken = min(run.units, count)
        if not taken:
            break
        parts[run.at] = parts.get(run.at, 0) + taken * run.value
        count -= taken
    return parts


def nth_item(rule: NthItem, sight: Sight) -> Cut:
    """Units are grouped from the dearest down; the last of each full group is cheaper."""
    runs, units = _runs(sight), sight.units()
    groups = units // rule.n
    if not groups:
        return nothing(words.units_missing(rule.n - units))
    cheaper = place = 0
    for run in runs:
        cheaper += run.value * ((place + run.units) // rule.n - place // rule.n)
        place += run.units
    off = money.share(cheaper, rule.off)
    return Cut(off, _dearest(runs, groups * rule.n), "" if off else words.NOT_CHEAPER)


def any_n(rule: AnyN, sight: Sight) -> Cut:
    """Groups from the dearest units down, as long as a group costs more than the price for it."""
    runs, units = _runs(sight), sight.units()
    if units < rule.n:
        return nothing(words.units_missing(rule.n - units))
    groups = off = 0
    for worth in _group_sums(runs, rule.n):
        if worth <= rule.price:
            break
        groups, off = groups + 1, off + worth - rule.price
    if not groups:
        return nothing(words.NOT_CHEAPER)
    return Cut(off, _dearest(runs, groups * rule.n))


def _group_sums(runs: Sequence[Run], size: int) -> Iterator[int]:
    """What each full group of `size` units costs, in order."""
    worth, missing = 0, size
    for run in runs:
        count = run.units
        while count:
            taken = min(count, missing)
            worth, missing, count = worth + taken * run.value, missing - taken, count - taken
            if not missing:
                yield worth
                worth, missing = 0, size


def bundle(rule: Bundle, sight: Sight) -> Cut:
    """So many sets as there are, and as are cheaper together."""
    places: dict[UUID, list[int]] = {sku_id: [] for sku_id in rule.parts}
    for i in sight.at:
        places[sight.lines[i].sku_id].append(i)
    units = {sku_id: sum([sight.lines[i].quantity for i in at]) for sku_id, at in places.items()}
    sets = min([units[sku_id] // count for sku_id, count in rule.parts.items()])
    if not sets:
        missing = sum([max(0, count - units[sku_id]) for sku_id, count in rule.parts.items()])
        return nothing(words.units_missing(missing))
    runs = {sku_id: _runs(sight, at) for sku_id, at in places.items()}
    while sets:
        weights: dict[int, int] = {}
        for sku_id, count in rule.parts.items():
            weights |= _dearest(runs[sku_id], sets * count)
        off = sum(weights.values()) - sets * rule.price
        fewer = sum(
            [sum(_dearest(runs[sku_id], (sets - 1) * count).values()) for sku_id, count in rule.parts.items()]
        )
        if off > fewer - (sets - 1) * rule.price:
            return Cut(off, weights)
        sets -= 1
    return nothing(words.NOT_CHEAPER)


CUTS: dict[type, Callable[[Any, Sight], Cut]] = {
    LimitedPrice: limited_price,
    MemberPrice: member_price,
    FirstOrder: first_order,
    NthItem: nth_item,
    AnyN: any_n,
    Bundle: bundle,
    AmountOff: amount_off,
    PercentOff: percent_off,
    CouponAmount: coupon_amount,
    CouponPercent: coupon_percent,
}


def level_of(rule: object, sight: Sight) -> tuple[int, int] | None:
    """Which step of a threshold is reached (and how often); equal for every rule without one."""
    match rule:
        case AmountOff(steps=steps, every=every):
            base = sight.base()
            step = step_reached(steps, base)
            if step is None:
                return None
            return step.least, base // step.least if every and step.least > 0 else 1
        case PercentOff(steps=steps, units=False):
            step = step_reached(steps, sight.base())
            return (step.least, 1) if step else None
        case FirstOrder(least=least) | CouponAmount(least=least) | CouponPercent(least=least):
            return (least, 1) if sight.base() >= least else None
    return 0, 1


def spread(cut: Cut, rooms: Mapping[int, int] | None, budget: int | None) -> dict[int, int]:
    """What each line gets of a cut, to the fen. `rooms`: how far a line's amount may fall at most; `budget`: all told.

    The sum is exactly the cut, or what rooms and budget leave of it.
    """
    weights, off = cut.weights, cut.off
    if rooms is not None and cut.by_line:
        weights = {i: min(part, rooms[i]) for i, part in weights.items()}
        off = sum(weights.values())
    if budget is not None:
        off = min(off, budget)
    if off <= 0:
        return {}
    if rooms is not None and not cut.by_line:
        return _filled(min(off, sum([rooms[i] for i in weights])), weights, rooms)
    if cut.by_line and off == sum(weights.values()):
        return weights if rooms is None else {i: part for i, part in weights.items() if part}
    parts = money.split(off, list(weights.values()))
    return {i: part for i, part in zip(weights, parts, strict=True) if part}


def _filled(off: int, weights: Mapping[int, int], rooms: Mapping[int, int]) -> dict[int, int]:
    """Spread by weight; what a line has no room for goes to the others."""
    open_to, parts = dict(weights), dict.fromkeys(weights, 0)
    while off > 0:
        wanted = dict(zip(open_to, money.split(off, list(open_to.values())), strict=True))
        full = [i for i, part in wanted.items() if part > rooms[i]]
        for i in full:
            parts[i] = rooms[i]
            off -= rooms[i]
            del open_to[i]
        if not full:
            parts |= wanted
            break
    return {i: part for i, part in parts.items() if part}
