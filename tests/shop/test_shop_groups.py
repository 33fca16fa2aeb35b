"""Group buying on a phone: open, share, join, pay, leave – over HTTP, with the sandbox on the other side of the wire."""

import re
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from shop.shop_browser import form_of
from siyu.goods.offers import GroupBuy
from siyu.kernel import clock
from siyu.kernel.permissions import ROLES
from siyu.runtime import sessions
from siyu.runtime.worker import digest
from siyu.trade import groupbuys, orders
from siyu.trade.groupbuys import sweeping
from trade.group_shop import an_offer


@pytest.fixture
async def offer_id(database, shop):
    rule = GroupBuy(prices={shop.apple: 990, shop.milk: 500}, size=2, leader_off=40)
    return await an_offer(database, shop.merchant, rule)


async def another(world, shop, nickname="王小明"):
    phone = world.phone(shop)
    await phone.sign_in(await world.person(nickname))
    return phone


async def paid(database, shop, phone, order_id):
    """Pay, ask whether it has arrived as the page does, and let everybody hear of it."""
    await phone.pay(order_id)
    said = (await phone.get(f"/pay/{order_id}/state", accept="application/json")).json()
    assert said["state"] == "paid", said
    await listen(database, shop)


async def listen(database, shop):
    (consumer,) = groupbuys.CONSUMERS
    while await digest(database, shop.merchant, consumer):
        pass


async def order_in(phone, claim, sku):
    """From the button on a group's page to an order that waits for its money."""
    onward = await phone.get(f"/group-go?claim={claim}&sku={sku}&quantity=1")
    assert onward.status_code == 303
    page = await phone.get(onward.headers["location"])
    assert page.status_code == 200, page.text
    placed = await phone.post("/checkout", form_of(page.text))
    assert placed.status_code == 303, placed.text
    return placed.headers["location"].rpartition("/")[2]


async def opened(database, shop, phone, offer_id):
    """A group this phone has opened and paid for."""
    order_id = await order_in(phone, offer_id, shop.apple)
    await paid(database, shop, phone, order_id)
    async with database.begin(shop.merchant) as uow:
        group_id = await uow.one(
            UUID,
            "select group_id from group_seats where merchant_id = %(merchant_id)s and order_id = %(id)s",
            id=UUID(order_id),
        )
    return group_id, order_id


async def test_the_product_page_shows_the_group_price_and_real_groups(
    world, database, shop, shopper, phone, offer_id
):
    async with database.begin(shop.merchant) as uow:
        product = await uow.one(
            UUID,
            "select product_id from skus where merchant_id = %(merchant_id)s and id = %(id)s",
            id=shop.apple,
        )
    before = await phone.get(f"/product/{product}/groups")
    group_id, _ = await opened(database, shop, shopper, offer_id)
    after = await phone.get(f"/product/{product}/groups")
    async with database.begin(shop.merchant) as uow:
        (entry, _milk) = sorted(await groupbuys.entries(uow, None), key=lambda one: -one.price)

    assert (before.status_code, "去参团" in before.text) == (200, False)
    assert f"/groups/{group_id}" in after.text
    assert "还差 1 人" in after.text
    assert (entry.price, entry.marked, entry.note) == (990, 1_290, "有团还差 1 人 / a group is 1 short")


async def test_two_phones_make_a_group(world, database, shop, shopper, offer_id):
    page = await shopper.get(f"/group-offers/{offer_id}")
    assert "现在没有等人的团" in page.text
    assert "没有虚拟成员" in page.text
    group_id, first = await opened(database, shop, shopper, offer_id)
    mine = await shopper.get(f"/groups/{group_id}")
    friend = await another(world, shop)
    seen = await friend.get(f"/groups/{group_id}")
    second = await order_in(friend, group_id, shop.apple)
    waiting = await friend.get(f"/groups/{group_id}")
    await paid(database, shop, friend, second)
    done = await friend.get(f"/groups/{group_id}")

    assert "邀请朋友参团" in mine.text
    assert "周**" in seen.text
    assert "周小满" not in seen.text
    assert 'data-open="join-group"' in seen.text
    assert f"/pay/{second}" in waiting.text
    assert "拼团成功" in done.text
    async with database.begin(shop.merchant) as uow:
        totals = [(await orders.find(uow, UUID(one))).total for one in (first, second)]
    assert totals == [950, 990]


