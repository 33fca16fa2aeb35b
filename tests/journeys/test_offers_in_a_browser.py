"""Offers in a real browser: a coupon claimed, a group of three phones, a group that fails, a sale that is sold out.

Screenshots are left in the git-ignored folder artifacts/journey.
"""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.async_api import Browser, expect

from journeys.test_the_loop_in_a_browser import (
    Eyes,
    a_phone,
    browser,
    house,
)
from siyu import serve
from siyu.connect import sandbox
from siyu.goods import inventory, offers
from siyu.kernel import ids
from siyu.kernel.permissions import ROLES
from siyu.people import customers
from siyu.runtime import moved_clock, sessions
from siyu.runtime.db import Merchant
from siyu.trade import orders

__all__ = ["browser", "house"]  # fixtures of this file too
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-loop"), pytest.mark.timeout(240)]
BUYERS = 6


@pytest.fixture(scope="module")
async def merchant(house: serve.House) -> Merchant:
    return await house.directory.find("heshun")


@pytest.fixture(scope="module")
async def buyers(house: serve.House, merchant: Merchant) -> list[UUID]:
    """Customers whom the sandbox's phone knows, so that they can pay by WeChat."""
    found: list[UUID] = []
    for n in range(BUYERS):
        openid = f"oOffersInABrowser{n:011d}"
        sandbox.add_person(house.settings.folder("sandbox"), openid=openid, nickname=f"拼友{n}", phone="")
        async with house.database.begin(merchant) as uow:
            person = await customers.sign_in_as(
                uow, [("wechat_openid", openid)], nickname=f"拼友{n}", first_door_id=None, channel="shop"
            )
        found.append(person.customer_id)
    return found


async def phone_of(
    browser: Browser, house: serve.House, merchant: Merchant, customer: UUID, name: str
) -> Eyes:
    """A phone on which this customer is signed in."""
    async with house.database.begin(merchant) as uow:
        session = await sessions.sign_in(
            uow, kind="customer", subject_id=customer, name=name, permissions=ROLES["shopper"], days=3
        )
    eyes = await a_phone(browser, f"offers-{name}")
    cookie = {
        "name": f"siyu_customer_{merchant.slug}",
        "value": session.token,
        "url": house.settings.base_url,
    }
    await eyes.page.context.add_cookies([cookie])
    return eyes


async def offer_called(house: serve.House, merchant: Merchant, name: str) -> UUID:
    async with house.database.begin(merchant) as uow:
        (offer,) = (await offers.listing(uow, text=name)).items
    return offer.id


async def order_and_pay(eyes: Eyes) -> str:
    """From the checkout to the paid order's page; the order's id."""
    page = eyes.page
    await page.wait_for_url(re.compile("/checkout"))
    await page.get_by_role("button", name=re.compile("提交订单")).click()
    await page.wait_for_url(re.compile("/pay/"))
    order_id = page.url.rstrip("/").split("/")[-1].split("?")[0]
    await page.get_by_role("button", name=re.compile("微信支付")).first.click()
    cashier = page.frame_locator("#sandbox-cashier iframe")
    await cashier.get_by_role("button", name=re.compile("支付")).first.click()
    await page.wait_for_timeout(700)
    done = cashier.get_by_text(re.compile("完成|返回商家"))
    if await page.locator("#sandbox-cashier").count() and await done.count():
        await done.first.click()
    await page.wait_for_url(re.compile(f"/orders/{order_id}"), timeout=30_000)
    return order_id


async def open_group(eyes: Eyes, house: serve.House, offer_id: UUID) -> str:
    page = eyes.page
    await page.goto(f"{house.settings.base_url}/shop/heshun/group-offers/{offer_id}")
    await page.get_by_role("button", name=re.compile("开团 ¥")).click()
    await eyes.picture("open-group")
    await page.locator("dialog[open] button[type=submit]").click()
    return await order_and_pay(eyes)


async def group_of(house: serve.House, merchant: Merchant, order_id: str) -> UUID:
    async with house.database.begin(merchant) as uow:
        order = await orders.find(uow, UUID(order_id))
    assert order.claim_id is not None
    return order.claim_id


async def test_a_coupon_is_claimed_and_lies_in_the_wallet(house, browser, merchant, buyers):
    eyes = await phone_of(browser, house, merchant, buyers[0], "coupon")
    page = eyes.page
    await page.goto(f"{house.settings.base_url}/shop/heshun/coupons")
    await eyes.picture("centre")
    await page.get_by_role("button", name=re.compile("领取")).first.click()
    await expect(page.get_by_text(re.compile("去使用|已领取")).first).to_be_visible()
    await page.goto(f"{house.settings.base_url}/shop/heshun/me/coupons")
    await eyes.picture("mine")

    async with house.database.begin(merchant) as uow:
        held = await uow.one(
            int,
            "select count(*)::int from coupons where merchant_id = %(merchant_id)s and customer_id = %(customer)s",
            customer=buyers[0],
        )
    assert held == 1
    assert eyes.errors == []


