"""What the offers of a cart do together: one pass in a fixed order.

A pass works in stages: exclusive offers, unit prices, groups of units, first order, thresholds, exchange coupons,
the order coupon. Usually the pass with everything is the cheapest. Where a saving in an early stage may cost a bigger
one later – 还差 1 元 after a member price – passes that leave something out are tried as well; see engine_search.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from siyu.goods.offers.engine_cuts import CUTS, Cut, Sight, nothing, spread
from siyu.goods.offers.engine_index import rank
from siyu.goods.offers.model import (
    AmountOff,
    AnyN,
    Bundle,
    Coupon,
    CouponExchange,
    FirstOrder,
    HeldCoupon,
    LimitedPrice,
    MemberPrice,
    NthItem,
    Offer,
    PercentOff,
)
from siyu.goods.pricing import Line
from siyu.kernel import money

UNIT, GROUP, FIRST, THRESHOLD, EXCHANGE, ORDER_COUPON = range(6)
STAGES: dict[type, int] = {
    LimitedPrice: UNIT,
    MemberPrice: UNIT,
    NthItem: GROUP,
    AnyN: GROUP,
    Bundle: GROUP,
    FirstOrder: FIRST,
    AmountOff: THRESHOLD,
    PercentOff: THRESHOLD,
}


class Option(NamedTuple):
    """An offer that is for this buyer now and would save something if it were alone.

    `at`: the places of its lines; `times` and `budget`: what its limits leave, None without any.
    """

    offer: Offer
    at: tuple[int, ...]
    stage: int | None
    coupon: HeldCoupon | None
    times: int | None
    budget: int | None

    @property
    def rule(self) -> object:
        """What is worked out: of a coupon its benefit."""
        rule = self.offer.rule
        return rule.benefit if isinstance(rule, Coupon) else rule

    @property
    def is_exclusive(self) -> bool:
        return self.offer.stacking == "exclusive"


class Ground(NamedTuple):
    """The cart before any offer: its lines by number, what each costs, and what each unit cost us where known."""

    lines: Sequence[Line]
    amounts: Sequence[int]
    costs: dict[UUID, int]
    currency: str


class Given(NamedTuple):
    option: Option
    parts: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.parts.values())


class Pass:
    """One way through the stages: amounts as they stand, and what was given so far."""

    __slots__ = ("amounts", "before", "closed", "exchanged", "given", "ground", "touched")

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.amounts = list(ground.amounts)
        self.before: list[tuple[int, ...]] = []  # the amounts as each stage found them
        self.given: list[Given] = []
        self.closed: set[int] = set()  # lines of exclusive offers
        self.touched: set[int] = set()
        self.exchanged: dict[
            int, tuple[int, int]
        ] = {}  # units of a line bought with exchange coupons, and for what

    @property
    def total(self) -> int:
        return sum(self.amounts)

    def give(self, option: Option, parts: dict[int, int]) -> None:
        for i, part in parts.items():
            self.amounts[i] -= part
        self.touched |= parts.keys()
        self.given.append(Given(option, parts))

    def open_lines(self, option: Option) -> tuple[int, ...]:
        """The option's lines that no exclusive offer has for itself."""
        return tuple([i for i in option.at if i not in self.closed]) if self.closed else option.at


def stage_of(offer: Offer) -> int | None:
    """The stage in which an offer takes something off; None for gifts and freight coupons, which take nothing."""
    rule = offer.rule
    if isinstance(rule, Coupon):
        if isinstance(rule.benefit, CouponExchange):
            return EXCHANGE
        return ORDER_COUPON if type(rule.benefit) in CUTS else None
    return STAGES.get(type(rule))


def cut_of(option: Option, ground: Ground, amounts: Sequence[int], at: Sequence[int]) -> Cut:
    """What an option would take from these lines at these amounts."""
    if not at:
        return nothing("")
    sight = Sight(ground.lines, amounts, at, ground.currency)
    rule = option.rule
    if isinstance(rule, CouponExchange):
        return _exchange(rule, sight, {})
    return CUTS[type(rule)](rule, sight)


def parts_of(option: Option, done: Pass, at: Sequence[int]) -> dict[int, int]:
    """What each line would get, within the margin's floor and the budget."""
    cut = cut_of(option, done.ground, done.amounts, at)
    return spread(cut, _rooms(option, done, cut), option.budget) if cut.off else {}


def _rooms(option: Option, done: Pass, cut: Cut) -> dict[int, int] | None:
    """How far the amounts may fall: the unit's cost and the margin over it, rounded up, stay. No cost, no floor."""
    margin = option.offer.floor_margin
    if margin is None or not done.ground.costs:
        return None
    rooms: dict[int, int] = {}
    for i in cut.weights:
        line = done.ground.lines[i]
        cost = done.ground.costs.get(line.sku_id)
        least = 0
        if cost is not None:
            worth = cost * line.quantity
            least = worth + money.share(worth, margin)
            least += least * money.BASIS_POINTS < worth * (money.BASIS_POINTS + margin)
        rooms[i] = max(0, done.amounts[i] - least)
    return rooms


def passed_through(ground: Ground, options: Sequence[Option]) -> Pass:
    """All stages with these options."""
    done = Pass(ground)
    _exclusives(done, [one for one in options if one.is_exclusive])
    by_stage: list[list[Option]] = [[], [], [], [], [], []]
    for option in options:
        if not option.is_exclusive:
            assert option.stage is not None, "only what takes something off is used in a pass"
            by_stage[option.stage].append(option)
    for stage, some in enumerate(by_stage):
        done.before.append(tuple(done.amounts))
        if not some:
            continue
        if stage == UNIT:
            _unit_prices(done, some)
        elif stage == EXCHANGE:
            _exchanges(done, some)
        elif stage == ORDER_COUPON:
            _order_coupon(done, some)
        else:
            _best(done, [one for one in some if one.offer.stacking == "best"])
            _stacked(done, [one for one in some if one.offer.stacking == "stack"])
    return done


