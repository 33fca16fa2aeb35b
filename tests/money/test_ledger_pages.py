"""The books on the console: what an accountant and a worried owner read."""

import csv
import io
from datetime import timedelta

import pytest

from console.console_floor import Browser, Floor, console_app
from factories import Shop, a_customer, a_shop, paid
from siyu.kernel import clock, ids
from siyu.money import ledger
from siyu.runtime.db import Database, Merchant
from siyu.trade import orders, payments


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant, stock=200)


@pytest.fixture
async def finance(database: Database, settings, shop: Shop):
    floor = Floor(console_app(database, settings), database, shop, settings)
    yield await floor.member("finance")
    for client in floor.clients:
        await client.aclose()


async def moved(database: Database, shop: Shop, amounts: list[int]) -> None:
    """Transfers from `sales` to `till`, a minute apart."""
    for amount in amounts:
        clock.move_to(clock.offset() + timedelta(minutes=1))
        async with database.begin(shop.merchant) as uow:
            accounts = await ledger.open_accounts(uow, {"till": "debit", "sales": "credit"})
            await ledger.transfer(
                uow, [ledger.Transfer(ids.new(), accounts["till"], accounts["sales"], amount, "payment", ids.new())]
            )  # fmt: skip


async def test_every_page_of_an_account_goes_on_with_the_balance(database: Database, shop: Shop) -> None:
    await moved(database, shop, [100, 200, 300, 400, 500])

    async with database.begin(shop.merchant) as uow:
        (till,) = await ledger.accounts(uow, ["till"])
        (sales,) = await ledger.accounts(uow, ["sales"])
        first = await ledger.entries(uow, till, limit=2)
        second = await ledger.entries(uow, till, after=reading_position(first.next), limit=2)
        last = await ledger.entries(uow, till, after=reading_position(second.next), limit=2)
        credit = await ledger.entries(uow, sales, limit=5)

    assert [(r.change, r.balance) for r in first.items] == [(500, 1_500), (400, 1_000)]
    assert [(r.change, r.balance) for r in second.items] == [(300, 600), (200, 300)]
    assert [(r.change, r.balance) for r in last.items] == [(100, 100)]
    assert last.next is None
    assert next((r.change, r.balance) for r in credit.items) == (500, 1_500)


def reading_position(cursor: str | None):
    from siyu.kernel.paging import after_moment

    position = after_moment(cursor)
    assert position is not None
    return position


async def test_the_books_at_any_instant_are_the_transfers_up_to_then(database: Database, shop: Shop) -> None:
    await moved(database, shop, [100, 200])
    between = clock.now() + timedelta(seconds=1)
    await moved(database, shop, [400])

    async with database.begin(shop.merchant) as uow:
        then = {stand.code: stand.balance for stand in await ledger.stands(uow, between)}
        now = {stand.code: stand.balance for stand in await ledger.stands(uow, uow.now)}
        running = {account.code: account.balance for account in await ledger.accounts(uow)}
        before = await ledger.stands(uow, between - timedelta(days=900))

    assert then == {"till": 300, "sales": 300}
    assert now == {"till": 700, "sales": 700} == running
    assert before == []


async def test_at_now_it_equals_the_running_sums_after_real_trade(database: Database, shop: Shop) -> None:
    buyer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, buyer, apples=2, milk=1)
    async with database.begin(shop.merchant) as uow:
        await orders.hand_over(uow, [order.id])
        await payments.request_refund(uow, payments.RequestRefund(ids.new(), order.id, ((1, 1),), "坏"))

    async with database.begin(shop.merchant) as uow:
        stands = {s.code: (s.debits_posted, s.credits_posted, s.debits_pending, s.credits_pending) for s in await ledger.stands(uow, uow.now)}  # fmt: skip
        running = {a.code: (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending) for a in await ledger.accounts(uow)}  # fmt: skip
        sums = await ledger.sums(uow)

    assert {code: s for code, s in running.items() if any(s)} == stands
    assert sums.is_even
    assert sums.debits_posted == sum(s[0] for s in stands.values())


