"""Two ways to pay at once: the order is paid once, the balance is taken from once, and every fen is accounted for."""

import asyncio

import pytest

from factories import Shop, a_customer, a_shop, placed, word_of_payment
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders, payments

TABS = 12


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def books(database: Database, shop: Shop) -> dict[str, int]:
    async with database.begin(shop.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        return {a.code: a.balance for a in await ledger.accounts(uow) if a.balance}


async def test_many_tabs_take_the_balance_once(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=1)
    async with database.begin(shop.merchant) as uow:
        await payments.change_balance(uow, ids.new(), customer, 10_000, "充值")

    async def tap() -> bool:
        try:
            async with database.begin(shop.merchant) as uow:
                await payments.pay_from_balance(uow, order.id, customer)
        except orders.WrongState:
            return False
        return True

    done = await asyncio.gather(*(tap() for _ in range(TABS)))

    assert sum(done) == 1
    assert await books(database, shop) == {
        f"balance:{customer}": 10_000 - 1_290,
        "balance_adjustments": 10_000,
        "sales": 1_290,
    }


async def test_many_orders_never_overdraw_one_balance(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    placed_orders = [await placed(database, shop, customer, apples=1) for _ in range(TABS)]
    async with database.begin(shop.merchant) as uow:
        await payments.change_balance(uow, ids.new(), customer, 3 * 1_290 + 1_000, "充值")

    async def pay(order: orders.PlacedOrder) -> bool:
        async def work(uow) -> None:
            await payments.pay_from_balance(uow, order.id, customer)

        try:
            await database.attempt(shop.merchant, work)
        except ledger.NotEnough:
            return False
        return True

    done = await asyncio.gather(*(pay(order) for order in placed_orders))

    assert sum(done) == 3
    assert (await books(database, shop))[f"balance:{customer}"] == 1_000


async def test_gateways_and_balance_at_once_pay_once_and_return_the_rest(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=2)
    async with database.begin(shop.merchant) as uow:
        await payments.change_balance(uow, ids.new(), customer, 5_000, "充值")
        (wx,) = await payments.open_payments(uow, [order.id], "wxpay_jsapi")
        (ali,) = await payments.open_payments(uow, [order.id], "alipay_wap")

    async def told(number: str) -> str:
        async def work(uow) -> str:
            (outcome,) = await payments.settle(uow, [word_of_payment(number, order.total)])
            return str(outcome)

        return await database.attempt(shop.merchant, work)

    async def tap() -> str:
        async def work(uow) -> None:
            await payments.pay_from_balance(uow, order.id, customer)

        try:
            await database.attempt(shop.merchant, work)
        except DomainError:
            return "refused"
        return "paid"

    outcomes = await asyncio.gather(told(wx), told(ali), tap(), tap())

    assert sorted(outcomes).count("paid") == 1
    async with database.begin(shop.merchant) as uow:
        attempts = await payments.attempts(uow, order.id)
        refunds = await payments.refunds_of_order(uow, order.id)
    assert [p.state for p in attempts].count("paid") == 1
    held = await books(database, shop)
    came = sum(held.get(code, 0) for code in ("gateway:wxpay", "gateway:alipay")) + 5_000
    owed = held.get(f"balance:{customer}", 0) + held["sales"] + held.get("refunds_due", 0)
    assert came == owed
    assert sum(r.amount for r in refunds) == held.get("refunds_due", 0)


async def test_the_same_way_opened_at_once_is_one_attempt(database: Database, shop: Shop) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=1)

    async def open_one() -> str:
        async with database.begin(shop.merchant) as uow:
            return (await payments.open_payments(uow, [order.id]))[0]

    numbers = await asyncio.gather(*(open_one() for _ in range(TABS)))

    assert len(set(numbers)) == 1
