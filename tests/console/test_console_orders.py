"""Orders on the console: found, read as a story, refunded per unit, cancelled."""

import re
from uuid import UUID, uuid4

import pytest

from console.console_floor import field_of
from factories import a_customer, paid, placed, state_of, stock_of
from siyu.trade import orders, payments
from siyu.trade.orders import searching


@pytest.fixture
async def order(floor):
    """Two apples and one milk, paid."""
    buyer = await a_customer(floor.database, floor.shop.merchant)
    return await paid(floor.database, floor.shop, buyer, apples=2, milk=1)


async def refunds_of(floor, order_id: UUID) -> list[payments.Refund]:
    async with floor.database.begin(floor.shop.merchant) as uow:
        return await payments.refunds_of_order(uow, order_id)


def amounts(page: str) -> list[str]:
    return re.findall(r"¥[\d,.]+", re.sub(r"<[^>]+>", "", page))


async def test_the_list_counts_states_and_finds_a_number(floor, owner, order):
    buyer = await a_customer(floor.database, floor.shop.merchant)
    unpaid = await placed(floor.database, floor.shop, buyer, apples=1)

    page = (await owner.get("/console/orders")).text
    assert order.number in page
    assert unpaid.number in page
    assert re.sub(r"<[^>]+>", " ", page).split("待付款")[1].split()[0] == "1"

    only_unpaid = (await owner.get("/console/orders?state=unpaid")).text
    assert unpaid.number in only_unpaid
    assert order.number not in only_unpaid
    found = (await owner.get(f"/console/orders?q={order.number}")).text
    assert order.number in found
    assert unpaid.number not in found
    assert "没有符合条件的订单" in (await owner.get("/console/orders?q=000")).text


async def test_the_list_is_read_on_by_keyset(floor, owner, order, monkeypatch):
    buyer = await a_customer(floor.database, floor.shop.merchant)
    numbers = [order.number] + [
        (await placed(floor.database, floor.shop, buyer, apples=1)).number for _ in range(3)
    ]
    whole = searching.search
    monkeypatch.setattr(
        "siyu.trade.orders.searching.search",
        lambda uow, wanted, **asked: whole(uow, wanted, **{**asked, "limit": 3}),
    )

    first = (await owner.get("/console/orders")).text
    following = re.search(r'href="([^"]+)" rel="next"', first)[1].replace("&amp;", "&")
    second = (await owner.client.get(following)).text

    assert [number for number in numbers if number in first] == numbers[1:]
    assert [number for number in numbers if number in second] == numbers[:1]
    assert 'rel="next"' not in second


async def test_an_order_tells_its_story_without_the_pickup_code(floor, owner, order):
    page = (await owner.get(f"/console/orders/{order.id}")).text
    async with floor.database.begin(floor.shop.merchant) as uow:
        found = await orders.find(uow, order.id)

    assert "红富士苹果" in page
    assert "小满" in page
    assert "一店" in page
    assert amounts(page).count("¥32.60") >= 2  # the build-up and the ledger
    assert "微信支付账户" in page
    assert found.pickup_code not in page
    glance = (await owner.get(f"/console/orders/{order.id}/glance")).text
    assert "鲜牛奶" in glance
    assert found.pickup_code not in glance


async def test_the_money_of_an_order_names_its_numbers(floor, owner, order):
    page = (await owner.get(f"/console/orders/{order.id}/money")).text
    async with floor.database.begin(floor.shop.merchant) as uow:
        payment = await payments.of_order(uow, order.id)

    assert payment.out_trade_no in page
    assert payment.transaction_id in page
    assert "已到账" in page
    assert f'action="/console/{owner.slug}/orders/{order.id}/refunds"' in page


