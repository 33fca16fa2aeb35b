"""Categories in a tree, brands and tags: nothing is lost when they are moved, renamed or taken away."""

import asyncio

import pytest

from factories import Shop, a_shop
from siyu.goods import catalog
from siyu.goods.catalog import Filter, sorting
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def tree(database: Database, shop: Shop) -> list[tuple[str, int]]:
    async with database.begin(shop.merchant) as uow:
        return [(category.name, category.level) for category in await catalog.categories(uow)]


async def add(database: Database, shop: Shop, name: str, parent=None):
    async with database.begin(shop.merchant) as uow:
        return (await catalog.add_category(uow, ids.new(), name, parent_id=parent)).id


async def named(database: Database, shop: Shop, name: str):
    async with database.begin(shop.merchant) as uow:
        return next(category.id for category in await catalog.categories(uow) if category.name == name)


async def test_categories_lie_in_one_another_three_deep_and_no_deeper(database: Database, shop: Shop) -> None:
    fruit = await named(database, shop, "水果")
    berries = await add(database, shop, "浆果", fruit)
    small = await add(database, shop, "小浆果", berries)

    with pytest.raises(Invalid) as refusal:
        await add(database, shop, "更小", small)

    assert refusal.value.field == "parent_id"
    assert await tree(database, shop) == [("水果", 1), ("浆果", 2), ("小浆果", 3), ("乳品", 1)]


async def test_the_same_name_may_stand_in_two_places_but_not_twice_in_one(
    database: Database, shop: Shop
) -> None:
    fruit, dairy = await named(database, shop, "水果"), await named(database, shop, "乳品")
    await add(database, shop, "进口", fruit)
    await add(database, shop, "进口", dairy)

    for parent in (fruit, None):
        with pytest.raises(sorting.NameTaken):
            await add(database, shop, "进口" if parent else "水果", parent)
    assert await tree(database, shop) == [("水果", 1), ("进口", 2), ("乳品", 1), ("进口", 2)]


async def test_a_category_moves_with_everything_in_it_and_never_into_itself(
    database: Database, shop: Shop
) -> None:
    fruit, dairy = await named(database, shop, "水果"), await named(database, shop, "乳品")
    berries = await add(database, shop, "浆果", fruit)
    small = await add(database, shop, "小浆果", berries)

    async with database.begin(shop.merchant) as uow:
        await catalog.edit_category(uow, berries, name="莓果", parent_id=dairy)
    assert await tree(database, shop) == [("水果", 1), ("乳品", 1), ("莓果", 2), ("小浆果", 3)]

    for category, parent in ((dairy, small), (berries, berries), (dairy, fruit)):
        with pytest.raises(Invalid):  # into itself, or a tree of three below another
            async with database.begin(shop.merchant) as uow:
                await catalog.edit_category(uow, category, name="x", parent_id=parent)
    assert await tree(database, shop) == [("水果", 1), ("乳品", 1), ("莓果", 2), ("小浆果", 3)]


async def test_two_moves_at_once_never_close_a_circle(database: Database, shop: Shop) -> None:
    fruit, dairy = await named(database, shop, "水果"), await named(database, shop, "乳品")

    async def move(category, name, parent) -> bool:
        try:
            await database.attempt(
                shop.merchant,
                lambda uow: catalog.edit_category(uow, category, name=name, parent_id=parent),
            )
        except Invalid:
            return False
        return True

    done = await asyncio.gather(move(fruit, "水果", dairy), move(dairy, "乳品", fruit))

    assert sorted(done) == [False, True]
    assert sorted(level for _, level in await tree(database, shop)) == [1, 2]


async def test_only_an_empty_category_is_removed(database: Database, shop: Shop) -> None:
    fruit = await named(database, shop, "水果")
    berries = await add(database, shop, "浆果", fruit)

    with pytest.raises(sorting.CategoryNotEmpty) as refusal:
        async with database.begin(shop.merchant) as uow:
            await catalog.remove_category(uow, fruit)
    assert (refusal.value.facts["products"], refusal.value.facts["below"]) == (1, 1)

    async with database.begin(shop.merchant) as uow:
        await catalog.remove_category(uow, berries)
        await catalog.remove_category(uow, berries)
    assert await tree(database, shop) == [("水果", 1), ("乳品", 1)]


