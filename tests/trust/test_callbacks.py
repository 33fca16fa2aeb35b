"""What arrives at the callback address, over real sockets: each true word has its effect once, each false one none."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from factories import stock_of
from siyu.app import House
from siyu.runtime.db import Database, Merchant
from siyu.settings import Settings
from siyu.trade import orders, payments
from trust.wire import Counter, Notice, on_the_wire, open_counter, until

# What each hostile notice is answered with. The signed wrong amount is kept for a person to look at; of the others
# nothing is believed, so nothing is kept.
REFUSED = {
    "forged_signature": 401,
    "tampered_body": 401,
    "stale": 401,
    "signature_probe": 401,
    "unknown_serial": 401,
    "other_api_v3_key": 401,
    "other_merchant": 401,
    "wrong_amount": 400,
}
PAID = Notice("TRANSACTION.SUCCESS", "paid")
REFUND_DONE = Notice("REFUND.SUCCESS", "refund_done")


@pytest.fixture(scope="session")
async def house(database_url: str, database: Database, settings: Settings) -> AsyncIterator[House]:
    async with on_the_wire(settings, database_url) as house:
        yield house


@pytest.fixture
async def counter(house: House, merchant: Merchant) -> AsyncIterator[Counter]:
    async with (
        httpx.AsyncClient(base_url=house.settings.base_url) as http,
        httpx.AsyncClient(base_url=house.settings.sandbox_url) as gateway,
    ):
        yield await open_counter(house, http, gateway, merchant)


async def a_paid_order(counter: Counter, apples: int = 2) -> tuple[UUID, str]:
    order_id = await counter.place(apples)
    number = await counter.begin(order_id)
    await counter.pay(number)
    await counter.becomes(order_id, "paid")
    return order_id, number


async def reads(counter: Counter, order_id: UUID) -> orders.Order:
    async with counter.house.database.begin(counter.merchant) as uow:
        assert await orders.stock_promised_wrongly(uow) == []
        return await orders.find(uow, order_id)


async def test_hostile_notices_are_refused_and_change_nothing(counter: Counter) -> None:
    order_id = await counter.place(2)
    number = await counter.begin(order_id)

    answers = {
        variant: (await counter.tell_sandbox("callbacks/forge", out_trade_no=number, variant=variant))[0][
            "status"
        ]
        for variant in REFUSED
    }

    assert answers == REFUSED
    assert await counter.state(order_id) == "unpaid"
    assert await counter.notices() == [Notice("TRANSACTION.SUCCESS", "wrong_amount")]
    assert await counter.books() == {}
    assert await stock_of(counter.house.database, counter.shop, counter.shop.apple) == (20, 2)

    # And the true word still counts after all the false ones.
    await counter.pay(number)
    await counter.becomes(order_id, "paid")
    assert await counter.books() == {"gateway:wxpay": 2_580, "sales": 2_580}


async def test_a_notice_told_twice_and_played_back_has_one_effect(counter: Counter) -> None:
    order_id = await counter.place(2)
    number = await counter.begin(order_id)

    await counter.pay(number, "duplicate")
    assert await counter.delivered(number, 2) == [204, 204]
    played_back = await counter.tell_sandbox("callbacks/forge", out_trade_no=number, variant="replay")

    assert [attack["status"] for attack in played_back] == [204]
    assert await counter.notices() == [PAID]
    assert await counter.books() == {"gateway:wxpay": 2_580, "sales": 2_580}
    assert (await reads(counter, order_id)).state == "paid"
    assert await stock_of(counter.house.database, counter.shop, counter.shop.apple) == (20, 2)


async def test_a_notice_at_another_merchants_address_pays_nothing_there_and_still_counts_at_home(
    counter: Counter, new_shop
) -> None:
    other = await open_counter(counter.house, counter.http, counter.gateway, await new_shop())
    theirs = await other.place(2)
    await other.begin(theirs)
    order_id, number = await a_paid_order(counter)
    headers, body = counter.last_callback(number)

    async def post(merchant: Merchant) -> int:
        answer = await counter.http.post(
            f"/cb/{merchant.slug}/wxpay",
            content=body,
            headers={**headers, "content-type": "application/json"},
        )
        return answer.status_code

    assert await post(other.merchant) == 400
    assert await other.state(theirs) == "unpaid"
    assert await other.books() == {}
    assert await other.notices() == [Notice("TRANSACTION.SUCCESS", "unknown")]
    assert await post(counter.merchant) == 204
    assert await counter.notices() == [PAID]
    assert await counter.books() == {"gateway:wxpay": 2_580, "sales": 2_580}
    assert (await reads(counter, order_id)).state == "paid"


async def test_the_notice_of_a_payment_that_was_asked_for_and_refunded_meanwhile_changes_nothing_more(
    counter: Counter,
) -> None:
    """Out of order: paid, found by asking, refunded, refund told; only then the notice of the payment arrives."""
    order_id = await counter.place(2)
    number = await counter.begin(order_id)
    await counter.pay(number, "delay", delay_seconds=2.5)
    await payments.check_now(counter.house.database, counter.merchant, counter.house.gateway, order_id)
    await counter.refund(order_id, 2)
    assert await counter.send_refunds() == 1

    assert await counter.delivered(number, 2) == [204, 204]

    assert sorted(notice.outcome for notice in await counter.notices()) == ["duplicate", "refund_done"]
    assert await counter.books() == {}
    order = await reads(counter, order_id)
    assert (order.state, order.refunded) == ("refunded", 2_580)
    assert await stock_of(counter.house.database, counter.shop, counter.shop.apple) == (20, 0)


async def test_a_refund_that_is_told_before_its_answer_was_written_down_is_done_once(
    counter: Counter,
) -> None:
    """The process died between the gateway's yes and our note of it: the notice comes first, the sweep later."""
    order_id, number = await a_paid_order(counter)
    refund_number = await counter.refund(order_id, 1)
    await counter.house.gateway.refund(
        out_trade_no=number,
        out_refund_no=refund_number,
        refund=1_290,
        total=2_580,
        reason="磕碰",
        notify_url=f"{counter.house.settings.base_url}/cb/{counter.merchant.slug}/wxpay",
    )

    assert await counter.delivered(number, 2) == [204, 204]
    assert await counter.books() == {"gateway:wxpay": 1_290, "sales": 1_290}
    assert await counter.send_refunds() == 0

    assert await counter.notices() == [PAID, REFUND_DONE]
    assert await counter.books() == {"gateway:wxpay": 1_290, "sales": 1_290}
    assert (await reads(counter, order_id)).refunded == 1_290
    told_again = await counter.tell_sandbox("callbacks/forge", out_trade_no=number, variant="replay")
    assert [attack["status"] for attack in told_again] == [204]
    assert await counter.books() == {"gateway:wxpay": 1_290, "sales": 1_290}


