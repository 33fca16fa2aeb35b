"""A day's bill against our books: every planted difference is found, none is invented, and each can be settled."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from factories import Shop, a_customer, a_shop, placed, state_of, word_of_payment
from siyu.connect import gateways
from siyu.kernel import clock, ids
from siyu.kernel.errors import Invalid
from siyu.money import ledger
from siyu.runtime.actors import Actor
from siyu.runtime.db import Database, Merchant
from siyu.trade import payments, reconciliation

STAFF = Actor(kind="staff", id=ids.new(), name="林会计", permissions=frozenset())


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    """A shop on a day that is over in China, at noon."""
    noon = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0)
    clock.move_to(noon - datetime.now(UTC))
    return await a_shop(database, merchant, stock=1_000)


class Line:
    """WeChat Pay as it is after one day: what it was paid, what it sent back, and its bill."""

    name = "wxpay"

    def __init__(self) -> None:
        self.rows: list[gateways.BillRow] = []
        self.transactions: dict[str, gateways.Transaction] = {}
        self.refunds: dict[str, gateways.Refund] = {}
        self.downloads = 0
        self.trouble: Exception | None = None

    async def trade_bill(self, day: date) -> gateways.Bill:
        self.downloads += 1
        if self.trouble:
            raise self.trouble
        return gateways.Bill("wxpay", day, tuple(row for row in self.rows if china_day(row.at) == day))

    async def query(self, out_trade_no: str) -> gateways.Transaction | None:
        return self.transactions.get(out_trade_no)

    async def query_refund(self, out_refund_no: str, *, out_trade_no: str) -> gateways.Refund | None:
        return self.refunds.get(out_refund_no)

    def pays(self, number: str, amount: int, *, fee: int = 0, in_bill: bool = True) -> gateways.Transaction:
        told = word_of_payment(number, amount)
        self.transactions[number] = told
        if in_bill:
            self.rows.append(payment_row(number, amount, fee=fee))
        return told


def china_day(moment: datetime) -> date:
    return moment.astimezone(gateways.CHINA).date()


def payment_row(number: str, amount: int, *, fee: int = 0) -> gateways.BillRow:
    return gateways.BillRow(
        "payment", number, f"t-{number}"[:32], "", "", amount, fee, clock.now(), "SUCCESS"
    )


def refund_row(number: str, refund_no: str, amount: int, state: str = "SUCCESS") -> gateways.BillRow:
    return gateways.BillRow(
        "refund", number, f"t-{number}"[:32], refund_no, "r-1", amount, 0, clock.now(), state
    )


async def bought(database: Database, shop: Shop, line: Line, *, apples: int = 1, **how) -> tuple:
    """An order paid at the gateway, told to us unless `tell=False`; (order, number)."""
    tell = how.pop("tell", True)
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=apples)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        told = line.pays(number, order.total, **how)
        if tell:
            await payments.settle(uow, [told])
    return order, number


async def given_back(database: Database, shop: Shop, order, number: str, *, tell: bool = True):
    async with database.begin(shop.merchant) as uow:
        asked = payments.RequestRefund(ids.new(), order.id, ((1, 1),), "磕碰")
        refund = await payments.request_refund(uow, asked)
        said = gateways.Refund(
            refund.out_refund_no, "r-1", number, "SUCCESS", refund.amount, order.total, clock.now()
        )
        if tell:
            await payments.refund_finished(uow, said)
    return refund, said


async def compared(database: Database, shop: Shop, line: Line) -> list[reconciliation.Difference]:
    """The bill of the day, fetched on the next one."""
    day = china_day(clock.now())
    clock.move_to(clock.offset() + timedelta(days=1))
    await reconciliation.reconcile(database, shop.merchant, line, day)
    async with database.begin(shop.merchant) as uow:
        return await reconciliation.differences(uow, state=None)


async def books(database: Database, shop: Shop) -> dict[str, int]:
    async with database.begin(shop.merchant) as uow:
        assert (await ledger.trial_balance(uow)).is_sound
        return {a.code: a.balance for a in await ledger.accounts(uow) if a.balance}


async def test_a_day_that_agrees_has_no_difference_and_books_its_fees_once(
    database: Database, shop: Shop
) -> None:
    line = Line()
    for _ in range(3):
        order, number = await bought(database, shop, line, apples=2, fee=15)
    refund, _ = await given_back(database, shop, order, number)
    line.rows.append(refund_row(number, refund.out_refund_no, refund.amount))
    day = china_day(clock.now())

    found = await compared(database, shop, line)
    is_new = await reconciliation.reconcile(database, shop.merchant, line, day)

    assert (found, is_new, line.downloads) == ([], False, 1)
    async with database.begin(shop.merchant) as uow:
        told = await reconciliation.day_of(uow, "wxpay", day)
    assert told is not None
    assert (told.rows, told.paid, told.refunded, told.fees, told.differences) == (4, 7_740, 1_290, 45, 0)
    assert await books(database, shop) == {
        "gateway:wxpay": 7_740 - 1_290 - 45,
        "gateway_fees": 45,
        "sales": 7_740 - 1_290,
    }


async def test_every_planted_difference_is_found_and_none_is_invented(database: Database, shop: Shop) -> None:
    line = Line()
    for _ in range(5):
        await bought(database, shop, line)
    _, lost_there = await bought(database, shop, line, in_bill=False)
    _, other_amount = await bought(database, shop, line, apples=2)
    line.rows[-1] = msgspec.structs.replace(line.rows[-1], amount=2_000)
    _, untold = await bought(database, shop, line, tell=False)
    line.rows.append(payment_row("a-till-of-its-own", 990))
    order, number = await bought(database, shop, line, apples=3)
    refund, _ = await given_back(database, shop, order, number, tell=False)
    line.rows.append(refund_row(number, refund.out_refund_no, refund.amount))
    line.rows.append(refund_row(number, "by-hand-in-their-console", 100))
    gone, _ = await given_back(database, shop, order, number)

    found = await compared(database, shop, line)

    assert sorted((d.subject, d.kind, d.number, d.ours, d.theirs) for d in found) == sorted(
        [
            ("payment", "missing_there", lost_there, 1_290, None),
            ("payment", "amount", other_amount, 2_580, 2_000),
            ("payment", "state", untold, 1_290, 1_290),
            ("payment", "missing_here", "a-till-of-its-own", None, 990),
            ("refund", "state", refund.out_refund_no, 1_290, 1_290),
            ("refund", "missing_here", "by-hand-in-their-console", None, 100),
            ("refund", "missing_there", gone.out_refund_no, 1_290, None),
        ]
    )


async def test_each_kind_is_settled_in_its_way_and_only_once(database: Database, shop: Shop) -> None:
    line = Line()
    order, _ = await bought(database, shop, line, tell=False)
    await bought(database, shop, line, apples=2)
    line.rows[-1] = msgspec.structs.replace(line.rows[-1], amount=2_500)
    line.rows.append(payment_row("till", 990))
    found = {d.kind: d for d in await compared(database, shop, line)}

    async def settle(kind: str, how: str, note: str = "") -> reconciliation.Difference:
        return await reconciliation.resolve(
            database, shop.merchant, line, found[kind].id, how, note, actor=STAFF
        )

    for _ in range(2):
        asked = await settle("state", "query")
        booked = await settle("amount", "book", "少付 0.80，已核实")
        till = await settle("missing_here", "book", "门店收银台误用")

    assert (asked.state, asked.resolution, asked.note) == ("resolved", "query", "query: SUCCESS → paid")
    assert (booked.resolution, booked.resolved_by, till.resolution) == ("book", "林会计", "book")
    assert await state_of(database, shop, order.id) == "paid"
    assert await books(database, shop) == {
        "gateway:wxpay": 1_290 + 2_500 + 990,
        "gateway_differences": 990 - 80,
        "sales": 1_290 + 2_580,
    }
    async with database.begin(shop.merchant) as uow:
        assert await reconciliation.open_count(uow) == 0
        noted = await uow.one(
            int,
            "select count(*) from audit_log where merchant_id = %(merchant_id)s and action = 'reconciliation.resolve'",
        )
    assert noted == 3


async def test_what_the_gateway_does_not_confirm_stays_open(database: Database, shop: Shop) -> None:
    line = Line()
    _, number = await bought(database, shop, line, in_bill=False)
    (found,) = await compared(database, shop, line)
    del line.transactions[number]

    with pytest.raises(reconciliation.StillDiffers):
        await reconciliation.resolve(database, shop.merchant, line, found.id, "query", actor=STAFF)
    with pytest.raises(Invalid):
        await reconciliation.resolve(database, shop.merchant, line, found.id, "ignore", " ", actor=STAFF)

    async with database.begin(shop.merchant, STAFF) as uow:
        await reconciliation.assign(uow, found.id)
        still = await reconciliation.difference(uow, found.id)
    assert (still.state, still.owner_name) == ("open", "林会计")
    done = await reconciliation.resolve(
        database, shop.merchant, line, found.id, "ignore", "渠道次日补单", actor=STAFF
    )
    assert (done.state, done.note) == ("resolved", "渠道次日补单")
    assert await books(database, shop) == {"gateway:wxpay": 1_290, "sales": 1_290}


async def test_rows_of_another_merchant_on_the_same_account_are_not_ours(
    database: Database, shop: Shop, new_shop
) -> None:
    other = await a_shop(database, await new_shop())
    line = Line()
    await bought(database, shop, line)
    await bought(database, other, line)

    assert await compared(database, shop, line) == []
    async with database.begin(shop.merchant) as uow:
        (day,) = await reconciliation.days(uow, china_day(clock.now()) - timedelta(days=3))
    assert (day.rows, day.paid) == (1, 1_290)


async def test_the_sweep_fetches_each_day_once_after_ten_and_again_after_trouble(
    database: Database, shop: Shop
) -> None:
    line = Line()
    await bought(database, shop, line)

    assert await reconciliation.fetch_bills(database, shop.merchant, line) == 0
    clock.move_to(clock.offset() + timedelta(hours=21, minutes=30))  # half past nine on the next day
    assert await reconciliation.fetch_bills(database, shop.merchant, line) == 0
    clock.move_to(clock.offset() + timedelta(hours=1))
    line.trouble = gateways.GatewayUnsure("NO_ANSWER")
    assert await reconciliation.fetch_bills(database, shop.merchant, line) == 1
    assert await reconciliation.fetch_bills(database, shop.merchant, line) == 0
    async with database.begin(shop.merchant) as uow:
        (day,) = await reconciliation.days(uow, china_day(clock.now()) - timedelta(days=3))
    assert (day.state, day.rows) == ("failed", 0)
    assert "has not given a result" in day.error

    line.trouble = None
    clock.move_to(clock.offset() + timedelta(minutes=31))
    assert await reconciliation.fetch_bills(database, shop.merchant, line) == 1
    assert await reconciliation.fetch_bills(database, shop.merchant, line) == 0

    async with database.begin(shop.merchant) as uow:
        (day,) = await reconciliation.days(uow, china_day(clock.now()) - timedelta(days=3))
    assert (day.state, day.rows, day.open) == ("compared", 1, 0)


async def test_ten_thousand_rows_are_one_statement_away_from_their_three_differences(
    database: Database, shop: Shop
) -> None:
    line, customer = Line(), await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=1)
    number_of_rows = 10_000
    payment_ids = [ids.new() for _ in range(number_of_rows)]
    numbers = [payments.trade_number(shop.merchant.id, payment_id) for payment_id in payment_ids]
    async with database.begin(shop.merchant) as uow:
        # Set aside ones, because one order has one payment that counts.
        await uow.run(
            """
            insert into payments (merchant_id, id, order_id, out_trade_no, method, amount, state, paid_at, created_at,
                                  updated_at)
            select %(merchant_id)s, t.id, %(order)s, t.number, 'wxpay_jsapi', 100, 'refunded_late', %(now)s, %(now)s,
                   %(now)s
            from unnest(%(ids)s::uuid[], %(numbers)s::text[]) as t (id, number)
            """,
            ids=payment_ids,
            numbers=numbers,
            order=order.id,
        )
    line.rows = [payment_row(number, 100, fee=1) for number in numbers[:-1]]
    line.rows[17] = msgspec.structs.replace(line.rows[17], amount=99)
    line.rows.append(payment_row("extra", 5))

    found = await compared(database, shop, line)

    assert sorted((d.kind, d.number) for d in found) == sorted(
        [("amount", numbers[17]), ("missing_there", numbers[-1]), ("missing_here", "extra")]
    )


async def test_a_payment_just_before_midnight_may_stand_on_either_day(database: Database, shop: Shop) -> None:
    line = Line()
    clock.move_to(clock.offset() + timedelta(hours=11, minutes=50))  # ten to twelve at night in China
    await bought(database, shop, line)
    line.rows[-1] = msgspec.structs.replace(line.rows[-1], at=clock.now() + timedelta(minutes=20))
    clock.move_to(clock.offset() - timedelta(hours=2))

    assert await compared(database, shop, line) == []
    assert await compared(database, shop, line) == []
