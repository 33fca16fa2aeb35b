"""What coupons take off, which ones are used, and why a named one is not."""

from datetime import timedelta

import pytest

from goods.offer_cart import (
    APPLE,
    FRUIT,
    MILK,
    NOW,
    amounts,
    apply,
    cart,
    held,
    offer,
    whys,
)
from siyu.goods import offers
from siyu.goods.offers import (
    Audience,
    Coupon,
    CouponAmount,
    CouponExchange,
    CouponFreight,
    CouponPercent,
    PercentOff,
    Reached,
    Scope,
    Use,
)
from siyu.goods.pricing import Step
from siyu.kernel.errors import Invalid


def test_a_coupon_is_worked_out_after_automatic_offers_and_percent_is_capped() -> None:
    ten_off = offer(PercentOff((Reached(1, 1_000),)), 101)
    template = offer(Coupon(CouponPercent(2_000, cap=200)), 102, "八折券")
    uncapped = offer(Coupon(CouponPercent(2_000, cap=5_000)), 103, "八折")

    capped = apply(cart(1), ten_off, template, coupons=(held(1, template),), coupon_ids=None)
    free = apply(cart(1), ten_off, uncapped, coupons=(held(1, uncapped),), coupon_ids=None)

    assert capped.total == 1_290 - 129 - 200
    assert free.total == 1_290 - 129 - 232  # 20 % of 11.61, rounded down
    assert capped.uses == (Use(ten_off.id, 129), Use(template.id, 200, held(1, template).id))


def test_the_best_coupon_is_chosen_and_the_threshold_is_what_the_goods_in_scope_cost() -> None:
    five = offer(Coupon(CouponAmount(500, least=2_000)), 101, "五元")
    eight = offer(Coupon(CouponAmount(800, least=3_000)), 102, "八元", scope=Scope(category_ids=(FRUIT,)))
    mine = (held(1, five), held(2, eight))

    short = apply(cart(2, 3), five, eight, coupons=mine, coupon_ids=None)
    reached = apply(cart(3), five, eight, coupons=mine, coupon_ids=None)

    assert [use.coupon_id for use in short.uses] == [mine[0].id]
    assert whys(short) == {eight.id: "还差 ¥4.20 / ¥4.20 to go"}
    assert [use.coupon_id for use in reached.uses] == [mine[1].id]
    assert whys(reached) == {five.id: "已被“八元”代替 / “八元” took its place"}


def test_of_equal_coupons_the_one_that_ends_first_is_used() -> None:
    template = offer(Coupon(CouponAmount(500)))

    applied = apply(
        cart(1), template, coupons=(held(1, template, days=9), held(2, template, days=2)), coupon_ids=None
    )

    assert [use.coupon_id for use in applied.uses] == [held(2, template).id]
    assert applied.passed == ()


def test_an_exchange_coupon_pays_for_one_unit_and_others_for_other_units() -> None:
    template = offer(Coupon(CouponExchange(100)), scope=Scope(sku_ids=(APPLE, MILK)))
    mine = (held(1, template), held(2, template), held(3, template))

    one = apply(cart(1, 1, 1), template, coupons=mine[:1], coupon_ids=None)
    all_three = apply(cart(1, 1, 1), template, coupons=mine, coupon_ids=None)

    assert amounts(one) == [100, 680, 1_000]
    assert amounts(all_three) == [100, 100, 1_000]
    assert [use.amount for use in all_three.uses] == [1_190, 580]


def test_a_freight_coupon_waits_for_the_freight_and_never_takes_more() -> None:
    template = offer(Coupon(CouponFreight(800, least=1_000)), name="免邮")
    coupon = held(1, template)
    applied = apply(cart(1), template, coupons=(coupon,), coupon_ids=None)

    assert applied.total == 1_290
    assert applied.freight_coupon == (coupon, template)
    off = offers.freight_off(applied, 600)
    assert off.uses == (Use(template.id, 600, coupon.id),)
    assert off.steps == (
        Step("coupon", -600, template.id, "运费券（免邮） / freight coupon (免邮)", version=1),
    )
    assert offers.freight_off(applied, 1_000).uses[0].amount == 800
    assert offers.freight_off(applied, 0) == offers.FreightOff()
    short = apply(cart(0, 1), template, coupons=(coupon,), coupon_ids=None)
    assert (short.freight_coupon, whys(short)) == (None, {template.id: "还差 ¥3.20 / ¥3.20 to go"})


def test_a_coupon_outlives_the_giving_out_of_its_kind_but_not_its_own_end() -> None:
    template = offer(Coupon(CouponAmount(500)), ends_at=NOW - timedelta(days=1))

    assert apply(cart(1), template, coupons=(held(1, template),), coupon_ids=None).total == 790
    over = apply(cart(1), template, coupons=(held(1, template, days=0),), coupon_ids=None)
    assert (over.total, whys(over)) == (1_290, {template.id: "已经结束 / it is over"})


def test_a_named_coupon_is_used_even_if_another_were_better_and_no_coupon_means_none() -> None:
    five, eight = offer(Coupon(CouponAmount(500)), 101), offer(Coupon(CouponAmount(800)), 102)
    mine = (held(1, five), held(2, eight))

    assert apply(cart(1), five, eight, coupons=mine, coupon_ids=(mine[0].id,)).total == 790
    assert apply(cart(1), five, eight, coupons=mine).total == 1_290


@pytest.mark.parametrize(
    ("named", "field", "reason"),
    [
        ((9,), "coupon_ids[0]", "没有这张优惠券，或已经使用、过期"),
        ((1, 1), "coupon_ids[1]", "同一张优惠券写了两次"),
        ((1, 2), "coupon_ids[1]", "一单只能用一张优惠券"),
        ((3, 4), "coupon_ids[1]", "一单只能用一张运费券"),
        ((5,), "coupon_ids[0]", "订单里没有它适用的商品"),
        ((1, 6), "coupon_ids[1]", "还差 ¥87.10"),
        ((7,), "coupon_ids[0]", "仅限新客"),
    ],
)
def test_a_named_coupon_that_cannot_be_used_is_refused_with_its_reason(
    named: tuple[int, ...], field: str, reason: str
) -> None:
    one, other = offer(Coupon(CouponAmount(100)), 101), offer(Coupon(CouponAmount(200)), 102)
    freight, freight_too = offer(Coupon(CouponFreight(500)), 103), offer(Coupon(CouponFreight(600)), 104)
    milk = offer(Coupon(CouponAmount(100)), 105, scope=Scope(sku_ids=(MILK,)))
    large = offer(Coupon(CouponAmount(100, least=10_000)), 106)
    new = offer(Coupon(CouponAmount(100)), 107, audience=Audience(newcomers=True))
    kinds = (one, other, freight, freight_too, milk, large, new)
    coupons = tuple(held(no, of) for no, of in enumerate(kinds, 1))

    with pytest.raises(Invalid) as refused:
        apply(cart(1), *kinds, coupons=coupons, coupon_ids=tuple(held(no, one).id for no in named))

    assert refused.value.field == field
    assert refused.value.sentence("zh") == f"这张优惠券不能使用：{reason}。"
