"""The counter: a code is looked up, the goods go out once, and only from their store."""

import asyncio

import pytest

from factories import a_customer, paid, state_of, stock_of
from siyu.kernel import clock
from siyu.place import stores
from siyu.trade import orders


async def code_of(floor, order_id) -> str:
    async with floor.database.begin(floor.shop.merchant) as uow:
        return (await orders.find(uow, order_id)).pickup_code


@pytest.fixture
async def waiting(floor):
    """An order of two apples that waits at the counter, and its code."""
    buyer = await a_customer(floor.database, floor.shop.merchant)
    order = await paid(floor.database, floor.shop, buyer, apples=2)
    return order, await code_of(floor, order.id)


async def test_a_guide_looks_a_code_up_and_hands_the_goods_over(floor, waiting):
    order, code = waiting
    guide = await floor.member("guide", store_id=floor.shop.store_id)

    shown = await guide.get(f"/desk/verify?code={code}")
    assert shown.status_code == 200
    assert "红富士苹果" in shown.text
    assert "小满" in shown.text
    assert "确认交付" in shown.text
    assert await state_of(floor.database, floor.shop, order.id) == "paid"

    handed = await guide.post("/desk/verify", {"code": code})
    assert handed.status_code == 200
    assert "已交付 2 件" in handed.text
    assert await state_of(floor.database, floor.shop, order.id) == "picked_up"
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (8, 0)


async def test_a_code_is_read_as_people_type_it(floor, waiting):
    _, code = waiting
    guide = await floor.member("guide")

    shown = await guide.get(f"/desk/verify?code={code[:4].lower()} {code[4:].lower()}")

    assert "红富士苹果" in shown.text


async def test_the_second_time_is_refused_in_words_and_changes_nothing(floor, waiting):
    order, code = waiting
    guide = await floor.member("guide")
    await guide.post("/desk/verify", {"code": code})

    again = await guide.post("/desk/verify", {"code": code})
    assert again.status_code == 409
    assert f"这个提货码已经用过：订单 {order.number} 的商品已交付" in again.text
    shown = await guide.get(f"/desk/verify?code={code}")
    assert "已经用过" in shown.text
    assert 'method="post"' not in shown.text
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (8, 0)


async def test_a_guide_of_another_store_is_sent_to_the_right_one(floor, waiting):
    order, code = waiting
    async with floor.database.begin(floor.shop.merchant) as uow:
        other = await stores.add(uow, stores.NewStore(code="S2", name="二店", address="二路 2 号"))
    guide = await floor.member("guide", store_id=other.id)

    shown = await guide.get(f"/desk/verify?code={code}")
    refused = await guide.post("/desk/verify", {"code": code})

    assert "这个订单的自提门店是一店" in shown.text
    assert refused.status_code == 403
    assert await state_of(floor.database, floor.shop, order.id) == "paid"
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (10, 2)


async def test_an_unknown_code_is_said_at_the_field(floor, waiting):
    guide = await floor.member("guide")

    shown = await guide.get("/desk/verify?code=00000000")

    assert "没有找到待提货订单" in shown.text
    assert 'aria-invalid="true"' in shown.text


async def test_of_two_counters_at_once_one_hands_over(floor, waiting):
    order, code = waiting
    merchant = floor.shop.merchant

    async def counter() -> str:
        try:
            async with floor.database.begin(merchant) as uow:
                await orders.verify_pickup(uow, code)
        except orders.AlreadyHandedOver:
            return "refused"
        return "handed over"

    said = await asyncio.gather(*(counter() for _ in range(6)))

    assert sorted(said) == ["handed over", *["refused"] * 5]
    assert await state_of(floor.database, floor.shop, order.id) == "picked_up"
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (8, 0)


async def test_the_day_shows_who_waits_and_what_went_out(floor, waiting):
    order, code = waiting
    guide = await floor.member("guide", store_id=floor.shop.store_id)

    before = await guide.get("/desk")
    assert order.number[-6:] in before.text
    await guide.post("/desk/verify", {"code": code})
    async with floor.database.begin(floor.shop.merchant) as uow:
        (handed,) = await orders.handed_over_since(
            uow, uow.now.replace(hour=0, minute=0), floor.shop.store_id
        )
        assert await orders.handed_over_since(uow, clock.now(), floor.shop.store_id) == []

    assert (handed.number, handed.pieces, handed.total) == (order.number, 2, 2_580)
    after = await guide.get("/desk")
    assert "没有等待提货的订单" in after.text
    assert "今天已交付" in after.text


async def test_a_shopper_may_not_verify(floor, waiting):
    _, code = waiting
    shopper = await floor.shopper(await a_customer(floor.database, floor.shop.merchant))

    assert (await shopper.get(f"/desk/verify?code={code}")).status_code == 403
    assert (await shopper.post("/desk/verify", {"code": code})).status_code == 403
    assert await stock_of(floor.database, floor.shop, floor.shop.apple) == (10, 2)
