"""Laws of the engine that hold for every cart, every shelf and every buyer."""

from datetime import timedelta
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from goods.offer_cart import (
    APPLE,
    BREAD,
    BUYER,
    CATEGORIES,
    DAIRY,
    FRUIT,
    MILK,
    NOW,
    PRODUCTS,
)
from siyu.goods import offers
from siyu.goods.offers import (
    AmountOff,
    AnyN,
    Applied,
    Audience,
    Bundle,
    Coupon,
    CouponAmount,
    CouponExchange,
    CouponFreight,
    CouponPercent,
    FirstOrder,
    Funder,
    Gift,
    HeldCoupon,
    LimitedPrice,
    MemberPrice,
    NthItem,
    Offer,
    PercentOff,
    Reached,
    Scope,
    Shelf,
    Traits,
    Used,
)
from siyu.goods.offers.engine_cuts import Cut, spread
from siyu.goods.pricing import Line, PricedLine
from siyu.kernel import money
from siyu.kernel.errors import Invalid

SKUS = [APPLE, MILK, BREAD]
skus = st.sampled_from(SKUS)
much = st.integers(1, 3_000)
least = st.sampled_from([0, 500, 1_000, 2_000, 2_500, 4_000, 8_000])
shares = st.integers(1, 10_000)
steps = st.lists(st.builds(Reached, least, much), min_size=1, max_size=3).map(tuple)
percents = st.lists(st.builds(Reached, least, shares), min_size=1, max_size=3).map(tuple)
by_units = st.lists(st.builds(Reached, st.integers(1, 9), shares), min_size=1, max_size=3).map(tuple)
automatic = st.one_of(
    st.builds(LimitedPrice, st.dictionaries(skus, st.integers(0, 1_500), min_size=1)),
    st.builds(MemberPrice, shares),
    st.builds(FirstOrder, much, least),
    st.builds(NthItem, st.integers(1, 4), shares),
    st.builds(AnyN, st.integers(1, 4), much),
    st.builds(Bundle, st.dictionaries(skus, st.integers(1, 2), min_size=1), much),
    st.builds(AmountOff, steps),
    st.builds(AmountOff, steps.map(lambda some: some[:1]), st.just(value=True)),
    st.builds(PercentOff, percents, cap=st.one_of(st.none(), much)),
    st.builds(PercentOff, by_units, st.just(value=True)),
    st.builds(Gift, least, skus),
)
coupon_rules = st.builds(
    Coupon,
    st.one_of(
        st.builds(CouponAmount, much, least),
        st.builds(CouponPercent, shares, much, least),
        st.builds(CouponExchange, st.integers(0, 900)),
        st.builds(CouponFreight, much, least),
    ),
)
scopes = st.one_of(
    st.just(Scope()),
    st.just(Scope()),
    skus.map(lambda sku: Scope(sku_ids=(sku,))),
    skus.map(lambda sku: Scope(excluded=(sku,))),
    skus.map(lambda sku: Scope(product_ids=(PRODUCTS[sku],))),
    st.just(Scope(category_ids=(FRUIT, DAIRY))),
)
audiences = st.sampled_from(
    [
        Audience(),
        Audience(),
        Audience(levels=("金卡",)),
        Audience(newcomers=True),
        Audience(channels=("api",)),
    ]
)
funders = st.sampled_from(
    [(), (), (Funder("supplier", 10_000),), (Funder("merchant", 3_333), Funder("alliance", 6_667))]
)
limits = st.one_of(st.none(), st.none(), st.integers(0, 2_000))
few = st.one_of(st.none(), st.none(), st.integers(0, 2))
margins = st.one_of(st.none(), st.none(), st.integers(0, 3_000))
moments = st.one_of(st.none(), st.none(), st.integers(-2, 2).map(lambda days: NOW + timedelta(days=days)))


def an_offer(number: int, rules, stacking) -> st.SearchStrategy[Offer]:
    return st.builds(
        Offer, st.just(UUID(int=number)), st.just(f"活动{number}"), rules, scopes, audiences, stacking,
        st.integers(0, 2), moments, moments, few, st.none(), funders, margins, st.integers(1, 3), limits, few,
    )  # fmt: skip


any_class = st.sampled_from(["best", "best", "stack", "exclusive"])
gentle = st.sampled_from(["best", "stack"])


