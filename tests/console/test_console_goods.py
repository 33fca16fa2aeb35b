"""Products and stock on the console: what is typed is what is sold, and every piece is accounted for."""

import io

import psycopg
import pytest
from PIL import Image

from factories import a_customer, placed, stock_of
from siyu.goods import catalog, media


def picture(kind: str = "PNG", size: tuple[int, int] = (1200, 900), mode: str = "RGB") -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, (200, 40, 20) if mode == "RGB" else (200, 40, 20, 0)).save(made, kind)
    return made.getvalue()


async def category_of(floor, name: str) -> str:
    async with floor.database.begin(floor.shop.merchant) as uow:
        return str(next(each.id for each in await catalog.categories(uow) if each.name == name))


async def titles(floor) -> list[str]:
    async with floor.database.begin(floor.shop.merchant) as uow:
        return sorted(card.title for card in (await catalog.cards(uow, on_shelf_only=False)).items)


async def product_of(floor, sku_id) -> catalog.Product:
    async with floor.database.begin(floor.shop.merchant) as uow:
        return await catalog.product(uow, (await catalog.prices(uow, [sku_id]))[sku_id].product_id)


@pytest.fixture
async def form(floor) -> dict[str, str]:
    """A new product with two SKUs and one row left empty."""
    return {
        "title": "章丘大葱",
        "subtitle": "甜脆",
        "category": await category_of(floor, "水果"),
        "new_category": "",
        "unit": "把",
        "description": "产自章丘。",
        "code-a": "CONG-1",
        "title-a": "500 克",
        "price-a": "6.80",
        "code-b": "CONG-2",
        "title-b": "1 千克",
        "price-b": "12",
        "code-c": "",
        "title-c": "",
        "price-c": "",
    }


async def test_a_new_product_is_on_the_shelf_with_its_skus_and_its_picture(floor, owner, form):
    done = await owner.tap("/console/products", form, {"picture": ("葱.png", picture(), "image/png")})

    assert done.status_code == 200, done.text
    async with floor.database.begin(floor.shop.merchant) as uow:
        sku = (await catalog.skus_by_code(uow, ["CONG-1"]))["CONG-1"]
        product = await catalog.product(uow, sku.product_id)
    assert (product.title, product.subtitle, product.unit, product.is_on_shelf) == (
        "章丘大葱",
        "甜脆",
        "把",
        True,
    )
    assert [(s.code, s.title, s.price) for s in product.skus] == [
        ("CONG-1", "500 克", 680),
        ("CONG-2", "1 千克", 1_200),
    ]
    folder = floor.settings.folder("media", floor.shop.merchant.slug)
    sizes = {}
    for key in (product.picture, *(product.picture.replace(".webp", f".{size}.webp") for size in "sl")):
        with Image.open(folder / key) as kept:
            sizes[kept.format] = [*sizes.get(kept.format, []), kept.size]
    assert sizes == {"WEBP": [(800, 600), (320, 240), (1200, 900)]}
    shown = await owner.client.get(f"/media/{owner.slug}/{product.picture}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"category": "nowhere"}, "category"),
        ({"price-b": "a lot"}, "price-b"),
        ({"price-a": "1.234"}, "price-a"),
        ({"price-a": "-1"}, "price-a"),
        ({"code-b": ""}, "code-b"),
        ({"code-a": "", "title-a": "", "price-a": "", "code-b": "", "title-b": "", "price-b": ""}, "code-a"),
        ({"code-b": "APPLE"}, "code-b"),
        ({"unit": "一个很长很长的单位"}, "unit"),
    ],
)
async def test_a_product_that_makes_no_sense_is_refused_at_the_field_and_not_written(
    floor, owner, form, change, field
):
    refused = await owner.tap("/console/products", {**form, **change})

    assert refused.status_code in {409, 422}
    assert f'"field": "{field}"' in refused.headers["hx-trigger"]
    assert await titles(floor) == ["红富士苹果", "鲜牛奶"]


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"\x89PNG\r\n\x1a\n" + b"not really",
        picture()[:200],
        b"\xff\xd8\xff" + b"0" * (media.BYTES_MAX + 1),
        b"",
    ],
    ids=["script", "only the magic", "cut off", "too big", "empty"],
)
async def test_what_is_not_a_picture_is_refused_and_nothing_is_kept(floor, owner, form, data):
    refused = await owner.tap("/console/products", form, {"picture": ("x.png", data, "image/png")})

    assert refused.status_code == 422
    assert '"field": "picture"' in refused.headers["hx-trigger"]
    assert await titles(floor) == ["红富士苹果", "鲜牛奶"]
    assert list(floor.settings.folder("media", floor.shop.merchant.slug).rglob("*.*")) == []


async def test_a_price_is_changed_to_the_fen_and_its_history_kept(floor, owner):
    product = await product_of(floor, floor.shop.apple)
    path = f"/console/products/{product.id}/skus/{floor.shop.apple}/price"
    field = f"price-{floor.shop.apple}"

    done = await owner.tap(path, {field: "11.05"})
    wrong = await owner.tap(path, {field: "1,1.0.5"})

    assert done.status_code == 200
    assert wrong.status_code == 422
    assert f'"field": "{field}"' in wrong.headers["hx-trigger"]
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await catalog.prices(uow, [floor.shop.apple]))[floor.shop.apple].price == 1_105
        changes = await catalog.price_changes(uow, product.id)
    assert [(c.old_price, c.new_price) for c in changes if c.old_price] == [(1_290, 1_105)]
    assert "¥11.05" in (await owner.get(f"/console/products/{product.id}")).text


