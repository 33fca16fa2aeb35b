"""What group buying keeps: at least one row of each."""

from uuid import UUID

import msgspec

from factories import Shop, word_of_payment
from siyu.goods.offers import GroupBuy
from siyu.kernel import ids
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import groupbuys, orders, payments

PRICE = 990


async def grouped(
    database: Database, merchant: Merchant, shop: Shop, buyer: UUID, mark: str
) -> dict[str, object]:
    """A group buy on apples, and a group that its opener has paid for."""
    offer_id = ids.new()
    rule = GroupBuy(prices={shop.apple: PRICE}, size=2)
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            with made as (
                insert into offers (merchant_id, id, name, kind, rule, state, created_at, updated_at)
                values (%(merchant_id)s, %(id)s, %(name)s, 'group', %(rule)s::jsonb, 'active', %(now)s, %(now)s)
                returning id
            )
            insert into offer_counters (merchant_id, offer_id) select %(merchant_id)s, id from made
            """,
            id=offer_id,
            name=f"{mark}两人团",
            rule=msgspec.json.encode(rule).decode(),
        )
    wish = orders.PlaceOrder(
        buyer, shop.store_id, (orders.WantedLine(shop.apple, 1),), PRICE, ids.new().hex,
        claim=orders.Claim("group", offer_id),
    )  # fmt: skip
    order = await orders.place(database, merchant, wish, pay_minutes=30)
    async with database.begin(merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        await payments.settle(uow, [word_of_payment(number, order.total)])
    (consumer,) = groupbuys.CONSUMERS
    while await digest(database, merchant, consumer):
        pass
    async with database.begin(merchant) as uow:
        group_id = await uow.one(
            UUID,
            "select group_id from group_seats where merchant_id = %(merchant_id)s and order_id = %(order)s",
            order=order.id,
        )
    return {"group_id": group_id, "group_offer_id": offer_id, "group_order_id": order.id}
