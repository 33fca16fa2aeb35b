"""Price lists, product sheets, synonyms and levels over HTTP, as staff and shoppers use them."""

from collections.abc import AsyncIterator

import pytest

from console.console_floor import Browser, Floor, console_app
from factories import Shop, a_customer, a_shop
from siyu.goods import catalog, pricing
from siyu.kernel import ids
from siyu.kernel.permissions import STAFF
from siyu.people import customers
from siyu.runtime import audit, sessions
from siyu.runtime.db import Database
from siyu.settings import Settings


@pytest.fixture
async def shop(database: Database, merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


@pytest.fixture
async def floor(database: Database, settings: Settings, shop: Shop) -> AsyncIterator[Floor]:
    floor = Floor(console_app(database, settings), database, shop, settings)
    yield floor
    for client in floor.clients:
        await client.aclose()


@pytest.fixture
async def owner(floor: Floor) -> Browser:
    return await floor.member("owner")


async def a_list(owner: Browser, **form: str) -> str:
    """A list made on its form; its path."""
    list_id = str(ids.new())
    said = {"name": "金卡", "level": "金卡", "priority": "5", "idempotency_key": list_id, **form}
    answer = await owner.tap("/console/prices", said)
    assert answer.status_code == 200, answer.text
    return f"/console/prices/{list_id}"


async def test_a_list_is_made_filled_tested_paused_and_copied(floor, owner):
    path = await a_list(owner)
    await owner.tap(f"{path}/items", {"sku": str(floor.shop.apple), "least": "1", "price": "10.90"})
    picked = await owner.get(f"{path}/pick?q=苹果")
    assert "红富士苹果" in picked.text
    pasted = await owner.post(f"{path}/upload", {"pasted": "APPLE\t10\t9.90\nPEAR\t1\t1\nMILK\t0\t1"})
    assert pasted.status_code == 200
    assert '<td class="num">2</td><td class="mono">PEAR</td><td>没有这个商品编码</td>' in pasted.text
    assert "起购数量需为 1 到 99999 的整数" in pasted.text

    page = (await owner.get(path)).text
    assert 'value="10.90"' in page
    assert 'value="9.90"' in page
    tested = (await owner.get("/console/prices/tester?basket=APPLE+2%0AMILK&level=金卡")).text
    assert "会员价（金卡）" in tested
    assert "-¥4.00" in tested
    other = (await owner.get("/console/prices/tester?basket=APPLE+2")).text
    assert "只给等级“金卡”" in other
    wrong = (await owner.get("/console/prices/tester?basket=NOTHING")).text
    assert "没有编码为 NOTHING 的商品" in wrong

    await owner.tap(f"{path}/copy", {"idempotency_key": str(ids.new())})
    await owner.tap(f"{path}/active", {"is_active": "0"})
    listed = (await owner.get("/console/prices")).text
    assert listed.count("已暂停") == 2
    async with floor.database.begin(floor.shop.merchant) as uow:
        noted = [entry.action for entry in (await audit.listing(uow, audit.Wanted())).items]
    assert {"pricing.save_list", "pricing.set_price", "pricing.copy_list", "pricing.set_active"} <= set(noted)
    exported = await owner.get(f"{path}?export=csv")
    assert "APPLE,10,9.90,红富士苹果" in exported.text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": ""}, "name"),
        ({"priority": "-1"}, "priority"),
        ({"starts_at": "yesterday"}, "starts_at"),
        ({"starts_at": "2026-02-01T00:00", "ends_at": "2026-01-01T00:00"}, "ends_at"),
        ({"customer": "nobody"}, "customer"),
        ({"store": str(ids.new())}, "store"),
    ],
)
async def test_a_form_that_makes_no_sense_is_refused_at_its_field(floor, owner, form, field):
    answer = await owner.tap("/console/prices", {"name": "甲", "idempotency_key": str(ids.new()), **form})

    assert answer.status_code == 422
    assert f'"field": "{field}"' in answer.headers["hx-trigger"]
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await pricing.every(uow) == []


async def test_a_level_given_on_the_customers_page_changes_what_they_pay(floor, owner):
    path = await a_list(owner)
    await owner.tap(f"{path}/items", {"sku": str(floor.shop.apple), "price": "10.90"})
    customer = await a_customer(floor.database, floor.shop.merchant)
    shopper = await floor.shopper(customer)
    async with floor.database.begin(floor.shop.merchant) as uow:
        product = (await catalog.skus_by_code(uow, ["APPLE"]))["APPLE"].product_id
    before = (await shopper.get(f"/shop/product/{product}/prices")).text

    given = await owner.tap(f"/console/customers/{customer}/level", {"level": " 金卡 "})

    assert given.status_code == 200
    assert "10.90" not in before
    assert "10.90" in (await shopper.get(f"/shop/product/{product}/prices")).text
    assert "金卡" in (await owner.get(f"/console/customers/{customer}/level")).text
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert await customers.level_of(uow, customer) == "金卡"
        noted = await audit.listing(uow, audit.Wanted(action="customers.set_level"))
    assert [(entry.before, entry.after) for entry in noted.items] == [({"level": ""}, {"level": "金卡"})]


