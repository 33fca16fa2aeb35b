"""A shop with promoters who love different things: apples, or milk."""

from uuid import UUID

from factories import Shop, a_customer, paid
from siyu.growth import affinity, distribution, promoters
from siyu.kernel import ids
from siyu.place import doors
from siyu.runtime.db import Database
from siyu.runtime.worker import digest
from siyu.trade import payments


async def a_promoter(database: Database, shop: Shop, name: str) -> promoters.Promoter:
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        return await promoters.enrol(uow, customer, kind="koc", name=name)


async def a_friend_of(
    database: Database, shop: Shop, promoter: promoters.Promoter, customer: UUID | None = None
) -> UUID:
    friend = customer or await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        (door,) = await doors.of_promoter(uow, promoter.id)
        await doors.scan(uow, door.code, ids.new(), friend)
    return friend


async def refund(database: Database, shop: Shop, order_id: UUID, units: int) -> None:
    async with database.begin(shop.merchant) as uow:
        await payments.request_refund(uow, payments.RequestRefund(ids.new(), order_id, ((1, units),), "退货"))


async def computed(database: Database, shop: Shop) -> int:
    """Everything told is digested, then matches are computed."""
    for consumer in distribution.CONSUMERS:
        while await digest(database, shop.merchant, consumer):
            pass
    async with database.begin(shop.merchant) as uow:
        await affinity.ask(uow)
    return await affinity.compute(database, shop.merchant)


async def product_of(database: Database, shop: Shop, sku_id: UUID) -> UUID:
    async with database.begin(shop.merchant) as uow:
        return await uow.one(
            UUID,
            "select product_id from skus where merchant_id = %(merchant_id)s and id = %(sku)s",
            sku=sku_id,
        )


class Loved:
    """Two promoters. `fruit` bought apples three times and brought two people who buy apples; `dairy` bought milk
    once and brought one who buys milk."""

    fruit: promoters.Promoter
    dairy: promoters.Promoter
    apple: UUID
    milk: UUID
    friends: list[UUID]


async def loved(database: Database, shop: Shop) -> Loved:
    made = Loved()
    made.apple = await product_of(database, shop, shop.apple)
    made.milk = await product_of(database, shop, shop.milk)
    made.fruit = await a_promoter(database, shop, "果姐")
    made.dairy = await a_promoter(database, shop, "奶爸")
    for _ in range(3):
        await paid(database, shop, made.fruit.customer_id, apples=1)
    await paid(database, shop, made.dairy.customer_id, apples=0, milk=1)
    made.friends = [await a_friend_of(database, shop, made.fruit) for _ in range(2)]
    for friend in made.friends:
        await paid(database, shop, friend, apples=2)
    other = await a_friend_of(database, shop, made.dairy)
    await paid(database, shop, other, apples=0, milk=1)
    return made
