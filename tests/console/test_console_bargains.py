"""Bargains and presales on the console: what runs, what it brings, and what becomes of deposits."""

from datetime import timedelta

import pytest

from factories import a_customer, a_shop, an_order, word_of_payment
from siyu.kernel import clock
from siyu.runtime.worker import digest
from siyu.trade import bargains, orders, payments, presales
from trade import bargain_shop, presale_shop


@pytest.fixture(autouse=True)
def _activities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(orders.ACTIVITIES, "bargain", bargains.ACTIVITY)
    monkeypatch.setitem(orders.ACTIVITIES, "presale", presales.ACTIVITY)


async def a_lost_deposit(database, shop, offer):
    """An order whose balance was missed."""
    customer = await a_customer(database, shop.merchant)
    wish = an_order(
        shop, customer, apples=1, expected_total=presale_shop.TOTAL, claim=orders.Claim("presale", offer)
    )
    order = await orders.place(database, shop.merchant, wish, pay_minutes=30)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        await payments.settle(uow, [word_of_payment(number, presale_shop.DEPOSIT)])
    clock.move_to(presale_shop.BALANCE_IN + presale_shop.BALANCE_LASTS + timedelta(minutes=1))
    async with database.begin(shop.merchant) as uow:
        await orders.close_expired(uow)
    await digest(database, shop.merchant, presales.CONSUMERS[0])
    return order


async def test_both_lists_are_empty_at_first_and_lead_to_the_form(owner):
    for path, words in (("/console/bargains", "还没有砍价活动"), ("/console/presales", "还没有预售")):
        page = await owner.get(path)
        assert page.status_code == 200
        assert words in page.text
        assert "/offers/new?kind=" in page.text


async def test_a_bargain_shows_its_numbers_and_everybody_who_started(database, shop, owner):
    offer = await bargain_shop.an_offer(database, shop)
    customer = await a_customer(database, shop.merchant)
    bargain = await bargain_shop.started(database, shop, offer, customer)
    await bargain_shop.helped(database, shop, bargain.id)

    listed = (await owner.get("/console/bargains")).text
    page = (await owner.get(f"/console/bargains/{offer}")).text

    assert "苹果砍价" in listed
    assert "进行中" in listed
    assert "1 / 3" in page
    assert "11.56" in page
    assert "1.33" in page


async def test_a_lost_deposit_is_shown_and_given_back_once(database, shop, owner):
    offer = await presale_shop.an_offer(database, shop)
    order = await a_lost_deposit(database, shop, offer)
    path = f"/console/presales/{offer}"

    before = (await owner.get(path)).text
    answers = [
        await owner.post(f"{path}/return", {"order_id": str(order.id), "reason": "老顾客"}) for _ in range(2)
    ]
    after = (await owner.get(path)).text
    stranger = await owner.post(f"{path}/return", {"order_id": str(offer), "reason": "老顾客"})

    assert order.number in before
    assert "退还定金" in before
    assert [answer.status_code for answer in answers] == [303, 303]
    assert "退款中" in after
    assert "退还原因" not in after
    assert stranger.status_code == 404
    async with database.begin(shop.merchant) as uow:
        assert [r.amount for r in await payments.refunds_of_order(uow, order.id)] == [presale_shop.DEPOSIT]


async def test_another_merchants_offers_are_not_found(database, new_shop, owner):
    other = await a_shop(database, await new_shop())
    bargain, presale = (
        await bargain_shop.an_offer(database, other),
        await presale_shop.an_offer(database, other),
    )

    answers = [
        await owner.get(f"/console/bargains/{bargain}"),
        await owner.get(f"/console/presales/{presale}"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
