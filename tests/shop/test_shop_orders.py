"""A shopper's own orders afterwards, and what nobody else may see of them."""

from uuid import UUID, uuid4

from factories import a_shop, state_of
from siyu.goods import catalog
from siyu.kernel import ids
from siyu.trade import carts, orders, payments


async def take_off_shelf(database, shop, sku):
    async with database.begin(shop.merchant) as uow:
        product = (await catalog.prices(uow, [sku]))[sku].product_id
        await catalog.set_shelf(uow, product, is_on_shelf=False)


async def test_goods_that_were_handed_over_are_confirmed_by_the_buyer(database, shop, shopper):
    order_id = await shopper.buy(shop.apple)
    await shopper.pay(order_id, callback="drop")
    await shopper.get(f"/pay/{order_id}/state", accept="application/json")
    too_early = await shopper.post(f"/orders/{order_id}/received")
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [UUID(order_id)])

    page = (await shopper.get(f"/orders/{order_id}")).text
    answer = await shopper.post(f"/orders/{order_id}/received")

    assert too_early.status_code == 409
    assert "确认收货" in page
    assert 'class="qr"' not in page
    assert answer.status_code == 303
    assert await state_of(database, shop, UUID(order_id)) == "received"


async def test_what_was_refunded_is_said_at_its_line(database, shop, shopper):
    order_id = await shopper.buy(shop.apple, 3)
    await shopper.pay(order_id, callback="drop")
    await shopper.get(f"/pay/{order_id}/state", accept="application/json")
    request = payments.RequestRefund(ids.new(), UUID(order_id), ((1, 1),), "磕碰了")
    async with database.begin(shop.merchant) as uow:
        await payments.request_refund(uow, request)

    order, facts = await shopper.get(f"/orders/{order_id}"), await shopper.get(f"/pay/{order_id}/facts")

    assert "已退 1 件，¥12.90" in order.text
    assert "¥12.90 · 退款已提交" in facts.text
    assert "磕碰了" in facts.text


async def test_ordering_again_fills_the_cart_with_what_is_still_sold(database, shop, shopper):
    await shopper.add(shop.apple, 2)
    await shopper.add(shop.milk, 1)
    placed = await shopper.post("/checkout", await shopper.checkout_form())
    order_id = placed.headers["location"].rpartition("/")[2]
    await take_off_shelf(database, shop, shop.milk)

    answer = await shopper.post(f"/orders/{order_id}/again")

    cart = (await shopper.get("/cart")).text
    assert answer.headers["location"] == f"{shopper.root}/cart"
    assert "红富士苹果" in cart
    assert "鲜牛奶" not in cart


async def test_the_orders_of_somebody_else_do_not_exist(database, shop, shopper, world):
    order_id = await shopper.buy(shop.apple)
    other = world.phone(shop)
    await other.sign_in(await world.person("李雷"))

    answers = [
        await other.get(f"/orders/{order_id}"),
        await other.get(f"/pay/{order_id}"),
        await other.get(f"/pay/{order_id}/facts"),
        await other.get(f"/pay/{order_id}/state", accept="application/json"),
        await other.post(f"/pay/{order_id}/begin", accept="application/json"),
        await other.post(f"/pay/{order_id}/cancel"),
        await other.post(f"/orders/{order_id}/received"),
        await other.post(f"/orders/{order_id}/again"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 8
    assert await state_of(database, shop, UUID(order_id)) == "unpaid"
    assert "这里还没有订单" in (await other.get("/orders")).text


async def test_the_list_counts_by_state_and_goes_on_by_cursor(database, shop, shopper, world):
    for _ in range(6):
        await shopper.buy(shop.apple)
        await shopper.buy(shop.milk)

    page = (await shopper.get("/orders")).text
    more = page.partition('class="more" hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    rest = (await shopper.get(more, **{"hx-request": "true"})).text
    shortcuts = (await shopper.get("/orders/shortcuts")).text

    assert (page.count("order-card"), rest.count("order-card")) == (10, 2)
    assert "已经到底了" in rest
    assert "<html" not in rest
    assert '<span class="count">12</span>' in shortcuts
    assert "这里还没有订单" in (await shopper.get("/orders?state=paid")).text


async def test_a_visitors_number_on_the_tab_costs_nothing_without_a_cookie(database, shop, phone):
    answer = await phone.get("/cart/count")

    assert answer.status_code == 200
    assert "siyu_visitor" not in phone.client.cookies
    async with database.begin(shop.merchant) as uow:
        assert await carts.count(uow, carts.visitors_cart(uuid4())) == 0


async def test_nobody_signed_in_sees_no_orders(phone):
    for path in ("/orders", f"/orders/{uuid4()}", f"/pay/{uuid4()}", "/addresses", "/me/phone"):
        answer = await phone.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"{phone.root}/signin?next=")


async def test_shops_do_not_see_each_others_goods(database, shop, phone, new_shop):
    other = await a_shop(database, await new_shop())

    answer = await phone.add(other.apple)

    assert answer.status_code == 409
    assert "购物车还是空的" in (await phone.get("/cart")).text
