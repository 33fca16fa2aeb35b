"""Coupons on a phone: claim in the centre, by a code, on the product page; see mine; and the console behind it."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from goods.coupon_shop import a_template, issued, rows
from siyu.goods.offers import Audience, Scope, coupon_packs, coupons_issue, coupons_life
from siyu.kernel import clock, ids


async def customer_of(database, merchant):
    async with database.begin(merchant) as uow:
        return await uow.one(
            UUID,
            "select id from customers where merchant_id = %(merchant_id)s order by joined_at desc limit 1",
        )


async def a_code(database, merchant, offer_id):
    batch_id = ids.new()
    async with database.begin(merchant) as uow:
        await coupon_packs.make_pack(uow, offer_id, 1, batch_id=batch_id)
        await coupon_packs.pack_step(uow, coupons_issue.Work(batch_id, offer_id), None)
        (code,) = [one.code async for one in coupon_packs.codes_of(uow, batch_id)]
        return code


def key_in(page: str) -> str:
    return re.search(r'name="key" value="([^"]+)"', page)[1]


async def test_an_empty_centre_says_so(phone):
    page = await phone.get("/coupons")

    assert page.status_code == 200
    assert "现在没有可领的优惠券" in page.text


async def test_a_visitor_sees_the_coupons_and_is_asked_to_sign_in_to_claim(database, shop, phone):
    offer_id = await a_template(database, shop.merchant)
    page = await phone.get("/coupons")
    said = await phone.post(f"/coupons/{offer_id}/claim", {"key": key_in(page.text)})

    assert "满 ¥50 减 ¥10" in page.text
    assert said.status_code == 303
    assert "/signin" in said.headers["location"]
    assert await rows(database, shop.merchant, offer_id) == []


async def test_claiming_turns_the_button_and_a_second_tap_of_the_same_claims_no_more(database, shop, shopper):
    offer_id = await a_template(database, shop.merchant)
    page = await shopper.get("/coupons")
    form = {"key": key_in(page.text)}

    first = await shopper.tap(f"/coupons/{offer_id}/claim", form)
    again = await shopper.tap(f"/coupons/{offer_id}/claim", form)
    other = await shopper.tap(f"/coupons/{offer_id}/claim", {"key": str(ids.new())})

    assert first.status_code == again.status_code == 200
    assert "已领取" in first.text
    assert "去使用" in first.text
    assert other.status_code == 409
    assert await issued(database, shop.merchant, offer_id) == 1
    mine = await shopper.get("/me/coupons")
    assert "满 ¥50 减 ¥10" in mine.text
    assert "全店可用" in mine.text
    assert f'href="{shopper.root}/category"' in mine.text


async def test_each_state_of_the_centre_is_said_in_words(database, shop, shopper):
    customer = await customer_of(database, shop.merchant)
    gone = await a_template(database, shop.merchant, name="已领完的券", total=1)
    async with database.begin(shop.merchant) as uow:
        await coupons_issue.give(uow, gone, customer, of=ids.new())
    await a_template(database, shop.merchant, name="以后的券", starts_at=clock.now() + timedelta(days=2))
    await a_template(database, shop.merchant, name="金卡的券", audience=Audience(levels=("金卡",)))
    await a_template(database, shop.merchant, name="不公开的券", is_public=False)

    page = (await shopper.get("/coupons")).text

    for words in ("已领完的券", "以后的券", "金卡的券", "已领完", "还没开始", "仅限会员（金卡）"):
        assert words in page
    assert "不公开的券" not in page


async def test_a_code_is_claimed_and_guessing_is_stopped(database, shop, shopper):
    offer_id = await a_template(database, shop.merchant, is_public=False)
    code = await a_code(database, shop.merchant, offer_id)

    for _ in range(9):
        wrong = await shopper.tap("/coupons/code", {"code": "0000-0000-0000"})
        assert wrong.status_code == 422
    right = await shopper.tap("/coupons/code", {"code": code.lower()})
    stopped = await shopper.tap("/coupons/code", {"code": code})

    assert right.status_code == 200
    assert stopped.status_code == 429
    assert [one.source for one in await rows(database, shop.merchant, offer_id)] == ["code"]


async def test_a_product_shows_its_offers_and_coupons_and_not_those_of_others(database, shop, shopper):
    async with database.begin(shop.merchant) as uow:
        product, other = await uow.all(
            UUID, "select product_id from skus where merchant_id = %(merchant_id)s order by code"
        )
    offer_id = await a_template(database, shop.merchant, scope=Scope(product_ids=(product,)))

    here = await shopper.get(f"/product/{product}/offers")
    elsewhere = await shopper.get(f"/product/{other}/offers")
    page = await shopper.get(f"/product/{product}")

    assert "满 ¥50 减 ¥10" in here.text
    assert f"/coupons/{offer_id}/claim" in here.text
    assert elsewhere.text.strip() == ""
    assert f"/product/{product}/offers" in page.text


async def test_what_ends_soon_is_pointed_to_on_my_page(database, shop, shopper):
    offer_id = await a_template(database, shop.merchant, days=1)
    await shopper.tap(f"/coupons/{offer_id}/claim", {"key": str(ids.new())})
    async with database.begin(shop.merchant) as uow:
        assert len(await coupons_life.remind_due(uow)) == 1

    entry = await shopper.get("/me/coupons/entry")
    mine = await shopper.get("/me/coupons")

    assert "1 张可用，1 张快到期" in entry.text
    assert "有 1 张券将在 48 小时内到期。" in mine.text
    assert f"{shopper.root}/me/coupons/entry" in (await shopper.get("/me")).text


async def test_a_coupon_leads_to_the_goods_it_is_for(database, shop, shopper):
    offer_id = await a_template(database, shop.merchant, scope=Scope(sku_ids=(shop.apple,)))
    await shopper.tap(f"/coupons/{offer_id}/claim", {"key": str(ids.new())})

    goods = await shopper.get(f"/coupons/{offer_id}/goods")

    assert "红富士苹果" in goods.text
    assert "鲜牛奶" not in goods.text
    assert f"/coupons/{offer_id}/goods" in (await shopper.get("/me/coupons")).text


async def test_used_and_ended_coupons_stay_to_be_seen(database, shop, shopper):
    offer_id = await a_template(database, shop.merchant)
    await shopper.tap(f"/coupons/{offer_id}/claim", {"key": str(ids.new())})
    async with database.begin(shop.merchant) as uow:
        await uow.run("update coupons set state = 'void' where merchant_id = %(merchant_id)s")

    assert "还没有优惠券" in (await shopper.get("/me/coupons")).text
    assert "已作废" in (await shopper.get("/me/coupons?tab=expired")).text
    assert "这里还没有优惠券" in (await shopper.get("/me/coupons?tab=used")).text


@pytest.mark.parametrize("path", ["/me/coupons?tab=%00", "/me/coupons?after=x~y", "/coupons/not-an-id/goods"])
async def test_hostile_addresses_break_nothing(shopper, path):
    assert (await shopper.get(path)).status_code in (200, 404)
