"""The catalogue by JSON: the same rules as on the console, by the same functions."""

import io
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from PIL import Image

from factories import Shop, a_shop
from siyu import web
from siyu.goods import catalog
from siyu.goods.catalog import api as catalog_api
from siyu.goods.media import api as media_api
from siyu.goods.media import serving
from siyu.kernel import ids
from siyu.kernel.permissions import ROLES
from siyu.runtime import sessions
from siyu.runtime.db import Database, Merchant
from siyu.runtime.edge import DEPENDENCIES, Services, permitted
from siyu.runtime.tenancy import Directory
from siyu.settings import Settings


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


@pytest.fixture
async def api(database: Database, settings: Settings, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """The catalogue's own routes, asked by an operator."""
    app = Litestar(
        [*catalog_api.routes, *media_api.routes, *serving.routes],
        guards=[permitted],
        dependencies=DEPENDENCIES,
        exception_handlers=web.exception_handlers(),
        openapi_config=None,
        logging_config=None,
    )
    app.state.services = Services(settings, database, Directory(database))
    async with database.begin(shop.merchant) as uow:
        session = await sessions.sign_in(
            uow, kind="staff", subject_id=ids.new(), name="顾清", permissions=ROLES["operator"], days=1
        )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=f"http://shop/api/v1/{shop.merchant.slug}",
        headers={"authorization": f"Bearer {session.token}"},
    ) as client:
        yield client


async def category(api: httpx.AsyncClient) -> str:
    return (await api.get("/categories")).json()[0]["id"]


async def shirt(api: httpx.AsyncClient, **changes) -> dict:
    said = {
        "id": str(ids.new()),
        "words": {"category_id": await category(api), "title": "衬衫"},
        "options": [{"name": "颜色", "values": ["红", "黑"]}],
        "skus": [
            {"code": "S-R", "price": 9_900, "choices": ["红"], "weight_g": 200},
            {"code": "S-B", "price": 9_900, "choices": ["黑"]},
        ],
    }
    return {**said, **changes}


async def test_a_product_is_added_once_and_read_with_its_options(api: httpx.AsyncClient) -> None:
    said = await shirt(api)
    first, again = await api.post("/products", json=said), await api.post("/products", json=said)

    assert (first.status_code, again.status_code) == (201, 201), first.text
    read = (await api.get(f"/products/{said['id']}")).json()
    assert read == first.json() == again.json()
    assert [(sku["title"], sku["choices"], sku["weight_g"]) for sku in read["skus"]] == [
        ("红", ["红"], 200),
        ("黑", ["黑"], 0),
    ]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"words": {"category_id": str(UUID(int=1)), "title": "x"}}, 422, "category_id"),
        ({"options": []}, 422, "options"),
        ({"skus": [{"code": "APPLE", "price": 1, "choices": ["红"]}]}, 409, "skus.code"),
        ({"skus": [{"code": "S", "price": -1, "choices": ["红"]}]}, 422, "skus.price"),
        ({"shelf_from": "2099-01-01T08:00:00"}, 422, "shelf_from"),
        ({"shelf_until": "2000-01-01T08:00:00Z"}, 422, "shelf_until"),
    ],
)
async def test_what_makes_no_sense_is_refused_at_its_field(
    api: httpx.AsyncClient, change: dict, status: int, field: str
) -> None:
    said = await shirt(api, **change)
    refused = await api.post("/products", json=said)

    assert (refused.status_code, refused.json()["field"]) == (status, field)
    assert (await api.get(f"/products/{said['id']}")).status_code == 404


