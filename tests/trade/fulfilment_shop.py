"""Orders that wait to leave: by parcel, by courier, over the counter, as codes."""

from datetime import datetime
from uuid import UUID

import msgspec

from factories import Shop, a_customer, paid
from siyu.kernel import ids
from siyu.people import staff
from siyu.people.addresses import Address
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database
from siyu.runtime.tenancy import Directory
from siyu.runtime.worker import Worker
from siyu.trade import fulfilment, orders

HOME = Address(
    name="周小满",
    phone="13812345678",
    region_code="320506",
    region=("江苏省", "苏州市", "吴中区"),
    detail="星海街 200 号 1603 室",
)
SF = "SF1234567890123"


async def to_ship(
    database: Database,
    shop: Shop,
    *,
    buyer: UUID | None = None,
    delivery: str = "express",
    ship_by: datetime | None = None,
    **wanted: int,
) -> orders.PlacedOrder:
    """A paid order that is to go to an address."""
    buyer = buyer or await a_customer(database, shop.merchant)
    order = await paid(database, shop, buyer, **wanted)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            update orders set delivery = %(delivery)s, address = %(address)s::jsonb, pickup_code = null,
                              ship_by = %(ship_by)s
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=order.id,
            delivery=delivery,
            address=msgspec.json.encode(HOME).decode(),
            ship_by=ship_by,
        )
    return order


async def of_codes(
    database: Database, shop: Shop, *, price: int = 1_290, quantity: int = 2
) -> orders.PlacedOrder:
    """A paid order of vouchers, whose codes are issued."""
    buyer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, buyer, apples=quantity)
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            update stock s set reserved = s.reserved - l.quantity
            from order_lines l
            where s.merchant_id = %(merchant_id)s and l.merchant_id = s.merchant_id and l.order_id = %(id)s
              and s.location_id = l.location_id and s.sku_id = l.sku_id
            """,
            id=order.id,
        )
        await uow.run(
            """
            update order_lines set kind = 'virtual', location_id = null
            where merchant_id = %(merchant_id)s and order_id = %(id)s
            """,
            id=order.id,
        )
        await uow.run(
            """
            update orders set delivery = 'none', pickup_code = null where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=order.id,
        )
    await digested(database)
    return order


async def digested(database: Database) -> None:
    """Let fulfilment hear of what happened."""
    await Worker(Directory(database), fulfilment.CONSUMERS, []).drain()


def a_parcel(
    order_id: UUID, *lines: tuple[int, int], number: str = SF, carrier: str = "sf"
) -> fulfilment.SendParcel:
    return fulfilment.SendParcel(ids.new(), order_id, carrier, number, lines or ((1, 1),))


async def send(database: Database, shop: Shop, asked: fulfilment.SendParcel) -> fulfilment.Parcel:
    async with database.begin(shop.merchant) as uow:
        return await fulfilment.send(uow, asked)


async def order_now(database: Database, shop: Shop, order_id: UUID) -> orders.Order:
    async with database.begin(shop.merchant) as uow:
        return await orders.find(uow, order_id)


async def codes_now(database: Database, shop: Shop, order_id: UUID) -> list[fulfilment.Code]:
    async with database.begin(shop.merchant) as uow:
        return await fulfilment.codes_of(uow, order_id)


async def a_clerk(
    database: Database, shop: Shop, *, name: str = "陈店长", store_id: UUID | None = None
) -> Actor:
    """Somebody who works here."""
    login = f"l{ids.new().hex[-12:]}"
    async with database.begin(shop.merchant) as uow:
        await staff.add(
            uow, login=login, name=name, role="guide", password="a long password", store_id=store_id
        )
        clerk = next(one for one in await staff.every(uow) if one.login == login)
    return Actor(kind="staff", id=clerk.id, name=name, store_id=store_id)