async def test_a_notice_of_a_refund_we_never_asked_for_is_not_accepted(counter: Counter) -> None:
    order_id, number = await a_paid_order(counter)
    await counter.house.gateway.refund(
        out_trade_no=number,
        out_refund_no="f" * 32,
        refund=1_290,
        total=2_580,
        reason="别人的",
        notify_url=f"{counter.house.settings.base_url}/cb/{counter.merchant.slug}/wxpay",
    )

    async def is_known() -> bool:
        return Notice("REFUND.SUCCESS", "unknown") in await counter.notices()

    await until(is_known)
    assert await counter.books() == {"gateway:wxpay": 2_580, "sales": 2_580}
    order = await reads(counter, order_id)
    assert (order.state, order.refunded) == ("paid", 0)


async def test_what_is_not_a_notice_at_all_is_refused(counter: Counter) -> None:
    path = f"/cb/{counter.merchant.slug}/wxpay"
    answers = [
        await counter.http.post(path, content=b""),
        await counter.http.post(path, content=b"{}", headers={"content-type": "application/json"}),
        await counter.http.post(path, content=b"\xff\xfe" * 500, headers={"wechatpay-signature": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert {answer.json()["code"] for answer in answers} == {"wxpay.callback_refused"}
    assert (await counter.http.post("/cb/nobody/wxpay", content=b"{}")).status_code == 404
    assert await counter.notices() == []
