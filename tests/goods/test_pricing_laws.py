"""Laws of the calculators that hold for every basket, list and buyer."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from siyu.goods import pricing
from siyu.goods.pricing import Buyer, Line, PricedLine, PriceList, Rules, Step, Tier
from siyu.goods.pricing.calculating import Basket, floor

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
SKUS = [UUID(int=n) for n in range(1, 4)]
LISTS = [UUID(int=n) for n in range(101, 107)]
CLIENT, STRANGER, STORE = UUID(int=201), UUID(int=202), UUID(int=301)

moments = st.one_of(st.none(), st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days)))
prices = st.integers(0, 3_000)


@st.composite
def rules(draw) -> Rules:
    lists, tiers = [], []
    for list_id in draw(st.lists(st.sampled_from(LISTS), unique=True, max_size=6)):
        lists.append(
            PriceList(
                list_id,
                f"价目{list_id.int}",
                draw(st.integers(0, 3)),
                draw(st.sampled_from(["", "gold", "silver"])),
                draw(st.sampled_from(["", "shop", "api"])),
                draw(st.sampled_from([None, STORE])),
                draw(st.sampled_from([None, None, None, CLIENT])),
                draw(moments),
                draw(moments),
            )
        )
        for sku, least in draw(
            st.lists(
                st.tuples(st.sampled_from(SKUS), st.sampled_from([1, 2, 5, 10])), unique=True, max_size=6
            )
        ):
            tiers.append(Tier(list_id, sku, least, draw(prices)))
    return Rules(tuple(lists), tuple(tiers))


MARKED = {SKUS[0]: 1_290, SKUS[1]: 680, SKUS[2]: 0}
baskets = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 12)), min_size=1, max_size=5).map(
    lambda wanted: tuple(
        Line(n, sku, UUID(int=7), UUID(int=8), quantity, MARKED[sku])
        for n, (sku, quantity) in enumerate(wanted)
    )
)
buyers = st.builds(
    Buyer,
    st.sampled_from([None, CLIENT, STRANGER]),
    st.sampled_from(["", "gold", "silver"]),
    st.sampled_from(["shop", "api"]),
    st.sampled_from([None, STORE]),
)


@given(baskets, buyers, rules())
def test_the_sum_is_exact_no_line_is_negative_and_nobody_pays_more_than_marked(lines, buyer, rules):
    priced = pricing.build_up(lines, buyer, rules, NOW)

    assert priced.total == sum(line.amount for line in priced.lines)
    for line in priced.lines:
        marked = line.line.unit_price * line.line.quantity
        assert line.amount == marked + sum(step.amount for step in line.steps)
        assert 0 <= line.amount <= marked


@given(baskets, buyers, rules(), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_of_rules_does_not_matter(lines, buyer, rules, chance):
    def shuffled(items):
        return tuple(chance.sample(items, len(items)))

    one = pricing.build_up(lines, buyer, rules, NOW)
    other = pricing.build_up(shuffled(lines), buyer, Rules(shuffled(rules.lists), shuffled(rules.tiers)), NOW)

    assert other.total == one.total
    assert {line.line.line_no: line for line in other.lines} == {
        line.line.line_no: line for line in one.lines
    }
    assert set(other.passed) == set(one.passed)


@given(baskets, buyers, rules())
def test_equal_buyers_pay_equal_prices_unless_a_contract_names_one(lines, buyer, rules):
    open_to_all = Rules(
        tuple(each for each in rules.lists if each.customer_id is None),
        tuple(
            t for t in rules.tiers if any(x.id == t.list_id and x.customer_id is None for x in rules.lists)
        ),
    )
    someone = msgspec.structs.replace(buyer, customer_id=STRANGER)
    somebody_else = msgspec.structs.replace(buyer, customer_id=CLIENT)

    assert pricing.build_up(lines, someone, open_to_all, NOW) == pricing.build_up(
        lines, somebody_else, open_to_all, NOW
    )
    # Whoever is not named pays as if the contracts did not exist.
    assert (
        pricing.build_up(lines, someone, rules, NOW).total
        == pricing.build_up(lines, someone, open_to_all, NOW).total
    )


@given(st.sampled_from(SKUS), st.integers(1, 30), buyers, rules())
def test_one_more_never_makes_the_unit_dearer(sku, quantity, buyer, rules):
    def unit(wanted: int) -> tuple[int, int]:
        line = Line(1, sku, UUID(int=7), UUID(int=8), wanted, MARKED[sku])
        return pricing.build_up((line,), buyer, rules, NOW).total, wanted

    (less, n), (more, m) = unit(quantity), unit(quantity + 1)

    assert more * n <= less * m


@given(baskets, buyers, rules(), st.integers(1, 11))
def test_dividing_a_line_in_two_changes_nothing(lines, buyer, rules, first):
    big = lines[0]
    if big.quantity <= first:
        return
    parts = (
        msgspec.structs.replace(big, quantity=first),
        msgspec.structs.replace(big, line_no=99, quantity=big.quantity - first),
        *lines[1:],
    )

    assert (
        pricing.build_up(parts, buyer, rules, NOW).total == pricing.build_up(lines, buyer, rules, NOW).total
    )


@given(st.integers(-5_000, 5_000))
def test_the_floor_lifts_what_went_below_zero_and_nothing_else(amount):
    line = Line(1, SKUS[0], UUID(int=7), UUID(int=8), 1, 1_290)
    basket = Basket((PricedLine(line, amount),), {}, {})

    steps = floor(basket).steps

    assert steps == ({} if amount >= 0 else {1: Step("floor", -amount, name="最低为零 / never below zero")})
