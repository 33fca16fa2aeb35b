"""Item codes as whoever scans and whoever sends goods out see them."""

from collections.abc import AsyncIterator

import pytest

from console.console_floor import Floor, console_app, field_of
from factories import Shop, a_customer, a_shop
from growth.test_item_codes import a_batch, activate, code_in
from siyu.growth import itemcodes
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


@pytest.fixture
async def floor(database: Database, settings: Settings, shop: Shop) -> AsyncIterator[Floor]:
    floor = Floor(console_app(database, settings), database, shop, settings)
    yield floor
    for client in floor.clients:
        await client.aclose()


async def test_a_batch_is_made_sent_out_and_printed_from_the_console(
    floor: Floor, database: Database, shop: Shop
) -> None:
    browser = await floor.member("owner")
    root = "/console/item-codes"
    form = await browser.get(f"{root}/new")
    answer = await browser.post(root, data={
        "id": field_of(form.text, "id"), "name": "秋茶", "quantity": "40", "per_box": "20", "reward": "points",
        "points": "8", "per_day": "3",
    })  # fmt: skip
    here = root + "/" + answer.headers["location"].rsplit("/", 1)[1]
    page = (await browser.get(here)).text
    assert "秋茶" in page
    assert "还没有启用" in page

    answer = await browser.post(
        f"{here}/activate", data={"id": field_of(page, "id"), "unit": "box", "first": "1", "last": "1"}
    )
    assert answer.status_code == 303
    assert "20 – 39" in (await browser.get(here)).text
    file = await browser.post(
        f"{here}/file", data={"what": "inner", "format": "csv", "first": "0", "last": "39"}
    )
    assert len(file.text.split()) == 40
    assert "attachment" in file.headers["content-disposition"]
    assert "下载记录" in (await browser.get(here)).text
    wrong = await browser.post(
        f"{here}/file", data={"what": "inner", "format": "csv", "first": "0", "last": "40"}
    )
    assert wrong.status_code == 422


async def test_whoever_scans_sees_what_it_is_and_redeems_once(
    floor: Floor, database: Database, shop: Shop
) -> None:
    batch = await a_batch(database, shop)
    await activate(database, shop, batch, 0, 9)
    code = await code_in(database, shop, batch, 3)
    stranger, shopper = floor.stranger(), await floor.shopper(await a_customer(database, shop.merchant))
    here = f"/c/{code}"

    seen = await stranger.get(here)
    assert "这是本商家的正品" in seen.text
    assert "登录后领取" in seen.text
    again = await shopper.get(here)
    assert "这是第 2 次扫码" in again.text
    assert "得到 8 积分" in (await shopper.post(f"{here}/redeem", data={})).text
    assert "得到 8 积分" in (await shopper.post(f"{here}/redeem", data={})).text
    assert "你已在" in (await shopper.get(here)).text
    wrong = await stranger.get("/c/NOTACODE")
    assert wrong.status_code == 404
    assert "没有查到这个码" in wrong.text


async def test_the_console_finds_an_item_by_its_code_without_scanning_it(
    floor: Floor, database: Database, shop: Shop
) -> None:
    batch = await a_batch(database, shop)
    code = await code_in(database, shop, batch, 3, "outer")
    browser = await floor.member("owner")

    found = await browser.get(f"/console/item-codes/look?code={itemcodes.shown(code)}")

    assert "秋茶" in found.text
    async with database.begin(shop.merchant) as uow:
        assert await uow.one(int, "select count(*)::int from item_scans") == 0
