"""Flash sales: pieces put aside, taken once, given back, and what everybody is told."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from factories import a_customer, an_order, state_of
from siyu.goods import inventory
from siyu.goods.offers import Flash, FlashItem
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError, NotFound
from siyu.runtime.db import Database, Merchant
from siyu.trade import flashsales, orders, payments
from siyu.trade.flashsales import carving, memory, sweeping
from trade.flash_shop import (
    PRICE,
    Sale,
    a_sale,
    an_offer,
    apples,
    become,
    buy,
    change,
    counts,
    later,
    listen,
    pay,
    sweep,
    tried,
)


@pytest.fixture
async def sale(database: Database, merchant: Merchant) -> Sale:
    return await a_sale(database, merchant)


async def somebody(sale: Sale) -> UUID:
    return await a_customer(sale.database, sale.merchant)


async def test_the_quota_is_put_aside_and_ordinary_orders_cannot_reach_it(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, stock=12, quota=10)
    assert await apples(sale) == (12, 0, 10, 2)

    with pytest.raises(inventory.NotEnoughStock) as refusal:
        await orders.place(
            database, merchant, an_order(sale.shop, await somebody(sale), apples=3), pay_minutes=30
        )

    assert refusal.value.facts["available"] == 2
    assert await apples(sale) == (12, 0, 10, 2)


async def test_who_takes_a_piece_pays_the_sale_price_within_five_minutes(sale: Sale) -> None:
    order = await buy(sale, await somebody(sale))

    assert order.total == PRICE
    assert order.pay_by - clock.now() < timedelta(minutes=5)
    assert await apples(sale) == (100, 1, 9, 90)
    assert await counts(sale) == (10, 1, 0)
    async with sale.database.begin(sale.merchant) as uow:
        found = await orders.find(uow, order.id)
    assert (found.claim_kind, found.claim_id) == ("flash", sale.offer_id)
    (line,) = found.lines
    assert [(step.code, step.amount, step.rule_id) for step in line.build_up] == [
        ("flash", -300, sale.offer_id)
    ]


async def test_a_paid_piece_is_sold_and_hearing_of_it_twice_changes_nothing(sale: Sale) -> None:
    order = await buy(sale, await somebody(sale))

    assert await pay(sale, order) is payments.Outcome.PAID
    assert await counts(sale) == (10, 1, 1)
    async with sale.database.begin(sale.merchant) as uow:
        await sweeping.on_facts(uow, [])
        await sweeping._paid(uow, [order.id])
    assert await counts(sale) == (10, 1, 1)
    assert await apples(sale) == (100, 1, 9, 90)


async def test_when_all_is_taken_the_answer_says_that_unpaid_pieces_may_come_back(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, quota=2)
    first, second = await buy(sale, await somebody(sale)), await buy(sale, await somebody(sale))
    memory.forget()

    with pytest.raises(flashsales.SoldOut) as refusal:
        await buy(sale, await somebody(sale))

    assert refusal.value.facts["unpaid"] == 2
    assert "还有 2 件在等付款" in refusal.value.sentence("zh")
    await pay(sale, first)
    await pay(sale, second)
    memory.forget()
    with pytest.raises(flashsales.SoldOut) as refusal:
        await buy(sale, await somebody(sale))
    assert refusal.value.sentence("zh") == "已抢光。"
    assert await apples(sale) == (100, 2, 0, 98)


async def test_a_person_gets_as_many_as_one_may_have_over_the_session(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, per_person=2)
    buyer = await somebody(sale)
    await buy(sale, buyer)

    with pytest.raises(flashsales.LimitReached) as refusal:
        await buy(sale, buyer, apples=2)

    assert (refusal.value.facts["limit"], refusal.value.facts["had"]) == (2, 1)
    assert await counts(sale) == (10, 1, 0)
    await buy(sale, buyer)
    assert await tried(sale, buyer) == "LimitReached"
    assert await counts(sale) == (10, 2, 0)


async def test_a_closed_order_no_longer_counts_and_its_piece_goes_to_the_next(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, stock=2, quota=2)
    slow, other = await somebody(sale), await somebody(sale)
    order = await buy(sale, slow)
    await pay(sale, await buy(sale, other))
    assert await tried(sale, await somebody(sale)) == "SoldOut"

    await later(sale, minutes=6)

    assert await state_of(sale.database, sale.shop, order.id) == "closed"
    assert await counts(sale) == (2, 1, 1)
    assert await apples(sale) == (2, 1, 1, 0)
    again = await buy(sale, slow)
    assert again.total == PRICE
    assert await apples(sale) == (2, 2, 0, 0)


async def test_a_piece_somebody_else_bought_before_it_came_back_is_lost_to_the_quota(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, stock=1, quota=1)
    order = await buy(sale, await somebody(sale))
    async with database.begin(merchant) as uow:
        await orders.close(uow, [order.id], "cancelled")
    await orders.place(
        database, merchant, an_order(sale.shop, await somebody(sale), apples=1), pay_minutes=30
    )

    await listen(sale)

    assert await counts(sale) == (0, 0, 0)
    assert await apples(sale) == (1, 1, 0, 0)


async def test_before_the_start_nothing_is_sold_and_five_minutes_before_it_is_put_aside(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, starts_in=timedelta(minutes=10))
    assert await apples(sale) == (100, 0, 0, 100)
    assert await tried(sale, await somebody(sale)) == "NotStarted"

    await later(sale, minutes=6)
    assert await apples(sale) == (100, 0, 10, 90)
    assert await tried(sale, await somebody(sale)) == "NotStarted"

    await later(sale, minutes=5)
    assert await tried(sale, await somebody(sale)) == "order"


async def test_what_cannot_be_put_aside_lowers_the_quota_and_is_tried_again_at_the_start(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, stock=4, quota=10, starts_in=timedelta(minutes=4))
    assert (await counts(sale), await apples(sale)) == ((4, 0, 0), (4, 0, 4, 0))
    async with database.begin(merchant) as uow:
        await inventory.receive(uow, [inventory.Pieces(sale.shop.store_id, sale.shop.apple, 3)])
    await sweep(sale)
    assert await counts(sale) == (4, 0, 0)

    await later(sale, minutes=5)

    assert (await counts(sale), await apples(sale)) == ((7, 0, 0), (7, 0, 7, 0))


async def test_after_the_end_what_is_left_is_in_stock_and_nothing_starts_again(sale: Sale) -> None:
    order = await buy(sale, await somebody(sale))
    await later(sale, hours=2)

    assert await apples(sale) == (100, 0, 0, 100)
    assert await state_of(sale.database, sale.shop, order.id) == "closed"
    assert await tried(sale, await somebody(sale)) == "Over"
    await sweep(sale)
    async with sale.database.begin(sale.merchant) as uow:
        assert await carving.carve_session(uow, sale.offer_id) is False
    assert await apples(sale) == (100, 0, 0, 100)


async def test_a_pause_in_the_middle_returns_what_is_left_and_going_on_takes_it_again(sale: Sale) -> None:
    buyer = await somebody(sale)
    order = await buy(sale, buyer)
    await become(sale, "paused")
    assert await tried(sale, await somebody(sale)) == "Paused"
    await sweep(sale)
    assert await apples(sale) == (100, 1, 0, 99)

    assert await pay(sale, order) is payments.Outcome.PAID
    await become(sale, "active")
    assert await tried(sale, await somebody(sale)) == "Preparing"
    await sweep(sale)

    assert (await apples(sale), await counts(sale)) == ((100, 1, 9, 90), (10, 1, 1))
    assert await tried(sale, buyer) == "LimitReached"
    assert await tried(sale, await somebody(sale)) == "order"


async def test_an_order_that_closes_while_the_session_is_paused_frees_its_piece_for_everybody(
    sale: Sale,
) -> None:
    await buy(sale, await somebody(sale))
    await become(sale, "paused")
    await sweep(sale)

    await later(sale, minutes=6)

    assert (await apples(sale), (await counts(sale))[1:]) == ((100, 0, 0, 100), (0, 0))


async def test_a_changed_quota_takes_or_frees_the_difference(sale: Sale) -> None:
    await buy(sale, await somebody(sale))
    item = FlashItem(sale.shop.apple, 890, 4, sale.shop.store_id, 1)
    await change(sale, Flash((item,)))
    await sweep(sale)
    assert (await apples(sale), await counts(sale)) == ((100, 1, 3, 96), (4, 1, 0))

    await change(sale, Flash((msgspec.structs.replace(item, quota=0, sku_id=sale.shop.milk),)))
    await sweep(sale)
    assert await apples(sale) == (100, 1, 0, 99)
    assert await tried(sale, await somebody(sale)) == "NotInSession"

    await change(sale, Flash((msgspec.structs.replace(item, quota=30),)))
    await sweep(sale)
    assert (await apples(sale), await counts(sale)) == ((100, 1, 29, 70), (30, 1, 0))
    assert (await buy(sale, await somebody(sale))).total == 890


async def test_a_second_submit_finds_its_order_although_all_is_gone(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, quota=1)
    buyer = await somebody(sale)
    order = await buy(sale, buyer, key="once")
    assert await tried(sale, await somebody(sale)) == "SoldOut"

    again = await buy(sale, buyer, key="once")

    assert (again.id, again.is_replay) == (order.id, True)
    assert await counts(sale) == (1, 1, 0)


async def test_an_order_refused_after_it_got_its_piece_gives_it_back(sale: Sale) -> None:
    with pytest.raises(orders.PriceRose):
        await buy(sale, await somebody(sale), expected_total=900)

    assert (await apples(sale), await counts(sale)) == ((100, 0, 10, 90), (10, 0, 0))


async def test_other_goods_are_ordered_apart(sale: Sale) -> None:
    lines = (orders.WantedLine(sale.shop.apple, 1), orders.WantedLine(sale.shop.milk, 1))

    assert await tried(sale, await somebody(sale), lines=lines, expected_total=PRICE + 680) == "NotInSession"
    assert await counts(sale) == (10, 0, 0)


async def test_a_claim_that_does_not_exist_is_refused(sale: Sale, new_shop) -> None:
    elsewhere = await a_sale(sale.database, await new_shop())

    for claim in (ids.new(), elsewhere.offer_id):
        with pytest.raises(NotFound):
            await buy(sale, await somebody(sale), claim=orders.Claim("flash", claim))

    assert await counts(elsewhere) == (10, 0, 0)


async def test_pieces_of_another_store_are_not_picked_up_here(sale: Sale) -> None:
    assert await tried(sale, await somebody(sale), store_id=ids.new()) == "ElsewhereOnly"
    assert await counts(sale) == (10, 0, 0)


async def test_memory_refuses_what_is_gone_without_the_database_and_never_for_long(
    database: Database, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = await a_sale(database, merchant, quota=1)
    order = await buy(sale, await somebody(sale))
    now = memory.time.monotonic()
    wish = orders.PlaceOrder(
        await somebody(sale), sale.shop.store_id, (orders.WantedLine(sale.shop.apple, 1),), PRICE, "k",
        claim=orders.Claim("flash", sale.offer_id),
    )  # fmt: skip

    def answers(seconds: float) -> str:
        monkeypatch.setattr(memory.time, "monotonic", lambda: now + seconds)
        return type(memory.gate(merchant, wish)).__name__

    assert [answers(0.1), answers(0.9)] == ["SoldOut", "SoldOut"]
    assert [answers(1.2), answers(1.3), answers(1.9)] == ["NoneType", "SoldOut", "SoldOut"]
    assert answers(2.6) == "NoneType"
    monkeypatch.undo()

    async with database.begin(merchant) as uow:
        await orders.close(uow, [order.id], "cancelled")
    await listen(sale)
    memory.forget()
    assert await tried(sale, wish.customer_id) == "order"


async def test_refusals_from_memory_are_counted_with_the_others(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, quota=1)
    people = [await somebody(sale) for _ in range(8)]
    answers = [await tried(sale, person) for person in people]
    assert answers == ["order"] + ["SoldOut"] * 7
    memory._seen[merchant.id, sale.offer_id].at -= 3  # so that the next one is let through

    assert await tried(sale, await somebody(sale)) == "SoldOut"

    async with database.begin(merchant) as uow:
        (goods,) = (await sweeping.reading.items(uow, [sale.offer_id]),)[0]
    assert goods.refused == 8


async def test_a_piece_that_lies_aside_is_not_counted_away_nor_taken_out(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, stock=10, quota=8)
    shelf = inventory.Pieces(sale.shop.store_id, sale.shop.apple, 7)

    async with database.begin(merchant) as uow:
        with pytest.raises(inventory.NotEnoughStock):
            await inventory.count(uow, shelf)
    async with database.begin(merchant) as uow:
        with pytest.raises(inventory.NotAllFree):
            await inventory.take_out(uow, [msgspec.structs.replace(shelf, quantity=3)], reason="damaged")

    assert await apples(sale) == (10, 0, 8, 2)


async def test_carving_is_all_or_nothing_and_names_what_is_short(
    database: Database, merchant: Merchant
) -> None:
    sale = await a_sale(database, merchant, stock=5, quota=3)
    wanted = [inventory.Pieces(sale.shop.store_id, sku, 4) for sku in (sale.shop.apple, sale.shop.milk)]

    async with database.begin(merchant) as uow:
        with pytest.raises(inventory.NotAllFree) as refusal:
            await inventory.carve(uow, wanted)
    assert refusal.value.facts["short"] == "APPLE × 2"
    assert await apples(sale) == (5, 0, 3, 2)
    async with database.begin(merchant) as uow:
        with pytest.raises(DomainError):
            await inventory.carve(uow, wanted)


async def test_only_the_product_s_sessions_are_its_entries(sale: Sale) -> None:
    rule = Flash((FlashItem(sale.shop.milk, 500, 5, sale.shop.store_id),))
    await an_offer(sale.database, sale.merchant, rule, clock.now() + timedelta(hours=20))
    await an_offer(sale.database, sale.merchant, rule, clock.now() + timedelta(days=9))
    await buy(sale, await somebody(sale))

    async with sale.database.begin(sale.merchant) as uow:
        everything = await flashsales.entries(uow, None)
        mine = await flashsales.entries(uow, [everything[0].product_id])
        none = await flashsales.entries(uow, [])

    assert [(e.sku_id, e.price, e.marked, e.left, e.total) for e in everything] == [
        (sale.shop.apple, 990, 1_290, 9, 10),
        (sale.shop.milk, 500, 680, 5, 5),
    ]
    assert mine == everything[:1]
    assert none == []
