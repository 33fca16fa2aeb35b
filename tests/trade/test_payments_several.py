"""One order, several ways to pay: exactly one payment counts, and what came beside it goes back by itself."""

from datetime import timedelta

import pytest

from factories import Shop, a_customer, a_shop, placed, state_of, stock_of, word_of_payment
from siyu.connect import gateways
from siyu.kernel import clock, ids
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders, payments


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


class Line:
    """A gateway of which one says what it shall answer."""

    def __init__(self, name: str = "wxpay") -> None:
        self.name = name
        self.paid: dict[str, gateways.Transaction] = {}
        self.refunds: dict[str, gateways.Refund] = {}
        self.closed: list[str] = []
        self.asked: list[str] = []
        self.sent: list[str] = []
        self.refund_answers: list[object] = []

    async def query(self, out_trade_no: str) -> gateways.Transaction | None:
        self.asked.append(out_trade_no)
        return self.paid.get(out_trade_no)

    async def close(self, out_trade_no: str) -> None:
        if out_trade_no in self.paid:
            raise gateways.OrderPaid(out_trade_no)
        self.closed.append(out_trade_no)

    async def query_refund(self, out_refund_no: str, *, out_trade_no: str) -> gateways.Refund | None:
        self.asked.append(out_refund_no)
        return self.refunds.get(out_refund_no)

    async def refund(self, **asked) -> gateways.Refund:
        self.sent.append(asked["out_refund_no"])
        answer = self.refund_answers.pop(0) if self.refund_answers else "SUCCESS"
        if isinstance(answer, Exception):
            raise answer
        done = gateways.Refund(
            asked["out_refund_no"], "r-1", asked["out_trade_no"], str(answer), asked["refund"], asked["total"],
            clock.now(),
        )  # fmt: skip
        self.refunds[done.out_refund_no] = done
        return done


async def opened(database: Database, shop: Shop, order: orders.PlacedOrder, *methods: str) -> list[str]:
    numbers = []
    async with database.begin(shop.merchant) as uow:
        for method in methods:
            numbers += await payments.open_payments(uow, [order.id], method)
    return numbers


async def settled(database: Database, shop: Shop, *said) -> list[str]:
    async with database.begin(shop.merchant) as uow:
        return [str(outcome) for outcome in await payments.settle(uow, said)]


async def books(database: Database, shop: Shop) -> dict[str, int]:
    async with database.begin(shop.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        return {a.code: a.balance for a in await ledger.accounts(uow) if a.balance}


async def states(database: Database, shop: Shop, order: orders.PlacedOrder) -> dict[str, str]:
    async with database.begin(shop.merchant) as uow:
        return {p.method: p.state for p in await payments.attempts(uow, order.id)}


async def test_each_way_has_a_number_of_its_own_and_asking_again_gives_the_same(
    database: Database, shop: Shop
) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=2)

    first = await opened(database, shop, order, "wxpay_jsapi", "alipay_wap", "wxpay_native")
    again = await opened(database, shop, order, "wxpay_jsapi", "alipay_wap", "wxpay_native")

    assert first == again
    assert len(set(first)) == 3
    tag = payments.merchant_tag(shop.merchant.id)
    assert [(len(number), number[:7]) for number in first] == [(32, f"{tag}_")] * 3


