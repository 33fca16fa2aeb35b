"""Buying without signing in, finding the order again, and signing in later."""

import asyncio

import pytest

from shop.checkout_forms import (
    CONTACT,
    WRITTEN,
    all_orders,
    customer_of,
    guest_form,
    preview,
    send_everything,
)
from shop.shop_browser import form_of
from siyu.people import customers
from siyu.runtime.edge import cookie_of
from siyu.trade import carts


@pytest.fixture
async def sending(database, shop):
    return await send_everything(database, shop)


# Guests ---------------------------------------------------------------------------------------------


async def test_a_visitor_buys_with_name_and_phone_and_sees_the_order(database, shop, phone):
    form = await guest_form(phone, shop.apple, 2)

    placed = await phone.post("/checkout", {**form, **CONTACT})
    page = await phone.get("/orders")

    assert placed.status_code == 303, placed.text
    (order,) = await all_orders(database, shop)
    assert order.number in page.text or "红富士苹果" in page.text
    async with database.begin(shop.merchant) as uow:
        assert order.customer_id is not None
        guest = await customers.guest_of(uow, order.customer_id)
        consents = await customers.consents_of(uow, order.customer_id)
    assert guest is not None
    assert (guest.name, guest.phone) == ("林小满", "13800000000")
    assert [(one.purpose, one.is_given) for one in consents] == [("service", True)]


async def test_two_taps_of_a_guest_are_one_guest_and_one_order(database, shop, phone):
    form = {**await guest_form(phone, shop.apple), **CONTACT}

    first, second = await asyncio.gather(phone.post("/checkout", form), phone.post("/checkout", form))

    assert first.headers["location"] == second.headers["location"]
    assert len(await all_orders(database, shop)) == 1
    async with database.begin(shop.merchant) as uow:
        assert len((await customers.listing(uow)).items) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agree": ""}, "请先阅读并同意隐私说明"),
        ({"phone": "123"}, "请填写 11 位手机号"),
        ({"name": ""}, "请填写收货人姓名"),
        ({"website": "http://spam"}, "请核对后再提交一次"),
        ({"shown": "1.deadbeef"}, "请核对后再提交一次"),
    ],
)
async def test_a_guest_who_leaves_something_out_orders_nothing(database, shop, phone, changes, said):
    form = {**await guest_form(phone, shop.apple), **CONTACT}

    refused = await phone.post("/checkout", {**form, **changes})

    assert refused.status_code == 422
    assert said in refused.text
    assert await all_orders(database, shop) == []
    async with database.begin(shop.merchant) as uow:
        assert (await customers.listing(uow)).items == []


async def test_a_form_sent_faster_than_a_person_can_is_refused(database, shop, phone):
    form = await phone.checkout_form(f"/checkout?sku={shop.apple}")

    refused = await phone.post("/checkout", {**form, **CONTACT})

    assert refused.status_code == 422
    assert await all_orders(database, shop) == []


async def test_a_browser_that_tries_too_often_is_told_to_wait(database, shop, phone, world):
    form = {**await guest_form(phone, shop.apple), **CONTACT, "phone": "1"}
    answers = [await phone.post("/checkout", form) for _ in range(world.settings.guests_per_hour + 1)]

    assert [answer.status_code for answer in answers] == [422] * world.settings.guests_per_hour + [429]
    assert "太频繁" in answers[-1].text
    assert await all_orders(database, shop) == []


async def test_a_guest_finds_the_order_again_from_another_browser(database, shop, phone, world):
    await phone.post("/checkout", {**await guest_form(phone, shop.apple), **CONTACT})
    (order,) = await all_orders(database, shop)
    other = world.phone(shop)

    wrong = await other.post("/find-order", {"number": order.number, "phone": "13900000000"})
    found = await other.post("/find-order", {"number": order.number, "phone": "138 0000 0000"})
    page = await other.get(found.headers["location"])

    assert (wrong.status_code, "没有找到这个订单" in wrong.text) == (404, True)
    assert found.headers["location"] == f"{other.root}/orders/{order.id}"
    assert order.number in page.text


