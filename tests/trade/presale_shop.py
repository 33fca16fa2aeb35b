"""A shop whose apples are sold ahead: a deposit now, the balance later."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from factories import Shop, a_customer, an_order, word_of_payment
from siyu.goods import offers
from siyu.kernel import clock, ids
from siyu.money import ledger
from siyu.runtime.db import Database
from siyu.runtime.worker import digest
from siyu.trade import orders, payments, presales

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
        await uow.run(
            "insert into offer_counters (merchant_id, offer_id) values (%(merchant_id)s, %(id)s)", id=offer_id
        )
    return offer_id


async def ordered(
    database: Database, shop: Shop, offer_id: UUID, customer: UUID, apples: int = 1, **changes: object
) -> orders.PlacedOrder:
    wish = an_order(shop, customer, apples=apples, claim=orders.Claim("presale", offer_id))
    wish = msgspec.structs.replace(wish, **({"expected_total": apples * TOTAL} | changes))
    return await orders.place(database, shop.merchant, wish, pay_minutes=30)


async def begun(database: Database, shop: Shop, order_id: UUID, method: str = "wxpay_jsapi") -> str:
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order_id], method)
    return number


async def told(database: Database, shop: Shop, number: str, amount: int) -> payments.Outcome:
    async with database.begin(shop.merchant) as uow:
        (outcome,) = await payments.settle(uow, [word_of_payment(number, amount)])
    return outcome


async def paid(database: Database, shop: Shop, order_id: UUID, amount: int) -> None:
    assert await told(database, shop, await begun(database, shop, order_id), amount) is payments.Outcome.PAID


async def claimed(database: Database, shop: Shop, order_id: UUID) -> UUID:
    """The presale an order came from."""
    claim_id = (await found(database, shop, order_id)).claim_id
    assert claim_id is not None
    return claim_id


async def found(database: Database, shop: Shop, order_id: UUID) -> orders.Order:
    async with database.begin(shop.merchant) as uow:
        return await orders.find(uow, order_id)


async def books(database: Database, shop: Shop) -> dict[str, int]:
    async with database.begin(shop.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        return {a.code: a.balance for a in await ledger.accounts(uow) if a.balance}


async def digested(database: Database, shop: Shop) -> None:
    while await digest(database, shop.merchant, presales.CONSUMERS[0]):
        pass


async def after_deposit(database: Database, shop: Shop, apples: int = 1) -> tuple[UUID, UUID, datetime]:
    """(order, customer, when the balance may be paid) of an order whose deposit is paid."""
    customer = await a_customer(database, shop.merchant)
    order = await ordered(database, shop, await an_offer(database, shop), customer, apples)
    await paid(database, shop, order.id, apples * DEPOSIT)
    balance_from = (await found(database, shop, order.id)).balance_from
    assert balance_from is not None
    return order.id, customer, balance_from
