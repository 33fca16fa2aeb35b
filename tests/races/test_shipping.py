"""Races with real commits: two packers, two counters, two tills, and a refund that comes in between."""

import asyncio

from factories import a_customer, a_shop, paid, state_of, stock_of
from siyu.kernel import ids
from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant
from siyu.trade import fulfilment, orders, payments
from trade.fulfilment_shop import a_parcel, codes_now, of_codes, order_now, send, to_ship


async def tried(*work) -> list:
    """The answers, refusals among them; anything else is a failure."""
    answers = await asyncio.gather(*work, return_exceptions=True)
    assert [one for one in answers if isinstance(one, Exception) and not isinstance(one, DomainError)] == []
    return [one for one in answers if not isinstance(one, Exception)]


async def test_eight_packers_send_an_order_once(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await to_ship(database, shop, apples=2)

    sent = await tried(
        *(send(database, shop, a_parcel(order.id, (1, 2), number=f"SF12345678901{n:02d}")) for n in range(8))
    )

    assert len(sent) == 1
    assert await state_of(database, shop, order.id) == "shipped"
    assert await stock_of(database, shop, shop.apple) == (8, 0)


async def test_one_box_tapped_eight_times_is_one_parcel(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await to_ship(database, shop, apples=3)
    box = a_parcel(order.id, (1, 1))

    sent = await tried(*(send(database, shop, box) for _ in range(8)))

    assert (len(sent), len({one.id for one in sent})) == (8, 1)
    assert (await order_now(database, shop, order.id)).lines[0].waiting == 2


async def test_one_number_for_two_buyers_at_once_goes_to_one(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=20)
    found = [await to_ship(database, shop, apples=1) for _ in range(6)]

    sent = await tried(*(send(database, shop, a_parcel(order.id)) for order in found))

    assert len(sent) == 1
    assert await stock_of(database, shop, shop.apple) == (19, 5)


async def test_packers_and_a_refund_share_the_units_and_none_is_both(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await to_ship(database, shop, apples=4)

    async def refund() -> payments.Refund:
        async with database.begin(merchant) as uow:
            return await payments.request_refund(
                uow, payments.RequestRefund(ids.new(), order.id, ((1, 1),), "不要了", of="waiting")
            )

    await tried(
        *(refund() for _ in range(4)),
        *(send(database, shop, a_parcel(order.id, (1, 1), number=f"SF12345678901{n:02d}")) for n in range(4)),
    )

    (line,) = (await order_now(database, shop, order.id)).lines
    assert line.fulfilled_quantity + line.cancelled_quantity == 4
    assert await stock_of(database, shop, shop.apple) == (10 - line.fulfilled_quantity, 0)


async def test_one_code_at_six_tills_is_used_once(database: Database, merchant: Merchant) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await of_codes(database, shop, quantity=2)
    code, _ = await codes_now(database, shop, order.id)

    async def till() -> fulfilment.Code:
        async with database.begin(merchant) as uow:
            return await fulfilment.redeem(uow, fulfilment.Redeem(ids.new(), code.code))

    assert len(await tried(*(till() for _ in range(6)))) == 1
    assert (await order_now(database, shop, order.id)).lines[0].waiting == 1


async def test_a_code_used_while_its_unit_is_refunded_is_one_of_both(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    for _ in range(3):
        order = await of_codes(database, shop, quantity=1)
        (code,) = await codes_now(database, shop, order.id)

        async def refund(order=order) -> None:
            async with database.begin(merchant) as uow:
                await payments.request_refund(
                    uow, payments.RequestRefund(ids.new(), order.id, ((1, 1),), "不要了", of="waiting")
                )

        async def till(code=code) -> None:
            async with database.begin(merchant) as uow:
                await fulfilment.redeem(uow, fulfilment.Redeem(ids.new(), code.code))

        assert len(await tried(refund(), till())) == 1
        (line,) = (await order_now(database, shop, order.id)).lines
        assert line.fulfilled_quantity + line.cancelled_quantity == 1


async def test_counters_hand_the_parts_of_an_order_over_and_never_more(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant, stock=10)
    order = await paid(database, shop, await a_customer(database, merchant), apples=3)
    code = (await order_now(database, shop, order.id)).pickup_code

    async def counter() -> orders.Order:
        async with database.begin(merchant) as uow:
            return await orders.verify_pickup(uow, code, [(1, 1)])

    assert len(await tried(*(counter() for _ in range(8)))) == 3
    assert await state_of(database, shop, order.id) == "picked_up"
    assert await stock_of(database, shop, shop.apple) == (7, 0)
