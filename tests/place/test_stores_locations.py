"""Locations: stores, pickup points and warehouses; buyers see the first two."""

import pytest

from factories import Shop, a_shop
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.place import stores
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    shop = await a_shop(database, merchant)
    async with database.begin(merchant) as uow:
        for code, kind in (("P1", "pickup_point"), ("W1", "warehouse"), ("V1", "supplier")):
            await stores.add(
                uow, stores.NewStore(code, f"{code} 号", "某路 1 号", kind=kind, ships=kind != "store")
            )
    return shop


def change(**facts: object) -> stores.StoreChange:
    return stores.StoreChange(**{"name": "一店", "address": "一路 1 号", **facts})


async def test_buyers_see_stores_and_pickup_points_and_nothing_else(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        assert [store.code for store in await stores.every(uow)] == ["P1", "S1"]
        assert [store.code for store in await stores.locations(uow)] == ["P1", "S1", "V1", "W1"]
        assert [s.code for s in await stores.locations(uow, kinds=["warehouse"])] == ["W1"]


async def test_a_change_is_kept_and_what_it_was_is_noted(database: Database, shop: Shop) -> None:
    wanted = change(
        name="新一店", kind="pickup_point", region_code="320508", ships=True, is_open=False,
        latitude=31_298_000, longitude=120_585_000,
    )  # fmt: skip
    async with database.begin(shop.merchant) as uow:
        store = await stores.edit(uow, shop.store_id, wanted)
        (entry,) = (await audit.listing(uow, audit.Wanted(action="stores.edit"))).items

    assert (store.name, store.kind, store.region_code, store.ships, store.is_open) == (
        "新一店", "pickup_point", "320508", True, False,
    )  # fmt: skip
    assert (entry.before["name"], entry.after["name"]) == ("一店", "新一店")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "长" * 41}, "name"),
        ({"address": ""}, "address"),
        ({"kind": "supplier"}, "kind"),
        ({"kind": "moon"}, "kind"),
        ({"region_code": "999999"}, "region_code"),
        ({"region_code": "32"}, "region_code"),
        ({"latitude": 91_000_000}, "place"),
    ],
)
async def test_a_wrong_change_is_refused_by_field_and_changes_nothing(
    database: Database, shop: Shop, facts: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await stores.edit(uow, shop.store_id, change(**facts))

    assert refusal.value.field == field
    async with database.begin(shop.merchant) as uow:
        assert (await stores.find(uow, shop.store_id)).name == "一店"


async def test_a_suppliers_location_and_a_strangers_are_not_changed_here(
    database: Database, shop: Shop, new_shop
) -> None:
    async with database.begin(shop.merchant) as uow:
        (supplier,) = await stores.locations(uow, kinds=["supplier"])
    for merchant, store_id in (
        (shop.merchant, supplier.id),
        (shop.merchant, ids.new()),
        (await new_shop(), shop.store_id),
    ):
        with pytest.raises(NotFound):
            async with database.begin(merchant) as uow:
                await stores.edit(uow, store_id, change(name="改名"))
    async with database.begin(shop.merchant) as uow:
        assert (await stores.find(uow, supplier.id)).name == "V1 号"
