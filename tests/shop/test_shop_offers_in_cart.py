"""Offers where buyers meet them: in the cart, at the checkout, inside and outside WeChat, and for a mini program."""

from datetime import timedelta

import msgspec
import pytest

from goods.coupon_shop import a_template
from shop.shop_browser import form_of
from siyu.goods import offers
from siyu.kernel import clock, ids
from siyu.trade.checkout.model import CheckoutForm
from siyu.trade.checkout.rules import chosen_coupons
from trade.bargain_shop import an_offer as a_bargain
from trade.flash_shop import an_offer as a_campaign

WECHAT = "Mozilla/5.0 (iPhone) AppleWebKit/605 MicroMessenger/8.0.50"


async def live(database, shop, rule, name="满减", **said):
    offer_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await offers.save(uow, offer_id, offers.OfferForm(name, rule, **said))
        await offers.activate(uow, offer_id)
    return offer_id


async def test_the_cart_says_what_is_missing_then_what_is_taken_off(database, shop, phone):
    """Apples cost 12.90."""
    await live(database, shop, offers.AmountOff((offers.Reached(2_000, 300),)), "满二十减三")
    await phone.add(shop.apple)
    short = (await phone.get("/cart")).text
    await phone.tap("/cart/set", {"sku": str(shop.apple), "quantity": "2"})
    enough = (await phone.get("/cart")).text
    form = await phone.checkout_form()

    assert "满 ¥20 减 ¥3" in short
    assert "还差 ¥7.10" in short
    assert f'href="{phone.root}/category"' in short
    assert "已优惠 ¥3.00" in enough
    assert "优惠后小计 ¥22.80" in enough
    assert "还差" not in enough
    assert form["expected_total"] == "2280"


async def test_the_cart_says_why_an_offer_does_not_apply(database, shop, phone):
    await live(database, shop, offers.FirstOrder(500), "首单立减")
    await phone.add(shop.apple)

    page = (await phone.get("/cart")).text

    assert "没有用上的优惠（1）" in page
    assert "首单优惠（首单立减）" in page
    assert "仅限新客" in page


async def test_an_empty_cart_and_one_with_nothing_chosen_have_no_offers(database, shop, phone):
    await live(database, shop, offers.AmountOff((offers.Reached(2_000, 300),)))
    empty = await phone.get("/cart")
    await phone.add(shop.apple)
    unchosen = await phone.tap("/cart/choose", {"sku": str(shop.apple)})

    assert (empty.status_code, "cart-offers" in empty.text) == (200, False)
    assert (unchosen.status_code, "cart-offers" in unchosen.text) == (200, False)


async def test_the_cart_and_the_checkout_come_to_the_same(database, shop, shopper):
    await live(database, shop, offers.NthItem(2, 5_000), "第二件半价")
    await a_template(database, shop.merchant, benefit=offers.CouponAmount(200, 1_000))
    claimed = await shopper.get("/coupons")
    coupon = claimed.text.partition("/coupons/")[2][:36]
    await shopper.tap(f"/coupons/{coupon}/claim", {"key": str(ids.new())})
    await shopper.add(shop.apple, 2)
    page = (await shopper.get("/cart")).text
    form = await shopper.checkout_form()

    assert "第 2 件优惠（第二件半价）" in page
    assert "优惠券（满五十减十）" in page
    assert form["expected_total"] == str(1_290 + 645 - 200)
    assert "已优惠 ¥8.45" in page


async def test_a_coupon_that_is_gone_is_left_out_with_its_reason(database, shop, shopper):
    await a_template(database, shop.merchant)
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}&quantity=1")

    page = await shopper.post("/checkout/preview", form | {"coupons": str(ids.new())})

    assert page.status_code == 200
    assert "这张优惠券不能使用" in page.text
    assert form_of(page.text)["expected_total"] == "1290"


