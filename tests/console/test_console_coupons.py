"""A template's coupons on the console: issue, packs, the list, void, and what they brought."""

import re
from uuid import UUID

from factories import a_customer, an_order
from goods.coupon_shop import a_template, issued, people, rows
from siyu.goods import offers
from siyu.kernel import ids
from siyu.runtime import jobs
from siyu.trade import orders


def page_of(offer_id: UUID) -> str:
    return f"/console/offers/{offer_id}/coupons"


async def test_an_empty_template_says_what_to_do(database, shop, owner):
    offer_id = await a_template(database, shop.merchant)

    page = await owner.get(page_of(offer_id))

    assert page.status_code == 200, page.text
    assert "还没有发出优惠券" in page.text
    assert "满 ¥50 减 ¥10" in page.text


async def test_issuing_to_a_level_twice_with_one_form_issues_once(database, shop, owner):
    offer_id = await a_template(database, shop.merchant)
    await people(database, shop.merchant, 2)
    gold = await people(database, shop.merchant, 3, level="金卡")
    page = await owner.get(page_of(offer_id))
    key = re.search(r'name="key" value="([^"]+)"', page.text)[1]

    said = [
        await owner.tap(page_of(offer_id) + "/issue", {"key": key, "to": "levels", "levels": "金卡"})
        for _ in range(2)
    ]

    assert [one.status_code for one in said] == [200, 200], said[0].text
    assert sorted(one.customer_id for one in await rows(database, shop.merchant, offer_id)) == gold
    page = (await owner.get(page_of(offer_id))).text
    assert "3 / 3" in page
    assert "发放批次" in page


async def test_customers_are_named_by_number_or_phone_and_a_stranger_is_named_back(database, shop, owner):
    offer_id = await a_template(database, shop.merchant)
    (customer,) = await people(database, shop.merchant, 1)
    form = {"key": str(ids.new()), "to": "some"}

    wrong = await owner.tap(page_of(offer_id) + "/issue", {**form, "customers": f"{customer}\n13800000000"})
    nobody = await owner.tap(page_of(offer_id) + "/issue", {**form, "customers": " "})
    before = await issued(database, shop.merchant, offer_id)
    right = await owner.tap(page_of(offer_id) + "/issue", {**form, "customers": str(customer)})

    assert (wrong.status_code, nobody.status_code, right.status_code) == (422, 422, 200)
    assert "13800000000" in wrong.text
    assert (before, await issued(database, shop.merchant, offer_id)) == (0, 1)


async def test_a_pack_is_made_in_the_background_and_downloaded(database, shop, owner):
    offer_id = await a_template(database, shop.merchant, is_public=False)
    key = str(ids.new())

    begun = await owner.tap(page_of(offer_id) + "/pack", {"key": key, "codes": "25"})
    while await jobs.run_step(database, shop.merchant, offers.COUPON_JOBS):
        pass
    sheet = await owner.get(f"{page_of(offer_id)}/packs/{key}")
    refused = await owner.tap(page_of(offer_id) + "/pack", {"key": str(ids.new()), "codes": "1000001"})

    assert begun.headers["hx-redirect"].endswith(f"/jobs/{key}")
    codes = re.findall(r"^([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}),", sheet.text, re.MULTILINE)
    assert len(set(codes)) == 25
    assert refused.status_code == 422
    assert await issued(database, shop.merchant, offer_id) == 25


async def test_who_may_only_read_sees_no_whole_code_and_issues_nothing(database, shop, floor, owner):
    offer_id = await a_template(database, shop.merchant)
    key = ids.new()
    async with database.begin(shop.merchant) as uow:
        await offers.make_pack(uow, offer_id, 1, batch_id=key)
    while await jobs.run_step(database, shop.merchant, offers.COUPON_JOBS):
        pass
    finance = await floor.member("finance")

    page = await finance.get(page_of(offer_id))
    said = [
        (await finance.tap(page_of(offer_id) + "/issue", {"key": str(ids.new()), "to": "all"})).status_code,
        (await finance.get(f"{page_of(offer_id)}/packs/{key}")).status_code,
    ]

    assert page.status_code == 200
    assert "-••••-••••" in page.text
    assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", page.text) is None
    assert said == [403, 403]


async def test_a_coupon_and_a_run_are_made_void(database, shop, owner):
    offer_id = await a_template(database, shop.merchant)
    await people(database, shop.merchant, 3)
    key = str(ids.new())
    await owner.tap(page_of(offer_id) + "/issue", {"key": key, "to": "all"})
    page = await owner.get(page_of(offer_id))
    one = re.search(rf"coupons/({'[0-9a-f]' * 8}-[0-9a-f-]+)/void", page.text)[1]

    first = await owner.tap(f"{page_of(offer_id)}/{one}/void")
    found = [row.state for row in await rows(database, shop.merchant, offer_id)]
    rest = await owner.tap(f"{page_of(offer_id)}/runs/{key}/void")

    assert (first.status_code, rest.status_code) == (200, 200)
    assert sorted(found) == ["issued", "issued", "void"]
    assert {row.state for row in await rows(database, shop.merchant, offer_id)} == {"void"}


async def test_sales_are_told_with_and_without_the_coupon(database, shop, owner):
    offer_id = await a_template(database, shop.merchant)
    buyers = [await a_customer(database, shop.merchant) for _ in range(2)]
    made = [
        await orders.place(database, shop.merchant, an_order(shop, buyer, apples=2), pay_minutes=30)
        for buyer in buyers
    ]
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update orders set state = 'paid', paid_at = %(now)s where merchant_id = %(merchant_id)s"
        )
        await uow.run(
            """
            insert into offer_uses (merchant_id, order_id, offer_id, customer_id, amount, state, at)
            values (%(merchant_id)s, %(order)s, %(offer)s, %(customer)s, 1000, 'used', %(now)s)
            """,
            order=made[0].id,
            offer=offer_id,
            customer=buyers[0],
        )

    page = (await owner.get(page_of(offer_id))).text

    assert "1 个已付款订单" in page
    assert "未用券 ¥25.80" in page


async def test_another_merchants_template_is_not_found(database, new_shop, owner):
    offer_id = await a_template(database, await new_shop())

    assert (await owner.get(page_of(offer_id))).status_code == 404