@st.composite
def shelves(draw, largest: int = 5, stacking=any_class) -> Shelf:
    live = [draw(an_offer(101 + i, automatic, stacking)) for i in range(draw(st.integers(0, largest)))]
    templates = [draw(an_offer(201 + i, coupon_rules, stacking)) for i in range(draw(st.integers(0, 3)))]
    coupons = tuple(
        HeldCoupon(
            UUID(int=301 + i),
            template.id,
            BUYER,
            NOW - timedelta(days=1),
            NOW + timedelta(days=draw(st.integers(0, 3))),
        )
        for i, template in enumerate(templates)
    )
    costs = draw(st.dictionaries(skus, st.integers(0, 1_200)))
    used = tuple(Used(BUYER, one.id, draw(st.integers(0, 1)), 0) for one in live[:2])
    return Shelf((*live, *templates), coupons, used, frozenset(), costs)


carts = st.lists(
    st.tuples(skus, st.integers(1, 5), st.integers(0, 1_500), st.integers(0, 300)), min_size=1, max_size=4
).map(
    lambda wanted: [
        PricedLine(
            Line(no, sku, PRODUCTS[sku], CATEGORIES[sku], quantity, unit),
            max(0, unit * quantity - off),
        )
        for no, (sku, quantity, unit, off) in enumerate(wanted, 1)
    ]
)
buyers = st.builds(
    Traits, st.sampled_from([BUYER, None]), st.sampled_from(["", "金卡"]), is_new=st.booleans()
)


def apply(cart, shelf: Shelf, buyer: Traits, coupon_ids=None) -> Applied:
    return offers.apply(cart, shelf, buyer, NOW, coupon_ids=coupon_ids)


@settings(deadline=None)
@given(carts, shelves(), buyers)
def test_sums_are_exact_no_line_is_negative_and_no_discount_exceeds_its_price(cart, shelf, buyer):
    applied = apply(cart, shelf, buyer)

    assert applied.total == sum(line.amount for line in applied.lines)
    given_by_offer: dict = {}
    for before, after in zip(cart, applied.lines, strict=True):
        assert after.line == before.line
        assert 0 <= after.amount <= before.amount
        assert after.amount == before.amount + sum(step.amount for step in after.steps)
        assert all(step.amount < 0 for step in after.steps)
        for step in after.steps:
            given_by_offer[step.rule_id] = given_by_offer.get(step.rule_id, 0) - step.amount
    used: dict = {}
    for use in applied.uses:
        used[use.offer_id] = used.get(use.offer_id, 0) + use.amount
    assert {offer: amount for offer, amount in used.items() if amount} == given_by_offer


@settings(deadline=None)
@given(carts, shelves(), buyers)
def test_budgets_limits_and_margin_floors_hold(cart, shelf, buyer):
    applied = apply(cart, shelf, buyer)

    known = {one.id: one for one in shelf.offers}
    for offer_id in {use.offer_id for use in applied.uses}:
        own = [use for use in applied.uses if use.offer_id == offer_id]
        live = known[offer_id]
        assert live.spent_left is None or sum(use.amount for use in own) <= live.spent_left
        assert live.uses_left is None or sum(use.times for use in own) <= live.uses_left
    for before, after in zip(cart, applied.lines, strict=True):
        cost = shelf.costs.get(after.line.sku_id)
        margins_used = [
            margin for step in after.steps if (margin := known[step.rule_id].floor_margin) is not None
        ]
        if cost is not None and margins_used and len(after.steps) == 1:
            floor = cost * after.line.quantity * (10_000 + margins_used[0])
            assert after.amount == before.amount or after.amount * 10_000 >= floor


@settings(deadline=None)
@given(carts, shelves(), buyers, st.randoms(use_true_random=False))
def test_the_order_of_lines_offers_and_coupons_does_not_matter(cart, shelf, buyer, chance):
    def shuffled(items):
        return tuple(chance.sample(list(items), len(items)))

    one = apply(cart, shelf, buyer)
    mixed = msgspec.structs.replace(
        shelf, offers=shuffled(shelf.offers), coupons=shuffled(shelf.coupons), used=shuffled(shelf.used)
    )
    lines = shuffled(cart)
    other = apply(lines, mixed, buyer)

    assert [line.line for line in other.lines] == [line.line for line in lines]
    assert sorted(other.lines, key=lambda line: line.line.line_no) == list(one.lines)
    assert (other.total, other.gifts, other.uses) == (one.total, one.gifts, one.uses)
    assert (other.passed, other.freight_coupon) == (one.passed, one.freight_coupon)


