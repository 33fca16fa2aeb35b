"""A presale on the phone: what is due when is said before ordering, both payments, and what the console shows."""

from datetime import timedelta
from uuid import UUID

import pytest

from factories import state_of
from siyu.kernel import clock
from siyu.trade import orders, presales
from trade.presale_shop import BALANCE_IN, DEPOSIT, TOTAL, an_offer


@pytest.fixture(autouse=True)
def _selling_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(orders.ACTIVITIES, "presale", presales.ACTIVITY)


async def pay(shopper, order_id) -> dict:
    await shopper.pay(order_id, callback="drop")
    return (await shopper.get(f"/pay/{order_id}/state", accept="application/json")).json()


def said(text: str) -> str:
    return text.replace("\xa0", " ").replace("¥", "").replace("\N{THIN SPACE}", " ")


async def test_both_dates_and_amounts_are_said_before_ordering_and_the_rule_is_read(database, shop, shopper):
    offer = await an_offer(database, shop)

    page = said((await shopper.get(f"/presales/{offer}")).text)
    address = f"/checkout?lines={shop.apple}*1&claim=presale:{offer}"
    checkout = said((await shopper.get(address)).text)
    form = await shopper.checkout_form(address)
    unread = await shopper.post("/checkout", form)
    placed = await shopper.post("/checkout", form | {"deposit_read": "1"})

    assert "到期不付尾款的，定金不退" in page
    assert "付定金 2.00" in page
    assert "定金 2.00 抵 3.00" in page
    assert "现在付定金" in checkout
    assert "之后付尾款" in checkout
    assert "尾款时间" in checkout
    assert unread.status_code == 422
    assert "请先阅读并勾选定金规则" in unread.text
    assert placed.status_code == 303, placed.text


async def test_a_deposit_and_a_balance_make_a_paid_order(database, shop, shopper):
    offer = await an_offer(database, shop)
    form = await shopper.checkout_form(f"/checkout?lines={shop.apple}*1&claim=presale:{offer}")
    placed = await shopper.post("/checkout", form | {"deposit_read": "1"})
    order_id = placed.headers["location"].rpartition("/")[2]

    cashier = said((await shopper.get(f"/pay/{order_id}")).text)
    first = await pay(shopper, order_id)
    thanks = said((await shopper.get(f"/pay/{order_id}/waiting")).text)
    waiting = said((await shopper.get(f"/orders/{order_id}")).text)
    facts = await shopper.get(f"/pay/{order_id}/facts")
    listed = (await shopper.get("/orders")).text
    early = await shopper.get(f"/pay/{order_id}")
    begun = await shopper.post(f"/pay/{order_id}/begin", accept="application/json")
    cancelled = await shopper.post(f"/pay/{order_id}/cancel")
    clock.move_to(BALANCE_IN + timedelta(minutes=5))
    window = said((await shopper.get(f"/orders/{order_id}")).text)
    second_cashier = said((await shopper.get(f"/pay/{order_id}")).text)
    second = await pay(shopper, order_id)

    assert "应付定金" in cashier
    assert "现在付定金 2.00。尾款 9.00" in cashier
    assert first["is_final"], first
    assert "支付成功" in thanks
    assert "待付尾款" in waiting
    assert "未到尾款时间" in waiting
    assert "定金支付成功" in facts.text
    assert "待付尾款" in listed
    assert early.status_code == 303
    assert begun.status_code == 409
    assert cancelled.status_code == 409
    assert "付尾款" in window
    assert "应付尾款" in second_cashier
    assert second["is_final"], second
    assert await state_of(database, shop, UUID(order_id)) == "paid"
    async with database.begin(shop.merchant) as uow:
        order = await orders.find(uow, UUID(order_id))
    assert (order.total, order.deposit, order.held_for) == (TOTAL, DEPOSIT, "presale")
    assert "预售商品，到发货时间后备货" in (await shopper.get(f"/orders/{order_id}")).text