async def test_the_living_part_asks_for_the_page_again_when_the_state_changes(
    world, database, shop, shopper, phone, offer_id
):
    group_id, _ = await opened(database, shop, shopper, offer_id)
    same = await phone.get(f"/groups/{group_id}/progress?was=open")
    friend = await another(world, shop)
    await paid(database, shop, friend, await order_in(friend, group_id, shop.milk))
    changed = await phone.get(f"/groups/{group_id}/progress?was=open")

    assert ("hx-refresh" in same.headers, changed.headers["hx-refresh"]) == (False, "true")
    assert "every 4s" in same.text
    assert "every 4s" not in changed.text


async def test_who_comes_too_late_is_told_so_at_the_button_and_shown_other_groups(
    world, database, shop, shopper, offer_id
):
    group_id, _ = await opened(database, shop, shopper, offer_id)
    other = await another(world, shop, "李四")
    other_group, _ = await opened(database, shop, other, offer_id)
    slow, quick = await another(world, shop, "慢"), await another(world, shop, "快")
    onward = await slow.get(f"/group-go?claim={group_id}&sku={shop.apple}")
    form = form_of((await slow.get(onward.headers["location"])).text)
    await order_in(quick, group_id, shop.apple)

    refused = await slow.post("/checkout", form)
    page = await slow.get(f"/groups/{group_id}")

    assert refused.status_code == 409
    assert "满员" in refused.text
    assert f"/groups/{other_group}" in page.text
    assert 'data-open="join-group"' not in page.text
    assert "我来开团" in page.text
    assert (await slow.get("/me/groups")).text.count("还没有参加过拼团") == 1


async def test_an_unpaid_group_is_nobodys_business(shop, shopper, phone, database, offer_id):
    order_id = await order_in(shopper, offer_id, shop.apple)
    async with database.begin(shop.merchant) as uow:
        shown = await uow.one(UUID, "select group_id from group_seats where merchant_id = %(merchant_id)s")

    assert (await phone.get(f"/groups/{shown}")).status_code == 404
    own = await shopper.get(f"/groups/{shown}")
    assert "付款后开团" in own.text
    assert f"/pay/{order_id}" in own.text


async def test_a_member_leaves_from_the_page_and_a_stranger_cannot(world, database, shop, shopper, offer_id):
    group_id, order_id = await opened(database, shop, shopper, offer_id)
    stranger = await another(world, shop)

    refused = await stranger.post(f"/groups/{group_id}/leave")
    left = await shopper.post(f"/groups/{group_id}/leave")
    again = await shopper.post(f"/groups/{group_id}/leave")

    assert (refused.status_code, left.status_code, again.status_code) == (404, 303, 409)
    page = await shopper.get(f"/groups/{group_id}")
    assert "已退出" in page.text
    async with database.begin(shop.merchant) as uow:
        assert (await orders.find(uow, UUID(order_id))).state == "refunded"


async def test_my_groups_and_the_orders_page_show_where_it_stands(database, shop, shopper, offer_id):
    group_id, order_id = await opened(database, shop, shopper, offer_id)

    mine = await shopper.get("/me/groups")
    of_order = await shopper.get(f"/orders/{order_id}/group")
    clock.move_to(timedelta(hours=25))
    await database.attempt(shop.merchant, partial(sweeping.end_due))
    await database.attempt(shop.merchant, partial(sweeping.refund_expired))
    failing = await shopper.get(f"/groups/{group_id}")

    assert f"/groups/{group_id}" in mine.text
    assert "还差 1 人" in mine.text
    assert "成团后发货" in of_order.text
    assert "款项正在原路退回" in failing.text
    assert re.search(r'<progress value="0" max="1"', failing.text)


