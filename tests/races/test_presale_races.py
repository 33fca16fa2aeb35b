"""Two ways to pay one deposit, two to pay one balance, and the end of the time in between: every fen once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, an_order, word_of_payment
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders, payments, presales
from trade.presale_shop import BALANCE_IN, DEPOSIT, TOTAL, an_offer

WAYS = ("wxpay_jsapi", "wxpay_native", "alipay_wap", "alipay_page")


@pytest.fixture
async def shop(database: Database, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setitem(orders.ACTIVITIES, "presale", presales.ACTIVITY)
    return await a_shop(database, merchant, stock=10)


async def ordered(database: Database, shop: Shop, offer: UUID, customer: UUID) -> orders.PlacedOrder:
    wish = an_order(shop, customer, apples=1, expected_total=TOTAL, claim=orders.Claim("presale", offer))
    return await orders.place(database, shop.merchant, wish, pay_minutes=30)


async def opened(database: Database, shop: Shop, order_id: UUID) -> list[str]:
    async with database.begin(shop.merchant) as uow:
        return [(await payments.open_payments(uow, [order_id], way))[0] for way in WAYS]


async def told(database: Database, shop: Shop, number: str, amount: int) -> str:
    async def work(uow) -> str:
        (outcome,) = await payments.settle(uow, [word_of_payment(number, amount)])
        return str(outcome)

    return await database.attempt(shop.merchant, work)


async def books(database: Database, shop: Shop) -> dict[str, int]:
    async with database.begin(shop.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        return {a.code: a.balance for a in await ledger.accounts(uow) if a.balance}


async def test_four_ways_at_once_pay_the_deposit_once_and_the_balance_once(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await ordered(database, shop, await an_offer(database, shop), customer)

    first = await asyncio.gather(
        *(told(database, shop, number, DEPOSIT) for number in await opened(database, shop, order.id))
    )
    clock.move_to(BALANCE_IN + timedelta(minutes=1))
    second = await asyncio.gather(
        *(told(database, shop, number, TOTAL - DEPOSIT) for number in await opened(database, shop, order.id))
    )

    for outcomes in (first, second):
        assert sorted(outcomes) == ["double", "double", "double", "paid"]
    assert await books(database, shop) == {
        "gateway:wxpay": 2 * TOTAL,
        "gateway:alipay": 2 * TOTAL,
        "sales": TOTAL,
        "refunds_due": 3 * TOTAL,
    }


async def test_the_balance_of_an_account_pays_a_balance_once(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await ordered(database, shop, await an_offer(database, shop), customer)
    async with database.begin(shop.merchant) as uow:
        await payments.change_balance(uow, ids.new(), customer, 10_000, "充值")
        await payments.pay_from_balance(uow, order.id, customer)
    clock.move_to(BALANCE_IN + timedelta(minutes=1))

    async def tap() -> bool:
        try:
            async with database.begin(shop.merchant) as uow:
                await payments.pay_from_balance(uow, order.id, customer)
        except DomainError:
            return False
        return True

    done = await asyncio.gather(*(tap() for _ in range(8)))

    assert sum(done) == 1
    assert await books(database, shop) == {
        f"balance:{customer}": 10_000 - TOTAL,
        "balance_adjustments": 10_000,
        "sales": TOTAL,
    }


async def test_closing_and_paying_the_balance_at_once_leaves_one_truth(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await ordered(database, shop, await an_offer(database, shop), customer)
    (number, *_) = await opened(database, shop, order.id)
    await told(database, shop, number, DEPOSIT)
    clock.move_to(BALANCE_IN + timedelta(minutes=1))
    (number, *_) = await opened(database, shop, order.id)

    async def close() -> None:
        async def work(uow) -> None:
            await orders.close(uow, [order.id], "expired")
            await payments.keep_deposit(uow, order.id)

        await database.attempt(shop.merchant, work)

    outcome, _ = await asyncio.gather(told(database, shop, number, TOTAL - DEPOSIT), close())

    async with database.begin(shop.merchant) as uow:
        state = (await orders.find(uow, order.id)).state
    found = await books(database, shop)
    assert (state, outcome) in {("paid", "paid"), ("closed", "late")}
    assert found in (
        {"gateway:wxpay": TOTAL, "sales": TOTAL},
        {"gateway:wxpay": TOTAL, "deposits_kept": DEPOSIT, "refunds_due": TOTAL - DEPOSIT},
    )


async def test_one_place_left_is_ordered_once(database: Database, shop: Shop) -> None:
    offer = await an_offer(database, shop, uses_max=1)
    people = [await a_customer(database, shop.merchant) for _ in range(6)]

    async def order(person: UUID) -> bool:
        try:
            await ordered(database, shop, offer, person)
        except presales.SoldOut:
            return False
        return True

    assert sum(await asyncio.gather(*(order(person) for person in people))) == 1
