"""From the cart to the pickup code, over HTTP, with the sandbox on the other side of the wire."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from factories import state_of, stock_of
from shop.shop_browser import form_of
from siyu.goods import catalog, inventory
from siyu.kernel import clock
from siyu.people import customers
from siyu.place import stores
from siyu.runtime import sessions
from siyu.trade import orders


async def order_ids(database, shop):
    async with database.begin(shop.merchant) as uow:
        return [str(order.id) for order in (await orders.listing(uow)).items]


async def set_price(database, shop, price):
    async with database.begin(shop.merchant) as uow:
        await catalog.set_price(uow, shop.apple, price)


async def take_off_shelf(database, shop, sku):
    async with database.begin(shop.merchant) as uow:
        product = (await catalog.prices(uow, [sku]))[sku].product_id
        await catalog.set_shelf(uow, product, is_on_shelf=False)


async def test_a_visitor_fills_and_changes_a_cart(shop, phone):
    await phone.add(shop.apple, 2)
    added = await phone.add(shop.milk)
    more = await phone.tap("/cart/set", {"sku": str(shop.apple), "quantity": "4"})
    left = await phone.tap("/cart/choose", {"sku": str(shop.milk)})
    gone = await phone.tap("/cart/remove", {"sku": str(shop.apple)})

    assert "siyu:toast" in added.headers["hx-trigger"]
    assert ">3</span>" in added.text
    assert "<b>58</b><i>.40</i>" in more.text
    assert "<b>51</b><i>.60</i>" in left.text
    assert "红富士苹果" not in gone.text
    assert 'id="cart-total"' in gone.text


async def test_adding_what_is_not_sold_says_so_and_keeps_the_cart_empty(shop, phone):
    answer = await phone.add(uuid4())

    assert answer.status_code == 409
    assert "已下架" in answer.text
    assert "购物车还是空的" in (await phone.get("/cart")).text


async def test_a_price_that_rose_is_said_in_the_cart(database, shop, phone):
    await phone.add(shop.apple)
    clock.move_to(timedelta(seconds=5))
    await set_price(database, shop, 1_390)

    assert "比加入时涨了 ¥1.00" in (await phone.get("/cart")).text


async def test_buying_now_orders_that_and_leaves_the_cart_alone(database, shop, shopper):
    await shopper.add(shop.milk, 2)

    order_id = await shopper.buy(shop.apple, 3)

    async with database.begin(shop.merchant) as uow:
        order = await orders.find(uow, UUID(order_id))
    assert (order.state, order.total, order.store_id) == ("unpaid", 3 * 1_290, shop.store_id)
    assert await stock_of(database, shop, shop.apple) == (10, 3)
    assert "鲜牛奶" in (await shopper.get("/cart")).text


async def test_checking_out_the_cart_takes_the_chosen_lines_out_of_it(database, shop, shopper):
    await shopper.add(shop.apple, 1)
    await shopper.add(shop.milk, 2)
    await shopper.tap("/cart/choose", {"sku": str(shop.milk)})

    form = await shopper.checkout_form()
    placed = await shopper.post("/checkout", {**form, "remark": " 挑熟一点 "})

    (order_id,) = await order_ids(database, shop)
    async with database.begin(shop.merchant) as uow:
        order = await orders.find(uow, UUID(order_id))
    cart = (await shopper.get("/cart")).text
    assert placed.headers["location"] == f"{shopper.root}/pay/{order_id}"
    assert [(line.sku_id, line.quantity) for line in order.lines] == [(shop.apple, 1)]
    assert order.remark == "挑熟一点"
    assert "鲜牛奶" in cart
    assert "红富士苹果" not in cart


async def test_a_second_tap_places_one_order(database, shop, shopper):
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}&quantity=2")

    first, second = [await shopper.post("/checkout", form) for _ in range(2)]

    assert first.headers["location"] == second.headers["location"]
    assert len(await order_ids(database, shop)) == 1
    assert await stock_of(database, shop, shop.apple) == (10, 2)


async def test_a_price_that_rose_meanwhile_is_shown_before_anything_is_ordered(database, shop, shopper):
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}&quantity=2")
    await set_price(database, shop, 1_390)

    refused = await shopper.post("/checkout", {**form, "remark": "别忘了袋子"})
    accepted = await shopper.post("/checkout", form_of(refused.text))

    assert refused.status_code == 409
    assert "合计由 ¥25.80 变为 ¥27.80" in refused.text
    assert "别忘了袋子" in refused.text
    assert accepted.status_code == 303
    (order_id,) = await order_ids(database, shop)
    async with database.begin(shop.merchant) as uow:
        assert (await orders.find(uow, UUID(order_id))).total == 2_780


async def test_a_price_that_fell_meanwhile_is_simply_charged(database, shop, shopper):
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}&quantity=2")
    await set_price(database, shop, 1_190)

    placed = await shopper.post("/checkout", form)

    assert placed.status_code == 303
    async with database.begin(shop.merchant) as uow:
        (order,) = (await orders.listing(uow)).items
    assert order.total == 2_380


async def test_what_was_bought_by_others_meanwhile_is_said_at_its_line(database, shop, shopper, world):
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}&quantity=6")
    other = world.phone(shop)
    await other.sign_in(await world.person("李雷"))
    await other.buy(shop.apple, 7)

    refused = await shopper.post("/checkout", form)

    assert refused.status_code == 409
    assert refused.text.count("库存不足，还剩 3 件") == 2
    assert "没有一家门店备齐这些商品" in refused.text
    assert await stock_of(database, shop, shop.apple) == (10, 7)
    assert len(await order_ids(database, shop)) == 1


async def test_what_was_taken_off_the_shelf_meanwhile_leaves_the_order(database, shop, shopper):
    await shopper.add(shop.apple)
    await shopper.add(shop.milk)
    form = await shopper.checkout_form()
    await take_off_shelf(database, shop, shop.apple)

    refused = await shopper.post("/checkout", form)
    accepted = await shopper.post("/checkout", form_of(refused.text))

    assert refused.status_code == 409
    assert "有商品刚刚下架" in refused.text
    assert accepted.status_code == 303
    async with database.begin(shop.merchant) as uow:
        (order,) = (await orders.listing(uow)).items
    assert order.total == 680


async def test_the_only_thing_taken_off_the_shelf_is_refused(database, shop, shopper):
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}")
    await take_off_shelf(database, shop, shop.apple)

    refused = await shopper.post("/checkout", form)

    assert refused.status_code == 409
    assert await order_ids(database, shop) == []


async def test_a_store_that_has_everything_is_chosen_and_the_other_cannot_be(database, shop, shopper):
    async with database.begin(shop.merchant) as uow:
        full = await stores.add(uow, stores.NewStore(code="S2", name="二店", address="二路 2 号"))
        await inventory.receive(uow, [inventory.Pieces(full.id, shop.apple, 50)])
    await shopper.get("/stores/mine")

    page = (await shopper.get(f"/checkout?sku={shop.apple}&quantity=11")).text

    assert form_of(page)["store_id"] == str(full.id)
    assert f'value="{shop.store_id}" disabled' in page
    assert "一店备不齐这些商品" in page
    assert "缺货：红富士苹果（剩 10 件）" in page


@pytest.mark.parametrize("lines", ["", "nonsense", "a*b", f"{UUID(int=7)}*0", f"{UUID(int=7)}"])
async def test_a_form_with_impossible_lines_is_refused(database, shop, shopper, lines):
    form = await shopper.checkout_form(f"/checkout?sku={shop.apple}")

    refused = await shopper.post("/checkout", {**form, "lines": lines})

    assert refused.status_code in {409, 422}
    assert await order_ids(database, shop) == []


async def test_an_empty_cart_has_nothing_to_check_out(shopper):
    answer = await shopper.get("/checkout")

    assert (answer.status_code, answer.headers["location"]) == (303, f"{shopper.root}/cart")


async def test_paying_leads_to_the_pickup_code(database, shop, shopper):
    order_id = await shopper.buy(shop.apple, 2)
    page = await shopper.get(f"/pay/{order_id}")
    before = (await shopper.get(f"/pay/{order_id}/state", accept="application/json")).json()
    await shopper.pay(order_id)

    after = (await shopper.get(f"/pay/{order_id}/state", accept="application/json")).json()
    order = (await shopper.get(f"/orders/{order_id}")).text
    facts = (await shopper.get(f"/pay/{order_id}/facts")).text

    async with database.begin(shop.merchant) as uow:
        code = (await orders.find(uow, UUID(order_id))).pickup_code
    assert "<b>25</b><i>.80</i>" in page.text
    assert "data-until=" in page.text
    assert before == {"state": "unpaid", "is_final": False, "go": f"{shopper.root}/orders/{order_id}"}
    assert after == {"state": "paid", "is_final": True, "go": f"{shopper.root}/orders/{order_id}"}
    assert f"{code[:4]} {code[4:]}" in order
    assert 'class="qr"' in order
    assert "支付成功" in facts
    assert (await shopper.get(f"/pay/{order_id}")).headers["location"] == f"{shopper.root}/orders/{order_id}"


async def test_a_payment_whose_notice_was_lost_is_found_by_asking(database, shop, shopper):
    order_id = await shopper.buy(shop.apple)
    await shopper.pay(order_id, callback="drop")
    unpaid = await state_of(database, shop, UUID(order_id))

    said = (await shopper.get(f"/pay/{order_id}/state", accept="application/json")).json()

    assert (unpaid, said["state"]) == ("unpaid", "paid")
    assert await state_of(database, shop, UUID(order_id)) == "paid"


async def test_the_cashier_gets_wechats_own_parameters(shop, shopper):
    order_id = await shopper.buy(shop.apple)

    begun = await shopper.post(f"/pay/{order_id}/begin", accept="application/json")

    assert set(begun.json()) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert begun.json()["signType"] == "RSA"


async def test_the_sandbox_may_script_the_pay_page_and_no_other(shop, shopper, world):
    order_id = await shopper.buy(shop.apple)

    pay, order = await shopper.get(f"/pay/{order_id}"), await shopper.get(f"/orders/{order_id}")

    address = world.settings.sandbox_url
    assert f'<script src="{address}/bridge.js"' in pay.text
    assert f"script-src 'self' {address}" in pay.headers["content-security-policy"]
    assert address not in order.headers["content-security-policy"]


async def test_somebody_without_wechat_is_asked_to_link_it_before_paying(database, shop, world, phone):
    async with database.begin(shop.merchant) as uow:
        person = await customers.sign_in_as(
            uow, [("phone", "13800138000")], nickname="电话", first_door_id=None, channel="phone"
        )
        session = await sessions.sign_in(
            uow,
            kind="customer",
            subject_id=person.customer_id,
            name="电话",
            permissions=frozenset({"shopper:self"}),
            days=1,
        )
    phone.client.cookies.set(f"siyu_customer_{shop.merchant.slug}", session.token)
    order_id = await phone.buy(shop.apple)

    page = await phone.get(f"/pay/{order_id}")
    refused = await phone.post(f"/pay/{order_id}/begin", accept="application/json")
    await phone.sign_in(await world.person(), f"{phone.root}/pay/{order_id}")
    begun = await phone.post(f"/pay/{order_id}/begin", accept="application/json")

    assert "关联微信并付款" in page.text
    assert "data-pay=" not in page.text
    assert (refused.status_code, refused.json()["code"]) == (409, "payments.needs_wechat")
    assert begun.status_code == 200


async def test_cancelling_gives_the_stock_back_and_cannot_be_paid_any_more(database, shop, shopper):
    order_id = await shopper.buy(shop.apple, 4)
    await shopper.post(f"/pay/{order_id}/begin", accept="application/json")

    answer = await shopper.post(f"/pay/{order_id}/cancel")
    late = await shopper.post(f"/pay/{order_id}/begin", accept="application/json")

    assert answer.headers["location"] == f"{shopper.root}/orders/{order_id}"
    assert "你取消了订单" in (await shopper.get(f"/orders/{order_id}")).text
    assert await stock_of(database, shop, shop.apple) == (10, 0)
    assert (late.status_code, late.json()["code"]) == (409, "orders.wrong_state")


async def test_an_order_that_was_paid_cannot_be_cancelled(database, shop, shopper):
    order_id = await shopper.buy(shop.apple, 4)
    await shopper.pay(order_id, callback="drop")

    answer = await shopper.post(f"/pay/{order_id}/cancel")

    assert answer.status_code == 409
    assert await state_of(database, shop, UUID(order_id)) == "paid"
    assert await stock_of(database, shop, shop.apple) == (10, 4)


async def test_an_order_out_of_time_is_not_offered_to_be_paid(shop, shopper):
    order_id = await shopper.buy(shop.apple)
    clock.move_to(timedelta(minutes=31))

    page, order = await shopper.get(f"/pay/{order_id}"), await shopper.get(f"/orders/{order_id}")

    assert page.headers["location"] == f"{shopper.root}/orders/{order_id}"
    assert "付款时间已过" in order.text
    assert "去付款" not in order.text
