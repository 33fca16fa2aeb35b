"""Becoming somebody: with WeChat, with a phone; the cart and the doors come along."""

import re
from urllib.parse import unquote
from uuid import UUID

import pytest

from siyu.kernel import ids
from siyu.people import customers
from siyu.place import doors
from siyu.trade import carts

PHONE = "13800138000"


async def people(database, shop):
    async with database.begin(shop.merchant) as uow:
        return (await customers.listing(uow)).items


async def a_door(database, shop, **facts):
    async with database.begin(shop.merchant) as uow:
        wanted = {"name": "货架码", "kind": "store_shelf", "space": "point", "ownership": "owned", **facts}
        return await doors.open_door(uow, doors.NewDoor(**wanted))


async def code_sent_to(world, phone):
    return (await world.sandbox_http.get(f"/sandbox/sms?phone={phone}")).json()[0]["code"]


async def test_a_visitor_who_wants_to_check_out_signs_in_and_comes_back_with_the_cart(world, shop, phone):
    await phone.add(shop.apple, 3)

    offered = await phone.get("/checkout")
    back = await phone.sign_in(await world.person(), f"{phone.root}/checkout")
    checkout = await phone.get(back.headers["location"])

    assert f"/signin?next={phone.root}/checkout" in unquote(offered.text)
    assert back.headers["location"] == f"{phone.root}/checkout"
    assert "红富士苹果" in checkout.text
    assert "<b>38</b><i>.70</i>" in checkout.text


async def test_the_cart_of_a_visitor_leaves_nothing_behind(database, shop, world, phone):
    await phone.add(shop.apple, 3)
    visitor = UUID(phone.client.cookies["siyu_visitor"])
    await phone.sign_in(await world.person())
    await phone.get("/cart")

    async with database.begin(shop.merchant) as uow:
        left = await carts.count(uow, carts.visitors_cart(visitor))
    assert left == 0
    assert ">3</span>" in (await phone.get("/cart/count")).text


async def test_the_box_of_the_privacy_notice_is_never_ticked_and_must_be(world, phone):
    page = (await phone.get("/signin")).text
    refused = await phone.get("/signin/wechat?next=")

    assert re.findall(r'name="agree" value="1"([^>]*)>', page) == [" required", " required"]
    assert refused.status_code == 303
    assert refused.headers["location"].startswith(f"{phone.root}/signin?")


async def test_signing_in_records_the_agreement_with_its_version(database, shop, world, phone):
    await phone.sign_in(await world.person())

    (person,) = await people(database, shop)
    async with database.begin(shop.merchant) as uow:
        (consent,) = await customers.consents_of(uow, person.id)
    assert (consent.purpose, consent.is_given, consent.text_version, consent.channel) == (
        "service",
        True,
        customers.CONSENT_VERSION,
        "wechat",
    )


async def test_the_door_a_visitor_came_through_first_is_theirs_for_ever(database, shop, world, phone):
    first, second = await a_door(database, shop), await a_door(database, shop, name="海报")
    await phone.get(f"/d/{shop.merchant.slug}/{first.code}")
    await phone.get(f"/d/{shop.merchant.slug}/{second.code}")

    await phone.sign_in(await world.person())

    (person,) = await people(database, shop)
    async with database.begin(shop.merchant) as uow:
        touches = await doors.touches_of_customer(uow, person.id)
    assert person.first_door_name == "货架码"
    assert [touch.door_name for touch in touches] == ["海报", "货架码"]


async def test_the_same_person_is_recognised_again(database, shop, world):
    openid = await world.person()
    for _ in range(2):
        await world.phone(shop).sign_in(openid)

    assert len(await people(database, shop)) == 1


async def test_a_sign_in_that_this_browser_did_not_begin_is_refused(database, shop, world, phone):
    thief = world.phone(shop)
    asked = await thief.get("/signin/wechat?agree=1")
    back = await world.sandbox_http.get(
        asked.headers["location"].split("#")[0] + f"&as={await world.person()}"
    )

    answer = await phone.get(back.headers["location"])

    assert answer.status_code == 400
    assert "登录已过期" in answer.text
    assert "siyu_customer_" not in str(phone.client.cookies)
    assert await people(database, shop) == []


async def test_a_code_of_wechat_works_once(shop, world, phone):
    asked = await phone.get("/signin/wechat?agree=1")
    back = await world.sandbox_http.get(
        asked.headers["location"].split("#")[0] + f"&as={await world.person()}"
    )
    await phone.get(back.headers["location"])

    again = await phone.get(back.headers["location"])

    assert again.status_code == 400


