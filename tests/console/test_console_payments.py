"""Payments and reconciliation on the console: what needs a person is seen there and can be settled."""

import io
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from PIL import Image

from console.console_floor import field_of
from factories import a_customer, placed, state_of, word_of_payment
from siyu.connect import gateways
from siyu.kernel import clock, ids
from siyu.trade import payments, reconciliation


@pytest.fixture
async def transfer(database, shop):
    """An order with a proof of transfer, and its customer."""
    customer = await a_customer(database, shop.merchant)
    order = await placed(database, shop, customer, apples=2)
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(written, "PNG")
    proof = ids.new()
    async with database.begin(shop.merchant) as uow:
        await payments.set_options(
            uow,
            payments.Options(
                is_offline_on=True, bank="招商银行", account_name="测试店", account_number="6225"
            ),
        )
        picture = payments.readable_proof(written.getvalue())
        await payments.submit_proof(uow, proof, order.id, customer, picture=picture, payer_name="王芳")
    return order, proof


async def test_a_transfer_is_confirmed_only_with_the_sum_due(database, shop, floor, owner, transfer):
    order, proof = transfer
    page = (await owner.get("/console/payments?tab=proofs")).text
    shown = await owner.get(f"/console/payments/proofs/{proof}/picture")
    wrong = await owner.tap(f"/console/payments/proofs/{proof}/accept", {"amount": "25.79"})
    nonsense = await owner.tap(f"/console/payments/proofs/{proof}/accept", {"amount": "twenty"})
    unpaid = await state_of(database, shop, order.id)
    right = await owner.tap(f"/console/payments/proofs/{proof}/accept", {"amount": "25.80"})

    assert ("王芳" in page, order.number in page) == (True, True)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    assert shown.headers["cache-control"] == "private, no-store"
    assert (wrong.status_code, nonsense.status_code, unpaid) == (422, 422, "unpaid")
    assert right.status_code == 200
    assert await state_of(database, shop, order.id) == "paid"


async def test_a_guide_may_neither_see_a_proof_nor_decide(floor, shop, transfer):
    _, proof = transfer
    guide = await floor.member("guide", store_id=shop.store_id)

    for path in (f"/console/payments/proofs/{proof}/picture", "/console/payments", "/console/reconciliation"):
        assert (await guide.get(path)).status_code == 403
    for path in ("accept", "reject"):
        answer = await guide.tap(f"/console/payments/proofs/{proof}/{path}", {"amount": "25.80"})
        assert answer.status_code == 403


async def test_staff_changes_a_balance_once_per_form(database, shop, floor, owner):
    customer = await a_customer(database, shop.merchant)
    here = f"/console/customers/{customer}/balance"
    fragment = (await owner.get(here)).text
    form = {
        "change_id": field_of(fragment, "change_id"),
        "direction": "add",
        "amount": "12.50",
        "reason": "补偿",
    }

    for _ in range(2):
        assert (await owner.tap(here, form)).status_code == 200
    too_much = await owner.tap(
        here, {"change_id": str(ids.new()), "direction": "take", "amount": "12.51", "reason": "x"}
    )

    assert too_much.status_code == 409
    assert "12.50" in (await owner.get(here)).text
    async with database.begin(shop.merchant) as uow:
        assert await payments.balance_of(uow, customer) == 1_250


async def test_a_refused_notice_is_in_the_inbox_with_its_outcome(database, shop, owner):
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=1)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
    told = word_of_payment(number, order.total + 1)

    class Line:
        name = "wxpay"

        def open_callback(self, headers, body):
            return gateways.Callback("n-1", "TRANSACTION.SUCCESS", told, None)

    outcome = await payments.receive_notice(database, shop.merchant, Line(), {}, b"")
    page = (await owner.get("/console/payments?outcome=refused")).text
    # What did not fit stays refused however often it is processed, and every try is kept.
    again = await owner.tap("/console/payments/notices/n-1/again")

    assert str(outcome) == "wrong_amount"
    assert (number in page, "金额不符" in page) == (True, True)
    assert again.status_code == 200
    assert await state_of(database, shop, order.id) == "unpaid"
    async with database.begin(shop.merchant) as uow:
        (notice,) = (await payments.inbox(uow)).items
    assert (notice.outcome, notice.tries, notice.order_id) == ("wrong_amount", 2, order.id)


