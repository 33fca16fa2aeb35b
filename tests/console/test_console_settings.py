"""Keys, failed events, settings in force, stores and the books."""

import re

from console.console_floor import Browser
from factories import a_customer, paid
from siyu.events import DoorScanned
from siyu.kernel import ids
from siyu.people.staff.console import setting_rows
from siyu.place import stores
from siyu.runtime import dead_letters, sessions
from siyu.runtime.worker import Consumer, digest
from siyu.settings import Settings


async def keys_of(floor) -> list[sessions.KeyInfo]:
    async with floor.database.begin(floor.shop.merchant) as uow:
        return await sessions.keys(uow)


async def ask(owner: Browser, secret: str, path: str = "orders"):
    return await owner.client.get(
        f"/api/v1/{owner.slug}/{path}",
        headers={"authorization": f"Bearer {secret}", "accept": "application/json"},
    )


async def test_a_key_is_shown_once_does_what_it_may_and_no_more(floor, owner):
    made = await owner.tap("/console/settings/keys", {"name": "收银系统", "permission": ["orders:read"]})
    secret = re.search(r"sk_[\w-]{43}", made.text)[0]

    assert made.status_code == 200
    assert (await ask(owner, secret)).status_code == 200
    assert (await ask(owner, secret, "customers")).status_code == 403
    (key,) = await keys_of(floor)
    assert (key.name, key.permissions) == ("收银系统", ["orders:read"])
    assert secret not in (await owner.get("/console/settings/keys")).text


async def test_a_revoked_key_stops_working(floor, owner):
    made = await owner.tap("/console/settings/keys", {"name": "收银系统", "permission": ["orders:read"]})
    secret = re.search(r"sk_[\w-]{43}", made.text)[0]
    (key,) = await keys_of(floor)

    assert (await owner.tap(f"/console/settings/keys/{key.id}/revoke")).status_code == 200

    assert (await ask(owner, secret)).status_code == 401


async def test_a_key_needs_a_name_and_a_permission_staff_may_have(floor, owner):
    refused = [
        await owner.tap("/console/settings/keys", {"name": "", "permission": ["orders:read"]}),
        await owner.tap("/console/settings/keys", {"name": "x"}),
        await owner.tap(
            "/console/settings/keys", {"name": "x", "permission": ["shopper:self", "everything"]}
        ),
    ]

    assert [answer.status_code for answer in refused] == [422, 422, 422]
    assert await keys_of(floor) == []


async def test_a_failed_event_waits_for_a_person_and_is_resolved_once(floor, owner):
    async def stumble(uow, events) -> None:
        raise ValueError("cannot digest this")

    async with floor.database.begin(floor.shop.merchant) as uow:
        uow.publish(DoorScanned(touch_id=ids.new(), door_id=ids.new(), visitor_id=ids.new()))
    poison = Consumer("stumbler", (DoorScanned,), stumble)
    while await digest(floor.database, floor.shop.merchant, poison):
        pass

    page = (await owner.get("/console/settings/dead-letters")).text
    assert "ValueError: cannot digest this" in page
    assert "place.scanned" in page
    async with floor.database.begin(floor.shop.merchant) as uow:
        (letter,) = await dead_letters.listing(uow)
    path = f"/console/settings/dead-letters/stumbler/{letter.event_id}/resolve"
    assert (await owner.tap(path)).status_code == 200
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await dead_letters.listing(uow) == []
        (resolved,) = await dead_letters.listing(uow, is_resolved=True)
    assert (await owner.tap(path)).status_code == 200
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await dead_letters.listing(uow, is_resolved=True))[0].resolved_at == resolved.resolved_at
    assert (
        await owner.tap(f"/console/settings/dead-letters/nobody/{letter.event_id}/resolve")
    ).status_code == 404


def test_settings_in_force_hide_every_secret():
    given = Settings(
        secret="hush-1", database_url="postgresql://u:hush-2@h/d", wechat_app_secret="hush-3",
        wxpay_api_v3_key="hush-4", sms_access_key_secret="hush-5", port=9,
    )  # fmt: skip

    rows = {
        name: (value, is_secret, is_changed) for name, value, is_secret, is_changed in setting_rows(given)
    }

    assert rows["SIYU_PORT"] == ("9", False, True)
    assert rows["SIYU_HOST"] == ("127.0.0.1", False, False)
    assert "hush" not in "".join(value for value, *_ in rows.values())
    for name in ("SECRET", "DATABASE_URL", "WECHAT_APP_SECRET", "WXPAY_API_V3_KEY", "SMS_ACCESS_KEY_SECRET"):
        assert rows[f"SIYU_{name}"] == ("", True, True)
    assert set(rows) == {"SIYU_" + name.upper() for name in Settings.__struct_fields__}


async def test_every_page_of_the_settings_is_for_the_owner(floor, owner):
    operator = await floor.member("operator")
    for page in ("", "/stores", "/keys", "/dead-letters", "/runtime"):
        assert (await owner.get(f"/console/settings{page}")).status_code == 200, page
        assert (await operator.get(f"/console/settings{page}")).status_code == 403, page


async def test_a_store_is_added_and_offered_to_forms(floor, owner):
    said = {"code": "S2", "name": "二店", "address": "二路 2 号", "hours": "08:00–21:00", "phone": ""}

    assert (await owner.tap("/console/settings/stores", said)).status_code == 200
    again = await owner.tap("/console/settings/stores", said)
    nameless = await owner.tap("/console/settings/stores", {**said, "code": "S3", "name": ""})

    assert (again.status_code, nameless.status_code) == (422, 422)
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert [(s.code, s.name) for s in await stores.every(uow)] == [("S1", "一店"), ("S2", "二店")]
    choices = (await owner.get(f"/console/stores/choices?empty=1&chosen={floor.shop.store_id}")).text
    assert re.findall(r">([^<]+)</option>", choices) == ["全部门店", "一店", "二店"]
    assert f'value="{floor.shop.store_id}" selected' in choices


async def test_the_books_balance_and_every_account_opens(floor):
    buyer = await a_customer(floor.database, floor.shop.merchant)
    order = await paid(floor.database, floor.shop, buyer, apples=2)
    finance = await floor.member("finance")

    page = (await finance.get("/console/ledger")).text
    assert "账已平" in page
    assert "微信支付账户" in page
    account = (await finance.get("/console/ledger/gateway:wxpay")).text
    assert "¥25.80" in account
    assert f"/orders/{order.id}" in account
    assert (await finance.get("/console/ledger/nothing")).status_code == 404


async def test_pages_are_complete_in_english(floor, owner):
    for page in ("orders", "products", "products/new", "stock", "customers", "doors", "doors/new", "promoters",
                 "commission", "ledger", "settings", "settings/stores", "settings/keys", "settings/dead-letters",
                 "settings/runtime"):  # fmt: skip
        answer = await owner.get(f"/console/{page}?lang=en")
        own_words = {
            "测试店",
            "红富士苹果",
            "鲜牛奶",
            "水果",
            "乳品",
            "一店",
            "一路",
            "号",
            "陈店长",
            "陈",
            "简体中文",
            "简体",
        }
        shown = re.sub(r"<[^>]+>", " ", answer.text.split("<body")[1])
        left = set(re.findall(r"[\u3400-\u9fff]+", shown)) - own_words
        assert left == set(), page
