"""Item codes: arithmetic that loses nothing, scans that are counted, rewards that are given once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop
from growth.draw_shop import some_rules
from siyu.growth import draws, itemcodes
from siyu.growth.itemcodes import codes, printing, queries
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid, NotFound, TooManyRequests
from siyu.people import points
from siyu.place import doors
from siyu.runtime.db import Database, Merchant


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def a_batch(database: Database, shop: Shop, **changes: object) -> itemcodes.Batch:
    wanted = {"name": "秋茶", "quantity": 1_000, "reward": itemcodes.Reward("points", points=8)} | changes
    async with database.begin(shop.merchant) as uow:
        return await itemcodes.create(uow, ids.new(), itemcodes.NewBatch(**wanted))


async def code_in(
    database: Database, shop: Shop, batch: itemcodes.Batch, serial: int, kind: codes.Kind = "inner"
) -> str:
    async with database.begin(shop.merchant) as uow:
        key = await itemcodes.key_of(uow, batch.id)
    count = batch.boxes if kind == "box" else batch.quantity
    return itemcodes.code_of(itemcodes.keys(key, batch.number, kind, count), serial)


async def activate(
    database: Database, shop: Shop, batch: itemcodes.Batch, first: int, last: int, dealer: UUID | None = None
) -> UUID:
    range_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await itemcodes.activate(uow, range_id, batch.id, first, last, dealer)
    return range_id


async def scan(
    database: Database, shop: Shop, code: str, visitor: UUID | None = None, **more: object
) -> itemcodes.Seen:
    customer = more.pop("customer_id", None)
    return await itemcodes.scan(
        database, shop.merchant, code, visitor_id=visitor or ids.new(), customer_id=customer, **more
    )


async def redeem(database: Database, shop: Shop, code: str, customer: UUID) -> itemcodes.Redeemed:
    async with database.begin(shop.merchant) as uow:
        return await itemcodes.redeem(uow, code, customer)


async def balance(database: Database, shop: Shop, customer: UUID) -> int:
    async with database.begin(shop.merchant) as uow:
        return (await points.statement(uow, customer)).balance


async def test_a_first_scan_says_genuine_and_a_second_says_so_too(database: Database, shop: Shop) -> None:
    batch = await a_batch(database, shop)
    await activate(database, shop, batch, 0, 99)
    code = await code_in(database, shop, batch, 7, "outer")

    first, second = (
        await scan(database, shop, code),
        await scan(database, shop, itemcodes.shown(code).lower()),
    )

    assert (first.state, first.is_first, first.scans, first.reward.kind) == ("active", True, 1, "none")
    assert (second.is_first, second.scans, second.first_at) == (False, 2, first.first_at)


async def test_a_wrong_code_is_refused_and_few_tries_are_given(database: Database, shop: Shop) -> None:
    await a_batch(database, shop)
    visitor = ids.new()
    for _ in range(20):
        with pytest.raises(itemcodes.UnknownCode):
            await scan(database, shop, "0000000000000000", visitor)
    with pytest.raises(TooManyRequests):
        await scan(database, shop, "0000000000000000", visitor)
    async with database.begin(shop.merchant) as uow:
        assert await uow.one(int, "select count(*)::int from item_scans") == 0


async def test_a_code_that_was_not_sent_out_brings_nothing(database: Database, shop: Shop) -> None:
    batch = await a_batch(database, shop)
    await activate(database, shop, batch, 0, 99)
    customer = await a_customer(database, shop.merchant)
    code = await code_in(database, shop, batch, 100)

    assert (await scan(database, shop, code)).state == "inactive"
    with pytest.raises(itemcodes.NotActive):
        await redeem(database, shop, code, customer)
    assert await balance(database, shop, customer) == 0


async def test_a_code_brings_its_points_once_for_ever(database: Database, shop: Shop) -> None:
    batch = await a_batch(database, shop)
    await activate(database, shop, batch, 0, 999)
    mine, other = await a_customer(database, shop.merchant), await a_customer(database, shop.merchant)
    code = await code_in(database, shop, batch, 3)

    had = await redeem(database, shop, code, mine)
    again = await redeem(database, shop, code, mine)
    with pytest.raises(itemcodes.AlreadyRedeemed):
        await redeem(database, shop, code, other)

    assert again == had
    assert (await balance(database, shop, mine), await balance(database, shop, other)) == (8, 0)
    assert (await scan(database, shop, code, customer_id=mine)).is_mine


async def test_many_who_redeem_one_code_at_once_make_one_happy(database: Database, shop: Shop) -> None:
    batch = await a_batch(database, shop)
    await activate(database, shop, batch, 0, 999)
    people = [await a_customer(database, shop.merchant) for _ in range(12)]
    code = await code_in(database, shop, batch, 3)

    answers = await asyncio.gather(
        *(redeem(database, shop, code, person) for person in people), return_exceptions=True
    )

    refused = [answer for answer in answers if isinstance(answer, itemcodes.AlreadyRedeemed)]
    assert len(refused) == 11
    assert sum([await balance(database, shop, person) for person in people]) == 8


async def test_nobody_has_more_a_day_than_the_batch_gives_even_at_once(
    database: Database, shop: Shop
) -> None:
    batch = await a_batch(database, shop, per_day=2)
    await activate(database, shop, batch, 0, 999)
    customer = await a_customer(database, shop.merchant)
    wanted = [await code_in(database, shop, batch, serial) for serial in range(6)]

    answers = await asyncio.gather(
        *(redeem(database, shop, code, customer) for code in wanted), return_exceptions=True
    )

    assert sum(isinstance(answer, itemcodes.EnoughToday) for answer in answers) == 4
    assert await balance(database, shop, customer) == 16
    clock.move_to(timedelta(days=1))
    left = [code for code, answer in zip(wanted, answers, strict=True) if isinstance(answer, Exception)]
    await redeem(database, shop, left[0], customer)
    assert await balance(database, shop, customer) == 24


async def test_the_outer_code_and_another_merchants_code_bring_nothing(
    database: Database, shop: Shop, new_shop
) -> None:
    batch = await a_batch(database, shop)
    await activate(database, shop, batch, 0, 999)
    theirs = await a_shop(database, await new_shop())
    stranger = await a_customer(database, theirs.merchant)
    await a_batch(database, theirs)
    inner, outer = await code_in(database, shop, batch, 1), await code_in(database, shop, batch, 1, "outer")

    with pytest.raises(itemcodes.NotAReward):
        await redeem(database, shop, outer, await a_customer(database, shop.merchant))
    with pytest.raises(itemcodes.UnknownCode):
        await redeem(database, theirs, inner, stranger)


async def test_ranges_never_overlap_and_are_undone_only_unscanned(database: Database, shop: Shop) -> None:
    batch = await a_batch(database, shop)
    first = await activate(database, shop, batch, 100, 199)
    with pytest.raises(itemcodes.Overlaps):
        await activate(database, shop, batch, 199, 300)
    second = await activate(database, shop, batch, 200, 300)
    await scan(database, shop, await code_in(database, shop, batch, 250, "outer"))

    async with database.begin(shop.merchant) as uow:
        await itemcodes.undo(uow, batch.id, first)
        await itemcodes.undo(uow, batch.id, first)
    with pytest.raises(itemcodes.AlreadyScanned):
        async with database.begin(shop.merchant) as uow:
            await itemcodes.undo(uow, batch.id, second)

    async with database.begin(shop.merchant) as uow:
        assert [(each.first, each.last) for each in await itemcodes.ranges(uow, batch.id)] == [(200, 300)]
    assert (await scan(database, shop, await code_in(database, shop, batch, 100))).state == "inactive"


async def test_ranges_asked_for_at_once_never_overlap(database: Database, shop: Shop) -> None:
    batch = await a_batch(database, shop)
    answers = await asyncio.gather(
        *(activate(database, shop, batch, at, at + 50) for at in range(0, 60, 10)), return_exceptions=True
    )
    assert sum(isinstance(answer, itemcodes.Overlaps) for answer in answers) == 5


async def test_a_recalled_batch_says_so_and_brings_nothing(database: Database, shop: Shop) -> None:
    batch = await a_batch(database, shop)
    await activate(database, shop, batch, 0, 9)
    async with database.begin(shop.merchant) as uow:
        await itemcodes.void(uow, batch.id, "检出异物")
        await itemcodes.void(uow, batch.id, "检出异物")
    code = await code_in(database, shop, batch, 1)

    assert (await scan(database, shop, code)).state == "void"
    with pytest.raises(itemcodes.NotActive):
        await redeem(database, shop, code, await a_customer(database, shop.merchant))


async def test_who_scans_comes_through_the_door_of_the_dealer_who_sold_it(
    database: Database, shop: Shop
) -> None:
    batch = await a_batch(database, shop)
    async with database.begin(shop.merchant) as uow:
        dealer = await itemcodes.add_dealer(uow, ids.new(), itemcodes.NewDealer("苏州一级"))
    await activate(database, shop, batch, 0, 9, dealer.id)
    await activate(database, shop, batch, 10, 19)
    customer = await a_customer(database, shop.merchant)

    await scan(database, shop, await code_in(database, shop, batch, 10), customer_id=customer)
    clock.move_to(timedelta(minutes=2))
    await scan(database, shop, await code_in(database, shop, batch, 1), customer_id=customer)

    async with database.begin(shop.merchant) as uow:
        touched = [touch.door_id for touch in await doors.touches_of_customer(uow, customer)]
    assert touched == [dealer.door_id, batch.door_id]


async def test_items_of_one_box_far_from_their_dealer_are_an_alert(database: Database, shop: Shop) -> None:
    batch = await a_batch(database, shop, per_box=10)
    suzhou = itemcodes.NewDealer("苏州一级", 31_298_000, 120_585_000, 60)
    async with database.begin(shop.merchant) as uow:
        dealer = await itemcodes.add_dealer(uow, ids.new(), suzhou)
    await activate(database, shop, batch, 0, 999, dealer.id)
    near, far = itemcodes.place_in("31.5,120.6"), itemcodes.place_in("39.904,116.407")
    for serial in (20, 21):
        await scan(database, shop, await code_in(database, shop, batch, serial), place=far)
        await scan(database, shop, await code_in(database, shop, batch, serial + 10), place=near)
    async with database.begin(shop.merchant) as uow:
        assert await itemcodes.alerts(uow) == []

    for _ in range(2):
        await scan(database, shop, await code_in(database, shop, batch, 29), place=far)

    async with database.begin(shop.merchant) as uow:
        (alert,) = await itemcodes.alerts(uow)
        assert (alert.kind, alert.subject, alert.dealer_name, alert.facts) == (
            "diversion", 2, "苏州一级", {"outside": 3, "items": 10},
        )  # fmt: skip
        assert await itemcodes.close_alert(uow, alert.id, "已问过")
        assert not await itemcodes.close_alert(uow, alert.id, "已问过")
        assert await itemcodes.alerts(uow) == []


async def test_one_inner_code_that_many_people_scan_is_an_alert(database: Database, shop: Shop) -> None:
    batch = await a_batch(database, shop)
    await activate(database, shop, batch, 0, 99)
    code = await code_in(database, shop, batch, 4)
    for _ in range(6):
        await scan(database, shop, code)
    async with database.begin(shop.merchant) as uow:
        (alert,) = await itemcodes.alerts(uow)
    assert (alert.kind, alert.subject, alert.facts) == ("relay", 4, {"scans": 6, "people": 6})


async def test_a_box_code_speaks_of_all_items_in_the_box(database: Database, shop: Shop) -> None:
    batch = await a_batch(database, shop, quantity=25, per_box=10)
    await activate(database, shop, batch, 0, 24)
    seen = await scan(database, shop, await code_in(database, shop, batch, 2, "box"))
    assert (seen.kind, seen.items, seen.state) == ("box", 5, "active")


async def test_a_code_can_bring_a_chance_in_a_draw_that_says_so(database: Database, shop: Shop) -> None:
    silent, draw_id = ids.new(), ids.new()
    async with database.begin(shop.merchant) as uow:
        await draws.save(uow, silent, some_rules())
        await draws.save(uow, draw_id, some_rules(code_tickets=True, ticket_points=None))
        await draws.publish(uow, silent)
        await draws.publish(uow, draw_id)
    with pytest.raises(Invalid):
        await a_batch(database, shop, reward=itemcodes.Reward("draw", draw_id=silent))
    batch = await a_batch(database, shop, reward=itemcodes.Reward("draw", draw_id=draw_id))
    await activate(database, shop, batch, 0, 99)
    customer = await a_customer(database, shop.merchant)
    code = await code_in(database, shop, batch, 1)

    with pytest.raises(draws.NotRunning):
        await redeem(database, shop, code, customer)  # before the start: the code is not used up
    clock.move_to(timedelta(hours=2))
    await redeem(database, shop, code, customer)
    await redeem(database, shop, code, customer)

    async with database.begin(shop.merchant) as uow:
        assert (await draws.chances(uow, draw_id, customer)).open == 1
        await draws.take_part(uow, draw_id, customer, ids.new())
        with pytest.raises(draws.NoTicket):
            await draws.take_part(uow, draw_id, customer, ids.new())


async def test_a_batch_is_made_once_and_numbers_never_meet(database: Database, shop: Shop) -> None:
    batch_id = ids.new()
    new = itemcodes.NewBatch("春茶", 10)

    async def make(one: UUID) -> itemcodes.Batch:
        async with database.begin(shop.merchant) as uow:
            return await itemcodes.create(uow, one, new)

    made = await asyncio.gather(make(batch_id), make(batch_id), *(make(ids.new()) for _ in range(4)))
    assert made[0] == made[1]
    assert sorted({batch.number for batch in made}) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": " "}),
        ("quantity", {"quantity": 0}),
        ("quantity", {"quantity": 100_000_001}),
        ("per_box", {"per_box": -1}),
        ("per_day", {"per_day": 0}),
        ("points", {"reward": itemcodes.Reward("points")}),
        ("points", {"reward": itemcodes.Reward("none", points=5)}),
        ("draw_id", {"reward": itemcodes.Reward("draw")}),
    ],
)
async def test_a_wrong_batch_is_refused_at_its_field(
    database: Database, shop: Shop, field: str, changes: dict[str, object]
) -> None:
    with pytest.raises(Invalid) as refusal:
        await a_batch(database, shop, **changes)
    assert refusal.value.field == field
    async with database.begin(shop.merchant) as uow:
        assert (await itemcodes.listing(uow)).items == []


async def test_the_printers_file_is_the_same_every_time_and_who_took_it_is_kept(
    database: Database, shop: Shop
) -> None:
    batch = await a_batch(database, shop, per_box=10)
    async with database.begin(shop.merchant) as uow:
        key = await itemcodes.key_of(uow, batch.id)
        paper = printing.paper(batch, key, "all", 5, 24, "https://shop.example/c/x/")
        await printing.note_delivery(uow, paper, "csv", printing.sha256(paper))
        (kept,) = await queries.deliveries(uow, batch.id)
    rows = b"".join(printing.lines(paper)).decode().splitlines()

    assert rows[0] == "serial,box,outer,inner"
    assert [row.split(",")[:2] for row in rows[1:]] == [[str(n), str(n // 10)] for n in range(5, 25)]
    assert rows[1].split(",")[2] == "https://shop.example/c/x/" + await code_in(
        database, shop, batch, 5, "outer"
    )
    assert rows[1].split(",")[3] == itemcodes.shown(await code_in(database, shop, batch, 5))
    assert kept.sha256 == printing.sha256(paper)
    pdf = printing.sheet(printing.paper(batch, key, "outer", 0, 29, "https://shop.example/c/x/"))
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") == 2
    for first, last in ((-1, 3), (5, 4), (0, 1_000)):
        with pytest.raises(Invalid):
            printing.paper(batch, key, "outer", first, last, "")


async def test_a_batch_that_is_not_there_is_not_found(database: Database, shop: Shop) -> None:
    async with database.begin(shop.merchant) as uow:
        with pytest.raises(NotFound):
            await itemcodes.find(uow, ids.new())
