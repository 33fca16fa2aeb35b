"""Eight people and clocks act on one order at once. Whoever comes first: stock, ledger and counts agree afterwards."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop, paid, placed
from siyu.goods import inventory
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant, UnitOfWork
from siyu.trade import aftersales, orders, payments

STOCK = 1_000
ROUNDS = 12
APPLES, MILK = 4, 2
Work = Callable[[UnitOfWork], Awaitable[object]]


def actors(order_id: UUID, customer: UUID) -> dict[str, Work]:
    """What each of them does, in one unit of work of its own."""
    wish = aftersales.OpenCase(ids.new(), order_id, "refund_only", "changed_mind", ((1, 1),))
    refund = payments.RequestRefund(ids.new(), order_id, ((1, 1), (2, 1)), "缺货", restock=True)
    return {
        "packer": lambda uow: orders.fulfil_units(uow, order_id, [(1, 2)], "parcel"),
        "other packer": lambda uow: orders.fulfil_units(uow, order_id, [(1, 2), (2, 1)], "parcel"),
        "cashier": lambda uow: orders.hand_over(uow, [order_id]),
        "after-sale": lambda uow: aftersales.open_case(uow, wish, customer_id=customer),
        "refund": lambda uow: payments.request_refund(uow, refund),
        "price": lambda uow: orders.edit_price(uow, order_id, {1: 4_000}, reason="老顾客"),
        "cancel": lambda uow: orders.close(uow, [order_id], "cancelled_by_buyer"),
        "clock": lambda uow: orders.receive_overdue(uow, after=timedelta(0)),
    }


async def all_at_once(
    database: Database, merchant: Merchant, works: dict[str, Work], chance: random.Random
) -> set[str]:
    """Who got through. A refusal is an answer; anything else is a failure of the house."""

    async def act(work: Work, wait: float) -> bool:
        await asyncio.sleep(wait)
        try:
            async with database.begin(merchant) as uow:
                await work(uow)
        except DomainError:
            return False
        return True

    names = chance.sample(sorted(works), len(works))
    done = await asyncio.gather(*(act(works[name], chance.uniform(0, 0.02)) for name in names))
    return {name for name, was_done in zip(names, done, strict=True) if was_done}


async def agrees(database: Database, shop: Shop, order_ids: list[UUID]) -> None:
    """The three proofs of the house, and the sums that a child could do."""
    async with database.begin(shop.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        assert await inventory.differences(uow) == []
        assert await orders.stock_promised_wrongly(uow) == []
        found = [await orders.find(uow, order_id) for order_id in order_ids]
        refunds = [one for order_id in order_ids for one in await payments.refunds_of_order(uow, order_id)]
        levels = await inventory.levels(uow, [shop.apple, shop.milk], shop.store_id)
        moved = await uow.one(
            int,
            """
            select coalesce(sum(quantity), 0)::int from stock_moves
            where merchant_id = %(merchant_id)s and reason in ('handed_over', 'returned')
            """,
        )
        back = await uow.one(
            int,
            """
            select coalesce(sum(quantity), 0)::int from stock_moves
            where merchant_id = %(merchant_id)s and reason = 'returned'
            """,
        )
        accounts = {account.code: account.balance for account in await ledger.accounts(uow)}
    lines = [line for order in found for line in order.lines]
    for line in lines:
        assert 0 <= line.fulfilled_quantity <= line.quantity - line.cancelled_quantity
        assert line.cancelled_quantity <= line.refunded_quantity <= line.quantity
    assert sum(level.on_hand for level in levels) == 2 * STOCK + moved
    assert back - moved == sum(line.fulfilled_quantity for line in lines)
    assert sum(level.reserved for level in levels) == sum(
        line.waiting for order in found if order.state in {"unpaid", "paid"} for line in order.lines
    )
    earned = sum(order.total - order.refunded for order in found if order.paid_at is not None)
    assert accounts.get("sales", 0) == earned
    assert sum(order.refunded for order in found) == sum(one.amount for one in refunds)
    assert accounts.get("refunds_due", 0) == sum(one.amount for one in refunds if one.state != "done")


@pytest.mark.parametrize("seed", range(4))
async def test_eight_actors_on_a_paid_order_leave_everything_in_agreement(
    database: Database, merchant: Merchant, seed: int
) -> None:
    shop, chance = await a_shop(database, merchant, stock=STOCK), random.Random(seed)
    customer = await a_customer(database, merchant)
    bought = [await paid(database, shop, customer, apples=APPLES, milk=MILK) for _ in range(ROUNDS)]

    through = [await all_at_once(database, merchant, actors(order.id, customer), chance) for order in bought]

    await agrees(database, shop, [order.id for order in bought])
    async with database.begin(merchant) as uow:
        assert {(await orders.find(uow, order.id)).total for order in bought} == {bought[0].total}
    assert all("price" not in names for names in through), "nobody changes the price of what was paid"
    assert all(names & {"packer", "other packer", "cashier", "refund", "after-sale"} for names in through)


async def test_the_same_eight_while_the_buyer_is_paying(database: Database, merchant: Merchant) -> None:
    shop, chance = await a_shop(database, merchant, stock=STOCK), random.Random(ROUNDS)
    customer = await a_customer(database, merchant)
    async with database.begin(merchant) as uow:
        await payments.change_balance(uow, ids.new(), customer, 10_000_000, "充值")
    bought = [await placed(database, shop, customer, apples=APPLES, milk=MILK) for _ in range(2 * ROUNDS)]
    ends = set()
    for order in bought:
        works = actors(order.id, customer)
        works["buyer"] = lambda uow, order_id=order.id: payments.pay_from_balance(uow, order_id, customer)
        names = await all_at_once(database, merchant, works, chance)
        async with database.begin(merchant) as uow:
            now = await orders.find(uow, order.id)
        ends.add(now.state)
        assert (now.paid_at is not None) == ("buyer" in names)
        if "price" in names:
            assert now.total == 4_000 + MILK * shop.milk_price

    await agrees(database, shop, [order.id for order in bought])
    assert len(ends) > 1, "the interleavings differ"
