"""KOC on the console: who fits and why, assigning, candidates, samples."""

from collections.abc import AsyncIterator

import pytest

from console.console_floor import Floor, console_app, field_of
from factories import Shop, a_customer, a_shop, paid
from growth.affinity_shop import computed, loved
from siyu.growth import affinity
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=1_000)


@pytest.fixture
async def floor(database: Database, settings: Settings, shop: Shop) -> AsyncIterator[Floor]:
    floor = Floor(console_app(database, settings), database, shop, settings)
    yield floor
    for client in floor.clients:
        await client.aclose()


async def test_before_the_first_calculation_the_pages_say_so(floor: Floor) -> None:
    owner = await floor.member("owner")

    page = await owner.get("/console/koc")

    assert "还没有计算过匹配" in page.text
    asked = await owner.tap("/console/koc/runs")
    assert asked.status_code == 200
    assert "正在计算匹配" in (await owner.get("/console/koc")).text


async def test_the_operator_sees_who_fits_a_product_and_why_and_assigns_once(
    floor: Floor, database: Database, shop: Shop
) -> None:
    people = await loved(database, shop)
    await computed(database, shop)
    operator = await floor.member("operator")
    listed = await operator.get("/console/koc/products")
    assert "果姐" in listed.text
    page = await operator.get(f"/console/koc/products/{people.apple}")
    assert "自己复购 2 次" in page.text
    assert "带来的顾客 100% 买过这件（2 / 2）" in page.text
    assert "同类退货率 0%" in page.text
    form = {
        "promoter_id": str(people.fruit.id),
        "idempotency_key": field_of(page.text, "idempotency_key"),
        "days": "7",
        "words": "说说口感",
    }

    taps = [await operator.tap(f"/console/koc/products/{people.apple}/assign", form) for _ in range(2)]

    assert [tap.status_code for tap in taps] == [200, 200]
    async with database.begin(shop.merchant) as uow:
        (task,) = await affinity.tasks_of(uow, people.fruit.id)
    english = await operator.get(f"/console/koc/products/{people.apple}?lang=en")
    assert "Bought it again 2 time(s)" in english.text
    assert "Assigned" in english.text
    done = await operator.tap(f"/console/koc/assignments/{task.id}/finish", {"link": ""})
    assert done.status_code == 200
    withdrawn = await operator.tap(f"/console/koc/assignments/{task.id}/withdraw")
    assert withdrawn.status_code == 409


async def test_a_persons_page_shows_what_they_carry_and_moves_them_on(
    floor: Floor, database: Database, shop: Shop
) -> None:
    people = await loved(database, shop)
    fan = await a_customer(database, shop.merchant)
    for _ in range(4):
        await paid(database, shop, fan, apples=1)
    await computed(database, shop)
    operator = await floor.member("operator")
    page = await operator.get(f"/console/koc/people/{people.fruit.customer_id}")
    assert "水果" in page.text
    assert "退货后净额" in page.text
    candidates = await operator.get("/console/koc?state=candidate")
    assert "复购 3 次" in candidates.text

    moved = await operator.tap(f"/console/koc/people/{fan}/move", {"state": "invited"})
    wrong = await operator.tap(f"/console/koc/people/{fan}/move", {"state": "active"})
    nonsense = await operator.tap(f"/console/koc/people/{fan}/move", {"state": "boss"})
    sample = await operator.tap(
        f"/console/koc/people/{fan}/samples",
        {"product_id": str(people.apple), "idempotency_key": str(ids.new())},
    )

    assert (moved.status_code, wrong.status_code, sample.status_code) == (200, 409, 200)
    assert nonsense.status_code in {400, 422}
    async with database.begin(shop.merchant) as uow:
        assert (await affinity.koc(uow, fan)).state == "invited"
        (listed,) = await affinity.samples(uow, fan)
    sent = await operator.tap(
        f"/console/koc/people/{fan}/samples/{listed.id}", {"state": "shipped", "text": "SF1"}
    )
    assert sent.status_code == 200
    assert "已寄出，待发布" in (await operator.get(f"/console/koc/people/{fan}")).text


async def test_finance_reads_and_changes_nothing(floor: Floor, database: Database, shop: Shop) -> None:
    people = await loved(database, shop)
    await computed(database, shop)
    finance = await floor.member("finance")

    assert (await finance.get(f"/console/koc/products/{people.apple}")).status_code == 200
    refused = await finance.tap(
        f"/console/koc/products/{people.apple}/assign",
        {"promoter_id": str(people.fruit.id), "idempotency_key": str(ids.new())},
    )

    assert refused.status_code == 403
    async with database.begin(shop.merchant) as uow:
        assert await affinity.tasks_of(uow, people.fruit.id) == []