async def test_a_notice_that_broke_is_kept_and_taken_in_again(database, shop, owner, monkeypatch):
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=1)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
    told = word_of_payment(number, order.total)

    class Line:
        name = "wxpay"

        def open_callback(self, headers, body):
            return gateways.Callback("n-2", "TRANSACTION.SUCCESS", told, None)

    async def breaks(*_):
        raise RuntimeError("no room on the disk")

    from siyu.trade.payments import notices

    with monkeypatch.context() as patch:
        patch.setattr(notices, "settle", breaks)
        with pytest.raises(RuntimeError):
            await payments.receive_notice(database, shop.merchant, Line(), {}, b"")
        async with database.begin(shop.merchant) as uow:
            (kept,) = (await payments.inbox(uow)).items
        assert (kept.outcome, kept.why) == ("failed", "RuntimeError: no room on the disk")
    assert await payments.retry_failed(database, shop.merchant) == 0
    clock.move_to(timedelta(minutes=2))

    assert await payments.retry_failed(database, shop.merchant) == 1
    assert await payments.retry_failed(database, shop.merchant) == 0

    assert await state_of(database, shop, order.id) == "paid"
    async with database.begin(shop.merchant) as uow:
        (kept,) = (await payments.inbox(uow)).items
    assert (kept.outcome, kept.tries) == ("paid", 2)


async def test_days_and_differences_are_shown_and_settled(database, shop, owner):
    noon = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0)
    clock.move_to(noon - timedelta(days=1) - datetime.now(UTC))
    order = await placed(database, shop, await a_customer(database, shop.merchant), apples=1)
    async with database.begin(shop.merchant) as uow:
        (number,) = await payments.open_payments(uow, [order.id])
        await payments.settle(uow, [word_of_payment(number, order.total)])
    day = clock.now().astimezone(gateways.CHINA).date()
    row = gateways.BillRow("payment", number, "t-1", "", "", 1_000, 3, clock.now(), "SUCCESS")
    clock.move_to(timedelta(0))
    async with database.begin(shop.merchant) as uow:
        assert await reconciliation.take_in(uow, gateways.Bill("wxpay", day, (row,)))
        (found,) = await reconciliation.differences(uow)

    calendar = (await owner.get("/console/reconciliation")).text
    one_day = (await owner.get(f"/console/reconciliation/days/wxpay/{day}")).text
    queue = (await owner.get("/console/reconciliation/differences")).text
    at = f"/console/reconciliation/differences/{found.id}"
    page = (await owner.get(at)).text
    await owner.tap(f"{at}/assign")
    wordless = await owner.tap(f"{at}/resolve", {"how": "book", "note": ""})
    unknown = await owner.tap(f"{at}/resolve", {"how": "delete", "note": "x"})
    settled = await owner.tap(f"{at}/resolve", {"how": "book", "note": "少付，已核实"})

    assert "有 1 条差异等待处理。" in calendar
    assert all("金额不同" in text and number in text for text in (one_day, queue))
    assert "¥12.90" in page
    assert (wordless.status_code, unknown.status_code, settled.status_code) == (422, 422, 200)
    async with database.begin(shop.merchant) as uow:
        done = await reconciliation.difference(uow, found.id)
    assert (done.state, done.owner_name, done.note) == ("resolved", "陈店长", "少付，已核实")
    assert msgspec.to_builtins(done)["resolution"] == "book"
    assert (await owner.get("/console/reconciliation/days/wxpay/not-a-day")).status_code == 404
    assert (await owner.get(f"/console/reconciliation/days/cash/{day}")).status_code == 404


@pytest.mark.parametrize("tab", ["inbox", "silent", "aside", "refunds", "proofs", "options", "nonsense"])
async def test_every_tab_has_its_empty_state(owner, tab):
    answer = await owner.get(f"/console/payments?tab={tab}")

    assert answer.status_code == 200
