"""Stocktakes: counted while the shop is open, differences posted once, promises kept."""

from uuid import UUID

import pytest

from factories import Shop, a_shop, stock_of
from siyu.goods import catalog, inventory
from siyu.goods.inventory import Pieces, stocktakes
from siyu.goods.inventory.stocktakes import Count, WantedStocktake
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def begun(database: Database, shop: Shop, category: UUID | None = None) -> UUID:
    async with database.begin(shop.merchant) as uow:
        return (await stocktakes.begin(uow, WantedStocktake(ids.new(), shop.store_id, category))).id


async def counted(database: Database, shop: Shop, sheet: UUID, **pieces: int) -> None:
    skus = {"apple": shop.apple, "milk": shop.milk}
    async with database.begin(shop.merchant) as uow:
        await stocktakes.record(uow, sheet, [Count(skus[name], n, ids.new()) for name, n in pieces.items()])


async def posted(database: Database, shop: Shop, sheet: UUID) -> int:
    async with database.begin(shop.merchant) as uow:
        return await stocktakes.post(uow, sheet)


async def hand_over(database: Database, shop: Shop, pieces: int) -> None:
    async with database.begin(shop.merchant) as uow:
        await inventory.reserve(uow, Pieces(shop.store_id, shop.apple, pieces))
        await inventory.deduct(uow, [Pieces(shop.store_id, shop.apple, pieces)], subject_ids=[ids.new()])


async def test_what_leaves_after_the_count_is_no_difference(database: Database, shop: Shop) -> None:
    sheet = await begun(database, shop)
    await hand_over(database, shop, 2)
    await counted(database, shop, sheet, apple=7, milk=10)  # one apple is missing of eight
    await hand_over(database, shop, 3)

    assert await posted(database, shop, sheet) == 1
    assert await posted(database, shop, sheet) == 0

    assert await stock_of(database, shop, shop.apple) == (4, 0)
    assert await stock_of(database, shop, shop.milk) == (10, 0)
    async with database.begin(shop.merchant) as uow:
        (move,) = (await inventory.moves(uow, inventory.MoveFilter(reason="count"))).items
        assert (move.quantity, move.subject_id) == (-1, sheet)
        (entry,) = (await audit.listing(uow, audit.Wanted(action="stock.stocktake"))).items
        assert entry.after == {"APPLE": -1}
        assert (await inventory.prove(uow)).differences == ()


async def test_a_count_sent_twice_freezes_stock_once_and_a_new_count_replaces_it(
    database: Database, shop: Shop
) -> None:
    sheet = await begun(database, shop)
    once = Count(shop.apple, 10, ids.new())
    async with database.begin(shop.merchant) as uow:
        await stocktakes.record(uow, sheet, [once])
    await hand_over(database, shop, 1)
    async with database.begin(shop.merchant) as uow:
        await stocktakes.record(uow, sheet, [once])
        (line,) = await stocktakes.stocktake_lines(uow, sheet, search="APPLE")
        assert (line.expected, line.counted, line.difference) == (10, 10, 0)
    await counted(database, shop, sheet, apple=8)

    async with database.begin(shop.merchant) as uow:
        (line,) = await stocktakes.stocktake_lines(uow, sheet, search="APPLE")
        assert (line.expected, line.counted, line.difference) == (9, 8, -1)


async def test_promised_pieces_are_not_counted_away_and_every_sku_is_named(
    database: Database, shop: Shop
) -> None:
    sheet = await begun(database, shop)
    async with database.begin(shop.merchant) as uow:
        await inventory.reserve(uow, Pieces(shop.store_id, shop.apple, 9))
        await inventory.reserve(uow, Pieces(shop.store_id, shop.milk, 2))
    await counted(database, shop, sheet, apple=8, milk=1)
    with pytest.raises(inventory.PromisedCountedAway) as refusal:
        await posted(database, shop, sheet)

    assert refusal.value.facts["short"] == "APPLE: 8 < 9; MILK: 1 < 2"
    assert await stock_of(database, shop, shop.apple) == (10, 9)
    async with database.begin(shop.merchant) as uow:
        assert (await stocktakes.stocktake(uow, sheet)).state == "counting"


async def test_lines_nobody_counted_stay_as_they_are(database: Database, shop: Shop) -> None:
    sheet = await begun(database, shop)
    with pytest.raises(Invalid):
        await posted(database, shop, sheet)
    await counted(database, shop, sheet, milk=12)
    assert await posted(database, shop, sheet) == 1

    assert await stock_of(database, shop, shop.milk) == (12, 0)
    assert await stock_of(database, shop, shop.apple) == (10, 0)


async def test_a_sheet_of_a_category_has_only_that_and_what_is_found_is_added(
    database: Database, shop: Shop
) -> None:
    async with database.begin(shop.merchant) as uow:
        fruit = next(c.id for c in await catalog.categories(uow) if c.name == "水果")
    sheet = await begun(database, shop, fruit)
    async with database.begin(shop.merchant) as uow:
        assert [line.code for line in await stocktakes.stocktake_lines(uow, sheet)] == ["APPLE"]
    await counted(database, shop, sheet, milk=3)

    async with database.begin(shop.merchant) as uow:
        assert [(n.code, n.difference) for n in await stocktakes.stocktake_lines(uow, sheet)] == [
            ("APPLE", 0),
            ("MILK", -7),
        ]


async def test_a_closed_sheet_takes_no_counts_and_a_cancelled_one_is_not_posted(
    database: Database, shop: Shop
) -> None:
    sheet = await begun(database, shop)
    await counted(database, shop, sheet, apple=3)
    async with database.begin(shop.merchant) as uow:
        await stocktakes.give_up(uow, sheet)
        await stocktakes.give_up(uow, sheet)
    with pytest.raises(inventory.WrongStep):
        await posted(database, shop, sheet)
    with pytest.raises(inventory.WrongStep):
        await counted(database, shop, sheet, apple=5)

    assert await stock_of(database, shop, shop.apple) == (10, 0)


@pytest.mark.parametrize("pieces", [-1, 1_000_001])
async def test_a_count_out_of_bounds_is_refused(database: Database, shop: Shop, pieces: int) -> None:
    sheet = await begun(database, shop)
    with pytest.raises(Invalid):
        await counted(database, shop, sheet, apple=pieces)


async def test_another_merchants_sheet_and_sku_do_not_exist(database: Database, shop: Shop, new_shop) -> None:
    sheet = await begun(database, shop)
    other = await new_shop()
    with pytest.raises(NotFound):
        async with database.begin(other) as uow:
            await stocktakes.record(uow, sheet, [Count(shop.apple, 1, ids.new())])
    with pytest.raises(NotFound):
        async with database.begin(shop.merchant) as uow:
            await stocktakes.record(uow, sheet, [Count(ids.new(), 1, ids.new())])
    async with database.begin(shop.merchant) as uow:
        assert (await stocktakes.stocktake(uow, sheet)).counted == 0