async def test_the_second_payment_of_an_order_goes_back_by_itself(database: Database, shop: Shop) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=2)
    wx, ali = await opened(database, shop, order, "wxpay_jsapi", "alipay_wap")

    outcomes = await settled(database, shop, word_of_payment(wx, order.total))
    outcomes += await settled(
        database, shop, word_of_payment(ali, order.total), word_of_payment(ali, order.total)
    )
    outcomes += await settled(database, shop, word_of_payment(ali, order.total))

    assert outcomes == ["paid", "double", "duplicate", "duplicate"]
    assert await state_of(database, shop, order.id) == "paid"
    assert await stock_of(database, shop, shop.apple) == (100, 2)
    assert await states(database, shop, order) == {"wxpay_jsapi": "paid", "alipay_wap": "refunding_double"}
    assert await books(database, shop) == {
        "gateway:wxpay": 2_580,
        "gateway:alipay": 2_580,
        "sales": 2_580,
        "refunds_due": 2_580,
    }
    async with database.begin(shop.merchant) as uow:
        (refund,) = await payments.refunds_of_order(uow, order.id)
    assert (refund.kind, refund.amount, refund.state, refund.method) == (
        "double_payment", 2_580, "requested", "alipay_wap",
    )  # fmt: skip

    lines = {"wxpay": Line(), "alipay": Line("alipay")}
    assert await payments.send_refunds(database, shop.merchant, lines, "https://x") == 1

    assert lines["alipay"].sent == [refund.out_refund_no]
    assert lines["wxpay"].sent == []
    assert (await states(database, shop, order))["alipay_wap"] == "refunded_double"
    assert await books(database, shop) == {"gateway:wxpay": 2_580, "sales": 2_580}


async def test_two_payments_told_in_one_breath_count_once(database: Database, shop: Shop) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=1)
    wx, ali = await opened(database, shop, order, "wxpay_jsapi", "alipay_wap")

    outcomes = await settled(
        database, shop, word_of_payment(ali, order.total), word_of_payment(wx, order.total)
    )

    assert sorted(outcomes) == ["double", "paid"]
    assert sorted((await states(database, shop, order)).values()) == ["paid", "refunding_double"]


async def test_what_is_still_open_after_a_payment_is_closed_at_its_gateway(
    database: Database, shop: Shop
) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=2)
    wx, ali = await opened(database, shop, order, "wxpay_jsapi", "alipay_wap")
    await settled(database, shop, word_of_payment(wx, order.total))
    lines = {"wxpay": Line(), "alipay": Line("alipay")}

    assert await payments.follow_up(database, shop.merchant, lines) == 1

    assert (lines["alipay"].asked, lines["alipay"].closed) == ([ali], [ali])
    assert lines["wxpay"].asked == []
    assert await states(database, shop, order) == {"wxpay_jsapi": "paid", "alipay_wap": "closed"}
    assert await state_of(database, shop, order.id) == "paid"


async def test_an_order_out_of_time_is_closed_only_after_every_attempt_has_ended(
    database: Database, shop: Shop
) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=2)
    _, ali = await opened(database, shop, order, "wxpay_jsapi", "alipay_wap")
    clock.move_to(timedelta(minutes=31))
    lines = {"wxpay": Line(), "alipay": Line("alipay")}
    lines["alipay"].paid[ali] = word_of_payment(ali, order.total)

    assert await payments.follow_up(database, shop.merchant, lines) == 2

    assert await state_of(database, shop, order.id) == "paid"
    assert await states(database, shop, order) == {"alipay_wap": "paid", "wxpay_jsapi": "closed"}
    assert await stock_of(database, shop, shop.apple) == (100, 2)


async def test_silent_attempts_are_asked_about_at_growing_distances(database: Database, shop: Shop) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=2)
    (number,) = await opened(database, shop, order, "wxpay_jsapi")
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update payments set next_query_at = created_at + interval '30 seconds' where merchant_id = %(merchant_id)s"
        )
    line, asked_at = Line(), []
    for second in range(0, 60 * 31, 15):
        clock.move_to(timedelta(seconds=second))
        before = len(line.asked)
        await payments.follow_up(database, shop.merchant, line)
        asked_at += [second] * (len(line.asked) - before)

    assert [round(second / 60, 1) for second in asked_at[:4]] == pytest.approx([0.5, 2, 5, 10], abs=0.6)
    assert asked_at[-1] == pytest.approx(1_800, abs=20)
    assert line.closed == [number]
    assert await state_of(database, shop, order.id) == "closed"


