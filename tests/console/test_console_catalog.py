"""The product pages of the console: a long form that loses nothing, many products at once, trees, pictures."""

import io
import re

import pytest
from PIL import Image

from console.console_floor import field_of
from siyu.goods import catalog, media
from siyu.kernel import ids
from siyu.runtime import jobs


def picture(colour: str = "red", size: tuple[int, int] = (400, 400)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, "PNG")
    return made.getvalue()


async def all_products(floor) -> dict[str, catalog.Product]:
    async with floor.database.begin(floor.shop.merchant) as uow:
        cards = (await catalog.cards(uow, on_shelf_only=False)).items
        return {card.title: await catalog.product(uow, card.id) for card in cards}


@pytest.fixture
async def form(floor) -> dict[str, str]:
    """A shirt in two colours and two sizes, one of the four not sold."""
    async with floor.database.begin(floor.shop.merchant) as uow:
        category = next(iter(await catalog.categories(uow))).id
    rows = {"r.s": "1", "r.l": "2", "b.s": "3", "b.l": "4"}
    return {
        "idempotency_key": str(ids.new()),
        "title": "亚麻衬衫",
        "category": str(category),
        "kind": "physical",
        "unit": "件",
        "new_brand": "和顺优选",
        "new_tags": "新品、夏季",
        "return_policy": "confirmed:flawed",
        "description": "# 面料\r\n亚麻",
        "has_pictures": "1",
        "shelf": "now",
        "optionname-c": "颜色",
        "optionvalue-c-r": "红",
        "optionvalue-c-b": "黑",
        "optionname-z": "尺码",
        "optionvalue-z-s": "S",
        "optionvalue-z-l": "L",
        **{f"code-{row}": f"SHIRT-{n}" for row, n in rows.items()},
        **dict.fromkeys([f"price-{row}" for row in rows], "129.00"),
        **dict.fromkeys([f"weight-{row}" for row in rows], "220"),
        **dict.fromkeys([f"{name}-{row}" for name in ("has", "on") for row in ("r.s", "r.l", "b.s")], "1"),
    }


async def test_a_shirt_is_added_with_options_brand_tags_and_pictures_and_only_once(floor, owner, form):
    uploaded = [
        await owner.tap("/console/media", {}, {"upload": (f"{c}.png", picture(c), "image/png")})
        for c in ("red", "blue", "red")
    ]
    keys = [field_of(answer.text, "pictures") for answer in uploaded]
    assert keys[0] == keys[2] != keys[1]

    said = {**form, "pictures": keys[:2]}
    first, second = await owner.tap("/console/products", said), await owner.tap("/console/products", said)

    assert (first.status_code, second.status_code) == (200, 200), first.text
    shirt = (await all_products(floor))["亚麻衬衫"]
    assert [(sku.title, sku.code, sku.price, sku.weight_g) for sku in shirt.skus] == [
        ("红 / S", "SHIRT-1", 12_900, 220),
        ("红 / L", "SHIRT-2", 12_900, 220),
        ("黑 / S", "SHIRT-3", 12_900, 220),
    ]
    assert (shirt.tags, shirt.pictures, shirt.picture) == (("新品", "夏季"), tuple(keys[:2]), keys[0])
    assert (shirt.return_policy, shirt.return_reason) == ("confirmed", "flawed")
    page = (await owner.get(f"/console/products/{shirt.id}")).text
    assert "和顺优选" in page
    listed = (await owner.get("/console/products?tag=夏季&shelf=on")).text
    assert ("亚麻衬衫" in listed, "红富士苹果" in listed) == (True, False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price-b.s": "abc"}, "price-b.s"),
        ({"code-r.l": ""}, "code-r.l"),
        ({"code-r.l": "APPLE"}, "code-r.l"),
        ({"weight-r.s": "1.5"}, "weight-r.s"),
        ({"optionname-c": ""}, "options"),
        ({"return_policy": "excluded:flawed"}, "return_reason"),
        ({"pictures": "products/nobody.webp"}, "pictures"),
        ({"kind": "bundle"}, "options"),
        ({"shelf": "later"}, "shelf_from"),
        ({"shelf_until": "2020-01-01T00:00"}, "shelf_until"),
        ({"kind": "virtual", "valid_days": "soon"}, "valid_days"),
        ({"freight_template_id": "x"}, "freight_template_id"),
    ],
)
async def test_each_fault_is_said_at_its_field_and_nothing_is_written(floor, owner, form, change, field):
    refused = await owner.tap("/console/products", {**form, **change})

    assert refused.status_code in {409, 422}, refused.text
    assert f'"field": "{field}"' in refused.headers["hx-trigger"]
    assert sorted(await all_products(floor)) == ["红富士苹果", "鲜牛奶"]
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert (await catalog.brands(uow), await catalog.tags(uow)) == ([], [])