@settings(max_examples=300, deadline=None)
@given(carts, shelves(largest=3), an_offer(150, automatic, gentle), buyers)
def test_another_offer_never_makes_the_cart_dearer(cart, shelf, more, buyer):
    fuller = msgspec.structs.replace(shelf, offers=(*shelf.offers, more))

    assert apply(cart, fuller, buyer).total <= apply(cart, shelf, buyer).total


@settings(max_examples=200, deadline=None)
@given(carts, shelves(largest=3), buyers)
def test_no_choice_of_coupons_is_cheaper_than_the_best_choice(cart, shelf, buyer):
    best = apply(cart, shelf, buyer).total

    assert best <= apply(cart, shelf, buyer, ()).total
    for coupon in shelf.coupons:
        try:
            named = apply(cart, shelf, buyer, (coupon.id,))
        except Invalid:
            continue
        assert best <= named.total
        assert coupon.id in {use.coupon_id for use in named.uses} or named.freight_coupon is not None
        # One coupon less to choose from never makes it cheaper.
        fewer = tuple(one for one in shelf.coupons if one is not coupon)
        assert best <= apply(cart, msgspec.structs.replace(shelf, coupons=fewer), buyer).total


@settings(deadline=None)
@given(carts, shelves(), buyers)
def test_every_offer_in_scope_either_applies_or_says_why_not(cart, shelf, buyer):
    applied = apply(cart, shelf, buyer)

    lines = [priced.line for priced in cart]
    holds = {coupon.offer_id for coupon in shelf.coupons if buyer.customer_id == coupon.customer_id}
    at_work = {use.offer_id for use in applied.uses}
    if applied.freight_coupon is not None:
        at_work.add(applied.freight_coupon[1].id)
    told = {passed.rule_id for passed in applied.passed}
    assert told.isdisjoint(at_work)
    for one in shelf.offers:
        is_theirs = not isinstance(one.rule, Coupon) or one.id in holds
        if is_theirs and any(_in_scope(one, line) for line in lines):
            assert one.id in at_work | told
        else:
            assert one.id not in at_work | told
    assert all(" / " in passed.why and " / " in passed.name for passed in applied.passed)


def _in_scope(one: Offer, line: Line) -> bool:
    scope, rule = one.scope, one.rule
    if line.sku_id in scope.excluded:
        return False
    if isinstance(rule, LimitedPrice) and line.sku_id not in rule.prices:
        return False
    if isinstance(rule, Bundle) and line.sku_id not in rule.parts:
        return False
    named = (scope.sku_ids, scope.product_ids, scope.category_ids)
    if not any(named):
        return True
    return (
        line.sku_id in scope.sku_ids
        or line.product_id in scope.product_ids
        or line.category_id in scope.category_ids
    )


@settings(deadline=None)
@given(carts, shelves(), buyers, st.data())
def test_any_sequence_of_refunds_by_unit_returns_exactly_what_was_paid(cart, shelf, buyer, data):
    for line in apply(cart, shelf, buyer).lines:
        given_back = first = 0
        while first < line.line.quantity:
            count = data.draw(st.integers(1, line.line.quantity - first))
            part = money.share_of_units(line.amount, line.line.quantity, first, count)
            assert part >= 0
            given_back, first = given_back + part, first + count
        assert given_back == line.amount


weights = st.dictionaries(st.integers(0, 6), st.integers(0, 5_000), min_size=1, max_size=6)


@given(weights, st.integers(0, 30_000), limits, st.data())
def test_a_discount_is_spread_exactly_within_rooms_and_budget(weights, off, budget, data):
    off = min(off, sum(weights.values()))
    rooms = {i: data.draw(st.integers(0, weight)) for i, weight in weights.items()}

    free = spread(Cut(off, weights), None, budget)
    floored = spread(Cut(off, weights), rooms, budget)

    most = off if budget is None else min(off, budget)
    assert sum(free.values()) == most
    assert all(0 < part <= weights[i] for i, part in free.items())
    assert sum(floored.values()) == min(most, sum(rooms.values()))
    assert all(0 < part <= rooms[i] for i, part in floored.items())
