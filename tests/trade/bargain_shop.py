"""A shop whose apples may be bargained for, and friends who help."""

from datetime import timedelta
from uuid import UUID

import msgspec

from factories import Shop, a_customer, an_order
from siyu.goods import offers
from siyu.kernel import clock, ids
from siyu.runtime.db import Database
from siyu.trade import bargains, orders

START, FLOOR, HELPS = 1_290, 890, 3


async def an_offer(
    database: Database,
    shop: Shop,
    *,
    hours: int = 24,
    starts_in: timedelta = timedelta(0),
    **changes: object,
) -> UUID:
    """12.90 falls to 8.90 in three helps, within `hours`."""
    limits = {
        "uses_max": None,
        "per_person": None,
        "budget": None,
        "audience": "{}",
        "state": "active",
    } | changes
    rule = offers.Bargain(shop.apple, START, FLOOR, HELPS, hours)
    offer_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            insert into offers (merchant_id, id, name, kind, rule, audience, state, starts_at, uses_max, per_person,
                                budget, created_at, updated_at)
            values (%(merchant_id)s, %(id)s, '苹果砍价', 'bargain', %(rule)s::jsonb, %(audience)s::jsonb, %(state)s,
                    %(starts)s, %(uses_max)s, %(per_person)s, %(budget)s, %(now)s, %(now)s)
            """,
            id=offer_id,
            rule=msgspec.json.encode(rule).decode(),
            starts=clock.now() + starts_in,
            **limits,
        )
        await uow.run(
            "insert into offer_counters (merchant_id, offer_id) values (%(merchant_id)s, %(id)s)", id=offer_id
        )
    return offer_id


async def started(database: Database, shop: Shop, offer_id: UUID, customer_id: UUID) -> bargains.Bargain:
    async with database.begin(shop.merchant) as uow:
        return await bargains.start(uow, offer_id, customer_id)


async def helped(
    database: Database, shop: Shop, bargain_id: UUID, customer_id: UUID | None = None
) -> bargains.Helped:
    """One more friend helps."""
    friend = customer_id or await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        return await bargains.give_help(uow, bargain_id, friend)


async def seen(database: Database, shop: Shop, bargain_id: UUID) -> bargains.Bargain:
    async with database.begin(shop.merchant) as uow:
        return await bargains.find(uow, bargain_id)


async def bought(
    database: Database, shop: Shop, customer_id: UUID, bargain_id: UUID, total: int, **changes: object
) -> orders.PlacedOrder:
    """Order one apple at the bargain's price."""
    wish = an_order(
        shop,
        customer_id,
        apples=1,
        expected_total=total,
        claim=orders.Claim("bargain", bargain_id),
        **changes,
    )
    return await orders.place(database, shop.merchant, wish, pay_minutes=30)
