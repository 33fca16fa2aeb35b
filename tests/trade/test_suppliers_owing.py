"""What we owe suppliers: each unit once, at the price of the moment, and statements that equal the ledger."""

import random
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.events import LeftUnits, UnitsLeft
from siyu.goods import inventory
from siyu.kernel import clock, ids
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.money import ledger
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant
from siyu.runtime.worker import Event
from siyu.trade import fulfilment, suppliers
from siyu.trade.suppliers import periods
from siyu.trade.suppliers.model import NewEntry
from siyu.trade.suppliers.owing import book, digest
from trade.supplier_shop import Orchard, an_orchard, bought, digested, owed, refunded, sent, set_price


async def kinds(database: Database, orchard: Orchard) -> list[tuple[str, int]]:
    async with database.begin(orchard.shop.merchant) as uow:
        page = await suppliers.entries(uow, orchard.supplier.id, orchard.supplier.created_at)
    return sorted((one.kind, one.amount) for one in page.items)


async def test_units_are_owed_at_the_price_of_the_moment_in_which_they_left(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    order = await bought(database, orchard, apples=3, milk=1)
    await sent(database, orchard, order.id, (1, 2))
    await set_price(database, orchard, 950)  # before anybody has counted
    await digested(database)
    await sent(database, orchard, order.id, (1, 1))
    await digested(database)
    await digested(database)

    assert await kinds(database, orchard) == [("shipped", 800), ("shipped", 800), ("shipped", 950)]
    assert await owed(database, merchant, orchard.supplier.id) == 2_550


async def test_a_fact_that_is_told_twice_is_booked_once(database: Database, merchant: Merchant) -> None:
    orchard = await an_orchard(database, merchant)
    order = await bought(database, orchard, apples=1)
    await sent(database, orchard, order.id)
    await digested(database)
    async with database.begin(merchant) as uow:
        (line,) = (await suppliers.entries(uow, orchard.supplier.id, orchard.supplier.created_at)).items
        assert await book(uow, [NewEntry(line.id, orchard.supplier.id, "shipped", 800)]) == 0

    assert await owed(database, merchant, orchard.supplier.id) == 800


async def test_units_that_come_back_are_owed_no_more_and_units_that_never_left_never_were(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    order = await bought(database, orchard, apples=4)
    await sent(database, orchard, order.id, (1, 2))
    await digested(database)
    await refunded(database, merchant, order.id, (1, 1), of="waiting")
    await digested(database)
    assert await owed(database, merchant, orchard.supplier.id) == 1_600

    await refunded(database, merchant, order.id, (1, 1), of="left")
    await digested(database)
    await digested(database)

    assert await kinds(database, orchard) == [("returned", -800), ("shipped", 800), ("shipped", 800)]
    assert await owed(database, merchant, orchard.supplier.id) == 800


async def test_a_parcel_that_never_was_is_taken_off_at_its_own_price(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    order = await bought(database, orchard, apples=2)
    first = await sent(database, orchard, order.id)
    await set_price(database, orchard, 950)
    await sent(database, orchard, order.id)
    await digested(database)
    async with database.begin(merchant) as uow:
        await fulfilment.cancel(uow, first.id, reason="填错了")
    await digested(database)
    assert await kinds(database, orchard) == [("shipped", 800), ("shipped", 950), ("unsent", -800)]

    await sent(database, orchard, order.id)
    await digested(database)
    assert await owed(database, merchant, orchard.supplier.id) == 1_900


async def test_own_goods_are_owed_to_nobody(database: Database, merchant: Merchant) -> None:
    orchard = await an_orchard(database, merchant)
    order = await bought(database, orchard, apples=0, milk=2)
    async with database.begin(merchant) as uow:
        await fulfilment.send(
            uow, fulfilment.SendParcel(ids.new(), order.id, "sf", "SF1234567890123", ((1, 2),))
        )
    await digested(database)

    assert await kinds(database, orchard) == []


async def test_an_adjustment_has_a_reason_is_noted_and_counts_once(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    entry_id = ids.new()
    for amount, reason in ((0, "运费"), (100, " "), (100, "x" * 201)):
        with pytest.raises(Invalid):
            async with database.begin(merchant) as uow:
                await suppliers.adjust(uow, orchard.supplier.id, ids.new(), amount, reason)
    for _ in range(2):
        async with database.begin(merchant) as uow:
            await suppliers.adjust(uow, orchard.supplier.id, entry_id, -350, "破损扣款")

    assert await owed(database, merchant, orchard.supplier.id) == -350
    async with database.begin(merchant) as uow:
        (noted,) = (await audit.listing(uow, audit.Wanted(action="suppliers.adjust"))).items
    assert (noted.after, noted.reason) == ({"adjusted_amount": -350}, "破损扣款")


async def month_over(database: Database, orchard: Orchard, *, settled: bool = True) -> datetime:
    """Move to the first day after the present period; say when it ended."""
    async with database.begin(orchard.shop.merchant) as uow:
        until = (await suppliers.open_period(uow, orchard.supplier)).until
        clock.move_to(until - datetime.now(UTC) + (timedelta(hours=2) if settled else timedelta(minutes=5)))
    return until


async def test_a_statement_is_drafted_confirmed_and_paid_once_each(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    order = await bought(database, orchard, apples=2)
    await sent(database, orchard, order.id, (1, 2))
    await digested(database)
    with pytest.raises(suppliers.NotOverYet):
        async with database.begin(merchant) as uow:
            await suppliers.make_statement(uow, orchard.supplier.id)

    until = await month_over(database, orchard, settled=False)
    async with database.begin(merchant) as uow:
        made = await suppliers.make_statement(uow, orchard.supplier.id)
        with pytest.raises(suppliers.NotOverYet):
            await suppliers.confirm(uow, made.id)
        with pytest.raises(suppliers.WrongStatementState):
            await suppliers.pay(uow, made.id, "网银 1")
    clock.move_to(until - datetime.now(UTC) + timedelta(hours=2))
    for _ in range(2):
        async with database.begin(merchant) as uow:
            confirmed = await suppliers.confirm(uow, made.id)
    with pytest.raises(Invalid):
        async with database.begin(merchant) as uow:
            await suppliers.pay(uow, made.id, " ")
    for reference in ("网银 20261201", "又一次"):
        async with database.begin(merchant) as uow:
            paid = await suppliers.pay(uow, made.id, reference)

    assert (made.state, made.total) == ("draft", None)
    assert (confirmed.state, confirmed.total) == ("confirmed", 1_600)
    assert (paid.state, paid.reference, paid.total) == ("paid", "网银 20261201", 1_600)
    assert await owed(database, merchant, orchard.supplier.id) == 0
    async with database.begin(merchant) as uow:
        assert await ledger.balance_of(uow, "gateway:offline") == -1_600
        with pytest.raises(suppliers.NotOverYet):  # the next period runs
            await suppliers.make_statement(uow, orchard.supplier.id)


async def test_statements_of_another_merchant_are_not_there(
    database: Database, merchant: Merchant, new_shop
) -> None:
    orchard = await an_orchard(database, merchant)
    await month_over(database, orchard)
    async with database.begin(merchant) as uow:
        made = await suppliers.make_statement(uow, orchard.supplier.id)

    async with database.begin(await new_shop()) as uow:
        for deed in (suppliers.find_statement, suppliers.confirm):
            with pytest.raises(NotFound):
                await deed(uow, made.id)
        with pytest.raises(NotFound):
            await suppliers.pay(uow, made.id, "网银")
    async with database.begin(merchant) as uow:
        assert (await suppliers.find_statement(uow, made.id)).state == "draft"


async def moved(database: Database, orchard: Orchard, since: datetime, until: datetime) -> int:
    """What the ledger says of a time, payments to the supplier left out: credits less debits of their account."""
    async with database.begin(orchard.shop.merchant) as uow:
        return await uow.one(
            int,
            """
            select coalesce(sum(case when c.code = %(code)s then t.amount else -t.amount end), 0)::bigint
            from transfers t
            join accounts c on c.merchant_id = t.merchant_id and c.id = t.credit_id
            join accounts d on d.merchant_id = t.merchant_id and d.id = t.debit_id
            where t.merchant_id = %(merchant_id)s and %(code)s in (c.code, d.code) and t.reason <> 'supply_paid'
              and t.at >= %(since)s and t.at < %(until)s
            """,
            code=suppliers.account_of(orchard.supplier.id),
            since=since,
            until=until,
        )


async def a_step(database: Database, orchard: Orchard, dice: random.Random, orders_known: list[UUID]) -> None:
    merchant = orchard.shop.merchant
    order_id = dice.choice(orders_known)
    match dice.choice(["ship", "ship", "back", "cancel", "price", "adjust", "buy", "digest"]):
        case "ship":
            await sent(database, orchard, order_id, (1, dice.randint(1, 2)))
        case "back":
            await refunded(database, merchant, order_id, (1, 1), of=dice.choice(["left", "waiting", "any"]))
        case "cancel":
            async with database.begin(merchant) as uow:
                parcels = [one for one in await fulfilment.parcels_of(uow, order_id) if one.state == "sent"]
                await fulfilment.cancel(
                    uow, dice.choice(parcels).id if parcels else ids.new(), reason="填错了"
                )
        case "price":
            await set_price(database, orchard, dice.randint(1, 2_000))
        case "adjust":
            async with database.begin(merchant) as uow:
                await suppliers.adjust(uow, orchard.supplier.id, ids.new(), dice.choice([-130, 70]), "差额")
        case "buy":
            async with database.begin(merchant) as uow:
                made = await suppliers.draft(
                    uow,
                    suppliers.WantedPurchase(
                        ids.new(),
                        orchard.supplier.id,
                        orchard.shop.store_id,
                        (suppliers.WantedLine(orchard.shop.milk, 20, dice.randint(0, 500)),),
                    ),
                    f"CG{ids.new().hex[-10:]}",
                )
                await suppliers.send(uow, made.id)
                for _ in range(2):
                    await suppliers.receive(
                        uow,
                        suppliers.Receive(ids.new(), made.id, (suppliers.Arrived(1, dice.randint(1, 9)),)),
                    )
        case _:
            await digested(database)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_a_statement_is_what_the_ledger_moved(
    database: Database, merchant: Merchant, seed: int
) -> None:
    dice = random.Random(seed)
    orchard = await an_orchard(database, merchant, settlement=dice.choice(["weekly", "monthly"]))
    known = [(await bought(database, orchard, apples=5)).id for _ in range(3)]
    for _ in range(2):
        done = 0
        while done < 12:
            with suppress(DomainError):  # refused, and nothing changed
                await a_step(database, orchard, dice, known)
            done += 1
        await digested(database)
        await month_over(database, orchard)
        async with database.begin(merchant) as uow:
            made = await suppliers.make_statement(uow, orchard.supplier.id)
            confirmed = await suppliers.confirm(uow, made.id)
            sums = await suppliers.sums(uow, orchard.supplier.id, made.since, made.until)
        assert confirmed.total == sums.total == await moved(database, orchard, made.since, made.until)
        assert sums.total == sums.shipped + sums.returned + sums.received + sums.adjusted
        async with database.begin(merchant) as uow:
            await suppliers.pay(uow, made.id, "网银")
        assert await owed(database, merchant, orchard.supplier.id) == 0
    async with database.begin(merchant) as uow:
        live, gone = await uow.one(
            list[int],
            """
            select array[(select count(*) from supply_units where merchant_id = %(merchant_id)s and back is null),
                         (select sum(fulfilled_quantity - (refunded_quantity - cancelled_quantity)) from order_lines l
                          where l.merchant_id = %(merchant_id)s and l.location_id = %(place)s)]::int[]
            """,
            place=orchard.place,
        )
        assert await inventory.differences(uow) == []
    assert live == gone


@given(
    st.sampled_from(["weekly", "monthly"]),
    st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    st.lists(st.sampled_from(["weekly", "monthly"]), max_size=6),
)
def test_periods_tile_the_calendar_whatever_the_terms_become(first, joined_on: date, later) -> None:
    start, end = periods.next_period(first, None, joined_on)
    assert start <= joined_on <= end
    for settlement in later:
        following = periods.next_period(settlement, end, joined_on)
        assert following[0] == end + timedelta(days=1)
        assert following[0] <= following[1] < following[0] + timedelta(days=31)
        end = following[1]


async def test_a_fact_of_an_order_that_no_supplier_has_to_do_with_is_passed_over(
    database: Database, merchant: Merchant
) -> None:
    orchard = await an_orchard(database, merchant)
    async with database.begin(merchant) as uow:
        fact = UnitsLeft(order_id=ids.new(), how="parcel", lines=(LeftUnits(1, 1),))
        await digest(uow, [Event(ids.new(), uow.now, fact)])

    assert await kinds(database, orchard) == []
