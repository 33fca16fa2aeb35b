"""Goods for points as shoppers and staff see them."""

from collections.abc import AsyncIterator

import pytest

from console.console_floor import Floor, console_app
from factories import Shop, a_customer, a_shop
from siyu.kernel import ids
from siyu.people import points
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings
from siyu.trade import pointsprices


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
    return {
        "idempotency_key": str(ids.new()),
        "name": "换购季",
        "code_1": "APPLE",
        "points_1": "500",
        "price_1": "1.00",
        "per_person": "2",
    } | changes


async def test_staff_offers_goods_and_a_shopper_finds_them(floor: Floor, shop: Shop) -> None:
    owner = await floor.member("owner")
    wanted = form()
    for _ in range(2):
        told = await owner.tap("/console/points-prices", wanted)
        assert told.status_code == 200, told.text
    customer = await a_customer(floor.database, shop.merchant)
    async with floor.database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, 499, "开业礼")
        (goods,) = await pointsprices.goods(uow)
    assert (goods.points, goods.price, goods.marked) == (500, 100, 1_290)

    shopper = await floor.shopper(customer)
    page = await shopper.get("/shop/points")
    assert "还差 1 分" in page.text
    async with floor.database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, 1, "凑整")
    page = await shopper.get("/shop/points")
    assert f"claim=points:{goods.offer_id}" in page.text.replace("&amp;", "&")
    checkout = await shopper.get(f"/shop/checkout?lines={shop.apple}*1&claim=points:{goods.offer_id}")
    assert checkout.status_code == 200
    assert "共 500 积分" in checkout.text
    listed = await owner.get("/console/points-prices")
    assert "换购季" in listed.text


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"price_1": "0"}, 422),
        ({"price_1": "x"}, 422),
        ({"points_1": "0"}, 422),
        ({"points_1": "-5"}, 422),
        ({"code_1": "NONE"}, 422),
        ({"code_1": ""}, 422),
        ({"price_1": "12.91"}, 422),
    ],
)
async def test_a_price_that_cannot_be_is_refused(
    floor: Floor, shop: Shop, changes: dict[str, str], status: int
) -> None:
    owner = await floor.member("owner")

    refused = await owner.tap("/console/points-prices", form(**changes))

    assert refused.status_code == status, refused.text
    async with floor.database.begin(shop.merchant) as uow:
        assert await pointsprices.goods(uow) == []
