"""Transfers with a proof: the goods are kept while staff looks, and only a matching sum counts."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from factories import Shop, a_customer, a_shop, placed, state_of, stock_of, word_of_payment
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders, payments

OPTIONS = payments.Options(is_offline_on=True, bank="招商银行", account_name="测试店", account_number="6225")


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(written, "PNG")
    return written.getvalue()


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    shop = await a_shop(database, merchant)
    async with database.begin(merchant) as uow:
        await payments.set_options(uow, OPTIONS)
    return shop


async def show(database: Database, shop: Shop, order, customer, proof_id=None):
    proof_id = proof_id or ids.new()
    async with database.begin(shop.merchant) as uow:
        await payments.submit_proof(
            uow, proof_id, order.id, customer, picture=payments.readable_proof(picture()), payer_name="王芳"
        )
    return proof_id


async def test_a_proof_keeps_the_goods_and_a_matching_sum_pays(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=2)
    proof = await show(database, shop, order, customer)
    await show(database, shop, order, customer, proof)
    clock.move_to(timedelta(hours=2))
    assert await payments.follow_up(database, shop.merchant, {}) == 0
    async with database.begin(shop.merchant) as uow:
        await orders.close_expired(uow)
    assert await state_of(database, shop, order.id) == "unpaid"

    with pytest.raises(payments.AmountDiffers):
        async with database.begin(shop.merchant) as uow:
            await payments.accept_proof(uow, proof, 2_579)
    async with database.begin(shop.merchant) as uow:
        outcome = await payments.accept_proof(uow, proof, 2_580)
    with pytest.raises(payments.AlreadyDecided):
        async with database.begin(shop.merchant) as uow:
            await payments.accept_proof(uow, proof, 2_580)

    assert str(outcome) == "paid"
    assert await state_of(database, shop, order.id) == "paid"
    async with database.begin(shop.merchant) as uow:
        assert {a.code: a.balance for a in await ledger.accounts(uow) if a.balance} == {
            "gateway:offline": 2_580,
            "sales": 2_580,
        }
        (read,) = await payments.proofs(uow, order_id=order.id)
    assert (read.state, read.payer_name, read.amount) == ("accepted", "王芳", 2_580)


async def test_while_a_proof_is_looked_at_nothing_else_happens(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=2)
    await show(database, shop, order, customer)

    with pytest.raises(payments.UnderReview):
        await show(database, shop, order, customer)
    with pytest.raises(payments.UnderReview):
        await payments.cancel_unpaid(database, shop.merchant, {}, order.id, customer_id=customer)
    with pytest.raises(payments.UnderReview):
        await payments.reprice(database, shop.merchant, {}, order.id, {1: 1}, None, "x")

    assert await state_of(database, shop, order.id) == "unpaid"


async def test_a_rejected_proof_leaves_a_day_and_then_the_order_closes(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=2)
    proof = await show(database, shop, order, customer)

    with pytest.raises(Invalid):
        async with database.begin(shop.merchant) as uow:
            await payments.reject_proof(uow, proof, " ")
    async with database.begin(shop.merchant) as uow:
        await payments.reject_proof(uow, proof, "没有到账")
        (read,) = await payments.proofs(uow, order_id=order.id)
    assert (read.state, read.reason) == ("rejected", "没有到账")
    assert await state_of(database, shop, order.id) == "unpaid"

    clock.move_to(timedelta(hours=73))
    await payments.follow_up(database, shop.merchant, {})

    assert await state_of(database, shop, order.id) == "closed"
    assert await stock_of(database, shop, shop.apple) == (100, 0)


async def test_money_that_came_twice_waits_for_a_transfer_back(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=2)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
    proof = await show(database, shop, order, customer)
    async with database.begin(shop.merchant) as uow:
        await payments.settle(uow, [word_of_payment(number, order.total)])
        outcome = await payments.accept_proof(uow, proof, 2_580)
        (refund,) = await payments.refunds_of_order(uow, order.id)
        waiting = await payments.abnormal_refunds(uow)

    assert str(outcome) == "double"
    assert [r.id for r in waiting] == [refund.id]
    assert await payments.send_refunds(database, shop.merchant, {}, "https://x") == 0
    async with database.begin(shop.merchant) as uow:
        await payments.refund_by_hand(uow, refund.id, "招行 88")
        (done,) = await payments.refunds_of_order(uow, order.id)
        books = {a.code: a.balance for a in await ledger.accounts(uow) if a.balance}
    assert (done.state, done.reference) == ("done", "招行 88")
    assert books == {"gateway:wxpay": 2_580, "sales": 2_580}


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\xff\xd8\xff broken"])
async def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        payments.readable_proof(data)
    assert refusal.value.field == "picture"


async def test_transfers_are_not_offered_unless_the_merchant_says_where_to(
    database: Database, shop: Shop
) -> None:
    with pytest.raises(Invalid):
        async with database.begin(shop.merchant) as uow:
            await payments.set_options(uow, payments.Options(is_offline_on=True, bank="招商银行"))
    async with database.begin(shop.merchant) as uow:
        assert await payments.options_of(uow) == OPTIONS
        await payments.set_options(uow, payments.Options())
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=1)

    with pytest.raises(payments.MethodNotOffered):
        await show(database, shop, order, customer)


def test_each_browser_is_offered_what_works_there() -> None:
    known = ("wxpay", "alipay")
    options = payments.Options()
    assert payments.offered(options, known, "wechat") == ["wxpay_jsapi", "balance"]
    assert payments.offered(options, known, "phone") == ["wxpay_h5", "alipay_wap", "balance"]
    assert payments.offered(options, known, "desktop") == ["wxpay_native", "alipay_page", "balance"]
    assert payments.offered(options, ("wxpay",), "phone") == ["wxpay_h5", "balance"]
    assert payments.offered(OPTIONS, (), "desktop") == ["balance", "offline"]
    off = payments.Options(switched_off=("balance", "wxpay_h5"))
    assert payments.offered(off, known, "phone") == ["alipay_wap"]


async def test_proofs_that_are_rejected_again_and_again_do_not_keep_goods_for_ever(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=2)
    for _ in range(3):
        proof = await show(database, shop, order, customer)
        async with database.begin(shop.merchant) as uow:
            await payments.reject_proof(uow, proof, "没有这笔转账")

    with pytest.raises(Invalid) as refused:
        await show(database, shop, order, customer)

    assert refused.value.field == "picture"
    async with database.begin(shop.merchant) as uow:
        assert len(await payments.proofs(uow, order_id=order.id)) == 3
