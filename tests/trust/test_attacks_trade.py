"""Attempts to pay too little, to be paid back too much, to take what is not for sale, and to stop the clocks."""

from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, an_order, paid, placed, stock_of, word_of_payment
from siyu.goods import catalog, inventory, pricing
from siyu.goods.catalog import Component, NewProduct, NewSku
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError, Invalid
from siyu.people.addresses import Address
from siyu.place import stores
from siyu.runtime.db import Database, Merchant
from siyu.trade import aftersales, delivery, orders, payments

HOME = Address("周小满", "13812345678", "320506", ("江苏省", "苏州市", "吴中区"), "星海街 200 号 1603 室")


async def another(database: Database, shop: Shop, **facts: object) -> UUID:
    """Another SKU in the shop."""
    code = f"X{ids.new().hex[-8:]}"
    price = int(str(facts.pop("price", 3_000)))
    product = NewProduct(category="x", title=code, skus=(NewSku(code, price),), **facts)
    async with database.begin(shop.merchant) as uow:
        category = next(iter(await catalog.categories(uow))).id
        return (await catalog.add_products(uow, [product], {"x": category}))[code]


async def proven(database: Database, shop: Shop) -> None:
    """What is promised is what orders keep."""
    async with database.begin(shop.merchant) as uow:
        assert await orders.stock_promised_wrongly(uow) == []


async def pay(database: Database, shop: Shop, order: orders.PlacedOrder) -> None:
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        (outcome,) = await payments.settle(uow, [word_of_payment(number, order.total)])
    assert outcome is payments.Outcome.PAID


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def test_a_voucher_beside_goods_promises_no_pieces_wherever_the_order_goes(
    database: Database, shop: Shop
) -> None:
    voucher = await another(database, shop, kind="virtual")
    buyer = await a_customer(database, shop.merchant)

    async def order() -> orders.PlacedOrder:
        wish = an_order(
            shop,
            buyer,
            lines=(orders.WantedLine(shop.apple, 1), orders.WantedLine(voucher, 2)),
            expected_total=1_290 + 6_000,
        )
        return await orders.place(database, shop.merchant, wish, pay_minutes=30)

    closed = await order()
    async with database.begin(shop.merchant) as uow:
        await orders.close(uow, [closed.id], "expired")
    bought = await order()
    await pay(database, shop, bought)
    async with database.begin(shop.merchant) as uow:
        lines = (await orders.find(uow, bought.id)).lines
        await orders.fulfil_units(uow, bought.id, [(2, 1)], "code")
        await orders.hand_over(uow, [bought.id])
        refund = payments.RequestRefund(ids.new(), bought.id, ((2, 1),), "不想要了")
        made = await payments.request_refund(uow, refund)

    assert lines[1].location_id is None
    assert made.amount == 3_000
    assert await stock_of(database, shop, shop.apple) == (9, 0)
    await proven(database, shop)


async def test_a_bundle_beside_its_own_component_takes_no_more_than_there_is(
    database: Database, shop: Shop
) -> None:
    basket = await another(database, shop, kind="bundle")
    async with database.begin(shop.merchant) as uow:
        product = (await catalog.prices(uow, [basket]))[basket].product_id
        await catalog.set_bundle(uow, product, [Component(shop.apple, 3), Component(shop.milk, 1)])
    buyer = await a_customer(database, shop.merchant)

    def wish(baskets: int, apples: int) -> orders.PlaceOrder:
        return an_order(
            shop,
            buyer,
            lines=(orders.WantedLine(basket, baskets), orders.WantedLine(shop.apple, apples)),
            expected_total=99_999,
        )

    with pytest.raises(inventory.NotEnoughStock):
        await orders.place(database, shop.merchant, wish(3, 2), pay_minutes=30)
    order = await orders.place(database, shop.merchant, wish(3, 1), pay_minutes=30)
    assert await stock_of(database, shop, shop.apple) == (10, 10)
    await pay(database, shop, order)
    async with database.begin(shop.merchant) as uow:
        await payments.request_refund(uow, payments.RequestRefund(ids.new(), order.id, ((1, 1),), "多了"))
        await orders.hand_over(uow, [order.id])
        await orders.unfulfil_units(uow, order.id, [(1, 2), (2, 1)])
    assert await stock_of(database, shop, shop.apple) == (10, 7)
    await proven(database, shop)


async def test_a_store_price_is_for_goods_that_the_store_gives_out(database: Database, shop: Shop) -> None:
    """Naming a store with a cheaper list must not make a parcel cheaper."""
    buyer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await delivery.offer(uow, ("pickup", "express"))
        await uow.run("update stores set ships = true where merchant_id = %(merchant_id)s")
        cheap = await stores.add(uow, stores.NewStore(code="S2", name="清仓店", address="二路 2 号"))
        list_id = ids.new()
        await pricing.save(uow, list_id, pricing.ListForm("清仓", store_id=cheap.id))
        await pricing.set_items(uow, list_id, [pricing.NewItem(shop.apple, 1, 100)])
    wish = an_order(
        shop, buyer, apples=1, delivery="express", address=HOME, store_id=cheap.id, expected_total=9_999
    )

    order = await orders.place(database, shop.merchant, wish, pay_minutes=30)

    assert order.total == shop.apple_price
    async with database.begin(shop.merchant) as uow:
        ask = orders.QuoteAsk(
            wish.lines, customer_id=buyer, delivery="express", address=HOME, store_id=cheap.id
        )
        assert (await orders.quote(uow, ask)).total == shop.apple_price