async def test_the_draft_grows_option_by_option_and_keeps_what_was_typed(owner):
    first = await owner.tap(
        "/console/products/options/draft",
        {"act": "add-option", "code-one": "SHIRT", "price-one": "9.9", "weight-one": "", "sku-one": ""},
    )
    key = re.search(r'name="optionname-(\w+)"', first.text)[1]
    value = re.search(rf'name="optionvalue-{key}-(\w+)"', first.text)[1]
    second = await owner.tap(
        "/console/products/options/draft",
        {
            "act": "add-value", "at": key, f"optionname-{key}": "颜色", f"optionvalue-{key}-{value}": "",
            f"newvalue-{key}": "红 黑", f"price-{value}": "9.9", f"code-{value}": "SHIRT", f"has-{value}": "1",
        },
    )  # fmt: skip

    assert re.findall(r'name="price-[^"]+" value="([^"]*)"', second.text) == ["9.9", "9.9"]
    assert re.findall(r'name="code-[^"]+" value="([^"]*)"', second.text) == ["SHIRT", "SHIRT-02"]
    assert 'value="颜色"' in second.text


async def test_options_are_edited_on_their_own_page_and_skus_keep_their_ids(floor, owner, form):
    await owner.tap("/console/products", form)
    shirt = (await all_products(floor))["亚麻衬衫"]
    page = (await owner.get(f"/console/products/{shirt.id}/options")).text
    names = dict(re.findall(r'name="sku-([^"]+)" value="([^"]*)"', page))
    assert sorted(filter(None, names.values())) == sorted(str(sku.id) for sku in shirt.skus)

    fields = dict(
        re.findall(r'name="((?:optionname|optionvalue|code|price|weight|sku)-[^"]+)" value="([^"]*)"', page)
    )
    kept = next(row for row, sku in names.items() if sku == str(shirt.skus[0].id))
    done = await owner.tap(
        f"/console/products/{shirt.id}/options",
        {**fields, f"has-{kept}": "1", f"on-{kept}": "1", f"price-{kept}": "99"},
    )

    assert done.status_code == 200, done.text
    after = (await all_products(floor))["亚麻衬衫"]
    assert [(sku.id, sku.price) for sku in after.skus] == [(shirt.skus[0].id, 9_900)]


async def test_a_bundle_is_put_together_from_what_was_picked(floor, owner, form):
    found = (await owner.get("/console/products/pick?components=苹果")).text
    assert str(floor.shop.apple) in found
    row = (await owner.get(f"/console/products/pick/{floor.shop.apple}")).text
    assert f'name="component-{floor.shop.apple}"' in row
    plain = {name: value for name, value in form.items() if "-" not in name}
    said = {
        **plain,
        "title": "果篮",
        "kind": "bundle",
        "code-one": "BASKET",
        "price-one": "30",
        "weight-one": "",
    }

    empty = await owner.tap("/console/products", said)
    done = await owner.tap("/console/products", {**said, f"component-{floor.shop.apple}": "3"})

    assert '"field": "components"' in empty.headers["hx-trigger"]
    assert done.status_code == 200, done.text
    basket = (await all_products(floor))["果篮"]
    assert (basket.kind, basket.skus[0].available) == ("bundle", 3)


async def test_prices_of_many_are_previewed_then_changed_by_a_job(floor, owner):
    chosen = [str(product.id) for product in (await all_products(floor)).values()]
    said = {"what": "percent", "change": "-10", "product": chosen}

    shown = await owner.tap("/console/products/bulk", said)
    wrong = await owner.tap("/console/products/bulk", {**said, "change": "a lot"})
    key = field_of(shown.text, "idempotency_key")
    for _ in range(2):
        begun = await owner.tap("/console/products/bulk", {**said, "sure": "1", "idempotency_key": key})
    while await jobs.run_step(floor.database, floor.shop.merchant, catalog.JOBS):
        pass

    assert ("¥12.90" in shown.text, "¥11.61" in shown.text) == (True, True)
    assert '"field": "change"' in wrong.headers["hx-trigger"]
    assert f"/jobs/{key}" in begun.headers["hx-location"]
    assert sorted(p.skus[0].price for p in (await all_products(floor)).values()) == [612, 1_161]


