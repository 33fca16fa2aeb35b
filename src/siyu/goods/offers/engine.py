"""What the offers make of a cart: pure, the same for every order of lines and of offers.

`apply` works after the price lists. Laws that hold for every cart and every shelf: no line is negative, the steps add
up to the fen, whatever touched the cart and did not apply is named with its reason, and another offer of class best
or stack never makes the cart dearer: of all combinations the cheapest is found (see engine_search for how far).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from siyu.goods.offers import engine_words as words
from siyu.goods.offers.engine_extras import freight_of, gift_line, gifts_of, is_freight
from siyu.goods.offers.engine_gates import Candidate, Person, best_held, candidate, named_coupons, refusal
from siyu.goods.offers.engine_index import indexed
from siyu.goods.offers.engine_left import Left
from siyu.goods.offers.engine_plan import (
    ORDER_COUPON,
    Given,
    Ground,
    Option,
    Pass,
    cut_of,
    parts_of,
)
from siyu.goods.offers.engine_search import cheapest
from siyu.goods.offers.engine_words import kind_of, name_of
from siyu.goods.offers.model import Applied, Coupon, CouponFreight, FreightOff, Offer, Shelf, Traits, Use
from siyu.goods.pricing import Passed, PricedLine, Step
from siyu.kernel import money


def apply(
    lines: Sequence[PricedLine],
    shelf: Shelf,
    traits: Traits,
    now: datetime,
    *,
    coupon_ids: tuple[UUID, ...] | None = (),
    left: Left | None = None,
    currency: str = "CNY",
) -> Applied:
    """Apply the live offers to lines priced by the price lists. The lines come back in the order given.

    `coupon_ids` None: the coupons that are best for the buyer; otherwise exactly these. `left`: what earlier orders of
    the batch left of budgets and limits. `currency` is for the words alone. Raises Invalid naming `coupon_ids[i]`
    for a coupon that cannot be used.
    """
    if not lines or not (shelf.offers or coupon_ids):
        return Applied(tuple(lines), sum([line.amount for line in lines]))
    order = sorted(range(len(lines)), key=lambda i: lines[i].line.line_no)
    sold = tuple([lines[i].line for i in order])
    ground = Ground(sold, tuple([lines[i].amount for i in order]), shelf.costs, currency)
    person = Person(traits, now, indexed(shelf), Left(shelf) if left is None else left)
    found = [candidate(reach, at, person) for reach, at in person.known.touching(sold)]
    if coupon_ids is None:
        found += best_held(person, sold)
    elif coupon_ids:
        found += _named(person, ground, coupon_ids)
    done = _decided(ground, found, frozenset(coupon_ids or ()))
    open_ones = [one for one in found if one.option.stage is None and not one.why]
    gifts = gifts_of([one for one in open_ones if not is_freight(one.option)], done)
    freight = freight_of([one for one in open_ones if is_freight(one.option)], done)
    for i, coupon_id in enumerate(coupon_ids or ()):
        named = next(one for one in found if one.option.coupon and one.option.coupon.id == coupon_id)
        if named.why:
            raise refusal(i, named.why)
    built = _built([lines[i] for i in order], done)
    places = {place: i for i, place in enumerate(order)}
    return Applied(
        tuple([built[places[i]] for i in range(len(lines))]),
        done.total,
        tuple([gift_line(option) for option in gifts]),
        tuple([_use(given) for given in done.given] + [Use(option.offer.id, 0) for option in gifts]),
        _passed(found),
        (freight.coupon, freight.offer) if freight and freight.coupon else None,
    )


def freight_off(applied: Applied, freight: int) -> FreightOff:
    """What the order's freight coupon takes from this freight (minor units); nothing when there is nothing to take."""
    if applied.freight_coupon is None or freight <= 0:
        return FreightOff()
    coupon, offer = applied.freight_coupon
    rule = offer.rule
    assert isinstance(rule, Coupon), "freight coupons are coupons"
    assert isinstance(rule.benefit, CouponFreight), "freight coupons are for freight"
    off = min(rule.benefit.off, freight)
    off = off if applied.freight_budget is None else min(off, applied.freight_budget)
    if off <= 0:
        return FreightOff()
    return FreightOff(_steps(offer, off, (kind_of(offer), name_of(offer))), (Use(offer.id, off, coupon.id),))


