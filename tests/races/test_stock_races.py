"""Stock under concurrency: transfers of the last piece, counting while goods leave, lots, sweeps twice."""

import asyncio
from datetime import timedelta

from factories import Shop, a_shop, stock_of
from siyu.goods import inventory
from siyu.goods.inventory import LotName, Pieces, stocktakes, transfers
from siyu.goods.inventory.lots import today_of
from siyu.goods.inventory.stocktakes import Count, WantedStocktake
from siyu.goods.inventory.transfers import Arrived, WantedTransfer
from siyu.kernel import clock, ids
from siyu.place import stores
from siyu.runtime.db import Database, Merchant, UnitOfWork


async def is_sound(database: Database, shop: Shop) -> bool:
    async with database.begin(shop.merchant) as uow:
        return (await inventory.prove(uow)).differences == ()


async def test_of_two_transfers_of_the_last_piece_one_leaves(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=1)
    async with database.begin(merchant) as uow:
        depot = (await stores.add(uow, stores.NewStore("W1", "总仓", "仓路", kind="warehouse"))).id
        wanted = [
            (
                await transfers.draft(
                    uow, WantedTransfer(ids.new(), shop.store_id, depot, ((shop.apple, 1),))
                )
            ).id
            for _ in range(6)
        ]

    async def send(transfer) -> bool:
        try:
            await database.attempt(merchant, lambda uow: transfers.send(uow, transfer))
        except inventory.NotAllFree:
            return False
        return True

    sent = await asyncio.gather(*(send(transfer) for transfer in [*wanted, *wanted]))

    assert sum(sent[:6]) + sum(sent[6:]) == 2  # the one transfer that left, told twice that it did
    assert await stock_of(database, shop, shop.apple) == (0, 0)
    assert await is_sound(database, shop)


async def test_the_same_arrival_at_once_counts_once(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=9)
    async with database.begin(merchant) as uow:
        depot = (await stores.add(uow, stores.NewStore("W1", "总仓", "仓路", kind="warehouse"))).id
        wish = WantedTransfer(ids.new(), shop.store_id, depot, ((shop.apple, 9),))
        transfer = (await transfers.draft(uow, wish)).id
        await transfers.send(uow, transfer)
    arrival = ids.new()

    async def arrive(uow: UnitOfWork) -> str:
        return await transfers.arrive(uow, transfer, arrival, [Arrived(shop.apple, 4)])

    states = await asyncio.gather(*(database.attempt(merchant, arrive) for _ in range(8)))

    assert set(states) == {"sent"}
    async with database.begin(merchant) as uow:
        assert [level.on_hand for level in await inventory.levels(uow, [shop.apple], depot)] == [4]


async def test_counting_while_orders_leave_posts_only_what_was_missing(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=100)
    async with database.begin(merchant) as uow:
        sheet = (await stocktakes.begin(uow, WantedStocktake(ids.new(), shop.store_id))).id

    async def leave(_: int) -> None:
        async with database.begin(merchant) as uow:
            await inventory.reserve(uow, Pieces(shop.store_id, shop.apple, 1))
        async with database.begin(merchant) as uow:
            await inventory.deduct(uow, [Pieces(shop.store_id, shop.apple, 1)], subject_ids=[ids.new()])

    async def count() -> None:
        """Three are missing of what the books say at the instant of the count."""
        await asyncio.sleep(0.05)
        async with database.begin(merchant) as uow:
            await inventory.lock(uow, [Pieces(shop.store_id, shop.apple, 0)])
            (level,) = await inventory.levels(uow, [shop.apple], shop.store_id)
            await stocktakes.record(uow, sheet, [Count(shop.apple, level.on_hand - 3, ids.new())])

    await asyncio.gather(*(leave(i) for i in range(20)), count())
    await asyncio.gather(
        *(leave(i) for i in range(10)),
        database.attempt(merchant, lambda uow: stocktakes.post(uow, sheet)),
        database.attempt(merchant, lambda uow: stocktakes.post(uow, sheet)),
    )

    assert await stock_of(database, shop, shop.apple) == (67, 0)
    assert await is_sound(database, shop)


async def test_lots_stay_first_expired_first_out_whoever_comes_first(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=0)
    async with database.begin(merchant) as uow:
        today = today_of(uow)
        names = [
            LotName(code, today + timedelta(days=days)) for code, days in (("C", 30), ("A", 3), ("B", 9))
        ]
        await inventory.receive(uow, [Pieces(shop.store_id, shop.milk, 10)] * 3, lot_names=names)
        await inventory.reserve(uow, Pieces(shop.store_id, shop.milk, 25))

    async def leave(_: int) -> None:
        async with database.begin(merchant) as uow:
            await inventory.deduct(uow, [Pieces(shop.store_id, shop.milk, 1)], subject_ids=[ids.new()])

    await asyncio.gather(*(leave(i) for i in range(25)))

    async with database.begin(merchant) as uow:
        left = (await inventory.listed_lots(uow, within_days=None)).items
    assert [(lot.lot_code, lot.on_hand) for lot in left] == [("C", 5)]
    assert await is_sound(database, shop)


async def test_sweeping_twice_at_once_writes_expired_pieces_off_once(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=2)
    async with database.begin(merchant) as uow:
        pieces = [Pieces(shop.store_id, shop.milk, 5), Pieces(shop.store_id, shop.apple, 4)]
        await inventory.receive(uow, pieces, lot_names=[LotName("OLD", today_of(uow))] * 2)
        await inventory.reserve(uow, Pieces(shop.store_id, shop.apple, 3))
    clock.move_to(timedelta(days=1))

    gone = await asyncio.gather(
        *(database.attempt(merchant, inventory.write_off_expired) for _ in range(6)),
        *(database.attempt(merchant, inventory.prove) for _ in range(4)),
    )

    assert sum(n for n in gone if isinstance(n, int)) == 5 + 3
    assert await stock_of(database, shop, shop.milk) == (2, 0)
    assert await stock_of(database, shop, shop.apple) == (3, 3)
    assert await is_sound(database, shop)