async def test_every_page_speaks_english(world, database, shop, shopper, offer_id):
    group_id, order_id = await opened(database, shop, shopper, offer_id)
    for path in (
        f"/groups/{group_id}",
        f"/group-offers/{offer_id}",
        "/me/groups",
        f"/orders/{order_id}/group",
    ):
        page = await shopper.get(f"{path}?lang=en", **{"accept-language": "en"})
        text = re.sub(r"<[^>]+>", " ", page.text)
        assert page.status_code == 200
        assert "拼团中" not in text
        assert "成团" not in text


async def test_the_api_tells_the_same_and_names_nobody(world, database, shop, shopper, phone, offer_id):
    group_id, order_id = await opened(database, shop, shopper, offer_id)
    root = f"/api/v1/{shop.merchant.slug}"
    async with database.begin(shop.merchant) as uow:
        buyer = (await orders.find(uow, UUID(order_id))).customer_id
        session = await sessions.sign_in(
            uow, kind="customer", subject_id=buyer, name="周小满", permissions=ROLES["shopper"], days=1
        )
    bearer = {"authorization": f"Bearer {session.token}"}

    offer = (await phone.client.get(f"{root}/group-offers/{offer_id}")).json()
    seen = await phone.client.get(f"{root}/groups/{group_id}")
    own = (await phone.client.get(f"{root}/groups/{group_id}", headers=bearer)).json()
    mine = (await phone.client.get(f"{root}/me/groups", headers=bearer)).json()
    left = await phone.client.post(f"{root}/groups/{group_id}/leave", headers=bearer)

    assert [one["id"] for one in offer["groups"]] == [str(group_id)]
    assert (seen.json()["missing"], seen.json()["members"][0]["name"]) == (1, "周**")
    assert (seen.json()["my_order_id"], own["my_order_id"], own["my_seat"]) == (None, order_id, "paid")
    assert "customer_id" not in seen.text
    assert [one["id"] for one in mine] == [str(group_id)]
    assert left.json() == {"order_id": order_id}
    assert (await phone.client.get(f"{root}/me/groups")).status_code == 401


async def test_a_poster_shows_the_real_members_without_their_names_and_the_code(
    world, database, shop, shopper, phone, offer_id
):
    group_id, _ = await opened(database, shop, shopper, offer_id)
    page = await phone.get(f"/groups/{group_id}/poster")
    picture = await phone.get(f"/groups/{group_id}/poster.svg")
    friend = await another(world, shop)
    await paid(database, shop, friend, await order_in(friend, group_id, shop.milk))
    over = await phone.get(f"/groups/{group_id}/poster")

    assert (page.status_code, f"/groups/{group_id}/poster.svg" in page.text) == (200, True)
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert ("还差 1 人成团" in picture.text, "周小满" in picture.text) == (True, False)
    assert picture.text.count("<circle") == 2  # one who paid, one place that is free
    assert "¥5.00" in picture.text  # of the cheapest goods, milk
    assert ("这个团已经结束" in over.text, "poster.svg" in over.text) == (True, False)


async def test_before_the_opener_has_paid_there_is_no_poster(database, shop, shopper, phone, offer_id):
    order_id = await order_in(shopper, offer_id, shop.apple)
    async with database.begin(shop.merchant) as uow:
        group_id = await uow.one(
            UUID,
            "select group_id from group_seats where merchant_id = %(merchant_id)s and order_id = %(id)s",
            id=UUID(order_id),
        )

    assert (await phone.get(f"/groups/{group_id}/poster")).status_code == 404
    assert (await shopper.get(f"/groups/{group_id}/poster.svg")).status_code == 404


async def test_the_product_page_counts_the_people_who_wait(database, shop, shopper, phone, offer_id):
    async with database.begin(shop.merchant) as uow:
        product = await uow.one(
            UUID,
            "select product_id from skus where merchant_id = %(merchant_id)s and id = %(id)s",
            id=shop.apple,
        )
    before = await phone.get(f"/product/{product}/groups")
    await opened(database, shop, shopper, offer_id)
    after = await phone.get(f"/product/{product}/groups")

    assert ("人在拼" in before.text, "1 人在拼" in after.text) == (False, True)