@pytest.mark.parametrize("kind", ["warehouse", "supplier"])
async def test_goods_are_fetched_from_stores_only(database: Database, shop: Shop, kind: str) -> None:
    buyer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        place = await stores.add(uow, stores.NewStore(code="W1", name="仓", address="仓路 1 号", kind=kind))
        await inventory.receive(uow, [inventory.Pieces(place.id, shop.apple, 5)])

    with pytest.raises(DomainError):
        await orders.place(database, shop.merchant, an_order(shop, buyer, store_id=place.id), pay_minutes=30)

    async with database.begin(shop.merchant) as uow:
        (level,) = await inventory.levels(uow, [shop.apple], place.id)
    assert level.reserved == 0


async def test_nothing_is_fetched_from_a_closed_store(database: Database, shop: Shop) -> None:
    buyer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await uow.run("update stores set is_open = false where merchant_id = %(merchant_id)s")

    with pytest.raises(DomainError):
        await orders.place(database, shop.merchant, an_order(shop, buyer), pay_minutes=30)

    assert await stock_of(database, shop, shop.apple) == (10, 0)


@pytest.mark.parametrize("quantity", [0, -1, 1_000, 2**31, 2**63, 2**70])
async def test_odd_quantities_buy_nothing(database: Database, shop: Shop, quantity: int) -> None:
    buyer = await a_customer(database, shop.merchant)
    wish = an_order(shop, buyer, lines=(orders.WantedLine(shop.apple, quantity),), expected_total=0)

    with pytest.raises(DomainError):
        await orders.place(database, shop.merchant, wish, pay_minutes=30)

    assert await stock_of(database, shop, shop.apple) == (10, 0)


async def left(database: Database, shop: Shop, buyer: UUID, **wanted: int) -> orders.PlacedOrder:
    order = await paid(database, shop, buyer, **wanted)
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
    return order


def a_case(order_id: UUID, kind: str, **changes: object) -> aftersales.OpenCase:
    facts = {
        "id": ids.new(),
        "order_id": order_id,
        "kind": kind,
        "reason": "quality",
        "words": "坏了",
        "lines": ((1, 1),),
    }
    return aftersales.OpenCase(**{**facts, **changes})


async def test_a_unit_whose_money_went_back_is_not_exchanged_too(database: Database, shop: Shop) -> None:
    buyer = await a_customer(database, shop.merchant)
    order = await left(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant) as uow:
        case = await aftersales.open_case(uow, a_case(order.id, "exchange"), customer_id=buyer)
        await aftersales.agree(uow, case.id)
        await aftersales.send_back(uow, case.id, "", "", customer_id=buyer)
    async with database.begin(shop.merchant) as uow:
        await payments.request_refund(uow, payments.RequestRefund(ids.new(), order.id, ((1, 1),), "直接退"))

    with pytest.raises(DomainError):
        async with database.begin(shop.merchant) as uow:
            await aftersales.replace(uow, case.id, restock=False, carrier="SF", tracking="SF1")

    assert await stock_of(database, shop, shop.apple) == (9, 0)


async def test_one_case_that_cannot_move_holds_up_no_other(database: Database, shop: Shop) -> None:
    """Its money went back in another way meanwhile; the next buyer's 48 hours count all the same."""
    buyer = await a_customer(database, shop.merchant)
    first, second = [await left(database, shop, buyer, apples=1) for _ in range(2)]
    async with database.begin(shop.merchant) as uow:
        stuck = await aftersales.open_case(uow, a_case(first.id, "refund_only"), customer_id=buyer)
    clock.move_to(timedelta(minutes=1))
    async with database.begin(shop.merchant) as uow:
        other = await aftersales.open_case(uow, a_case(second.id, "refund_only"), customer_id=buyer)
        await payments.request_refund(uow, payments.RequestRefund(ids.new(), first.id, ((1, 1),), "直接退"))

    clock.move_to(timedelta(hours=49))
    assert await aftersales.run_clock(database, shop.merchant) == 2
    assert await aftersales.run_clock(database, shop.merchant) == 0

    async with database.begin(shop.merchant) as uow:
        assert (await aftersales.find(uow, other.id)).state == "refunding"
        assert (await aftersales.find(uow, stuck.id)).refund_id is None
        assert [r.amount for r in await payments.refunds_of_order(uow, first.id)] == [1_290]


