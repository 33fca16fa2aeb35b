"""Money in, money back: each exactly once, whatever order the gateway's words arrive in."""

from datetime import timedelta

import pytest

from factories import Shop, a_customer, a_shop, paid, placed, state_of, stock_of, word_of_payment
from siyu.connect import wxpay
from siyu.events import OrderPaid, OrderRefunded
from siyu.goods import inventory
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders, payments


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def balances(database: Database, shop: Shop) -> dict[str, int]:
    async with database.begin(shop.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        return {account.code: account.balance for account in await ledger.accounts(uow)}


async def facts_of(database: Database, shop: Shop, kind: str) -> int:
    async with database.begin(shop.merchant) as uow:
        return await uow.one(
            int,
            "select count(*) from events where merchant_id = %(merchant_id)s and kind = %(kind)s",
            kind=kind,
        )


async def settle(database: Database, shop: Shop, *said: wxpay.Transaction) -> list[payments.Outcome]:
    async with database.begin(shop.merchant) as uow:
        return await payments.settle(uow, said)


async def number_of(database: Database, shop: Shop, order: orders.PlacedOrder) -> str:
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
    return number


async def test_a_payment_is_settled_once_however_often_it_is_told(database: Database, shop: Shop) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=2)
    word = word_of_payment(await number_of(database, shop, order), order.total)

    outcomes = [
        *await settle(database, shop, word),
        *await settle(database, shop, word),
        *await settle(database, shop, word, word),
    ]

    assert [str(outcome) for outcome in outcomes] == ["paid", "duplicate", "duplicate", "duplicate"]
    assert await balances(database, shop) == {
        "gateway:wxpay": 2_580,
        "sales": 2_580,
        "refunds_due": 0,
        "unclaimed": 0,
    }
    assert await facts_of(database, shop, OrderPaid.__struct_config__.tag) == 1
    async with database.begin(shop.merchant) as uow:
        read = await orders.find(uow, order.id)
    assert (read.state, len(read.pickup_code or "")) == ("paid", 8)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"total": 1}, "wrong_amount"),
        ({"currency": "USD"}, "wrong_amount"),
        ({"trade_state": "NOTPAY"}, "not_paid"),
        ({"out_trade_no": "f" * 32}, "unknown"),
    ],
)
async def test_a_word_that_does_not_fit_changes_nothing(
    database: Database, shop: Shop, change: dict[str, object], outcome: str
) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=1)
    number = await number_of(database, shop, order)

    (got,) = await settle(database, shop, word_of_payment(number, order.total, **change))

    assert str(got) == outcome
    assert await state_of(database, shop, order.id) == "unpaid"
    assert await balances(database, shop) == {}


async def test_a_late_payment_is_honoured_when_stock_allows(database: Database, shop: Shop) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=2)
    number = await number_of(database, shop, order)
    async with database.begin(shop.merchant) as uow:
        await orders.close(uow, [order.id], "expired")

    (outcome,) = await settle(database, shop, word_of_payment(number, order.total))

    assert outcome is payments.Outcome.PAID
    assert await state_of(database, shop, order.id) == "paid"
    assert await stock_of(database, shop, shop.apple) == (100, 2)


async def test_a_late_payment_goes_back_by_itself_when_the_stock_is_gone(
    database: Database, shop: Shop
) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=60)
    number = await number_of(database, shop, order)
    async with database.begin(shop.merchant) as uow:
        await orders.close(uow, [order.id], "expired")
    await placed(database, shop, await a_customer(database, shop.merchant), apples=60)

    outcomes = await settle(database, shop, word_of_payment(number, order.total))
    again = await settle(database, shop, word_of_payment(number, order.total))

    assert [str(o) for o in outcomes + again] == ["late", "duplicate"]
    assert await state_of(database, shop, order.id) == "closed"
    assert await stock_of(database, shop, shop.apple) == (100, 60)
    async with database.begin(shop.merchant) as uow:
        (refund,) = await payments.refunds_of_order(uow, order.id)
    assert (refund.kind, refund.amount, refund.state) == ("late_payment", order.total, "requested")
    assert (await balances(database, shop))["refunds_due"] == order.total

    async with database.begin(shop.merchant) as uow:
        done = await payments.refund_finished(uow, _finished(refund, number))

    assert done is payments.Outcome.REFUND_DONE
    assert await balances(database, shop) == {
        "gateway:wxpay": 0,
        "sales": 0,
        "refunds_due": 0,
        "unclaimed": 0,
    }


def _finished(refund: payments.Refund, number: str, *, status: str = "SUCCESS") -> wxpay.Refund:
    return wxpay.Refund(
        out_refund_no=refund.out_refund_no,
        refund_id="5030000",
        out_trade_no=number,
        status=status,
        refund=refund.amount,
        total=refund.amount,
        success_time=clock.now(),
    )