async def test_categories_stand_in_the_order_they_were_put(database: Database, shop: Shop) -> None:
    fruit, dairy = await named(database, shop, "水果"), await named(database, shop, "乳品")

    async with database.begin(shop.merchant) as uow:
        await catalog.order_categories(uow, [dairy, fruit])

    assert await tree(database, shop) == [("乳品", 1), ("水果", 1)]


async def test_a_category_lists_what_lies_below_it(database: Database, shop: Shop) -> None:
    fruit = await named(database, shop, "水果")
    small = await add(database, shop, "小浆果", await add(database, shop, "浆果", fruit))
    async with database.begin(shop.merchant) as uow:
        berry = catalog.NewProduct(category="x", title="蓝莓", skus=(catalog.NewSku("BERRY", 2_990),))
        await catalog.add_products(uow, [berry], {"x": small})
        below = await catalog.cards(uow, category_id=fruit)
        shown = await sorting.shown_categories(uow)

    assert sorted(card.title for card in below.items) == ["红富士苹果", "蓝莓"]
    assert [category.name for category in shown] == ["水果", "浆果", "小浆果", "乳品"]


async def test_another_merchants_category_is_none(database: Database, shop: Shop, new_shop) -> None:
    fruit = await named(database, shop, "水果")
    stranger = await new_shop()

    with pytest.raises(NotFound):
        async with database.begin(stranger) as uow:
            await catalog.add_category(uow, ids.new(), "里面", parent_id=fruit)
    async with database.begin(stranger) as uow:
        await catalog.remove_category(uow, fruit)
    assert ("水果", 1) in await tree(database, shop)


async def words_on(database: Database, shop: Shop, **said) -> catalog.Product:
    """The apple with other words."""
    async with database.begin(shop.merchant) as uow:
        price = (await catalog.prices(uow, [shop.apple]))[shop.apple]
        words = catalog.ProductWords(price.category_id, "红富士苹果", **said)
        await catalog.edit_product(uow, price.product_id, words)
        return await catalog.product(uow, price.product_id)


async def test_brands_and_tags_narrow_the_list_and_follow_their_names(database: Database, shop: Shop) -> None:
    brand_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await catalog.save_brand(uow, brand_id, "山东果园")
        await catalog.save_tag(uow, "新品")
        await catalog.save_tag(uow, "当季")
    await words_on(database, shop, brand_id=brand_id, tags=("新品", "当季"))

    async with database.begin(shop.merchant) as uow:
        await catalog.save_tag(uow, "应季", is_shown=False, old_name="当季")
        await catalog.save_brand(uow, brand_id, "烟台果园")
        by_tag = await catalog.cards(uow, wanted=Filter(tag="应季"))
        by_brand = await catalog.cards(uow, wanted=Filter(brand_id=brand_id))
        brands, tags = await catalog.brands(uow), await catalog.tags(uow)

    assert [card.tags for card in by_tag.items] == [["新品", "应季"]]
    assert [card.title for card in by_brand.items] == ["红富士苹果"]
    assert [(b.name, b.products) for b in brands] == [("烟台果园", 1)]
    assert [(t.name, t.is_shown, t.products) for t in tags] == [("新品", True, 1), ("应季", False, 1)]


async def test_a_brand_in_use_stays_and_a_tag_leaves_its_goods(database: Database, shop: Shop) -> None:
    brand_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await catalog.save_brand(uow, brand_id, "山东果园")
        await catalog.save_tag(uow, "新品")
    await words_on(database, shop, brand_id=brand_id, tags=("新品",))

    with pytest.raises(sorting.InUse):
        async with database.begin(shop.merchant) as uow:
            await catalog.remove_brand(uow, brand_id)
    async with database.begin(shop.merchant) as uow:
        await catalog.remove_tag(uow, "新品")
    after = await words_on(database, shop, brand_id=None)

    assert after.tags == ()
    async with database.begin(shop.merchant) as uow:
        await catalog.remove_brand(uow, brand_id)
        assert await catalog.brands(uow) == []


async def test_a_brand_or_tag_that_is_none_is_refused_at_its_field(database: Database, shop: Shop) -> None:
    before = await words_on(database, shop)
    for said, field in (({"brand_id": ids.new()}, "brand_id"), ({"tags": ("没有",)}, "tags")):
        with pytest.raises(Invalid) as refusal:
            await words_on(database, shop, **said)
        assert refusal.value.field == field
    assert await words_on(database, shop) == before
