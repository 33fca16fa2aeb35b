"""Lots: first expired first out, never more than is there, written off on the day after their date."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import Shop, a_shop, stock_of
from siyu.goods import inventory
from siyu.goods.inventory import Lot, LotName, Pieces
from siyu.goods.inventory.lots import queue_of, today_of
from siyu.kernel import clock, ids
from siyu.runtime.db import Database, Merchant, UnitOfWork

TODAY = date(2026, 11, 22)


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=0)


async def arrive(uow: UnitOfWork, shop: Shop, pieces: int, code: str = "", days: int | None = None) -> None:
    """Milk arrives; a lot `code` expires in `days`."""
    name = LotName(code, None if days is None else today_of(uow) + timedelta(days=days)) if code else None
    await inventory.receive(uow, [Pieces(shop.store_id, shop.milk, pieces)], lot_names=[name])


async def lots_of(uow: UnitOfWork) -> dict[str, int]:
    found = await inventory.listed_lots(uow, within_days=None)
    return {lot.lot_code: lot.on_hand for lot in found.items}


async def is_sound(database: Database, shop: Shop) -> bool:
    async with database.begin(shop.merchant) as uow:
        return (await inventory.prove(uow)).differences == ()


async def test_the_first_to_expire_leave_first_and_the_moves_name_their_lots(
    database: Database, shop: Shop
) -> None:
    order, order2 = ids.new(), ids.new()
    async with database.begin(shop.merchant) as uow:
        await arrive(uow, shop, 4, "LATE", 40)
        await arrive(uow, shop, 3, "SOON", 5)
        await arrive(uow, shop, 2)
        await inventory.reserve(uow, Pieces(shop.store_id, shop.milk, 8))
        await inventory.deduct(
            uow,
            [Pieces(shop.store_id, shop.milk, 2), Pieces(shop.store_id, shop.milk, 6)],
            subject_ids=[order, order2],
        )

    async with database.begin(shop.merchant) as uow:
        assert await lots_of(uow) == {}
        moves = await inventory.moves(uow, inventory.MoveFilter(reason="handed_over"))
        assert sorted((m.lot_code, m.quantity, m.subject_id == order) for m in moves.items) == [
            ("", -1, False),
            ("LATE", -4, False),
            ("SOON", -2, True),
            ("SOON", -1, False),
        ]
    assert await stock_of(database, shop, shop.milk) == (1, 0)
    assert await is_sound(database, shop)


async def test_what_comes_back_belongs_to_the_lot_it_left_from(database: Database, shop: Shop) -> None:
    order = ids.new()
    async with database.begin(shop.merchant) as uow:
        await arrive(uow, shop, 3, "SOON", 5)
        await arrive(uow, shop, 3)
        await inventory.reserve(uow, Pieces(shop.store_id, shop.milk, 5))
        await inventory.deduct(uow, [Pieces(shop.store_id, shop.milk, 5)], subject_ids=[order])
        await inventory.put_back(uow, [Pieces(shop.store_id, shop.milk, 4)], subject_id=order)

    async with database.begin(shop.merchant) as uow:
        assert await lots_of(uow) == {"SOON": 3}
    assert await stock_of(database, shop, shop.milk) == (5, 0)
    assert await is_sound(database, shop)


async def test_a_lot_with_another_date_is_refused_and_nothing_arrives(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        await arrive(uow, shop, 3, "A", 5)
    with pytest.raises(inventory.LotMismatch) as refusal:
        async with database.begin(shop.merchant) as uow:
            await arrive(uow, shop, 2, "A", 6)

    assert refusal.value.facts["lot"] == "A"
    assert await stock_of(database, shop, shop.milk) == (3, 0)


async def test_expired_pieces_are_written_off_once_and_promised_ones_stay_and_are_listed(
    database: Database, shop: Shop
) -> None:
    async with database.begin(shop.merchant) as uow:
        await arrive(uow, shop, 5, "OLD", 0)
        await arrive(uow, shop, 2, "NEW", 90)
        await inventory.reserve(uow, Pieces(shop.store_id, shop.milk, 4))
        assert await inventory.write_off_expired(uow) == 0  # its last day is today
    clock.move_to(timedelta(days=1))

    async with database.begin(shop.merchant) as uow:
        assert await inventory.write_off_expired(uow) == 3
    async with database.begin(shop.merchant) as uow:
        assert await inventory.write_off_expired(uow) == 0
        (old,) = (await inventory.listed_lots(uow, within_days=30)).items
    assert (old.lot_code, old.on_hand, old.promised, old.days_left) == ("OLD", 2, 2, -1)
    assert await stock_of(database, shop, shop.milk) == (4, 4)
    assert await is_sound(database, shop)


async def test_fresh_pieces_go_to_buyers_before_expired_ones(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        await arrive(uow, shop, 2, "OLD", -1)
        await arrive(uow, shop, 1, "NEW", 3)
        await arrive(uow, shop, 1)
        await inventory.reserve(uow, Pieces(shop.store_id, shop.milk, 3))
        await inventory.deduct(uow, [Pieces(shop.store_id, shop.milk, 3)], subject_ids=[ids.new()])
        assert await lots_of(uow) == {"OLD": 1}


async def test_a_count_takes_what_is_missing_from_pieces_without_a_lot_first(
    database: Database, shop: Shop
) -> None:
    async with database.begin(shop.merchant) as uow:
        await arrive(uow, shop, 3, "A", 5)
        await arrive(uow, shop, 2)
        await inventory.count(uow, Pieces(shop.store_id, shop.milk, 2))
        assert await lots_of(uow) == {"A": 2}
    assert await is_sound(database, shop)


async def test_one_lot_is_written_off_and_never_more_than_it_has(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        await arrive(uow, shop, 3, "A", 5)
        await arrive(uow, shop, 3, "B", 9)
        lots = {lot.lot_code: lot.id for lot in (await inventory.listed_lots(uow)).items}
        await inventory.write_off(
            uow, Pieces(shop.store_id, shop.milk, 2), reason="damaged", note="压坏", lot_id=lots["B"]
        )
        assert await lots_of(uow) == {"A": 3, "B": 1}
    with pytest.raises(inventory.NotAllFree):
        async with database.begin(shop.merchant) as uow:
            await inventory.write_off(uow, Pieces(shop.store_id, shop.milk, 5), reason="damaged")
    assert await stock_of(database, shop, shop.milk) == (4, 0)


async def test_an_entry_that_comes_twice_moves_pieces_once(database: Database, shop: Shop) -> None:
    entry, loss = ids.new(), ids.new()
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            pieces = [Pieces(shop.store_id, shop.milk, 5), Pieces(shop.store_id, shop.apple, 1)]
            await inventory.receive(uow, pieces, entry_id=entry)
            await inventory.write_off(
                uow, Pieces(shop.store_id, shop.milk, 2), reason="damaged", entry_id=loss
            )

    assert await stock_of(database, shop, shop.milk) == (3, 0)
    assert await stock_of(database, shop, shop.apple) == (1, 0)


async def test_stock_without_lots_is_never_asked_for_them(
    database: Database, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from siyu.goods.inventory import moving

    async def asked(*_: object) -> None:
        raise AssertionError("looked for lots")

    monkeypatch.setattr(moving.lots, "lots_at", asked)
    monkeypatch.setattr(moving.lots, "given_out", asked)
    async with database.begin(shop.merchant) as uow:
        await arrive(uow, shop, 5)
        await inventory.reserve(uow, Pieces(shop.store_id, shop.milk, 2))
        await inventory.deduct(uow, [Pieces(shop.store_id, shop.milk, 2)], subject_ids=[ids.new()])
        await inventory.put_back(uow, [Pieces(shop.store_id, shop.milk, 1)], subject_id=ids.new())

    assert await stock_of(database, shop, shop.milk) == (4, 0)


a_lot = st.builds(
    Lot,
    id=st.integers(1, 10**6).map(lambda n: UUID(int=n)),
    location_id=st.just(UUID(int=1)),
    sku_id=st.just(UUID(int=2)),
    code=st.just(""),
    expires_on=st.none() | st.dates(TODAY - timedelta(days=5), TODAY + timedelta(days=5)),
    on_hand=st.integers(1, 9),
)


@given(st.lists(a_lot, unique_by=lambda lot: lot.id), st.integers(0, 9), st.data())
def test_whatever_is_taken_adds_up_and_expired_pieces_are_sold_last(
    lots: list[Lot], loose: int, data: st.DataObject
) -> None:
    on_hand = sum(lot.on_hand for lot in lots) + loose
    order = data.draw(st.sampled_from(["sale", "loss", "expired"]))
    queue = queue_of(lots, on_hand, TODAY, order)
    wants = data.draw(st.lists(st.integers(0, on_hand)).filter(lambda n: sum(n) <= on_hand))

    parts = [part for want in wants for part in queue.take(want)]

    assert sum(part.quantity for part in parts) == sum(wants)
    by_id = {lot.id: lot for lot in lots}
    for lot in lots:
        assert sum(part.quantity for part in parts if part.lot_id == lot.id) <= lot.on_hand
    days = [by_id[part.lot_id].expires_on for part in parts if part.lot_id is not None]
    if order == "sale":
        expired = [bool(day and day < TODAY) for day in days]
        assert expired == sorted(expired)
        fresh = [day or date.max for day in days if not (day and day < TODAY)]
        assert fresh == sorted(fresh)