async def test_a_hold_stands_open_until_the_last_of_it_is_resolved(database: Database, shop: Shop) -> None:
    subject, promise = ids.new(), ids.new()
    async with database.begin(shop.merchant) as uow:
        accounts = await ledger.open_accounts(uow, {"a": "debit", "b": "credit"})
        await ledger.hold(
            uow, [ledger.Transfer(promise, accounts["a"], accounts["b"], 100, "commission", subject)]
        )
        await ledger.post(uow, [ledger.HoldMove(ids.new(), promise, 60, "commission", subject)])
        (open_hold,) = await ledger.open_holds(uow)
        await ledger.void(uow, [ledger.HoldMove(ids.new(), promise, 40, "commission", subject)])
        after = await ledger.open_holds(uow)

    assert (open_hold.amount, open_hold.left, open_hold.debit_code) == (100, 40, "a")
    assert after == []


async def test_the_proof_of_a_day_is_kept_once_and_names_a_forged_account(
    database: Database, shop: Shop
) -> None:
    await moved(database, shop, [100])
    assert await ledger.SWEEPS[0].run(database, shop.merchant) == 1
    assert await ledger.SWEEPS[0].run(database, shop.merchant) == 0
    clock.move_to(clock.offset() + timedelta(days=1))
    async with database.begin(shop.merchant) as uow:
        await uow.run(
            "update accounts set debits_posted = debits_posted + 5 where merchant_id = %(merchant_id)s and code = 'till'"
        )
    assert await ledger.SWEEPS[0].run(database, shop.merchant) == 1

    async with database.begin(shop.merchant) as uow:
        forged, sound = await ledger.proofs(uow)

    assert (sound.is_sound, sound.debits, sound.transfers, sound.differences) == (True, 100, 100, [])
    assert forged.is_sound is False
    assert [(d.code, d.said, d.found) for d in forged.differences] == [
        ("till", (105, 0, 0, 0), (100, 0, 0, 0))
    ]


async def test_pages_answer_with_every_account_drilled_to_its_order(
    database: Database, shop: Shop, finance: Browser
) -> None:
    buyer = await a_customer(database, shop.merchant)
    order = await paid(database, shop, buyer, apples=2)
    async with database.begin(shop.merchant) as uow:
        await ledger.prove(uow)

    front = (await finance.get("/console/ledger")).text
    assert "账已平" in front
    assert "已核平" in front
    assert "收付渠道" in front
    account = (await finance.get("/console/ledger/gateway:wxpay")).text
    assert account.count("¥25.80") == 2  # the debit and the balance after it
    assert f"/orders/{order.id}" in account
    balance = await finance.get("/console/ledger/balance?at=2020-01-01T00:00")
    assert "这个时间之前没有分录" in balance.text
    assert "借贷相等：¥25.80" in (await finance.get("/console/ledger/balance")).text
    assert (await finance.get("/console/ledger/holds")).status_code == 200
    assert f"/orders/{order.id}" in (await finance.get("/console/ledger/vouchers")).text
    assert "Trial balance at a time" in (await finance.get("/console/ledger/balance?lang=en")).text


async def test_vouchers_for_the_accountant_balance_line_by_line(
    database: Database, shop: Shop, finance: Browser
) -> None:
    await moved(database, shop, list(range(1, 6)) * 45)

    answer = await finance.get("/console/ledger/vouchers?export=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))

    assert list(rows[0]) == ["日期", "凭证号", "摘要", "科目", "科目代码", "借方", "贷方"]
    assert len(rows) == 2 * 225  # more than a page
    debits = sum(round(float(row["借方"]) * 100) for row in rows if row["借方"])
    credited = sum(round(float(row["贷方"]) * 100) for row in rows if row["贷方"])
    assert debits == credited == 675
    assert rows[0]["摘要"] == "顾客付款"
    excel = await finance.get("/console/ledger?export=xlsx")
    assert excel.content[:2] == b"PK"


async def test_wrong_days_and_hours_are_refused_at_their_field(finance: Browser) -> None:
    for path in ("vouchers?since=gestern", "vouchers?since=2026-01-02&until=2026-01-01", "vouchers?since=2020-01-01&until=2026-01-01", "balance?at=noon"):  # fmt: skip
        assert (await finance.get(f"/console/ledger/{path}")).status_code == 422, path