async def test_options_components_shelf_and_schedule_are_put(api: httpx.AsyncClient, shop: Shop) -> None:
    said = await shirt(api)
    await api.post("/products", json=said)
    path = f"/products/{said['id']}"
    fewer = {"options": said["options"], "skus": said["skus"][:1]}
    assert [sku["code"] for sku in (await api.put(f"{path}/options", json=fewer)).json()["skus"]] == ["S-R"]
    assert (await api.put(f"{path}/shelf", json={"is_on_shelf": False})).json() == {"is_on_shelf": False}
    later = {"shelf_from": "2099-01-01T08:00:00+08:00", "shelf_until": None}
    assert (
        (await api.put(f"{path}/schedule", json=later)).json()["shelf_from"].startswith("2099-01-01T00:00:00")
    )

    basket = await shirt(api, options=[], skus=[{"code": "B", "price": 100}])
    basket["words"]["kind"] = "bundle"
    assert (await api.post("/products", json=basket)).json()["field"] == "components"
    basket["components"] = [{"sku_id": str(shop.apple), "quantity": 2}]
    assert (await api.post("/products", json=basket)).json()["skus"][0]["available"] == 5
    parts = await api.put(
        f"/products/{basket['id']}/components", json=[{"sku_id": str(shop.milk), "quantity": 1}]
    )
    assert [(part["title"], part["quantity"]) for part in parts.json()] == [("鲜牛奶", 1)]


async def test_categories_brands_tags_copies_and_many_edits(api: httpx.AsyncClient, database, shop) -> None:
    outer, brand = await category(api), ids.new()
    fresh = (await api.put(f"/categories/{ids.new()}", json={"name": "浆果", "parent_id": outer})).json()
    assert (fresh["name"], fresh["level"]) == ("浆果", 2)
    assert (await api.delete(f"/categories/{outer}")).status_code == 409
    assert (await api.delete(f"/categories/{fresh['id']}")).status_code == 204
    assert (await api.put(f"/brands/{brand}", json={"name": "果园"})).json()["name"] == "果园"
    assert (await api.put("/product-tags/新品", json={"name": "新品"})).json()[0]["name"] == "新品"
    product = (await api.get("/products")).json()["items"][0]
    copy = await api.post(f"/products/{product['id']}/copies", json={"id": str(ids.new())})
    assert (copy.status_code, copy.json()["is_on_shelf"]) == (201, False)

    edit = {"what": "amount", "product_ids": [product["id"]], "change": 100}
    assert [row["new_price"] for row in (await api.post("/product-edits/preview", json=edit)).json()] == [
        product["price"] + 100
    ]
    job = str(ids.new())
    for _ in range(2):
        assert (await api.post("/product-edits", json={"edit": edit, "id": job})).json() == {"job_id": job}
    assert (await api.post("/product-edits", json={"edit": {**edit, "what": "burn"}})).status_code in {
        400,
        422,
    }


async def test_a_picture_is_kept_by_the_api_and_served(api: httpx.AsyncClient, shop: Shop) -> None:
    square = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(square, "PNG")
    kept = await api.post("/media", files={"picture": ("a.png", square.getvalue(), "image/png")})

    assert kept.status_code == 201, kept.text
    key = kept.json()["key"]
    large = await api.get(f"http://shop/media/{shop.merchant.slug}/{key.replace('.webp', '.l.webp')}")
    assert (large.status_code, large.headers["content-type"]) == (200, "image/webp")
    assert "immutable" in large.headers["cache-control"]
    assert [one["key"] for one in (await api.get("/media")).json()["items"]] == [key]
    assert (await api.delete(f"/media/{kept.json()['id']}")).status_code == 204


async def test_a_stranger_reads_what_is_sold_and_changes_nothing(api: httpx.AsyncClient, shop: Shop) -> None:
    api.headers.pop("authorization")
    assert (await api.get("/products")).status_code == 200
    for verb, path in (
        ("POST", "/products"),
        ("PUT", f"/brands/{ids.new()}"),
        ("GET", "/media"),
        ("POST", "/media"),
    ):
        assert (await api.request(verb, path, json={})).status_code == 401
    assert catalog.JOBS[0].name == "catalog.bulk_edit"
