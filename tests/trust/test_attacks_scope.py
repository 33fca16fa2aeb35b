"""Staff of one store do not reach the money and the cases of another, by the console or by the API."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from factories import Shop, a_customer, a_shop, paid, state_of, stock_of
from siyu.goods import inventory
from siyu.kernel import ids
from siyu.kernel.errors import NotFound
from siyu.kernel.permissions import STAFF, Permission
from siyu.people import staff
from siyu.place import stores
from siyu.runtime import sessions
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.trade import aftersales, orders, payments
from siyu.trade.orders.pickup import unpicked
from trade.fulfilment_shop import HOME, to_ship
from trust.test_isolation import client_of


async def far_away(database: Database, merchant: Merchant) -> str:
    """A token of somebody who may do everything, in another store."""
    async with database.begin(merchant) as uow:
        far = await stores.add(uow, stores.NewStore(code="FAR", name="远店", address="远路 1 号"))
        person = await staff.add(
            uow, login="far", name="远方", role="operator", password="a long password", store_id=far.id
        )
        session = await sessions.sign_in(
            uow, kind="staff", subject_id=person, name="远方", permissions=frozenset(STAFF), days=1,
            scope=frozenset({far.id}), store_id=far.id,
        )  # fmt: skip
    return session.token


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=10)


async def test_money_of_another_stores_order_is_out_of_reach(app, database: Database, shop: Shop) -> None:
    token = await far_away(database, shop.merchant)
    buyer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, buyer, apples=2)
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
        case = await aftersales.open_case(
            uow,
            aftersales.OpenCase(
                id=ids.new(),
                order_id=order.id,
                kind="refund_only",
                reason="quality",
                words="坏了",
                lines=((1, 1),),
            ),
            customer_id=buyer,
        )
    root, refund_id = f"/api/v1/{shop.merchant.slug}", str(ids.new())
    asked = [
        ("GET", f"/orders/{order.id}/payment", None),
        ("GET", f"/orders/{order.id}/payments", None),
        ("GET", f"/orders/{order.id}/refunds", None),
        ("POST", f"/orders/{order.id}/refunds", {"id": refund_id, "lines": [{"line_no": 1, "quantity": 1}], "reason": "试"}),
        ("POST", f"/orders/{order.id}/cancel", None),
        ("POST", f"/orders/{order.id}/price", {"lines": [{"line_no": 1, "amount": 1}], "reason": "试"}),
        ("GET", f"/after-sales/{case.id}", None),
        ("POST", f"/after-sales/{case.id}/decisions", {"action": "refuse", "ground": "used", "words": "不"}),
    ]  # fmt: skip

    async with client_of(app) as client:
        answers = [
            await client.request(method, root + path, json=body, headers={"authorization": f"Bearer {token}"})
            for method, path, body in asked
        ]

    assert [answer.status_code for answer in answers] == [404] * len(asked)
    assert await state_of(database, shop, order.id) == "picked_up"
    async with database.begin(shop.merchant) as uow:
        assert await payments.refunds_of_order(uow, order.id) == []
        assert (await aftersales.find(uow, case.id)).state == "requested"


async def test_a_refund_of_another_store_is_not_written_off_by_hand(database: Database, shop: Shop) -> None:
    buyer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, buyer, apples=1)
    refund = payments.RequestRefund(ids.new(), order.id, ((1, 1),), "不要了")
    async with database.begin(shop.merchant) as uow:
        await payments.request_refund(uow, refund)
        await uow.run(
            "update refunds set state = 'abnormal' where merchant_id = %(merchant_id)s and id = %(id)s",
            id=refund.id,
        )
        far = await stores.add(uow, stores.NewStore(code="FAR", name="远店", address="远路 1 号"))
    clerk = Actor(kind="staff", id=ids.new(), name="远方", scope=frozenset({far.id}))
    ways: list[Callable[..., Awaitable[None]]] = [
        lambda uow: payments.refund_by_hand(uow, refund.id, "流水 1"),
        lambda uow: payments.retry_refund(uow, refund.id),
    ]

    for way in ways:
        with pytest.raises(NotFound):
            async with database.begin(shop.merchant, clerk) as uow:
                await way(uow)

    async with database.begin(shop.merchant) as uow:
        (found,) = await payments.refunds_of_order(uow, order.id)
    assert found.state == "abnormal"


async def test_the_store_that_goods_come_back_to_takes_them_in(database: Database, shop: Shop) -> None:
    buyer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, buyer, apples=1)
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
        near = await stores.add(uow, stores.NewStore(code="NEAR", name="近店", address="近路 1 号"))
        case = await aftersales.open_case(
            uow,
            aftersales.OpenCase(
                id=ids.new(),
                order_id=order.id,
                kind="return",
                reason="quality",
                words="坏了",
                lines=((1, 1),),
            ),
            customer_id=buyer,
        )
        await aftersales.agree(uow, case.id, location_id=near.id)
    clerk = Actor(kind="staff", id=ids.new(), name="近处", scope=frozenset({near.id}))

    async with database.begin(shop.merchant, clerk) as uow:
        done = await aftersales.check_in(uow, case.id, restock=True)

    assert (done.state, done.refunded) == ("refunding", 1_290)
    async with database.begin(shop.merchant) as uow:
        (level,) = await inventory.levels(uow, [shop.apple], near.id)
    assert (level.on_hand, level.reserved) == (1, 0), (
        "on the shelf it was laid on, not on the one it was sold from"
    )
    assert await stock_of(database, shop, shop.apple) == (9, 0)


async def test_phone_and_house_are_told_only_to_who_may_see_them(app, database: Database, shop: Shop) -> None:
    order = await to_ship(database, shop, apples=1)
    async with database.begin(shop.merchant) as uow:
        person = await staff.add(uow, login="clerk", name="店员", role="operator", password="a long password")
        tokens = [
            (
                await sessions.sign_in(
                    uow, kind="staff", subject_id=person, name="店员", permissions=permissions, days=1
                )
            ).token
            for permissions in (
                frozenset(STAFF) - {Permission.CUSTOMERS_PRIVATE},
                frozenset(STAFF),
            )
        ]
    root = f"/api/v1/{shop.merchant.slug}"

    async with client_of(app) as client:
        blind, seeing = [
            [
                (await client.get(root + path, headers={"authorization": f"Bearer {token}"})).text
                for path in (f"/orders/{order.id}", "/fulfilment")
            ]
            for token in tokens
        ]

    assert [HOME.phone in text for text in blind] == [False, False]
    assert [HOME.phone in text for text in seeing] == [True, True]
    assert HOME.detail not in blind[0]


async def test_a_scope_without_stores_sees_no_counter(database: Database, shop: Shop) -> None:
    """A team that has lost its last store: nobody's orders, not everybody's."""
    order = await paid(database, shop, await a_customer(database, shop.merchant), apples=1)
    clerk = Actor(kind="staff", id=ids.new(), name="无店", scope=frozenset())
    async with database.begin(shop.merchant) as uow:
        code = (await orders.find(uow, order.id)).pickup_code or ""

    with pytest.raises(NotFound):
        async with database.begin(shop.merchant, clerk) as uow:
            await orders.verify_pickup(uow, code)

    assert await state_of(database, shop, order.id) == "paid"
    async with database.begin(shop.merchant, clerk) as uow:
        assert await orders.waiting_at_store(uow, None) == []
        assert await unpicked(uow, None, days=0) == []
        assert await orders.handed_over_since(uow, uow.now - timedelta(days=1), None) == []


@pytest.mark.parametrize("quantity", [0, -1, 1_000, 10**30])
async def test_a_checkout_of_an_odd_number_of_pieces_is_refused_and_not_broken(
    app, database: Database, shop: Shop, quantity: int
) -> None:
    async with client_of(app) as client:
        path = f"/shop/{shop.merchant.slug}/checkout?sku={shop.apple}&quantity={quantity}"
        answer = await client.get(path)

    assert 200 <= answer.status_code < 500
