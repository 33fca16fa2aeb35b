"""Bargains: published steps, one help each, and an order at the price where the bargain stands."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import Shop, a_customer, a_shop, an_order, stock_of, word_of_payment
from siyu.events import OrderClosed, OrderPaid
from siyu.goods import offers
from siyu.kernel import clock, ids
from siyu.kernel.errors import NotFound
from siyu.people import customers
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import Event
from siyu.trade import bargains, orders, payments
from trade.bargain_shop import FLOOR, HELPS, START, an_offer, bought, helped, seen, started


@pytest.fixture
async def shop(database: Database, merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setitem(orders.ACTIVITIES, "bargain", bargains.ACTIVITY)
    return await a_shop(database, merchant, stock=10)


async def digest(database: Database, shop: Shop, *facts) -> None:
    async with database.begin(shop.merchant) as uow:
        events = [Event(ids.new(), uow.now, fact) for fact in facts]
        await bargains.CONSUMERS[0].handle(uow, events)


def paid_fact(order: orders.PlacedOrder, customer) -> OrderPaid:
    return OrderPaid(order.id, order.number, customer, order.total, ())


async def pay(database: Database, shop: Shop, order: orders.PlacedOrder) -> None:
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        (outcome,) = await payments.settle(uow, [word_of_payment(number, order.total)])
    assert outcome is payments.Outcome.PAID


@given(start=st.integers(1, 10**9), part=st.integers(0, 10**4), needed=st.integers(1, 200))
def test_the_steps_lead_exactly_from_start_to_floor_and_differ_by_one_fen_at_most(start, part, needed):
    floor = start * part // 10_001
    steps = bargains.steps(start, floor, needed)

    assert sum(steps) == start - floor
    assert len(steps) == needed
    assert max(steps) - min(steps) <= 1
    assert bargains.price_after(start, floor, needed, 0) == start
    assert bargains.price_after(start, floor, needed, needed) == floor


async def test_each_help_lowers_the_price_by_its_published_step(database, shop):
    owner = await a_customer(database, shop.merchant)
    offer = await an_offer(database, shop)
    bargain = await started(database, shop, offer, owner)

    prices = [(await helped(database, shop, bargain.id)).price for _ in range(HELPS)]

    assert bargains.steps(START, FLOOR, HELPS) == [134, 133, 133]
    assert prices == [1_156, 1_023, 890]
    async with database.begin(shop.merchant) as uow:
        told = await bargains.helps_of(uow, bargain.id)
    assert [(one.place, one.nickname, one.amount) for one in told] == [
        (3, "小**", 133),
        (2, "小**", 133),
        (1, "小**", 134),
    ]
    with pytest.raises(bargains.AtFloor):
        await helped(database, shop, bargain.id)


async def test_starting_twice_is_one_bargain_and_a_new_one_only_after_its_time(database, shop):
    owner = await a_customer(database, shop.merchant)
    offer = await an_offer(database, shop)

    first, again = [await started(database, shop, offer, owner) for _ in range(2)]
    clock.move_to(timedelta(hours=24))
    later = await started(database, shop, offer, owner)

    assert again == first
    assert first.ends_at - first.started_at == timedelta(hours=24)
    assert later.id != first.id
    assert (await seen(database, shop, first.id)).state == "over"


async def test_a_second_help_of_the_same_person_changes_nothing(database, shop):
    owner, friend = [await a_customer(database, shop.merchant) for _ in range(2)]
    bargain = await started(database, shop, await an_offer(database, shop), owner)

    first = await helped(database, shop, bargain.id, friend)
    again = await helped(database, shop, bargain.id, friend)

    assert (first.place, first.amount, first.is_replay) == (1, 134, False)
    assert (again.place, again.amount, again.is_replay) == (1, 134, True)
    assert (await seen(database, shop, bargain.id)).price == 1_156


async def test_nobody_helps_themselves_nor_as_a_guest_nor_after_the_time(database, shop):
    owner = await a_customer(database, shop.merchant)
    bargain = await started(database, shop, await an_offer(database, shop), owner)
    guest = ids.new()
    async with database.begin(shop.merchant) as uow:
        await customers.welcome_guest(
            uow, guest, name="客", phone="13900000000", first_door_id=None, channel="shop"
        )

    with pytest.raises(bargains.OwnBargain):
        await helped(database, shop, bargain.id, owner)
    with pytest.raises(bargains.NeedsIdentity):
        await helped(database, shop, bargain.id, guest)
    with pytest.raises(bargains.NeedsIdentity):
        await started(database, shop, bargain.offer_id, guest)
    clock.move_to(timedelta(hours=24))
    with pytest.raises(bargains.Over):
        await helped(database, shop, bargain.id)

    assert (await seen(database, shop, bargain.id)).price == START


async def test_a_person_helps_three_times_a_day_and_again_tomorrow(database, shop):
    friend = await a_customer(database, shop.merchant)
    owners = [await a_customer(database, shop.merchant) for _ in range(4)]
    offer = await an_offer(database, shop, hours=48)
    made = [await started(database, shop, offer, owner) for owner in owners]
    for bargain in made[:3]:
        await helped(database, shop, bargain.id, friend)

    with pytest.raises(bargains.HelpedEnough):
        await helped(database, shop, made[3].id, friend)
    assert (await seen(database, shop, made[3].id)).helped == 0
    clock.move_to(timedelta(hours=24))
    assert (await helped(database, shop, made[3].id, friend)).price == 1_156


async def test_an_offer_that_is_not_live_starts_nothing(database, shop):
    owner = await a_customer(database, shop.merchant)
    paused = await an_offer(database, shop, state="paused")
    early = await an_offer(database, shop, starts_in=timedelta(hours=1))
    newcomers = await an_offer(database, shop, audience='{"newcomers": true}')
    golden = await an_offer(database, shop, audience='{"levels": ["金卡"]}')

    for offer in (paused, early):
        with pytest.raises(bargains.NotStartable):
            await started(database, shop, offer, owner)
    with pytest.raises(bargains.NotForYou):
        await started(database, shop, golden, owner)
    assert (await started(database, shop, newcomers, owner)).price == START
    with pytest.raises(NotFound):
        await started(database, shop, ids.new(), owner)


async def test_the_order_has_the_price_where_the_bargain_stands_as_one_step(database, shop):
    owner = await a_customer(database, shop.merchant)
    bargain = await started(database, shop, await an_offer(database, shop), owner)
    await helped(database, shop, bargain.id)

    order = await bought(database, shop, owner, bargain.id, 1_156)

    async with database.begin(shop.merchant) as uow:
        found = await orders.find(uow, order.id)
    (step,) = found.lines[0].build_up
    assert (found.total, found.claim_kind, found.claim_id) == (1_156, "bargain", bargain.id)
    assert (step.code, step.amount, step.rule_id, step.name) == (
        "bargain",
        -134,
        bargain.offer_id,
        "苹果砍价",
    )
    with pytest.raises(bargains.Ordered):
        await helped(database, shop, bargain.id)
    with pytest.raises(bargains.Ordered):
        await bought(database, shop, owner, bargain.id, 1_156)
    assert await stock_of(database, shop, shop.apple) == (10, 1)


async def test_only_the_owner_buys_one_unit_of_the_goods(database, shop):
    owner, other = [await a_customer(database, shop.merchant) for _ in range(2)]
    bargain = await started(database, shop, await an_offer(database, shop), owner)
    claim = orders.Claim("bargain", bargain.id)

    for customer, (apples, milk) in (
        (other, (1, 0)),
        (owner, (2, 0)),
        (owner, (1, 1)),
    ):
        with pytest.raises(bargains.NotYours):
            await orders.place(
                database,
                shop.merchant,
                an_order(shop, customer, apples=apples, milk=milk, claim=claim),
                pay_minutes=30,
            )

    assert (await seen(database, shop, bargain.id)).order_id is None
    assert await stock_of(database, shop, shop.apple) == (10, 0)


async def test_an_order_closed_unpaid_lets_the_bargain_go_on(database, shop):
    owner = await a_customer(database, shop.merchant)
    bargain = await started(database, shop, await an_offer(database, shop), owner)
    order = await bought(database, shop, owner, bargain.id, START)
    async with database.begin(shop.merchant) as uow:
        await orders.close(uow, [order.id], "cancelled")

    for _ in range(2):
        await digest(database, shop, OrderClosed(order.id, "cancelled"))

    assert (await helped(database, shop, bargain.id)).price == 1_156
    assert (await bought(database, shop, owner, bargain.id, 1_156)).total == 1_156


async def test_a_paid_order_ends_its_bargain_also_when_the_money_came_late(database, shop):
    owner = await a_customer(database, shop.merchant)
    bargain = await started(database, shop, await an_offer(database, shop), owner)
    order = await bought(database, shop, owner, bargain.id, START)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        await orders.close(uow, [order.id], "expired")
    await digest(database, shop, OrderClosed(order.id, "expired"))
    async with database.begin(shop.merchant) as uow:
        (outcome,) = await payments.settle(uow, [word_of_payment(number, START)])

    # The facts may come in any order, and more than once.
    await digest(
        database, shop, paid_fact(order, owner), OrderClosed(order.id, "expired"), paid_fact(order, owner)
    )

    now = await seen(database, shop, bargain.id)
    assert outcome is payments.Outcome.PAID
    assert (now.state, now.order_id) == ("bought", order.id)
    with pytest.raises(bargains.Over):
        await helped(database, shop, bargain.id)


async def test_a_refused_order_leaves_the_bargain_free(database, shop):
    owner = await a_customer(database, shop.merchant)
    bargain = await started(database, shop, await an_offer(database, shop), owner)

    with pytest.raises(orders.PriceRose):
        await bought(database, shop, owner, bargain.id, START - 1)

    assert (await seen(database, shop, bargain.id)).order_id is None


async def test_limits_count_what_is_bought_or_being_paid(database, shop):
    people = [await a_customer(database, shop.merchant) for _ in range(3)]
    offer = await an_offer(database, shop, uses_max=1, per_person=1)
    made = [await started(database, shop, offer, person) for person in people[:2]]
    order = await bought(database, shop, people[0], made[0].id, START)

    with pytest.raises(bargains.SoldOut):
        await bought(database, shop, people[1], made[1].id, START)
    with pytest.raises(bargains.SoldOut):
        await started(database, shop, offer, people[2])

    await pay(database, shop, order)
    await digest(database, shop, paid_fact(order, people[0]))
    with pytest.raises(bargains.SoldOut):
        await started(database, shop, offer, people[0])


async def test_a_budget_is_what_bargains_gave_away(database, shop):
    people = [await a_customer(database, shop.merchant) for _ in range(2)]
    offer = await an_offer(database, shop, budget=200)
    made = [await started(database, shop, offer, person) for person in people]
    for bargain in made:
        await helped(database, shop, bargain.id)
    await bought(database, shop, people[0], made[0].id, 1_156)

    with pytest.raises(offers.UsedUp):
        await bought(database, shop, people[1], made[1].id, 1_156)


async def test_numbers_count_real_people_and_paid_orders(database, shop):
    owner, old = [await a_customer(database, shop.merchant) for _ in range(2)]
    offer = await an_offer(database, shop)
    bargain = await started(database, shop, offer, owner)
    clock.move_to(timedelta(seconds=1))
    await helped(database, shop, bargain.id, old)
    await helped(database, shop, bargain.id)
    order = await bought(database, shop, owner, bargain.id, 1_023)

    async with database.begin(shop.merchant) as uow:
        before = (await bargains.numbers(uow, [offer]))[offer]
    await pay(database, shop, order)
    async with database.begin(shop.merchant) as uow:
        after = (await bargains.numbers(uow, [offer]))[offer]

    assert before == bargains.Numbers(offer, started=1, helps=2, orders=0, sales=0, new_customers=1)
    assert after == bargains.Numbers(offer, started=1, helps=2, orders=1, sales=1_023, new_customers=1)


async def test_another_merchant_sees_nothing_of_it(database, shop, new_shop):
    owner = await a_customer(database, shop.merchant)
    bargain = await started(database, shop, await an_offer(database, shop), owner)
    other = await a_shop(database, await new_shop())

    with pytest.raises(NotFound):
        await helped(database, other, bargain.id)
    with pytest.raises(NotFound):
        await started(database, other, bargain.offer_id, await a_customer(database, other.merchant))
    assert (await seen(database, shop, bargain.id)).helped == 0


async def test_entries_show_what_is_live(database, shop):
    offer = await an_offer(database, shop, uses_max=5)
    await an_offer(database, shop, state="paused")

    async with database.begin(shop.merchant) as uow:
        (entry,) = await bargains.entries(uow, None)
        nothing = await bargains.entries(uow, [ids.new()])

    assert (entry.offer_id, entry.price, entry.marked, entry.left, entry.total) == (offer, FLOOR, 1_290, 5, 5)
    assert entry.note == "3 位朋友帮忙可到底价 / 3 friends bring it to the floor"
    assert nothing == []
