"""Stores and warehouses on the console, and that shoppers do not see warehouses."""

from console.console_floor import Floor
from siyu.place import stores


async def test_a_warehouse_is_added_edited_exported_and_hidden_from_shoppers(floor: Floor) -> None:
    owner = await floor.member("owner")
    said = {
        "code": "W1",
        "name": "总仓",
        "address": "江苏省苏州市虎丘区浒关镇 8 号",
        "kind": "warehouse",
        "ships": "1",
    }
    assert (await owner.tap("/console/settings/stores", said)).status_code == 200
    async with floor.database.begin(floor.shop.merchant) as uow:
        (depot,) = await stores.locations(uow, kinds=["warehouse"])
    assert (depot.ships, depot.region_code) == (True, "320505")
    page = f"/console/settings/stores/{depot.id}"
    assert "苏州市 虎丘区" in (await owner.get(page)).text
    change = {**said, "name": "中心仓", "place": "31.298, 120.585", "is_open": "1"}
    assert (await owner.tap(page, change)).status_code == 200
    wrong = [
        await owner.tap(page, {**change, **bad}) for bad in ({"place": "here"}, {"kind": "x"}, {"name": ""})
    ]
    assert [answer.status_code for answer in wrong] == [422, 422, 422]

    async with floor.database.begin(floor.shop.merchant) as uow:
        depot = await stores.find(uow, depot.id)
    assert (depot.name, depot.latitude, depot.longitude, depot.is_open) == (
        "中心仓",
        31_298_000,
        120_585_000,
        True,
    )
    assert "31.298000,120.585000" in (await owner.get(page)).text
    for kind in ("", "?kind=warehouse", "?export=csv"):
        assert "中心仓" in (await owner.get(f"/console/settings/stores{kind}")).text
    stranger = floor.stranger()
    assert "中心仓" not in (await stranger.get("/shop/stores")).text
    chosen = await stranger.post("/shop/stores", {"store_id": str(depot.id)})
    assert chosen.status_code == 404


async def test_only_who_may_change_settings_changes_a_location(floor: Floor) -> None:
    operator = await floor.member("operator")
    page = f"/console/settings/stores/{floor.shop.store_id}"
    assert (await operator.get(page)).status_code == 403
    assert (await operator.tap(page, {"name": "x", "address": "y"})).status_code == 403
