"""What a customer has with the merchant: paid from at once, given back to, never below zero."""

from datetime import timedelta

import psycopg
import pytest

from factories import Shop, a_customer, a_shop, placed, state_of, word_of_payment
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders, payments


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def give(database: Database, shop: Shop, customer, amount: int, change=None) -> int:
    async with database.begin(shop.merchant) as uow:
        return await payments.change_balance(uow, change or ids.new(), customer, amount, "补偿")


async def has(database: Database, shop: Shop, customer) -> int:
    async with database.begin(shop.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        return await payments.balance_of(uow, customer)


async def test_an_order_is_paid_from_the_balance_and_its_refund_returns_there(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=2)
    await give(database, shop, customer, 3_000)

    async with database.begin(shop.merchant) as uow:
        await payments.pay_from_balance(uow, order.id, customer)

    assert (await has(database, shop, customer), await state_of(database, shop, order.id)) == (420, "paid")
    async with database.begin(shop.merchant) as uow:
        refund = await payments.request_refund(
            uow, payments.RequestRefund(ids.new(), order.id, ((1, 1),), "磕碰")
        )
        entries = await payments.balance_entries(uow, customer)
    assert refund.state == "done"
    assert await has(database, shop, customer) == 420 + 1_290
    assert [(e.reason, e.amount) for e in entries] == [
        ("refund", 1_290), ("payment", 2_580), ("balance_added", 3_000),
    ]  # fmt: skip


async def test_too_little_pays_nothing_and_leaves_no_attempt(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=2)
    await give(database, shop, customer, 2_579)

    with pytest.raises(ledger.NotEnough):
        async with database.begin(shop.merchant) as uow:
            await payments.pay_from_balance(uow, order.id, customer)

    assert (await has(database, shop, customer), await state_of(database, shop, order.id)) == (
        2_579,
        "unpaid",
    )
    async with database.begin(shop.merchant) as uow:
        assert await payments.attempts(uow, order.id) == []


async def test_a_gateways_money_after_the_balance_paid_goes_back(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=1)
    await give(database, shop, customer, 5_000)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        await payments.pay_from_balance(uow, order.id, customer)

    async with database.begin(shop.merchant) as uow:
        (outcome,) = await payments.settle(uow, [word_of_payment(number, order.total)])

    assert str(outcome) == "double"
    assert await has(database, shop, customer) == 5_000 - 1_290


async def test_an_order_out_of_time_is_not_paid_from_the_balance(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=1)
    await give(database, shop, customer, 5_000)
    clock.move_to(timedelta(minutes=31))

    with pytest.raises(orders.WrongState):
        async with database.begin(shop.merchant) as uow:
            await payments.pay_from_balance(uow, order.id, customer)

    assert await has(database, shop, customer) == 5_000


async def test_staff_adds_and_takes_with_a_reason_once_per_form(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    change = ids.new()

    assert await give(database, shop, customer, 1_000, change) == 1_000
    assert await give(database, shop, customer, 1_000, change) == 1_000
    assert await give(database, shop, customer, -400) == 600
    with pytest.raises(ledger.NotEnough):
        await give(database, shop, customer, -601)
    for amount, reason in ((0, "x"), (10**9, "x"), (100, " ")):
        with pytest.raises(Invalid):
            async with database.begin(shop.merchant) as uow:
                await payments.change_balance(uow, ids.new(), customer, amount, reason)

    assert await has(database, shop, customer) == 600
    async with database.begin(shop.merchant) as uow:
        noted = await uow.one(
            int,
            "select count(*) from audit_log where merchant_id = %(merchant_id)s and action = 'payments.change_balance'",
        )
    assert noted == 2


async def test_the_database_itself_refuses_an_overdraft(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    await give(database, shop, customer, 1_000)

    with pytest.raises(psycopg.errors.CheckViolation):
        async with database.begin(shop.merchant) as uow:
            await uow.run(
                "update accounts set debits_posted = debits_posted + 1001 where merchant_id = %(merchant_id)s and code = %(code)s",
                code=f"balance:{customer}",
            )

    assert await has(database, shop, customer) == 1_000
