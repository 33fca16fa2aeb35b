"""What speaks against an offer before any price is looked at: its time, whom it is for, how often, its budget."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from siyu.goods.offers import engine_words as words
from siyu.goods.offers.engine_index import Indexed, Reach
from siyu.goods.offers.engine_left import Left
from siyu.goods.offers.engine_plan import Option, stage_of
from siyu.goods.offers.model import Coupon, CouponExchange, FirstOrder, HeldCoupon, Offer, Traits
from siyu.goods.pricing import Line
from siyu.kernel.errors import Invalid


class Person(NamedTuple):
    """Who buys, when, and what has been used up."""

    traits: Traits
    now: datetime
    known: Indexed
    left: Left


class Candidate:
    """An offer in the cart's scope. `why` says why it is not used; empty as long as nothing speaks against it."""

    __slots__ = ("option", "why")

    def __init__(self, option: Option, why: str) -> None:
        self.option = option
        self.why = why


def candidate(
    reach: Reach, at: tuple[int, ...], person: Person, coupon: HeldCoupon | None = None
) -> Candidate:
    """An offer with its lines, judged for this buyer now."""
    offer = reach.offer
    why = _why_not(offer, person, coupon)
    times, refusal = _times_left(offer, person)
    option = Option(offer, at, stage_of(offer), coupon, times, person.left.budget(offer))
    return Candidate(option, why or refusal)


def _why_not(offer: Offer, person: Person, coupon: HeldCoupon | None) -> str:
    if coupon is None:
        why = _outside(offer.starts_at, offer.ends_at, person.now)
    else:
        # Who holds a coupon was promised its own time: that its offer gives out no more does not shorten it.
        why = _outside(coupon.valid_from, coupon.valid_until, person.now)
        if not why and person.left.is_taken(coupon.id):
            why = words.COUPON_TAKEN
    if not why and isinstance(offer.rule, FirstOrder) and not person.traits.is_new:
        why = words.NEWCOMERS
    return why or words.not_for(offer, person.traits)


def _outside(starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> str:
    if starts_at is not None and now < starts_at:
        return words.NOT_YET
    return words.OVER if ends_at is not None and now >= ends_at else ""


def _times_left(offer: Offer, person: Person) -> tuple[int | None, str]:
    """How often this buyer may still use the offer (None: without end), and why no more."""
    is_first = isinstance(offer.rule, FirstOrder)
    ever_max = 1 if is_first else offer.per_person
    limits: list[tuple[int, str]] = []
    if person.left.budget(offer) == 0:
        limits.append((0, words.BUDGET_GONE))
    uses = person.left.uses(offer)
    if uses is not None:
        limits.append((uses, words.USES_GONE))
    if ever_max is not None or offer.per_person_day is not None:
        customer_id = person.traits.customer_id
        known = person.known.used.get((customer_id, offer.id)) if customer_id else None
        ever, today = person.left.used_by(customer_id, offer, known)
        if ever_max is not None:
            limits.append((max(0, ever_max - ever), words.per_person(ever_max)))
        if offer.per_person_day is not None:
            limits.append((max(0, offer.per_person_day - today), words.per_day(offer.per_person_day)))
    if not limits:
        return None, ""
    times, why = min(limits, key=lambda one: one[0])
    return times, "" if times else why


def best_held(person: Person, lines: tuple[Line, ...]) -> list[Candidate]:
    """The coupons of the buyer that are about these lines; of those of one offer only as many as could be used."""
    found: list[Candidate] = []
    counts: dict[UUID, int] = {}
    for coupon, reach in person.known.held_by(person.traits.customer_id):
        at = reach.lines(lines)
        if not at or counts.get(reach.offer.id, 0) >= _useful(reach.offer, lines, at):
            continue
        one = candidate(reach, at, person, coupon)
        found.append(one)
        counts[reach.offer.id] = counts.get(reach.offer.id, 0) + (not one.why)
    return found


def _useful(offer: Offer, lines: tuple[Line, ...], at: tuple[int, ...]) -> int:
    if isinstance(offer.rule, Coupon) and isinstance(offer.rule.benefit, CouponExchange):
        return sum([lines[i].quantity for i in at])
    return 1


def named_coupons(person: Person, lines: tuple[Line, ...], coupon_ids: tuple[UUID, ...]) -> list[Candidate]:
    """The coupons the buyer named, in that order. Raises Invalid for one that the buyer does not hold."""
    held = {coupon.id: (coupon, reach) for coupon, reach in person.known.held_by(person.traits.customer_id)}
    found: list[Candidate] = []
    for i, coupon_id in enumerate(coupon_ids):
        if coupon_id not in held:
            raise refusal(i, words.NO_SUCH_COUPON)
        if coupon_id in coupon_ids[:i]:
            raise refusal(i, words.TWICE)
        coupon, reach = held[coupon_id]
        at = reach.lines(lines)
        one = candidate(reach, at, person, coupon)
        one.why = one.why or ("" if at else words.NOTHING_IN_SCOPE)
        found.append(one)
    return found


def refusal(i: int, why: str) -> Invalid:
    """A named coupon that cannot be used."""
    zh, en = why.split(" / ", 1)
    return Invalid(
        field=f"coupon_ids[{i}]", zh=f"这张优惠券不能使用：{zh}。", en=f"This coupon cannot be used: {en}."
    )
