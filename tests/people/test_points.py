"""Points: what an order brings, what a refund takes, what ends, and that every count adds up."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import Shop, a_customer, a_shop, paid
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.people import points
from siyu.people.points import rules
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import digest
from siyu.trade import orders, payments


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    shop = await a_shop(database, merchant)
    async with database.begin(merchant) as uow:
        await points.set_rule(uow, points.Rule(is_on=True, per_yuan=1, keep_years=1))
    return shop


async def work(database: Database, shop: Shop) -> None:
    for consumer in points.CONSUMERS:
        while await digest(database, shop.merchant, consumer):
            pass
    for sweep in points.SWEEPS:
        while await sweep.run(database, shop.merchant):
            pass


async def has(database: Database, shop: Shop, customer: UUID) -> tuple[int, int, int]:
    """(balance, debt, pending), with everything adding up."""
    async with database.begin(shop.merchant) as uow:
        assert await points.wrong_accounts(uow) == []
        told = await points.statement(uow, customer)
    return told.balance, told.debt, told.pending


async def history(database: Database, shop: Shop, customer: UUID) -> list[tuple[str, int]]:
    async with database.begin(shop.merchant) as uow:
        page = await points.movements(uow, customer_id=customer)
    return sorted((one.reason, one.points) for one in page.items)


async def receive(database: Database, shop: Shop, order: orders.PlacedOrder) -> None:
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
        await orders.confirm_received(uow, [order.id])


async def refund(database: Database, shop: Shop, order: orders.PlacedOrder, units: int) -> None:
    async with database.begin(shop.merchant) as uow:
        await payments.request_refund(uow, payments.RequestRefund(ids.new(), order.id, ((1, units),), "退货"))


async def give(database: Database, shop: Shop, customer: UUID, count: int) -> None:
    async with database.begin(shop.merchant) as uow:
        await points.grant(uow, ids.new(), customer, count, "补偿")


async def spend(database: Database, shop: Shop, customer: UUID, count: int, subject: UUID) -> object:
    async with database.begin(shop.merchant) as uow:
        (done,) = await points.move(uow, [points.Move(customer, "spent", subject, -count)])
    return done


async def test_an_order_brings_points_only_when_it_is_received(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, customer, apples=3)  # 38.70
    await work(database, shop)
    assert await has(database, shop, customer) == (0, 0, 38)

    await receive(database, shop, order)
    await work(database, shop)

    assert await has(database, shop, customer) == (38, 0, 0)
    assert await history(database, shop, customer) == [("earned", 38)]


async def test_points_are_off_until_the_merchant_says_otherwise(
    database: Database, merchant: Merchant
) -> None:
    shop = await a_shop(database, merchant)
    customer = await a_customer(database, merchant)
    order = await paid(database, shop, customer, apples=3)
    await receive(database, shop, order)
    await work(database, shop)

    assert await has(database, shop, customer) == (0, 0, 0)
    assert await history(database, shop, customer) == []


async def test_each_refunded_unit_takes_back_its_points_and_all_take_back_all(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, customer, apples=3)
    await receive(database, shop, order)
    await work(database, shop)
    left = []
    for _ in range(3):
        await refund(database, shop, order, 1)
        await work(database, shop)
        left.append((await has(database, shop, customer))[0])

    assert left == [26, 13, 0]
    assert await history(database, shop, customer) == [
        ("earned", 38), ("reversed", -13), ("reversed", -13), ("reversed", -12),
    ]  # fmt: skip


async def test_a_refund_before_the_goods_came_lowers_what_is_on_its_way(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, customer, apples=3)
    await work(database, shop)
    await refund(database, shop, order, 1)
    await work(database, shop)
    assert await has(database, shop, customer) == (0, 0, 26)

    await receive(database, shop, order)
    await work(database, shop)

    assert await history(database, shop, customer) == [("earned", 26)]


async def test_points_spent_before_the_refund_are_owed_and_the_next_ones_pay(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, customer, apples=3)
    await receive(database, shop, order)
    await work(database, shop)
    await spend(database, shop, customer, 30, ids.new())
    await refund(database, shop, order, 3)
    await work(database, shop)
    assert await has(database, shop, customer) == (0, 30, 0)
    refused = await spend(database, shop, customer, 5, ids.new())
    assert isinstance(refused, points.NotEnough)
    assert refused.facts == {"missing": 35}

    await give(database, shop, customer, 12)
    assert await has(database, shop, customer) == (0, 18, 0)
    await give(database, shop, customer, 20)

    assert await has(database, shop, customer) == (2, 0, 0)


async def test_facts_told_twice_move_points_once(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, customer, apples=3)
    await receive(database, shop, order)
    await refund(database, shop, order, 1)
    await work(database, shop)
    before = await history(database, shop, customer)
    async with database.begin(shop.merchant) as uow:
        await uow.run("delete from event_cursors where merchant_id = %(merchant_id)s")
    await work(database, shop)

    assert await history(database, shop, customer) == before
    assert await has(database, shop, customer) == (26, 0, 0)


async def test_too_few_points_are_refused_and_nothing_changes(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    await give(database, shop, customer, 40)

    refused = await spend(database, shop, customer, 41, ids.new())

    assert isinstance(refused, points.NotEnough)
    assert refused.sentence("zh") == "积分不够，还差 1 分。"
    assert await has(database, shop, customer) == (40, 0, 0)
    assert await history(database, shop, customer) == [("granted", 40)]


async def test_the_same_spending_happens_once(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    await give(database, shop, customer, 40)
    subject = ids.new()
    await spend(database, shop, customer, 30, subject)

    assert await spend(database, shop, customer, 30, subject) is None
    assert await has(database, shop, customer) == (10, 0, 0)


async def test_points_end_at_midnight_after_next_year_and_only_what_is_left_of_them(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    await give(database, shop, customer, 100)
    await spend(database, shop, customer, 60, ids.new())
    async with database.begin(shop.merchant) as uow:
        (ending,) = await points.endings(uow, customer)
        year = uow.now.astimezone(UTC).year
    assert ending.points == 40
    assert ending.expires_at == datetime(year + 1, 12, 31, 16, tzinfo=UTC)  # midnight in Shanghai

    until = ending.expires_at - clock.now()
    clock.move_to(until - timedelta(seconds=5))
    await work(database, shop)
    assert await has(database, shop, customer) == (40, 0, 0)
    clock.move_to(until + timedelta(seconds=1))
    await work(database, shop)
    await work(database, shop)

    assert await has(database, shop, customer) == (0, 0, 0)
    assert await history(database, shop, customer) == [("expired", -40), ("granted", 100), ("spent", -60)]


async def test_points_whose_day_has_come_cannot_be_spent_though_nobody_swept(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    await give(database, shop, customer, 100)
    clock.move_to(timedelta(days=800))

    refused = await spend(database, shop, customer, 1, ids.new())

    assert isinstance(refused, points.NotEnough)
    assert await has(database, shop, customer) == (0, 0, 0)


async def test_what_comes_back_after_its_day_may_be_used_for_a_week(database: Database, shop: Shop) -> None:
    customer = await a_customer(database, shop.merchant)
    await give(database, shop, customer, 100)
    subject = ids.new()
    await spend(database, shop, customer, 70, subject)
    clock.move_to(timedelta(days=800))
    of_id = points.movement_id("spent", subject)
    async with database.begin(shop.merchant) as uow:
        back = points.Move(customer, "returned", ids.new(), 1_000, of_id=of_id)
        (done,) = await points.move(uow, [back])
        again = await points.move(uow, [points.Move(customer, "returned", ids.new(), 5, of_id=of_id)])
        (ending,) = await points.endings(uow, customer)
        assert ending.expires_at == uow.now + timedelta(days=7)

    assert (done.points, again) == (70, [None])
    assert await has(database, shop, customer) == (70, 0, 0)


async def test_a_grant_is_audited_once_and_cannot_take_more_than_there_is(
    database: Database, shop: Shop
) -> None:
    customer = await a_customer(database, shop.merchant)
    grant_id = ids.new()
    for _ in range(2):
        async with database.begin(shop.merchant) as uow:
            await points.grant(uow, grant_id, customer, 50, "开业礼")
    with pytest.raises(points.NotEnough):
        async with database.begin(shop.merchant) as uow:
            await points.grant(uow, ids.new(), customer, -51, "扣回")
    with pytest.raises(Invalid) as refusal:
        async with database.begin(shop.merchant) as uow:
            await points.grant(uow, ids.new(), customer, 5, "  ")
    assert refusal.value.field == "reason"
    async with database.begin(shop.merchant) as uow:
        noted = await uow.all(
            str,
            "select after::text from audit_log where merchant_id = %(merchant_id)s and action = 'points.grant'",
        )

    assert noted == ['{"points": 50}']
    assert await has(database, shop, customer) == (50, 0, 0)


async def test_another_merchant_has_other_points(database: Database, shop: Shop, new_shop) -> None:
    customer = await a_customer(database, shop.merchant)
    await give(database, shop, customer, 50)
    other = await new_shop()
    async with database.begin(other) as uow:
        told = await points.statement(uow, customer)
        (refused,) = await points.move(uow, [points.Move(customer, "spent", ids.new(), -1)])

    assert (told.balance, refused.facts) == (0, {"missing": 1})
    assert await has(database, shop, customer) == (50, 0, 0)


async def test_the_liability_is_what_all_hold(database: Database, shop: Shop) -> None:
    for count in (10, 25):
        await give(database, shop, await a_customer(database, shop.merchant), count)
    await paid(database, shop, await a_customer(database, shop.merchant), apples=1)
    await work(database, shop)
    async with database.begin(shop.merchant) as uow:
        assert await points.liability(uow) == points.Liability(balance=35, debt=0, pending=12, holders=2)


A_CUSTOMER = UUID(int=7)
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@given(
    st.lists(st.integers(0, 90_000), min_size=1, max_size=6),
    st.integers(1, 1_000),
)
def test_the_points_of_the_lines_are_those_of_the_order(amounts: list[int], rate: int) -> None:
    parts = rules.earned(amounts, points.Rule(is_on=True, per_yuan=rate), "CNY")

    assert sum(parts) == sum(amounts) * rate // 100
    assert min(parts) >= 0


@given(st.integers(0, 5_000), st.data())
def test_any_grouping_of_refunds_takes_back_exactly_what_was_earned(whole: int, data: st.DataObject) -> None:
    units = data.draw(st.integers(1, 9))
    first, back = 0, 0
    while first < units:
        quantity = data.draw(st.integers(1, units - first))
        if data.draw(st.booleans()):  # money without units in between
            back += rules.taken_back_for(whole, back, 1_000, data.draw(st.integers(0, 1_000)))
        back += rules.taken_back(whole, units, first, quantity, back)
        first += quantity

    assert back == whole


@given(
    st.lists(
        st.tuples(st.sampled_from(["granted", "spent", "reversed", "returned"]), st.integers(1, 60)),
        max_size=30,
    )
)
def test_whatever_happens_balances_add_up_and_are_never_below_zero(steps: list[tuple[str, int]]) -> None:
    moves: list[points.Move] = []
    spent: list[UUID] = []
    for i, (reason, count) in enumerate(steps):
        subject = UUID(int=1_000 + i)
        if reason == "returned":
            if not spent:
                continue
            moves.append(points.Move(A_CUSTOMER, "returned", subject, count, of_id=spent[count % len(spent)]))
            continue
        sign = 1 if reason == "granted" else -1
        ends = NOW + timedelta(days=count) if count % 3 else None
        moves.append(
            points.Move(
                A_CUSTOMER,
                reason,
                subject,
                sign * count,
                expires_at=ends if sign == 1 else None,
                owes=reason == "reversed" or (reason == "spent" and count % 5 == 0),
            )
        )
        if reason == "spent":
            spent.append(moves[-1].id)

    done = rules.moved(moves, rules.Known({}, []), NOW)

    balance = done.accounts[0].balance if done.accounts else 0
    debt = done.accounts[0].debt if done.accounts else 0
    assert sum(move.points for move in done.movements) == balance - debt
    assert sum(batch.remaining for batch in done.new_batches) == balance
    assert all(0 <= batch.remaining <= batch.points for batch in done.new_batches)
    assert all(
        move.balance >= 0 and move.debt >= 0 and 0 in {move.balance, move.debt} for move in done.movements
    )
    for one in spent:
        took = sum(-move.points for move in done.movements if move.id == one)
        assert sum(move.points for move in done.movements if move.of_id == one) <= took
