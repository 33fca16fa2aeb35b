"""Arrivals, parcels and statements of suppliers that come at the same time."""

import asyncio
from datetime import UTC, datetime, timedelta

from factories import stock_of
from siyu.kernel import clock, ids
from siyu.runtime.db import Database, Merchant
from siyu.trade import suppliers
from trade.supplier_shop import an_orchard, bought, box, digested, owed


async def test_arrivals_at_once_never_exceed_the_order_and_each_is_owed_once(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    line = suppliers.WantedLine(orchard.shop.milk, 20, 400)
    async with database.begin(merchant) as uow:
        made = await suppliers.draft(
            uow,
            suppliers.WantedPurchase(ids.new(), orchard.supplier.id, orchard.shop.store_id, (line,)),
            "CG000001",
        )
        await suppliers.send(uow, made.id)
    arrivals = [suppliers.Receive(ids.new(), made.id, (suppliers.Arrived(1, 9),)) for _ in range(3)]

    async def arrive(arrival: suppliers.Receive):
        return await database.attempt(merchant, lambda uow: suppliers.receive(uow, arrival))

    told = await asyncio.gather(*(arrive(one) for one in arrivals * 3), return_exceptions=True)

    assert {type(one) for one in told} <= {suppliers.Purchase, suppliers.TooMuchArrived}
    assert await stock_of(database, orchard.shop, orchard.shop.milk) == (10 + 18, 0)
    assert await owed(database, merchant, orchard.supplier.id) == 18 * 400


async def test_one_parcel_many_times_and_two_statements_at_once(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    order = await bought(database, orchard, apples=2)
    asked = box(order.id, (1, 2))

    async def ship():
        return await database.attempt(merchant, lambda uow: suppliers.ship(uow, asked), orchard.person)

    parcels = await asyncio.gather(*(ship() for _ in range(4)))
    await asyncio.gather(*(digested(database) for _ in range(3)))
    assert {one.id for one in parcels} == {asked.id}
    assert await owed(database, merchant, orchard.supplier.id) == 1_600

    async with database.begin(merchant) as uow:
        until = (await suppliers.open_period(uow, orchard.supplier)).until
    clock.move_to(until - datetime.now(UTC) + timedelta(hours=2))

    async def settle():
        return await database.attempt(
            merchant, lambda uow: suppliers.make_statement(uow, orchard.supplier.id)
        )

    made = await asyncio.gather(*(settle() for _ in range(4)), return_exceptions=True)
    first = next(one for one in made if isinstance(one, suppliers.Statement))
    assert sum(isinstance(one, suppliers.Statement) for one in made) == 1

    async def pay():
        async def work(uow):
            await suppliers.confirm(uow, first.id)
            return await suppliers.pay(uow, first.id, "网银")

        return await database.attempt(merchant, work)

    await asyncio.gather(*(pay() for _ in range(4)))
    assert await owed(database, merchant, orchard.supplier.id) == 0
