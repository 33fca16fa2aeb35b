"""Sixty buyers at once, by parcel and by courier, bundles and split orders: nothing is promised twice."""

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec

from factories import Shop, a_customer, a_shop
from siyu.goods import catalog, inventory
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.place import stores
from siyu.runtime.db import Database, Merchant
from siyu.trade import delivery, orders
from trust.furnished_goods import home
from trust.furnished_sending import RULES, offer_everything

BUYERS, CAPACITY = 60, 3
AT_STORE, AT_DEPOT = (14, 6), (6, 16)  # apples, milk


class Mall(msgspec.Struct, frozen=True):
    shop: Shop
    depot: UUID
    box: UUID
    slot: datetime


async def a_mall(database: Database, merchant: Merchant) -> Mall:
    """A store and a depot that both ship, a box of an apple and a milk, and a courier with three places an hour."""
    shop = await a_shop(database, merchant, stock=0)
    rules = msgspec.structs.replace(RULES, capacity=CAPACITY)
    async with database.begin(merchant) as uow:
        await offer_everything(uow, shop, "甲", rules)
        depot = await stores.add(
            uow,
            stores.NewStore("W1", "总仓", "仓路 1 号", kind="warehouse", region_code="310115", ships=True),
        )
        for place, pieces in ((shop.store_id, AT_STORE), (depot.id, AT_DEPOT)):
            stock = [
                inventory.Pieces(place, sku, n)
                for sku, n in zip((shop.apple, shop.milk), pieces, strict=True)
            ]
            await inventory.receive(uow, stock)
        await inventory.set_rules(uow, inventory.StockRules(mode="store_first", split=True))
        categories = await catalog.add_categories(uow, [("礼盒", "box")])
        box = catalog.NewProduct(
            category="礼盒", title="礼盒", kind="bundle", skus=(catalog.NewSku("BOX", 1_800),)
        )
        skus = await catalog.add_products(uow, [box], categories)
        await catalog.set_bundle(
            uow, box.id, [catalog.Component(shop.apple, 1), catalog.Component(shop.milk, 1)]
        )
        ((_, slots),) = await delivery.locals_for(uow)
    return Mall(shop, depot.id, skus["BOX"], slots[0].starts_at)


def a_wish(mall: Mall, customer: UUID, which: int) -> orders.PlaceOrder:
    """One of four ways to buy, in turn."""
    shop = mall.shop
    wanted = [((shop.apple, 1),), ((shop.apple, 1), (shop.milk, 2)), ((mall.box, 1),), ((shop.milk, 1),)][
        which % 4
    ]
    is_local = which % 4 == 3
    return orders.PlaceOrder(
        customer_id=customer,
        store_id=shop.store_id if is_local else None,
        lines=tuple(orders.WantedLine(sku, n) for sku, n in wanted),
        expected_total=1_000_000,
        key=ids.new().hex,
        delivery="local" if is_local else "express",
        address=home("甲"),
        slot=mall.slot if is_local else None,
    )


async def test_sixty_buyers_at_once_are_promised_only_what_is_there(
    database: Database, merchant: Merchant
) -> None:
    mall = await a_mall(database, merchant)
    shop = mall.shop
    buyers = [await a_customer(database, merchant) for _ in range(BUYERS)]

    answers = await asyncio.gather(
        *(
            orders.place(database, merchant, a_wish(mall, buyer, i), pay_minutes=30)
            for i, buyer in enumerate(buyers)
        ),
        return_exceptions=True,
    )

    done = [answer for answer in answers if isinstance(answer, orders.PlacedOrder)]
    refused = [answer for answer in answers if not isinstance(answer, orders.PlacedOrder)]
    assert all(isinstance(one, DomainError) for one in refused), refused
    assert done
    assert refused, "there was too little for everybody"
    async with database.begin(merchant) as uow:
        found = [await orders.find(uow, one.id) for one in done]
        levels = await inventory.levels(uow, [shop.apple, shop.milk])
        assert await orders.stock_promised_wrongly(uow) == []
        assert await inventory.differences(uow) == []
        booked = await uow.all(int, "select booked from delivery_slots where merchant_id = %(merchant_id)s")
    assert all(0 <= level.reserved <= level.on_hand for level in levels)
    places = {shop.store_id, mall.depot}
    assert all(line.location_id in places for order in found for line in order.lines)
    local = [order for order in found if order.delivery == "local"]
    assert all(line.location_id == shop.store_id for order in local for line in order.lines)
    assert booked == [len(local)]
    assert len(local) <= CAPACITY
    await _nobody_was_refused_what_was_free(database, mall, levels)


async def _nobody_was_refused_what_was_free(
    database: Database, mall: Mall, levels: list[inventory.Level]
) -> None:
    """Everything that one more buyer could still have is sold to one more buyer, and then no more."""
    apples = sum(level.available for level in levels if level.sku_id == mall.shop.apple)
    buyer = await a_customer(database, mall.shop.merchant)
    for _ in range(apples):
        await orders.place(database, mall.shop.merchant, a_wish(mall, buyer, 0), pay_minutes=30)
    try:
        await orders.place(database, mall.shop.merchant, a_wish(mall, buyer, 0), pay_minutes=30)
    except inventory.NotEnoughStock:
        return
    raise AssertionError("an apple was sold that is not there")
