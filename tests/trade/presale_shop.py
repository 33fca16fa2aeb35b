"""A shop whose apples are sold ahead: a deposit now, the balance later."""

from datetime import timedelta
from uuid import UUID

import msgspec

from factories import Shop
from siyu.goods import offers
from siyu.kernel import clock, ids
from siyu.runtime.db import Database

# An apple costs 12.90. In presale 12.00, a deposit of 2.00 counts as 3.00: 11.00 in all, 9.00 later.
PRICE, DEPOSIT, WORTH, TOTAL = 1_200, 200, 300, 1_100
BALANCE_IN, BALANCE_LASTS, SHIPS_IN = timedelta(days=3), timedelta(days=2), timedelta(days=8)


async def an_offer(database: Database, shop: Shop, *, deposit: int = DEPOSIT, **columns: object) -> UUID:
    now = clock.now()
    rule = offers.Presale(
        {shop.apple: PRICE}, deposit, max(WORTH, deposit), now + BALANCE_IN, now + BALANCE_IN + BALANCE_LASTS,
        now + SHIPS_IN,
    )  # fmt: skip
    offer_id = ids.new()
    limits = {"uses_max": None, "per_person": None, "state": "active"} | columns
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            insert into offers (merchant_id, id, name, kind, rule, state, uses_max, per_person, created_at, updated_at)
            values (%(merchant_id)s, %(id)s, '苹果预售', 'presale', %(rule)s::jsonb, %(state)s, %(uses_max)s,
                    %(per_person)s, %(now)s, %(now)s)
            """,
            id=offer_id,
            rule=msgspec.json.encode(rule).decode(),
            **limits,
        )
    return offer_id
