"""Many friends at once: every help has a place of its own, and no limit is passed."""

import asyncio

import pytest

from factories import Shop, a_customer, a_shop
from siyu.kernel.errors import DomainError
from siyu.runtime.db import Database, Merchant
from siyu.trade import bargains, orders
from trade.bargain_shop import FLOOR, START, an_offer, bought, helped, seen, started


@pytest.fixture
async def shop(database: Database, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setitem(orders.ACTIVITIES, "bargain", bargains.ACTIVITY)
    return await a_shop(database, merchant, stock=10)


async def outcome(work) -> object:
    try:
        return await work
    except DomainError as refusal:
        return refusal.code


async def test_twelve_friends_at_once_give_three_helps(database: Database, shop: Shop) -> None:
    owner = await a_customer(database, shop.merchant)
    friends = [await a_customer(database, shop.merchant) for _ in range(12)]
    bargain = await started(database, shop, await an_offer(database, shop), owner)

    told = await asyncio.gather(*(outcome(helped(database, shop, bargain.id, one)) for one in friends))

    done = sorted(one.price for one in told if isinstance(one, bargains.Helped))
    assert done == [FLOOR, 1_023, 1_156]
    assert told.count("bargains.at_floor") == 9
    assert (await seen(database, shop, bargain.id)).helped == 3


async def test_one_friend_tapping_twelve_times_helps_once(database: Database, shop: Shop) -> None:
    owner, friend = [await a_customer(database, shop.merchant) for _ in range(2)]
    bargain = await started(database, shop, await an_offer(database, shop), owner)

    told = await asyncio.gather(*(outcome(helped(database, shop, bargain.id, friend)) for _ in range(12)))

    assert sum(isinstance(one, bargains.Helped) and not one.is_replay for one in told) == 1
    assert (await seen(database, shop, bargain.id)).price == 1_156


async def test_one_friend_and_eight_bargains_at_once_is_three_helps(database: Database, shop: Shop) -> None:
    friend = await a_customer(database, shop.merchant)
    offer = await an_offer(database, shop)
    made = [await started(database, shop, offer, await a_customer(database, shop.merchant)) for _ in range(8)]

    told = await asyncio.gather(*(outcome(helped(database, shop, one.id, friend)) for one in made))

    assert sum(isinstance(one, bargains.Helped) for one in told) == bargains.HELPS_PER_DAY
    assert told.count("bargains.helped_enough") == 5
    assert sum([(await seen(database, shop, one.id)).helped for one in made]) == 3


async def test_starting_from_many_tabs_is_one_bargain(database: Database, shop: Shop) -> None:
    owner = await a_customer(database, shop.merchant)
    offer = await an_offer(database, shop)

    made = await asyncio.gather(*(started(database, shop, offer, owner) for _ in range(8)))

    assert len({one.id for one in made}) == 1


async def test_many_orders_for_one_bargain_and_one_place_left_are_one_order(
    database: Database, shop: Shop
) -> None:
    offer = await an_offer(database, shop, uses_max=1)
    people = [await a_customer(database, shop.merchant) for _ in range(4)]
    made = [await started(database, shop, offer, one) for one in people]

    told = await asyncio.gather(
        *(
            outcome(bought(database, shop, person, bargain.id, START))
            for person, bargain in zip(people, made, strict=True)
            for _ in range(3)
        )
    )

    assert sum(isinstance(one, orders.PlacedOrder) for one in told) == 1
    async with database.begin(shop.merchant) as uow:
        assert (await bargains.find_offer(uow, offer)).sold == 1


async def test_a_help_and_an_order_at_once_agree_on_the_price(database: Database, shop: Shop) -> None:
    owner = await a_customer(database, shop.merchant)
    friends = [await a_customer(database, shop.merchant) for _ in range(3)]
    bargain = await started(database, shop, await an_offer(database, shop), owner)

    order, *_ = await asyncio.gather(
        outcome(bought(database, shop, owner, bargain.id, START)),
        *(outcome(helped(database, shop, bargain.id, one)) for one in friends),
    )

    now = await seen(database, shop, bargain.id)
    assert isinstance(order, orders.PlacedOrder)
    assert order.total == now.price == bargains.price_after(START, FLOOR, 3, now.helped)
