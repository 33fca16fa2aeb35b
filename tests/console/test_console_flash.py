"""Flash sales on the console: written down, published, watched, paused and ended."""

import re
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from factories import a_customer
from siyu.goods import inventory
from siyu.kernel import clock, ids
from trade.flash_shop import PRICE, Sale, apples, buy, counts, sweep

ZONE = ZoneInfo("Asia/Shanghai")


def typed(at: datetime) -> str:
    """As a date field sends it."""
    return at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


def a_form(shop, **changes: str) -> dict[str, str]:
    """A session of apples from five minutes ago on."""
    now = clock.now()
    form = {
        "name": "晚八点秒杀",
        "starts_at": typed(now - timedelta(minutes=5)),
        "ends_at": typed(now + timedelta(hours=2)),
        "pay_minutes": "5",
        "sku": str(shop.apple),
        "price": "9.90",
        "quota": "6",
        "store": str(shop.store_id),
        "per_person": "1",
    }
    return {**form, **changes}


async def test_an_empty_list_offers_to_write_one(owner) -> None:
    page = await owner.get("/console/flash")

    assert page.status_code == 200
    assert ("还没有秒杀场次" in page.text, "/flash/new" in page.text) == (True, True)


async def test_a_session_is_written_published_and_watched(database, shop, owner) -> None:
    new = await owner.get("/console/flash/new")
    (here,) = set(re.findall(r'action="/console/[^/]+(/flash/[0-9a-f-]{36})"', new.text))

    saved = await owner.tap(f"/console{here}", a_form(shop))
    assert saved.status_code == 200, saved.text
    sale = Sale(shop, UUID(here.rpartition("/")[2]), database)
    assert await apples(sale) == (10, 0, 0, 10)
    assert (await owner.tap(f"/console{here}/activate")).status_code == 200
    assert await apples(sale) == (10, 0, 6, 4)
    order = await buy(sale, await a_customer(database, shop.merchant))

    page = await owner.get(f"/console{here}")
    part = await owner.get(f"/console{here}/live", **{"hx-request": "true"})
    listed = await owner.get("/console/flash")

    assert order.total == PRICE
    assert ("抢购中" in page.text, "晚八点秒杀" in listed.text) == (True, True)
    assert (part.status_code, "<html" in part.text, 'hx-trigger="every 2s"' in part.text) == (
        200,
        False,
        True,
    )

    assert (await owner.tap(f"/console{here}/pause")).status_code == 200
    assert await apples(sale) == (10, 1, 0, 9)
    assert (await owner.tap(f"/console{here}/activate")).status_code == 200
    assert await apples(sale) == (10, 1, 5, 4)
    assert (await owner.tap(f"/console{here}/end")).status_code == 200
    assert await apples(sale) == (10, 1, 0, 9)
    assert (await owner.tap(f"/console{here}/activate")).status_code == 409
    await sweep(sale)
    assert await apples(sale) == (10, 1, 0, 9)


async def test_a_quota_is_at_most_what_is_free(database, shop, owner) -> None:
    offer_id = ids.new()

    refused = await owner.tap(f"/console/flash/{offer_id}", a_form(shop, quota="11"))

    assert refused.status_code == 422
    assert "只有 10 件可用" in refused.text
    async with database.begin(shop.merchant) as uow:
        assert await uow.one(int, "select count(*) from offers where merchant_id = %(merchant_id)s") == 0


async def test_a_price_above_the_marked_one_and_a_missing_time_are_refused(shop, owner) -> None:
    offer_id = ids.new()

    for wrong in ({"price": "12.91"}, {"ends_at": ""}, {"price": "a lot"}, {"quota": "-1"}, {"sku": "1"}):
        answer = await owner.tap(f"/console/flash/{offer_id}", a_form(shop, **wrong))
        assert answer.status_code == 422, (wrong, answer.text)

    assert (await owner.get(f"/console/flash/{offer_id}")).status_code == 404


async def test_a_short_session_says_so_and_is_filled_up_by_hand(database, shop, owner) -> None:
    offer_id = ids.new()
    sale = Sale(shop, offer_id, database)
    assert (await owner.tap(f"/console/flash/{offer_id}", a_form(shop, quota="10"))).status_code == 200
    async with database.begin(shop.merchant) as uow:
        await inventory.take_out(uow, [inventory.Pieces(shop.store_id, shop.apple, 3)], reason="damaged")
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update offers set state = 'active' where merchant_id = %(merchant_id)s and id = %(id)s",
            id=offer_id,
        )
    await sweep(sale)
    page = await owner.get(f"/console/flash/{offer_id}")
    assert ("红富士苹果 7 / 10" in page.text, await counts(sale)) == (True, (7, 0, 0))

    async with database.begin(shop.merchant) as uow:
        await inventory.receive(uow, [inventory.Pieces(shop.store_id, shop.apple, 5)])
    assert (await owner.tap(f"/console/flash/{offer_id}/top-up")).status_code == 200

    assert (await counts(sale), await apples(sale)) == ((10, 0, 0), (12, 0, 10, 2))


async def test_goods_are_found_and_put_into_the_form(shop, owner) -> None:
    found = await owner.get("/console/flash/pick?q=苹果", **{"hx-request": "true"})
    row = await owner.get(f"/console/flash/row?sku={shop.apple}", **{"hx-request": "true"})

    assert (f"row?sku={shop.apple}" in found.text, f'value="{shop.apple}"' in row.text) == (True, True)
    assert "一店（可用 10 件）" in row.text


async def test_the_stock_page_names_what_is_put_aside(database, shop, owner) -> None:
    offer_id = ids.new()
    await owner.tap(f"/console/flash/{offer_id}", a_form(shop))
    await owner.tap(f"/console/flash/{offer_id}/activate")

    page = await owner.get("/console/stock")

    assert "活动占用" in page.text
    assert '<td class="num soft">6</td>' in page.text


async def test_only_who_may_write_offers_changes_a_session(shop, owner, floor) -> None:
    offer_id = ids.new()
    await owner.tap(f"/console/flash/{offer_id}", a_form(shop))
    stranger = floor.stranger()

    for verb in ("", "/activate", "/pause", "/end", "/clone", "/top-up"):
        answer = await stranger.post(f"/console/flash/{offer_id}{verb}", a_form(shop))
        assert answer.status_code in {303, 401, 403}, verb

    assert "草稿" in (await owner.get(f"/console/flash/{offer_id}")).text