async def test_refunds_of_single_units_return_exactly_what_was_paid(database: Database, shop: Shop) -> None:
    order = await paid(database, shop, await a_customer(database, shop.merchant), apples=3, milk=1)

    amounts = []
    for lines in (((1, 1),), ((1, 1), (2, 1)), ((1, 1),)):
        request = payments.RequestRefund(ids.new(), order.id, lines, "少了一个")
        async with database.begin(shop.merchant) as uow:
            amounts.append((await payments.request_refund(uow, request)).amount)

    assert amounts == [1_290, 1_290 + 680, 1_290]
    assert await state_of(database, shop, order.id) == "refunded"
    assert await stock_of(database, shop, shop.apple) == (100, 0)
    assert await balances(database, shop) == {
        "gateway:wxpay": order.total,
        "sales": 0,
        "refunds_due": order.total,
        "unclaimed": 0,
    }


async def test_the_same_refund_asked_twice_is_one_refund(database: Database, shop: Shop) -> None:
    order = await paid(database, shop, await a_customer(database, shop.merchant), apples=3)
    request = payments.RequestRefund(ids.new(), order.id, ((1, 1),), "磕碰")

    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            refund = await payments.request_refund(uow, request)

    assert refund.amount == 1_290
    async with database.begin(shop.merchant) as uow:
        read = await orders.find(uow, order.id)
    assert (read.refunded, read.lines[0].refunded_quantity) == (1_290, 1)
    assert await facts_of(database, shop, OrderRefunded.__struct_config__.tag) == 1


async def test_more_units_than_were_bought_cannot_be_refunded(database: Database, shop: Shop) -> None:
    order = await paid(database, shop, await a_customer(database, shop.merchant), apples=2)

    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await payments.request_refund(uow, payments.RequestRefund(ids.new(), order.id, ((1, 3),), "多退"))

    assert refusal.value.field == "lines[0].quantity"
    async with database.begin(shop.merchant) as uow:
        read = await orders.find(uow, order.id)
    assert (read.refunded, read.state) == (0, "paid")


async def test_an_unpaid_order_has_no_money_to_refund(database: Database, shop: Shop) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=2)

    with pytest.raises(orders.WrongState):
        async with database.begin(shop.merchant) as uow:
            await payments.request_refund(
                uow, payments.RequestRefund(ids.new(), order.id, ((1, 1),), "未付款")
            )

    assert await stock_of(database, shop, shop.apple) == (100, 2)


async def test_goods_leave_the_house_once(database: Database, shop: Shop) -> None:
    order = await paid(database, shop, await a_customer(database, shop.merchant), apples=2)

    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
    with pytest.raises(orders.WrongState):
        async with database.begin(shop.merchant) as uow:
            await orders.hand_over(uow, [order.id])

    assert await stock_of(database, shop, shop.apple) == (98, 0)
    async with database.begin(shop.merchant) as uow:
        assert await inventory.differences(uow) == []
        assert await orders.stock_promised_wrongly(uow) == []


async def test_goods_that_come_back_can_be_sold_again_if_staff_says_so(
    database: Database, shop: Shop
) -> None:
    order = await paid(database, shop, await a_customer(database, shop.merchant), apples=2)
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])

    for restock in (True, False):
        request = payments.RequestRefund(ids.new(), order.id, ((1, 1),), "不新鲜", restock=restock)
        async with database.begin(shop.merchant) as uow:
            await payments.request_refund(uow, request)

    assert await stock_of(database, shop, shop.apple) == (99, 0)


async def test_goods_handed_over_count_as_received_after_a_day(database: Database, shop: Shop) -> None:
    order = await paid(database, shop, await a_customer(database, shop.merchant), apples=1)
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
        assert await orders.receive_overdue(uow, timedelta(hours=24)) == 0

    clock.move_to(timedelta(hours=25))
    async with database.begin(shop.merchant) as uow:
        assert await orders.receive_overdue(uow, timedelta(hours=24)) == 1

    assert await state_of(database, shop, order.id) == "received"


async def test_a_refund_the_gateway_cannot_do_waits_for_a_person(database: Database, shop: Shop) -> None:
    order = await paid(database, shop, await a_customer(database, shop.merchant), apples=1)
    request = payments.RequestRefund(ids.new(), order.id, ((1, 1),), "不想要了")
    async with database.begin(shop.merchant) as uow:
        refund = await payments.request_refund(uow, request)
        payment = await payments.of_order(uow, order.id)
        assert payment is not None
        outcome = await payments.refund_finished(
            uow, _finished(refund, payment.out_trade_no, status="ABNORMAL")
        )
        abnormal = await payments.abnormal_refunds(uow)

    assert outcome is payments.Outcome.REFUND_ABNORMAL
    assert [r.id for r in abnormal] == [refund.id]
