"""How offers go together: best, stack, exclusive, and what is left out so that nothing makes an order dearer."""

from goods.offer_cart import (
    ANYBODY,
    APPLE,
    BREAD,
    BUYER,
    FRUIT,
    MILK,
    NOW,
    amounts,
    apply,
    cart,
    held,
    offer,
    offs,
    whys,
)
from siyu.goods import offers
from siyu.goods.offers import (
    AmountOff,
    Bundle,
    Coupon,
    CouponAmount,
    CouponExchange,
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
)

GOLD = Traits(BUYER, "金卡")


def off(amount: int, least: int = 1) -> AmountOff:
    return AmountOff((Reached(least, amount),))


def test_of_best_ones_on_the_same_goods_the_one_that_saves_most_applies() -> None:
    small, large = offer(off(100), 101, "小"), offer(off(300), 102, "大")

    applied = apply(cart(1), small, large)

    assert offs(applied) == [[("amount_off", -300)]]
    assert whys(applied) == {small.id: "已被“大”代替 / “大” took its place"}


def test_best_ones_on_goods_of_their_own_apply_side_by_side() -> None:
    fruit = offer(off(100), 101, scope=Scope(category_ids=(FRUIT,)))
    milk = offer(off(50), 102, scope=Scope(sku_ids=(MILK,)))

    assert amounts(apply(cart(1, 1, 1), fruit, milk)) == [1_190, 630, 1_000]


def test_stacking_ones_come_on_top_of_the_best_by_priority() -> None:
    best = offer(off(200), 101)
    half = offer(PercentOff((Reached(1, 5_000),)), 102, stacking="stack", priority=1)
    more = offer(off(90), 103, stacking="stack")

    applied = apply(cart(0, 0, 1), best, half, more)

    assert offs(applied) == [[("amount_off", -200), ("percent_off", -400), ("amount_off", -90)]]


def test_an_exclusive_offer_is_alone_on_its_goods_and_lets_others_be() -> None:
    alone = offer(off(400), 101, "专享", stacking="exclusive", scope=Scope(sku_ids=(APPLE,)))
    everywhere = offer(off(100), 102, "全场")
    template = offer(Coupon(CouponAmount(100)), 103, "券")

    applied = apply(cart(1, 1), alone, everywhere, template, coupons=(held(1, template),), coupon_ids=None)

    # The others find only the milk.
    assert offs(applied) == [[("amount_off", -400)], [("amount_off", -100), ("coupon", -100)]]


def test_an_exclusive_offer_gives_way_where_the_others_together_save_more() -> None:
    alone = offer(off(150), 101, "专享", stacking="exclusive")
    everywhere = offer(off(100), 102, "全场")
    template = offer(Coupon(CouponAmount(100)), 103, "券")
    coupons = (held(1, template),)

    both = apply(cart(1), alone, everywhere, template, coupons=coupons, coupon_ids=None)
    without_coupon = apply(cart(1), alone, everywhere)

    assert (both.total, whys(both)) == (
        1_090,
        {alone.id: "不与其他优惠同享 / not together with other offers"},
    )
    assert without_coupon.total == 1_140
    assert whys(without_coupon) == {everywhere.id: "不与“专享”同享 / not together with “专享”"}


def test_an_exclusive_limited_price_closes_the_lines_it_lowers_only() -> None:
    alone = offer(LimitedPrice({APPLE: 900, MILK: 680}), 101, stacking="exclusive")
    everywhere = offer(off(100), 102)

    assert offs(apply(cart(1, 1), alone, everywhere)) == [
        [("limited_price", -390)],
        [("amount_off", -100)],
    ]


def test_a_member_price_is_left_out_where_it_would_cost_a_larger_threshold() -> None:
    member = offer(MemberPrice(200), 101, "会员日")
    threshold = offer(off(500, least=3_800), 102)

    # 38.70 less 2 % is 37.95 and misses 38.00: without the member price the buyer pays 33.70.
    applied = apply(cart(3), member, threshold, traits=GOLD)

    assert applied.total == 3_370
    assert whys(applied) == {member.id: "这一单用上反而不划算 / this order would not be cheaper with it"}


def test_a_missed_threshold_says_what_is_missing_from_the_price_after_what_came_before() -> None:
    member = offer(MemberPrice(1_000), 101)
    threshold = offer(off(100, least=3_600), 102)

    applied = apply(cart(3), member, threshold, traits=GOLD)

    assert applied.total == 3_870 - 387
    assert whys(applied) == {threshold.id: "还差 ¥1.17 / ¥1.17 to go"}


def test_a_better_offer_on_fewer_goods_does_not_cost_two_that_go_beside_each_other() -> None:
    apples = offer(off(100), 101, scope=Scope(sku_ids=(APPLE,)))
    milk = offer(off(100), 102, scope=Scope(sku_ids=(MILK,)))
    both = offer(off(150), 103)

    assert apply(cart(1, 1), apples, milk, both).total == 1_970 - 200