async def test_a_guide_reads_prices_and_changes_none(floor, owner):
    path = await a_list(owner)
    guide = await floor.member("guide")

    assert (await guide.get(path)).status_code == 200
    assert "加入商品" not in (await guide.get(path)).text
    for refused in (
        f"{path}/items",
        f"{path}/active",
        f"{path}/upload",
        "/console/prices",
        "/console/products/sheets",
    ):
        assert (await guide.tap(refused, {})).status_code == 403


async def test_a_sheet_goes_out_and_comes_in_again(floor, owner):
    out = await owner.get("/console/products/sheets/export?kind=csv")
    assert out.text.splitlines()[0].startswith("\ufeff商品组,商品编码,商品名称")
    assert (await owner.get("/console/products/sheets/template")).content[:2] == b"PK"
    key = str(ids.new())
    changed = out.content.replace("红富士苹果".encode(), "阿克苏苹果".encode()).replace(b"6.80", b"six")

    answer = await owner.tap(
        "/console/products/sheets", {"idempotency_key": key}, {"file": ("商品.csv", changed, "text/csv")}
    )

    assert answer.status_code == 200, answer.text
    page = (await owner.get(f"/console/products/sheets/{key}")).text
    assert "需为金额" in page
    problems = (await owner.get(f"/console/products/sheets/{key}/problems?kind=csv")).text
    assert "3,MILK,售价,six" in problems
    whole = await owner.tap(f"/console/products/sheets/{key}/apply", {"mode": "whole"})
    assert whole.status_code == 422
    job = str(ids.new())
    started = await owner.tap(
        f"/console/products/sheets/{key}/apply", {"mode": "good", "idempotency_key": job}
    )
    assert f"/jobs/{job}" in started.headers["hx-location"]
    assert (await owner.get("/console/products/sheets")).status_code == 200


async def test_a_file_that_is_no_table_is_refused(floor, owner):
    answer = await owner.tap("/console/products/sheets", {}, {"file": ("x.xlsx", b"PK\x03\x04broken", "x/y")})

    assert answer.status_code == 422
    assert (await owner.get("/console/products/sheets")).text.count("待确认") == 0


async def test_synonyms_are_kept_and_help_shoppers(floor, owner):
    group = str(ids.new())
    await owner.tap("/console/products/synonyms", {"idempotency_key": group, "words": "苹果，蛇果"})
    visitor = floor.stranger()

    found = (await visitor.get("/shop/search?q=蛇果")).text
    nothing = (await visitor.get("/shop/search?q=苹果礼盒")).text

    assert "红富士苹果" in found
    assert "没有找到" in nothing
    assert "相近的商品" in nothing
    await owner.tap("/console/products/synonyms", {"group": group, "words": ""})
    assert "红富士苹果" not in (await visitor.get("/shop/search?q=蛇果")).text.replace("相近", "")


async def test_the_products_page_says_why_nothing_is_struck_through(floor, owner):
    async with floor.database.begin(floor.shop.merchant) as uow:
        product = (await catalog.skus_by_code(uow, ["APPLE"]))["APPLE"].product_id

    assert "还没有成交" in (await owner.get(f"/console/products/{product}/reference-price")).text


async def test_lists_and_reasons_over_the_api(floor, database):
    async with database.begin(floor.shop.merchant) as uow:
        key = await sessions.make_key(uow, "test", STAFF)
    list_id, client = ids.new(), floor.stranger().client
    headers = {"authorization": f"Bearer {key.secret}", "accept": "application/json"}
    base = f"/api/v1/{floor.shop.merchant.slug}"

    async def put(path: str, body: object) -> dict:
        answer = await client.put(f"{base}/{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert (await put(f"price-lists/{list_id}", {"name": "优惠"}))["priority"] == 0
    items = [{"sku_id": str(floor.shop.apple), "least": 1, "price": 1_000}]
    assert await put(f"price-lists/{list_id}/items", items) == {"changed": 1}
    assert await put(f"price-lists/{list_id}/items", items) == {"changed": 0}
    listed = await client.get(f"{base}/price-lists/{list_id}/items", headers=headers)
    assert [(item["code"], item["price"], item["marked"]) for item in listed.json()["items"]] == [
        ("APPLE", 1_000, 1_290)
    ]
    told = await client.post(
        f"{base}/price-explanations", json={"lines": [{"code": "APPLE", "quantity": 3}]}, headers=headers
    )
    assert told.status_code == 200, told.text
    (line,) = told.json()["price"]["lines"]
    assert (line["amount"], [(step["code"], step["amount"]) for step in line["steps"]]) == (
        3_000,
        [("price_list", -870)],
    )
    closed = await client.get(f"{base}/price-lists")
    assert closed.status_code == 401
