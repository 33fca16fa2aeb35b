"""A shop with a draw: its rules, publishing, points to buy chances with."""

from datetime import timedelta
from uuid import UUID

import msgspec

from factories import Shop, a_customer
from siyu.growth import draws
from siyu.kernel import clock, ids
from siyu.people import points
from siyu.runtime.db import Database
from siyu.runtime.worker import digest

START = timedelta(hours=1)


def some_rules(**changes: object) -> draws.Rules:
    """Half of the tickets win ten points; a tenth a hundred, three times, and ten points when those are gone."""
    rules = draws.Rules(
        name="周年抽奖",
        starts_at=clock.now() + START,
        ends_at=clock.now() + timedelta(days=7),
        prizes=(
            draws.Prize(1, "大奖", "points", number=3, value=10_000, odds=100_000, points=100, instead=2),
            draws.Prize(2, "安慰奖", "points", number=1_000, value=100, odds=500_000, points=10),
        ),
        conditions="全体顾客",
        redemption="积分立即到账",
        per_person=50,
        ticket_points=5,
    )
    return msgspec.structs.replace(rules, **changes)


async def published(database: Database, shop: Shop, **changes: object) -> UUID:
    draw_id = ids.new()
    async with database.begin(shop.merchant) as uow:
        await draws.save(uow, draw_id, some_rules(**changes))
        await draws.publish(uow, draw_id)
    return draw_id


async def running(database: Database, shop: Shop, **changes: object) -> UUID:
    draw_id = await published(database, shop, **changes)
    clock.move_to(START + timedelta(minutes=1))
    return draw_id


async def with_points(database: Database, shop: Shop, count: int = 500) -> UUID:
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, count, "开业礼")
    return customer


async def takes_part(
    database: Database, shop: Shop, draw_id: UUID, customer: UUID, asked: UUID | None = None
) -> draws.Result:
    async with database.begin(shop.merchant) as uow:
        return await draws.take_part(uow, draw_id, customer, asked or ids.new())


async def work(database: Database, shop: Shop) -> None:
    for consumer in draws.CONSUMERS:
        while await digest(database, shop.merchant, consumer):
            pass
    for sweep in draws.SWEEPS:
        await sweep.run(database, shop.merchant)


async def balance(database: Database, shop: Shop, customer: UUID) -> int:
    async with database.begin(shop.merchant) as uow:
        assert await points.wrong_accounts(uow) == []
        return (await points.statement(uow, customer)).balance


async def chances(database: Database, shop: Shop, draw_id: UUID, customer: UUID) -> tuple[int, int]:
    async with database.begin(shop.merchant) as uow:
        told = await draws.chances(uow, draw_id, customer)
    return told.open, told.drawn
