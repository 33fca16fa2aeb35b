"""The cheapest of all combinations of offers, found without trying them all.

The pass with everything says which offers it used. What it did not use changes nothing, so it speaks for every
combination that has at least the used ones; the others lack one of them. Each of those branches is a smaller question
of the same kind, and is left alone when even all that its offers could save alone would not beat the best so far. That
is exact – not one combination is missed – until `PASSES_MAX` passes have been made. With so many offers that fight each
other over one cart the best found until then is taken; never one dearer than the pass with everything.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from siyu.goods.offers.engine_cuts import Sight, level_of
from siyu.goods.offers.engine_plan import (
    EXCHANGE,
    GROUP,
    ORDER_COUPON,
    UNIT,
    Ground,
    Option,
    Pass,
    parts_of,
    passed_through,
)

PASSES_MAX = 1_000  # some 30 µs each: a cart that needs as many is a riddle made on purpose


class Search:
    """One cart's question. `is_exact`: every combination was looked at or ruled out."""

    __slots__ = ("alone", "best", "ground", "is_exact", "options", "passes", "wanted")

    def __init__(
        self, ground: Ground, options: Sequence[Option], first: Pass, wanted: frozenset[UUID]
    ) -> None:
        self.ground, self.options, self.best, self.wanted = ground, options, first, wanted
        self.passes, self.is_exact = 0, True
        untouched = Pass(ground)
        self.alone = {id(one): parts_of(one, untouched, one.at) for one in options}

    def below(self, done: Pass, left: Sequence[Option], fixed: frozenset[int]) -> None:
        """Look at every combination of `left` that has all of `fixed`; `done` is the pass with all of them."""
        used = [
            given.option
            for given in done.given
            if id(given.option) not in fixed
            and (given.option.stage != ORDER_COUPON or given.option.is_exclusive)
        ]
        kept = fixed
        for option in used:
            fewer = [one for one in left if one is not option]
            if self._may_be_better(fewer):
                if self.passes >= PASSES_MAX:
                    self.is_exact = False
                    return
                self.passes += 1
                tried = passed_through(self.ground, fewer)
                self.best = _better(self.best, tried, self.wanted)
                self.below(tried, fewer, kept)
            kept = kept | {id(option)}

    def _may_be_better(self, options: Sequence[Option]) -> bool:
        """Whether these could cost less than the best so far, were no saving to get in another's way."""
        if _missed(self.best, self.wanted):
            return True
        saved = sum([self._most(stage, options) for stage in range(ORDER_COUPON + 1)])
        return sum(self.ground.amounts) - saved < self.best.total

    def _most(self, stage: int, options: Sequence[Option]) -> int:
        """The most that a stage could save: on a line one unit price, on an order one coupon, of rivals one."""
        alone = [self.alone[id(one)] for one in options if one.stage == stage and not one.is_exclusive]
        most = sum(
            [sum(self.alone[id(one)].values()) for one in options if one.stage == stage and one.is_exclusive]
        )
        if stage == GROUP and alone and any(one.is_exclusive for one in options):
            # Of fewer lines the cheapest unit may be a dearer one: no bound but what the lines cost.
            return sum(self.ground.amounts)
        if stage == UNIT:
            lines = {i for parts in alone for i in parts}
            return most + sum([max([parts.get(i, 0) for parts in alone]) for i in lines])
        if stage == ORDER_COUPON:
            return most + max([sum(parts.values()) for parts in alone], default=0)
        best = [
            one
            for one in options
            if one.stage == stage and one.offer.stacking == "best" and not one.is_exclusive
        ]
        if stage == EXCHANGE or not best or not frozenset.intersection(*[frozenset(one.at) for one in best]):
            return most + sum([sum(parts.values()) for parts in alone])
        rivals = [sum(self.alone[id(one)].values()) for one in best]
        return most + sum([sum(parts.values()) for parts in alone]) - sum(rivals) + max(rivals)


def cheapest(ground: Ground, options: Sequence[Option], wanted: frozenset[UUID] = frozenset()) -> Pass:
    """The pass that costs the buyer least; before that, one that uses all `wanted` coupons."""
    first = passed_through(ground, options)
    if _missed(first, wanted) == 0 and is_settled(first, options):
        return first
    search = Search(ground, options, first, wanted)
    search.below(first, options, frozenset())
    return search.best


def _better(one: Pass, other: Pass, wanted: frozenset[UUID]) -> Pass:
    """The first of the two unless the second is really better."""
    return other if (_missed(other, wanted), other.total) < (_missed(one, wanted), one.total) else one


def _missed(done: Pass, wanted: frozenset[UUID]) -> int:
    if not wanted:
        return 0
    return len(wanted) - sum([given.option.coupon is not None for given in done.given])


def is_settled(done: Pass, options: Sequence[Option]) -> bool:
    """Whether no combination can be cheaper than the pass with everything.

    So it is when every saving shrinks later ones by at most what it saved itself: no threshold is missed for it, and
    offers on goods overlap in all their lines or in none, so that only totals matter. A single offer always is.
    """
    if len(options) == 1:
        return True
    if any(one.is_exclusive for one in options) or any(one.stage == EXCHANGE for one in options):
        return False
    if done.ground.costs and any(one.offer.floor_margin is not None for one in options):
        return False
    if sum([one.stage == GROUP for one in options]) > 1 and not _one_of_one_kind(options):
        return False
    last = done.before[ORDER_COUPON]
    sets: dict[tuple[int, ...], bool] = {}
    for one in options:
        if one.stage == UNIT:
            continue
        sets[one.at] = True
        before = level_of(one.rule, Sight(done.ground.lines, done.ground.amounts, one.at, ""))
        if before != level_of(one.rule, Sight(done.ground.lines, last, one.at, "")):
            return False
    return sum([len(at) for at in sets]) == len({i for at in sets for i in at})


def _one_of_one_kind(options: Iterable[Option]) -> bool:
    """Whether the offers on groups of units are such that only one of them is used on a line."""
    return all(one.offer.stacking == "best" for one in options if one.stage == GROUP)