async def test_a_refund_gives_exactly_the_units_back_once(floor, owner, order):
    form = (await owner.get(f"/console/orders/{order.id}/money")).text
    asked = {"refund_id": field_of(form, "refund_id"), "line-1": "1", "line-2": "0", "reason": "少发一件"}

    done = await owner.tap(f"/console/orders/{order.id}/refunds", asked)
    again = await owner.tap(f"/console/orders/{order.id}/refunds", asked)

    assert (done.status_code, again.status_code) == (200, 200)
    assert f"/console/{owner.slug}/orders/{order.id}" in done.headers["hx-location"]
    (refund,) = await refunds_of(floor, order.id)
    assert (refund.amount, refund.reason, refund.state) == (1_290, "少发一件", "requested")
    assert [(line.line_no, line.quantity) for line in refund.lines] == [(1, 1)]
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (10, 1)
    shown = (await owner.get(f"/console/orders/{order.id}")).text
    assert "¥19.70" in amounts(shown)  # what is kept


async def test_more_units_than_there_are_are_refused_and_nothing_changes(floor, owner, order):
    refused = await owner.tap(
        f"/console/orders/{order.id}/refunds", {"refund_id": str(uuid4()), "line-1": "3", "reason": "x"}
    )
    nothing = await owner.tap(
        f"/console/orders/{order.id}/refunds", {"refund_id": str(uuid4()), "line-1": "0", "reason": "x"}
    )
    nonsense = await owner.tap(
        f"/console/orders/{order.id}/refunds", {"refund_id": str(uuid4()), "line-2": "many", "reason": "x"}
    )

    assert (refused.status_code, nothing.status_code, nonsense.status_code) == (422, 422, 422)
    assert "最多还能退 2 件" in refused.text
    assert '"field": "line-2"' in nonsense.headers["hx-trigger"]
    assert await refunds_of(floor, order.id) == []
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (10, 2)


async def test_handed_over_goods_go_back_on_the_shelf_only_when_said(floor, owner, order):
    async with floor.database.begin(floor.shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
    path = f"/console/orders/{order.id}/refunds"

    await owner.tap(path, {"refund_id": str(uuid4()), "line-1": "1", "reason": "磕碰"})
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (8, 0)
    await owner.tap(path, {"refund_id": str(uuid4()), "line-1": "1", "reason": "不想要", "restock": "1"})
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (9, 0)


async def test_an_unpaid_order_is_cancelled_and_its_stock_is_free(floor, owner):
    buyer = await a_customer(floor.database, floor.shop.merchant)
    order = await placed(floor.database, floor.shop, buyer, apples=4)
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (10, 4)

    done = await owner.tap(f"/console/orders/{order.id}/cancel")

    assert done.status_code == 200
    assert await state_of(floor.database, floor.shop, order.id) == "closed"
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (10, 0)
    assert "商家取消" in (await owner.get(f"/console/orders/{order.id}")).text


async def test_a_paid_order_is_not_cancelled(floor, owner, order):
    refused = await owner.tap(f"/console/orders/{order.id}/cancel")

    assert refused.status_code == 409
    assert await state_of(floor.database, floor.shop, order.id) == "paid"


async def test_finance_refunds_but_does_not_cancel(floor, order):
    finance = await floor.member("finance")

    page = (await finance.get(f"/console/orders/{order.id}/money")).text
    assert "确认退款" in page
    assert (await finance.tap(f"/console/orders/{order.id}/cancel")).status_code == 403
    guide = await floor.member("guide")
    assert "确认退款" not in (await guide.get(f"/console/orders/{order.id}/money")).text
    refused = await guide.tap(
        f"/console/orders/{order.id}/refunds", {"refund_id": str(uuid4()), "line-1": "1", "reason": "x"}
    )
    assert refused.status_code == 403
    assert await refunds_of(floor, order.id) == []


async def test_a_customers_orders_are_a_fragment(floor, owner, order):
    async with floor.database.begin(floor.shop.merchant) as uow:
        customer_id = (await orders.find(uow, order.id)).customer_id

    page = (await owner.get(f"/console/customers/{customer_id}/orders")).text

    assert "<html" not in page
    assert order.number in page
    assert "1 单，共 ¥32.60" in page


async def test_another_merchants_order_is_not_found(floor, owner, order, new_shop):
    other = await new_shop()
    owner.slug = other.slug

    assert (
        await owner.client.get(f"/console/{other.slug}/orders/{order.id}")
    ).status_code == 303  # to its sign-in
