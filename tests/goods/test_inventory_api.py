"""The JSON of stock: the same actions as the pages, with an API key."""

from collections.abc import AsyncIterator

import httpx
import pytest

from factories import Shop, a_shop, stock_of
from siyu import app as application
from siyu.kernel import ids
from siyu.kernel.permissions import Permission
from siyu.place import stores
from siyu.runtime import sessions
from siyu.runtime.db import Database, Merchant
from siyu.runtime.edge import Services
from siyu.runtime.tenancy import Directory
from siyu.settings import Settings


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


@pytest.fixture
async def api(database: Database, settings: Settings, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    house = application.House(
        services=Services(settings, database, Directory(database)),
        gateway=None,  # type: ignore[arg-type]
        wechat=None,  # type: ignore[arg-type]
        sms=None,  # type: ignore[arg-type]
        database_url=database.url,
    )
    async with database.begin(shop.merchant) as uow:
        may = frozenset({Permission.CATALOG_READ, Permission.STOCK_WRITE, Permission.STOCK_COUNT,
                         Permission.SETTINGS_WRITE})  # fmt: skip
        key = await sessions.sign_in(
            uow, kind="staff", subject_id=ids.new(), name="仓管", permissions=may, days=1
        )
    transport = httpx.ASGITransport(application.create_app(house))
    async with httpx.AsyncClient(
        transport=transport,
        base_url=f"http://test/api/v1/{shop.merchant.slug}/",
        headers={"authorization": f"Bearer {key.token}"},
    ) as client:
        yield client


async def test_stock_is_received_in_lots_transferred_counted_and_written_off(
    api: httpx.AsyncClient, database: Database, shop: Shop
) -> None:
    place = {"code": "W1", "name": "总仓", "address": "仓路 1 号", "kind": "warehouse", "ships": True}
    depot = (await api.post("locations", json=place)).json()
    assert [one["code"] for one in (await api.get("locations")).json()] == ["S1", "W1"]
    arrival = {"store_id": str(shop.store_id), "sku_id": str(shop.milk), "quantity": 5, "lot": "A",
               "expires_on": "2099-01-01"}  # fmt: skip
    entry = ids.new()
    for _ in range(2):
        assert (await api.post(f"stock/arrivals?entry_id={entry}", json=[arrival])).status_code == 201
    assert [lot["on_hand"] for lot in (await api.get("stock/lots")).json()["items"]] == [5]

    transfer = str(ids.new())
    wish = {"id": transfer, "from_id": str(shop.store_id), "to_id": depot["id"],
            "lines": [{"sku_id": str(shop.milk), "quantity": 6}]}  # fmt: skip
    assert (await api.post("stock/transfers", json=wish)).json()["head"]["state"] == "draft"
    assert (await api.post(f"stock/transfers/{transfer}/send")).json()["head"]["coming"] == 6
    arrived = {
        "id": str(ids.new()),
        "lines": [{"sku_id": str(shop.milk), "received": 4, "lost": 2, "reason": "broken"}],
    }
    done = (await api.post(f"stock/transfers/{transfer}/arrivals", json=arrived)).json()
    assert (done["head"]["state"], done["lines"][0]["lost"]) == ("received", 2)
    assert (await api.post(f"stock/transfers/{transfer}/cancel")).status_code == 409

    loss = {
        "id": str(ids.new()),
        "store_id": str(shop.store_id),
        "sku_id": str(shop.apple),
        "quantity": 3,
        "note": "摔坏",
    }
    for _ in range(2):
        assert (await api.post("stock/losses", json=loss)).json()[0]["on_hand"] == 7
    kept = {"store_id": str(shop.store_id), "sku_id": str(shop.apple), "pieces": 2}
    assert (await api.put("stock/safety", json=kept)).json()[0]["safety"] == 2

    sheet = str(ids.new())
    await api.post("stock/stocktakes", json={"id": sheet, "location_id": str(shop.store_id)})
    await api.post(f"stock/stocktakes/{sheet}/counts", json=[{"sku_id": str(shop.apple), "counted": 6}])
    assert (await api.post(f"stock/stocktakes/{sheet}/post")).json()["state"] == "posted"
    assert (await api.get(f"stock/stocktakes/{sheet}")).json()["head"]["different"] == 1

    moves = (await api.get(f"stock/moves?sku_id={shop.apple}")).json()["items"]
    assert [(move["reason"], move["quantity"]) for move in moves] == [
        ("count", -1),
        ("damaged", -3),
        ("receive", 10),
    ]
    assert await stock_of(database, shop, shop.apple) == (6, 0)


async def test_rules_are_read_and_changed_and_a_wrong_one_is_refused(
    api: httpx.AsyncClient, shop: Shop
) -> None:
    assert (await api.get("stock/rules")).json()["mode"] == "nearest"
    rule = {"mode": "store_first", "split": False, "priority": [], "near_days": 15, "low_below": 3}
    assert (await api.put("stock/rules", json=rule)).json() == rule
    for bad in ({"mode": "cheap"}, {"near_days": 0}, {"low_below": 0}):
        assert (await api.put("stock/rules", json={**rule, **bad})).status_code in {400, 422}
    assert (await api.get("stock/rules")).json() == rule


async def test_what_cannot_be_is_refused_and_nothing_moves(
    api: httpx.AsyncClient, database: Database, shop: Shop
) -> None:
    nobody, here = str(ids.new()), str(shop.store_id)
    arrival = {"store_id": here, "sku_id": str(shop.milk), "quantity": 5}
    for path, body in (
        ("stock/arrivals", [{**arrival, "expires_on": "2099-01-01"}]),
        ("stock/arrivals", [{**arrival, "sku_id": nobody}]),
        ("stock/arrivals", [{**arrival, "quantity": 0}]),
        ("stock/losses", {"id": nobody, "store_id": here, "sku_id": str(shop.milk), "quantity": 0}),
        ("stock/losses", {"id": nobody, "store_id": here, "sku_id": str(shop.milk), "quantity": 11}),
        ("stock/stocktakes", {"id": nobody, "location_id": nobody}),
        ("locations", {"code": "S1", "name": "x", "address": "y"}),
    ):
        assert (await api.post(path, json=body)).status_code in {404, 409, 422}, (path, body)
    assert (await api.get("stock/lots?within_days=99999999999")).status_code in {400, 422}
    assert await stock_of(database, shop, shop.milk) == (10, 0)
    async with database.begin(shop.merchant) as uow:
        assert len(await stores.locations(uow)) == 1
