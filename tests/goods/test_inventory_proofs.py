"""The proof of stock: rounds over all rows that find what a hand in the database did; safety stock; lists."""

import psycopg
import pytest

from factories import Shop, a_shop, stock_of
from siyu.goods import inventory
from siyu.goods.inventory import LotName, Pieces, StockFilter
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def by_hand(url: str, shop: Shop, statement: str) -> None:
    """Somebody changes the database past the application."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement.encode(), (shop.merchant.id,))


async def test_a_round_goes_on_where_it_stopped_and_then_a_new_one_begins(
    database: Database, shop: Shop
) -> None:
    seen = []
    for _ in range(4):
        async with database.begin(shop.merchant) as uow:
            now = await inventory.prove(uow, rows=1)
            seen.append((now.rows_checked, now.finished_at is not None, now.differences))

    assert seen == [(1, False, ()), (2, False, ()), (2, True, ()), (1, False, ())]


async def test_a_hand_in_the_database_is_found(database: Database, shop: Shop, database_url: str) -> None:
    async with database.begin(shop.merchant) as uow:
        pieces = [Pieces(shop.store_id, shop.milk, 3)]
        await inventory.receive(uow, pieces, lot_names=[LotName("A")])
    await by_hand(database_url, shop, "update stock set on_hand = 11 where on_hand = 10 and merchant_id = %s")
    await by_hand(database_url, shop, "update stock_lots set on_hand = 2 where merchant_id = %s")

    async with database.begin(shop.merchant) as uow:
        found = {one.sku_id: one for one in (await inventory.prove(uow)).differences}
    assert (found[shop.apple].on_hand, found[shop.apple].moved) == (11, 10)
    assert (found[shop.milk].on_hand, found[shop.milk].moved, found[shop.milk].lots_wrong) == (13, 13, 1)


async def test_only_the_latest_rounds_are_kept(
    database: Database, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory.proofs, "ROUNDS_KEPT", 3)
    for _ in range(5):
        async with database.begin(shop.merchant) as uow:
            await inventory.prove(uow)

    async with database.begin(shop.merchant) as uow:
        assert len(await inventory.rounds(uow, limit=99)) == 3


async def test_pieces_kept_back_are_not_sold_but_promises_hold(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        await inventory.reserve(uow, Pieces(shop.store_id, shop.apple, 3))
        await inventory.set_safety(uow, shop.store_id, shop.apple, 5)
        (level,) = await inventory.levels(uow, [shop.apple], shop.store_id)
        assert (level.available, level.safety) == (2, 5)
    with pytest.raises(inventory.NotEnoughStock) as refusal:
        async with database.begin(shop.merchant) as uow:
            await inventory.reserve(uow, Pieces(shop.store_id, shop.apple, 3))
    assert refusal.value.facts["available"] == 2
    async with database.begin(shop.merchant) as uow:
        await inventory.set_safety(uow, shop.store_id, shop.apple, 9)
        assert (await inventory.levels(uow, [shop.apple], shop.store_id))[0].available == 0
        await inventory.deduct(uow, [Pieces(shop.store_id, shop.apple, 3)], subject_ids=[ids.new()])

    assert await stock_of(database, shop, shop.apple) == (7, 0)


async def test_safety_out_of_bounds_or_of_nothing_is_refused(database: Database, shop: Shop) -> None:
    with pytest.raises(Invalid):
        async with database.begin(shop.merchant) as uow:
            await inventory.set_safety(uow, shop.store_id, shop.apple, -1)
    with pytest.raises(NotFound):
        async with database.begin(shop.merchant) as uow:
            await inventory.set_safety(uow, shop.store_id, ids.new(), 1)


async def test_the_list_goes_on_from_a_cursor_and_low_ones_come_first(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        await inventory.reserve(uow, Pieces(shop.store_id, shop.milk, 4))
        first = await inventory.stocked(uow, StockFilter(), limit=1)
        second = await inventory.stocked(uow, StockFilter(), after=first.next, limit=1)
        low = await inventory.stocked(uow, StockFilter(low=True, low_below=7))
        odd = await inventory.stocked(uow, StockFilter(search="%"))
        broken = await inventory.stocked(uow, StockFilter(), after="x~y~z")

    assert [(row.code, row.free) for row in (*first.items, *second.items)] == [("MILK", 6), ("APPLE", 10)]
    assert (second.next, [row.code for row in low.items], list(odd.items)) == (None, ["MILK"], [])
    assert len(broken.items) == 2


async def test_moves_go_on_from_a_cursor_newest_first(database: Database, shop: Shop) -> None:
    for _ in range(3):
        async with database.begin(shop.merchant) as uow:
            await inventory.receive(uow, [Pieces(shop.store_id, shop.apple, 1)], note="补货")
    seen: list[int] = []
    after = None
    while True:
        async with database.begin(shop.merchant) as uow:
            page = await inventory.moves(uow, inventory.MoveFilter(sku_id=shop.apple), after=after, limit=2)
        seen += [move.quantity for move in page.items]
        after = page.next
        if after is None:
            break

    assert seen == [1, 1, 1, 10]
