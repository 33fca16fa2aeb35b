"""From where an order is sent: the rule, and the order of locations it gives."""

from uuid import UUID

import pytest

from factories import Shop, a_shop
from siyu.goods import inventory
from siyu.goods.inventory import Source, Sources, StockRules, order_of
from siyu.kernel.errors import Invalid
from siyu.place import stores
from siyu.runtime.db import Database, Merchant

SUZHOU, SHANGHAI, BEIJING = (UUID(int=n) for n in (1, 2, 3))
LOCATIONS = (
    Source(BEIJING, "warehouse", "110105", 39_904_000, 116_407_000),
    Source(SUZHOU, "store", "320508", 31_299_000, 120_585_000),
    Source(SHANGHAI, "warehouse", "310115", 31_230_000, 121_474_000),
)


def known(mode: str = "nearest", priority: tuple[UUID, ...] = (), **changes: object) -> Sources:
    return Sources(mode, True, priority, changes.get("locations", LOCATIONS))


def test_the_nearest_by_coordinates_comes_first() -> None:
    wuxi = {"latitude": 31_491_000, "longitude": 120_312_000}

    assert order_of(known(), "320211", **wuxi) == (SUZHOU, SHANGHAI, BEIJING)
    assert order_of(known(), "110101", latitude=39_930_000, longitude=116_400_000)[0] == BEIJING


@pytest.mark.parametrize(
    ("region", "first"), [("320508", SUZHOU), ("320506", SUZHOU), ("320114", SUZHOU), ("310101", SHANGHAI)]
)
def test_without_coordinates_the_region_code_decides_by_six_then_four_then_two_digits(
    region: str, first: UUID
) -> None:
    assert order_of(known(), region)[0] == first


def test_without_any_knowledge_the_merchants_own_order_of_codes_stays() -> None:
    assert order_of(known()) == (BEIJING, SUZHOU, SHANGHAI)


def test_stores_first_means_nearest_among_stores_and_then_nearest_of_the_rest() -> None:
    assert order_of(known("store_first"), "310101") == (SUZHOU, SHANGHAI, BEIJING)


def test_the_merchants_own_order_comes_before_distance_and_the_rest_follows_by_distance() -> None:
    assert order_of(known("priority", (BEIJING,)), "320508") == (BEIJING, SUZHOU, SHANGHAI)


def test_distance_is_that_of_the_globe_within_a_percent() -> None:
    beijing_from_shanghai = inventory.sourcing.metres_between(LOCATIONS[0], "", 31_230_000, 121_474_000)

    assert 1_056_000 < beijing_from_shanghai < 1_078_000


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def test_only_open_locations_that_ship_are_sources_and_never_a_suppliers(
    database: Database, shop: Shop
) -> None:
    async with database.begin(shop.merchant) as uow:
        depot = await stores.add(
            uow,
            stores.NewStore(
                code="W1",
                name="总仓",
                address="仓路 1 号",
                kind="warehouse",
                ships=True,
                region_code="320508",
            ),
        )
        await stores.add(
            uow, stores.NewStore(code="V1", name="供应商", address="厂路", kind="supplier", ships=True)
        )
        async with uow.together():
            found = await inventory.sources(uow)

    assert (found.mode, found.split, list(found.priority)) == ("nearest", True, [])
    assert [(one.id, one.kind, one.region_code) for one in found.locations] == [
        (depot.id, "warehouse", "320508")
    ]


async def test_the_merchants_rule_is_kept_and_a_wrong_one_changes_nothing(
    database: Database, shop: Shop
) -> None:
    rule = StockRules("priority", False, [shop.store_id], 45, 20)
    async with database.begin(shop.merchant) as uow:
        await inventory.set_rules(uow, rule)
    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await inventory.set_rules(uow, StockRules("cheapest"))

    assert refusal.value.field == "mode"
    async with database.begin(shop.merchant) as uow:
        assert await inventory.rules(uow) == rule
        assert (await inventory.sources(uow)).split is False
