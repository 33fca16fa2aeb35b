"""Points as shoppers and staff see them."""

from collections.abc import AsyncIterator

import pytest

from console.console_floor import Floor, console_app, field_of
from factories import Shop, a_customer, a_shop
from siyu.kernel import ids
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


async def test_a_shopper_sees_points_with_their_end_and_history(floor: Floor, shop: Shop) -> None:
    customer = await a_customer(floor.database, shop.merchant)
    shopper = await floor.shopper(customer)
    empty = await shopper.get("/shop/me/points")
    assert (empty.status_code, "还没有积分" in empty.text) == (200, True)
    async with floor.database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, 1_234, "开业礼")

    page = await shopper.get("/shop/me/points")

    assert "1,234" in page.text
    assert "开业礼" in page.text
    assert "前有效" in page.text


async def test_a_stranger_has_no_points_page(floor: Floor) -> None:
    answer = await floor.stranger().get("/shop/me/points")

    assert answer.status_code == 303
    assert "signin" in answer.headers["location"]


async def test_staff_sets_the_rule_and_gives_points_twice_tapped_once(floor: Floor, shop: Shop) -> None:
    customer = await a_customer(floor.database, shop.merchant)
    owner = await floor.member("owner")
    saved = await owner.tap("/console/points/rule", {"is_on": "1", "per_yuan": "2", "keep_years": "ever"})
    assert saved.status_code == 200, saved.text
    fragment = await owner.get(f"/console/customers/{customer}/points")
    key = field_of(fragment.text, "idempotency_key")
    for _ in range(2):
        told = await owner.tap(
            f"/console/customers/{customer}/points",
            {"idempotency_key": key, "points": "50", "reason": "补偿"},
        )
        assert told.status_code == 200, told.text

    async with floor.database.begin(shop.merchant) as uow:
        assert await points.rule(uow) == points.Rule(is_on=True, per_yuan=2, keep_years=None)
        assert (await points.statement(uow, customer)).balance == 50
    page = await owner.get("/console/points?reason=granted")
    assert "补偿" in page.text
    sheet = await owner.get("/console/points?export=csv")
    assert sheet.text.count("补偿") == 1


@pytest.mark.parametrize("said", ["", "x", "1.5", "99999999999", "٣"])
async def test_nonsense_for_a_rule_is_refused_at_its_field(floor: Floor, shop: Shop, said: str) -> None:
    owner = await floor.member("owner")

    refused = await owner.tap("/console/points/rule", {"is_on": "1", "per_yuan": said, "keep_years": "1"})

    assert refused.status_code == 422
    async with floor.database.begin(shop.merchant) as uow:
        assert await points.rule(uow) == points.Rule()


async def test_a_guide_may_not_give_points(floor: Floor, shop: Shop) -> None:
    customer = await a_customer(floor.database, shop.merchant)
    guide = await floor.member("guide", store_id=shop.store_id)

    refused = await guide.tap(f"/console/customers/{customer}/points", {"points": "50", "reason": "补偿"})

    assert refused.status_code == 403
    async with floor.database.begin(shop.merchant) as uow:
        assert (await points.statement(uow, customer)).balance == 0
