"""A shop with a flash sale, and people who try, pay, let it close and come too late."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from factories import Shop, a_shop, word_of_payment
from siyu.goods import inventory
from siyu.goods.offers import Flash, FlashItem
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import flashsales, orders, payments
from siyu.trade.flashsales import memory, queries, sweeping

PRICE = 990  # of an apple in the sale; otherwise it costs 1290
orders.ACTIVITIES.setdefault("flash", flashsales.ACTIVITY)


class Sale(msgspec.Struct, frozen=True):
    """A shop whose apples are sold in a session."""

    shop: Shop
    offer_id: UUID
    database: Database

    @property
    def merchant(self) -> Merchant:
        return self.shop.merchant


async def a_sale(
    database: Database,
    merchant: Merchant,
    *,
    stock: int = 100,
    quota: int = 10,
    per_person: int = 1,
    starts_in: timedelta = timedelta(minutes=-1),
    pay_minutes: int = 5,
) -> Sale:
    """Apples at 9.90 for two hours, their pieces put aside when it is time."""
    memory.forget()
    shop = await a_shop(database, merchant, stock=stock)
    rule = Flash((FlashItem(shop.apple, PRICE, quota, shop.store_id, per_person),), pay_minutes)
    starts_at = clock.now() + starts_in
    sale = Sale(shop, await an_offer(database, merchant, rule, starts_at), database)
    await sweep(sale)
    return sale


async def an_offer(
    database: Database, merchant: Merchant, rule: Flash, starts_at: datetime, *, hours: int = 2
) -> UUID:
    """An active session with this rule."""
    offer_id = ids.new()
    async with database.begin(merchant) as uow:
        await uow.run(
            """
            insert into offers (merchant_id, id, name, kind, rule, state, starts_at, ends_at, created_at, updated_at)
            values (%(merchant_id)s, %(id)s, '苹果秒杀', 'flash', %(rule)s::jsonb, 'active', %(starts)s, %(ends)s,
                    %(now)s, %(now)s)
            """,
            id=offer_id,
            rule=msgspec.json.encode(rule).decode(),
            starts=starts_at,
            ends=starts_at + timedelta(hours=hours),
        )
        await uow.run(
            "insert into offer_counters (merchant_id, offer_id) values (%(merchant_id)s, %(id)s)", id=offer_id
        )
    return offer_id


async def buy(
    sale: Sale,
    customer_id: UUID,
    *,
    apples: int = 1,
    key: str = "",
    database: Database | None = None,
    **changes: object,
) -> orders.PlacedOrder:
    """Place an order in the session."""
    wish = orders.PlaceOrder(
        customer_id=customer_id,
        store_id=sale.shop.store_id,
        lines=(orders.WantedLine(sale.shop.apple, apples),),
        expected_total=apples * PRICE,
        key=key or ids.new().hex,
        claim=orders.Claim("flash", sale.offer_id),
    )
    wish = msgspec.structs.replace(wish, **changes)
    return await orders.place(database or sale.database, sale.merchant, wish, pay_minutes=30)


async def tried(sale: Sale, customer_id: UUID, **how: object) -> str:
    """Try to buy; what came of it, by name."""
    try:
        await buy(sale, customer_id, **how)
    except DomainError as refusal:
        return type(refusal).__name__
    return "order"


async def pay(sale: Sale, order: orders.PlacedOrder) -> payments.Outcome:
    async with sale.database.begin(sale.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        (outcome,) = await payments.settle(uow, [word_of_payment(number, order.total)])
    await listen(sale)
    return outcome


async def listen(sale: Sale) -> None:
    """Digest every fact there is."""
    (consumer,) = flashsales.CONSUMERS
    while await digest(sale.database, sale.merchant, consumer):
        pass


async def sweep(sale: Sale) -> None:
    while await sweeping.run(sale.database, sale.merchant):
        await listen(sale)


async def later(sale: Sale, **by: float) -> None:
    """Time passes; unpaid orders are closed and sessions looked at."""
    clock.move_to(clock.offset() + timedelta(**by))
    await sale.database.attempt(sale.merchant, orders.close_expired)
    await listen(sale)
    await sweep(sale)
    memory.forget()  # its seconds are real ones


async def become(sale: Sale, state: str) -> None:
    """Somebody pauses, resumes or ends the session."""
    async with sale.database.begin(sale.merchant) as uow:
        await uow.run(
            "update offers set state = %(state)s where merchant_id = %(merchant_id)s and id = %(id)s",
            state=state,
            id=sale.offer_id,
        )


async def change(sale: Sale, rule: Flash) -> None:
    """Somebody edits the session."""
    async with sale.database.begin(sale.merchant) as uow:
        await uow.run(
            """
            update offers set rule = %(rule)s::jsonb, version = version + 1
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            rule=msgspec.json.encode(rule).decode(),
            id=sale.offer_id,
        )


async def apples(sale: Sale) -> tuple[int, int, int, int]:
    """(on hand, reserved, put aside, available) of apples at the store; every proof holds."""
    async with sale.database.begin(sale.merchant) as uow:
        (level,) = await inventory.levels(uow, [sale.shop.apple], sale.shop.store_id)
        assert await flashsales.flash_proofs(uow) == []
        assert await orders.stock_promised_wrongly(uow) == []
    return level.on_hand, level.reserved, level.carved, level.available


async def counts(sale: Sale) -> tuple[int, int, int]:
    """(quota, taken, sold) of the session's apples."""
    async with sale.database.begin(sale.merchant) as uow:
        (goods,) = (await queries.find(uow, sale.offer_id)).goods
    return goods.quota, goods.taken, goods.sold
