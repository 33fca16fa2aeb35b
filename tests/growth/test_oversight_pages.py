"""The risks page and the books as a manager sees them: over HTTP, and in a real browser at 1440 px in both languages."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from console.console_floor import PASSWORD, Browser, Floor, console_app, field_of
from console.test_console_browser import CONSOLE, browsing
from factories import Shop, a_shop
from growth.commission_shop import ANNA, a_plan, a_promoter, bought, ripe, work
from siyu.goods import catalog
from siyu.growth import oversight
from siyu.kernel import clock
from siyu.money import ledger
from siyu.people import staff
from siyu.runtime import jobs
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings

PICTURES = Path(__file__).parents[2] / "artifacts" / "oversight"


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=200)


@pytest.fixture
async def floor(database: Database, settings: Settings, shop: Shop) -> AsyncIterator[Floor]:
    floor = Floor(console_app(database, settings), database, shop, settings)
    yield floor
    for client in floor.clients:
        await client.aclose()


async def with_risks(database: Database, shop: Shop) -> None:
    """A product that promises an income, another with a claim, and figures."""
    await a_plan(database, shop)
    promoter = await a_promoter(database, shop)
    await ripe(database, shop, promoter, apples=3)
    await bought(database, shop, promoter, apples=1)
    await work(database, shop)
    async with database.begin(shop.merchant, ANNA) as uow:
        prices = await catalog.prices(uow, [shop.apple, shop.milk])
        for sku, text in ((shop.apple, "分享就能躺 赚"), (shop.milk, "全网最低价")):
            await uow.run(
                "update products set description = %(text)s where merchant_id = %(merchant_id)s and id = %(id)s",
                text=text,
                id=prices[sku].product_id,
            )
        await oversight.look(uow)
        await oversight.read_texts(uow)
        await ledger.prove(uow)
    while await jobs.run_step(database, shop.merchant, oversight.JOBS):
        pass


async def test_risks_are_shown_with_rule_field_and_fix_and_a_warning_can_be_answered_for(
    floor: Floor, database: Database, shop: Shop
) -> None:
    await with_risks(database, shop)
    owner = await floor.member("owner")
    page = (await owner.get("/console/risks")).text
    for said in ("D-10", "“躺 赚”（躺赚）属于传销或收益承诺用语。", "描述", "PR-07", "只能改正"):
        assert said in page
    async with database.begin(shop.merchant) as uow:
        risks = {risk.rule: risk for risk in (await oversight.risks(uow)).items}

    key = field_of(page, "idempotency_key")
    said = {"idempotency_key": key, "reason": "有比价记录", "days": "7"}
    refused = await owner.post(f"/console/risks/{risks['D-10'].id}/override", said)
    assert refused.status_code == 409
    assert (await owner.post(f"/console/risks/{risks['PR-07'].id}/override", said)).status_code == 303
    page = (await owner.get("/console/risks")).text
    assert "有比价记录" in page
    english = (await owner.get("/console/risks?lang=en")).text
    assert "speaks of recruiting, fees, teams or promised income." in english


async def test_the_check_is_started_from_the_page_and_thresholds_are_kept(
    floor: Floor, database: Database, shop: Shop
) -> None:
    owner = await floor.member("owner")
    started = await owner.post("/console/risks/check")
    assert started.status_code == 303
    assert "/jobs/" in started.headers["location"]
    figures = await owner.get("/console/risks?tab=figures")
    assert "提醒阈值" in figures.text
    form = {"idle_bps": "40", "idle_least": "5", "own_bps": "5", "refund_bps": "20", "refund_least": "3", "concentration_bps": "60", "concentration_least": "9", "velocity": "30", "window_days": "14"}  # fmt: skip
    assert (await owner.post("/console/risks/thresholds", form)).status_code == 303
    async with database.begin(shop.merchant) as uow:
        kept = await oversight.settings(uow)
    assert kept == oversight.Settings(4_000, 5, 500, 2_000, 3, 6_000, 9, 30, 14)
    wrong = await owner.post("/console/risks/thresholds", form | {"velocity": "1"})
    assert wrong.status_code == 422
    rules = (await owner.get("/console/risks?tab=rules")).text
    assert rules.count("D-") >= 12


async def test_a_guide_neither_sees_nor_answers_for_risks(floor: Floor) -> None:
    guide: Browser = await floor.member("guide")
    assert (await guide.get("/console/risks")).status_code == 403
    assert (await guide.post("/console/risks/check")).status_code == 403


@pytest.mark.browser
async def test_every_page_stands_in_a_browser_in_both_languages(
    floor: Floor, database: Database, shop: Shop
) -> None:
    await with_risks(database, shop)
    clock.move_to(clock.offset() + timedelta(days=1, hours=2))
    await oversight.SWEEPS[1].run(database, shop.merchant)
    await oversight.SWEEPS[0].run(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await staff.add(uow, login="owner", name="陈店长", role="owner", password=PASSWORD)
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with browsing(floor, "owner", "console", CONSOLE) as seen:
        for language in ("zh-CN", "en"):
            for name, path in PAGES.items():
                mark = "&" if "?" in path else "?"
                await seen.go(f"{path}{mark}lang={language}")
                await seen.page.screenshot(path=PICTURES / f"{name}-{language}.png", full_page=True)
                width = await seen.page.evaluate("document.documentElement.scrollWidth")
                assert width <= CONSOLE[0], name
        assert seen.complaints == []


PAGES = {
    "risks": "/risks",
    "figures": "/risks?tab=figures",
    "rules": "/risks?tab=rules",
    "ledger": "/ledger",
    "account": "/ledger/gateway:wxpay",
    "balance": "/ledger/balance",
    "holds": "/ledger/holds",
    "vouchers": "/ledger/vouchers",
}