async def test_a_snapshot_visitor_gets_no_account_and_is_told(database, shop, world, phone):
    await world.sandbox_http.post("/sandbox/flags", json={"is_visitor_snapshot": True})
    answer = await phone.sign_in(await world.person())

    assert answer.status_code == 401
    assert "微信登录没有成功" in answer.text
    assert "微信登录" in answer.text
    assert await people(database, shop) == []


async def test_nobody_is_sent_away_after_signing_in(world, phone):
    back = await phone.sign_in(await world.person(), "https://evil.example")

    assert back.headers["location"] == phone.root


async def test_a_phone_signs_in_with_the_code_that_was_texted(database, shop, world, phone):
    sent = await phone.tap("/signin/code", {"phone": "138 0013 8000", "agree": "1"})
    code = await code_sent_to(world, PHONE)

    answer = await phone.post(
        "/signin/phone", {"phone": PHONE, "code": code, "agree": "1", "next": f"{phone.root}/me"}
    )

    assert sent.status_code == 200
    assert "disabled" in sent.text
    assert (answer.status_code, answer.headers["location"]) == (303, f"{phone.root}/me")
    assert "138****8000" in (await phone.get("/me")).text
    assert len(await people(database, shop)) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code": "000000x"}, "验证码不正确或已过期"),
        ({"phone": "123"}, "请输入 11 位手机号"),
        ({"agree": ""}, "请先阅读并同意隐私说明"),
    ],
)
async def test_a_phone_sign_in_that_is_refused_says_why_and_signs_nobody_in(
    database, shop, world, phone, changes, said
):
    await phone.tap("/signin/code", {"phone": PHONE, "agree": "1"})
    form = {"phone": PHONE, "code": await code_sent_to(world, PHONE), "agree": "1", **changes}

    answer = await phone.post("/signin/phone", form)

    assert answer.status_code in {401, 422}
    assert said in answer.text
    assert await people(database, shop) == []


async def test_no_code_is_sent_before_the_notice_is_accepted(world, phone):
    answer = await phone.tap("/signin/code", {"phone": PHONE})

    assert answer.status_code == 422
    assert (await world.sandbox_http.get(f"/sandbox/sms?phone={PHONE}")).json() == []


async def test_a_second_code_within_a_minute_is_refused(world, phone):
    await phone.tap("/signin/code", {"phone": PHONE, "agree": "1"})
    answer = await phone.tap("/signin/code", {"phone": PHONE, "agree": "1"})

    assert answer.status_code == 429
    assert len((await world.sandbox_http.get(f"/sandbox/sms?phone={PHONE}")).json()) == 1


async def test_a_signed_in_shopper_adds_a_phone(world, shopper):
    await shopper.tap("/signin/code", {"phone": PHONE})
    answer = await shopper.post("/me/phone", {"phone": PHONE, "code": await code_sent_to(world, PHONE)})

    assert answer.status_code == 303
    assert "138****8000" in (await shopper.get("/me")).text


async def test_a_phone_of_somebody_else_cannot_be_added(database, shop, world, shopper):
    async with database.begin(shop.merchant) as uow:
        await customers.sign_in_as(
            uow, [("phone", PHONE)], nickname="别人", first_door_id=None, channel="phone"
        )
    await shopper.tap("/signin/code", {"phone": PHONE})

    answer = await shopper.post("/me/phone", {"phone": PHONE, "code": await code_sent_to(world, PHONE)})

    assert answer.status_code == 409
    assert "这个手机号已属于另一位顾客" in answer.text
    assert "138****8000" not in (await shopper.get("/me")).text


async def test_somebody_who_came_by_phone_adds_wechat_to_the_same_account(database, shop, world, phone):
    await phone.tap("/signin/code", {"phone": PHONE, "agree": "1"})
    await phone.post(
        "/signin/phone", {"phone": PHONE, "code": await code_sent_to(world, PHONE), "agree": "1"}
    )

    await phone.sign_in(await world.person(), f"{phone.root}/me")

    (person,) = await people(database, shop)
    assert set(person.identity_kinds) == {"phone", "wechat_openid", "wechat_unionid"}


