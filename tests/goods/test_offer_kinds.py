"""What every kind of offer takes off, to the fen."""

from datetime import timedelta

import msgspec
import pytest

from goods.offer_cart import (
    ANYBODY,
    APPLE,
    BREAD,
    BUYER,
    DAIRY,
    FRUIT,
    MILK,
    NOW,
    PRODUCTS,
    amounts,
    apply,
    cart,
    offer,
    offs,
    whys,
)
from siyu.goods import offers
from siyu.goods.offers import (
    AmountOff,
    AnyN,
    Audience,
    Bundle,
    FirstOrder,
    Funder,
    Gift,
    LimitedPrice,
    MemberPrice,
    NthItem,
    PercentOff,
    Reached,
    Scope,
    Shelf,
    Traits,
    Use,
    Used,
)
from siyu.goods.pricing import Passed, Step


def test_without_offers_the_lines_come_back_as_they_are() -> None:
    lines = cart(2, 1)

    applied = offers.apply(lines, Shelf(), ANYBODY, NOW)

    assert applied == offers.Applied(tuple(lines), 3_260)


def test_a_limited_price_holds_for_its_skus_and_says_who_gave_it() -> None:
    live = offer(LimitedPrice({APPLE: 990}), name="周末", version=4)

    applied = apply(cart(3, 1), live)

    assert amounts(applied) == [2_970, 680]
    assert applied.lines[0].steps == (
        Step(
            "limited_price",
            -900,
            live.id,
            "限时价（周末） / limited-time price (周末)",
            "merchant",
            version=4,
        ),
    )
    assert applied.uses == (Use(live.id, 900),)


def test_a_limited_price_above_what_holds_already_says_so() -> None:
    live = offer(LimitedPrice({APPLE: 1_290}))

    applied = apply(cart(2), live)

    assert applied.total == 2_580
    assert applied.passed == (
        Passed(
            "limited_price",
            "限时价（大促） / limited-time price (大促)",
            "不比现在更便宜 / not cheaper than what applies already",
            live.id,
        ),
    )


def test_the_member_price_is_off_the_marked_price_and_the_lower_of_it_and_the_list_holds() -> None:
    listed = [msgspec.structs.replace(line, amount=line.amount - 200) for line in cart(2)]
    ten_off = offer(MemberPrice(1_000), audience=Audience(levels=("金卡",)))

    member = apply(listed, ten_off, traits=Traits(BUYER, "金卡"))
    better_list = apply(
        [msgspec.structs.replace(line, amount=line.amount - 300) for line in cart(2)],
        ten_off,
        traits=Traits(BUYER, "金卡"),
    )

    # 12.90 less 10 % is 11.61 for a unit; the list asks 11.90, then 11.40.
    assert (member.total, offs(member)) == (2_322, [[("member_price", -58)]])
    assert (better_list.total, offs(better_list)) == (2_280, [[]])


def test_unit_prices_never_add_up_each_line_has_its_lowest() -> None:
    member = offer(MemberPrice(1_000), 101)
    limited = offer(LimitedPrice({APPLE: 990}), 102, "限时", stacking="stack")

    applied = apply(cart(1, 1), member, limited, traits=Traits(BUYER, "金卡"))

    assert offs(applied) == [[("limited_price", -300)], [("member_price", -68)]]


def test_of_every_two_units_the_cheaper_one_is_half_price() -> None:
    live = offer(NthItem(2, 5_000))

    # Dearest first: 12.90 12.90 | 12.90 6.80 | 6.80 → 12.90 and 6.80 are half price: 9.85 off.
    applied = apply(cart(3, 2), live)

    assert applied.total == 3_870 + 1_360 - 985
    assert offs(applied) == [[("nth_item", -838)], [("nth_item", -147)]]


def test_too_few_units_for_the_nth_say_how_many_are_missing() -> None:
    applied = apply(cart(2), offer(NthItem(3, 5_000)))

    assert list(whys(applied).values()) == ["还差 1 件 / 1 more to go"]