def test_a_bundle_and_an_offer_on_everything_find_the_cheaper_way() -> None:
    bundle = offer(Bundle({APPLE: 1, MILK: 1}, 1_900), 101)
    half = offer(NthItem(2, 5_000), 102)

    # 0.70 with the bundle, 3.40 with the second unit at half price.
    assert apply(cart(1, 1), bundle, half).total == 1_970 - 340


def test_exchange_and_order_coupon_go_together_and_a_named_one_decides() -> None:
    exchange = offer(Coupon(CouponExchange(0)), 101, scope=Scope(sku_ids=(BREAD,)))
    five = offer(Coupon(CouponAmount(500, least=1_000)), 102)
    mine = (held(1, exchange), held(2, five))

    best = apply(cart(1, 0, 1), exchange, five, coupons=mine, coupon_ids=None)
    named = apply(cart(0, 0, 1), exchange, five, coupons=mine, coupon_ids=(mine[1].id,))

    assert best.total == 1_290 - 500
    assert amounts(named) == [500]


def test_a_named_coupon_wins_over_automatic_offers_that_would_cost_it_its_threshold() -> None:
    member = offer(MemberPrice(1_000), 101)
    template = offer(Coupon(CouponAmount(50, least=1_290)), 102)
    mine = (held(1, template),)

    named = apply(cart(1), member, template, traits=GOLD, coupons=mine, coupon_ids=(mine[0].id,))
    best = apply(cart(1), member, template, traits=GOLD, coupons=mine, coupon_ids=None)

    assert (named.total, offs(named)) == (1_240, [[("coupon", -50)]])
    assert (best.total, offs(best)) == (1_161, [[("member_price", -129)]])


def test_an_exclusive_gift_is_for_goods_that_nothing_else_made_cheaper() -> None:
    gift = offer(Gift(1_000, MILK), 101, stacking="exclusive")
    cheaper = offer(off(100), 102)

    assert [one.sku_id for one in apply(cart(1), gift).gifts] == [MILK]
    taken = apply(cart(1), gift, cheaper)
    assert (taken.gifts, whys(taken)) == (
        (),
        {gift.id: "不与其他优惠同享 / not together with other offers"},
    )


def test_offers_that_do_not_touch_the_cart_are_never_spoken_of() -> None:
    strange = [offer(off(100), n, scope=Scope(sku_ids=(BREAD,))) for n in range(200, 260)]

    applied = apply(cart(1), offer(off(50), 101), *strange)

    assert (applied.total, applied.passed) == (1_240, ())


def test_within_a_batch_each_order_finds_what_the_one_before_left() -> None:
    budget = offer(off(500), 101, spent_left=800)
    twice = offer(off(10), 102, stacking="stack", uses_left=2)
    template = offer(Coupon(CouponAmount(100)), 103)
    shelf = Shelf((budget, twice, template), (held(1, template),))
    left = offers.Left(shelf)

    seen = []
    for _ in range(3):
        applied = offers.apply(cart(1), shelf, ANYBODY, NOW, coupon_ids=None, left=left)
        left.take(BUYER, applied.uses)
        seen.append(1_290 - applied.total)
    left.give_back(BUYER, (Use(budget.id, 500),))
    again = offers.apply(cart(1), shelf, ANYBODY, NOW, coupon_ids=None, left=left)

    assert seen == [610, 310, 0]
    assert 1_290 - again.total == 500
    assert whys(again) == {
        twice.id: "名额已用完 / all its uses are gone",
        template.id: "这张券已用于另一个订单 / another order has taken this coupon",
    }


def test_a_person_s_limit_holds_within_a_batch_and_leaves_others_theirs() -> None:
    once = offer(off(100), per_person=1)
    shelf = Shelf((once,))
    left = offers.Left(shelf)
    first = offers.apply(cart(1), shelf, ANYBODY, NOW, left=left)
    left.take(BUYER, first.uses)

    mine = offers.apply(cart(1), shelf, ANYBODY, NOW, left=left)
    theirs = offers.apply(cart(1), shelf, Traits(APPLE), NOW, left=left)

    assert (mine.total, theirs.total) == (1_290, 1_190)


def test_many_offers_that_compete_are_tried_the_largest_first() -> None:
    # Nine small savings of 0.30 each cost the threshold of 5.00 off from 38.00 on.
    small = [
        offer(
            PercentOff((Reached(1, 80),)),
            110 + n,
            stacking="stack",
            priority=5,
            scope=Scope(sku_ids=(APPLE,)),
        )
        for n in range(9)
    ]
    threshold = offer(off(500, least=3_800), 101, stacking="stack")

    alone = apply(cart(3), threshold)
    applied = apply(cart(3), threshold, *small)

    assert alone.total == 3_370
    assert applied.total <= alone.total