async def test_every_way_to_get_money_back_together_gives_what_was_paid(
    database: Database, shop: Shop
) -> None:
    buyer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, buyer, apples=3, milk=1)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update orders set freight = 500, total = total + 500 where merchant_id = %(merchant_id)s and id = %(id)s",
            id=order.id,
        )

    async def back(**asked: object) -> int:
        async with database.begin(shop.merchant) as uow:
            facts = {"lines": (), **asked}
            return (
                await payments.request_refund(
                    uow, payments.RequestRefund(ids.new(), order.id, reason="试", **facts)
                )
            ).amount

    given = await back(reductions=((1, 1_000),))
    given += await back(lines=((1, 1),), freight=300)
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
        case = await aftersales.open_case(
            uow, a_case(order.id, "refund_only", lines=((1, 1),)), customer_id=buyer
        )
        await aftersales.agree(uow, case.id, amount=500)
        given += 500
    for asked in ({"freight": 201}, {"lines": ((1, 3),)}, {"reductions": ((1, 2_000), (1, 2_000))}):
        with pytest.raises(Invalid):
            await back(**asked)
    given += await back(lines=((1, 2),), freight=200)
    given += await back(lines=((2, 1),))

    async with database.begin(shop.merchant) as uow:
        assert (await orders.find(uow, order.id)).refunded == given == 3 * 1_290 + 680 + 500
    with pytest.raises(DomainError):
        await back(freight=1)


async def test_a_parcel_entered_by_mistake_leaves_no_after_sale_behind(
    database: Database, shop: Shop
) -> None:
    """Goods that never left cannot come back: taking the parcel back waits until the case is over."""
    buyer = await a_customer(database, shop.merchant)
    order = await left(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant) as uow:
        case = await aftersales.open_case(uow, a_case(order.id, "return"), customer_id=buyer)
        await aftersales.agree(uow, case.id)
        await aftersales.send_back(uow, case.id, "", "", customer_id=buyer)
    async with database.begin(shop.merchant) as uow:
        await orders.unfulfil_units(uow, order.id, [(1, 1)])
    with pytest.raises(DomainError):
        async with database.begin(shop.merchant) as uow:
            await aftersales.check_in(uow, case.id, restock=True)

    assert await stock_of(database, shop, shop.apple) == (10, 1)
    await proven(database, shop)


async def test_another_clients_contract_is_told_to_nobody(database: Database, shop: Shop) -> None:
    client, buyer = [await a_customer(database, shop.merchant) for _ in range(2)]
    async with database.begin(shop.merchant) as uow:
        list_id = ids.new()
        await pricing.save(uow, list_id, pricing.ListForm("大客户甲合同价", customer_id=client))
        await pricing.set_items(uow, list_id, [pricing.NewItem(shop.apple, 1, 100)])
        asked = [
            an_order(shop, client, apples=1, expected_total=100),
            an_order(shop, buyer, apples=1, expected_total=1),
        ]
        placed, refused = await orders.place_many(uow, asked, [1, 2], pay_minutes=30)

    assert isinstance(placed, orders.PlacedOrder)
    assert placed.total == 100
    assert isinstance(refused, orders.PriceRose)
    assert "大客户" not in str(refused.facts)


async def test_an_order_is_paid_once_whatever_two_gateways_and_a_balance_say(
    database: Database, shop: Shop
) -> None:
    buyer, thief = [await a_customer(database, shop.merchant) for _ in range(2)]
    order = await placed(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant) as uow:
        await payments.change_balance(uow, ids.new(), buyer, 5_000, "充值")
        await payments.change_balance(uow, ids.new(), thief, 5_000, "充值")
        wechat, alipay = [
            (await payments.open_payments(uow, [order.id], method))[0]
            for method in ("wxpay_jsapi", "alipay_wap")
        ]
    with pytest.raises(DomainError):
        async with database.begin(shop.merchant) as uow:
            await payments.pay_from_balance(uow, order.id, thief)
    async with database.begin(shop.merchant) as uow:
        await payments.pay_from_balance(uow, order.id, buyer)
    async with database.begin(shop.merchant) as uow:
        outcomes = [
            (await payments.settle(uow, [word_of_payment(number, order.total)]))[0]
            for number in (wechat, alipay, wechat)
        ]

    double, duplicate = payments.Outcome.DOUBLE, payments.Outcome.DUPLICATE
    assert outcomes == [double, double, duplicate]
    async with database.begin(shop.merchant) as uow:
        refunds = await payments.refunds_of_order(uow, order.id)
        assert [refund.amount for refund in refunds] == [1_290, 1_290]
        assert await payments.balance_of(uow, buyer) == 5_000 - 1_290
        assert await payments.balance_of(uow, thief) == 5_000


async def test_a_price_edit_makes_old_attempts_worthless(database: Database, shop: Shop) -> None:
    buyer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant) as uow:
        (old,) = await payments.open_payments(uow, [order.id])
        await uow.run(
            "update payments set state = 'closed' where merchant_id = %(merchant_id)s and out_trade_no = %(n)s",
            n=old,
        )
        await orders.edit_price(uow, order.id, {1: 2_000}, reason="错价")
    async with database.begin(shop.merchant) as uow:
        (outcome,) = await payments.settle(uow, [word_of_payment(old, 1_290)])

    assert outcome is payments.Outcome.LATE
    async with database.begin(shop.merchant) as uow:
        assert (await orders.find(uow, order.id)).state == "unpaid"
