"""A shop with a group buy, and people who open, join, pay and wait."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from factories import Shop, a_customer, a_shop, word_of_payment
from siyu.connect import gateways, wxpay
from siyu.goods import offers
from siyu.goods.offers import GroupBuy
from siyu.kernel import clock, ids
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import groupbuys, orders, payments
from siyu.trade.groupbuys import sweeping

PRICE = 990  # of an apple in a group; alone it costs 1290
orders.ACTIVITIES.setdefault("group", groupbuys.ACTIVITY)


class Market(msgspec.Struct, frozen=True):
    """A shop whose apples may be bought in groups."""

    shop: Shop
    offer_id: UUID
    database: Database

    @property
    def merchant(self) -> Merchant:
        return self.shop.merchant


async def a_market(database: Database, merchant: Merchant, *, stock: int = 100, **changes: object) -> Market:
    """Apples at 9.90 for groups of `size` (2 unless said otherwise) within 24 hours."""
    shop = await a_shop(database, merchant, stock=stock)
    rule = msgspec.structs.replace(GroupBuy(prices={shop.apple: PRICE}, size=2), **changes)
    return Market(shop, await an_offer(database, merchant, rule), database)


async def an_offer(database: Database, merchant: Merchant, rule: GroupBuy, **columns: object) -> UUID:
    """An active offer with this rule."""
    offer_id = ids.new()
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            insert into offers (merchant_id, id, name, kind, rule, state, per_person, uses_max, created_at,
                                updated_at)
            values (%(merchant_id)s, %(id)s, '苹果拼团', 'group', %(rule)s::jsonb, 'active', %(per_person)s, %(uses_max)s,
                    %(now)s, %(now)s)
            """,
            id=offer_id,
            rule=msgspec.json.encode(rule).decode(),
            per_person=columns.get("per_person"),
            uses_max=columns.get("uses_max"),
        )
        await uow.run(
            "insert into offer_counters (merchant_id, offer_id) values (%(merchant_id)s, %(id)s)", id=offer_id
        )
    return offer_id


async def buy(
    market: Market,
    customer_id: UUID,
    claim_id: UUID | None = None,
    *,
    apples: int = 1,
    key: str = "",
    price: int = PRICE,
) -> orders.PlacedOrder:
    """Place an order in a group (`claim_id`), or open one."""
    wish = orders.PlaceOrder(
        customer_id=customer_id,
        store_id=market.shop.store_id,
        lines=(orders.WantedLine(market.shop.apple, apples),),
        expected_total=apples * price,
        key=key or ids.new().hex,
        claim=orders.Claim("group", claim_id or market.offer_id),
    )
    return await orders.place(market.database, market.merchant, wish, pay_minutes=30)


async def pay(market: Market, order: orders.PlacedOrder, at: datetime | None = None) -> payments.Outcome:
    """The money for an order arrives; whoever listens hears of it."""
    number = await number_of(market, order.id)
    return await told(market, word_of_payment(number, order.total, at=at))


async def told(market: Market, said: wxpay.Transaction) -> payments.Outcome:
    async with market.database.begin(market.merchant) as uow:
        (outcome,) = await payments.settle(uow, [said])
    await listen(market)
    return outcome


async def number_of(market: Market, order_id: UUID) -> str:
    """The number a payment of this order has at its gateway; asked for before the order is closed."""
    async with market.database.begin(market.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order_id])
    return number


async def listen(market: Market) -> None:
    """Digest every fact there is."""
    for consumer in (*offers.CONSUMERS, *groupbuys.CONSUMERS):
        while await digest(market.database, market.merchant, consumer):
            pass


async def sweep(market: Market) -> None:
    """Look at everything that is due, until nothing more happens."""
    while await sweeping.run(market.database, market.merchant):
        await listen(market)


async def later(market: Market, **by: float) -> None:
    """Time passes; unpaid orders are closed and due groups looked at."""
    clock.move_to(clock.offset() + timedelta(**by))
    await market.database.attempt(market.merchant, orders.close_expired)
    await listen(market)
    await sweep(market)


async def group_of(market: Market, order_id: UUID) -> groupbuys.Group:
    """The group an order's seat is in."""
    async with market.database.begin(market.merchant) as uow:
        group_id = await uow.one(
            UUID,
            "select group_id from group_seats where merchant_id = %(merchant_id)s and order_id = %(id)s",
            id=order_id,
        )
        (group,) = await groupbuys.groups(uow, [group_id])
    return group


async def seat_state(market: Market, order_id: UUID) -> str:
    async with market.database.begin(market.merchant) as uow:
        return await uow.one(
            str,
            "select state from group_seats where merchant_id = %(merchant_id)s and order_id = %(id)s",
            id=order_id,
        )


async def opened(
    market: Market, customer_id: UUID | None = None, *, price: int = PRICE
) -> tuple[groupbuys.Group, orders.PlacedOrder]:
    """A group somebody opened and paid for."""
    opener = customer_id or await a_customer(market.database, market.merchant)
    order = await buy(market, opener, price=price)
    assert await pay(market, order) is payments.Outcome.PAID
    return await group_of(market, order.id), order


async def held_for(market: Market, order_id: UUID) -> str:
    async with market.database.begin(market.merchant) as uow:
        return (await orders.find(uow, order_id)).held_for


async def money_returned(market: Market) -> None:
    """The gateway sends every refund that was asked for."""
    async with market.database.begin(market.merchant) as uow:
        asked = await uow.all(
            _Asked,
            """
            select r.out_refund_no, p.out_trade_no, r.amount, p.amount as total
            from refunds r join payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id
            where r.merchant_id = %(merchant_id)s and r.state = 'requested'
            """,
        )
        for one in asked:
            await payments.refund_finished(
                uow, word_of_refund(one.out_refund_no, one.out_trade_no, one.amount, one.total)
            )
    await sweep(market)


class _Asked(msgspec.Struct, frozen=True):
    out_refund_no: str
    out_trade_no: str
    amount: int
    total: int


def word_of_refund(number: str, trade: str, amount: int, total: int) -> gateways.Refund:
    """What the gateway says when a refund has reached the buyer."""
    return gateways.Refund(
        out_refund_no=number,
        refund_id=f"50{ids.new().int % 10**26:026d}",
        out_trade_no=trade,
        status="SUCCESS",
        refund=amount,
        total=total,
        success_time=clock.now(),
    )


async def balances(market: Market) -> dict[str, int]:
    """Every account of the books that is not empty, which are proved on the way."""
    async with market.database.begin(market.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        return {account.code: account.balance for account in await ledger.accounts(uow) if account.balance}
