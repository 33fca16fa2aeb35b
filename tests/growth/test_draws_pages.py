"""Draws as shoppers and staff see them."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from console.console_floor import Floor, console_app, field_of
from factories import Shop, a_customer, a_shop
from siyu.growth import draws
from siyu.growth.draws import forms
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.people import points
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


def form(**changes: str) -> dict[str, str]:
    here = ZoneInfo("Asia/Shanghai")
    return {
        "name": "周年抽奖",
        "starts_at": (clock.now() + timedelta(hours=1)).astimezone(here).strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (clock.now() + timedelta(days=2)).astimezone(here).strftime("%Y-%m-%dT%H:%M"),
        "conditions": "全体顾客",
        "redemption": "立即到账",
        "per_person": "10",
        "ticket_points": "20",
        "order_least": "99",
        "prize_1_name": "大奖",
        "prize_1_what": "points",
        "prize_1_points": "500",
        "prize_1_number": "3",
        "prize_1_value": "50",
        "prize_1_odds": "1.25",
        "prize_1_instead": "3",
        "prize_3_name": "小奖",
        "prize_3_what": "points",
        "prize_3_points": "5",
        "prize_3_number": "1000",
        "prize_3_value": "0.50",
        "prize_3_odds": "40",
    } | changes


async def test_staff_drafts_checks_and_publishes_and_everybody_sees_the_odds_first(
    floor: Floor, shop: Shop
) -> None:
    owner = await floor.member("owner")
    draw_id = ids.new()
    odds = await owner.tap("/console/draws/check", form())
    assert "41.25 %" in odds.text
    saved = await owner.tap(f"/console/draws/{draw_id}", form())
    assert saved.status_code == 200, saved.text
    hidden = await floor.stranger().get(f"/shop/draws/{draw_id}")
    assert hidden.status_code == 404
    published = await owner.tap(f"/console/draws/{draw_id}/publish")
    assert published.status_code == 200, published.text

    page = await floor.stranger().get(f"/shop/draws/{draw_id}")

    assert page.status_code == 200
    assert page.text.index("1.25 %") < page.text.index("draw-stage")
    assert "发完后改发：小奖" in page.text
    assert "58.75 %" in page.text
    async with floor.database.begin(shop.merchant) as uow:
        draw = await draws.find(uow, draw_id)
        (version,) = await draws.versions(uow, draw_id)
    assert [prize.instead for prize in draw.rules.prizes] == [2, None]
    assert draw.rules.order_least == 9_900
    proof = await floor.stranger().get(f"/shop/draws/{draw_id}/proof")
    assert version.hash in proof.text
    assert draw.seed_hash in proof.text


async def test_a_shopper_draws_once_a_tap_and_sees_the_prize(floor: Floor, shop: Shop) -> None:
    owner = await floor.member("owner")
    draw_id = ids.new()
    await owner.tap(f"/console/draws/{draw_id}", form(prize_3_odds="98.75"))
    await owner.tap(f"/console/draws/{draw_id}/publish")
    clock.move_to(timedelta(hours=2))
    customer = await a_customer(floor.database, shop.merchant)
    async with floor.database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, 30, "开业礼")
    shopper = await floor.shopper(customer)
    page = await shopper.get(f"/shop/draws/{draw_id}")
    key = field_of(page.text, "idempotency_key")

    results = [await shopper.tap(f"/shop/draws/{draw_id}/draw", {"idempotency_key": key}) for _ in range(2)]

    assert [result.status_code for result in results] == [200, 200]
    assert "抽中：" in results[0].text
    assert re.sub(r"\s+", "", results[0].text) == re.sub(r"\s+", "", results[1].text)
    async with floor.database.begin(shop.merchant) as uow:
        assert (await draws.find(uow, draw_id)).drawn == 1
    log = await floor.stranger().get(f"/shop/draws/{draw_id}/log")
    rows = list(csv.reader(io.StringIO(log.text.lstrip("\ufeff"))))
    assert rows[0] == ["serial", "place", "hit", "prize", "at"]
    assert rows[1][0] == "1"
    assert str(customer) not in log.text
    winners = await owner.get(f"/console/draws/{draw_id}?export=csv")
    assert str(customer) in winners.text
    console = await owner.get(f"/console/draws/{draw_id}")
    assert "1 / " in console.text


async def test_a_worse_change_is_refused_on_the_console(floor: Floor) -> None:
    owner = await floor.member("owner")
    draw_id = ids.new()
    await owner.tap(f"/console/draws/{draw_id}", form())
    await owner.tap(f"/console/draws/{draw_id}/publish")
    kept = {"per_person": "10", "prize_1_number": "3", "prize_1_odds": "1.25", "prize_2_odds": "40"}
    less = await owner.tap(
        f"/console/draws/{draw_id}/amend", kept | {"prize_2_number": "999", "reason": "少发点"}
    )
    more = await owner.tap(
        f"/console/draws/{draw_id}/amend", kept | {"prize_2_number": "2000", "reason": "加码"}
    )

    assert (less.status_code, more.status_code) == (409, 200)


async def test_a_guide_may_not_draft(floor: Floor, shop: Shop) -> None:
    guide = await floor.member("guide", store_id=shop.store_id)

    refused = await guide.tap(f"/console/draws/{ids.new()}", form())

    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("said", "places"), [("1.25", 12_500), ("100", 1_000_000), ("0.0001", 1), ("5 %", 50_000)]
)
def test_odds_are_read_as_percent(said: str, places: int) -> None:
    assert forms.odds(said, "odds") == places


@pytest.mark.parametrize("said", ["", "0", "100.0001", "1,5", "-1", "1.23456", "٣", "1e1", "nan"])
def test_odds_that_are_none_are_refused(said: str) -> None:
    with pytest.raises(Invalid):
        forms.odds(said, "odds")
