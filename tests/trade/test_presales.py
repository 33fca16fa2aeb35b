"""Presales: a deposit now, the balance in its window; lost, given back, and every fen of both in the books."""

from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, an_order, state_of, stock_of, word_of_payment
from siyu.goods import offers
from siyu.kernel import clock, ids
from siyu.kernel.errors import NotFound
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import orders, payments, presales
from trade.presale_shop import (
    BALANCE_IN,
    BALANCE_LASTS,
    DEPOSIT,
    SHIPS_IN,
    TOTAL,
    after_deposit,
    an_offer,
    begun,
    books,
    claimed,
    digested,
    found,
    ordered,
    paid,
    told,
)


@pytest.fixture
async def shop(database: Database, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setitem(orders.ACTIVITIES, "presale", presales.ACTIVITY)
    return await a_shop(database, merchant, stock=10)


async def test_the_price_is_what_the_deposit_is_worth_less_and_only_the_deposit_is_due(database, shop):
    customer = await a_customer(database, shop.merchant)

    order = await found(
        database, shop, (await ordered(database, shop, await an_offer(database, shop), customer, 2)).id
    )

    (step,) = order.lines[0].build_up
    assert (order.total, order.deposit, order.due, order.held_for) == (
        2 * TOTAL,
        2 * DEPOSIT,
        2 * DEPOSIT,
        "presale",
    )
    assert (step.code, step.amount, step.name) == ("presale", -380, "苹果预售（定金 2.00 抵 3.00）")
    assert await stock_of(database, shop, shop.apple) == (10, 2)


async def test_two_payments_make_one_paid_order_and_the_deposit_becomes_sales(database, shop):
    order_id, _, balance_from = await after_deposit(database, shop)
    waiting = await found(database, shop, order_id)
    early = await begun(database, shop, order_id)
    first_books = await books(database, shop)
    clock.move_to(balance_from - clock.now() + timedelta(seconds=1))
    late = await begun(database, shop, order_id)

    assert await told(database, shop, late, TOTAL - DEPOSIT) is payments.Outcome.PAID

    assert (waiting.state, waiting.due, waiting.pay_by) == ("unpaid", 900, waiting.balance_until)
    assert waiting.deposit_paid_at is not None
    assert early != late
    assert first_books == {"gateway:wxpay": DEPOSIT, "deposits": DEPOSIT}
    assert await state_of(database, shop, order_id) == "paid"
    assert await books(database, shop) == {"gateway:wxpay": TOTAL, "sales": TOTAL}
    async with database.begin(shop.merchant) as uow:
        states = sorted((p.state, p.amount) for p in await payments.attempts(uow, order_id))
    assert states == [("deposit", 200), ("paid", 900)]


async def test_the_same_word_again_changes_nothing(database, shop):
    customer = await a_customer(database, shop.merchant)
    order = await ordered(database, shop, await an_offer(database, shop), customer)
    number = await begun(database, shop, order.id)
    word = word_of_payment(number, DEPOSIT)

    async with database.begin(shop.merchant) as uow:
        outcomes = await payments.settle(uow, [word, word])
    async with database.begin(shop.merchant) as uow:
        outcomes += await payments.settle(uow, [word])

    assert outcomes == [payments.Outcome.PAID, payments.Outcome.DUPLICATE, payments.Outcome.DUPLICATE]
    assert await books(database, shop) == {"gateway:wxpay": DEPOSIT, "deposits": DEPOSIT}
    assert (await found(database, shop, order.id)).due == 900


async def test_a_deposit_paid_twice_in_two_ways_goes_back_once(database, shop):
    customer = await a_customer(database, shop.merchant)
    order = await ordered(database, shop, await an_offer(database, shop), customer)
    numbers = [await begun(database, shop, order.id, method) for method in ("wxpay_jsapi", "alipay_wap")]

    outcomes = [await told(database, shop, number, DEPOSIT) for number in numbers]

    assert outcomes == [payments.Outcome.PAID, payments.Outcome.DOUBLE]
    assert await state_of(database, shop, order.id) == "unpaid"
    assert await books(database, shop) == {
        "gateway:wxpay": 200,
        "gateway:alipay": 200,
        "deposits": 200,
        "refunds_due": 200,
    }


async def test_the_balance_can_be_paid_only_in_its_window(database, shop):
    order_id, customer, balance_from = await after_deposit(database, shop)
    async with database.begin(shop.merchant) as uow:
        await payments.change_balance(uow, ids.new(), customer, 5_000, "充值")

    with pytest.raises(payments.BalanceNotDue):
        async with database.begin(shop.merchant) as uow:
            await payments.pay_from_balance(uow, order_id, customer)
    clock.move_to(balance_from - clock.now() + timedelta(seconds=1))
    async with database.begin(shop.merchant) as uow:
        await payments.pay_from_balance(uow, order_id, customer)

    assert await state_of(database, shop, order_id) == "paid"
    assert await books(database, shop) == {
        "gateway:wxpay": 200,
        f"balance:{customer}": 4_100,
        "balance_adjustments": 5_000,
        "sales": TOTAL,
    }


async def missed(database: Database, shop: Shop) -> UUID:
    """An order whose balance was not paid in time, with everything done that follows by itself."""
    order_id, _, balance_from = await after_deposit(database, shop)
    clock.move_to(balance_from - clock.now() + BALANCE_LASTS + timedelta(seconds=1))
    async with database.begin(shop.merchant) as uow:
        assert await orders.close_expired(uow) == 1
    await digested(database, shop)
    return order_id


async def test_a_missed_balance_loses_the_deposit_and_frees_the_stock(database, shop):
    order_id = await missed(database, shop)

    async with database.begin(shop.merchant) as uow:
        again = await payments.keep_deposit(uow, order_id)

    assert not again
    assert await state_of(database, shop, order_id) == "closed"
    assert await stock_of(database, shop, shop.apple) == (10, 0)
    assert await books(database, shop) == {"gateway:wxpay": DEPOSIT, "deposits_kept": DEPOSIT}


async def test_a_balance_that_comes_after_the_deposit_was_lost_goes_back(database, shop):
    order_id, _, balance_from = await after_deposit(database, shop)
    clock.move_to(balance_from - clock.now() + timedelta(seconds=1))
    number = await begun(database, shop, order_id)
    async with database.begin(shop.merchant) as uow:
        await orders.close(uow, [order_id], "expired")
    await digested(database, shop)

    outcome = await told(database, shop, number, TOTAL - DEPOSIT)

    assert outcome is payments.Outcome.LATE
    assert await state_of(database, shop, order_id) == "closed"
    assert await books(database, shop) == {"gateway:wxpay": TOTAL, "deposits_kept": 200, "refunds_due": 900}


async def test_a_deposit_that_comes_late_brings_the_order_back(database, shop):
    customer = await a_customer(database, shop.merchant)
    order = await ordered(database, shop, await an_offer(database, shop), customer)
    number = await begun(database, shop, order.id)
    async with database.begin(shop.merchant) as uow:
        await orders.close(uow, [order.id], "expired")

    outcome = await told(database, shop, number, DEPOSIT)

    now = await found(database, shop, order.id)
    assert outcome is payments.Outcome.PAID
    assert (now.state, now.due, now.close_reason) == ("unpaid", 900, None)
    assert await stock_of(database, shop, shop.apple) == (10, 1)


async def test_the_merchant_may_give_a_lost_deposit_back_once(database, shop):
    order_id = await missed(database, shop)

    refunds = []
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            refunds.append(await payments.return_deposit(uow, order_id, "老顾客，退回定金"))

    assert refunds[0] == refunds[1]
    assert (refunds[0].amount, refunds[0].kind, refunds[0].state) == (200, "deposit", "requested")
    assert await books(database, shop) == {"gateway:wxpay": 200, "refunds_due": 200}


async def test_a_buyer_cannot_cancel_after_the_deposit(database, shop):
    order_id, customer, _ = await after_deposit(database, shop)

    with pytest.raises(payments.DepositPaid):
        await payments.cancel_unpaid(database, shop.merchant, {}, order_id, customer_id=customer)

    assert await state_of(database, shop, order_id) == "unpaid"
    assert await books(database, shop) == {"gateway:wxpay": 200, "deposits": 200}


async def test_a_deposit_goes_back_only_after_the_order_ended(database, shop):
    order_id, _, _ = await after_deposit(database, shop)

    with pytest.raises(orders.WrongState):
        async with database.begin(shop.merchant) as uow:
            await payments.return_deposit(uow, order_id, "想退")
    with pytest.raises(NotFound):
        async with database.begin(shop.merchant) as uow:
            await payments.return_deposit(uow, ids.new(), "想退")

    assert await books(database, shop) == {"gateway:wxpay": 200, "deposits": 200}


async def in_full(database: Database, shop: Shop, apples: int = 1) -> UUID:
    order_id, _, balance_from = await after_deposit(database, shop, apples)
    clock.move_to(balance_from - clock.now() + timedelta(seconds=1))
    await paid(database, shop, order_id, apples * (TOTAL - DEPOSIT))
    return order_id


async def test_a_refund_takes_the_balance_first_and_then_the_deposit_exactly(database, shop):
    order_id = await in_full(database, shop, apples=2)

    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            await payments.request_refund(
                uow, payments.RequestRefund(ids.new(), order_id, ((1, 1),), "不想要了")
            )

    async with database.begin(shop.merchant) as uow:
        refunds = await payments.refunds_of_order(uow, order_id)
        amounts = {p.id: (p.state, p.amount) for p in await payments.attempts(uow, order_id)}
    assert sorted(amounts.values()) == [("deposit", 400), ("paid", 1_800)]
    assert [refund.amount for refund in refunds if refund.lines] == [1_100, 700]
    assert [refund.amount for refund in refunds if not refund.lines] == [400]
    assert await state_of(database, shop, order_id) == "refunded"
    assert await books(database, shop) == {"gateway:wxpay": 2_200, "refunds_due": 2_200}


async def test_the_same_refund_asked_twice_goes_back_once(database, shop):
    order_id = await in_full(database, shop)
    request = payments.RequestRefund(ids.new(), order_id, ((1, 1),), "不想要了")

    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            await payments.request_refund(uow, request)

    async with database.begin(shop.merchant) as uow:
        refunds = await payments.refunds_of_order(uow, order_id)
    assert sorted(refund.amount for refund in refunds) == [200, 900]
    assert await books(database, shop) == {"gateway:wxpay": 1_100, "refunds_due": 1_100}


async def test_goods_wait_until_they_may_be_sent(database, shop):
    order_id = await in_full(database, shop)
    with pytest.raises(orders.WrongState):
        async with database.begin(shop.merchant) as uow:
            await orders.fulfil_units(uow, order_id, [(1, 1)], how="counter")
    async with database.begin(shop.merchant) as uow:
        early = await presales.release_due(uow)

    clock.move_to(SHIPS_IN - timedelta(days=1) + timedelta(seconds=1))
    async with database.begin(shop.merchant) as uow:
        released = [await presales.release_due(uow), await presales.release_due(uow)]
        await orders.fulfil_units(uow, order_id, [(1, 1)], how="counter")

    assert (early, released) == (0, [1, 0])


async def test_limits_are_those_of_orders_that_are_not_closed(database, shop):
    people = [await a_customer(database, shop.merchant) for _ in range(3)]
    offer = await an_offer(database, shop, uses_max=2, per_person=1)
    first = await ordered(database, shop, offer, people[0])

    with pytest.raises(presales.SoldOut):
        await ordered(database, shop, offer, people[0])
    await ordered(database, shop, offer, people[1])
    with pytest.raises(presales.SoldOut):
        await ordered(database, shop, offer, people[2])
    async with database.begin(shop.merchant) as uow:
        await orders.close(uow, [first.id], "cancelled_by_buyer")
    while await digest(database, shop.merchant, offers.CONSUMERS[0]):
        pass

    assert (await ordered(database, shop, offer, people[2])).total == TOTAL


async def test_other_goods_a_closed_offer_and_too_high_a_deposit_are_refused(database, shop):
    customer = await a_customer(database, shop.merchant)
    offer = await an_offer(database, shop)
    high = await an_offer(database, shop, deposit=241)
    paused = await an_offer(database, shop, state="paused")

    with pytest.raises(presales.NotInPresale):
        wish = an_order(shop, customer, apples=1, milk=1, claim=orders.Claim("presale", offer))
        await orders.place(database, shop.merchant, wish, pay_minutes=30)
    with pytest.raises(presales.DepositTooHigh):
        await ordered(database, shop, high, customer)
    with pytest.raises(presales.NotRunning):
        await ordered(database, shop, paused, customer)
    clock.move_to(BALANCE_IN)
    with pytest.raises(presales.NotRunning):
        await ordered(database, shop, offer, customer)

    assert await stock_of(database, shop, shop.apple) == (10, 0)


async def test_numbers_say_where_the_orders_stand(database, shop):
    order_id = await missed(database, shop)
    offer = await claimed(database, shop, order_id)

    async with database.begin(shop.merchant) as uow:
        told_numbers = (await presales.numbers(uow, [offer]))[offer]

    assert told_numbers == presales.Numbers(offer, lost=1, kept=DEPOSIT)
