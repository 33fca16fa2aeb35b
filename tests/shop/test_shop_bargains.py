"""Bargaining on the phone: starting, a friend's help, buying at the price reached, and nothing of it inside WeChat."""

from uuid import UUID

import pytest

from factories import state_of
from siyu.trade import bargains, orders
from trade.bargain_shop import an_offer

WECHAT = "Mozilla/5.0 (iPhone) AppleWebKit/605 MicroMessenger/8.0.50"


@pytest.fixture(autouse=True)
def _bargaining(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(orders.ACTIVITIES, "bargain", bargains.ACTIVITY)


async def begun(phone, offer) -> str:
    answer = await phone.post(f"/bargains/{offer}/start")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


async def a_friend(world, shop, name="李雷"):
    friend = world.phone(shop)
    await friend.sign_in(await world.person(name))
    return friend


async def test_from_the_start_through_two_helps_to_a_paid_order(database, shop, shopper, world):
    offer = await an_offer(database, shop)
    bargain = await begun(shopper, offer)
    for name in ("李雷", "韩梅梅"):
        friend = await a_friend(world, shop, name)
        assert "帮忙砍" in (await friend.get(f"/bargain/{bargain}")).text
        assert (await friend.post(f"/bargain/{bargain}/help")).status_code == 303
        assert "你已经帮过忙了" in (await friend.get(f"/bargain/{bargain}")).text

    page = (await shopper.get(f"/bargain/{bargain}")).text
    form = await shopper.checkout_form(f"/checkout?lines={shop.apple}*1&claim=bargain:{bargain}")
    placed = await shopper.post("/checkout", form)

    assert "还差 1 位朋友到底价" in page
    assert "李**" in page
    assert "李雷" not in page
    assert "按 10.23 购买" in page.replace("¥", "").replace("\xa0", " ")
    assert placed.status_code == 303, placed.text
    order_id = placed.headers["location"].rpartition("/")[2]
    async with database.begin(shop.merchant) as uow:
        assert (await orders.find(uow, UUID(order_id))).total == 1_023
    await shopper.pay(order_id, callback="drop")
    await shopper.get(f"/pay/{order_id}/state", accept="application/json")
    assert await state_of(database, shop, UUID(order_id)) == "paid"


async def test_the_offer_says_from_the_beginning_how_many_helps_it_takes(database, shop, phone):
    offer = await an_offer(database, shop)

    page = (await phone.get(f"/bargains/{offer}")).text
    listed = (await phone.get("/bargains")).text

    assert "3 位朋友各帮一次就到底价" in page
    assert page.count("第 ") == 3
    assert "登录后发起砍价" in page
    assert f"/bargains/{offer}" in listed


async def test_inside_wechat_it_is_explained_and_refused_and_the_normal_price_is_offered(
    database, shop, shopper, world
):
    offer = await an_offer(database, shop)
    bargain = await begun(shopper, offer)
    friend = await a_friend(world, shop)
    in_wechat = {"user-agent": WECHAT}

    pages = [
        (await shopper.get(f"/bargains/{offer}", **in_wechat)).text,
        (await friend.get(f"/bargain/{bargain}", **in_wechat)).text,
    ]
    refused = [
        await friend.post(f"/bargains/{offer}/start", **in_wechat),
        await friend.post(f"/bargain/{bargain}/help", **in_wechat),
    ]

    for page in pages:
        assert "按微信平台规则，砍价不在微信里进行" in page
        assert "原价购买" in page
        assert f"/checkout?sku={shop.apple}" in page
        assert "/start" not in page
        assert "/help" not in page
    assert [answer.status_code for answer in refused] == [403, 403]
    async with database.begin(shop.merchant) as uow:
        assert (await bargains.find(uow, UUID(bargain))).helped == 0
        assert len(await bargains.bargains(uow, offer_id=offer)) == 1


async def test_who_is_not_signed_in_reads_and_is_asked_to_sign_in(database, shop, shopper, phone):
    bargain = await begun(shopper, await an_offer(database, shop))

    page = (await phone.get(f"/bargain/{bargain}")).text
    answer = await phone.post(f"/bargain/{bargain}/help")

    assert "登录后帮忙" in page
    assert f"/signin?next={shopper.root}/bargain/{bargain}" in page.replace("%2F", "/")
    assert answer.status_code == 303
    assert "/signin" in answer.headers["location"]


async def test_helping_ones_own_bargain_is_refused_on_the_page(database, shop, shopper):
    bargain = await begun(shopper, await an_offer(database, shop))

    answer = await shopper.post(f"/bargain/{bargain}/help")

    assert answer.status_code == 409
    assert "不能给自己砍价" in answer.text
