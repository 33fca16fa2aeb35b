"""What a cart is short of: the words and the figures of hints."""

import pytest

from siyu.goods import offers
from siyu.goods.pricing import Passed, Step
from siyu.kernel import ids


def an_offer(rule, **said) -> offers.Offer:
    return offers.Offer(ids.new(), "满减", rule, **said)


def hinted(offer, lines=(), passed=()):
    return offers.hints(offers.Shelf((offer,)), lines, passed, "CNY")


def test_an_offer_that_lacks_an_amount_is_hinted_with_its_terms():
    offer = an_offer(offers.AmountOff((offers.Reached(9_900, 1_000),)))
    short = Passed("amount_off", "满减", "还差 ¥12.00 / ¥12.00 to go", offer.id)

    (hint,) = hinted(offer, passed=[short])

    assert (hint.terms, hint.missing) == ("满 ¥99 减 ¥10 / ¥10 off from ¥99", "还差 ¥12.00 / ¥12.00 to go")
    assert not hint.is_coupon


def test_what_more_goods_would_not_help_is_no_hint():
    offer = an_offer(offers.AmountOff((offers.Reached(9_900, 1_000),)))

    assert (
        hinted(offer, passed=[Passed("amount_off", "满减", "仅限新客 / for newcomers only", offer.id)]) == ()
    )
    assert hinted(offer, passed=[Passed("price_list", "", "还差 1 件 / 1 more to go", ids.new())]) == ()


def test_an_offer_that_applies_hints_its_next_step_after_what_came_before_it():
    offer = an_offer(offers.AmountOff((offers.Reached(5_000, 500), offers.Reached(10_000, 1_500))))
    member, off = Step("price_list", -1_000), Step("amount_off", -500, offer.id)
    beside = offers.Counted(1, 90_000, ())  # not in the offer's scope: it has no step of it

    (hint,) = hinted(offer, [offers.Counted(2, 4_000, (member, off)), beside])

    assert hint.missing == "还差 ¥30.00 / ¥30.00 to go"
    assert hint.terms == "满 ¥100 减 ¥15 / ¥15 off from ¥100"


def test_on_the_last_step_nothing_is_hinted():
    offer = an_offer(offers.AmountOff((offers.Reached(5_000, 500),)))

    assert hinted(offer, [offers.Counted(1, 6_000, (Step("amount_off", -500, offer.id),))]) == ()


def test_an_offer_that_repeats_hints_the_next_time():
    offer = an_offer(offers.AmountOff((offers.Reached(5_000, 500),), every=True))

    (hint,) = hinted(offer, [offers.Counted(1, 12_000, (Step("amount_off", -1_000, offer.id),))])

    assert hint.missing == "还差 ¥30.00 / ¥30.00 to go"
    assert hint.terms == "满 ¥150 减 ¥15 / ¥15 off from ¥150"


def test_units_are_hinted_in_units():
    offer = an_offer(offers.PercentOff((offers.Reached(2, 500), offers.Reached(5, 1_500)), units=True))

    (hint,) = hinted(offer, [offers.Counted(3, 1_000, (Step("percent_off", -150, offer.id),))])

    assert (hint.missing, hint.terms) == (
        "还差 2 件 / 2 more to go",
        "满 5 件 打 8.5 折 / 15% off from 5 items",
    )


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        (offers.Scope(), "/shop/x/category"),
        (offers.Scope(product_ids=(ids.derived("p"),)), f"/shop/x/product/{ids.derived('p')}"),
        (offers.Scope(category_ids=(ids.derived("c"),)), f"/shop/x/category?c={ids.derived('c')}"),
    ],
)
def test_a_hint_leads_to_the_goods_that_count(scope, path):
    assert offers.goods_href("/shop/x", ids.derived("o"), scope) == path


def test_several_goods_have_a_page_of_their_own():
    scope = offers.Scope(sku_ids=(ids.derived("a"), ids.derived("b")))

    assert (
        offers.goods_href("/shop/x", ids.derived("o"), scope) == f"/shop/x/coupons/{ids.derived('o')}/goods"
    )
