"""A merchant who cancels a presale owes the deposit twice: both halves, exactly, once (民法典 art. 587)."""

import pytest

from factories import Shop, a_shop
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders, payments, presales
from trade import group_shop
from trade.presale_shop import DEPOSIT, after_deposit, books, claimed, digested


@pytest.fixture
async def shop(database: Database, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setitem(orders.ACTIVITIES, "presale", presales.ACTIVITY)
    return await a_shop(database, merchant, stock=10)


async def test_when_the_merchant_cancels_the_deposit_goes_back_and_as_much_again_is_owed(database, shop):
    order_id, _, _ = await after_deposit(database, shop)
    offer = await claimed(database, shop, order_id)
    await payments.cancel_unpaid(database, shop.merchant, {}, order_id, customer_id=None)
    for _ in range(2):
        await digested(database, shop)

    async with database.begin(shop.merchant) as uow:
        (lost,) = await presales.lost(uow, offer)
        kept = await payments.keep_deposit(uow, order_id)

    assert not kept
    assert (lost.returned, lost.owed, lost.is_paid) == ("requested", DEPOSIT, False)
    assert await books(database, shop) == {
        "gateway:wxpay": 200, "refunds_due": 200, "deposit_penalties": 200, "deposits_owed": 200
    }  # fmt: skip


async def test_both_halves_of_a_doubled_deposit_leave_the_house_exactly_once(database, shop):
    order_id, _, _ = await after_deposit(database, shop, apples=2)
    offer = await claimed(database, shop, order_id)
    await payments.cancel_unpaid(database, shop.merchant, {}, order_id, customer_id=None)
    await digested(database, shop)

    async with database.begin(shop.merchant) as uow:
        (refund,) = await payments.refunds_of_order(uow, order_id)
        (trade,) = await uow.all(
            str,
            "select out_trade_no from payments where merchant_id = %(merchant_id)s and order_id = %(order)s",
            order=order_id,
        )
        word = group_shop.word_of_refund(refund.id.hex, trade, 400, 400)
        await payments.refund_finished(uow, word)
    with pytest.raises(Invalid):
        async with database.begin(shop.merchant) as uow:
            await payments.pay_owed_deposit(uow, order_id, " ")
    told = []
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            told.append(await payments.pay_owed_deposit(uow, order_id, "招行 8812"))
    await digested(database, shop)

    async with database.begin(shop.merchant) as uow:
        (lost,) = await presales.lost(uow, offer)
    assert told == [True, False]
    assert (lost.returned, lost.owed, lost.is_paid) == ("done", 400, True)
    assert await books(database, shop) == {"deposit_penalties": 400, "gateway:offline": -400}


async def test_nothing_is_owed_to_a_buyer_who_let_the_balance_lapse(database, shop):
    order_id, _, _ = await after_deposit(database, shop)
    async with database.begin(shop.merchant) as uow:
        await orders.close(uow, [order_id], "expired")
    await digested(database, shop)

    with pytest.raises(NotFound):
        async with database.begin(shop.merchant) as uow:
            await payments.pay_owed_deposit(uow, order_id, "招行 8812")

    assert await books(database, shop) == {"gateway:wxpay": 200, "deposits_kept": 200}