async def test_without_the_goods_coupon_the_page_is_dearer_and_the_choice_stays(database, shop, shopper):
    await a_template(database, shop.merchant, benefit=offers.CouponAmount(200))
    coupon = (await shopper.get("/coupons")).text.partition("/coupons/")[2][:36]
    await shopper.tap(f"/coupons/{coupon}/claim", {"key": str(ids.new())})
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}&quantity=1")

    page = await shopper.post("/checkout/preview", form | {"coupons": "none"})
    without = form_of(page.text)

    assert (form["expected_total"], without["expected_total"]) == ("1090", "1290")
    assert (len(form["coupons_now"]), without["coupons_now"]) == (36, "")
    assert 'name="coupons" value="none" checked' in page.text


@pytest.mark.parametrize(
    ("said", "used"),
    [
        ({}, None),
        ({"coupons": "none"}, ()),
        ({"coupons": "none", "freight_now": "b"}, ("b",)),
        ({"coupons": "a", "coupons_now": "c", "freight_now": "b"}, ("a", "b")),
        ({"freight_coupons": "none", "coupons_now": "c", "freight_now": "b"}, ("c",)),
        ({"coupons": "none", "freight_coupons": "none", "coupons_now": "c"}, ()),
    ],
)
def test_goods_and_freight_coupons_are_chosen_apart(said, used):
    def named(text: str) -> str:
        return str(ids.derived(text)) if len(text) == 1 else text

    form = msgspec.structs.replace(CheckoutForm(), **{name: named(text) for name, text in said.items()})
    expected = None if used is None else tuple(ids.derived(one) for one in used)

    assert chosen_coupons(form) == expected


async def test_inside_wechat_bargains_are_neither_listed_nor_answered(database, shop, phone):
    offer = await a_bargain(database, shop)
    api = f"/api/v1/{shop.merchant.slug}"
    outside = await phone.get("/activities")
    inside = await phone.get("/activities", **{"user-agent": WECHAT})
    told = (await phone.client.get(f"{api}/activities")).json()
    hidden = (await phone.client.get(f"{api}/activities", headers={"user-agent": WECHAT})).json()
    terms = (await phone.client.get(f"{api}/bargain-offers/{offer}", headers={"user-agent": WECHAT})).json()

    assert (f"/bargains/{offer}" in outside.text, f"/bargains/{offer}" in inside.text) == (True, False)
    assert ([one["kind"] for one in told], hidden) == (["bargain"], [])
    assert terms["is_live"] is False
    assert sum(terms["steps"]) == terms["start"] - terms["floor"]


async def test_a_mini_program_reads_a_session_as_it_stands(database, shop, phone):
    rule = offers.Flash((offers.FlashItem(shop.apple, 990, 2, shop.store_id, 1),))
    offer_id = await a_campaign(database, shop.merchant, rule, clock.now() + timedelta(minutes=30))
    api = f"/api/v1/{shop.merchant.slug}/flash-sessions"
    (session,) = (await phone.client.get(api)).json()
    one = (await phone.client.get(f"{api}/{offer_id}")).json()
    missing = await phone.client.get(f"{api}/{ids.new()}")

    assert (session["id"], session["phase"], one["items"]) == (str(offer_id), "ahead", session["items"])
    (item,) = session["items"]
    assert (item["price"], item["marked"], item["quota"], item["left"], item["is_ready"]) == (
        990,
        1_290,
        2,
        2,
        False,
    )
    assert missing.status_code == 404


async def test_drafts_are_nobodys_business(database, shop, phone):
    async with database.begin(shop.merchant) as uow:
        moments = [uow.now + timedelta(days=day) for day in (1, 2, 3)]
        presale, bargain = ids.new(), ids.new()
        await offers.save(
            uow,
            presale,
            offers.OfferForm(
                "预售",
                offers.Presale({shop.apple: 1_200}, 100, 150, *moments),
                starts_at=uow.now,
                ends_at=moments[0],
            ),
        )
        await offers.save(
            uow,
            bargain,
            offers.OfferForm(
                "砍价", offers.Bargain(shop.apple, 1_200, 1_000, 4), starts_at=moments[0], ends_at=moments[1]
            ),
        )
    api = f"/api/v1/{shop.merchant.slug}"
    answers = [
        await phone.get(f"/presales/{presale}"),
        await phone.get(f"/bargains/{bargain}"),
        await phone.client.get(f"{api}/presales/{presale}"),
        await phone.client.get(f"{api}/bargain-offers/{bargain}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