def test_any_three_for_one_price_takes_the_dearest_and_leaves_what_is_cheaper_alone() -> None:
    live = offer(AnyN(3, 2_500))

    # 12.90 12.90 10.00 for 25.00; 10.00 6.80 6.80 cost 23.60 already.
    applied = apply(cart(2, 2, 2), live)

    assert applied.total == 2_580 + 1_360 + 2_000 - 1_080
    assert sum(step.amount for line in applied.lines for step in line.steps) == -1_080
    assert amounts(applied)[1] == 1_360


def test_a_bundle_is_cheaper_as_often_as_it_is_complete() -> None:
    live = offer(Bundle({APPLE: 1, MILK: 2}, 2_000))

    # Two sets of 26.50 for 20.00 each; the third apple has no milk.
    applied = apply(cart(3, 5, 1), live)

    assert applied.total == 3_870 + 3_400 + 1_000 - 1_300
    assert amounts(applied)[2] == 1_000
    missing = apply(cart(3, 1), live)
    assert whys(missing) == {live.id: "还差 1 件 / 1 more to go"}


def test_the_first_order_is_cheaper_once_for_who_never_paid() -> None:
    live = offer(FirstOrder(500, least=1_000))
    new = Traits(BUYER, is_new=True)

    assert apply(cart(1), live, traits=new).total == 790
    assert whys(apply(cart(1), live)) == {live.id: "仅限新客 / for newcomers only"}
    assert whys(apply(cart(0, 1), live, traits=new)) == {live.id: "还差 ¥3.20 / ¥3.20 to go"}
    # An order that waits for its money has used it.
    again = apply(cart(1), live, traits=new, used=(Used(BUYER, live.id, 1, 0),))
    assert (again.total, whys(again)) == (1_290, {live.id: "本活动每人限 1 次 / 1 for each person"})


def test_the_highest_step_reached_is_spread_over_the_lines_to_the_fen() -> None:
    live = offer(AmountOff((Reached(3_000, 500), Reached(4_000, 1_000), Reached(9_000, 3_000))))

    applied = apply(cart(3, 1), live)

    # 38.70 and 6.80 share 10.00: 8.5054… and 1.4945…
    assert amounts(applied) == [3_870 - 851, 680 - 149]
    assert applied.total == 3_550


def test_every_so_much_repeats_the_step() -> None:
    live = offer(AmountOff((Reached(1_000, 100),), every=True))

    assert apply(cart(3, 1), live).total == 4_550 - 400


def test_percent_off_by_amount_and_by_units_with_a_cap() -> None:
    by_units = offer(PercentOff((Reached(2, 1_000), Reached(3, 2_000)), units=True))
    capped = offer(PercentOff((Reached(1_000, 2_000),), cap=300))

    assert apply(cart(2), by_units).total == 2_580 - 258
    assert apply(cart(3), by_units).total == 3_870 - 774
    assert apply(cart(3), capped).total == 3_570
    assert whys(apply(cart(1), by_units)) == {by_units.id: "还差 1 件 / 1 more to go"}


def test_a_scope_names_products_categories_or_skus_and_what_is_excluded() -> None:
    step = (Reached(1, 100),)
    for scope, expected in (
        (Scope(product_ids=(PRODUCTS[APPLE],)), [1_190, 680, 1_000]),
        (Scope(category_ids=(DAIRY,)), [1_290, 580, 1_000]),
        (Scope(sku_ids=(BREAD,)), [1_290, 680, 900]),
        (Scope(category_ids=(FRUIT, DAIRY), excluded=(APPLE,)), [1_290, 580, 1_000]),
        (Scope(excluded=(APPLE, MILK)), [1_290, 680, 900]),
    ):
        assert amounts(apply(cart(1, 1, 1), offer(AmountOff(step), scope=scope))) == expected

    # What is about none of the goods is not spoken of.
    assert apply(cart(1), offer(AmountOff(step), scope=Scope(sku_ids=(MILK,)))).passed == ()