async def test_signing_out_ends_the_session_on_the_server_too(shopper):
    cookie = next(name for name in shopper.client.cookies if name.startswith("siyu_customer_"))
    token = shopper.client.cookies[cookie]

    await shopper.post("/signout")
    after = await shopper.get("/orders")
    shopper.client.cookies.set(cookie, token)
    stolen = await shopper.get("/orders")

    assert (after.status_code, stolen.status_code) == (303, 303)
    assert "/signin" in stolen.headers["location"]


async def test_consents_are_off_until_given_and_each_change_is_one_tap(database, shop, shopper):
    before = (await shopper.get("/me")).text
    given = await shopper.tap("/me/consents", {"purpose": "marketing", "given": "1"})
    withdrawn = await shopper.tap("/me/consents", {"purpose": "marketing"})
    odd = await shopper.tap("/me/consents", {"purpose": "service"})

    (person,) = await people(database, shop)
    async with database.begin(shop.merchant) as uow:
        ledger = await customers.consents_of(uow, person.id)
    assert re.findall(r'name="given" value="1"([^>]*)>', before) == ["", ""]
    assert (given.status_code, withdrawn.status_code, odd.status_code) == (200, 200, 422)
    assert [(c.purpose, c.is_given) for c in ledger] == [
        ("marketing", False),
        ("marketing", True),
        ("service", True),
    ]


async def test_a_form_without_its_token_changes_nothing(database, shop, shopper):
    answer = await shopper.client.post(
        f"{shopper.root}/me/consents", data={"purpose": "marketing", "given": "1"}
    )

    (person,) = await people(database, shop)
    async with database.begin(shop.merchant) as uow:
        ledger = await customers.consents_of(uow, person.id)
    assert answer.status_code == 403
    assert [c.purpose for c in ledger] == ["service"]


async def test_a_door_leads_to_its_page_and_leaves_one_touch(database, shop, phone):
    door = await a_door(database, shop, target="category")
    scanned = [await phone.get(f"/d/{shop.merchant.slug}/{door.code}") for _ in range(2)]

    async with database.begin(shop.merchant) as uow:
        (report,) = await doors.reports(uow)
    assert [(s.status_code, s.headers["location"]) for s in scanned] == [(303, f"{phone.root}/category")] * 2
    assert report.scans == 1


@pytest.mark.parametrize(
    ("to", "path"),
    [
        ("product/0190", "/product/0190"),
        ("category", "/category"),
        ("//evil.example", ""),
        ("../console", ""),
        ("https:evil", ""),
    ],
)
async def test_a_shared_link_may_name_a_page_of_the_shop_only(database, shop, phone, to, path):
    door = await a_door(database, shop)

    scanned = await phone.get(f"/d/{shop.merchant.slug}/{door.code}?to={to}")

    assert scanned.headers["location"] == phone.root + path


async def test_a_closed_door_leads_home_with_a_word_and_no_touch(database, shop, phone):
    door = await a_door(database, shop)
    async with database.begin(shop.merchant) as uow:
        await uow.run("update doors set is_open = false where merchant_id = %(merchant_id)s")

    scanned = await phone.get(f"/d/{shop.merchant.slug}/{door.code}")
    home = await phone.get(scanned.headers["location"])

    assert scanned.status_code == 303
    assert "这个入口已关闭" in home.text
    async with database.begin(shop.merchant) as uow:
        assert [report.scans for report in await doors.reports(uow)] == [0]


async def test_an_unknown_code_is_not_found(shop, phone):
    assert (await phone.get(f"/d/{shop.merchant.slug}/NOSUCH")).status_code == 404
    assert (await phone.get(f"/d/{shop.merchant.slug}/NOSUCH/qr.svg")).status_code == 404


async def test_the_picture_of_a_door_is_an_svg_of_its_own(database, shop, phone):
    door = await a_door(database, shop)

    picture = await phone.get(f"/d/{shop.merchant.slug}/{door.code}/qr.svg")

    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert 'xmlns="http://www.w3.org/2000/svg"' in picture.text


async def test_another_merchants_session_opens_nothing_here(database, shop, world, shopper, new_shop):
    elsewhere = await new_shop()
    token = next(v for name, v in shopper.client.cookies.items() if name.startswith("siyu_customer_"))
    shopper.client.cookies.set(f"siyu_customer_{elsewhere.slug}", token)

    answer = await shopper.get(f"/shop/{elsewhere.slug}/orders/{ids.new()}")

    assert answer.status_code == 303
    assert "/signin" in answer.headers["location"]
