"""Stock: every piece has a reason, and nobody can take what is promised."""

import pytest

from factories import Shop, a_shop, stock_of
from siyu.goods import catalog, inventory
from siyu.goods.inventory import Pieces
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def test_reserve_release_and_deduct_keep_the_sums(database: Database, shop: Shop) -> None:
    apples = Pieces(shop.store_id, shop.apple, 3)
    async with database.begin(shop.merchant) as uow:
        assert await inventory.reserve(uow, apples) == 7
        assert await inventory.reserve(uow, apples) == 4
        await inventory.release(uow, [apples])
        await inventory.deduct(uow, [apples], subject_ids=[ids.new()])

    assert await stock_of(database, shop, shop.apple) == (7, 0)
    async with database.begin(shop.merchant) as uow:
        assert await inventory.differences(uow) == []


async def test_a_refused_reserve_says_what_is_left_and_changes_nothing(
    database: Database, shop: Shop
) -> None:
    async with database.begin(shop.merchant) as uow:
        await inventory.reserve(uow, Pieces(shop.store_id, shop.apple, 8))
    with pytest.raises(inventory.NotEnoughStock) as refusal:
        async with database.begin(shop.merchant) as uow:
            await inventory.reserve(uow, Pieces(shop.store_id, shop.apple, 3))

    assert refusal.value.facts["available"] == 2
    assert await stock_of(database, shop, shop.apple) == (10, 8)


def one_each(shop: Shop, *wanted: tuple[str, int]) -> inventory.Group:
    """A group that lies at the shop's store, a line for each SKU."""
    skus = {"apple": shop.apple, "milk": shop.milk}
    return inventory.Group(tuple((inventory.Need(skus[name], n),) for name, n in wanted), (shop.store_id,))


async def test_groups_are_served_in_order_each_whole_or_not_at_all(database: Database, shop: Shop) -> None:
    groups = [
        one_each(shop, ("apple", 6)),
        one_each(shop, ("apple", 3), ("milk", 11)),
        one_each(shop, ("apple", 4)),
        one_each(shop, ("apple", 1)),
    ]

    async with database.begin(shop.merchant) as uow:
        answers = await inventory.reserve_groups(uow, groups)

    assert [answers[0], answers[2]] == [(shop.store_id,), (shop.store_id,)]
    assert [(answers[i].facts["available"], answers[i].field) for i in (1, 3)] == [
        (10, "lines[1].sku_id"),
        (0, "lines[0].sku_id"),
    ]
    assert await stock_of(database, shop, shop.apple) == (10, 10)
    assert await stock_of(database, shop, shop.milk) == (10, 0)


async def test_counting_the_shelf_writes_the_difference(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        await inventory.reserve(uow, Pieces(shop.store_id, shop.apple, 4))
        await inventory.count(uow, Pieces(shop.store_id, shop.apple, 9))

    assert await stock_of(database, shop, shop.apple) == (9, 4)
    with pytest.raises(inventory.NotEnoughStock):
        async with database.begin(shop.merchant) as uow:
            await inventory.count(uow, Pieces(shop.store_id, shop.apple, 3))
    assert await stock_of(database, shop, shop.apple) == (9, 4)
    async with database.begin(shop.merchant) as uow:
        assert await inventory.differences(uow) == []


async def test_a_sku_code_is_used_once(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        categories = {c.name: c.id for c in await catalog.categories(uow)}
    twin = catalog.NewProduct(category="水果", title="又一种苹果", skus=(catalog.NewSku("APPLE", 1),))

    with pytest.raises(catalog.CodeTaken):
        async with database.begin(shop.merchant) as uow:
            await catalog.add_products(uow, [twin], categories)

    async with database.begin(shop.merchant) as uow:
        page = await catalog.cards(uow, search="苹果")
    assert [card.title for card in page.items] == ["红富士苹果"]


@pytest.mark.parametrize("price", [-1, 100_000_001])
async def test_a_price_out_of_bounds_is_refused(database: Database, shop: Shop, price: int) -> None:
    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await catalog.set_price(uow, shop.apple, price)

    assert refusal.value.field == "price"
    async with database.begin(shop.merchant) as uow:
        assert (await catalog.prices(uow, [shop.apple]))[shop.apple].price == 1_290


async def test_the_product_page_is_read_in_batches_and_is_never_stale(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        (card,) = (await catalog.cards(uow, search="APPLE")).items
    before = await catalog.read_product(database, shop.merchant, card.id)
    async with database.begin(shop.merchant) as uow:
        await catalog.set_price(uow, shop.apple, 999)
    after = await catalog.read_product(database, shop.merchant, card.id)

    assert (b'"price":1290' in before, b'"price":999' in after) == (True, True)


async def test_a_percent_sign_in_a_search_is_a_percent_sign(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        assert list((await catalog.cards(uow, search="%")).items) == []
        assert len((await catalog.cards(uow, search="")).items) == 2