async def test_a_refund_with_unknown_result_is_asked_about_before_it_is_sent_again(
    database: Database, shop: Shop
) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=1)
    (number,) = await opened(database, shop, order, "wxpay_jsapi")
    await settled(database, shop, word_of_payment(number, order.total))
    async with database.begin(shop.merchant) as uow:
        refund = await payments.request_refund(
            uow, payments.RequestRefund(ids.new(), order.id, ((1, 1),), "磕碰")
        )
    line = Line()
    line.refund_answers = [gateways.GatewayUnsure("NO_ANSWER")]
    await payments.send_refunds(database, shop.merchant, line, "https://x")
    # The gateway did it after all.
    line.refunds[refund.out_refund_no] = gateways.Refund(
        refund.out_refund_no, "r-9", number, "SUCCESS", refund.amount, refund.amount, clock.now()
    )
    clock.move_to(timedelta(minutes=1))

    await payments.send_refunds(database, shop.merchant, line, "https://x")

    assert line.sent == [refund.out_refund_no]
    assert line.asked == [refund.out_refund_no]
    async with database.begin(shop.merchant) as uow:
        (read,) = await payments.refunds_of_order(uow, order.id)
    assert read.state == "done"


async def test_an_abnormal_refund_is_retried_or_marked_as_sent_by_hand(
    database: Database, shop: Shop
) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=2)
    (number,) = await opened(database, shop, order, "wxpay_jsapi")
    await settled(database, shop, word_of_payment(number, order.total))
    async with database.begin(shop.merchant) as uow:
        refund = await payments.request_refund(
            uow, payments.RequestRefund(ids.new(), order.id, ((1, 2),), "磕碰")
        )
    with pytest.raises(Exception, match="gateway is still working"):
        async with database.begin(shop.merchant) as uow:
            await payments.refund_by_hand(uow, refund.id, "招行 001")
    line = Line()
    line.refund_answers = ["ABNORMAL"]
    await payments.send_refunds(database, shop.merchant, line, "https://x")
    async with database.begin(shop.merchant) as uow:
        assert [r.id for r in await payments.abnormal_refunds(uow)] == [refund.id]
        await payments.retry_refund(uow, refund.id)
        (retried,) = await payments.refunds_of_order(uow, order.id)
    assert retried.state == "requested"
    line.refunds.clear()
    line.refund_answers = ["ABNORMAL"]
    await payments.send_refunds(database, shop.merchant, line, "https://x")

    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            await payments.refund_by_hand(uow, refund.id, "招行 001")

    assert line.sent == [refund.out_refund_no] * 2
    async with database.begin(shop.merchant) as uow:
        (done,) = await payments.refunds_of_order(uow, order.id)
    assert (done.state, done.reference) == ("done", "招行 001")
    assert await books(database, shop) == {"gateway:wxpay": 2_580, "gateway:offline": -2_580}


async def test_another_price_ends_the_old_attempt_and_the_next_one_asks_for_it(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=2)
    (old,) = await opened(database, shop, order, "wxpay_jsapi")
    line = Line()

    await payments.reprice(database, shop.merchant, line, order.id, {1: 2_000}, None, "老顾客")

    (new,) = await opened(database, shop, order, "wxpay_jsapi")
    async with database.begin(shop.merchant) as uow:
        attempts = {p.out_trade_no: (p.amount, p.state) for p in await payments.attempts(uow, order.id)}
    assert line.closed == [old]
    assert attempts == {old: (2_580, "closed"), new: (2_000, "waiting")}
    # Money that comes for the old price after all never pays the order.
    assert await settled(database, shop, word_of_payment(old, 2_580)) == ["late"]
    assert await state_of(database, shop, order.id) == "unpaid"
    assert await settled(database, shop, word_of_payment(new, 2_000)) == ["paid"]
    assert await books(database, shop) == {"gateway:wxpay": 4_580, "sales": 2_000, "refunds_due": 2_580}


async def test_the_price_of_an_order_that_was_paid_meanwhile_stays(database: Database, shop: Shop) -> None:
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=2)
    (number,) = await opened(database, shop, order, "wxpay_jsapi")
    line = Line()
    line.paid[number] = word_of_payment(number, order.total)

    with pytest.raises(orders.WrongState):
        await payments.reprice(database, shop.merchant, line, order.id, {1: 2_000}, None, "老顾客")

    async with database.begin(shop.merchant) as uow:
        read = await orders.find(uow, order.id)
    assert (read.state, read.total) == ("paid", 2_580)