async def test_three_phones_make_a_group_and_its_orders_are_freed(house, browser, merchant, buyers):
    offer_id = await offer_called(house, merchant, "3 人拼团")
    phones = [
        await phone_of(browser, house, merchant, customer, f"group{n}")
        for n, customer in enumerate(buyers[:3], 1)
    ]
    order_ids = [await open_group(phones[0], house, offer_id)]
    group_id = await group_of(house, merchant, order_ids[0])
    for eyes in phones[1:]:
        await eyes.page.goto(f"{house.settings.base_url}/shop/heshun/groups/{group_id}")
        await expect(eyes.page.get_by_role("button", name=re.compile("参团"))).to_be_visible()
        await eyes.picture("join")
        await eyes.page.goto(f"{house.settings.base_url}/shop/heshun/groups/{group_id}/poster")
        await expect(eyes.page.locator("#keep-picture")).to_have_attribute(
            "href", re.compile("^data:image/png")
        )
        await eyes.picture("poster")
        await eyes.page.goto(f"{house.settings.base_url}/shop/heshun/groups/{group_id}")
        await eyes.page.get_by_role("button", name=re.compile("参团")).click()
        await eyes.page.locator("dialog[open] button[type=submit]").click()
        order_ids.append(await order_and_pay(eyes))

    await phones[0].page.goto(f"{house.settings.base_url}/shop/heshun/groups/{group_id}")
    await expect(phones[0].page.get_by_text(re.compile("成团|拼团成功")).first).to_be_visible(timeout=20_000)
    for _ in range(60):
        async with house.database.begin(merchant) as uow:
            held = [(await orders.find(uow, UUID(order_id))).held_for for order_id in order_ids]
        if held == ["", "", ""]:
            break
        await phones[0].page.wait_for_timeout(250)
    await phones[0].page.reload()
    await phones[0].picture("success")
    assert held == ["", "", ""]
    assert [eyes.errors for eyes in phones] == [[], [], []]


async def test_a_sale_that_is_sold_out_says_so(house, browser, merchant, buyers):
    offer_id = ids.new()
    async with house.database.begin(merchant) as uow:
        levels = await uow.all(
            inventory.Pieces,
            """
            select s.location_id, s.sku_id, k.price::int as quantity
            from stock s join stores l on l.merchant_id = s.merchant_id and l.id = s.location_id and l.kind = 'store'
            join skus k on k.merchant_id = s.merchant_id and k.id = s.sku_id and k.is_sellable
            where s.merchant_id = %(merchant_id)s and s.on_hand - s.reserved - s.safety > 5 and not s.has_lots
            order by s.sku_id limit 1
            """,
        )
        (one,) = levels
        item = offers.FlashItem(one.sku_id, one.quantity // 2, 1, one.location_id)
        form = offers.OfferForm(
            "只有一件", offers.Flash((item,)), starts_at=uow.now, ends_at=uow.now + timedelta(hours=2)
        )
        await offers.save(uow, offer_id, form)
        await offers.activate(uow, offer_id)
    eyes = await phone_of(browser, house, merchant, buyers[4], "flash")
    order = orders.PlaceOrder(
        buyers[3], one.location_id, (orders.WantedLine(one.sku_id, 1),), one.quantity, str(ids.new()),
        claim=orders.Claim("flash", offer_id),
    )  # fmt: skip
    for _ in range(40):  # until the pieces lie aside
        try:
            await orders.place(house.database, merchant, order, pay_minutes=30)
        except orders.WrongState:
            raise
        except Exception:  # noqa: BLE001 - not carved yet
            await eyes.page.wait_for_timeout(250)
        else:
            break
    else:
        raise AssertionError("the only piece could not be bought")

    await eyes.page.goto(f"{house.settings.base_url}/shop/heshun/flash/{offer_id}/{one.sku_id}")
    await expect(eyes.page.get_by_text("已抢光").first).to_be_visible()
    await eyes.picture("sold-out")
    assert eyes.errors == []


async def test_a_group_that_fails_gives_the_money_back(house, browser, merchant, buyers):
    offer_id = await offer_called(house, merchant, "3 人拼团")
    eyes = await phone_of(browser, house, merchant, buyers[5], "failed")
    order_id = await open_group(eyes, house, offer_id)
    group_id = await group_of(house, merchant, order_id)
    await moved_clock.move(house.database_url, timedelta(hours=25))  # the house follows within a second

    for _ in range(120):
        async with house.database.begin(merchant) as uow:
            order = await orders.find(uow, UUID(order_id))
        if order.state == "refunded":
            break
        await eyes.page.wait_for_timeout(250)
    await eyes.page.goto(f"{house.settings.base_url}/shop/heshun/groups/{group_id}")
    await eyes.picture("refunded")

    assert (order.state, order.refunded) == ("refunded", order.total)
    await expect(eyes.page.get_by_text(re.compile("未成团|已退款|失败")).first).to_be_visible()
    assert eyes.errors == []