async def test_looking_for_orders_again_and_again_is_refused(shop, phone, world):
    tries = world.settings.lookups_per_hour
    answers = [
        await phone.post("/find-order", {"number": "1", "phone": "13700000000"}) for _ in range(tries + 1)
    ]

    assert [answer.status_code for answer in answers] == [404] * tries + [429]


async def test_the_order_of_somebody_with_an_account_is_not_found_by_phone(database, shop, shopper, world):
    await shopper.buy(shop.apple)
    (order,) = await all_orders(database, shop)

    answer = await world.phone(shop).post("/find-order", {"number": order.number, "phone": "13800000000"})

    assert answer.status_code == 404


async def test_a_guest_who_signs_in_as_somebody_new_keeps_the_order(database, shop, phone, world):
    await phone.post("/checkout", {**await guest_form(phone, shop.apple), **CONTACT})
    (order,) = await all_orders(database, shop)

    await phone.sign_in(await world.person(), f"{phone.root}/orders")
    page = await phone.get(f"/orders/{order.id}")
    lost = await world.phone(shop).post("/find-order", {"number": order.number, "phone": "13800000000"})

    async with database.begin(shop.merchant) as uow:
        assert order.customer_id is not None
        assert await customers.guest_of(uow, order.customer_id) is None
        assert await customers.openid_of(uow, order.customer_id) is not None
        assert len((await customers.listing(uow)).items) == 1
    assert page.status_code == 200
    assert lost.status_code == 404, "whoever signed in is found by signing in"


async def test_a_guest_who_is_known_signs_in_as_themselves_and_the_cart_follows(database, shop, phone, world):
    person = await world.person()
    before = world.phone(shop)
    await before.sign_in(person)
    known = await customer_of(database, shop)
    await phone.post("/checkout", {**await guest_form(phone, shop.apple), **CONTACT})
    (order,) = await all_orders(database, shop)
    await phone.add(shop.milk, 2)

    await phone.sign_in(person, f"{phone.root}/cart")

    async with database.begin(shop.merchant) as uow:
        facts = await uow.all(
            dict,
            "select data from events where merchant_id = %(merchant_id)s and kind = 'people.guest_recognised'",
        )
        assert order.customer_id is not None
        assert await customers.guest_of(uow, order.customer_id) is not None, "the order stays with the guest"
    assert [(fact["guest_id"], fact["customer_id"]) for fact in facts] == [
        (str(order.customer_id), str(known))
    ]
    async with database.begin(shop.merchant) as uow:
        await carts.merge(uow, order.customer_id, known)
    assert "鲜牛奶" in (await phone.get("/cart")).text
    assert (await phone.get(f"/orders/{order.id}")).status_code == 404


async def test_a_form_of_before_the_sign_in_opens_no_account(database, shop, phone, world):
    form = {**await guest_form(phone, shop.apple), **CONTACT}
    await phone.post("/checkout", form)
    await phone.sign_in(await world.person())
    await phone.post("/signout")

    again = await phone.post("/checkout", form)

    assert again.status_code == 409
    assert cookie_of("customer", shop.merchant.slug) not in phone.client.cookies
    assert len(await all_orders(database, shop)) == 1


async def test_a_guests_parcel_takes_name_and_phone_from_the_address(database, sending, phone):
    form = {**await guest_form(phone, sending.apple), **WRITTEN, "delivery": "express", "agree": "1"}
    page = await preview(phone, form)

    placed = await phone.post("/checkout", {**form, **form_of(page)})

    assert placed.status_code == 303, placed.text
    (order,) = await all_orders(database, sending)
    async with database.begin(sending.merchant) as uow:
        assert order.customer_id is not None
        guest = await customers.guest_of(uow, order.customer_id)
    assert guest is not None
    assert guest.phone == "13800000000"
