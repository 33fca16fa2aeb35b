"""Transfers: what left one place is on its way, arrived at the other, lost, or back; never two of these."""

from datetime import date
from uuid import UUID

import pytest

from factories import Shop, a_shop, stock_of
from siyu.goods import inventory
from siyu.goods.inventory import LotName, Pieces, transfers
from siyu.goods.inventory.transfers import Arrived, WantedTransfer
from siyu.kernel import ids
from siyu.kernel.errors import Invalid, NotFound
from siyu.place import stores
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


@pytest.fixture
async def depot(database: Database, shop: Shop) -> UUID:
    async with database.begin(shop.merchant) as uow:
        return (await stores.add(uow, stores.NewStore("W1", "总仓", "仓路 1 号", kind="warehouse"))).id


async def drafted(database: Database, shop: Shop, depot: UUID, apples: int = 6, milk: int = 0) -> UUID:
    lines = tuple((sku, n) for sku, n in ((shop.apple, apples), (shop.milk, milk)) if n)
    async with database.begin(shop.merchant) as uow:
        return (await transfers.draft(uow, WantedTransfer(ids.new(), shop.store_id, depot, lines))).id


async def at(database: Database, shop: Shop, place: UUID, sku: UUID) -> int:
    async with database.begin(shop.merchant) as uow:
        return sum(level.on_hand for level in await inventory.levels(uow, [sku], place))


async def test_pieces_travel_arrive_in_parts_and_the_missing_are_a_loss_with_a_reason(
    database: Database, shop: Shop, depot: UUID
) -> None:
    transfer = await drafted(database, shop, depot)
    assert await at(database, shop, shop.store_id, shop.apple) == 10  # a draft moves nothing
    async with database.begin(shop.merchant) as uow:
        await transfers.send(uow, transfer)
        await transfers.send(uow, transfer)
    async with database.begin(shop.merchant) as uow:
        assert (await transfers.transfer(uow, transfer)).coming == 6
        assert await transfers.arrive(uow, transfer, ids.new(), [Arrived(shop.apple, 2)]) == "sent"
        first, second = (
            (row.coming for row in (await inventory.stocked(uow, inventory.StockFilter(depot))).items),
            (),
        )
        assert (list(first), second) == ([4], ())
        rest = [Arrived(shop.apple, 3, 1, "broken")]
        assert await transfers.arrive(uow, transfer, ids.new(), rest) == "received"

    assert (
        await at(database, shop, shop.store_id, shop.apple),
        await at(database, shop, depot, shop.apple),
    ) == (4, 5)
    async with database.begin(shop.merchant) as uow:
        (line,) = await transfers.transfer_lines(uow, transfer)
        assert (line.received, line.lost, line.loss_reason, line.coming) == (5, 1, "broken", 0)
        assert (await inventory.prove(uow)).differences == ()


async def test_an_arrival_that_comes_twice_counts_once(database: Database, shop: Shop, depot: UUID) -> None:
    transfer, arrival = await drafted(database, shop, depot), ids.new()
    async with database.begin(shop.merchant) as uow:
        await transfers.send(uow, transfer)
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            assert await transfers.arrive(uow, transfer, arrival, [Arrived(shop.apple, 2)]) == "sent"

    assert await at(database, shop, depot, shop.apple) == 2


@pytest.mark.parametrize(
    ("arrived", "field"),
    [
        ([(7, 0, "")], "lines[0].received"),
        ([(6, 1, "broken")], "lines[0].received"),
        ([(-1, 0, "")], "lines[0].received"),
        ([(1, 1, "")], "lines[0].reason"),
        ([(1, 1, "eaten")], "lines[0].reason"),
        ([(0, 0, "")], "lines"),
        ([(1, 0, ""), (1, 0, "")], "lines"),
    ],
)
async def test_a_false_arrival_is_refused_and_nothing_moves(
    database: Database, shop: Shop, depot: UUID, arrived: list[tuple[int, int, str]], field: str
) -> None:
    transfer = await drafted(database, shop, depot)
    async with database.begin(shop.merchant) as uow:
        await transfers.send(uow, transfer)
    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await transfers.arrive(uow, transfer, ids.new(), [Arrived(shop.apple, *one) for one in arrived])

    assert refusal.value.field == field
    assert await at(database, shop, depot, shop.apple) == 0


async def test_promised_pieces_do_not_travel_and_every_short_sku_is_named(
    database: Database, shop: Shop, depot: UUID
) -> None:
    transfer = await drafted(database, shop, depot, apples=6, milk=10)
    async with database.begin(shop.merchant) as uow:
        await inventory.reserve(uow, Pieces(shop.store_id, shop.apple, 5))
        await inventory.reserve(uow, Pieces(shop.store_id, shop.milk, 1))
    with pytest.raises(inventory.NotAllFree) as refusal:
        async with database.begin(shop.merchant) as uow:
            await transfers.send(uow, transfer)

    assert refusal.value.facts["short"] in {"APPLE × 5; MILK × 9", "MILK × 9; APPLE × 5"}
    assert await stock_of(database, shop, shop.milk) == (10, 1)
    async with database.begin(shop.merchant) as uow:
        assert (await transfers.transfer(uow, transfer)).state == "draft"


