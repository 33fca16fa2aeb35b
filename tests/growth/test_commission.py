"""Commission: from one sale, for one promoter, by the unit, and only when the goods stay sold."""

from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, paid
from siyu.growth import distribution, promoters
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.money import ledger
from siyu.place import doors
from siyu.runtime.db import Database, Merchant
from siyu.runtime.tenancy import Directory
from siyu.runtime.worker import Worker
from siyu.trade import orders, payments


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def a_promoter(database: Database, shop: Shop, *, rate_bps: int = 1_000) -> promoters.Promoter:
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        await distribution.add_plan(uow, name="常规佣金", rate_bps=rate_bps)
        return await promoters.enrol(uow, customer, kind="koc", name="小鱼")


async def comes_through(database: Database, shop: Shop, promoter: promoters.Promoter, customer: UUID) -> None:
    async with database.begin(shop.merchant) as uow:
        (door,) = await doors.of_promoter(uow, promoter.id)
        await doors.scan(uow, door.code, ids.new(), customer)


async def work(database: Database, shop: Shop) -> None:
    """Let the consumers digest everything of this merchant."""
    from siyu.runtime.worker import digest

    for consumer in distribution.CONSUMERS:
        while await digest(database, shop.merchant, consumer):
            pass
    for sweep in distribution.SWEEPS:
        while await sweep.run(database, shop.merchant):
            pass


async def lines(database: Database, shop: Shop, promoter: promoters.Promoter) -> list[tuple[str, int, int]]:
    async with database.begin(shop.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        rows = await distribution.commissions(uow, promoter.id)
    return [(row.state, row.amount, row.reversed_amount) for row in rows]


async def owed(database: Database, shop: Shop, promoter: promoters.Promoter) -> tuple[int, int]:
    """(payable, pending) by the ledger."""
    async with database.begin(shop.merchant) as uow:
        accounts = await ledger.accounts(uow, [f"promoter:{promoter.id}"])
    return (accounts[0].balance, accounts[0].pending) if accounts else (0, 0)


async def hand_over_and_receive(database: Database, shop: Shop, order: orders.PlacedOrder) -> None:
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
        await orders.confirm_received(uow, [order.id])


async def refund(database: Database, shop: Shop, order: orders.PlacedOrder, units: int) -> None:
    async with database.begin(shop.merchant) as uow:
        request = payments.RequestRefund(ids.new(), order.id, ((1, units),), "退货")
        await payments.request_refund(uow, request)


async def test_a_sale_through_a_promoters_link_is_pending_then_payable(
    database: Database, shop: Shop
) -> None:
    promoter = await a_promoter(database, shop)
    friend = await a_customer(database, shop.merchant)
    await comes_through(database, shop, promoter, friend)
    order = await paid(database, shop, friend, apples=2)
    await work(database, shop)
    assert await lines(database, shop, promoter) == [("pending", 258, 0)]
    assert await owed(database, shop, promoter) == (0, 258)

    await hand_over_and_receive(database, shop, order)
    await work(database, shop)
    assert await lines(database, shop, promoter) == [("pending", 258, 0)]

    clock.move_to(timedelta(days=16))
    await work(database, shop)
    assert await lines(database, shop, promoter) == [("payable", 258, 0)]
    assert await owed(database, shop, promoter) == (258, 0)


async def test_a_refunded_unit_takes_back_its_commission_while_pending(
    database: Database, shop: Shop
) -> None:
    promoter = await a_promoter(database, shop)
    friend = await a_customer(database, shop.merchant)
    await comes_through(database, shop, promoter, friend)
    order = await paid(database, shop, friend, apples=3)  # 38.70, of which 3.87 is commission
    await work(database, shop)

    await refund(database, shop, order, 1)
    await work(database, shop)

    assert await lines(database, shop, promoter) == [("pending", 387, 129)]
    assert await owed(database, shop, promoter) == (0, 258)


async def test_a_refund_after_payable_is_clawed_back_and_all_units_take_back_all(
    database: Database, shop: Shop
) -> None:
    promoter = await a_promoter(database, shop, rate_bps=777)
    friend = await a_customer(database, shop.merchant)
    await comes_through(database, shop, promoter, friend)
    order = await paid(database, shop, friend, apples=3)
    await hand_over_and_receive(database, shop, order)
    await work(database, shop)
    clock.move_to(timedelta(days=16))
    await work(database, shop)
    assert await owed(database, shop, promoter) == (300, 0)  # 38.70 × 7.77 % = 3.00699, rounded down

    for _ in range(3):
        await refund(database, shop, order, 1)
    await work(database, shop)

    assert await lines(database, shop, promoter) == [("reversed", 300, 300)]
    assert await owed(database, shop, promoter) == (0, 0)


async def test_buying_through_ones_own_link_earns_nothing(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    await comes_through(database, shop, promoter, promoter.customer_id)

    await paid(database, shop, promoter.customer_id, apples=2)
    await work(database, shop)

    assert await lines(database, shop, promoter) == []


async def test_a_link_older_than_a_week_binds_nothing(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    friend = await a_customer(database, shop.merchant)
    await comes_through(database, shop, promoter, friend)
    clock.move_to(timedelta(days=7, seconds=1))

    await paid(database, shop, friend, apples=2)
    await work(database, shop)

    assert await lines(database, shop, promoter) == []


async def test_the_last_promoters_link_wins_and_a_shelf_code_does_not_take_it_away(
    database: Database, shop: Shop
) -> None:
    first, second = await a_promoter(database, shop), await a_promoter(database, shop)
    friend = await a_customer(database, shop.merchant)
    await comes_through(database, shop, first, friend)
    await comes_through(database, shop, second, friend)
    async with database.begin(shop.merchant) as uow:
        shelf = await doors.open_door(
            uow, doors.NewDoor(name="货架", kind="store_shelf", space="point", ownership="owned")
        )
        await doors.scan(uow, shelf.code, ids.new(), friend)

    order = await paid(database, shop, friend, apples=2)
    await work(database, shop)

    assert await lines(database, shop, first) == []
    assert await lines(database, shop, second) == [("pending", 258, 0)]
    async with database.begin(shop.merchant) as uow:
        assert (await orders.find(uow, order.id)).door_id == shelf.id


async def test_a_fact_told_twice_earns_once(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    friend = await a_customer(database, shop.merchant)
    await comes_through(database, shop, promoter, friend)
    await paid(database, shop, friend, apples=2)
    await work(database, shop)

    async with database.begin(shop.merchant) as uow:
        await uow.run("delete from event_cursors where merchant_id = %(merchant_id)s")
    await work(database, shop)

    assert await lines(database, shop, promoter) == [("pending", 258, 0)]
    assert await owed(database, shop, promoter) == (0, 258)


async def test_a_rate_above_thirty_percent_is_refused(database: Database, shop: Shop) -> None:
    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await distribution.add_plan(uow, name="太多", rate_bps=3_001)

    assert refusal.value.field == "rate_bps"
    async with database.begin(shop.merchant) as uow:
        assert await distribution.plans(uow) == []


async def test_the_worker_finds_its_work_by_itself(database: Database, shop: Shop) -> None:
    promoter = await a_promoter(database, shop)
    friend = await a_customer(database, shop.merchant)
    await comes_through(database, shop, promoter, friend)
    await paid(database, shop, friend, apples=2)
    worker = Worker(Directory(database), distribution.CONSUMERS, distribution.SWEEPS)

    await worker.turn()

    assert await lines(database, shop, promoter) == [("pending", 258, 0)]