def _named(person: Person, ground: Ground, coupon_ids: tuple[UUID, ...]) -> list[Candidate]:
    """The coupons the buyer named. Raises Invalid for what cannot be used whatever the prices come to."""
    named = named_coupons(person, tuple(ground.lines), coupon_ids)
    has_order, has_freight = False, False
    for i, one in enumerate(named):
        why = one.why or _worthless(one.option, ground)
        is_order = one.option.stage == ORDER_COUPON
        why = why or (words.ONE_COUPON if is_order and has_order else "")
        why = why or (words.ONE_FREIGHT if is_freight(one.option) and has_freight else "")
        if why:
            raise refusal(i, why)
        has_order, has_freight = has_order or is_order, has_freight or is_freight(one.option)
    return named


def _worthless(option: Option, ground: Ground) -> str:
    """Why an offer would save nothing even if it were alone; empty when it would."""
    if option.stage is None:
        return ""
    cut = cut_of(option, ground, ground.amounts, option.at)
    if not cut.off:
        return cut.why or words.NOT_CHEAPER
    if option.offer.floor_margin is None:  # then nothing holds it back
        return ""
    return "" if parts_of(option, Pass(ground), option.at) else words.MARGIN


def _decided(ground: Ground, found: Sequence[Candidate], named: frozenset[UUID]) -> Pass:
    """Choose among what takes something off; whatever is not used is told why."""
    short: list[Candidate] = []
    usable: list[Candidate] = []
    for one in found:
        if one.option.stage is None or one.why:
            continue
        one.why = _worthless(one.option, ground)
        (short if one.why else usable).append(one)
    wanted = frozenset(
        one.option.coupon.id for one in usable if one.option.coupon and one.option.coupon.id in named
    )
    done = cheapest(ground, [one.option for one in usable], wanted) if usable else _untouched(ground)
    used = {id(given.option) for given in done.given}
    for one in usable:
        if id(one.option) not in used:
            one.why = _why_passed(one.option, done)
    for one in short:
        # What is missing is missing from the price after what came before.
        one.why = _short_now(one.option, done) or one.why
    return done


def _untouched(ground: Ground) -> Pass:
    done = Pass(ground)
    done.before = [tuple(ground.amounts)] * (ORDER_COUPON + 1)
    return done


def _short_now(option: Option, done: Pass) -> str:
    assert option.stage is not None, "only what takes something off is short"
    return cut_of(option, done.ground, done.before[option.stage], option.at).why


def _why_passed(option: Option, done: Pass) -> str:
    """Why an offer that would save something if it were alone is not used beside the others."""
    assert option.stage is not None, "only what takes something off competes"
    mine = set(option.at)
    alone = [given.option for given in done.given if given.option.is_exclusive]
    for other in alone:
        if not mine.isdisjoint(other.at):
            return words.not_with(other.offer)
    if option.is_exclusive and not mine.isdisjoint(done.touched):
        return words.NOT_TOGETHER
    for given in done.given:
        is_rival = given.option.stage == option.stage and given.option.offer.stacking != "stack"
        if is_rival and not mine.isdisjoint(given.option.at):
            return words.replaced_by(given.option.offer)
    return _short_now(option, done) or words.TOGETHER_DEARER


def _built(lines: Sequence[PricedLine], done: Pass) -> list[PricedLine]:
    """The lines with a step for each offer that took something off them, in the order in which it was done."""
    steps: list[list[Step]] = [[] for _ in lines]
    for option, parts in done.given:
        named = kind_of(option.offer), name_of(option.offer)
        for i, part in parts.items():
            steps[i] += _steps(option.offer, part, named)
    return [
        PricedLine(priced.line, amount, (*priced.steps, *added)) if added else priced
        for priced, amount, added in zip(lines, done.amounts, steps, strict=True)
    ]


def _steps(offer: Offer, off: int, named: tuple[str, str]) -> tuple[Step, ...]:
    """One step for each who bears a share of it; `named` is the step's code and name."""
    code, name = named
    if not offer.funders:
        return (Step(code, -off, offer.id, name, "merchant", offer.version),)
    parts = money.split(-off, [funder.share for funder in offer.funders])
    return tuple(
        [
            Step(code, part, offer.id, name, funder.who, offer.version)
            for funder, part in zip(offer.funders, parts, strict=True)
            if part
        ]
    )


def _use(given: Given) -> Use:
    coupon = given.option.coupon
    return Use(given.option.offer.id, given.total, coupon.id if coupon else None)


def _passed(found: Sequence[Candidate]) -> tuple[Passed, ...]:
    """What did not apply; an offer of which another coupon is used did."""
    applied = {one.option.offer.id for one in found if not one.why}
    passed: dict[UUID, Passed] = {}
    for one in found:
        offer = one.option.offer
        if one.why and offer.id not in applied:
            passed.setdefault(offer.id, Passed(kind_of(offer), name_of(offer), one.why, offer.id))
    return tuple(passed.values())
