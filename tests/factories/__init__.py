"""Things to test with: a small shop, its shoppers, and a gateway's word that money arrived."""

from datetime import datetime
from uuid import UUID

import msgspec

from siyu.connect import wxpay
from siyu.goods import catalog, inventory
from siyu.kernel import clock, ids
from siyu.people import customers
from siyu.place import stores
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders, payments

APP_ID, MERCHANT_ID = "wx0000000000000000", "1900000001"


class Shop(msgspec.Struct, frozen=True):
    """A merchant with one store, two products and some stock."""

    merchant: Merchant
    store_id: UUID
    apple: UUID
    milk: UUID
    apple_price: int = 1_290
    milk_price: int = 680


async def a_shop(database: Database, merchant: Merchant, *, stock: int = 100) -> Shop:
    """Apples at 12.90 and milk at 6.80, `stock` pieces of each."""
    async with database.begin(merchant) as uow:
        store = await stores.add(uow, stores.NewStore(code="S1", name="一店", address="一路 1 号"))
        categories = await catalog.add_categories(uow, [("水果", "fruit"), ("乳品", "milk")])
        skus = await catalog.add_products(
            uow,
            [
                catalog.NewProduct(
                    category="水果", title="红富士苹果", skus=(catalog.NewSku("APPLE", 1_290),)
                ),
                catalog.NewProduct(category="乳品", title="鲜牛奶", skus=(catalog.NewSku("MILK", 680),)),
            ],
            categories,
        )
        if stock:
            await inventory.receive(
                uow, [inventory.Pieces(store.id, sku, stock) for sku in (skus["APPLE"], skus["MILK"])]
            )
    return Shop(merchant, store.id, skus["APPLE"], skus["MILK"])


async def a_customer(database: Database, merchant: Merchant, openid: str | None = None) -> UUID:
    """A shopper who signed in with WeChat."""
    async with database.begin(merchant) as uow:
        person = await customers.sign_in_as(
            uow,
            [("wechat_openid", openid or ids.new().hex)],
            nickname="小满",
            first_door_id=None,
            channel="wechat",
        )
    return person.customer_id


def an_order(
    shop: Shop, customer_id: UUID, *, apples: int = 2, milk: int = 0, key: str = "", **changes: object
):
    """A wish for apples and milk at today's price."""
    lines = [(shop.apple, apples, shop.apple_price), (shop.milk, milk, shop.milk_price)]
    wish = orders.PlaceOrder(
        customer_id=customer_id,
        store_id=shop.store_id,
        lines=tuple(orders.WantedLine(sku, n) for sku, n, _ in lines if n),
        expected_total=sum(n * price for _, n, price in lines),
        key=key or ids.new().hex,
    )
    return msgspec.structs.replace(wish, **changes)


async def placed(database: Database, shop: Shop, customer_id: UUID, **wanted: int) -> orders.PlacedOrder:
    """An order placed and waiting for money."""
    wish = an_order(shop, customer_id, **wanted)
    return await orders.place(database, shop.merchant, wish, pay_minutes=30)


def word_of_payment(
    number: str, amount: int, *, at: datetime | None = None, **changes: object
) -> wxpay.Transaction:
    """What the gateway says when a payment succeeded."""
    said = wxpay.Transaction(
        out_trade_no=number,
        transaction_id=f"42{ids.new().int % 10**26:026d}",
        trade_state="SUCCESS",
        total=amount,
        currency="CNY",
        openid="o-1",
        success_time=at or clock.now(),
        merchant_id=MERCHANT_ID,
        app_id=APP_ID,
    )
    return msgspec.structs.replace(said, **changes)


async def paid(database: Database, shop: Shop, customer_id: UUID, **wanted: int) -> orders.PlacedOrder:
    """An order that was paid and waits to be picked up."""
    order = await placed(database, shop, customer_id, **wanted)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        (outcome,) = await payments.settle(uow, [word_of_payment(number, order.total)])
    assert outcome is payments.Outcome.PAID
    return order


async def stock_of(database: Database, shop: Shop, sku_id: UUID) -> tuple[int, int]:
    """(on hand, reserved) of a SKU at the shop's store."""
    async with database.begin(shop.merchant) as uow:
        (level,) = await inventory.levels(uow, [sku_id], shop.store_id)
    return level.on_hand, level.reserved


async def state_of(database: Database, shop: Shop, order_id: UUID) -> str:
    async with database.begin(shop.merchant) as uow:
        return (await orders.find(uow, order_id)).state


__all__ = [
    "Shop",
    "a_customer",
    "a_shop",
    "an_order",
    "paid",
    "placed",
    "state_of",
    "stock_of",
    "word_of_payment",
]