def test_a_gift_goes_along_from_its_threshold_on() -> None:
    live = offer(Gift(2_000, MILK, 2), name="送奶")

    applied = apply(cart(2), live)

    assert applied.gifts == (offers.GiftLine(live.id, MILK, 2, "赠品（送奶） / gift (送奶)", 1),)
    assert (applied.total, applied.uses) == (2_580, (Use(live.id, 0),))
    assert whys(apply(cart(1), live)) == {live.id: "还差 ¥7.10 / ¥7.10 to go"}


def test_of_gifts_on_the_same_goods_the_higher_one_and_stacking_ones_beside_it() -> None:
    small = offer(Gift(1_000, MILK), 101, "小礼")
    big = offer(Gift(2_000, BREAD), 102, "大礼")
    beside = offer(Gift(500, APPLE), 103, "小样", stacking="stack")

    applied = apply(cart(2), small, big, beside)

    assert [gift.sku_id for gift in applied.gifts] == [BREAD, APPLE]
    assert whys(applied) == {small.id: "已被“大礼”代替 / “大礼” took its place"}


def test_who_pays_shares_every_step_exactly() -> None:
    live = offer(
        AmountOff((Reached(1, 501),)), funders=(Funder("merchant", 5_000), Funder("supplier", 5_000))
    )

    applied = apply(cart(1), live)

    assert [(step.funder, step.amount) for step in applied.lines[0].steps] == [
        ("merchant", -251),
        ("supplier", -250),
    ]
    assert applied.uses == (Use(live.id, 501),)


def test_the_margin_floor_stops_a_discount_above_cost_and_an_unknown_cost_stops_nothing() -> None:
    live = offer(AmountOff((Reached(1, 1_000),)), floor_margin=1_000)

    # Apples cost 10.01: with 10 % they must not go below 11.02 (11.011 rounded up).
    assert apply(cart(1), live, costs={APPLE: 1_001}).total == 1_102
    # What the apples have no room for goes to the milk.
    assert amounts(apply(cart(1, 1), live, costs={APPLE: 1_001})) == [1_102, 0]
    assert apply(cart(1), live).total == 290
    lost = apply(cart(1), live, costs={APPLE: 1_200})
    assert (lost.total, whys(lost)) == (1_290, {live.id: "价格已到底线 / the price cannot go lower"})


def test_a_discount_larger_than_the_goods_makes_them_free_and_no_more() -> None:
    applied = apply(cart(1, 1), offer(AmountOff((Reached(1, 99_999),))))

    assert (applied.total, amounts(applied)) == (0, [0, 0])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"starts_at": NOW + timedelta(hours=1)}, "还没开始 / it has not begun"),
        ({"ends_at": NOW}, "已经结束 / it is over"),
        (
            {"audience": Audience(levels=("金卡", "银卡"))},
            "仅限会员（金卡、银卡） / for members only (金卡, 银卡)",
        ),
        ({"audience": Audience(newcomers=True)}, "仅限新客 / for newcomers only"),
        ({"audience": Audience(channels=("api",))}, "只用于其他渠道 / only in another channel"),
        ({"audience": Audience(store_ids=(APPLE,))}, "只用于其他门店 / only at another store"),
        (
            {"audience": Audience(door_ids=(APPLE,))},
            "仅限从指定入口来的顾客 / only for who came through certain doors",
        ),
        ({"spent_left": 0}, "预算已用完 / its budget is used up"),
        ({"uses_left": 0}, "名额已用完 / all its uses are gone"),
        ({"per_person": 2}, "本活动每人限 2 次 / 2 for each person"),
        ({"per_person_day": 1}, "本活动每人每天限 1 次 / 1 a day for each person"),
    ],
)
def test_whoever_an_offer_is_not_for_is_told_why(changes: dict, why: str) -> None:
    live = offer(AmountOff((Reached(1, 100),)), **changes)

    applied = apply(cart(1), live, used=(Used(BUYER, live.id, 2, 1),))

    assert (applied.total, whys(applied)) == (1_290, {live.id: why})


def test_the_last_of_a_budget_is_given_and_not_a_fen_more() -> None:
    live = offer(AmountOff((Reached(1, 500),)), spent_left=301)

    applied = apply(cart(1, 1), live)

    assert (applied.total, applied.uses) == (1_970 - 301, (Use(live.id, 301),))