async def test_categories_are_added_moved_and_refused_when_not_empty(floor, owner):
    async with floor.database.begin(floor.shop.merchant) as uow:
        fruit, dairy = (category.id for category in await catalog.categories(uow))
    fresh = str(ids.new())
    for _ in range(2):
        await owner.tap(
            "/console/products/categories",
            {"idempotency_key": fresh, "name": "浆果", "parent_id": str(fruit)},
        )
    await owner.tap(f"/console/products/categories/{fresh}", {"name": "莓果", "parent_id": str(dairy)})
    await owner.tap(f"/console/products/categories/{dairy}/step", {"way": "up"})
    refused = await owner.tap(f"/console/products/categories/{dairy}/remove")
    await owner.tap(f"/console/products/categories/{fresh}/remove")

    assert refused.status_code == 409
    async with floor.database.begin(floor.shop.merchant) as uow:
        assert [category.name for category in await catalog.categories(uow)] == ["乳品", "水果"]
    assert "乳品" in (await owner.get("/console/products/sorting")).text


async def test_a_schedule_is_kept_in_the_merchants_time_and_copies_wait(floor, owner):
    apple = (await all_products(floor))["红富士苹果"]
    await owner.tap(f"/console/products/{apple.id}/schedule", {"shelf_from": "2099-01-01T08:00"})
    key = str(ids.new())
    for _ in range(2):
        await owner.tap(f"/console/products/{apple.id}/copy", {"idempotency_key": key})

    async with floor.database.begin(floor.shop.merchant) as uow:
        begin = (await catalog.shelf_schedule(uow, apple.id)).shelf_from
    assert begin is not None
    assert begin.isoformat() == "2099-01-01T00:00:00+00:00"
    found = await all_products(floor)
    assert {title: product.is_on_shelf for title, product in found.items()} == {
        "红富士苹果": False, "红富士苹果 2": False, "鲜牛奶": True,
    }  # fmt: skip
    assert 'value="2099-01-01T08:00"' in (await owner.get(f"/console/products/{apple.id}")).text


async def test_the_library_lets_go_only_of_what_nothing_shows(floor, owner, form):
    for colour in ("red", "blue"):
        answer = await owner.tap("/console/media", {}, {"upload": ("a.png", picture(colour), "image/png")})
        key = field_of(answer.text, "pictures")
    await owner.tap("/console/products", {**form, "pictures": key})
    async with floor.database.begin(floor.shop.merchant) as uow:
        pictures = {one.key: one.id for one in (await media.listing(uow)).items}
    spare = next(one for other, one in pictures.items() if other != key)

    refused = await owner.tap(f"/console/media/{pictures[key]}/remove")
    done = await owner.tap(f"/console/media/{spare}/remove")

    assert (refused.status_code, done.status_code) == (409, 200)
    assert (await owner.client.get(f"/media/{owner.slug}/{key}")).status_code == 200
    assert (await owner.client.get(f"/media/{owner.slug}/..%2f..%2fsecret")).status_code == 404
    assert (await owner.client.get(f"/media/{owner.slug}/products/none.webp")).status_code == 404


async def test_a_guide_may_look_and_touches_nothing(floor, form):
    guide = await floor.member("guide")

    assert (await guide.get("/console/products/sorting")).status_code == 200
    answers = [
        await guide.tap("/console/products", form),
        await guide.tap("/console/products/bulk", {"what": "unshelve"}),
        await guide.tap("/console/products/tags", {"name": "新品"}),
        await guide.tap("/console/media", {}, {"upload": ("a.png", picture(), "image/png")}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert sorted(await all_products(floor)) == ["红富士苹果", "鲜牛奶"]


async def test_a_description_is_previewed_as_shoppers_will_read_it(owner):
    shown = await owner.tap("/console/products/preview", {"description": "# 产地\n<script>alert(1)</script>"})

    assert "<h1>产地</h1>" in shown.text
    assert "<script>" not in shown.text