async def test_cancelling_brings_back_what_is_on_its_way_and_leaves_what_arrived(
    database: Database, shop: Shop, depot: UUID
) -> None:
    transfer = await drafted(database, shop, depot)
    async with database.begin(shop.merchant) as uow:
        await transfers.send(uow, transfer)
        await transfers.arrive(uow, transfer, ids.new(), [Arrived(shop.apple, 2, 1, "missing")])
        await transfers.cancel(uow, transfer)
        await transfers.cancel(uow, transfer)
    with pytest.raises(inventory.WrongStep):
        async with database.begin(shop.merchant) as uow:
            await transfers.arrive(uow, transfer, ids.new(), [Arrived(shop.apple, 1)])

    assert await at(database, shop, shop.store_id, shop.apple) == 7
    assert await at(database, shop, depot, shop.apple) == 2


async def test_a_received_transfer_cannot_be_cancelled(database: Database, shop: Shop, depot: UUID) -> None:
    transfer = await drafted(database, shop, depot)
    async with database.begin(shop.merchant) as uow:
        await transfers.send(uow, transfer)
        await transfers.arrive(uow, transfer, ids.new(), [Arrived(shop.apple, 6)])
    with pytest.raises(inventory.WrongStep):
        async with database.begin(shop.merchant) as uow:
            await transfers.cancel(uow, transfer)

    assert await at(database, shop, depot, shop.apple) == 6


async def test_lots_travel_with_their_dates_first_expired_first(
    database: Database, shop: Shop, depot: UUID
) -> None:
    soon, late = date(2099, 1, 1), date(2099, 6, 1)
    async with database.begin(shop.merchant) as uow:
        pieces = [Pieces(shop.store_id, shop.milk, 4), Pieces(shop.store_id, shop.milk, 4)]
        await inventory.receive(uow, pieces, lot_names=[LotName("LATE", late), LotName("SOON", soon)])
        # The depot knows a lot of that code with another date.
        await inventory.receive(uow, [Pieces(depot, shop.milk, 1)], lot_names=[LotName("LATE", soon)])
    transfer = await drafted(database, shop, depot, apples=0, milk=6)
    async with database.begin(shop.merchant) as uow:
        await transfers.send(uow, transfer)
        await transfers.arrive(uow, transfer, ids.new(), [Arrived(shop.milk, 6)])

    async with database.begin(shop.merchant) as uow:
        found = (await inventory.listed_lots(uow, within_days=None, location_id=depot)).items
        assert {lot.lot_code: (lot.on_hand, lot.expires_on) for lot in found} == {
            "SOON": (4, soon),
            "LATE": (1, soon),
            "LATE 2099-06-01": (2, late),
        }
        assert (await inventory.prove(uow)).differences == ()


async def test_the_same_draft_twice_is_one_transfer_and_a_wrong_one_is_none(
    database: Database, shop: Shop, depot: UUID
) -> None:
    wanted = WantedTransfer(ids.new(), shop.store_id, depot, ((shop.apple, 3),))
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            await transfers.draft(uow, wanted)
    for wrong in (
        WantedTransfer(ids.new(), depot, depot, ((shop.apple, 3),)),
        WantedTransfer(ids.new(), shop.store_id, depot, ()),
        WantedTransfer(ids.new(), shop.store_id, depot, ((shop.apple, 0),)),
        WantedTransfer(ids.new(), shop.store_id, depot, ((shop.apple, 1), (shop.apple, 2))),
        WantedTransfer(ids.new(), shop.store_id, ids.new(), ((shop.apple, 1),)),
    ):
        with pytest.raises(Invalid):
            async with database.begin(shop.merchant) as uow:
                await transfers.draft(uow, wrong)
    with pytest.raises(NotFound):
        async with database.begin(shop.merchant) as uow:
            await transfers.draft(uow, WantedTransfer(ids.new(), shop.store_id, depot, ((ids.new(), 1),)))

    async with database.begin(shop.merchant) as uow:
        assert len((await transfers.transfers(uow)).items) == 1


async def test_another_merchant_sees_and_moves_nothing(
    database: Database, shop: Shop, depot: UUID, new_shop
) -> None:
    transfer = await drafted(database, shop, depot)
    other = await new_shop()
    with pytest.raises(NotFound):
        async with database.begin(other) as uow:
            await transfers.send(uow, transfer)
    async with database.begin(other) as uow:
        assert list((await transfers.transfers(uow)).items) == []
