"""Offers, coupons and orders in the database, for tests of what orders use of offers."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from factories import Shop
from siyu.goods import offers
from siyu.goods.offers import Offer
from siyu.kernel import ids
from siyu.runtime.db import Database, UnitOfWork
from siyu.runtime.worker import digest
from siyu.trade import orders


class Row(msgspec.Struct, frozen=True):
    """What is written of an offer's use: (amount, times, state) and whose coupon."""

    amount: int
    times: int
    state: str


async def an_offer(
    database: Database,
    shop: Shop,
    rule: offers.Rule,
    *,
    name: str = "大促",
    state: str = "active",
    stacking: str = "best",
    scope: offers.Scope | None = None,
    audience: offers.Audience | None = None,
    budget: int | None = None,
    uses_max: int | None = None,
    per_person: int | None = None,
    per_person_day: int | None = None,
    floor_margin: int | None = None,
    starts_in: timedelta | None = None,
    ends_in: timedelta | None = None,
) -> UUID:
    """An offer with its counter."""
    offer_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            insert into offers (merchant_id, id, name, kind, rule, scope, audience, stacking, state, budget, uses_max,
                                per_person, per_person_day, floor_margin, starts_at, ends_at, created_at, updated_at)
            values (%(merchant_id)s, %(id)s, %(name)s, %(kind)s, %(rule)s::text::jsonb, %(scope)s::text::jsonb,
                    %(audience)s::text::jsonb, %(stacking)s, %(state)s, %(budget)s, %(uses_max)s, %(per_person)s,
                    %(per_person_day)s, %(floor_margin)s, %(starts_at)s, %(ends_at)s, %(now)s, %(now)s)
            """,
            id=offer_id,
            name=name,
            kind=type(rule).__struct_config__.tag,
            rule=msgspec.json.encode(rule).decode(),
            scope=msgspec.json.encode(scope or offers.Scope()).decode(),
            audience=msgspec.json.encode(audience or offers.Audience()).decode(),
            stacking=stacking,
            state=state,
            budget=budget,
            uses_max=uses_max,
            per_person=per_person,
            per_person_day=per_person_day,
            floor_margin=floor_margin,
            starts_at=uow.now + starts_in if starts_in is not None else None,
            ends_at=uow.now + ends_in if ends_in is not None else None,
        )
        await uow.run(
            "insert into offer_counters (merchant_id, offer_id) values (%(merchant_id)s, %(offer)s)",
            offer=offer_id,
        )
    return offer_id


async def a_coupon(
    database: Database, shop: Shop, offer_id: UUID, customer_id: UUID, *, hours: int = 72
) -> UUID:
    """A coupon somebody holds for so many hours."""
    coupon_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            """
            insert into coupons (merchant_id, id, offer_id, customer_id, source, valid_from, valid_until, created_at,
                                 updated_at)
            values (%(merchant_id)s, %(id)s, %(offer)s, %(customer)s, 'manual', %(since)s, %(until)s, %(now)s,
                    %(now)s)
            """,
            id=coupon_id,
            offer=offer_id,
            customer=customer_id,
            since=uow.now - timedelta(hours=1),
            until=uow.now + timedelta(hours=hours),
        )
    return coupon_id


async def counter(database: Database, shop: Shop, offer_id: UUID) -> tuple[int, int]:
    """(spent, uses) as counted."""
    async with database.begin(shop.merchant) as uow:
        return tuple(  # pyright: ignore - two numbers
            await uow.one(
                list,
                """
                select array[spent, uses] from offer_counters
                where merchant_id = %(merchant_id)s and offer_id = %(offer)s
                """,
                offer=offer_id,
            )
        )


async def coupon(database: Database, shop: Shop, coupon_id: UUID) -> tuple[str, UUID | None, float]:
    """(state, order, hours until its end)."""
    async with database.begin(shop.merchant) as uow:
        state, order_id, hours = await uow.one(
            list,
            """
            select jsonb_build_array(state, order_id, extract(epoch from valid_until - %(now)s) / 3600) from coupons
            where merchant_id = %(merchant_id)s and id = %(id)s
            """,
            id=coupon_id,
        )
    return state, UUID(order_id) if order_id else None, round(float(hours), 1)


async def uses(database: Database, shop: Shop, order_id: UUID) -> list[Row]:
    async with database.begin(shop.merchant) as uow:
        return await uow.all(
            Row,
            """
            select amount, times, state from offer_uses where merchant_id = %(merchant_id)s and order_id = %(order)s
            order by amount
            """,
            order=order_id,
        )


async def listened(database: Database, shop: Shop) -> None:
    """What the worker would do with the facts so far."""
    for consumer in offers.CONSUMERS:
        while await digest(database, shop.merchant, consumer):
            pass


async def closed(database: Database, shop: Shop, order_id: UUID) -> None:
    """End an unpaid order and let offers hear of it."""
    async with database.begin(shop.merchant) as uow:
        assert await orders.close(uow, [order_id], "buyer") == [order_id]
    await listened(database, shop)


async def shelf_of(uow: UnitOfWork, shop: Shop, customers: Sequence[UUID] = ()) -> offers.Shelf:
    """What is live for these buyers and the shop's goods."""
    return await offers.load(uow, customers, [shop.apple, shop.milk])


def names(shelf: offers.Shelf) -> list[str]:
    return sorted(one.name for one in shelf.offers)


def by_name(shelf: offers.Shelf, name: str) -> Offer:
    return next(one for one in shelf.offers if one.name == name)
