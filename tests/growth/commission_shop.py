"""A shop with a promoter and friends, and what the worker does in the evening."""

from datetime import timedelta
from uuid import UUID

from factories import Shop, a_customer, paid
from siyu.growth import distribution, promoters
from siyu.kernel import clock, ids
from siyu.kernel.permissions import ROLES
from siyu.money import ledger
from siyu.place import doors
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database
from siyu.runtime.worker import digest
from siyu.trade import orders, payments

ANNA = Actor("staff", ids.new(), ROLES["owner"], "安娜")
BEN = Actor("staff", ids.new(), ROLES["finance"], "本")


async def a_promoter(
    database: Database, shop: Shop, name: str = "小鱼", kind: str = "koc"
) -> promoters.Promoter:
    """Somebody with a door of their own."""
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        return await promoters.enrol(uow, customer, kind=kind, name=name)  # pyright: ignore[reportArgumentType]


async def a_plan(database: Database, shop: Shop, name: str = "方案", **rule: object) -> distribution.Plan:
    """A published plan; without more, 10 % of everything for everybody."""
    said = distribution.PlanRule(**({"rate_bps": 1_000} | rule))  # pyright: ignore[reportArgumentType]
    plan_id = ids.new()
    async with database.begin(shop.merchant, ANNA) as uow:
        await distribution.save(uow, plan_id, name, said)
        return await distribution.publish(uow, plan_id, reason="试一试")


async def bought(
    database: Database, shop: Shop, promoter: promoters.Promoter, *, friend: UUID | None = None, **wanted: int
) -> orders.PlacedOrder:
    """A paid order of a friend who came through the promoter's door."""
    friend = friend or await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        (door,) = await doors.of_promoter(uow, promoter.id)
        await doors.scan(uow, door.code, ids.new(), friend)
    return await paid(database, shop, friend, **wanted)


async def work(database: Database, shop: Shop) -> None:
    """Everything told is digested, and what is due is done."""
    for consumer in distribution.CONSUMERS:
        while await digest(database, shop.merchant, consumer):
            pass
    for sweep in distribution.SWEEPS:
        while await sweep.run(database, shop.merchant):
            pass


async def received(database: Database, shop: Shop, order: orders.PlacedOrder) -> None:
    """Handed over, and the buyer says so."""
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
        await orders.confirm_received(uow, [order.id])


async def refunded(
    database: Database, shop: Shop, order: orders.PlacedOrder, units: int, line: int = 1
) -> None:
    """Units of a line go back."""
    async with database.begin(shop.merchant) as uow:
        request = payments.RequestRefund(ids.new(), order.id, ((line, units),), "退货")
        await payments.request_refund(uow, request)


async def ripe(
    database: Database, shop: Shop, promoter: promoters.Promoter, **wanted: int
) -> orders.PlacedOrder:
    """A sale whose commission is payable."""
    order = await bought(database, shop, promoter, **wanted)
    await received(database, shop, order)
    await work(database, shop)
    clock.move_to(clock.offset() + timedelta(days=16))
    await work(database, shop)
    return order


async def lines(
    database: Database, shop: Shop, promoter: promoters.Promoter
) -> list[distribution.Commission]:
    """Commission of a promoter, oldest first, in a ledger that is sound."""
    async with database.begin(shop.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        rows = await distribution.commissions(uow, promoter.id, limit=100)
    return sorted(rows, key=lambda row: (row.earned_at, row.order_number, row.line_no))


async def owed(database: Database, shop: Shop, promoter: promoters.Promoter) -> tuple[int, int]:
    """(payable, pending) by the ledger."""
    async with database.begin(shop.merchant) as uow:
        accounts = await ledger.accounts(uow, [distribution.account_code(promoter.id)])
    return (accounts[0].balance, accounts[0].pending) if accounts else (0, 0)