async def test_a_product_is_edited_and_keeps_its_picture(floor, owner, form):
    await owner.tap("/console/products", form, {"picture": ("a.png", picture(), "image/png")})
    async with floor.database.begin(floor.shop.merchant) as uow:
        before = await catalog.product(
            uow, (await catalog.skus_by_code(uow, ["CONG-1"]))["CONG-1"].product_id
        )

    said = {**form, "title": "山东大葱", "new_category": "蔬菜"}
    assert (await owner.tap(f"/console/products/{before.id}", said)).status_code == 200

    async with floor.database.begin(floor.shop.merchant) as uow:
        after = await catalog.product(uow, before.id)
    assert (after.title, after.picture) == ("山东大葱", before.picture)
    assert str(after.category_id) == await category_of(floor, "蔬菜")


async def test_off_the_shelf_means_shoppers_cannot_buy_it(floor, owner):
    product = await product_of(floor, floor.shop.apple)

    await owner.tap(f"/console/products/{product.id}/shelf?back=list", {"is_on_shelf": "0"})

    async with floor.database.begin(floor.shop.merchant) as uow:
        assert not (await catalog.prices(uow, [floor.shop.apple]))[floor.shop.apple].is_sellable
    page = (await owner.get("/console/products")).text
    assert "红富士苹果" in page
    assert "已下架" in page


async def test_a_sku_can_rest_and_its_product_stays_in_the_list(floor, owner):
    product = await product_of(floor, floor.shop.apple)
    path = f"/console/products/{product.id}/skus/{floor.shop.apple}/sellable"

    await owner.tap(path, {"is_sellable": "0"})

    assert "红富士苹果" in (await owner.get("/console/products")).text
    await owner.tap(path, {"is_sellable": "1"})
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await catalog.prices(uow, [floor.shop.apple]))[floor.shop.apple].is_sellable


async def test_a_guide_reads_products_and_changes_none(floor):
    guide = await floor.member("guide")
    product = await product_of(floor, floor.shop.apple)

    page = await guide.get(f"/console/products/{product.id}")
    refused = await guide.tap(
        f"/console/products/{product.id}/skus/{floor.shop.apple}/price", {f"price-{floor.shop.apple}": "1"}
    )

    assert page.status_code == 200
    assert "改价</button>" not in page.text
    assert refused.status_code == 403
    assert (await product_of(floor, floor.shop.apple)).skus[0].price == 1_290


async def test_arrivals_and_counts_change_the_stock_by_what_was_typed(floor, owner):
    store = str(floor.shop.store_id)

    by_code = await owner.tap("/console/stock/receive", {"code": "APPLE", "store": store, "quantity": "5"})
    by_row = await owner.tap(
        "/console/stock/receive", {"sku": str(floor.shop.milk), "store": store, "quantity": "1"}
    )
    counted = await owner.tap(
        "/console/stock/count", {"sku": str(floor.shop.apple), "store": store, "quantity": "13"}
    )

    assert [answer.status_code for answer in (by_code, by_row, counted)] == [200, 200, 200]
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (13, 0)
    assert await stock_of(floor.database, floor.shop, floor.shop.milk) == (11, 0)


async def test_stock_that_makes_no_sense_is_refused_and_nothing_changes(floor, owner):
    buyer = await a_customer(floor.database, floor.shop.merchant)
    await placed(floor.database, floor.shop, buyer, apples=4)
    store, apple = str(floor.shop.store_id), str(floor.shop.apple)

    answers = [
        await owner.tap("/console/stock/receive", {"code": "PEAR", "store": store, "quantity": "5"}),
        await owner.tap("/console/stock/receive", {"sku": apple, "store": store, "quantity": "0"}),
        await owner.tap("/console/stock/receive", {"sku": apple, "store": apple, "quantity": "1"}),
        await owner.tap("/console/stock/count", {"sku": apple, "store": store, "quantity": "3"}),
        await owner.tap("/console/stock/count", {"sku": apple, "store": store, "quantity": "-1"}),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 409, 422]
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (10, 4)


async def test_the_stock_page_shows_what_is_free_and_proves_it(floor, owner, database_url):
    buyer = await a_customer(floor.database, floor.shop.merchant)
    await placed(floor.database, floor.shop, buyer, apples=4)

    page = (await owner.get("/console/stock?low=true")).text
    assert "APPLE" in page
    assert "MILK" not in page
    assert "账实一致" in (await owner.get("/console/stock/proof")).text

    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(
            "update stock set on_hand = on_hand + 1, reserved = reserved + 1 where merchant_id = %s and sku_id = %s",
            (floor.shop.merchant.id, floor.shop.apple),
        )
    proof = (await owner.get("/console/stock/proof")).text
    assert "发现 2 处不一致" in proof
    assert "在库 11，记录合计 10" in proof
    assert "预留 5，订单占用 4" in proof