def _exclusives(done: Pass, options: Iterable[Option]) -> None:
    """Alone on their lines, the first in rank first."""
    has_order_coupon = False
    for option in sorted(options, key=lambda one: (-one.offer.priority, one.stage, one.offer.id, _ends(one))):
        at = option.at if option.stage != UNIT else done.open_lines(option)
        is_second_coupon = option.stage == ORDER_COUPON and has_order_coupon
        if is_second_coupon or not done.closed.isdisjoint(at):
            continue
        parts = _exchange_parts(done, option, at) if option.stage == EXCHANGE else parts_of(option, done, at)
        if parts:
            done.give(option, parts)
            done.closed.update(parts if option.stage in {UNIT, EXCHANGE} else at)
            has_order_coupon = has_order_coupon or option.stage == ORDER_COUPON


def _ends(option: Option) -> tuple[datetime, UUID] | tuple[()]:
    return (option.coupon.valid_until, option.coupon.id) if option.coupon else ()


def _unit_prices(done: Pass, options: Sequence[Option]) -> None:
    """Each line at the lowest of the prices there are for it: unit prices never add up."""
    chosen: dict[int, tuple[int, tuple[int, UUID], Option]] = {}
    for option in options:
        for i, part in parts_of(option, done, done.open_lines(option)).items():
            other = chosen.get(i)
            if other is None or (-part, rank(option.offer)) < (-other[0], other[1]):
                chosen[i] = (part, rank(option.offer), option)
    for option in sorted(options, key=lambda one: rank(one.offer)):
        parts = {i: chosen[i][0] for i in sorted(chosen) if chosen[i][2] is option}
        if parts:
            done.give(option, parts)


def _best(done: Pass, options: Sequence[Option]) -> None:
    """Of those that share a line only the one that saves most; others on lines of their own beside it."""
    worth: list[tuple[int, tuple[int, UUID], Option]] = []
    for option in options:
        total = _worth(option, done, done.open_lines(option))
        if total:
            worth.append((-total, rank(option.offer), option))
    worth.sort(key=lambda one: one[:2])
    lines: set[int] = set()
    for _, _, option in worth:
        if lines.isdisjoint(option.at):
            lines.update(option.at)
            done.give(option, parts_of(option, done, done.open_lines(option)))


def _worth(option: Option, done: Pass, at: Sequence[int]) -> int:
    """What an option would take all told; spreading it over lines is left to when it is used."""
    if option.offer.floor_margin is not None:
        return sum(parts_of(option, done, at).values())
    off = cut_of(option, done.ground, done.amounts, at).off
    return off if option.budget is None else min(off, option.budget)


def _stacked(done: Pass, options: Sequence[Option]) -> None:
    """On top of the best, one after the other."""
    for option in sorted(options, key=lambda one: rank(one.offer)):
        parts = parts_of(option, done, done.open_lines(option))
        if parts:
            done.give(option, parts)


def _exchanges(done: Pass, options: Sequence[Option]) -> None:
    """Each coupon takes the dearest unit that no other has taken."""
    for option in options:
        parts = _exchange_parts(done, option, done.open_lines(option))
        if parts:
            done.give(option, parts)


def _exchange_parts(done: Pass, option: Option, at: Sequence[int]) -> dict[int, int]:
    """The unit a coupon takes, within what the coupons of the same offer before it left of its limits."""
    rule = option.rule
    assert isinstance(rule, CouponExchange), "only exchange coupons are in this stage"
    earlier = [one.total for one in done.given if one.option.offer.id == option.offer.id]
    if option.times is not None and len(earlier) >= option.times:
        return {}
    budget = None if option.budget is None else option.budget - sum(earlier)
    sight = Sight(done.ground.lines, done.amounts, at, done.ground.currency)
    cut = _exchange(rule, sight, done.exchanged)
    parts = spread(cut, _rooms(option, done, cut), budget)
    for i, part in parts.items():
        units, paid = done.exchanged.get(i, (0, 0))
        done.exchanged[i] = units + 1, paid + _unit(sight, i, done.exchanged) - part
    return parts


def _unit(sight: Sight, i: int, exchanged: dict[int, tuple[int, int]]) -> int:
    """What one unit of a line costs of those that no coupon has taken yet; nothing when there is none."""
    units, paid = exchanged.get(i, (0, 0))
    rest = sight.lines[i].quantity - units
    return money.share_of_units(sight.amounts[i] - paid, rest, 0, 1) if rest else 0


def _exchange(rule: CouponExchange, sight: Sight, exchanged: dict[int, tuple[int, int]]) -> Cut:
    prices = {i: _unit(sight, i, exchanged) for i in sight.at}
    dearest = max(prices, key=lambda i: (prices[i], -i), default=None)
    if dearest is None or prices[dearest] <= rule.price:
        return nothing("")
    off = prices[dearest] - rule.price
    return Cut(off, {dearest: off}, by_line=True)


def _order_coupon(done: Pass, options: Sequence[Option]) -> None:
    """The one that saves most; of equals the one that ends first."""
    if any(one.option.stage == ORDER_COUPON for one in done.given):
        return
    worth: list[tuple[int, tuple[datetime, UUID] | tuple[()], Option]] = []
    for option in options:
        total = _worth(option, done, done.open_lines(option))
        if total:
            worth.append((-total, _ends(option), option))
    if worth:
        option = min(worth, key=lambda one: one[:2])[2]
        done.give(option, parts_of(option, done, done.open_lines(option)))
