"""Placing orders: what is promised, to whom, at what price, and how often."""

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, an_order, placed, state_of, stock_of
from siyu.goods import catalog, inventory
from siyu.kernel.errors import DomainError, IdempotencyConflict, Invalid
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def test_a_placed_order_costs_what_was_shown_and_keeps_its_stock(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)

    order = await placed(database, shop, customer, apples=2, milk=3)

    assert order.total == 2 * 1_290 + 3 * 680
    assert await stock_of(database, shop, shop.apple) == (100, 2)
    assert await stock_of(database, shop, shop.milk) == (100, 3)
    async with database.begin(shop.merchant) as uow:
        read = await orders.find(uow, order.id, customer_id=customer)
    assert [(line.title, line.quantity, line.unit_price, line.amount) for line in read.lines] == [
        ("红富士苹果", 2, 1_290, 2_580),
        ("鲜牛奶", 3, 680, 2_040),
    ]


async def test_the_same_submit_twice_is_one_order(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    wish = an_order(shop, customer, apples=2, key="tap")

    first = await orders.place(database, shop.merchant, wish, pay_minutes=30)
    second = await orders.place(database, shop.merchant, wish, pay_minutes=30)

    assert (second.id, second.number, second.is_replay) == (first.id, first.number, True)
    assert await stock_of(database, shop, shop.apple) == (100, 2)


async def test_the_same_key_for_another_order_is_refused_and_changes_nothing(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    await orders.place(database, shop.merchant, an_order(shop, customer, apples=1, key="k"), pay_minutes=30)

    with pytest.raises(IdempotencyConflict):
        await orders.place(
            database, shop.merchant, an_order(shop, customer, apples=5, key="k"), pay_minutes=30
        )

    assert await stock_of(database, shop, shop.apple) == (100, 1)


async def test_a_price_that_rose_is_a_refusal_with_the_new_quote(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await catalog.set_price(uow, shop.apple, 1_500)

    with pytest.raises(orders.PriceRose) as refusal:
        await placed(database, shop, customer, apples=2)

    assert refusal.value.facts["quote"]["total"] == 3_000
    assert await stock_of(database, shop, shop.apple) == (100, 0)


async def test_a_price_that_fell_is_simply_charged(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await catalog.set_price(uow, shop.apple, 1_000)

    order = await placed(database, shop, customer, apples=2)

    assert order.total == 2_000


async def test_an_order_that_costs_nothing_is_refused(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await catalog.set_price(uow, shop.apple, 0)

    with pytest.raises(DomainError) as refusal:
        await placed(database, shop, customer, apples=2)

    assert refusal.value.code == "orders.nothing_to_pay"
    assert await stock_of(database, shop, shop.apple) == (100, 0)


async def test_an_order_is_all_or_nothing(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)

    with pytest.raises(inventory.NotEnoughStock) as refusal:
        await placed(database, shop, customer, apples=3, milk=101)

    assert refusal.value.facts["available"] == 100
    assert await stock_of(database, shop, shop.apple) == (100, 0)
    assert await stock_of(database, shop, shop.milk) == (100, 0)


async def test_a_refused_order_leaves_its_key_free(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    wish = an_order(shop, customer, apples=200, key="again")
    with pytest.raises(inventory.NotEnoughStock):
        await orders.place(database, shop.merchant, wish, pay_minutes=30)
    async with database.begin(shop.merchant) as uow:
        await inventory.receive(uow, [inventory.Pieces(shop.store_id, shop.apple, 100)])

    order = await orders.place(database, shop.merchant, wish, pay_minutes=30)

    assert not order.is_replay
    assert await stock_of(database, shop, shop.apple) == (200, 200)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": ()}, "lines"),
        ({"remark": "长" * 201}, "remark"),
        ({"key": "k" * 81}, "key"),
        ({"expected_total": -1}, "expected_total"),
    ],
)
async def test_input_that_makes_no_sense_names_its_field(
    database: Database, shop: Shop, changes: dict[str, object], field: str
) -> None:
    customer = await a_customer(database, shop.merchant)
    wish = msgspec.structs.replace(an_order(shop, customer), **changes)

    with pytest.raises((Invalid, orders.EmptyOrder)) as refusal:
        await orders.place(database, shop.merchant, wish, pay_minutes=30)

    assert refusal.value.field == field
    assert await stock_of(database, shop, shop.apple) == (100, 0)


@pytest.mark.parametrize("quantity", [0, -1, 1_000])
async def test_a_quantity_out_of_bounds_is_refused(database: Database, shop: Shop, quantity: int) -> None:
    customer = await a_customer(database, shop.merchant)
    wish = an_order(shop, customer, lines=(orders.WantedLine(shop.apple, quantity),))

    with pytest.raises(Invalid) as refusal:
        await orders.place(database, shop.merchant, wish, pay_minutes=30)

    assert refusal.value.field == "lines[0].quantity"


async def test_an_expired_order_is_closed_and_its_stock_is_free(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    wish = an_order(shop, customer, apples=4)
    order = await orders.place(database, shop.merchant, wish, pay_minutes=-1)

    async with database.begin(shop.merchant) as uow:
        closed = await orders.close_expired(uow)

    assert closed == 1
    assert await state_of(database, shop, order.id) == "closed"
    assert await stock_of(database, shop, shop.apple) == (100, 0)


async def test_one_stumbling_neighbour_does_not_fail_the_batch(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    stranger = an_order(shop, shop.apple)  # not a customer: the foreign key refuses it
    good = an_order(shop, customer, apples=1)

    async with database.begin(shop.merchant) as uow:
        answers = await orders.place_many(uow, [good], [999_001], pay_minutes=30)
    assert isinstance(answers[0], orders.PlacedOrder)

    import asyncio

    results = await asyncio.gather(
        *(
            orders.place(database, shop.merchant, wish, pay_minutes=30)
            for wish in (an_order(shop, customer, apples=1), stranger, an_order(shop, customer, apples=1))
        ),
        return_exceptions=True,
    )

    assert [isinstance(result, orders.PlacedOrder) for result in results] == [True, False, True]
    assert await stock_of(database, shop, shop.apple) == (100, 3)
